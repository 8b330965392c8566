// The tables, for those who look into them with psql. Names of streams are bytes, as the storage seam has them; the view
// "log" shows them as text.
//
//   streams(stream)                     the row whose lock is the right to append; it is locked and never changed, so that
//                                       it leaves no dead rows and those who wait for it stay in their queue
//   entries(stream, revision, bytes)    the log
//   snapshots(stream, revision, bytes)
//   vault(id, bytes)
//   log                                 a view of entries: stream, revision, size, bytes
//   format_version()                    the format's version
//
// Every key begins with the stream (the vault's with its id), so that a distributed database can place rows by it.

#include "postgres_schema.hpp"

#include <array>

namespace ticketcore {
namespace {

constexpr int format_version = 1;

/// Statements of the form of PostgresCall, for what is run once.
[[nodiscard]] PostgresRows run_one(PostgresConnection& connection, const std::string& sql, std::vector<PostgresParameter> parameters = {}) {
  const PostgresStatement statement{"", sql};
  return std::move(connection.run({{&statement, std::move(parameters)}}).front());
}

[[nodiscard]] std::vector<std::string> creation(const std::string& schema) {
  const std::string in = quoted_identifier(schema) + ".";
  return {
      "CREATE TABLE " + in + "streams(stream bytea PRIMARY KEY)",
      "CREATE TABLE " + in + "entries(stream bytea NOT NULL, revision bigint NOT NULL, bytes bytea NOT NULL, PRIMARY KEY(stream, revision))",
      "CREATE TABLE " + in + "snapshots(stream bytea PRIMARY KEY, revision bigint NOT NULL, bytes bytea NOT NULL)",
      "CREATE TABLE " + in + "vault(id bytea PRIMARY KEY, bytes bytea NOT NULL)",
      // Entries up to a page stay in their row; trying to compress them would cost more than it saves.
      "ALTER TABLE " + in + "entries ALTER bytes SET STORAGE EXTERNAL, SET (toast_tuple_target = 8160)",
      "ALTER TABLE " + in + "snapshots ALTER bytes SET STORAGE EXTERNAL",
      "CREATE VIEW " + in + "log AS SELECT encode(stream, 'escape') AS stream, revision, octet_length(bytes) AS size, bytes FROM " + in + "entries",
      "CREATE FUNCTION " + in + "format_version() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT " + std::to_string(format_version) + "'",
  };
}

enum class Found { nothing, empty_schema, ours, foreign };

struct Look {
  Found found;
  std::int64_t version;
};

[[nodiscard]] Look look(PostgresConnection& connection, const std::string& schema, const std::string& shown_as) {
  const auto rows = run_one(connection,
                            "SELECT has_schema_privilege(n.oid, 'USAGE'), "
                            "(SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid), "
                            "(SELECT count(*) FROM pg_proc p WHERE p.pronamespace = n.oid AND p.proname = 'format_version' AND p.pronargs = 0) "
                            "FROM pg_namespace n WHERE n.nspname = convert_from($1::bytea, 'UTF8')",
                            {std::string_view(schema)});
  if (rows.count() == 0) return {Found::nothing, 0};
  if (rows.number(0, 0) == 0) {
    throw StorageUnavailable(shown_as + ": the role may not use the schema \"" + schema + "\"; let its owner run GRANT USAGE ON SCHEMA " +
                             quoted_identifier(schema) + " TO this role, and the grants of docs/storage-postgres.md");
  }
  if (rows.number(0, 2) == 0) return {rows.number(0, 1) == 0 ? Found::empty_schema : Found::foreign, 0};
  return {Found::ours, run_one(connection, "SELECT " + quoted_identifier(schema) + ".format_version()").number(0, 0)};
}

void make_tables(PostgresConnection& connection, const std::string& schema, Found found, const std::string& shown_as) {
  std::vector<std::string> script;
  if (found == Found::nothing) script.push_back("CREATE SCHEMA " + quoted_identifier(schema));
  for (std::string& statement : creation(schema)) script.push_back(std::move(statement));
  try {
    for (const std::string& statement : script) (void)run_one(connection, statement);
  } catch (const PostgresFailure& error) {
    if (!error.is("42501")) throw;
    throw StorageUnavailable(shown_as + ": the store's tables are not there, and this role may not make them (" + error.what() +
                             "); open it once as a role that may, then grant this one what docs/storage-postgres.md lists");
  }
}

void check_rights(PostgresConnection& connection, const std::string& schema, const std::string& shown_as) {
  struct Right {
    const char* table;
    const char* needed;
  };
  constexpr std::array<Right, 8> rights{{{"streams", "SELECT"},
                                         {"streams", "INSERT"},
                                         {"streams", "UPDATE"},
                                         {"entries", "SELECT"},
                                         {"entries", "INSERT"},
                                         {"snapshots", "SELECT"},
                                         {"snapshots", "UPDATE"},
                                         {"vault", "SELECT"}}};
  for (const Right& right : rights) {
    const std::string table = quoted_identifier(schema) + "." + right.table;
    const auto rows = run_one(connection, "SELECT has_table_privilege(convert_from($1::bytea, 'UTF8'), convert_from($2::bytea, 'UTF8'))",
                              {std::string_view(table), std::string_view(right.needed)});
    if (rows.number(0, 0) == 0) {
      throw StorageUnavailable(shown_as + ": the role may not " + right.needed + " in " + table + "; let its owner run GRANT " + right.needed + " ON " + table +
                               " TO this role (docs/storage-postgres.md lists all grants)");
    }
  }
}

}  // namespace

void prepare_postgres_schema(PostgresConnection& connection, const std::string& schema, const std::string& shown_as) {
  if (connection.server_version() < 150'000) {
    throw StorageError(shown_as + ": PostgreSQL 15 or newer is needed; this server is " + std::to_string(connection.server_version() / 10'000));
  }
  Look now = look(connection, schema, shown_as);
  if (now.found == Found::nothing || now.found == Found::empty_schema || (now.found == Found::ours && now.version < format_version)) {
    // Many may open a new store at once: one makes the tables, in one transaction, and the others find them made.
    (void)run_one(connection, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    try {
      (void)run_one(connection, "SELECT pg_advisory_xact_lock(hashtextextended('ticketcore migration ' || encode($1::bytea, 'hex'), 0))", {std::string_view(schema)});
      now = look(connection, schema, shown_as);
      if (now.found == Found::nothing || now.found == Found::empty_schema) make_tables(connection, schema, now.found, shown_as);
      (void)run_one(connection, "COMMIT");
    } catch (...) {
      const PostgresStatement rollback{"", "ROLLBACK"};
      connection.post({{&rollback}});
      throw;
    }
    now = look(connection, schema, shown_as);
  }
  if (now.found != Found::ours) {
    throw StorageError(shown_as + ": the schema \"" + schema + "\" is there, but it is not a ticketcore store, or was only half restored: it has tables, and no function " +
                       "format_version(); restore it whole, or name another schema (schema=NAME in the URL). It was left as it is");
  }
  if (now.version > format_version) {
    throw StorageNewer(shown_as + ": its format version is " + std::to_string(now.version) + ", and this library reads up to " + std::to_string(format_version) +
                       "; use a newer ticketcore");
  }
  check_rights(connection, schema, shown_as);
}

}  // namespace ticketcore
