// The tables, for those who look into them with psql. Names of streams are bytes, as the storage seam has
// them; the view "log" shows them as text.
//
//   streams(stream)                     the row whose lock is the right to append; it is locked and never
//   changed, so that
//                                       it leaves no dead rows and those who wait for it stay in their queue
//   entries(stream, revision, checksum, bytes)    the log
//   snapshots(stream, revision, bytes)
//   vault(id, bytes)
//   log                                 a view of entries: stream, revision, checksum, size, bytes
//   format_version()                    the format's version
//
// Every key begins with the stream (the vault's with its id), so that a distributed database can place rows
// by it.

#include "postgres_schema.hpp"

namespace ticketcore {
namespace {

/// Statements of the form of PostgresCall, for what is run once.
[[nodiscard]] PostgresRows run_one(PostgresConnection& connection, const std::string& sql,
                                   std::vector<PostgresParameter> parameters = {}) {
  const PostgresStatement statement{"", sql};
  return std::move(connection.run({{&statement, std::move(parameters)}}).front());
}

[[nodiscard]] std::string filled_in(std::string statement, const std::string& schema) {
  const std::string in = quoted_identifier(schema) + ".";
  for (std::size_t at = statement.find("$in."); at != std::string::npos;
       at = statement.find("$in.", at + in.size()))
    statement.replace(at, 4, in);
  return statement;
}

/// What is in the schema.
struct Look {
  enum class Found { nothing, empty_schema, store, part_of_a_store, foreign };
  Found found = Found::nothing;
  int version = 0;
  std::string missing{};  // of a part
};

[[nodiscard]] Look look(PostgresConnection& connection, const PostgresSchemaTarget& target) {
  // A dump makes functions first, then tables, then fills them, then makes the keys: what has every key is
  // whole.
  const auto rows = run_one(connection,
                            "SELECT has_schema_privilege(n.oid, 'USAGE'), "
                            "(SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid), "
                            "EXISTS(SELECT FROM pg_proc p WHERE p.pronamespace = n.oid AND p.proname = "
                            "'format_version' AND p.pronargs = 0), "
                            "(SELECT coalesce(string_agg(t.name, ', '), '') FROM (VALUES('streams'), "
                            "('entries'), ('snapshots'), ('vault')) AS t(name) WHERE NOT EXISTS("
                            "SELECT FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary "
                            "WHERE c.relnamespace = n.oid AND c.relname = t.name)) "
                            "FROM pg_namespace n WHERE n.nspname = convert_from($1::bytea, 'UTF8')",
                            {std::string_view(target.schema)});
  if (rows.count() == 0) return {};
  if (rows.number(0, 0) == 0) {
    throw StorageUnavailable(target.shown_as + ": the role may not use the schema \"" + target.schema +
                             "\"; let its owner run GRANT USAGE ON SCHEMA " +
                             quoted_identifier(target.schema) +
                             " TO this role, and the grants of docs/storage-postgres.md");
  }
  if (rows.number(0, 2) == 0)
    return {rows.number(0, 1) == 0 ? Look::Found::empty_schema : Look::Found::foreign, 0, {}};
  const auto version = static_cast<int>(
      run_one(connection, "SELECT " + quoted_identifier(target.schema) + ".format_version()").number(0, 0));
  const std::string missing = rows.text(0, 3);
  return {missing.empty() ? Look::Found::store : Look::Found::part_of_a_store, version, missing};
}

[[nodiscard]] bool wants_steps(const Look& now, const PostgresSchemaTarget& target) {
  return now.found == Look::Found::nothing || now.found == Look::Found::empty_schema ||
         (now.found == Look::Found::store && now.version < static_cast<int>(target.steps.size()));
}

void take_steps(PostgresConnection& connection, const Look& now, const PostgresSchemaTarget& target) {
  std::vector<std::string> script;
  if (now.found == Look::Found::nothing)
    script.push_back("CREATE SCHEMA " + quoted_identifier(target.schema));
  for (const PostgresSchemaStep& step : target.steps.subspan(static_cast<std::size_t>(now.version)))
    script.insert(script.end(), step.begin(), step.end());
  script.push_back(
      "CREATE OR REPLACE FUNCTION $in.format_version() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT " +
      std::to_string(target.steps.size()) + "'");
  try {
    for (std::string& statement : script)
      (void)run_one(connection, filled_in(std::move(statement), target.schema));
  } catch (const PostgresFailure& error) {
    if (!error.is("42501")) throw;
    const std::string what =
        now.version == 0 ? "the store's tables are not there, and this role may not make them ("
                         : "the store is of version " + std::to_string(now.version) + " and must become " +
                               std::to_string(target.steps.size()) + ", and this role may not change it (";
    throw StorageUnavailable(
        target.shown_as + ": " + what + error.what() +
        "); open it once as a role that may, then grant this one what docs/storage-postgres.md lists");
  }
}

/// Many may open a store at once: one takes the steps, in one transaction, and the others find them taken.
[[nodiscard]] Look take_steps_alone(PostgresConnection& connection, const PostgresSchemaTarget& target) {
  (void)run_one(connection, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
  try {
    (void)run_one(connection,
                  "SELECT pg_advisory_xact_lock(hashtextextended('ticketcore migration ' || "
                  "encode($1::bytea, 'hex'), 0))",
                  {std::string_view(target.schema)});
    if (const Look now = look(connection, target); wants_steps(now, target))
      take_steps(connection, now, target);
    (void)run_one(connection, "COMMIT");
  } catch (...) {
    const PostgresStatement rollback{"", "ROLLBACK"};
    connection.post({{&rollback}});
    throw;
  }
  return look(connection, target);
}

void check_rights(PostgresConnection& connection, const PostgresSchemaTarget& target) {
  constexpr std::string_view to_look =
      "('streams', 'SELECT'), ('entries', 'SELECT'), ('snapshots', 'SELECT')";
  constexpr std::string_view to_write =
      ", ('streams', 'INSERT'), ('streams', 'UPDATE'), ('entries', 'INSERT'), ('snapshots', 'INSERT'), "
      "('snapshots', 'UPDATE')"
      ", ('vault', 'SELECT'), ('vault', 'INSERT'), ('vault', 'UPDATE'), ('vault', 'DELETE')";
  const std::string needed =
      std::string(to_look) + std::string(target.access == PostgresOptions::Access::read_only ? "" : to_write);
  const auto rows = run_one(connection,
                            "SELECT format('GRANT %s ON %I.%I TO %I', string_agg(t.privilege, ', ' ORDER BY "
                            "t.privilege), s.schema, t.name, current_user) "
                            "FROM (SELECT convert_from($1::bytea, 'UTF8')) AS s(schema), (VALUES" +
                                needed +
                                ") AS t(name, privilege) "
                                "WHERE NOT has_table_privilege(format('%I.%I', s.schema, t.name), "
                                "t.privilege) GROUP BY s.schema, t.name ORDER BY t.name",
                            {std::string_view(target.schema)});
  if (rows.count() == 0) return;
  std::string grants;
  for (int row = 0; row < rows.count(); ++row) grants += (row == 0 ? "" : "; ") + rows.text(row, 0);
  throw StorageUnavailable(target.shown_as + ": the role lacks rights; let the tables' owner run " + grants);
}

}  // namespace

std::span<const PostgresSchemaStep> postgres_schema_steps() {
  static const std::vector<PostgresSchemaStep> steps{{
      "CREATE TABLE $in.streams(stream bytea PRIMARY KEY)",
      "CREATE TABLE $in.entries(stream bytea NOT NULL, revision bigint NOT NULL, checksum bigint NOT NULL, "
      "bytes bytea NOT NULL, PRIMARY KEY(stream, "
      "revision))",
      "CREATE TABLE $in.snapshots(stream bytea PRIMARY KEY, revision bigint NOT NULL, bytes bytea NOT NULL)",
      "CREATE TABLE $in.vault(id bytea PRIMARY KEY, bytes bytea NOT NULL)",
      // Entries up to a page stay in their row; trying to compress them would cost more than it saves.
      "ALTER TABLE $in.entries ALTER bytes SET STORAGE EXTERNAL, SET (toast_tuple_target = 8160)",
      "ALTER TABLE $in.snapshots ALTER bytes SET STORAGE EXTERNAL",
      // ANALYZE would copy values of the vault into the planner's statistics, out of reach of an erasure.
      // Nobody searches by bytes.
      "ALTER TABLE $in.vault ALTER bytes SET STATISTICS 0",
      "ALTER TABLE $in.entries ALTER bytes SET STATISTICS 0",
      "CREATE VIEW $in.log AS SELECT encode(stream, 'escape') AS stream, revision, checksum, "
      "octet_length(bytes) AS size, bytes FROM $in.entries",
  }};
  return steps;
}

void prepare_postgres_schema(PostgresConnection& connection, const PostgresSchemaTarget& target) {
  if (connection.server_version() < 150'000) {
    throw StorageError(target.shown_as + ": PostgreSQL 15 or newer is needed, and this server is " +
                       std::to_string(connection.server_version() / 10'000) + "; upgrade it");
  }
  using Access = PostgresOptions::Access;
  const int version = static_cast<int>(target.steps.size());
  Look now = look(connection, target);
  const bool there = now.found != Look::Found::nothing && now.found != Look::Found::empty_schema;
  if (!there && target.access != Access::read_write_create) {
    throw StorageUnavailable(target.shown_as +
                             ": there is no store; name its schema (schema=NAME in the URL), or open it once "
                             "for writing, which makes it");
  }
  if (wants_steps(now, target) && target.access != Access::read_only)
    now = take_steps_alone(connection, target);
  if (now.found == Look::Found::part_of_a_store) {
    throw StorageError(target.shown_as + ": the store is not whole: no table with its primary key for " +
                       now.missing +
                       "; a restore is still under way, or was broken off: finish it, or restore anew into "
                       "an empty database. It was left as it is");
  }
  if (now.found != Look::Found::store) {
    throw StorageError(target.shown_as + ": the schema \"" + target.schema +
                       "\" is there, but it is not a ticketcore store, or was only half restored: it has "
                       "tables, and no function " +
                       "format_version(); restore it whole, or name another schema (schema=NAME in the URL). "
                       "It was left as it is");
  }
  if (now.version > version) {
    throw StorageNewer(target.shown_as + ": its format version is " + std::to_string(now.version) +
                       ", and this library reads up to " + std::to_string(version) +
                       "; use a newer ticketcore");
  }
  if (now.version < version) {
    throw StorageUnavailable(target.shown_as + ": its format version is " + std::to_string(now.version) +
                             ", and " + std::to_string(version) +
                             " is needed; open it once for writing, as the tables' owner, which migrates it");
  }
  check_rights(connection, target);
}

}  // namespace ticketcore
