// SQLite's storage on a disk that is full, or whose writes and syncs fail.

#include <sys/resource.h>

#include <csignal>

#include "conformance/storage_conformance.hpp"
#include "faults/fault_vfs.hpp"
#include "sqlite_store_folder.hpp"

namespace ticketcore {
namespace {

using conformance::append;
using conformance::everything;
using conformance::many_bytes;
using conformance::shown;
using namespace sqlite_testing;

}  // namespace

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

}  // namespace ticketcore
