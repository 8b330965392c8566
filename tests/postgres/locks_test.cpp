// Others' locks: a wait ends after turn_timeout, whatever is waited for and whoever could end it; and a
// server that comes late.

#include <doctest/doctest.h>

#include <thread>

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

/// Another session, in a transaction of its own until let_go().
class OtherSession {
 public:
  explicit OtherSession(const std::string& sql) {
    settings_.conninfo = shared_server().url();
    settings_.response_timeout = 20s;
    connection_ = std::make_unique<PostgresConnection>(settings_);
    run("BEGIN");
    run(sql);
  }
  void let_go() { run("ROLLBACK"); }

 private:
  void run(const std::string& sql) {
    const PostgresStatement statement{"", sql};
    (void)connection_->run({{&statement, {}}});
  }
  PostgresConnection::Settings settings_;
  std::unique_ptr<PostgresConnection> connection_;
};

/// Sessions of the store that wait for a lock. After a wait that was ended there are none, in an instant or
/// two.
[[nodiscard]] bool nobody_waits(const std::string& schema) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  do {
    if (shared_server().sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%" +
                            schema + "%' AND pid <> pg_backend_pid()") == "0")
      return true;
    std::this_thread::sleep_for(5ms);
  } while (std::chrono::steady_clock::now() < deadline);
  return false;
}

}  // namespace

TEST_CASE(
    "every wait for another's lock ends after turn_timeout, and leaves nobody waiting in the database") {
  const std::string schema = fresh_schema();
  const std::string url = shared_server().url("schema=" + schema);
  conformance::append(*PostgresStorage::open(url), "a", "one");
  PostgresStorage::open(url)->save_snapshot({"a", 1, conformance::checksum_of("one")},
                                            conformance::bytes_of("x"));

  struct Wait {
    std::string what;
    std::string lock;
    std::function<void(Storage&)> work;
  };
  const auto append_to = [](const std::string& stream) {
    return [stream](Storage& storage) { conformance::append(storage, stream, "more"); };
  };
  const std::string in = schema + ".";
  for (const bool pooled : {false, true}) {
    PostgresStorage::open(url)->vault_put("person", conformance::bytes_of("x"));
    const std::string fresh = pooled ? "pooled" : "direct";
    const std::vector<Wait> waits{
        {"the queue before a turn",
         "SELECT pg_advisory_xact_lock(hashtextextended('ticketcore turn " + hex_text(schema) +
             " ' || encode('a', 'hex'), 0))",
         append_to("a")},
        {"a stream's row", "SELECT FROM " + in + "streams WHERE stream = 'a' FOR UPDATE", append_to("a")},
        {"a new stream that another is adding", "INSERT INTO " + in + "streams VALUES('" + fresh + "')",
         append_to(fresh)},
        {"the log's table", "LOCK TABLE " + in + "entries IN ACCESS EXCLUSIVE MODE", append_to("a")},
        {"a secret's row", "SELECT FROM " + in + "vault WHERE id = 'person' FOR UPDATE",
         [](Storage& storage) { storage.vault_put("person", conformance::bytes_of("y")); }},
        {"a secret's row, to erase it", "SELECT FROM " + in + "vault WHERE id = 'person' FOR UPDATE",
         [](Storage& storage) { storage.vault_erase("person"); }},
        {"a snapshot's row", "SELECT FROM " + in + "snapshots WHERE stream = 'a' FOR UPDATE",
         [](Storage& storage) {
           storage.save_snapshot({"a", 1, conformance::checksum_of("one")}, conformance::bytes_of("y"));
         }},
    };
    const auto storage = PostgresStorage::open(url, {.turn_timeout = 200ms, .transaction_pooler = pooled});
    for (const Wait& wait : waits) {
      INFO(wait.what << (pooled ? ", by a pooler" : ""));
      OtherSession other(wait.lock);
      const auto start = std::chrono::steady_clock::now();
      CHECK_THROWS_AS(wait.work(*storage), StorageError);
      CHECK(std::chrono::steady_clock::now() - start <
            10s);  // not the 15 s after which a connection is given up
      CHECK(nobody_waits(schema));
      other.let_go();
    }
    for (const Wait& wait : waits) CHECK_NOTHROW(wait.work(*storage));
  }
}

TEST_CASE(
    "a lock that the server's own lock_timeout does not see, as on another node, is waited for no longer") {
  const std::string schema = fresh_schema();
  const std::string url = shared_server().url("schema=" + schema);
  (void)PostgresStorage::open(url);
  // Where a row is looked at, the server is busy for a minute with what it does not know to be a lock.
  shared_server().sql("CREATE ROLE far_away LOGIN; GRANT USAGE ON SCHEMA " + schema +
                      " TO far_away; GRANT ALL ON ALL TABLES IN SCHEMA " + schema +
                      " TO far_away; CREATE TABLE " + schema + ".busy(busy boolean); GRANT SELECT ON " +
                      schema + ".busy TO far_away; INSERT INTO " + schema +
                      ".busy VALUES(false); CREATE FUNCTION " + schema +
                      ".waits() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$ BEGIN IF (SELECT busy FROM " +
                      schema + ".busy) THEN PERFORM pg_sleep(60); END IF; RETURN true; END $$; ALTER TABLE " +
                      schema + ".streams ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON " + schema +
                      ".streams USING (" + schema + ".waits());");
  const auto storage =
      PostgresStorage::open("postgresql://far_away" + url.substr(url.find('@')), {.turn_timeout = 2'000ms});
  conformance::append(*storage, "a", "one");
  shared_server().sql("UPDATE " + schema + ".busy SET busy = true");
  const auto start = std::chrono::steady_clock::now();
  CHECK_THROWS_WITH_AS(conformance::append(*storage, "a", "two"),
                       doctest::Contains("another has had the turn for 2000 ms"), StorageUnavailable);
  CHECK(std::chrono::steady_clock::now() - start < 10s);
  CHECK(nobody_waits(schema));
  shared_server().sql("UPDATE " + schema + ".busy SET busy = false");
  conformance::append(*storage, "a", "two");
  CHECK(conformance::shown(*storage, "a") == "1=one 2=two");
}

TEST_CASE("a turn of many streams waits for turn_timeout in all, not for each") {
  const std::string schema = fresh_schema();
  const std::string url = shared_server().url("schema=" + schema);
  const auto setup = PostgresStorage::open(url);
  std::vector<Position> streams;
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
    conformance::append(*setup, name, "one");
    streams.push_back({name, 0});
  }
  // Each of them is let go when it has been waited for by almost as long as the server allows for one.
  std::vector<std::unique_ptr<OtherSession>> others;
  for (const Position& position : streams)
    others.push_back(std::make_unique<OtherSession>("SELECT FROM " + schema + ".streams WHERE stream = '" +
                                                    position.stream + "' FOR UPDATE"));
  const auto storage = PostgresStorage::open(url, {.turn_timeout = 1'000ms});
  std::thread letting_go([&] {
    for (const auto& other : others) {
      std::this_thread::sleep_for(700ms);
      other->let_go();
    }
  });
  CHECK_THROWS_WITH_AS((void)storage->take_turn(streams),
                       doctest::Contains("another has had the turn for 1000 ms"), StorageUnavailable);
  CHECK(shared_server().sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND "
                            "query LIKE 'SELECT FROM " +
                            schema + "%'") != "0");
  letting_go.join();
  CHECK_NOTHROW((void)storage->take_turn(streams));
}

TEST_CASE(
    "a server that is not there, or starting up, is waited for; what waiting can't mend is told at once") {
  PostgresServer server(PostgresServer::without_fsync);
  server.sql("CREATE ROLE other LOGIN PASSWORD 'x'");
  server.stop("fast");
  CHECK_THROWS_AS((void)PostgresStorage::open(server.url()), StorageNotReached);
  CHECK_THROWS_AS((void)PostgresStorage::open(server.url(), {.open_timeout = 300ms}), StorageNotReached);

  // It takes no connections while it recovers as a standby that nobody may look into.
  std::ofstream(server.folder() + "/data/standby.signal").close();
  server.set("hot_standby = off\nrestore_command = 'false'");
  server.start_without_waiting();
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  std::string said;
  while (said.find("starting up") == std::string::npos && said.find("not accepting") == std::string::npos &&
         std::chrono::steady_clock::now() < deadline) {
    try {
      (void)PostgresStorage::open(server.url());
    } catch (const StorageNotReached& error) {
      said = error.what();
    }
  }
  INFO(said);
  CHECK((said.find("starting up") != std::string::npos || said.find("not accepting") != std::string::npos));
  server.stop("immediate");

  std::thread later([&] {
    std::this_thread::sleep_for(500ms);
    std::filesystem::remove(server.folder() + "/data/standby.signal");
    server.set("hot_standby = on");
    server.start();
  });
  const auto storage = PostgresStorage::open(server.url(), {.open_timeout = 60s});
  later.join();
  conformance::append(*storage, "a", "one");
  CHECK(conformance::shown(*storage, "a") == "1=one");

  const auto start = std::chrono::steady_clock::now();
  for (const std::string& url :
       {server.url("schema=nothing"),
        "postgresql://postgres@127.0.0.1:" + std::to_string(server.port()) + "/none",
        "postgresql://nobody@127.0.0.1:" + std::to_string(server.port()) + "/postgres"}) {
    try {
      (void)PostgresStorage::open(url, {.access = PostgresOptions::Access::read_write, .open_timeout = 60s});
      FAIL("it opened");
    } catch (const StorageNotReached& error) {
      FAIL(error.what());
    } catch (const StorageUnavailable&) {
    }
  }
  CHECK(std::chrono::steady_clock::now() - start < 30s);
}

TEST_CASE("a turn's time-out counts the wait for a connection and the wait for the stream together") {
  const std::string url = shared_server().url("schema=" + fresh_schema());
  const auto other = PostgresStorage::open(url);
  const auto storage = PostgresStorage::open(url, {.connections = 1, .turn_timeout = 2s});
  const Position position{"a", 0};
  const Position elsewhere{"b", 0};
  const auto held = other->take_turn({&position, 1});
  auto only_connection = storage->take_turn({&elsewhere, 1});
  auto waiting = std::async(std::launch::async, [&] {
    return storage->take_turn({&position, 1}) != nullptr;
  });
  std::this_thread::sleep_for(1'500ms);
  only_connection.reset();
  // Counted anew, the wait for the stream would go on now.
  CHECK(waiting.wait_for(1'500ms) == std::future_status::ready);
  CHECK_THROWS_WITH_AS((void)waiting.get(), doctest::Contains("another has had the turn for 2000 ms"),
                       StorageUnavailable);
}
