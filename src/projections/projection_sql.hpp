#pragma once
// The SQL that both databases understand alike.

#include <string>

#include "ticketcore/projections/projection.hpp"

namespace ticketcore::projection_sql {

/// "stream, place, ...": the key, or all columns.
[[nodiscard]] inline std::string columns(const ProjectionTable& table, std::size_t count) {
  std::string list = "stream";
  for (std::size_t column = 0; column < count; ++column)
    list += ", " + std::string(table.columns[column].name);
  return list;
}

/// prefix is put before the table's name.
[[nodiscard]] inline std::string create(const ProjectionTable& table, const std::string& prefix,
                                        const char* integer, const char* time) {
  std::string sql =
      "CREATE TABLE IF NOT EXISTS " + prefix + std::string(table.name) + "(stream text NOT NULL";
  for (const ProjectionColumn& column : table.columns) {
    const char* type = column.type == ProjectionColumn::Type::integer ? integer
                       : column.type == ProjectionColumn::Type::time  ? time
                                                                      : "text";
    (sql += ", " + std::string(column.name)) += std::string(" ") + type;
  }
  return sql + ", PRIMARY KEY(" + columns(table, table.key_columns) + "))";
}

/// source is "VALUES(...)" or a SELECT.
[[nodiscard]] inline std::string upsert(const ProjectionTable& table, const std::string& prefix,
                                        const std::string& source) {
  std::string sql = "INSERT INTO " + prefix + std::string(table.name) + "(" +
                    columns(table, table.columns.size()) + ") " + source + " ON CONFLICT(" +
                    columns(table, table.key_columns) + ") DO UPDATE SET ";
  for (std::size_t column = table.key_columns; column < table.columns.size(); ++column) {
    const std::string name(table.columns[column].name);
    sql += (column == table.key_columns ? "" : ", ") + name + " = excluded." + name;
  }
  return sql;
}

}  // namespace ticketcore::projection_sql
