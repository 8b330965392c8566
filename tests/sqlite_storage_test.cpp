#include "ticketcore/storage/sqlite.hpp"
#include "conformance/storage_conformance.hpp"
#include <unistd.h>
TEST_CASE("SQLite conf") {
  char name[]="/tmp/tcsXXXXXX"; std::string d=mkdtemp(name);
  ticketcore::conformance::check_storage([&] { return ticketcore::SqliteStorage::open(d+"/s.db"); });
  std::filesystem::remove_all(d);
}
