#pragma once
// A store in one SQLite file: the embedded default. Several threads may use one SqliteStorage, and several
// processes may open the same file, as long as all of them run on one machine (SQLite's write-ahead log needs
// shared memory).
//
// While open there are two more files beside the store, FILE-wal and FILE-shm. They belong to it: copy or
// move a store only when no process has it open, or with `sqlite3 FILE ".backup COPY"`.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "ticketcore/storage/open_storage.hpp"

namespace ticketcore {

struct SqliteOptions {
  using Access = StorageAccess;
  enum class Sync : std::uint8_t {
    full,    ///< What was committed outlives a power failure.
    normal,  ///< What was committed outlives the process, but a power failure may take the last commits back.
  };

  /// What Turn::now answers. Empty: the system's clock. Called from any thread.
  std::function<Timestamp()> clock{};
  /// How long a turn waits for the turns of other threads, and then again for other processes.
  std::chrono::milliseconds busy_timeout{10'000};
  /// read_write_create takes an empty file for none. read_only needs no right to write, but may leave -wal
  /// and -shm.
  Access access = Access::read_write_create;
  Sync sync = Sync::full;
  /// The most pages of 4 KiB that the file may grow to; past it, appending throws StorageUnavailable. 0: no
  /// limit.
  std::uint32_t max_pages = 0;
  /// The SQLite VFS that does the reading and writing. Empty: SQLite's default.
  std::string vfs{};
};

/// Turns take the whole file, one after another: the streams of one file share its rate of commits. Reads
/// have a connection of their own and never wait for a turn. A turn belongs to one thread, which must not
/// append in any other way (snapshot, vault) while it has the turn. No turn may outlive the storage.
class SqliteStorage final : public Storage {
 public:
  /// Opens or makes the store at path. A file that is not a ticketcore store is left as it is, to the last
  /// byte. Throws StorageUnavailable (no such file, a directory, ":memory:", no right, busy), StorageDamaged
  /// (not ours, cut short), StorageNewer; each names the file.
  [[nodiscard]] static std::unique_ptr<SqliteStorage> open(const std::filesystem::path& path,
                                                           SqliteOptions options = {});
  ~SqliteStorage() override;

  SqliteStorage(const SqliteStorage&) = delete;
  SqliteStorage& operator=(const SqliteStorage&) = delete;

  [[nodiscard]] std::unique_ptr<Turn> take_turn(std::span<const Position> streams) override;
  [[nodiscard]] std::vector<Entry> read(const StreamId& stream, Revision after,
                                        std::size_t max_bytes) override;
  [[nodiscard]] std::optional<Snapshot> load_snapshot(const StreamId& stream) override;
  void save_snapshot(const Position& at, BytesView bytes) override;
  [[nodiscard]] std::vector<StreamId> list_streams(std::string_view prefix) override;
  void remove_stream(const Position& end) override;
  void show_files(const std::function<void(std::string_view file, BytesView block)>& show) override;
  [[nodiscard]] bool wait_for_news(std::span<const Position> streams,
                                   std::chrono::milliseconds timeout) override;
  void vault_put(std::string_view id, BytesView bytes) override;
  [[nodiscard]] std::optional<Bytes> vault_get(std::string_view id) override;
  /// Overwrites what it erases, in the file and in its write-ahead log. Backups and the disk's own remapping
  /// are out of its reach.
  void vault_erase(std::string_view id) override;
  void scrub_vault() override;
  [[nodiscard]] std::string describe() const override;

 private:
  struct Body;
  class SqliteTurn;
  explicit SqliteStorage(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

/// Makes open_storage know paths and "sqlite:///PATH".
void register_sqlite();

}  // namespace ticketcore
