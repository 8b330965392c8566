#include "ticketcore/storage/sqlite.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

#include "conformance/storage_conformance.hpp"
#include "faults/fault_vfs.hpp"
#include "sqlite_store_folder.hpp"

namespace ticketcore {
namespace {

using conformance::append;
using conformance::bytes_of;
using conformance::everything;
using conformance::many_bytes;
using conformance::shown;
using namespace sqlite_testing;

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

}  // namespace ticketcore
