#pragma once
// The tables in the database: made, migrated and checked.

#include <span>
#include <string>
#include <vector>

#include "postgres_connection.hpp"
#include "ticketcore/storage/postgres.hpp"

namespace ticketcore {

/// What turns a schema of one version into one of the next: statements, in which "$in." stands for the
/// schema's quoted name and a dot.
using PostgresSchemaStep = std::vector<std::string>;

/// From nothing to version 1, from 1 to 2, and so on. A step that was released is never changed: stores were
/// made by it.
[[nodiscard]] std::span<const PostgresSchemaStep> postgres_schema_steps();

struct PostgresSchemaTarget {
  std::string schema{};
  std::string shown_as{};
  PostgresOptions::Access access{};
  std::span<const PostgresSchemaStep> steps = postgres_schema_steps();
};

/// Makes the schema's tables if they are missing, migrates them if they are older (all steps in one
/// transaction, one process at a time), and checks that they are whole and that the role may use them. Throws
/// StorageError, StorageUnavailable, StorageNewer, PostgresFailure.
void prepare_postgres_schema(PostgresConnection& connection, const PostgresSchemaTarget& target);

}  // namespace ticketcore
