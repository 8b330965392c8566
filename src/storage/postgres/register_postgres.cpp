#include "ticketcore/storage/postgres.hpp"

namespace ticketcore {

void register_postgres() {
  register_storage("postgresql", [](const std::string& url, const OpenOptions& options) {
    return PostgresStorage::open(url, {.access = options.access, .clock = options.clock});
  });
}

}  // namespace ticketcore
