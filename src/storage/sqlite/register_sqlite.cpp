#include "ticketcore/storage/sqlite.hpp"

namespace ticketcore {

void register_sqlite() {
  register_storage("sqlite", [](const std::string& url, const OpenOptions& options) {
    return SqliteStorage::open(read_storage_url(url).file,
                               {.clock = options.clock, .access = options.access});
  });
}

}  // namespace ticketcore
