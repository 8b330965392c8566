// The file's tables, for those who look into it with sqlite3:
//
//   streams(id, name)                     a stream's number and name; made by the commit of its first entry
//   entries(key, checksum, bytes)         the log; key is the stream's number << 40 | revision. The key is
//   the rowid, so that
//                                         a commit changes one leaf and no index, a stream lies in one piece,
//                                         its last revision is one look-up, and large entries don't weigh
//                                         down the inner pages
//   snapshots(stream, revision, bytes)    by the stream's name
//   vault(id, bytes)
//   log                                   a view of entries: stream, revision, checksum, size, bytes
//
// application_id is 'tckt', user_version the format's version.

#include "ticketcore/storage/sqlite.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <fstream>
#include <limits>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "sqlite_database.hpp"
#include "sqlite_gate.hpp"
#include "storage/turn_streams.hpp"

namespace ticketcore {
namespace {

constexpr std::int64_t application_id = 0x74636B74;
constexpr std::int64_t format_version = 1;
constexpr int revision_bits = 40;
constexpr Revision revision_max = (Revision{1} << revision_bits) - 1;
constexpr std::int64_t stream_max = (std::int64_t{1} << (63 - revision_bits)) - 1;

[[nodiscard]] Timestamp system_now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

[[nodiscard]] constexpr std::int64_t key_of(std::int64_t stream, Revision revision) {
  return (stream << revision_bits) | static_cast<std::int64_t>(revision);
}
[[nodiscard]] constexpr Revision revision_of(std::int64_t key) {
  return static_cast<Revision>(key) & revision_max;
}

void check_version(std::int64_t version, const std::string& shown_as) {
  if (version <= format_version) return;
  throw StorageNewer(shown_as + ": its format version is " + std::to_string(version) +
                     ", and this library reads up to " + std::to_string(format_version) +
                     "; use a newer ticketcore");
}

[[nodiscard]] std::string not_ours(const std::string& shown_as, std::string_view why) {
  return shown_as + ": not a ticketcore store: " + std::string(why) + "; it was left as it is";
}

/// Throws when the file is not one of ours, by its first bytes alone.
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

/// Whether a journal says that SQLite was making a database of an empty file when it was cut off. The next
/// transaction takes back what there is of it, whatever the file's first bytes look like by now.
[[nodiscard]] bool is_half_made(const std::filesystem::path& path) {
  constexpr std::array<char, 8> magic = {'\xD9', '\xD5', '\x05', '\xF9', '\x20', '\xA1', '\x63', '\xD7'};
  constexpr std::size_t pages_before_at = 16;
  // SQLite locks no journal, so that closing this takes no lock away.
  std::ifstream journal(path.string() + "-journal", std::ios::binary);
  std::array<char, pages_before_at + 4> header{};
  return journal.read(header.data(), header.size()) &&
         std::equal(magic.begin(), magic.end(), header.begin()) &&
         std::all_of(header.begin() + pages_before_at, header.end(), [](char byte) { return byte == 0; });
}

/// Makes the tables in one transaction, unless another process was faster.
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

/// A view or a trigger that somebody gave the name of a table, or tied to one, runs whatever it holds: for
/// ever, or on every write.
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

/// The file at path is absent or empty. Throws unless a store may be made of it.
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
      last_key.bind(1, key_of(stream, 0)).bind(2, key_of(stream, revision_max));
      return last_key.step() ? revision_of(last_key.number(0)) : 0;
    }
    /// Of the entry at a revision; nullopt when there is none.
    [[nodiscard]] std::optional<std::uint32_t> checksum(std::int64_t stream, Revision revision) {
      if (stream == 0 || revision == 0 || revision > revision_max) return std::nullopt;
      const SqliteUse use(find_checksum);
      find_checksum.bind(1, key_of(stream, revision));
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
      if (known >= revision_max) return found;
      const SqliteUse use(entries);
      entries.bind(1, key_of(stream, known)).bind(2, key_of(stream, revision_max));
      std::size_t bytes = 0;
      while (entries.step()) {
        const Revision revision = revision_of(entries.number(0));
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

void SqliteStorage::Body::open_writer() {
  writer.emplace(path, shown_as, SQLITE_OPEN_READWRITE, options.vfs, options.busy_timeout);
  // Without the right to write, SQLite opens for reading and says so only here.
  if (sqlite3_db_readonly(writer->handle(), "main") == 1) {
    throw StorageUnavailable(shown_as +
                             ": it can't be written: file or file system is read-only, or this user may not "
                             "write it; open it read-only to look into it");
  }
  check_version(writer->number("PRAGMA user_version"), shown_as);
  // The switch to the write-ahead log happens once in a store's life, and needs the file for itself.
  const auto deadline = std::chrono::steady_clock::now() + options.busy_timeout;
  const auto switched = [&] {
    try {
      return writer->text("PRAGMA journal_mode=WAL") == "wal";
    } catch (const StorageUnavailable&) {
      // Two that switch at once are told "busy" without a wait, lest they wait for each other.
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
  check_tables(*writer, shown_as);
  write.emplace(*writer);
}

void SqliteStorage::Body::open_reader_as(std::string name, int flags) {
  reads.reset();
  reader_name = std::move(name);
  reader_flags = flags;
  reader.emplace(reader_name, shown_as, reader_flags, options.vfs, options.busy_timeout);
  check_tables(*reader, shown_as);
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
    writer->run("BEGIN IMMEDIATE; PRAGMA user_version=" + std::to_string(format_version) + "; COMMIT");
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
  // Who did not get the lock has written nothing. After anything else nobody knows what reached the disk: the
  // last step of a commit may have failed, when all of it lay in the log.
  if ((code & 0xFF) == SQLITE_BUSY) writer->fail(code, "COMMIT");
  in_doubt = true;
  throw CommitOutcomeUnknown(writer->message(code, "COMMIT") +
                             "; whether the commit took place is not known");
}

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
  if (!absent && std::filesystem::file_size(real, error) > 0 && !is_half_made(real)) {
    check_header(body->path, body->shown_as, body->options.vfs);
  } else if (body->options.access != SqliteOptions::Access::read_write_create) {
    throw StorageUnavailable(body->shown_as +
                             (absent ? ": there is no such file"
                                     : ": there is no store in it yet, it is empty or was not finished"));
  } else {
    check_can_create(real, body->shown_as);
    create_tables(body->path, body->shown_as, body->options);
  }
  if (body->options.access == SqliteOptions::Access::read_only) {
    body->open_reader();
    check_version(body->reader->number("PRAGMA user_version"), body->shown_as);
  } else {
    body->open_writer();
    body->open_beside_writer();
  }
  return std::unique_ptr<SqliteStorage>(new SqliteStorage(std::move(body)));
}

std::string SqliteStorage::describe() const { return body_->shown_as; }

class SqliteStorage::SqliteTurn final : public Turn {
 public:
  SqliteTurn(Body& body, std::span<const Position> streams)
      : body_(body), streams_(streams), right_(body.wait_for_turn()) {
    body_.begin();
    try {
      for (const Position& position : streams_.all()) heads_.push_back(look_up(position));
    } catch (...) {
      body_.roll_back();
      throw;
    }
  }
  ~SqliteTurn() override {
    if (right_.held()) body_.roll_back();
  }
  SqliteTurn(const SqliteTurn&) = delete;
  SqliteTurn& operator=(const SqliteTurn&) = delete;

  [[nodiscard]] std::vector<Entry> unseen(const StreamId& stream) override {
    const Position& position = streams_.need(stream);
    if (!right_.held()) throw std::logic_error("a turn is over after its commit");
    const Head& head = head_of(position);
    if (head.revision == position.known) return {};
    auto entries = body_.write->after(head.stream, position.known, std::numeric_limits<std::size_t>::max(),
                                      body_.shown_as);
    if (entries.empty() || entries.back().revision != head.revision)
      throw StorageDamaged(body_.shown_as + ": entries at the end of " + stream + " are missing");
    return entries;
  }

  [[nodiscard]] Timestamp now() override { return body_.options.clock(); }

  void add(std::span<const Append> entries) override {
    streams_.check_entries(entries);
    for (const Append& append : entries) insert(append);
  }

  void commit(std::span<const Append> entries) override {
    streams_.check_commit(entries);
    for (const Append& append : entries) insert(append);
    body_.commit();
    // The right is of no more use to this turn, and others wait.
    right_.give_back();
    body_.news.notify_all();
  }

 private:
  struct Head {
    std::int64_t stream = 0;  // 0: does not exist yet
    Revision revision = 0;
  };

  [[nodiscard]] Head& head_of(const Position& position) {
    return heads_[static_cast<std::size_t>(&position - streams_.all().data())];
  }

  [[nodiscard]] Head look_up(const Position& position) {
    const auto stream = body_.write->stream(position.stream);
    const Head head{stream.value_or(0), stream ? body_.write->head(*stream) : 0};
    TurnStreams::check_known(body_.shown_as, position, body_.write->checksum(head.stream, position.known));
    return head;
  }

  void insert(const Append& append) {
    Head& head = head_of(streams_.need(append.stream));
    if (head.stream == 0) {
      body_.write->add_stream.bind(1, std::string_view(append.stream)).run();
      head.stream = sqlite3_last_insert_rowid(body_.writer->handle());
      if (head.stream > stream_max) refuse_stream();
    }
    if (head.revision >= revision_max)
      throw StorageUnavailable(body_.shown_as + ": " + append.stream +
                               " has as many entries as one stream can");
    body_.write->add_entry.bind(1, key_of(head.stream, head.revision + 1))
        .bind(2, std::int64_t{append.checksum})
        .bind(3, append.bytes)
        .run();
    if (++head.revision == 1) check_alone(head.stream);
  }

  [[noreturn]] void refuse_stream() {
    if (body_.writer->number("SELECT count(*) FROM streams") < stream_max / 2)
      throw StorageDamaged(body_.shown_as +
                           ": its table of streams is damaged; restore a backup, or save what can be read "
                           "with sqlite3's .recover");
    throw StorageUnavailable(body_.shown_as + ": it has had " + std::to_string(stream_max) +
                             " streams, as many as one file can");
  }

  /// On a disk that lied about what it kept, entries may stand where a new stream begins, without the name of
  /// theirs.
  void check_alone(std::int64_t stream) {
    if (body_.write->after(stream, 0, std::numeric_limits<std::size_t>::max(), body_.shown_as).size() == 1)
      return;
    throw StorageDamaged(body_.shown_as +
                         ": there are entries of a stream whose name is lost; restore a backup, or save what "
                         "can be read with sqlite3's .recover");
  }

  Body& body_;
  TurnStreams streams_;
  detail::RightOfWay right_;
  std::vector<Head> heads_;  // as streams_.all()
};

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
    entries.bind(1, key_of(*number, 0)).bind(2, key_of(*number, revision_max)).run();
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
  // A connection of its own, lest all who read wait for this. It is not the last, and so takes nothing away
  // when it is closed.
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
