// What a user meets on a bad day: each gets one clear error that says what to do, and a sale under way goes
// on when it is over.

#include <doctest/doctest.h>

#include <fstream>

#include "../conformance/storage_conformance.hpp"
#include "../little_sale.hpp"
#include "../scratch_folder.hpp"
#include "shared_server.hpp"
#include "ticketcore/log/archive.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/log/erasure.hpp"
#include "ticketcore/storage/memory.hpp"
#include "ticketcore/storage/postgres.hpp"

using namespace ticketcore;
using namespace std::chrono_literals;
using ticketcore::testing::free_port;
using ticketcore::testing::fresh_schema;
using ticketcore::testing::PostgresServer;
using ticketcore::testing::shared_server;

namespace {

template <class Error>
[[nodiscard]] std::string refusal_of(const std::string& url, PostgresOptions options = {}) {
  try {
    (void)PostgresStorage::open(url, std::move(options));
  } catch (const Error& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another kind of error: ") + error.what();
  }
  return "no error";
}

[[nodiscard]] bool says(const std::string& text, std::string_view part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
  return text.find(part) != std::string::npos;
}

[[nodiscard]] std::string as_role(const std::string& role, const std::string& parameters) {
  return "postgresql://" + role + "@127.0.0.1:" + std::to_string(shared_server().port()) + "/postgres?" +
         parameters;
}

}  // namespace

TEST_CASE("a wrong URL is refused with what would be right, and never with its password") {
  (void)says(refusal_of<StorageError>("mysql://host/db"), "begins with postgresql://");
  (void)says(refusal_of<StorageError>("host"), "begins with postgresql://");
  (void)says(refusal_of<StorageError>(shared_server().url("connections=none")), "a whole number, 1 to 1000");
  (void)says(refusal_of<StorageError>(shared_server().url("connections=0")), "connections are 1 to 1000");
  (void)says(refusal_of<StorageError>(shared_server().url("schema=")), "1 to 63 bytes");
  (void)says(refusal_of<StorageError>(shared_server().url("schema=pg_mine")), "PostgreSQL's own prefix");
  (void)says(refusal_of<StorageError>(shared_server().url("schema=%4")), "two hex digits");
  (void)says(refusal_of<StorageError>(shared_server().url("pooler=session")), "\"transaction\" or \"none\"");
  (void)says(refusal_of<StorageUnavailable>(shared_server().url("nonsense=1")), "nonsense");
  (void)says(refusal_of<StorageUnavailable>("postgresql://postgres@127.0.0.1:1/postgres"), "refused");
  (void)says(refusal_of<StorageUnavailable>(
                 "postgresql://postgres@127.0.0.1:" + std::to_string(shared_server().port()) + "/none"),
             "\"none\" does not exist");
  for (const char* url :
       {"postgresql://me:hunter2@127.0.0.1:1/db", "postgresql://me:hunter2@127.0.0.1:port/db",
        "postgresql://me:hunter2@[::1/db", "host=127.0.0.1 port=1 password=hunter2", "password=hunter2 port",
        "postgresql://127.0.0.1:1/db?user=me&password=hunter2",
        "postgresql://127.0.0.1:1/db?password=hunter2&port=x"}) {
    const std::string said = refusal_of<StorageError>(url);
    INFO(said);
    CHECK(said.find("hunter2") == std::string::npos);
    CHECK(said.find("no error") == std::string::npos);
  }
}

TEST_CASE("a schema that is not ours, half restored, or newer is left as it is") {
  const std::string schema = fresh_schema();
  shared_server().sql("CREATE SCHEMA " + schema + "; CREATE TABLE " + schema + ".entries(x int);");
  (void)says(refusal_of<StorageError>(shared_server().url("schema=" + schema)),
             "not a ticketcore store, or was only half restored");
  CHECK(shared_server().sql("SELECT count(*) FROM pg_class WHERE relnamespace = '" + schema +
                            "'::regnamespace") == "1");
  const std::string newer = fresh_schema();
  (void)PostgresStorage::open(shared_server().url("schema=" + newer));
  shared_server().sql("CREATE OR REPLACE FUNCTION " + newer +
                      ".format_version() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 2'");
  (void)says(refusal_of<StorageNewer>(shared_server().url("schema=" + newer)),
             "its format version is 2, and this library reads up to 1");
}

TEST_CASE("many processes may open a new store at the same time") {
  const std::string schema = fresh_schema();
  std::vector<std::future<void>> threads;
  for (int number = 0; number < 8; ++number)
    threads.push_back(std::async(std::launch::async, [&] {
      conformance::append(*PostgresStorage::open(shared_server().url("schema=" + schema)), "a", "x");
    }));
  for (auto& thread : threads) thread.get();
  CHECK(PostgresStorage::open(shared_server().url("schema=" + schema))->read("a", 0, 1'000'000).size() == 8);
}

TEST_CASE("a role with the documented rights sells; with fewer it is told which one is missing") {
  const std::string schema = fresh_schema();
  shared_server().sql("CREATE ROLE poor LOGIN");
  (void)says(refusal_of<StorageUnavailable>(as_role("poor", "schema=" + schema)), "may not make them");
  (void)PostgresStorage::open(shared_server().url("schema=" + schema));
  (void)says(refusal_of<StorageUnavailable>(as_role("poor", "schema=" + schema)),
             "GRANT USAGE ON SCHEMA \"" + schema + "\"");
  shared_server().sql("GRANT USAGE ON SCHEMA " + schema + " TO poor");
  (void)says(refusal_of<StorageUnavailable>(as_role("poor", "schema=" + schema)),
             "GRANT INSERT, SELECT, UPDATE ON " + schema + ".streams TO poor");
  // As docs/storage-postgres.md has it.
  shared_server().sql("GRANT SELECT, INSERT, UPDATE ON " + schema + ".streams, " + schema +
                      ".snapshots TO poor; GRANT SELECT, INSERT ON " + schema +
                      ".entries TO poor; GRANT SELECT, INSERT, UPDATE, DELETE ON " + schema +
                      ".vault TO poor;");
  little::Clock clock;
  const auto storage = PostgresStorage::open(as_role("poor", "schema=" + schema), {.clock = clock.reader()});
  little::sell_a_bit(*storage, clock);
  CHECK(audit(*storage, "event/premiere").problems.empty());
  storage->vault_put("a", conformance::bytes_of("secret"));
  storage->vault_erase("a");
  CHECK_THROWS_WITH_AS(storage->remove_stream(conformance::known(
                           *storage, "event/premiere", storage->read("event/premiere", 0, SIZE_MAX).size())),
                       doctest::Contains("permission denied"), StorageUnavailable);
  CHECK_THROWS_WITH_AS(storage->scrub_vault(), doctest::Contains("only the owner"), StorageUnavailable);
  CHECK(audit(*storage, "event/premiere").problems.empty());
}

TEST_CASE(
    "a database that turns read-only, full or is down, refuses; the sale goes on when it is back, with "
    "nothing lost") {
  PostgresServer server(PostgresServer::without_fsync);
  little::Clock clock;
  const auto storage = PostgresStorage::open(server.url(), {.clock = clock.reader()});
  BoxOffice office(*storage, {.clock = clock.reader()});
  const Event event = office.create_event(little::event()).value();
  const auto hold = [&](const char* place) { return event.hold({place}, {.holder = "buyer"}); };
  CHECK(hold("Hall-A-1").ok());

  server.sql("ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf();");
  (void)says(refusal_of<StorageUnavailable>(server.url()), "takes no writes");
  server.sql(
      "SET default_transaction_read_only = off; ALTER SYSTEM RESET default_transaction_read_only; SELECT "
      "pg_reload_conf();");

  server.stop("immediate");
  const auto down = hold("Hall-A-2");
  REQUIRE_FALSE(down.ok());
  CHECK(down.refusal().reason == Reason::storage_unavailable);
  server.start();
  CHECK(hold("Hall-A-2").ok());
  CHECK(hold("Hall-A-1").refusal().reason == Reason::place_taken);

  // Sessions ended by an administrator: the pool's connections are stale, and nobody hears of it.
  server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ticketcore'");
  CHECK(hold("Hall-A-3").ok());
  CHECK(audit(*storage, "event/premiere").problems.empty());
}

TEST_CASE("a full disk refuses, and what was answered before is there") {
  const std::string schema = fresh_schema();
  const auto storage = PostgresStorage::open(shared_server().url("schema=" + schema));
  conformance::append(*storage, "a", "one");
  // What the server reports for a full disk, raised where an entry is written.
  shared_server().sql("CREATE FUNCTION " + schema +
                      ".full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'could not extend "
                      "file: No space left on device' USING ERRCODE = '53100'; END $$;"
                      "CREATE TRIGGER full_disk BEFORE INSERT ON " +
                      schema + ".entries FOR EACH ROW EXECUTE FUNCTION " + schema + ".full_disk();");
  CHECK_THROWS_WITH_AS(conformance::append(*storage, "a", "two"), doctest::Contains("make room there"),
                       StorageUnavailable);
  shared_server().sql("DROP TRIGGER full_disk ON " + schema + ".entries");
  conformance::append(*storage, "a", "two");
  CHECK(conformance::shown(*storage, "a") == "1=one 2=two");
}

TEST_CASE("a turn that the database rolls back as a victim is decided again, and told to nobody") {
  const std::string schema = fresh_schema();
  little::Clock clock;
  const auto storage =
      PostgresStorage::open(shared_server().url("schema=" + schema), {.clock = clock.reader()});
  BoxOffice office(*storage, {.clock = clock.reader()});
  const Event event = office.create_event(little::event()).value();
  const char* places[] = {"Hall-A-1", "Hall-A-2"};
  const char* codes[] = {"40001", "40P01"};
  for (int number = 0; number < 2; ++number) {
    // Every second commit is refused; a sequence counts also what is rolled back.
    shared_server().sql("SET client_min_messages = error; DROP SEQUENCE IF EXISTS " + schema +
                        ".tries; CREATE SEQUENCE " + schema + ".tries; CREATE OR REPLACE FUNCTION " + schema +
                        ".victim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('" + schema +
                        ".tries') % 2 = 1 THEN RAISE 'as if' USING ERRCODE = '" + codes[number] +
                        "'; END IF; RETURN new; END $$; CREATE OR REPLACE TRIGGER victim BEFORE INSERT ON " +
                        schema + ".entries FOR EACH ROW EXECUTE FUNCTION " + schema + ".victim();");
    CHECK(event.hold({places[number]}, {.holder = "buyer"}).ok());
    CHECK(shared_server().sql("SELECT last_value FROM " + schema + ".tries") == "2");
  }
  CHECK(audit(*storage, "event/premiere").problems.empty());
}

TEST_CASE("of a commit to several streams nothing is left when one of them fails") {
  const std::string schema = fresh_schema();
  const auto storage = PostgresStorage::open(shared_server().url("schema=" + schema));
  conformance::append(*storage, {{"a", conformance::bytes_of("one")}, {"b", conformance::bytes_of("uno")}});
  shared_server().sql("ALTER TABLE " + schema +
                      ".entries ADD CONSTRAINT one_only CHECK(stream <> 'b' OR revision < 2)");
  CHECK_THROWS_AS(conformance::append(
                      *storage, {{"a", conformance::bytes_of("two")}, {"b", conformance::bytes_of("due")}}),
                  StorageUnavailable);
  CHECK(conformance::shown(*storage, "a") == "1=one");
  shared_server().sql("ALTER TABLE " + schema + ".entries DROP CONSTRAINT one_only");
  conformance::append(*storage, {{"a", conformance::bytes_of("two")}, {"b", conformance::bytes_of("due")}});
  CHECK(conformance::shown(*storage, "a") == "1=one 2=two");
  CHECK(conformance::shown(*storage, "b") == "1=uno 2=due");
}

TEST_CASE("a connection whose server has become a standby is given up for a new one") {
  const std::string schema = fresh_schema();
  (void)PostgresStorage::open(shared_server().url("schema=" + schema));
  // What such a server answers, for sessions on a list.
  shared_server().sql(
      "CREATE ROLE left_behind LOGIN; GRANT USAGE ON SCHEMA " + schema +
      " TO left_behind; GRANT ALL ON ALL TABLES IN SCHEMA " + schema + " TO left_behind; CREATE TABLE " +
      schema + ".demoted(pid int); CREATE FUNCTION " + schema +
      ".in_recovery() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN IF EXISTS(SELECT FROM " +
      schema +
      ".demoted WHERE pid = pg_backend_pid()) THEN RAISE 'cannot execute this during recovery' USING ERRCODE "
      "= '25006'; END IF; RETURN true; END $$;");
  for (const char* table : {"streams", "vault"}) {
    shared_server().sql("ALTER TABLE " + schema + "." + table +
                        " ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON " + schema + "." + table +
                        " USING (" + schema + ".in_recovery())");
  }
  const auto storage = PostgresStorage::open(as_role("left_behind", "schema=" + schema));
  conformance::append(*storage, "a", "one");
  storage->vault_put("person", conformance::bytes_of("x"));
  shared_server().sql("INSERT INTO " + schema +
                      ".demoted SELECT pid FROM pg_stat_activity WHERE usename = 'left_behind'");
  conformance::append(*storage, "a", "two");
  storage->vault_put("person", conformance::bytes_of("y"));
  CHECK(conformance::shown(*storage, "a") == "1=one 2=two");
  CHECK(storage->vault_get("person") == conformance::bytes_of("y"));
}

TEST_CASE("a host that freezes in its turn loses it, and learns that nothing was written") {
  const std::string schema = fresh_schema();
  const auto frozen = PostgresStorage::open(shared_server().url("schema=" + schema), {.turn_limit = 200ms});
  const auto other = PostgresStorage::open(shared_server().url("schema=" + schema));
  conformance::append(*frozen, "a", "one");
  const Position at = conformance::known(*frozen, "a", 1);
  auto turn = frozen->take_turn({&at, 1});
  const auto start = std::chrono::steady_clock::now();
  conformance::append(*other, "a", "two");  // waits for the turn to be taken away
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  const Bytes bytes = conformance::bytes_of("too late");
  const Append entry{"a", conformance::checksum_of(bytes), bytes};
  CHECK_THROWS_AS(turn->commit({&entry, 1}), CommitOutcomeUnknown);
  turn.reset();
  conformance::append(*frozen, "a", "three");
  CHECK(conformance::shown(*other, "a") == "1=one 2=two 3=three");
}

TEST_CASE("a turn that is not given up in time is told so") {
  const std::string schema = fresh_schema();
  const auto one = PostgresStorage::open(shared_server().url("schema=" + schema));
  const auto other = PostgresStorage::open(shared_server().url("schema=" + schema), {.turn_timeout = 100ms});
  conformance::append(*one, "a", "one");
  const Position at = conformance::known(*one, "a", 1);
  const auto turn = one->take_turn({&at, 1});
  CHECK_THROWS_WITH_AS((void)other->take_turn({&at, 1}),
                       doctest::Contains("another has had the turn for 100 ms"), StorageUnavailable);
  CHECK(conformance::shown(*other, "a") == "1=one");
}

TEST_CASE("an erased secret is gone from every file of the server but its write-ahead log") {
  PostgresServer server(PostgresServer::without_fsync);
  const auto storage = PostgresStorage::open(server.url());
  for (int number = 0; number < 50; ++number)
    storage->vault_put("p" + std::to_string(number),
                       conformance::bytes_of("name: Keeper of place " + std::to_string(number)));
  storage->vault_put("olha", conformance::bytes_of("name: Olha Kovalenko-Sydorenko"));
  storage->vault_put("olha", conformance::bytes_of("name: Olha Kovalenko-Sydorenko, Kyiv"));
  server.sql("ANALYZE");
  const auto files_with = [&](const std::string& text) {
    server.sql("CHECKPOINT");
    std::size_t count = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(server.folder() + "/data")) {
      if (!file.is_regular_file() || file.path().string().find("/pg_wal/") != std::string::npos) continue;
      std::ifstream in(file.path(), std::ios::binary);
      count += std::string(std::istreambuf_iterator<char>(in), {}).find(text) != std::string::npos;
    }
    return count;
  };
  CHECK(files_with("Kovalenko-Sydorenko") == 1);
  CHECK(server.sql("SELECT count(*) FROM pg_stats WHERE schemaname = 'ticketcore' AND attname = 'bytes'") ==
        "0");
  const ErasureReport report = erase_person(*storage, "olha");
  CHECK(report.was_there);
  CHECK(report.traces.empty());
  CHECK(report.not_scrubbed.empty());
  CHECK(files_with("Kovalenko-Sydorenko") == 0);
  CHECK(files_with("Keeper of place 7") == 1);
}

TEST_CASE(
    "who may erase but not rewrite the vault is told what is left to do, and does not lose the search") {
  const std::string schema = fresh_schema();
  const auto owner = PostgresStorage::open(shared_server().url("schema=" + schema));
  shared_server().sql("CREATE ROLE eraser LOGIN; GRANT USAGE ON SCHEMA " + schema +
                      " TO eraser; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + schema +
                      " TO eraser;");
  conformance::append(*owner, "a", "bought by Olha Kovalenko");
  owner->vault_put("olha", conformance::bytes_of("Olha Kovalenko"));
  const ErasureReport report =
      erase_person(*PostgresStorage::open(as_role("eraser", "schema=" + schema)), "olha");
  CHECK(report.traces == std::vector<std::string>{"entry 1 of a"});
  (void)says(report.not_scrubbed, "only the owner of the vault's table");
  CHECK(erase_person(*owner, "olha").not_scrubbed.empty());
  // What GRANT ALL includes from PostgreSQL 17 on is enough there.
  shared_server().sql("GRANT ALL ON ALL TABLES IN SCHEMA " + schema + " TO eraser;");
  const bool has_maintain = std::stoi(shared_server().sql("SHOW server_version_num")) >= 170'000;
  CHECK(erase_person(*PostgresStorage::open(as_role("eraser", "schema=" + schema)), "olha")
            .not_scrubbed.empty() == has_maintain);
}

TEST_CASE("rewriting a vault may take longer than a statement of a turn") {
  const std::string schema = fresh_schema();
  const auto storage = PostgresStorage::open(shared_server().url("schema=" + schema),
                                             {.turn_timeout = 300ms, .response_timeout = 700ms});
  storage->vault_put("person", conformance::bytes_of("x"));
  // An index that takes its time stands for a vault of millions.
  shared_server().sql("CREATE FUNCTION " + schema +
                      ".slowly(bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM "
                      "pg_sleep(1.2); RETURN $1; END $$; CREATE INDEX ON " +
                      schema + ".vault((" + schema + ".slowly(bytes)));");
  CHECK_NOTHROW(storage->scrub_vault());
}

TEST_CASE("an event moves between PostgreSQL and a file by its archive") {
  const std::string schema = fresh_schema();
  little::Clock clock;
  const auto storage =
      PostgresStorage::open(shared_server().url("schema=" + schema), {.clock = clock.reader()});
  little::sell_a_bit(*storage, clock);
  const testing::ScratchFolder folder;
  const auto file = folder.file("premiere.archive");
  const ArchiveReport report = archive_event(*storage, "premiere", file);
  storage->remove_stream({"event/premiere", report.revision, report.checksum});
  CHECK(storage->list_streams("event/").empty());
  MemoryStorage memory(clock.reader());
  CHECK(restore_event(memory, file).revision == report.revision);
  CHECK(restore_event(*storage, file).checksum == report.checksum);
}
