#include "sqlite_layout.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <system_error>

namespace ticketcore::sqlite_layout {
namespace {

[[nodiscard]] std::string not_ours(const std::string& shown_as, std::string_view why) {
  return shown_as + ": not a ticketcore store: " + std::string(why) + "; it was left as it is";
}

}  // namespace

void check_version(std::int64_t version, const std::string& shown_as) {
  if (version <= format_version) return;
  throw StorageNewer(shown_as + ": its format version is " + std::to_string(version) +
                     ", and this library reads up to " + std::to_string(format_version) +
                     "; use a newer ticketcore");
}

void check_header(const std::string& path, const std::string& shown_as, const std::string& vfs) {
  const auto header = read_sqlite_header(path, shown_as, vfs);
  if (!header) throw StorageDamaged(not_ours(shown_as, "it is too short to be one"));
  const std::string_view magic("SQLite format 3\0", 16);
  if (!std::equal(magic.begin(), magic.end(), header->begin(),
                  [](char left, std::uint8_t right) { return static_cast<std::uint8_t>(left) == right; })) {
    throw StorageDamaged(not_ours(shown_as, "it is no SQLite database"));
  }
  const auto number_at = [&](std::size_t at) {
    std::int64_t value = 0;
    for (std::size_t index = at; index < at + 4; ++index) value = value << 8 | (*header)[index];
    return value;
  };
  if (number_at(68) != application_id)
    throw StorageDamaged(not_ours(shown_as, "it is the SQLite database of another program"));
  check_version(number_at(60), shown_as);
}

bool is_half_made(const std::filesystem::path& path) {
  constexpr std::array<char, 8> magic = {'\xD9', '\xD5', '\x05', '\xF9', '\x20', '\xA1', '\x63', '\xD7'};
  constexpr std::size_t pages_before_at = 16;
  // SQLite locks no journal, so that closing this takes no lock away.
  std::ifstream journal(path.string() + "-journal", std::ios::binary);
  std::array<char, pages_before_at + 4> header{};
  return journal.read(header.data(), header.size()) &&
         std::equal(magic.begin(), magic.end(), header.begin()) &&
         std::all_of(header.begin() + pages_before_at, header.end(), [](char byte) { return byte == 0; });
}

void create_tables(const std::string& path, const std::string& shown_as, const SqliteOptions& options) {
  SqliteDatabase database(path, shown_as, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, options.vfs,
                          options.busy_timeout);
  database.run("PRAGMA page_size=4096");
  database.run("BEGIN EXCLUSIVE");
  const std::int64_t table_count = database.number("SELECT count(*) FROM sqlite_schema");
  const std::int64_t found_id = database.number("PRAGMA application_id");
  if (found_id == application_id || table_count > 0) {
    database.run("ROLLBACK");
    if (found_id != application_id)
      throw StorageDamaged(not_ours(shown_as, "another program has just made a database of it"));
    return;
  }
  database.run(
      "PRAGMA application_id=" + std::to_string(application_id) +
      "; PRAGMA user_version=" + std::to_string(format_version) +
      ";"
      "CREATE TABLE streams(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
      "CREATE TABLE entries(key INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, bytes BLOB NOT NULL);"
      "CREATE TABLE snapshots(stream TEXT PRIMARY KEY, revision INTEGER NOT NULL, bytes BLOB NOT NULL);"
      "CREATE TABLE vault(id TEXT PRIMARY KEY, bytes BLOB NOT NULL);"
      "CREATE VIEW log AS SELECT streams.name AS stream, key & 1099511627775 AS revision, checksum, "
      "length(bytes) AS size, bytes "
      "FROM entries JOIN streams ON streams.id = key >> 40;"
      "COMMIT");
}

void check_tables(SqliteDatabase& database, const std::string& shown_as) {
  constexpr const char* ours = "('streams', 'entries', 'snapshots', 'vault')";
  const auto count = [&](const std::string& what) {
    return database.number("SELECT count(*) FROM sqlite_schema WHERE " + what + ours);
  };
  if (count("type = 'table' AND name IN ") != 4)
    throw StorageDamaged(shown_as + ": a table of the store is missing, or is no table");
  if (count("type = 'trigger' AND tbl_name IN ") != 0)
    throw StorageDamaged(shown_as + ": a table of the store has a trigger; drop it, nothing here makes one");
}

void check_can_create(const std::filesystem::path& path, const std::string& shown_as) {
  std::error_code error;
  if (!std::filesystem::is_directory(path.parent_path(), error)) {
    throw StorageUnavailable(shown_as + ": there is no folder " + path.parent_path().string() +
                             "; make it first");
  }
  // SQLite would throw this log away, and with it the last commits of a store that was moved without it.
  const std::filesystem::path log = path.string() + "-wal";
  const auto log_bytes = std::filesystem::file_size(log, error);
  if (error || log_bytes == 0) return;
  const auto bytes = std::filesystem::file_size(path, error);
  if (!error && bytes > 0) return;  // another process has just made the store
  throw StorageDamaged(
      shown_as + ": the store is missing, but its write-ahead log " + log.string() +
      " is there; put the store back beside its log, or move the log away if it is not needed");
}

}  // namespace ticketcore::sqlite_layout
