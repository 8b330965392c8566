#include "ticketcore/storage/sqlite.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include "sqlite_body.hpp"
#include "sqlite_turn.hpp"
#include "storage/turn_streams.hpp"

namespace ticketcore {
namespace {

[[nodiscard]] Timestamp system_now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// Has SQLite overwrite with zeros what it deletes, for a scope: right for personal data, wasted on old
/// snapshots.
class SecureDelete {
 public:
  explicit SecureDelete(SqliteDatabase& database) : database_(database) {
    database_.run("PRAGMA secure_delete=ON");
  }
  ~SecureDelete() { sqlite3_exec(database_.handle(), "PRAGMA secure_delete=OFF", nullptr, nullptr, nullptr); }
  SecureDelete(const SecureDelete&) = delete;
  SecureDelete& operator=(const SecureDelete&) = delete;

 private:
  SqliteDatabase& database_;
};

/// The least text after all that begin with prefix; nullopt when there is none.
[[nodiscard]] std::optional<std::string> after_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xFF) end.pop_back();
  if (end.empty()) return std::nullopt;
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace

SqliteStorage::SqliteStorage(std::unique_ptr<Body> body) : body_(std::move(body)) {}
SqliteStorage::~SqliteStorage() = default;

std::unique_ptr<SqliteStorage> SqliteStorage::open(const std::filesystem::path& path, SqliteOptions options) {
  std::error_code error;
  auto body = std::make_unique<Body>();
  body->shown_as = path.string();
  const std::filesystem::path real =
      std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
  if (path.empty())
    throw StorageUnavailable("the path of a store is empty; give that of a file, such as box.db");
  // SQLite's own word for a database that has no file: here it would become one's name.
  if (path == ":memory:")
    throw StorageUnavailable(
        ":memory: is no path of a file; a store in memory is a MemoryStorage (\"memory:\" in Python)");
  if (error) throw StorageUnavailable("\"" + path.string() + "\" is no path of a file");
  body->path = real.string();
  body->options = std::move(options);
  if (!body->options.clock) body->options.clock = system_now;
  const auto status = std::filesystem::status(real, error);
  if (status.type() == std::filesystem::file_type::directory)
    throw StorageUnavailable(body->shown_as + ": it is a folder; give the path of a file");
  if (status.type() != std::filesystem::file_type::not_found &&
      status.type() != std::filesystem::file_type::regular) {
    throw StorageUnavailable(body->shown_as + ": it is no regular file, or this user may not look at it");
  }
  const bool absent = status.type() == std::filesystem::file_type::not_found;
  if (!absent && std::filesystem::file_size(real, error) > 0 && !sqlite_layout::is_half_made(real)) {
    sqlite_layout::check_header(body->path, body->shown_as, body->options.vfs);
  } else if (body->options.access != SqliteOptions::Access::read_write_create) {
    throw StorageUnavailable(body->shown_as +
                             (absent ? ": there is no such file"
                                     : ": there is no store in it yet, it is empty or was not finished"));
  } else {
    sqlite_layout::check_can_create(real, body->shown_as);
    sqlite_layout::create_tables(body->path, body->shown_as, body->options);
  }
  if (body->options.access == SqliteOptions::Access::read_only) {
    body->open_reader();
    sqlite_layout::check_version(body->reader->number("PRAGMA user_version"), body->shown_as);
  } else {
    body->open_writer();
    body->open_beside_writer();
  }
  return std::unique_ptr<SqliteStorage>(new SqliteStorage(std::move(body)));
}

std::string SqliteStorage::describe() const { return body_->shown_as; }

std::unique_ptr<Turn> SqliteStorage::take_turn(std::span<const Position> streams) {
  return std::make_unique<SqliteTurn>(*body_, streams);
}

std::vector<Entry> SqliteStorage::read(const StreamId& stream, Revision after, std::size_t max_bytes) {
  TurnStreams::check_name(stream);
  const std::lock_guard lock(body_->reading);
  const auto number = body_->reads->stream(stream);
  return number ? body_->reads->after(*number, after, max_bytes, body_->shown_as) : std::vector<Entry>();
}

std::optional<Snapshot> SqliteStorage::load_snapshot(const StreamId& stream) {
  TurnStreams::check_name(stream);
  const std::lock_guard lock(body_->reading);
  SqliteStatement find(*body_->reader, "SELECT revision, bytes FROM snapshots WHERE stream = ?1");
  find.bind(1, std::string_view(stream));
  if (!find.step()) return std::nullopt;
  return Snapshot{static_cast<Revision>(find.number(0)), find.bytes(1)};
}

void SqliteStorage::save_snapshot(const Position& at, BytesView bytes) {
  TurnStreams::check_snapshot(at);
  body_->write_alone([&](SqliteDatabase& database) {
    const auto number = body_->write->stream(at.stream);
    TurnStreams::check_known(body_->shown_as, at, body_->write->checksum(number.value_or(0), at.known));
    SqliteStatement put(database,
                        "INSERT INTO snapshots(stream, revision, bytes) VALUES(?1, ?2, ?3) "
                        "ON CONFLICT(stream) DO UPDATE SET revision = excluded.revision, bytes = "
                        "excluded.bytes WHERE excluded.revision >= snapshots.revision");
    put.bind(1, std::string_view(at.stream))
        .bind(2, static_cast<std::int64_t>(at.known))
        .bind(3, bytes)
        .run();
  });
}

std::vector<StreamId> SqliteStorage::list_streams(std::string_view prefix) {
  const std::lock_guard lock(body_->reading);
  const auto end = after_prefix(prefix);
  // A stream's row and its first entry come in one commit, so a row is an entry.
  SqliteStatement list(*body_->reader,
                       end ? "SELECT name FROM streams WHERE name >= ?1 AND name < ?2 ORDER BY name"
                           : "SELECT name FROM streams WHERE name >= ?1 ORDER BY name");
  list.bind(1, prefix);
  if (end) list.bind(2, std::string_view(*end));
  std::vector<StreamId> names;
  while (list.step()) names.push_back(list.text(0));
  return names;
}

void SqliteStorage::remove_stream(const Position& end) {
  const TurnStreams checked({&end, 1});
  const StreamId& stream = end.stream;
  body_->write_alone([&](SqliteDatabase& database) {
    const auto number = body_->write->stream(stream);
    const Revision found = number ? body_->write->head(*number) : 0;
    TurnStreams::check_known(body_->shown_as, end, body_->write->checksum(number.value_or(0), end.known));
    if (found != end.known) throw StorageError(TurnStreams::not_removed(body_->shown_as, end, found));
    if (!number) return;
    SqliteStatement entries(database, "DELETE FROM entries WHERE key BETWEEN ?1 AND ?2");
    entries.bind(1, sqlite_layout::key_of(*number, 0))
        .bind(2, sqlite_layout::key_of(*number, sqlite_layout::revision_max))
        .run();
    SqliteStatement snapshot(database, "DELETE FROM snapshots WHERE stream = ?1");
    snapshot.bind(1, std::string_view(stream)).run();
    SqliteStatement name(database, "DELETE FROM streams WHERE id = ?1");
    name.bind(1, *number).run();
  });
}

bool SqliteStorage::wait_for_news(std::span<const Position> streams, std::chrono::milliseconds timeout) {
  // Other processes give no sign, so the file is looked at now and then; threads of this one cut the pause
  // short.
  constexpr std::chrono::milliseconds pause{5};
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::optional<std::int64_t> seen;
  for (;;) {
    {
      const std::lock_guard lock(body_->reading);
      if (const std::int64_t version = body_->reads->version(); seen != version) {
        seen = version;
        for (const Position& position : streams) {
          const auto number = body_->reads->stream(position.stream);
          if (number && body_->reads->head(*number) > position.known) return true;
          if (!TurnStreams::still_stands(position,
                                         body_->reads->checksum(number.value_or(0), position.known)))
            return true;
        }
      }
    }
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) return false;
    std::unique_lock lock(body_->news_mutex);
    body_->news.wait_until(lock, std::min(deadline, now + pause));
  }
}

void SqliteStorage::vault_put(std::string_view id, BytesView bytes) {
  TurnStreams::check_name(id);
  body_->write_alone([&](SqliteDatabase& database) {
    SqliteStatement put(
        database,
        "INSERT INTO vault(id, bytes) VALUES(?1, ?2) ON CONFLICT(id) DO UPDATE SET bytes = excluded.bytes");
    const SecureDelete secure(database);
    put.bind(1, id).bind(2, bytes).run();
  });
}

std::optional<Bytes> SqliteStorage::vault_get(std::string_view id) {
  TurnStreams::check_name(id);
  const std::lock_guard lock(body_->reading);
  SqliteStatement find(*body_->reader, "SELECT bytes FROM vault WHERE id = ?1");
  find.bind(1, id);
  return find.step() ? std::optional<Bytes>(find.bytes(0)) : std::nullopt;
}

void SqliteStorage::vault_erase(std::string_view id) {
  TurnStreams::check_name(id);
  body_->write_alone([&](SqliteDatabase& database) {
    SqliteStatement erase(database, "DELETE FROM vault WHERE id = ?1");
    const SecureDelete secure(database);
    erase.bind(1, id).run();
  });
  // The log still has the old pages. Where a reader keeps it from being emptied now, later checkpoints write
  // over them.
  (void)body_->empty_log(std::chrono::milliseconds(100));
}

void SqliteStorage::show_files(const std::function<void(std::string_view file, BytesView block)>& show) {
  // A connection of its own, so that readers need not wait for this. It is not the last one, so closing it
  // removes no file.
  SqliteDatabase own(body_->reader_name, body_->shown_as, body_->reader_flags, body_->options.vfs,
                     body_->options.busy_timeout);
  (void)own.number("SELECT count(*) FROM sqlite_schema");  // which opens the write-ahead log
  own.show_file(SQLITE_FCNTL_FILE_POINTER, [&](BytesView block) { show(body_->shown_as, block); });
  own.show_file(SQLITE_FCNTL_JOURNAL_POINTER,
                [&](BytesView block) { show(body_->shown_as + "-wal", block); });
}

void SqliteStorage::scrub_vault() {
  if (!body_->empty_log(body_->options.busy_timeout))
    throw StorageUnavailable(body_->shown_as +
                             ": another connection is reading, so the write-ahead log could not be emptied; "
                             "try again when it is done");
}

}  // namespace ticketcore
