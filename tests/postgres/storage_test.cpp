#include <doctest/doctest.h>

#include "../conformance/storage_conformance.hpp"
#include "shared_server.hpp"
#include "ticketcore/storage/postgres.hpp"

using namespace ticketcore;
using ticketcore::testing::fresh_schema;
using ticketcore::testing::shared_server;

TEST_CASE("PostgreSQL storage keeps the promises of storage.hpp") {
  const std::string schema = fresh_schema();
  conformance::check_storage([&] { return PostgresStorage::open(shared_server().url("schema=" + schema)); });
}
