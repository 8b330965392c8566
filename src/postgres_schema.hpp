#pragma once
// The tables in the database: made, migrated and checked.

#include <string>

#include "postgres_connection.hpp"

namespace ticketcore {

/// Makes the schema's tables if they are missing, migrates them if they are older, and checks that the role may use them.
/// Throws StorageError, StorageUnavailable, StorageNewer, PostgresFailure.
void prepare_postgres_schema(PostgresConnection& connection, const std::string& schema, const std::string& shown_as);

}  // namespace ticketcore
