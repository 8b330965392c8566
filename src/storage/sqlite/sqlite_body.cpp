#include "sqlite_body.hpp"

#include <system_error>
#include <thread>
#include <utility>

namespace ticketcore {

void SqliteStorage::Body::open_writer() {
  writer.emplace(path, shown_as, SQLITE_OPEN_READWRITE, options.vfs, options.busy_timeout);
  // Without the right to write, SQLite opens for reading and says so only here.
  if (sqlite3_db_readonly(writer->handle(), "main") == 1) {
    throw StorageUnavailable(shown_as +
                             ": it can't be written: file or file system is read-only, or this user may not "
                             "write it; open it read-only to look into it");
  }
  sqlite_layout::check_version(writer->number("PRAGMA user_version"), shown_as);
  // The switch to the write-ahead log happens once in a store's life, and needs the file for itself.
  const auto deadline = std::chrono::steady_clock::now() + options.busy_timeout;
  const auto switched = [&] {
    try {
      return writer->text("PRAGMA journal_mode=WAL") == "wal";
    } catch (const StorageUnavailable&) {
      // SQLite tells two that switch at once "busy" without a wait, so that they don't wait for each other.
      if ((sqlite3_errcode(writer->handle()) & 0xFF) != SQLITE_BUSY ||
          std::chrono::steady_clock::now() >= deadline)
        throw;
      return false;
    }
  };
  while (!switched()) {
    if (std::chrono::steady_clock::now() >= deadline)
      throw StorageUnavailable(shown_as +
                               ": its file system allows no write-ahead log (it needs shared memory)");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  writer->run(options.sync == SqliteOptions::Sync::full ? "PRAGMA synchronous=FULL"
                                                        : "PRAGMA synchronous=NORMAL");
  // Measured with pages of 4 KiB and entries of 8 KiB: a checkpoint every 1,000 pages costs no rate of
  // commits against 4,000 or 16,000, and the pause, which falls into some turn, is 4 ms instead of 15 or 50.
  writer->run("PRAGMA wal_autocheckpoint=1000");
  writer->run("PRAGMA cache_size=-8000");
  if (options.max_pages > 0) writer->run("PRAGMA max_page_count=" + std::to_string(options.max_pages));
  sqlite_layout::check_tables(*writer, shown_as);
  write.emplace(*writer);
}

void SqliteStorage::Body::open_reader_as(std::string name, int flags) {
  reads.reset();
  reader_name = std::move(name);
  reader_flags = flags;
  reader.emplace(reader_name, shown_as, reader_flags, options.vfs, options.busy_timeout);
  sqlite_layout::check_tables(*reader, shown_as);
  reads.emplace(*reader);
}

void SqliteStorage::Body::open_beside_writer() {
  open_reader_as(path, SQLITE_OPEN_READWRITE);
  reader->run("PRAGMA query_only=ON");
}

void SqliteStorage::Body::open_reader() {
  try {
    return open_reader_as(path, SQLITE_OPEN_READONLY);
  } catch (const StorageUnavailable& error) {
    // WAL readers share memory through a file beside the database. Where none can be made, and no writer has
    // left a log, the file itself is all there is and does not change.
    std::error_code absent;
    if (std::filesystem::file_size(path + "-wal", absent) != 0 && !absent) {
      throw StorageUnavailable(std::string(error.what()) + "; its last commits are in " + shown_as +
                               "-wal, which can't be read without the right to write to the folder: copy "
                               "both files elsewhere, and open the copy");
    }
  }
  open_reader_as(sqlite_uri(path, "immutable=1"), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

/// False when another connection kept the log in use for that long.
bool SqliteStorage::Body::empty_log(std::chrono::milliseconds timeout) {
  const auto right = wait_for_turn();
  writer->set_busy_timeout(timeout);
  const int code =
      sqlite3_wal_checkpoint_v2(writer->handle(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  writer->set_busy_timeout(options.busy_timeout);
  return code == SQLITE_OK;
}

void SqliteStorage::Body::begin() {
  if (in_doubt) settle();
  write->begin.run();
}

// After a commit failed half-way its pages may lie whole in the write-ahead log, where no connection sees
// them until all are closed and SQLite recovers the log after a crash. A small commit overwrites them, so
// that what the next turn finds stays true.
void SqliteStorage::Body::settle() {
  try {
    writer->run("BEGIN IMMEDIATE; PRAGMA user_version=" + std::to_string(sqlite_layout::format_version) +
                "; COMMIT");
  } catch (const StorageError& error) {
    roll_back();
    throw StorageUnavailable(
        std::string(error.what()) +
        "; an earlier commit failed the same way, and nothing is written until one succeeds");
  }
  in_doubt = false;
}

void SqliteStorage::Body::commit() {
  const int code = write->commit.try_run();
  if (code == SQLITE_OK) return;
  // Without the lock nothing was written. After any other failure it is not known what reached the disk: the
  // last step of a commit may have failed, when all of it lay in the log.
  if ((code & 0xFF) == SQLITE_BUSY) writer->fail(code, "COMMIT");
  in_doubt = true;
  throw CommitOutcomeUnknown(writer->message(code, "COMMIT") +
                             "; whether the commit took place is not known");
}

}  // namespace ticketcore
