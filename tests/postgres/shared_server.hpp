#pragma once
// One server for all tests of a program, and schemas of their own in it.

#include "postgres_server.hpp"

namespace ticketcore::testing {

inline PostgresServer& shared_server() {
  static PostgresServer server(PostgresServer::without_fsync);
  return server;
}

[[nodiscard]] inline std::string fresh_schema() {
  static int count = 0;
  return "store_" + std::to_string(++count);
}

}  // namespace ticketcore::testing
