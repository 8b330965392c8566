#pragma once
// A connection to a SQLite file and its statements, with SQLite's codes turned into our errors.

#include <sqlite3.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ticketcore/storage/storage.hpp"

namespace ticketcore {

class SqliteDatabase;

/// A prepared statement. Reset after use, however that ends, so that no lock lingers.
class SqliteStatement {
 public:
  SqliteStatement(SqliteDatabase& database, std::string_view sql);
  ~SqliteStatement();
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  SqliteStatement& bind(int at, std::int64_t value);
  SqliteStatement& bind(int at, std::string_view value);
  SqliteStatement& bind(int at, BytesView value);
  SqliteStatement& bind_null(int at);
  /// True when there is a row. Throws what SqliteDatabase::fail throws.
  [[nodiscard]] bool step();
  /// Runs to the end.
  void run();
  /// Runs to the end and answers SQLite's extended result code instead of throwing; SQLITE_OK when done.
  [[nodiscard]] int try_run() noexcept;
  void reset() noexcept;

  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] Bytes bytes(int column) const;
  [[nodiscard]] std::size_t size(int column) const;

 private:
  SqliteDatabase& database_;
  sqlite3_stmt* statement_ = nullptr;
};

/// Resets a statement at the end of a scope.
class SqliteUse {
 public:
  explicit SqliteUse(SqliteStatement& statement) : statement_(statement) {}
  ~SqliteUse() { statement_.reset(); }
  SqliteUse(const SqliteUse&) = delete;
  SqliteUse& operator=(const SqliteUse&) = delete;

 private:
  SqliteStatement& statement_;
};

class SqliteDatabase {
 public:
  /// name, flags and vfs (empty: the default) are sqlite3_open_v2's. shown_as is what messages call the file.
  SqliteDatabase(const std::string& name, std::string shown_as, int flags, const std::string& vfs,
                 std::chrono::milliseconds busy_timeout);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  void run(const std::string& sql);
  [[nodiscard]] std::int64_t number(const std::string& sql);
  [[nodiscard]] std::string text(const std::string& sql);
  void set_busy_timeout(std::chrono::milliseconds timeout) noexcept { busy_timeout_ = timeout; }
  [[nodiscard]] sqlite3* handle() const noexcept { return handle_; }
  [[nodiscard]] const std::string& shown_as() const noexcept { return shown_as_; }
  /// Shows all bytes of the file (SQLITE_FCNTL_FILE_POINTER) or of its write-ahead log
  /// (SQLITE_FCNTL_JOURNAL_POINTER) through the handles that SQLite has open: a descriptor of our own would
  /// drop all locks of the process when it is closed. Nothing where there is no such file.
  void show_file(int which, const std::function<void(BytesView)>& show);
  /// Throws the error for a result code: StorageUnavailable, StorageDamaged, bad_alloc, or StorageError for
  /// the rest.
  [[noreturn]] void fail(int code, std::string_view doing) const;
  [[nodiscard]] std::string message(int code, std::string_view doing) const;

 private:
  static int wait_for_lock(void* self, int attempts);

  sqlite3* handle_ = nullptr;
  std::string shown_as_;
  std::chrono::milliseconds busy_timeout_;
  std::chrono::steady_clock::time_point waiting_since_{};
};

/// The name under which SQLite opens a file with parameters ("immutable=1"); needs SQLITE_OPEN_URI.
[[nodiscard]] std::string sqlite_uri(const std::string& path, std::string_view parameters);

/// The first 100 bytes of a file, read without a lock and without touching anything; nullopt when it is
/// shorter. It goes through SQLite because closing a descriptor of our own would drop the locks that this
/// process has on the file.
[[nodiscard]] std::optional<std::array<std::uint8_t, 100>> read_sqlite_header(const std::string& path,
                                                                              const std::string& shown_as,
                                                                              const std::string& vfs);

}  // namespace ticketcore
