#include "ticketcore/storage/postgres_projection.hpp"

#include <algorithm>
#include <vector>

#include "json_text.hpp"
#include "postgres_connection.hpp"
#include "postgres_url.hpp"
#include "projection_sql.hpp"

namespace ticketcore {
namespace {

/// As JSON, without the one character that PostgreSQL's texts can't hold.
[[nodiscard]] std::string storable(std::string text) {
  std::replace(text.begin(), text.end(), '\0', ' ');
  return json_text(text);
}

}  // namespace

struct PostgresProjection::Body {
  explicit Body(PostgresUrl url) : schema(url.options.schema), in(quoted_identifier(schema) + ".") {
    settings.conninfo = std::move(url.conninfo);
    settings.password = std::move(url.password);
    settings.shown_as = "PostgreSQL projection " + schema;
    settings.prepares = !url.options.transaction_pooler;
    settings.answer_timeout = std::chrono::minutes(2);
    names.reserve(projection_tables().size());
    for (const ProjectionTable& table : projection_tables()) {
      // The rows come as one JSON array; jsonb_populate_recordset gives each its columns' types.
      const std::string name = in + std::string(table.name);
      names.push_back("tc_put_" + std::string(table.name));
      upserts.push_back(
          {names.back().c_str(), projection_sql::upsert(table, in,
                                                        "SELECT " + projection_sql::columns(table, table.columns.size()) +
                                                            " FROM jsonb_populate_recordset(NULL::" + name + ", convert_from($1::bytea, 'UTF8')::jsonb)")});
      clears.push_back({"", "DELETE FROM " + name + " WHERE stream = convert_from($1::bytea, 'UTF8')"});
    }
    // The cursor first: who is putting rows at this moment has it locked, and his rows are then seen and deleted, too.
    clears.insert(clears.begin(), {"", "DELETE FROM " + in + "projections WHERE stream = convert_from($1::bytea, 'UTF8')"});
    connect();
    make_tables();
  }

  void connect() { connection = std::make_unique<PostgresConnection>(settings); }

  void make_tables() {
    // A role that may only fill the tables finds them made, and must not be asked to make them; nor a schema's owner to make a schema.
    const PostgresStatement there{
        "",
        "SELECT EXISTS(SELECT FROM pg_namespace WHERE nspname = convert_from($1::bytea, 'UTF8')), to_regclass(convert_from($2::bytea, 'UTF8')) IS NOT NULL"};
    const std::string last = in + std::string(projection_tables().back().name);
    const auto found = connection->run({{&there, {std::string_view(schema), std::string_view(last)}}});
    if (found[0].number(0, 1) != 0) return;
    std::vector<PostgresStatement> script{{"", "BEGIN"}, {"", "SELECT pg_advisory_xact_lock(hashtextextended('ticketcore projection', 0))"}};
    if (found[0].number(0, 0) == 0) script.push_back({"", "CREATE SCHEMA IF NOT EXISTS " + quoted_identifier(schema)});
    script.push_back({"", "CREATE TABLE IF NOT EXISTS " + in + "projections(stream text PRIMARY KEY, revision bigint NOT NULL)"});
    for (const ProjectionTable& table : projection_tables()) script.push_back({"", projection_sql::create(table, in, "bigint", "timestamptz")});
    script.push_back({"", "COMMIT"});
    std::vector<PostgresCall> calls;
    for (const PostgresStatement& statement : script) calls.push_back({&statement, {}});
    (void)connection->run(calls);
  }

  /// Runs work on the connection, on a new one if the old one was lost, and turns failures into our errors.
  template <class Work>
  auto with_connection(Work&& work) {
    try {
      if (!connection->usable()) connect();
      return work(*connection);
    } catch (const PostgresFailure& error) {
      if (connection->usable()) connection->post({{&rollback}});
      throw StorageUnavailable(settings.shown_as + ": " + error.what());
    }
  }

  std::string schema;
  std::string in;
  PostgresConnection::Settings settings;
  std::unique_ptr<PostgresConnection> connection;
  const PostgresStatement begin{"tc_begin", "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"};
  const PostgresStatement commit{"tc_commit", "COMMIT"};
  const PostgresStatement rollback{"tc_rollback", "ROLLBACK"};
  const PostgresStatement find{"tc_cursor", "SELECT revision FROM " + in + "projections WHERE stream = convert_from($1::bytea, 'UTF8')"};
  const PostgresStatement add{"tc_cursor_add",
                              "INSERT INTO " + in + "projections(stream, revision) VALUES(convert_from($1::bytea, 'UTF8'), 0) ON CONFLICT DO NOTHING"};
  const PostgresStatement lock{"tc_cursor_lock", "SELECT revision FROM " + in + "projections WHERE stream = convert_from($1::bytea, 'UTF8') FOR UPDATE"};
  const PostgresStatement move{"tc_cursor_move", "UPDATE " + in + "projections SET revision = $2::bigint WHERE stream = convert_from($1::bytea, 'UTF8')"};
  std::vector<std::string> names;
  std::vector<PostgresStatement> upserts;  // as projection_tables()
  std::vector<PostgresStatement> clears;
};

PostgresProjection::PostgresProjection(std::unique_ptr<Body> body) : body_(std::move(body)) {}
PostgresProjection::~PostgresProjection() = default;

std::unique_ptr<PostgresProjection> PostgresProjection::open(std::string_view url) {
  try {
    return std::unique_ptr<PostgresProjection>(new PostgresProjection(std::make_unique<Body>(parse_postgres_url(url, {}))));
  } catch (const PostgresFailure& error) {
    throw StorageUnavailable(std::string("PostgreSQL projection: ") + error.what());
  }
}

Revision PostgresProjection::cursor(const StreamId& stream) {
  return body_->with_connection([&](PostgresConnection& connection) -> Revision {
    const auto rows = connection.run({{&body_->find, {std::string_view(stream)}}});
    return rows[0].count() == 0 ? 0 : static_cast<Revision>(rows[0].number(0, 0));
  });
}

bool PostgresProjection::put(const StreamId& stream, Revision from, Revision to, std::span<const ProjectionRow> rows) {
  std::vector<std::string> arrays(projection_tables().size());
  for (const ProjectionRow& row : rows) {
    const ProjectionTable& table = projection_tables()[row.table];
    std::string& array = arrays[row.table];
    array += (array.empty() ? "[{\"stream\":" : ",{\"stream\":") + json_text(stream);
    for (std::size_t column = 0; column < row.values.size(); ++column) {
      (array += ",\"" + std::string(table.columns[column].name)) += "\":";
      const ProjectionValue& value = row.values[column];
      if (const auto* number = std::get_if<std::int64_t>(&value))
        array += std::to_string(*number);
      else if (const auto* text = std::get_if<std::string>(&value))
        array += storable(*text);
      else
        array += "null";
    }
    array += '}';
  }
  return body_->with_connection([&](PostgresConnection& connection) {
    const auto begun = connection.run({{&body_->begin, {}}, {&body_->add, {std::string_view(stream)}}, {&body_->lock, {std::string_view(stream)}}});
    // No row: a rebuild has just cleared it.
    if (begun[2].count() == 0 || static_cast<Revision>(begun[2].number(0, 0)) != from) {
      (void)connection.run({{&body_->rollback, {}}});
      return false;
    }
    std::vector<PostgresCall> calls;
    for (std::size_t table = 0; table < arrays.size(); ++table) {
      if (arrays[table].empty()) continue;
      arrays[table] += ']';
      calls.push_back({&body_->upserts[table], {std::string_view(arrays[table])}});
    }
    calls.push_back({&body_->move, {std::string_view(stream), static_cast<std::int64_t>(to)}});
    calls.push_back({&body_->commit, {}});
    (void)connection.run(calls);
    return true;
  });
}

void PostgresProjection::clear(const StreamId& stream) {
  body_->with_connection([&](PostgresConnection& connection) {
    std::vector<PostgresCall> calls{{&body_->begin, {}}};
    for (const PostgresStatement& statement : body_->clears) calls.push_back({&statement, {std::string_view(stream)}});
    calls.push_back({&body_->commit, {}});
    return connection.run(calls);
  });
}

}  // namespace ticketcore
