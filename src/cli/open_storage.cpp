#include "open_storage.hpp"

#include "ticketcore/log/archive.hpp"
#include "ticketcore/projections/sqlite_projection.hpp"
#include "ticketcore/storage/sqlite.hpp"
#ifdef TICKETCORE_HAVE_POSTGRES
#include "ticketcore/projections/postgres_projection.hpp"
#include "ticketcore/storage/postgres.hpp"
#endif

namespace ticketcore::cli {
namespace {

[[nodiscard]] bool is_postgres(const std::string& word) {
  return word.starts_with("postgresql://") || word.starts_with("postgres://");
}

[[nodiscard]] std::filesystem::path sqlite_path(const std::string& word) {
  constexpr std::string_view scheme = "sqlite://";
  if (!word.starts_with(scheme)) {
    // A file of this name would be made, and the sale be where nobody looks for it.
    if (word.find("://") != std::string::npos)
      throw StorageError("\"" + word +
                         "\" is no store; one is a path, sqlite:///PATH or postgresql://USER@HOST/DATABASE");
    return word;
  }
  if (!word.substr(scheme.size()).starts_with("/"))
    throw StorageError("a SQLite URL has three slashes before its path, four before an absolute one");
  return word.substr(scheme.size() + 1);
}

#ifndef TICKETCORE_HAVE_POSTGRES
[[noreturn]] void no_postgres() { throw StorageError("this ticketcore was built without PostgreSQL"); }
#endif

}  // namespace

OpenedStorage open_storage(const std::string& word, Use use) {
  if (is_postgres(word)) {
#ifdef TICKETCORE_HAVE_POSTGRES
    using Access = PostgresOptions::Access;
    const Access access = use == Use::look    ? Access::read_only
                          : use == Use::write ? Access::read_write
                                              : Access::read_write_create;
    return {PostgresStorage::open(word, {.access = access})};
#else
    no_postgres();
#endif
  }
  const std::filesystem::path path = sqlite_path(word);
  if (use == Use::look && is_archive(path)) return {open_archive(path)};
  const auto access = use == Use::look    ? SqliteOptions::Access::read_only
                      : use == Use::write ? SqliteOptions::Access::read_write
                                          : SqliteOptions::Access::read_write_create;
  return {SqliteStorage::open(path, {.access = access})};
}

std::unique_ptr<ProjectionSink> open_projection(const std::string& word) {
  if (is_postgres(word)) {
#ifdef TICKETCORE_HAVE_POSTGRES
    return PostgresProjection::open(word);
#else
    no_postgres();
#endif
  }
  const std::filesystem::path path = sqlite_path(word);
  if (is_archive(path))
    throw StorageError(path.string() + ": an archive has no tables; restore it into a store");
  return SqliteProjection::open(path);
}

}  // namespace ticketcore::cli
