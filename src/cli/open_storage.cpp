#include "open_storage.hpp"

#include "ticketcore/archive.hpp"
#include "ticketcore/storage/sqlite.hpp"
#ifdef TICKETCORE_HAVE_POSTGRES
#include "ticketcore/storage/postgres.hpp"
#endif

namespace ticketcore::cli {

OpenedStorage open_storage(const std::string& word, Use use) {
  if (word.starts_with("postgresql://") || word.starts_with("postgres://")) {
#ifdef TICKETCORE_HAVE_POSTGRES
    return {PostgresStorage::open(word), {}};
#else
    throw StorageError("this ticketcore was built without PostgreSQL");
#endif
  }
  constexpr std::string_view sqlite = "sqlite://";
  if (word.starts_with(sqlite) && !word.substr(sqlite.size()).starts_with("/")) throw StorageError("a SQLite URL has three slashes before its path, four before an absolute one");
  const std::filesystem::path path = word.starts_with(sqlite) ? word.substr(sqlite.size() + 1) : word;
  if (use == Use::look && is_archive(path)) return {open_archive(path), {path}};
  const auto access = use == Use::look    ? SqliteOptions::Access::read_only
                      : use == Use::write ? SqliteOptions::Access::read_write
                                          : SqliteOptions::Access::read_write_create;
  return {SqliteStorage::open(path, {.access = access}), {path, path.string() + "-wal", path.string() + "-journal"}};
}

}  // namespace ticketcore::cli
