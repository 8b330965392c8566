#pragma once
// What a SQLite storage holds: two connections to one file, their statements, and who may write now. Turns
// are in sqlite_turn.hpp.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sqlite_database.hpp"
#include "sqlite_gate.hpp"
#include "sqlite_layout.hpp"
#include "ticketcore/storage/sqlite.hpp"

namespace ticketcore {

struct SqliteStorage::Body {
  std::string shown_as;  // the path as the caller gave it
  std::string path;      // absolute, without links
  SqliteOptions options;
  std::optional<SqliteDatabase> writer;  // used by whoever went through the gate
  std::optional<SqliteDatabase> reader;  // used by whoever holds reading
  std::string reader_name;               // as it was opened, for others beside it
  int reader_flags = 0;
  detail::TurnGate gate;
  std::mutex reading;
  std::mutex news_mutex;
  std::condition_variable news;
  bool in_doubt = false;  // guarded by the gate

  struct Statements {
    explicit Statements(SqliteDatabase& database)
        : find_stream(database, "SELECT id FROM streams WHERE name = ?1"),
          last_key(database, "SELECT max(key) FROM entries WHERE key BETWEEN ?1 AND ?2"),
          find_checksum(database, "SELECT checksum FROM entries WHERE key = ?1"),
          entries(database,
                  "SELECT key, checksum, bytes FROM entries WHERE key > ?1 AND key <= ?2 ORDER BY key"),
          data_version(database, "PRAGMA data_version") {}
    SqliteStatement find_stream;
    SqliteStatement last_key;
    SqliteStatement find_checksum;
    SqliteStatement entries;
    SqliteStatement data_version;

    [[nodiscard]] std::optional<std::int64_t> stream(const StreamId& name) {
      const SqliteUse use(find_stream);
      find_stream.bind(1, std::string_view(name));
      return find_stream.step() ? std::optional<std::int64_t>(find_stream.number(0)) : std::nullopt;
    }
    [[nodiscard]] Revision head(std::int64_t stream) {
      const SqliteUse use(last_key);
      last_key.bind(1, sqlite_layout::key_of(stream, 0))
          .bind(2, sqlite_layout::key_of(stream, sqlite_layout::revision_max));
      return last_key.step() ? sqlite_layout::revision_of(last_key.number(0)) : 0;
    }
    /// Of the entry at a revision; nullopt when there is none.
    [[nodiscard]] std::optional<std::uint32_t> checksum(std::int64_t stream, Revision revision) {
      if (stream == 0 || revision == 0 || revision > sqlite_layout::revision_max) return std::nullopt;
      const SqliteUse use(find_checksum);
      find_checksum.bind(1, sqlite_layout::key_of(stream, revision));
      return find_checksum.step()
                 ? std::optional<std::uint32_t>(static_cast<std::uint32_t>(find_checksum.number(0)))
                 : std::nullopt;
    }
    /// A number that changes when another connection has committed.
    [[nodiscard]] std::int64_t version() {
      const SqliteUse use(data_version);
      return data_version.step() ? data_version.number(0) : 0;
    }
    [[nodiscard]] std::vector<Entry> after(std::int64_t stream, Revision known, std::size_t max_bytes,
                                           const std::string& file) {
      std::vector<Entry> found;
      if (known >= sqlite_layout::revision_max) return found;
      const SqliteUse use(entries);
      entries.bind(1, sqlite_layout::key_of(stream, known))
          .bind(2, sqlite_layout::key_of(stream, sqlite_layout::revision_max));
      std::size_t bytes = 0;
      while (entries.step()) {
        const Revision revision = sqlite_layout::revision_of(entries.number(0));
        if (revision != known + found.size() + 1) {
          throw StorageDamaged(file + ": entry " + std::to_string(known + found.size() + 1) + " of stream " +
                               std::to_string(stream) + " is missing");
        }
        const std::size_t size = entries.size(2);
        if (!found.empty() && (bytes > max_bytes || size > max_bytes - bytes)) break;
        bytes += size;
        found.push_back({revision, static_cast<std::uint32_t>(entries.number(1)), entries.bytes(2)});
      }
      return found;
    }
  };
  struct WriterStatements : Statements {
    explicit WriterStatements(SqliteDatabase& database)
        : Statements(database),
          begin(database, "BEGIN IMMEDIATE"),
          commit(database, "COMMIT"),
          add_stream(database, "INSERT INTO streams(name) VALUES(?1)"),
          add_entry(database, "INSERT INTO entries(key, checksum, bytes) VALUES(?1, ?2, ?3)") {}
    SqliteStatement begin;
    SqliteStatement commit;
    SqliteStatement add_stream;
    SqliteStatement add_entry;
  };
  std::optional<WriterStatements> write;
  std::optional<Statements> reads;

  void open_writer();
  void open_reader();
  void open_reader_as(std::string name, int flags);
  void open_beside_writer();
  void begin();
  void settle();
  [[nodiscard]] bool empty_log(std::chrono::milliseconds timeout);
  void commit();

  [[nodiscard]] detail::RightOfWay wait_for_turn() {
    if (!write) throw StorageUnavailable(shown_as + ": it was opened for reading only");
    if (!gate.enter(options.busy_timeout)) {
      throw StorageUnavailable(shown_as + ": another thread of this process kept its turn for longer than " +
                               std::to_string(options.busy_timeout.count()) + " ms; try again");
    }
    return detail::RightOfWay(gate);
  }
  void roll_back() noexcept {
    if (sqlite3_get_autocommit(writer->handle()) == 0)
      sqlite3_exec(writer->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  /// Runs one write in a transaction of its own.
  template <class Work>
  void write_alone(Work&& work) {
    const auto right = wait_for_turn();
    begin();
    try {
      work(*writer);
      commit();
    } catch (...) {
      roll_back();
      throw;
    }
  }
};

}  // namespace ticketcore
