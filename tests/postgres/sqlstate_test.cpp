// Every SQLSTATE that PostgreSQL has, in a commit and before it: what is known afterwards, and what callers
// are told.

#include "storage/postgres/postgres_sqlstate.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <set>

#include "../conformance/storage_conformance.hpp"
#include "shared_server.hpp"
#include "storage/postgres/postgres_connection.hpp"
#include "ticketcore/storage/postgres.hpp"

using namespace ticketcore;
using namespace std::chrono_literals;
using ticketcore::testing::fresh_schema;
using ticketcore::testing::PostgresServer;
using ticketcore::testing::shared_server;

namespace {

/// Of the server that is installed: all that it can report.
[[nodiscard]] std::vector<std::string> all_sqlstates() {
  const std::string version = std::filesystem::path(PostgresServer::binaries()).parent_path().filename();
  std::ifstream list("/usr/share/postgresql/" + version + "/errcodes.txt");
  std::vector<std::string> states;
  std::set<std::string> seen;
  for (std::string line; std::getline(list, line);) {
    if (line.size() > 5 && line[5] == ' ' && line[0] != '#' && !line.starts_with("Section") &&
        seen.insert(line.substr(0, 5)).second)
      states.push_back(line.substr(0, 5));
  }
  return states;
}

enum class Told { committed, nothing_written, damaged, unknown };

[[nodiscard]] Told told(const std::function<void()>& work) {
  try {
    work();
  } catch (const CommitOutcomeUnknown&) {
    return Told::unknown;
  } catch (const StorageDamaged&) {
    return Told::damaged;
  } catch (const StorageUnavailable&) {
    return Told::nothing_written;
  }
  return Told::committed;
}

[[nodiscard]] Told expected(const SqlstateRule& rule, bool in_commit) {
  if (in_commit && rule.after_commit == AfterCommit::unknown) return Told::unknown;
  if (rule.remedy == Remedy::again) return Told::unknown;  // the desk looks, and decides again
  return rule.remedy == Remedy::damaged ? Told::damaged : Told::nothing_written;
}

/// A store in which a function raises the state that a table says.
struct Raising {
  explicit Raising(const std::string& schema)
      : schema_(schema), storage(PostgresStorage::open(shared_server().url("schema=" + schema))) {
    shared_server().sql("CREATE TABLE " + schema + ".raised(state text); INSERT INTO " + schema +
                        ".raised VALUES(NULL); CREATE FUNCTION " + schema +
                        ".fail() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE wanted text; BEGIN SELECT "
                        "state INTO wanted FROM " +
                        schema +
                        ".raised; IF wanted IS NOT NULL THEN RAISE 'as if' USING ERRCODE = wanted; END IF; "
                        "RETURN coalesce(new, old); END $$;");
  }
  void raise(const std::string& state) {
    if (connection_ == nullptr) {
      settings_.conninfo = shared_server().url();
      settings_.response_timeout = 20s;
      connection_ = std::make_unique<PostgresConnection>(settings_);
    }
    const PostgresStatement set{"", "UPDATE " + schema_ + ".raised SET state = nullif($1::text, '')"};
    (void)connection_->run({{&set, {std::string_view(state)}}});
  }

  std::string schema_;
  std::unique_ptr<PostgresStorage> storage;

 private:
  PostgresConnection::Settings settings_;
  std::unique_ptr<PostgresConnection> connection_;
};

}  // namespace

TEST_CASE("a commit that fails is unknown unless the state says that the server refused it") {
  Raising store(fresh_schema());
  // Deferred: it runs in the COMMIT.
  shared_server().sql("CREATE CONSTRAINT TRIGGER late AFTER INSERT ON " + store.schema_ +
                      ".entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION " +
                      store.schema_ + ".fail()");
  const std::vector<std::string> states = all_sqlstates();
  REQUIRE(states.size() > 200);
  for (const std::string& state : states) {
    if (state == "00000") continue;  // can't be raised
    INFO(state);
    store.raise(state);
    CHECK(told([&] { conformance::append(*store.storage, "a", "never"); }) ==
          expected(sqlstate_rule(state), true));
  }
  store.raise("");
  conformance::append(*store.storage, "a", "one");
  CHECK(conformance::shown(*store.storage, "a") == "1=one");
}

TEST_CASE("what fails before the commit has written nothing, whatever the state") {
  Raising store(fresh_schema());
  shared_server().sql("CREATE TRIGGER early BEFORE INSERT ON " + store.schema_ +
                      ".entries FOR EACH ROW EXECUTE FUNCTION " + store.schema_ + ".fail()");
  for (const std::string& state : all_sqlstates()) {
    if (state == "00000") continue;
    INFO(state);
    store.raise(state);
    CHECK(told([&] { conformance::append(*store.storage, "a", "never"); }) ==
          expected(sqlstate_rule(state), false));
  }
  store.raise("");
  conformance::append(*store.storage, "a", "one");
  CHECK(conformance::shown(*store.storage, "a") == "1=one");
}

TEST_CASE("a secret that fails to be put is unknown, too, where the commit may have been made") {
  Raising store(fresh_schema());
  shared_server().sql("CREATE TRIGGER early BEFORE INSERT ON " + store.schema_ +
                      ".vault FOR EACH ROW EXECUTE FUNCTION " + store.schema_ + ".fail()");
  for (const char* state :
       {"XX000", "08006", "40003", "53100", "58030", "57014", "57P01", "23514", "42501", "22001", "P0001"}) {
    INFO(std::string(state));
    store.raise(state);
    CHECK(told([&] { store.storage->vault_put("person", conformance::bytes_of("x")); }) ==
          expected(sqlstate_rule(state), true));
  }
}

TEST_CASE("a secret whose commit fails was neither put nor erased, and nobody is told that it was") {
  Raising store(fresh_schema());
  shared_server().sql("CREATE CONSTRAINT TRIGGER late AFTER INSERT OR UPDATE OR DELETE ON " + store.schema_ +
                      ".vault DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION " + store.schema_ +
                      ".fail()");
  const auto one = conformance::bytes_of("one");
  store.storage->vault_put("there", one);
  const auto pooled =
      PostgresStorage::open(shared_server().url("pooler=transaction&schema=" + store.schema_));
  for (PostgresStorage* storage : {store.storage.get(), pooled.get()}) {
    for (const char* state : {"XX000", "08006", "40003", "53100", "57014", "23514", "P0001"}) {
      INFO(std::string(state));
      store.raise(state);
      const Told failed = expected(sqlstate_rule(state), true);
      CHECK(told([&] { storage->vault_put("new", one); }) == failed);
      CHECK(told([&] { storage->vault_put("there", conformance::bytes_of("two")); }) == failed);
      CHECK(told([&] { storage->vault_erase("there"); }) == failed);
      CHECK_FALSE(storage->vault_get("new"));
      CHECK(storage->vault_get("there") == one);
    }
    store.raise("");
  }
}

TEST_CASE(
    "what fails at a sync, where calls without a COMMIT are committed, is told; of what was posted nobody "
    "hears, nor reads its answers") {
  const std::string schema = fresh_schema();
  Raising store(schema);
  shared_server().sql("CREATE CONSTRAINT TRIGGER late AFTER INSERT ON " + schema +
                      ".vault DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION " + schema +
                      ".fail()");
  store.raise("23514");
  PostgresConnection::Settings settings;
  settings.conninfo = shared_server().url();
  settings.response_timeout = 20s;
  PostgresConnection connection(settings);
  const PostgresStatement put{"", "INSERT INTO " + schema + ".vault(id, bytes) VALUES($1, 'x')"};
  const PostgresStatement count{"", "SELECT count(*) + $1::bigint FROM " + schema + ".vault"};
  connection.post({{&put, {std::string_view("posted")}}});
  for (const std::int64_t more : {5, 6}) CHECK(connection.run({{&count, {more}}}).at(0).number(0, 0) == more);
  CHECK(connection.usable());
  bool lost = false;
  try {
    (void)connection.run({{&put, {std::string_view("run")}}});
  } catch (const PostgresFailure& error) {
    CHECK(error.sqlstate() == "23514");
    lost = error.connection_lost();
  }
  CHECK(lost);
  CHECK_FALSE(connection.usable());
}

TEST_CASE(
    "each class has a rule, the last resort is to know nothing, and the documentation shows the same table") {
  for (const std::string& state : all_sqlstates()) {
    INFO(state);
    CHECK(sqlstate_rule(state).sqlstate.size() >= 2);
  }
  for (const char* state : {"", "X", "99999", "ZZ001", "4"})
    CHECK(sqlstate_rule(state).after_commit == AfterCommit::unknown);
  CHECK(sqlstate_rule("40003").after_commit == AfterCommit::unknown);
  CHECK(sqlstate_rule("XX000").after_commit == AfterCommit::unknown);
  CHECK(sqlstate_rule("23514").after_commit == AfterCommit::nothing_written);

  std::ifstream file(std::string(TICKETCORE_SOURCE_DIR) + "/docs/storage-postgres.md");
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  constexpr const char* remedies[] = {"decided again", "tried on another connection", "another has the turn",
                                      "refused", "damaged"};
  std::string table;
  for (const SqlstateRule& rule : sqlstate_rules()) {
    table += "| `" + std::string(rule.sqlstate) + "` | " + std::string(rule.meaning) + " | " +
             (rule.after_commit == AfterCommit::unknown ? "unknown" : "nothing was written") + " | " +
             remedies[static_cast<std::size_t>(rule.remedy)] + " |\n";
  }
  INFO(table);
  CHECK(page.find(table) != std::string::npos);
}
