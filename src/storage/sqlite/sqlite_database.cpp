#include "sqlite_database.hpp"

#include <algorithm>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

namespace ticketcore {

SqliteDatabase::SqliteDatabase(const std::string& name, std::string shown_as, int flags,
                               const std::string& vfs, std::chrono::milliseconds busy_timeout)
    : shown_as_(std::move(shown_as)), busy_timeout_(busy_timeout) {
  const int code =
      sqlite3_open_v2(name.c_str(), &handle_, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                      vfs.empty() ? nullptr : vfs.c_str());
  if (code != SQLITE_OK) {
    const std::string why = message(code, "opening");
    sqlite3_close(handle_);
    handle_ = nullptr;
    throw StorageUnavailable(why);
  }
  sqlite3_busy_handler(handle_, wait_for_lock, this);
  // A file from elsewhere may bring functions in views and triggers of its own.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
}

SqliteDatabase::~SqliteDatabase() { sqlite3_close(handle_); }

// SQLite's own handler sleeps up to 100 ms at a time, in which a busy peer takes hundreds of turns.
int SqliteDatabase::wait_for_lock(void* self, int attempts) {
  auto& database = *static_cast<SqliteDatabase*>(self);
  const auto now = std::chrono::steady_clock::now();
  if (attempts == 0) database.waiting_since_ = now;
  if (now - database.waiting_since_ >= database.busy_timeout_) return 0;
  std::this_thread::sleep_for(std::chrono::microseconds(attempts < 10 ? 100 : 500));
  return 1;
}

void SqliteDatabase::run(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code, sql);
}

// Both run to the end: a statement that also writes may fail after its row.
std::int64_t SqliteDatabase::number(const std::string& sql) {
  SqliteStatement statement(*this, sql);
  if (!statement.step()) return 0;
  const std::int64_t found = statement.number(0);
  statement.run();
  return found;
}

std::string SqliteDatabase::text(const std::string& sql) {
  SqliteStatement statement(*this, sql);
  if (!statement.step()) return {};
  std::string found = statement.text(0);
  statement.run();
  return found;
}

void SqliteDatabase::show_file(int which, const std::function<void(BytesView)>& show) {
  constexpr std::size_t block_bytes = 1U << 20;
  sqlite3_file* file = nullptr;
  int code = sqlite3_file_control(handle_, "main", which, static_cast<void*>(&file));
  if (code != SQLITE_OK) fail(code, "looking into its files");
  if (file == nullptr || file->pMethods == nullptr) return;
  sqlite3_int64 size = 0;
  code = file->pMethods->xFileSize(file, &size);
  if (code != SQLITE_OK) fail(code, "measuring its files");
  Bytes block(block_bytes);
  for (sqlite3_int64 at = 0; at < size; at += static_cast<sqlite3_int64>(block_bytes)) {
    const auto count = static_cast<std::size_t>(std::min<sqlite3_int64>(size - at, block_bytes));
    code = file->pMethods->xRead(file, block.data(), static_cast<int>(count), at);
    // Short: the log was cut meanwhile. The rest of the block is zeros.
    if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) fail(code, "reading its files");
    show(BytesView(block).first(count));
  }
}

std::string SqliteDatabase::message(int code, std::string_view doing) const {
  const int system_error = handle_ == nullptr ? 0 : sqlite3_system_errno(handle_);
  std::string text = shown_as_ + ": ";
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      text += "another process is writing to it and did not finish within " +
              std::to_string(busy_timeout_.count()) + " ms; try again";
      break;
    case SQLITE_FULL:
      text += "no space: the disk is full, or the file is at its limit; free some space and try again";
      break;
    case SQLITE_READONLY:
      text += "it can't be written: file, folder or file system is read-only; nothing was written";
      break;
    case SQLITE_CANTOPEN:
      text +=
          "it, or the -wal and -shm files beside it, can't be opened; see that this user may read and write "
          "the file and its folder";
      break;
    case SQLITE_PERM:
    case SQLITE_AUTH: text += "this user may not use it"; break;
    case SQLITE_ERROR:
    case SQLITE_CORRUPT:
      text += "the file is damaged; restore a backup, or save what can be read with sqlite3's .recover";
      break;
    case SQLITE_NOTADB: text += "it is no SQLite database"; break;
    case SQLITE_IOERR:
      text += code == SQLITE_IOERR_WRITE
                  ? "writing failed; is the disk sound, and is there a quota or a limit of file sizes?"
                  : "the disk reports an error";
      break;
    default: text += "SQLite reports an error"; break;
  }
  text += " (";
  text += handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
  const int kind = code & 0xFF;
  if (system_error != 0 && (kind == SQLITE_CANTOPEN || kind == SQLITE_IOERR || kind == SQLITE_READONLY)) {
    text += ": " + std::generic_category().message(system_error);
  }
  return text + ", code " + std::to_string(code) + ", while " + std::string(doing.substr(0, 60)) + ")";
}

void SqliteDatabase::fail(int code, std::string_view doing) const {
  switch (code & 0xFF) {
    // Our own statements are right, so that an error in them means tables other than those we made.
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: throw StorageDamaged(message(code, doing));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:  // what SQLite calls it when readers of a write-ahead log kept being overtaken
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_IOERR: throw StorageUnavailable(message(code, doing));
    case SQLITE_NOMEM: throw std::bad_alloc();
    default: throw StorageError(message(code, doing));
  }
}

SqliteStatement::SqliteStatement(SqliteDatabase& database, std::string_view sql) : database_(database) {
  const int code = sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  if (code != SQLITE_OK) database.fail(code, sql);
}

SqliteStatement::~SqliteStatement() { sqlite3_finalize(statement_); }

SqliteStatement& SqliteStatement::bind(int at, std::int64_t value) {
  if (const int code = sqlite3_bind_int64(statement_, at, value); code != SQLITE_OK)
    database_.fail(code, "binding a number");
  return *this;
}

SqliteStatement& SqliteStatement::bind(int at, std::string_view value) {
  if (const int code = sqlite3_bind_text64(statement_, at, value.empty() ? "" : value.data(), value.size(),
                                           SQLITE_TRANSIENT, SQLITE_UTF8);
      code != SQLITE_OK)
    database_.fail(code, "binding a text");
  return *this;
}

SqliteStatement& SqliteStatement::bind_null(int at) {
  if (const int code = sqlite3_bind_null(statement_, at); code != SQLITE_OK)
    database_.fail(code, "binding null");
  return *this;
}

// The caller's bytes outlive the step: they need no copy.
SqliteStatement& SqliteStatement::bind(int at, BytesView value) {
  static const std::uint8_t nothing = 0;
  const void* from = value.empty() ? &nothing : value.data();
  if (const int code = sqlite3_bind_blob64(statement_, at, from, value.size(), SQLITE_STATIC);
      code != SQLITE_OK)
    database_.fail(code, "binding bytes");
  return *this;
}

bool SqliteStatement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  const char* sql = sqlite3_sql(statement_);
  database_.fail(code, sql == nullptr ? "" : sql);
}

void SqliteStatement::run() {
  const SqliteUse use(*this);
  while (step()) {
  }
}

int SqliteStatement::try_run() noexcept {
  const SqliteUse use(*this);
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) code = sqlite3_step(statement_);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

void SqliteStatement::reset() noexcept {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

std::int64_t SqliteStatement::number(int column) const { return sqlite3_column_int64(statement_, column); }
std::size_t SqliteStatement::size(int column) const {
  return static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
}

std::string SqliteStatement::text(int column) const {
  const auto* from = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return from == nullptr ? std::string() : std::string(from, size(column));
}

Bytes SqliteStatement::bytes(int column) const {
  const auto* from = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  return from == nullptr ? Bytes() : Bytes(from, from + size(column));
}

std::string sqlite_uri(const std::string& path, std::string_view parameters) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const char character : path) {
    if (character == '%' || character == '?' || character == '#') {
      const auto byte = static_cast<unsigned char>(character);
      uri += {'%', digits[byte >> 4], digits[byte & 15]};
    } else {
      uri += character;
    }
  }
  return uri.append("?").append(parameters);
}

std::optional<std::array<std::uint8_t, 100>> read_sqlite_header(const std::string& path,
                                                                const std::string& shown_as,
                                                                const std::string& vfs) {
  SqliteDatabase database(sqlite_uri(path, "immutable=1"), shown_as, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
                          vfs, std::chrono::milliseconds(0));
  sqlite3_file* file = nullptr;
  int code =
      sqlite3_file_control(database.handle(), "main", SQLITE_FCNTL_FILE_POINTER, static_cast<void*>(&file));
  if (code != SQLITE_OK) database.fail(code, "opening");
  std::array<std::uint8_t, 100> header{};
  code = file->pMethods->xRead(file, header.data(), static_cast<int>(header.size()), 0);
  if (code == SQLITE_IOERR_SHORT_READ) return std::nullopt;
  if (code != SQLITE_OK) database.fail(code, "reading its first bytes");
  return header;
}

}  // namespace ticketcore
