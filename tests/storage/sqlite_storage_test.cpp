#include "ticketcore/storage/sqlite.hpp"

#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

#include "conformance/storage_conformance.hpp"
#include "faults/fault_vfs.hpp"
#include "scratch_folder.hpp"

namespace ticketcore {
namespace {

using conformance::append;
using conformance::bytes_of;
using conformance::count_up;
using conformance::everything;
using conformance::many_bytes;
using conformance::shown;
using Access = SqliteOptions::Access;

struct StoreFolder : testing::ScratchFolder {
  [[nodiscard]] std::filesystem::path file() const { return path() / "boxoffice.db"; }
};

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// Every file of the folder with its bytes.
[[nodiscard]] std::map<std::string, std::string> contents(const StoreFolder& folder) {
  std::map<std::string, std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    all[entry.path().filename().string()] = testing::content_of(entry.path());
  return all;
}

void run_sql(const std::filesystem::path& path, const char* sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  REQUIRE(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

/// Runs the work in a process of its own; finish() answers its status, 99 for an exception, or 100 + the
/// signal that ended it.
template <class Work>
[[nodiscard]] pid_t start(Work&& work) {
  std::fflush(nullptr);  // or the child would print what is waiting a second time
  const pid_t child = fork();
  if (child != 0) return child;
  int status = 99;
  try {
    status = work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
  }
  _exit(status);
}

[[nodiscard]] int finish(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

template <class Failure>
[[nodiscard]] std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Failure& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("something else: ") + error.what();
  }
  return "nothing thrown";
}

/// What opening throws names the file and says this.
template <class Failure>
void check_refused(const std::filesystem::path& path, std::string_view says, SqliteOptions options = {}) {
  const std::string message =
      message_of<Failure>([&] { static_cast<void>(SqliteStorage::open(path, options)); });
  INFO(message);
  CHECK(message.find(says) != std::string::npos);
  CHECK(message.find(path.filename().string()) != std::string::npos);
}

}  // namespace

TEST_CASE("SQLite keeps every promise of a storage backend") {
  StoreFolder folder;
  conformance::check_storage([&] { return SqliteStorage::open(folder.file()); });
}

TEST_CASE("a file that is not a ticketcore store is refused and left as it is") {
  StoreFolder folder;
  SUBCASE("a text") { write(folder.file(), "Dear box office,\n" + std::string(200, '.')); }
  SUBCASE("a short text") { write(folder.file(), "x"); }
  SUBCASE("a database of another program") {
    run_sql(folder.file(), "CREATE TABLE theirs(x); INSERT INTO theirs VALUES(1)");
  }
  SUBCASE("a database of another program that signs its files") {
    run_sql(folder.file(), "PRAGMA application_id=7; CREATE TABLE theirs(x)");
  }
  SUBCASE("a database of another program in WAL mode") {
    run_sql(folder.file(), "PRAGMA journal_mode=WAL; CREATE TABLE theirs(x); INSERT INTO theirs VALUES(1)");
  }
  const auto before = contents(folder);
  for (const Access access : {Access::read_write_create, Access::read_write, Access::read_only}) {
    check_refused<StorageDamaged>(folder.file(), "not a ticketcore store", {.access = access});
    CHECK((contents(folder) == before));
  }
}

TEST_CASE("a store of a newer format is refused and left as it is") {
  StoreFolder folder;
  append(*SqliteStorage::open(folder.file()), "a", "one");
  run_sql(folder.file(), "PRAGMA user_version=2");
  const auto before = contents(folder);
  check_refused<StorageNewer>(folder.file(), "format version is 2");
  check_refused<StorageNewer>(folder.file(), "format version is 2", {.access = Access::read_only});
  CHECK((contents(folder) == before));
}

TEST_CASE("what is no file, or no file yet, is told apart") {
  StoreFolder folder;
  check_refused<StorageUnavailable>(folder.path(), "is a folder");
  check_refused<StorageUnavailable>(folder.path() / "none" / "b.db", "no folder");
  check_refused<StorageUnavailable>("", "the path of a store is empty");
  check_refused<StorageUnavailable>(":memory:", "a store in memory is a MemoryStorage");
  CHECK_FALSE(std::filesystem::exists(":memory:"));
  check_refused<StorageUnavailable>(folder.file(), "no such file", {.access = Access::read_write});
  check_refused<StorageUnavailable>(folder.file(), "no such file", {.access = Access::read_only});
  REQUIRE(mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);
  check_refused<StorageUnavailable>(folder.path() / "pipe", "no regular file");
  write(folder.file(), "");
  check_refused<StorageUnavailable>(folder.file(), "empty", {.access = Access::read_only});
  append(*SqliteStorage::open(folder.file()), "a", "one");
  CHECK(shown(*SqliteStorage::open(folder.file(), {.access = Access::read_only}), "a") == "1=one");
}

TEST_CASE("a file that brings a view for a table, or a trigger, is refused before anything of it runs") {
  StoreFolder folder;
  append(*SqliteStorage::open(folder.file()), "a", "one");
  const auto change = [&](const char* sql) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(folder.file().c_str(), &database) == SQLITE_OK);
    REQUIRE(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(database);
  };
  std::string says;
  SUBCASE("a view without end") {
    change(
        "ALTER TABLE entries RENAME TO kept; CREATE VIEW entries AS WITH RECURSIVE n(key) AS (SELECT 1 UNION "
        "ALL SELECT key + 1 FROM n) "
        "SELECT key, 0 AS checksum, x'' AS bytes FROM n");
    says = "is no table";
  }
  SUBCASE("a trigger") {
    change("CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM streams; END");
    says = "has a trigger";
  }
  for (const Access access : {Access::read_only, Access::read_write, Access::read_write_create})
    CHECK(message_of<StorageDamaged>([&] {
            (void)SqliteStorage::open(folder.file(), {.access = access});
          }).find(says) != std::string::npos);
}

TEST_CASE("a write-ahead log without its store is not thrown away") {
  StoreFolder folder;
  {
    const auto storage = SqliteStorage::open(folder.file());
    append(*storage, "a", "one");
    std::filesystem::copy(folder.file().string() + "-wal", folder.path() / "log");
  }
  std::filesystem::remove(folder.file());
  std::filesystem::rename(folder.path() / "log", folder.file().string() + "-wal");
  const auto before = contents(folder);
  check_refused<StorageDamaged>(folder.file(), "put the store back");
  CHECK((contents(folder) == before));
}

TEST_CASE("a store that was cut short is damaged, and says so") {
  StoreFolder folder;
  {
    const auto storage = SqliteStorage::open(folder.file());
    for (std::uint32_t seed = 0; seed < 20; ++seed) append(*storage, {{"a", many_bytes(5'000, seed)}});
  }
  std::filesystem::resize_file(folder.file(), std::filesystem::file_size(folder.file()) / 2);
  const auto use = [&] { static_cast<void>(SqliteStorage::open(folder.file())->read("a", 0, everything)); };
  CHECK(message_of<StorageDamaged>(use).find("is damaged") != std::string::npos);
}

TEST_CASE("flipped bits in a store lead to errors or other bytes, never to a crash") {
  StoreFolder folder;
  {
    const auto storage = SqliteStorage::open(folder.file());
    for (std::uint32_t seed = 0; seed < 10; ++seed)
      append(*storage, {{"a", many_bytes(3'000, seed)}, {"b", many_bytes(100, seed)}});
    storage->save_snapshot({"a", 4, conformance::checksum_of(many_bytes(3'000, 3))}, many_bytes(500, 1));
  }
  const std::string whole = testing::content_of(folder.file());
  const Bytes random = many_bytes(4 * 300, 42);
  int error_count = 0;
  for (std::size_t round = 0; round < 300; ++round) {
    std::size_t place = 0;
    for (std::size_t index = 0; index < 4; ++index) place = place << 8 | random[round * 4 + index];
    std::string flipped = whole;
    char& byte = flipped[place / 8 % whole.size()];
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << place % 8));
    write(folder.file(), flipped);
    try {
      const auto storage = SqliteStorage::open(folder.file());
      for (const StreamId& stream : storage->list_streams(""))
        static_cast<void>(storage->read(stream, 0, everything));
      static_cast<void>(storage->load_snapshot("a"));
      append(*storage, "a", "more");
    } catch (const StorageError&) {
      ++error_count;
    }
  }
  CHECK(error_count > 0);
}

TEST_CASE("a missing entry is damage, not a gap") {
  StoreFolder folder;
  for (const char* text : {"one", "two", "three"}) append(*SqliteStorage::open(folder.file()), "a", text);
  run_sql(folder.file(), "DELETE FROM entries WHERE key & 0xFF = 2");
  const auto storage = SqliteStorage::open(folder.file());
  CHECK(message_of<StorageDamaged>([&] {
          static_cast<void>(storage->read("a", 0, everything));
        }).find("entry 2") != std::string::npos);
  const Position position{"a", 0};
  CHECK_THROWS_AS((void)storage->take_turn({&position, 1})->unseen("a"), StorageDamaged);
  CHECK(storage->read("a", 2, everything).size() == 1);
}

TEST_CASE("sqlite3 users find the log readable") {
  StoreFolder folder;
  append(*SqliteStorage::open(folder.file()), "event/gala", "one");
  append(*SqliteStorage::open(folder.file()), "event/gala", "two!");
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(folder.file().c_str(), &database) == SQLITE_OK);
  std::string found;
  const auto row = [](void* to, int count, char** values, char**) {
    for (int index = 0; index < count; ++index)
      *static_cast<std::string*>(to) += std::string(values[index]) + " ";
    return 0;
  };
  CHECK(sqlite3_exec(database, "SELECT stream, revision, size, bytes FROM log", row, &found, nullptr) ==
        SQLITE_OK);
  sqlite3_close(database);
  CHECK(found == "event/gala 1 3 one event/gala 2 4 two! ");
}

TEST_CASE("a full store refuses entries and loses none") {
  StoreFolder folder;
  int count = 0;
  {
    const auto storage = SqliteStorage::open(folder.file(), {.max_pages = 60});
    const std::string message = message_of<StorageUnavailable>([&] {
      for (; count < 1'000; ++count)
        append(*storage, {{"a", many_bytes(3'000, static_cast<std::uint32_t>(count))}});
    });
    CHECK(message.find("boxoffice.db") != std::string::npos);
    CHECK(message.find("no space") != std::string::npos);
    CHECK(count > 10);
    CHECK(storage->read("a", 0, everything).size() == static_cast<std::size_t>(count));
  }
  const auto storage = SqliteStorage::open(folder.file());
  append(*storage, "a", "there is space again");
  const auto entries = storage->read("a", 0, everything);
  REQUIRE(entries.size() == static_cast<std::size_t>(count) + 1);
  for (int index = 0; index < count; ++index)
    CHECK((entries[static_cast<std::size_t>(index)].bytes ==
           many_bytes(3'000, static_cast<std::uint32_t>(index))));
}

TEST_CASE("a file that the system lets grow no further loses nothing") {
  StoreFolder folder;
  const int written = finish(start([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const auto storage = SqliteStorage::open(folder.file());
    const rlimit limit{300'000, 300'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    int count = 0;
    try {
      for (; count < 90; ++count)
        append(*storage, {{"a", many_bytes(8'000, static_cast<std::uint32_t>(count))}});
    } catch (const StorageError&) {
    }
    try {
      append(*storage, {{"a", many_bytes(8'000, 0)}});
    } catch (const StorageError&) {
      return count;
    }
    return 98;
  }));
  CHECK(written > 5);
  CHECK(written < 90);
  const auto storage = SqliteStorage::open(folder.file());
  const auto entries = storage->read("a", 0, everything);
  // One more may be there: the one whose outcome was not known.
  CHECK(entries.size() >= static_cast<std::size_t>(written));
  CHECK(entries.size() <= static_cast<std::size_t>(written) + 1);
  append(*storage, "a", "more");
}

TEST_CASE("whichever write or sync fails, what was answered is there and what was refused is not") {
  fault::install();
  for (const int code : {SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_FULL}) {
    for (int call = 1; call <= 40; ++call) {
      StoreFolder folder;
      std::string answered;
      std::string in_doubt;
      {
        const auto storage = SqliteStorage::open(folder.file(), {.vfs = fault::vfs_name});
        append(*storage, "a", "first");
        answered = "1=first";
        fault::vfs.follow({.call = call, .times = 2, .code = code, .calls = fault::writing_calls});
        int revision = 2;
        for (int turn = 0; turn < 12; ++turn) {
          const std::string next =
              " " + std::to_string(revision) + "=x" + std::to_string(turn) + std::string(6'000, '.');
          try {
            append(*storage, "a", next.substr(next.find('=') + 1));
            answered += next;
            ++revision;
          } catch (const CommitOutcomeUnknown&) {
            // The next turn that succeeds settles it; until then the tail shows what is there.
            in_doubt = next;
          } catch (const StorageUnavailable&) {
          }
          if (const std::string found = shown(*storage, "a");
              in_doubt.empty() ? found != answered : found != answered && found != answered + in_doubt)
            FAIL(call, found.size());
          if (!in_doubt.empty() && shown(*storage, "a") == answered + in_doubt) {
            answered += in_doubt;
            ++revision;
          }
          in_doubt.clear();
        }
        // A copy taken now is what a crash would leave.
        for (const char* suffix : {"", "-wal"})
          std::filesystem::copy(folder.file().string() + suffix,
                                (folder.path() / "crashed.db").string() + suffix);
        fault::vfs.follow({});
      }
      CHECK(shown(*SqliteStorage::open(folder.path() / "crashed.db"), "a") == answered);
      CHECK(shown(*SqliteStorage::open(folder.file()), "a") == answered);
    }
  }
}

TEST_CASE(
    "a commit that a failed sync left in doubt does not come back after the next turn found it missing") {
  fault::install();
  StoreFolder folder;
  const auto storage = SqliteStorage::open(folder.file(), {.vfs = fault::vfs_name});
  append(*storage, "a", "one");
  // A commit's writes come first, its sync last; the first call too many lets it succeed.
  int failed_count = 0;
  for (int call = 1; call < 30; ++call) {
    fault::vfs.follow({.call = call, .code = SQLITE_IOERR_FSYNC, .calls = fault::writing_calls});
    const std::string message = message_of<CommitOutcomeUnknown>([&] { append(*storage, "a", "doubtful"); });
    fault::vfs.follow({});
    if (message.find("not known") == std::string::npos) break;
    ++failed_count;
    const Position position = conformance::known(*storage, "a", 1);
    CHECK(storage->take_turn({&position, 1})->unseen("a").empty());
    for (const char* suffix : {"", "-wal"}) {
      const auto options = std::filesystem::copy_options::overwrite_existing;
      std::filesystem::copy_file(folder.file().string() + suffix,
                                 (folder.path() / "crashed.db").string() + suffix, options);
    }
    CHECK(shown(*SqliteStorage::open(folder.path() / "crashed.db"), "a") == "1=one");
    std::filesystem::remove(folder.path() / "crashed.db");
  }
  CHECK(failed_count > 2);
}

TEST_CASE("a store that was cut off while it was being made is made anew, by whoever may write") {
  fault::install();
  for (int call = 1;; ++call) {
    StoreFolder folder;
    fault::vfs.follow(
        {.call = call, .times = fault::for_good, .calls = fault::writing_calls | fault::call_remove});
    const std::string message = message_of<StorageUnavailable>(
        [&] { SqliteStorage::open(folder.file(), {.vfs = fault::vfs_name}).reset(); });
    fault::vfs.follow({});
    if (message == "nothing thrown") {
      CHECK(call > 10);
      break;
    }
    INFO("call ", call, ": ", message);
    CHECK(message.find("boxoffice.db") != std::string::npos);
    append(*SqliteStorage::open(folder.file()), "a", "one");
    CHECK(shown(*SqliteStorage::open(folder.file(), {.access = Access::read_only}), "a") == "1=one");
  }
}

TEST_CASE("a store that is not in write-ahead mode after all is not taken for one") {
  fault::install();
  StoreFolder folder;
  SqliteStorage::open(folder.file()).reset();
  run_sql(folder.file(), "PRAGMA journal_mode=DELETE");
  fault::vfs.follow({.call = 1, .calls = fault::call_sync});
  CHECK_THROWS_AS(SqliteStorage::open(folder.file(), {.vfs = fault::vfs_name}).reset(), StorageUnavailable);
  fault::vfs.follow({});
  append(*SqliteStorage::open(folder.file(), {.vfs = fault::vfs_name}), "a", "one");
}

TEST_CASE("entries without their stream's name are no stream that could be written on") {
  StoreFolder folder;
  for (const char* text : {"one", "two", "three"}) append(*SqliteStorage::open(folder.file()), "a", text);
  run_sql(folder.file(), "DELETE FROM streams");
  for (const char* lost :
       {"DELETE FROM entries WHERE key & 0xFF = 4", "DELETE FROM entries WHERE key & 0xFF = 1",
        "DELETE FROM entries WHERE key & 0xFF = 2"}) {
    run_sql(folder.file(), lost);
    const auto storage = SqliteStorage::open(folder.file());
    CHECK_THROWS_AS(append(*storage, "b", "uno"), StorageDamaged);
    CHECK(storage->list_streams("").empty());
  }
}

TEST_CASE("a stream's number that can't be is damage, not the end of the numbers") {
  StoreFolder folder;
  append(*SqliteStorage::open(folder.file()), "a", "one");
  run_sql(folder.file(), "UPDATE streams SET id = 8388607");
  const auto storage = SqliteStorage::open(folder.file());
  CHECK(message_of<StorageDamaged>([&] {
          append(*storage, "b", "uno");
        }).find("table of streams is damaged") != std::string::npos);
}

TEST_CASE("a store opened for reading only can be looked into, not written") {
  StoreFolder folder;
  const auto writer = SqliteStorage::open(folder.file());
  append(*writer, "a", "one");
  const auto storage = SqliteStorage::open(folder.file(), {.access = Access::read_only});
  CHECK(shown(*storage, "a") == "1=one");
  append(*writer, "a", "two");
  CHECK(shown(*storage, "a") == "1=one 2=two");
  const std::string says = "reading only";
  CHECK(message_of<StorageUnavailable>([&] { append(*storage, "a", "x"); }).find(says) != std::string::npos);
  CHECK(message_of<StorageUnavailable>([&] {
          storage->save_snapshot({"a", 1, conformance::checksum_of("one")}, {});
        }).find(says) != std::string::npos);
  CHECK(message_of<StorageUnavailable>([&] { storage->vault_put("a", {}); }).find(says) != std::string::npos);
  CHECK(message_of<StorageUnavailable>([&] { storage->vault_erase("a"); }).find(says) != std::string::npos);
}

TEST_CASE("who may not write a store is told so, and can still look into it") {
  StoreFolder folder;
  append(*SqliteStorage::open(folder.file()), "a", "one");
  const bool folder_too = [] {
    bool result = false;
    SUBCASE("the file is read-only") {}
    SUBCASE("the folder, too") { result = true; }
    return result;
  }();
  chmod(folder.file().c_str(), 0444);
  chmod(folder.path().c_str(), folder_too ? 0555 : 0777);
  const int status = finish(start([&] {
    if (geteuid() == 0 && setuid(65534) != 0) return 77;
    const std::string message =
        message_of<StorageUnavailable>([&] { static_cast<void>(SqliteStorage::open(folder.file())); });
    if (message.find("boxoffice.db: it can't be written") == std::string::npos) {
      std::fprintf(stderr, "child: %s\n", message.c_str());
      return 1;
    }
    return shown(*SqliteStorage::open(folder.file(), {.access = Access::read_only}), "a") == "1=one" ? 0 : 2;
  }));
  chmod(folder.path().c_str(), 0777);
  CHECK(status == 0);
}

TEST_CASE("while another process has the turn, reading goes on and writing waits its time and says why") {
  StoreFolder folder;
  append(*SqliteStorage::open(folder.file()), "a", "one");
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t child = start([&] {
    const auto storage = SqliteStorage::open(folder.file());
    const Position position{"a", 0};
    const auto turn = storage->take_turn({&position, 1});
    // Opening and closing the same file once more must not give the lock away.
    SqliteStorage::open(folder.file()).reset();
    SqliteStorage::open(folder.file(), {.access = Access::read_only}).reset();
    if (::write(ready[1], "x", 1) != 1) return 1;
    for (;;) pause();
    return 0;
  });
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  const auto storage = SqliteStorage::open(folder.file(), {.busy_timeout = std::chrono::milliseconds(50)});
  CHECK(shown(*storage, "a") == "1=one");
  const std::string message = message_of<StorageUnavailable>([&] { append(*storage, "a", "two"); });
  INFO(message);
  CHECK(message.find("boxoffice.db: another process is writing") != std::string::npos);
  CHECK(message.find("50 ms") != std::string::npos);
  kill(child, SIGKILL);
  CHECK(finish(child) == 100 + SIGKILL);
  append(*storage, "a", "two");
  CHECK(shown(*storage, "a") == "1=one 2=two");
  close(ready[0]);
  close(ready[1]);
}

TEST_CASE("a thread that keeps its turn is told apart from another process") {
  StoreFolder folder;
  const auto storage = SqliteStorage::open(folder.file(), {.busy_timeout = std::chrono::milliseconds(20)});
  const Position position{"a", 0};
  const auto turn = storage->take_turn({&position, 1});
  auto other = std::async(std::launch::async, [&] {
    return message_of<StorageUnavailable>([&] { append(*storage, "b", "x"); });
  });
  CHECK(other.get().find("another thread of this process") != std::string::npos);
  CHECK_THROWS_AS((void)storage->take_turn({&position, 1}), std::logic_error);
}

TEST_CASE("two processes that make the store and append in turn leave no gap and lose no count") {
  StoreFolder folder;
  constexpr int turn_count = 1'000;
  const auto work = [&] {
    const auto storage = SqliteStorage::open(folder.file(), {.sync = SqliteOptions::Sync::normal});
    Position at{"count", 0};
    std::uint64_t count = 0;
    for (int turn = 0; turn < turn_count; ++turn) count_up(*storage, "count", at, count);
    return 0;
  };
  const pid_t one = start(work);
  const pid_t other = start(work);
  CHECK(finish(one) == 0);
  CHECK(finish(other) == 0);
  const auto entries = SqliteStorage::open(folder.file())->read("count", 0, everything);
  REQUIRE(entries.size() == 2 * turn_count);
  CHECK(entries.back().revision == 2 * turn_count);
  CHECK(entries.back().bytes == bytes_of(std::to_string(2 * turn_count)));
}

TEST_CASE("a process killed at any moment loses nothing that it was told is durable") {
  for (int round = 0; round < 20; ++round) {
    StoreFolder folder;
    int told[2];
    REQUIRE(pipe(told) == 0);
    const pid_t child = start([&] {
      const auto storage = SqliteStorage::open(folder.file());
      Position at{"count", 0};
      std::uint64_t count = 0;
      for (;;) {
        count_up(*storage, "count", at, count);
        if (::write(told[1], "x", 1) != 1) return 1;
      }
    });
    close(told[1]);
    char byte = 0;
    std::size_t count = 0;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(5 + round * 3);
    while (::read(told[0], &byte, 1) == 1) {
      if (++count % 8 == 1 && std::chrono::steady_clock::now() > deadline) kill(child, SIGKILL);
    }
    CHECK(finish(child) == 100 + SIGKILL);
    close(told[0]);
    const auto entries = SqliteStorage::open(folder.file())->read("count", 0, everything);
    CHECK(entries.size() >= count);
    CHECK(entries.size() <= count + 1);
    for (std::size_t index = 0; index < entries.size(); ++index)
      CHECK(entries[index].bytes == bytes_of(std::to_string(index + 1)));
  }
}

TEST_CASE("what was erased from the vault is in none of the store's files") {
  StoreFolder folder;
  const auto storage = SqliteStorage::open(folder.file());
  const std::string secret = "Olena Koval, +380 44 000 00 00";
  storage->vault_put("buyer", bytes_of(secret));
  storage->vault_put("buyer 2", bytes_of("somebody else"));
  storage->vault_erase("buyer");
  for (const auto& file : contents(folder)) {
    INFO(file.first);
    CHECK(file.second.find(secret) == std::string::npos);
  }
  CHECK(storage->vault_get("buyer 2"));
}

TEST_CASE("a store's path may have any characters, and links lead to it") {
  StoreFolder folder;
  const auto path = folder.path() / "50% off? #1 'gala'.db";
  append(*SqliteStorage::open(path), "a", "one");
  CHECK(shown(*SqliteStorage::open(path, {.access = Access::read_only}), "a") == "1=one");
  std::filesystem::create_symlink(path, folder.path() / "link.db");
  CHECK(shown(*SqliteStorage::open(folder.path() / "link.db"), "a") == "1=one");
  CHECK(SqliteStorage::open(path)->describe() == path.string());
}

TEST_CASE("a search through the store's files holds up nobody who reads or sells") {
  const StoreFolder folder;
  const auto storage = SqliteStorage::open(folder.file());
  append(*storage, "a", "one");
  std::vector<std::future<void>> others;
  storage->show_files([&](std::string_view, BytesView) {
    others.push_back(std::async(std::launch::async, [&] {
      append(*storage, "a", "more");
      CHECK(storage->list_streams("").size() == 1);
    }));
    CHECK(others.back().wait_for(std::chrono::seconds(20)) == std::future_status::ready);
  });
  for (auto& other : others) other.get();
  CHECK(others.size() >= 2);  // the file, and its write-ahead log
  CHECK(storage->read("a", 0, everything).size() == 1 + others.size());
}

}  // namespace ticketcore
