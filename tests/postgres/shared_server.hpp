#pragma once
// One server for all tests of a program, and schemas of their own in it.

#include "postgres_server.hpp"
#include "ticketcore/storage/postgres.hpp"

namespace ticketcore::testing {

inline PostgresServer& shared_server() {
  static PostgresServer server(PostgresServer::without_fsync);
  return server;
}

[[nodiscard]] inline std::string fresh_schema() {
  static int count = 0;
  return "store_" + std::to_string(++count);
}

/// What opening a store says when it fails, else "opened".
[[nodiscard]] inline std::string said_on_opening(const std::string& url, PostgresOptions options = {}) {
  try {
    (void)PostgresStorage::open(url, std::move(options));
  } catch (const StorageError& error) {
    return error.what();
  }
  return "opened";
}

}  // namespace ticketcore::testing
