#pragma once
// What a PostgreSQL URL says to us and what it says to libpq.

#include <string>
#include <string_view>

#include "ticketcore/storage/postgres.hpp"

namespace ticketcore {

struct PostgresUrl {
  std::string conninfo{};  ///< For libpq, without our own parameters.
  std::string password{};  ///< As written and as meant, wherever libpq's messages might repeat it; empty if
                           ///< there is none.
  PostgresOptions options{};
};

/// Takes schema, connections and pooler out of a URL's query; anything else goes to libpq as it is. Throws
/// StorageError.
[[nodiscard]] PostgresUrl parse_postgres_url(std::string_view url, PostgresOptions options);

}  // namespace ticketcore
