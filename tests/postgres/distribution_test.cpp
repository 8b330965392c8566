// A store whose tables stand on several nodes. There is no cluster here: functions of the test's own stand in
// for the extension's, and hold the script and the library to the rules of its manual.

#include <doctest/doctest.h>

#include "../conformance/storage_conformance.hpp"
#include "shared_server.hpp"
#include "ticketcore/projections/postgres_projection.hpp"
#include "ticketcore/storage/postgres.hpp"

using namespace ticketcore;
using ticketcore::testing::PostgresServer;
using ticketcore::testing::said_on_opening;

namespace {

// Every unique key begins with the column, what stands together has its type, and only the owner may place a
// table, once.
constexpr const char* stand_in =
    "SET allow_system_table_mods = on;"
    "CREATE TABLE pg_catalog.pg_dist_partition(logicalrelid regclass PRIMARY KEY, placed_by name, type oid);"
    "CREATE TABLE pg_catalog.pg_dist_node(nodeid int, nodename text, nodeport int);"
    "INSERT INTO pg_dist_node VALUES(1, 'coordinator', 5432), (2, 'worker1', 5432);"
    "CREATE TABLE pg_catalog.node_settings(nodeid int, success boolean, result text);"
    "INSERT INTO node_settings VALUES(1, true, 'on 5s'), (2, true, 'on 5s');"
    "GRANT SELECT ON pg_dist_partition, pg_dist_node, node_settings TO public;"
    "CREATE FUNCTION pg_catalog.create_distributed_table(what regclass, wanted text, colocate_with text) "
    "RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ "
    "BEGIN IF (SELECT relowner FROM pg_class WHERE oid = what) <> session_user::regrole THEN RAISE 'must be "
    "owner of table %', what; END IF; "
    "IF EXISTS(SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = "
    "i.indkey[0] WHERE i.indrelid = what AND i.indisunique "
    "AND a.attname <> wanted) THEN RAISE '% has a unique key that does not begin with %', what, wanted; END "
    "IF; "
    "INSERT INTO pg_dist_partition SELECT what, a.attname, a.atttypid FROM pg_attribute a WHERE a.attrelid = "
    "what AND a.attname = wanted; "
    "IF NOT FOUND THEN RAISE '% has no %', what, wanted; END IF; "
    "IF colocate_with <> 'none' AND (SELECT count(DISTINCT p.type) FROM pg_dist_partition p WHERE "
    "p.logicalrelid IN (what, colocate_with::regclass)) <> 1 "
    "THEN RAISE '% can not stand with %', what, colocate_with; END IF; END $$;"
    "CREATE FUNCTION pg_catalog.run_command_on_all_nodes(command text, parallel boolean DEFAULT true, "
    "give_warning_for_connection_errors boolean DEFAULT "
    "false, OUT nodeid int, OUT success boolean, OUT result text) RETURNS SETOF record LANGUAGE plpgsql AS "
    "$$ DECLARE here text; BEGIN EXECUTE command INTO "
    "STRICT here; RETURN QUERY SELECT s.nodeid, s.success, s.result FROM node_settings s; END $$;";

struct Cluster {
  PostgresServer server{PostgresServer::without_fsync};

  Cluster() {
    server.sql(stand_in);
    server.sql(
        "CREATE ROLE boxoffice_owner LOGIN; CREATE ROLE boxoffice LOGIN; GRANT CREATE ON DATABASE postgres "
        "TO boxoffice_owner;");
  }
  [[nodiscard]] std::string url(const std::string& role) const {
    return "postgresql://" + role + "@127.0.0.1:" + std::to_string(server.port()) + "/postgres";
  }
  /// As the script's first lines say. Whoever runs the test reads the file: the server's user need not be
  /// able to.
  void distribute(const std::string& role) const {
    server.run_as("psql", "'" + url(role) + "' -X -q -v ON_ERROR_STOP=1 <'" +
                              TICKETCORE_SOURCE_DIR "/docs/operations/distribute.sql'");
  }
  [[nodiscard]] std::string placed() const {
    return server.sql(
        "SELECT count(*) || ' by ' || string_agg(DISTINCT placed_by, ' and ') FROM pg_dist_partition");
  }
};

}  // namespace

TEST_CASE(
    "the script places every table by its stream, as the owner, with the tables for SQL users and without, "
    "again and again") {
  const Cluster cluster;
  const auto storage = PostgresStorage::open(cluster.url("boxoffice_owner"));
  CHECK_THROWS_WITH(cluster.distribute("boxoffice"),
                    doctest::Contains("permission denied for schema ticketcore"));
  cluster.server.sql("GRANT USAGE ON SCHEMA ticketcore TO boxoffice");
  CHECK_THROWS_WITH(cluster.distribute("boxoffice"), doctest::Contains("must be owner of table streams"));
  cluster.distribute("boxoffice_owner");
  CHECK(cluster.placed() == "4 by id and stream");
  CHECK(cluster.server.sql("SELECT logicalrelid FROM pg_dist_partition WHERE placed_by = 'id'") ==
        "ticketcore.vault");
  (void)PostgresProjection::open(cluster.url("boxoffice_owner"));
  cluster.distribute("boxoffice_owner");
  CHECK(cluster.placed() == "13 by id and stream");
  cluster.distribute("boxoffice_owner");
  CHECK(cluster.server.sql(
            "SELECT coalesce(string_agg(relname, ', '), 'none') FROM pg_class WHERE relkind = 'r' AND "
            "relnamespace = "
            "'ticketcore'::regnamespace AND oid NOT IN (SELECT logicalrelid FROM pg_dist_partition)") ==
        "none");
}

TEST_CASE(
    "a store opens only where every node's commits are durable and no node keeps the locks of who is gone") {
  const Cluster cluster;
  const auto with = [&](const std::string& settings) {
    cluster.server.sql("UPDATE node_settings SET success = true, result = '" + settings +
                       "' WHERE nodeid = 2");
    return said_on_opening(cluster.url("boxoffice_owner"));
  };
  CHECK(with("on 5s") == "opened");
  CHECK(with("local 5s") == "opened");
  const std::string off = with("off 5s");
  INFO(off);
  CHECK(off.find("on node worker1:5432 commits would not be durable (synchronous_commit is off)") !=
        std::string::npos);
  CHECK(off.find(
            "run ALTER ROLE boxoffice_owner SET synchronous_commit = on (docs/operations/distribution.md)") !=
        std::string::npos);
  const std::string endless = with("on 0");
  INFO(endless);
  CHECK(endless.find("ALTER ROLE boxoffice_owner SET idle_in_transaction_session_timeout = '5s'") !=
        std::string::npos);
  CHECK(said_on_opening(cluster.url("boxoffice_owner"), {.access = PostgresOptions::Access::read_only}) ==
        "opened");
  cluster.server.sql(
      "UPDATE node_settings SET success = false, result = 'connection refused' WHERE nodeid = 2");
  const std::string away = said_on_opening(cluster.url("boxoffice_owner"));
  INFO(away);
  CHECK(away.find("node worker1:5432 can't be asked for its settings: connection refused") !=
        std::string::npos);
}
