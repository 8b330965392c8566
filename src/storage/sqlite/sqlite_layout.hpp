#pragma once
// The file's tables, for those who look into it with sqlite3:
//
//   streams(id, name)                     a stream's number and name; made by the commit of its first entry
//   entries(key, checksum, bytes)         the log; key is the stream's number << 40 | revision. The key
//                                         is the rowid, so that a commit changes one leaf and no index, a
//                                         stream lies in one piece, its last revision is one look-up, and
//                                         large entries don't weigh down the inner pages
//   snapshots(stream, revision, bytes)    by the stream's name
//   vault(id, bytes)
//   log                                   a view of entries: stream, revision, checksum, size, bytes
//
// application_id is 'tckt', user_version the format's version.

#include <cstdint>
#include <filesystem>
#include <string>

#include "sqlite_database.hpp"
#include "ticketcore/storage/sqlite.hpp"

namespace ticketcore::sqlite_layout {

inline constexpr std::int64_t application_id = 0x74636B74;
inline constexpr std::int64_t format_version = 1;
inline constexpr int revision_bits = 40;
inline constexpr Revision revision_max = (Revision{1} << revision_bits) - 1;
inline constexpr std::int64_t stream_max = (std::int64_t{1} << (63 - revision_bits)) - 1;

[[nodiscard]] constexpr std::int64_t key_of(std::int64_t stream, Revision revision) {
  return (stream << revision_bits) | static_cast<std::int64_t>(revision);
}
[[nodiscard]] constexpr Revision revision_of(std::int64_t key) {
  return static_cast<Revision>(key) & revision_max;
}

/// Throws StorageNewer past format_version.
void check_version(std::int64_t version, const std::string& shown_as);

/// Throws when the file is not one of ours, by its first bytes alone.
void check_header(const std::string& path, const std::string& shown_as, const std::string& vfs);

/// Whether a journal says that SQLite was making a database of an empty file when it was cut off. The next
/// transaction takes back what there is of it, whatever the file's first bytes look like by now.
[[nodiscard]] bool is_half_made(const std::filesystem::path& path);

/// The file at path is absent or empty. Throws unless a store may be made of it.
void check_can_create(const std::filesystem::path& path, const std::string& shown_as);

/// Makes the tables in one transaction, unless another process was faster.
void create_tables(const std::string& path, const std::string& shown_as, const SqliteOptions& options);

/// A view with the name of a table, or a trigger on one, would run whatever its author wrote: for ever, or on
/// every write. Throws StorageDamaged when there is one, or a table is missing.
void check_tables(SqliteDatabase& database, const std::string& shown_as);

}  // namespace ticketcore::sqlite_layout
