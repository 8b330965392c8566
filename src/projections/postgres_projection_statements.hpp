#pragma once
// The statements of the tables for SQL users, as postgres_statements.hpp has those of the store.

#include <string>
#include <vector>

#include "projections/projection_sql.hpp"
#include "storage/postgres/postgres_statements.hpp"

namespace ticketcore {

/// What the tables for SQL users are filled with. Their streams are texts, and so are the parameters.
class ProjectionStatements {
 public:
  explicit ProjectionStatements(const std::string& schema) : in_(quoted_identifier(schema) + ".") {
    for (const ProjectionTable& table : projection_tables()) {
      const std::string name = in_ + std::string(table.name);
      // The rows come as one JSON array; jsonb_populate_recordset gives each its columns' types.
      const std::string values =
          projection_sql::columns(table, table.columns.size()).substr(std::string_view("stream").size());
      upserts.push_back(&of_one(
          "tc_put_" + std::string(table.name),
          projection_sql::upsert(table, in_,
                                 "SELECT $1::text" + values + " FROM jsonb_populate_recordset(NULL::" + name +
                                     ", $2::text::jsonb)")));
      clears.push_back(&of_one("", "DELETE FROM " + name + " WHERE stream = $1"));
    }
  }

  [[nodiscard]] const StatementList& list() const noexcept { return list_; }

 private:
  const std::string in_;
  StatementList list_;

  [[nodiscard]] const PostgresStatement& of_one(std::string name, std::string sql) {
    return list_.add(Reach::one_stream, std::move(name), std::move(sql));
  }

 public:
  const PostgresStatement& begin =
      list_.add(Reach::no_rows, "tc_begin", "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
  const PostgresStatement& commit = list_.add(Reach::no_rows, "tc_commit", "COMMIT");
  const PostgresStatement& rollback = list_.add(Reach::no_rows, "tc_rollback", "ROLLBACK");
  const PostgresStatement& find =
      of_one("tc_cursor", "SELECT revision, checksum FROM " + in_ + "projections WHERE stream = $1");
  const PostgresStatement& add = of_one(
      "tc_cursor_add", "INSERT INTO " + in_ +
                           "projections(stream, revision, checksum) VALUES($1, 0, 0) ON CONFLICT DO NOTHING");
  const PostgresStatement& lock = of_one(
      "tc_cursor_lock", "SELECT revision, checksum FROM " + in_ + "projections WHERE stream = $1 FOR UPDATE");
  const PostgresStatement& move = of_one(
      "tc_cursor_move",
      "UPDATE " + in_ + "projections SET revision = $2::bigint, checksum = $3::bigint WHERE stream = $1");
  const PostgresStatement& clear_cursor = of_one("", "DELETE FROM " + in_ + "projections WHERE stream = $1");
  std::vector<const PostgresStatement*> upserts{};  ///< As projection_tables().
  std::vector<const PostgresStatement*> clears{};   ///< As projection_tables().
};

}  // namespace ticketcore
