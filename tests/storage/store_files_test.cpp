// What POSIX record locks ask of us: closing any descriptor of a file drops all locks that the process has on
// it. Here somebody else looks at the locks after everything that may be called, and tries to take the
// write-ahead log away.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <functional>
#include <thread>

#include "faults/fault_vfs.hpp"
#include "little_sale.hpp"
#include "scratch_folder.hpp"
#include "ticketcore/formats/seat_map_json.hpp"
#include "ticketcore/log/archive.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/log/erasure.hpp"
#include "ticketcore/projections/sqlite_projection.hpp"
#include "ticketcore/storage/memory.hpp"
#include "ticketcore/storage/sqlite.hpp"

using namespace ticketcore;

namespace {

/// Runs the work in a process of its own: what it returns, 99 for an exception, or 100 + the signal that
/// ended it.
[[nodiscard]] int elsewhere(const std::function<int()>& work) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int status = 99;
    try {
      status = work();
    } catch (const std::exception&) {
      status = 99;
    }
    _exit(status);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

/// Whether another process finds a lock of this one on the file.
[[nodiscard]] bool is_locked(const std::filesystem::path& path) {
  const pid_t me = getpid();
  return elsewhere([&] {
           const int file = ::open(path.c_str(), O_RDWR);
           struct flock lock = {};
           lock.l_type = F_WRLCK;
           lock.l_whence = SEEK_SET;
           return file >= 0 && fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid == me
                      ? 1
                      : 0;
         }) == 1;
}

[[nodiscard]] BytesView view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

TEST_CASE("nothing that may be called gives away the locks of a store in use") {
  const testing::ScratchFolder folder;
  const auto file = folder.path() / "box.db";
  const auto archive = folder.path() / "premiere.archive";
  little::Clock clock;
  const auto storage = SqliteStorage::open(file, {.clock = clock.reader()});
  little::sell_a_bit(*storage, clock);
  const std::vector<std::filesystem::path> own{file, file.string() + "-wal", file.string() + "-shm"};
  const auto locked = [&] { return is_locked(own[0]) && is_locked(own[2]); };
  REQUIRE(locked());

  const auto each = [&](const std::function<void(const std::filesystem::path&)>& call) {
    return [&own, call] {
      for (const auto& path : own) CHECK_THROWS_AS(call(path), std::exception);
    };
  };
  const std::vector<std::pair<std::string, std::function<void()>>> calls{
      {"audit", [&] { CHECK(audit(*storage, "event/premiere").problems.empty()); }},
      {"archive_event", [&] { (void)archive_event(*storage, "premiere", archive); }},
      {"archive_event over the store",
       each([&](const auto& path) { (void)archive_event(*storage, "premiere", path); })},
      {"is_archive",
       [&] {
         for (const auto& path : own) CHECK_FALSE(is_archive(path));
         CHECK(is_archive(archive));
       }},
      {"open_archive", each([&](const auto& path) { (void)open_archive(path); })},
      {"restore_event", each([&](const auto& path) { (void)restore_event(*storage, path); })},
      {"load_seat_map", each([&](const auto& path) { (void)load_seat_map(path); })},
      {"SigningKey::load", each([&](const auto& path) {
         std::filesystem::permissions(
             path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
         (void)SigningKey::load(path);
       })},
      {"the vault",
       [&] {
         storage->vault_put("olha", view("Olha Kovalenko"));
         CHECK(storage->vault_get("olha"));
         storage->vault_erase("olha");
         storage->scrub_vault();
       }},
      {"erase_person",
       [&] {
         storage->vault_put("olha", view("Olha Kovalenko"));
         CHECK(erase_person(*storage, "olha").bytes_searched > std::filesystem::file_size(file));
       }},
      {"opening it again",
       [&] {
         for (const auto access : {SqliteOptions::Access::read_write_create,
                                   SqliteOptions::Access::read_write, SqliteOptions::Access::read_only})
           SqliteStorage::open(file, {.access = access}).reset();
       }},
      {"a projection",
       [&] {
         const auto tables = SqliteProjection::open(file);
         CHECK(tables->cursor("event/premiere").known == 0);
       }},
      {"snapshots",
       [&] {
         Desk desk(*storage, "premiere");
         desk.catch_up();
         desk.save_snapshot();
       }},
      {"streams",
       [&] {
         const Position none{"other", 0};
         (void)storage->take_turn({&none, 1})->unseen("other");
         (void)storage->read("event/premiere", 0, 1);
         (void)storage->list_streams("");
         CHECK(storage->wait_for_news({&none, 1}, std::chrono::milliseconds(0)) == false);
       }},
  };
  for (const auto& [name, call] : calls) {
    INFO(name);
    call();
    CHECK(locked());
    // Another process opens the store and closes it. The last one to close takes the log away, and this one
    // is not the last.
    CHECK(elsewhere([&] {
            (void)SqliteStorage::open(file)->list_streams("");
            return 0;
          }) == 0);
    CHECK(std::filesystem::exists(own[1]));
    CHECK(std::filesystem::exists(own[2]));
  }
  CHECK(audit(*SqliteStorage::open(file), "event/premiere").problems.empty());
}

TEST_CASE("a store that takes the place of the file that is looked at keeps its locks") {
  const testing::ScratchFolder folder;
  const auto file = folder.file("box.db");
  const auto archive = folder.path() / "premiere.archive";
  const auto door = folder.path() / "door";
  little::Clock clock;
  const auto storage = SqliteStorage::open(file, {.clock = clock.reader()});
  little::sell_a_bit(*storage, clock);
  (void)archive_event(*storage, "premiere", archive);
  std::filesystem::create_symlink(archive, door);
  std::atomic<bool> done{false};
  std::thread swapping([&] {
    for (int turn = 0; !done; ++turn) {
      const auto next = folder.path() / "next";
      std::filesystem::create_symlink(turn % 2 == 0 ? file : archive, next);
      std::filesystem::rename(next, door);
    }
  });
  for (int archives = 0, others = 0; archives < 1'000 || others < 1'000;)
    ++(is_archive(door) ? archives : others);
  done = true;
  swapping.join();
  CHECK(is_locked(file));
}

TEST_CASE("of the library only the listed sources open files, and all but one only new ones") {
  const std::filesystem::path sources = std::filesystem::path(TICKETCORE_SOURCE_DIR) / "src";
  // plain_file reads, and asks whether a store is using the file; archive and signing make new ones; a
  // journal bears no locks.
  const std::vector<std::string> listed{"archive.cpp", "plain_file.hpp", "signing.cpp", "sqlite_layout.cpp"};
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(sources)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const bool opens = std::ranges::any_of(
        std::initializer_list<const char*>{"fstream", " ::open(", "fopen(", "::openat(", "::creat("},
        [&](const char* word) { return text.find(word) != std::string::npos; });
    if (!opens) continue;
    const std::string name = entry.path().filename().string();
    found.push_back(name);
    if (name == "archive.cpp" || name == "signing.cpp")
      CHECK_MESSAGE(text.find("O_EXCL") != std::string::npos, name);
  }
  std::ranges::sort(found);
  CHECK(found == listed);
}

TEST_CASE("an event comes back whole or not at all: killed, or failed, at every step that writes") {
  fault::install();
  const testing::ScratchFolder folder;
  little::Clock clock;
  const auto archive = folder.path() / "premiere.archive";
  {
    MemoryStorage memory(clock.reader());
    little::sell_a_bit(memory, clock);
    (void)archive_event(memory, "premiere", archive);
  }
  const Revision whole = open_archive(archive)->read("event/premiere", 0, SIZE_MAX).size();
  for (const int code : {fault::die, SQLITE_IOERR, SQLITE_FULL}) {
    int steps = 0;
    for (bool done = false; !done && steps < 500; ++steps) {
      const auto file = folder.path() / "back.db";
      for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + suffix);
      SqliteStorage::open(file).reset();
      const int status = elsewhere([&] {
        const auto storage = SqliteStorage::open(file, {.vfs = fault::vfs_name});
        fault::vfs.follow({.call = steps + 1,
                           .times = code == fault::die ? 1 : fault::for_good,
                           .code = code,
                           .calls = fault::writing_calls});
        (void)restore_event(*storage, archive);
        return fault::vfs.count > steps ? 1 : 0;
      });
      done = status == 0;
      CHECK((done || status == 99 || status == 1 || (code == fault::die && status == 100 + SIGKILL)));
      const auto storage = SqliteStorage::open(file);
      const Revision there = storage->read("event/premiere", 0, SIZE_MAX).size();
      CHECK((there == whole || (there == 0 && !done)));
      if (there == 0) CHECK(restore_event(*storage, archive).revision == whole);
      CHECK(audit(*storage, "event/premiere").problems.empty());
    }
    CHECK(steps > 3);
  }
}
