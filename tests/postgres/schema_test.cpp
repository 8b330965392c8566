// The tables: made, migrated, restored and looked into.

#include <doctest/doctest.h>

#include <future>

#include "../conformance/storage_conformance.hpp"
#include "shared_server.hpp"
#include "storage/postgres/postgres_schema.hpp"
#include "ticketcore/storage/postgres.hpp"

using namespace ticketcore;
using namespace std::chrono_literals;
using ticketcore::testing::fresh_schema;
using ticketcore::testing::quoted;
using ticketcore::testing::said_on_opening;
using ticketcore::testing::shared_server;
using Access = PostgresOptions::Access;

namespace {

[[nodiscard]] std::string database_url(const std::string& database, const std::string& role = "postgres") {
  return "postgresql://" + role + "@127.0.0.1:" + std::to_string(shared_server().port()) + "/" + database;
}

/// Prepares a schema as a library with these steps would; what it says when it can't.
[[nodiscard]] std::string prepare(const std::string& schema, std::span<const PostgresSchemaStep> steps,
                                  const std::string& role = "postgres", Access access = {}) {
  PostgresConnection::Settings settings;
  settings.conninfo = database_url("postgres", role);
  settings.response_timeout = 20s;
  PostgresConnection connection(settings);
  try {
    prepare_postgres_schema(connection, {schema, "store", access, steps});
  } catch (const std::exception& error) {
    return error.what();
  }
  return "prepared";
}

[[nodiscard]] std::string version_of(const std::string& schema) {
  return shared_server().sql("SELECT " + schema + ".format_version()");
}

[[nodiscard]] std::vector<PostgresSchemaStep> released_and(std::initializer_list<PostgresSchemaStep> more) {
  const auto released = postgres_schema_steps();
  std::vector<PostgresSchemaStep> steps(released.begin(), released.end());
  steps.insert(steps.end(), more);
  return steps;
}

}  // namespace

TEST_CASE("an older store is migrated once, by one of many, whole or not at all") {
  const std::string schema = fresh_schema();
  conformance::append(*PostgresStorage::open(shared_server().url("schema=" + schema)), "a", "kept");
  const auto next = released_and({{"CREATE TABLE $in.notes(stream bytea PRIMARY KEY)",
                                   "INSERT INTO $in.notes SELECT stream FROM $in.streams"}});
  std::vector<std::future<std::string>> openings;
  for (int number = 0; number < 6; ++number)
    openings.push_back(std::async(std::launch::async, [&] { return prepare(schema, next); }));
  for (auto& opening : openings) CHECK(opening.get() == "prepared");
  CHECK(version_of(schema) == "2");
  CHECK(shared_server().sql("SELECT count(*) FROM " + schema + ".notes") == "1");
  CHECK(shared_server().sql("SELECT convert_from(bytes, 'UTF8') FROM " + schema + ".log") == "kept");
  CHECK(said_on_opening(shared_server().url("schema=" + schema))
            .find("its format version is 2, and this library reads up to 1; use a newer ticketcore") !=
        std::string::npos);

  // A step that fails half-way leaves what was there.
  const auto broken =
      released_and({next[1], {"CREATE TABLE $in.half(stream bytea PRIMARY KEY)", "SELECT 1 / 0"}});
  CHECK(prepare(schema, broken).find("division by zero") != std::string::npos);
  CHECK(version_of(schema) == "2");
  CHECK(shared_server().sql("SELECT to_regclass('" + schema + ".half') IS NULL") == "t");

  // From nothing, all steps are taken.
  const std::string empty = fresh_schema();
  CHECK(prepare(empty, next) == "prepared");
  CHECK(version_of(empty) == "2");
}

TEST_CASE("who may not migrate an older store is told who can") {
  const std::string schema = fresh_schema();
  (void)PostgresStorage::open(shared_server().url("schema=" + schema));
  shared_server().sql("CREATE ROLE clerk LOGIN; GRANT USAGE ON SCHEMA " + schema +
                      " TO clerk; GRANT ALL ON ALL TABLES IN SCHEMA " + schema + " TO clerk;");
  const auto next = released_and({{"ALTER TABLE $in.entries ADD written timestamptz"}});
  const std::string said = prepare(schema, next, "clerk");
  INFO(said);
  CHECK(said.find("the store is of version 1 and must become 2, and this role may not change it") !=
        std::string::npos);
  CHECK(prepare(schema, next, "postgres", Access::read_only)
            .find("open it once for writing, as the tables' owner, which migrates it") != std::string::npos);
  CHECK(version_of(schema) == "1");
}

TEST_CASE("a store that is being restored from a dump opens when it is whole, and not before") {
  const std::string schema = fresh_schema();
  const auto storage = PostgresStorage::open(shared_server().url("schema=" + schema));
  conformance::append(*storage, "a", "one");
  storage->vault_put("person", conformance::bytes_of("x"));
  shared_server().sql("CREATE DATABASE restored");
  const std::string url = database_url("restored") + "?schema=" + schema;
  const auto part = [&](const std::string& section) {
    const std::string file = shared_server().folder() + "/" + schema + "." + section;
    shared_server().run_as("pg_dump", "-h " + quoted(shared_server().folder()) + " -p " +
                                          std::to_string(shared_server().port()) + " -U postgres -n " +
                                          schema + " --section=" + section + " -f " + quoted(file) +
                                          " postgres");
    return file;
  };
  const auto restore = [&](const std::string& file) {
    shared_server().run_as("psql", "-X -q -v ON_ERROR_STOP=1 -h " + quoted(shared_server().folder()) +
                                       " -p " + std::to_string(shared_server().port()) + " -U postgres -f " +
                                       quoted(file) + " restored");
  };
  restore(part("pre-data"));
  CHECK(said_on_opening(url).find("no table with its primary key for") != std::string::npos);
  restore(part("data"));
  CHECK(said_on_opening(url).find("a restore is still under way, or was broken off") != std::string::npos);
  restore(part("post-data"));
  const auto restored = PostgresStorage::open(url);
  CHECK(conformance::shown(*restored, "a") == "1=one");
  CHECK(restored->vault_get("person") == conformance::bytes_of("x"));
  conformance::append(*restored, "a", "two");
}

TEST_CASE("who only looks makes nothing, needs no right to write, and can't") {
  const std::string schema = fresh_schema();
  const std::string url = shared_server().url("schema=" + schema);
  for (const Access access : {Access::read_only, Access::read_write})
    CHECK(said_on_opening(url, {.access = access}).find("there is no store") != std::string::npos);
  CHECK(shared_server().sql("SELECT count(*) FROM pg_namespace WHERE nspname = '" + schema + "'") == "0");
  conformance::append(*PostgresStorage::open(url), "a", "one");
  shared_server().sql("CREATE ROLE onlooker LOGIN; GRANT USAGE ON SCHEMA " + schema +
                      " TO onlooker; GRANT SELECT ON " + schema + ".streams, " + schema + ".entries, " +
                      schema + ".snapshots TO onlooker;");
  const std::string as_onlooker = database_url("postgres", "onlooker") + "?schema=" + schema;
  CHECK(said_on_opening(as_onlooker)
            .find("GRANT DELETE, INSERT, SELECT, UPDATE ON " + schema + ".vault TO onlooker") !=
        std::string::npos);
  const auto look = PostgresStorage::open(as_onlooker, {.access = Access::read_only});
  CHECK(conformance::shown(*look, "a") == "1=one");
  CHECK(look->list_streams("") == std::vector<StreamId>{"a"});
  const Position position{"a", 0};
  CHECK(look->wait_for_news({&position, 1}, 1s));
  CHECK_THROWS_WITH_AS((void)look->take_turn({&position, 1}), doctest::Contains("opened for reading only"),
                       StorageUnavailable);
  CHECK_THROWS_AS(look->save_snapshot({"a", 1, conformance::checksum_of("one")}, {}), StorageUnavailable);
  CHECK_THROWS_AS(look->vault_put("person", {}), StorageUnavailable);
  CHECK_THROWS_AS(look->vault_erase("person"), StorageUnavailable);
  CHECK_THROWS_AS(look->remove_stream({"a", 1, conformance::checksum_of("one")}), StorageUnavailable);
  CHECK_THROWS_AS(look->scrub_vault(), StorageUnavailable);
}

TEST_CASE("a snapshot is written by one at a time; who comes meanwhile goes on") {
  const std::string schema = fresh_schema();
  const std::string url = shared_server().url("schema=" + schema);
  const auto one = PostgresStorage::open(url);
  const auto other = PostgresStorage::open(url);
  conformance::append(*one, "a", "x");
  // Writing takes until the test lets go of a lock.
  PostgresConnection::Settings settings;
  settings.conninfo = database_url("postgres");
  settings.response_timeout = 20s;
  PostgresConnection gate(settings);
  const PostgresStatement shut{"", "SELECT pg_advisory_lock(4711)"};
  const PostgresStatement open{"", "SELECT pg_advisory_unlock(4711)"};
  const PostgresStatement waiting{
      "", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted"};
  (void)gate.run({{&shut, {}}});
  shared_server().sql(
      "CREATE FUNCTION " + schema +
      ".slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN new; "
      "END $$; CREATE TRIGGER slow BEFORE INSERT ON " +
      schema + ".snapshots FOR EACH ROW EXECUTE FUNCTION " + schema + ".slow();");
  auto writing = std::async(std::launch::async, [&] {
    one->save_snapshot({"a", 1, conformance::checksum_of("x")}, conformance::bytes_of("the first"));
  });
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (gate.run({{&waiting, {}}})[0].number(0, 0) == 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(1ms);
  other->save_snapshot({"a", 1, conformance::checksum_of("x")},
                       conformance::bytes_of("the second"));  // does not wait
  CHECK_FALSE(other->load_snapshot("a"));
  (void)gate.run({{&open, {}}});
  writing.get();
  CHECK(other->load_snapshot("a").value().bytes == conformance::bytes_of("the first"));
}
