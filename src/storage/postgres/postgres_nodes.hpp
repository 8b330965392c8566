#pragma once
// Where a database is distributed over nodes (Citus), what this session sets stays with the node that it is
// connected to. What the others must have is looked at when a store is opened.

#include <string>

#include "postgres_connection.hpp"

namespace ticketcore {

/// Throws StorageUnavailable when a node would commit for this role without waiting for its disk, or would
/// keep the locks of a turn whose host is gone; the message says what to run. Does nothing on a plain
/// PostgreSQL. Throws PostgresFailure.
void check_postgres_nodes(PostgresConnection& connection, const std::string& shown_as);

}  // namespace ticketcore
