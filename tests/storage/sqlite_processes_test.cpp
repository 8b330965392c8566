// SQLite's storage among several processes and threads: who waits, who is killed, who may not write.

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <future>

#include "conformance/storage_conformance.hpp"
#include "sqlite_store_folder.hpp"

namespace ticketcore {
namespace {

using conformance::append;
using conformance::bytes_of;
using conformance::count_up;
using conformance::everything;
using conformance::shown;
using namespace sqlite_testing;

}  // namespace

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
