#include "ticketcore/projections/postgres_projection.hpp"

#include <algorithm>
#include <vector>

#include "projections/postgres_projection_statements.hpp"
#include "storage/postgres/postgres_connection.hpp"
#include "storage/postgres/postgres_url.hpp"
#include "ticketcore/base/json_writer.hpp"

namespace ticketcore {
namespace {

/// As JSON, without the one character that PostgreSQL's texts can't hold.
[[nodiscard]] std::string storable(std::string text) {
  std::replace(text.begin(), text.end(), '\0', ' ');
  return json_text(text);
}

/// No row, and one at 0, are the beginning.
[[nodiscard]] Position cursor_in(const PostgresRows& rows, const StreamId& stream) {
  if (rows.count() == 0 || rows.number(0, 0) == 0) return {stream};
  return {stream, static_cast<Revision>(rows.number(0, 0)), static_cast<std::uint32_t>(rows.number(0, 1))};
}

}  // namespace

struct PostgresProjection::Body {
  explicit Body(PostgresUrl url)
      : schema(url.options.schema), in(quoted_identifier(schema) + "."), sql(schema) {
    settings.conninfo = std::move(url.conninfo);
    settings.password = std::move(url.password);
    settings.shown_as = "PostgreSQL projection " + schema;
    settings.prepares = !url.options.transaction_pooler;
    settings.response_timeout = std::chrono::minutes(2);
    connect();
    make_tables();
  }

  void connect() { connection = std::make_unique<PostgresConnection>(settings); }

  void make_tables() {
    // A role that may only fill the tables finds them made, and must not be asked to make them; nor a
    // schema's owner to make a schema.
    const PostgresStatement there{
        "",
        "SELECT EXISTS(SELECT FROM pg_namespace WHERE nspname = convert_from($1::bytea, 'UTF8')), "
        "to_regclass(convert_from($2::bytea, 'UTF8')) IS NOT NULL"};
    const std::string last = in + std::string(projection_tables().back().name);
    const auto found = connection->run({{&there, {std::string_view(schema), std::string_view(last)}}});
    if (found[0].number(0, 1) != 0) return;
    std::vector<PostgresStatement> script{
        {"", "BEGIN"}, {"", "SELECT pg_advisory_xact_lock(hashtextextended('ticketcore projection', 0))"}};
    if (found[0].number(0, 0) == 0)
      script.push_back({"", "CREATE SCHEMA IF NOT EXISTS " + quoted_identifier(schema)});
    script.push_back(
        {"", "CREATE TABLE IF NOT EXISTS " + in +
                 "projections(stream text PRIMARY KEY, revision bigint NOT NULL, checksum bigint NOT NULL)"});
    for (const ProjectionTable& table : projection_tables())
      script.push_back({"", projection_sql::create(table, in, "bigint", "timestamptz")});
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
      if (connection->usable()) connection->post({{&sql.rollback}});
      throw StorageUnavailable(settings.shown_as + ": " + error.what());
    } catch (...) {
      if (connection->usable()) connection->post({{&sql.rollback}});
      throw;
    }
  }

  std::string schema;
  std::string in;
  ProjectionStatements sql;
  PostgresConnection::Settings settings;
  std::unique_ptr<PostgresConnection> connection;
};

PostgresProjection::PostgresProjection(std::unique_ptr<Body> body) : body_(std::move(body)) {}
PostgresProjection::~PostgresProjection() = default;

std::unique_ptr<PostgresProjection> PostgresProjection::open(std::string_view url) {
  try {
    return std::unique_ptr<PostgresProjection>(
        new PostgresProjection(std::make_unique<Body>(parse_postgres_url(url, {}))));
  } catch (const PostgresFailure& error) {
    throw StorageUnavailable(std::string("PostgreSQL projection: ") + error.what());
  }
}

Position PostgresProjection::cursor(const StreamId& stream) {
  return body_->with_connection([&](PostgresConnection& connection) {
    const auto rows = connection.run({{&body_->sql.find, {std::string_view(stream)}}});
    return cursor_in(rows[0], stream);
  });
}

bool PostgresProjection::put(const Position& from, const Position& to, std::span<const ProjectionRow> rows) {
  const StreamId& stream = from.stream;
  std::vector<std::string> arrays(projection_tables().size());
  for (const ProjectionRow& row : rows) {
    const ProjectionTable& table = projection_tables()[row.table];
    std::string& array = arrays[row.table];
    array += array.empty() ? "[{" : ",{";
    for (std::size_t column = 0; column < row.values.size(); ++column) {
      (array += (column == 0 ? "\"" : ",\"") + std::string(table.columns[column].name)) += "\":";
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
    const auto begun = connection.run({{&body_->sql.begin, {}},
                                       {&body_->sql.add, {std::string_view(stream)}},
                                       {&body_->sql.lock, {std::string_view(stream)}}});
    // No row: a rebuild has just cleared it.
    if (begun[2].count() == 0 || cursor_in(begun[2], stream) != from) {
      (void)connection.run({{&body_->sql.rollback, {}}});
      return false;
    }
    std::vector<PostgresCall> calls;
    for (std::size_t table = 0; table < arrays.size(); ++table) {
      if (arrays[table].empty()) continue;
      arrays[table] += ']';
      calls.push_back(
          {body_->sql.upserts[table], {std::string_view(stream), std::string_view(arrays[table])}});
    }
    calls.push_back(
        {&body_->sql.move,
         {std::string_view(stream), static_cast<std::int64_t>(to.known), std::int64_t{to.checksum.value()}}});
    calls.push_back({&body_->sql.commit, {}});
    (void)connection.run(calls);
    return true;
  });
}

void PostgresProjection::clear(const StreamId& stream) {
  body_->with_connection([&](PostgresConnection& connection) {
    std::vector<PostgresCall> calls{{&body_->sql.begin, {}}};
    // The cursor first: who is putting rows at this moment has it locked, and his rows are then seen and
    // deleted, too.
    calls.push_back({&body_->sql.clear_cursor, {std::string_view(stream)}});
    for (const PostgresStatement* statement : body_->sql.clears)
      calls.push_back({statement, {std::string_view(stream)}});
    calls.push_back({&body_->sql.commit, {}});
    return connection.run(calls);
  });
}

void register_postgres_projection() {
  register_projection("postgresql", [](const std::string& url) { return PostgresProjection::open(url); });
}

}  // namespace ticketcore
