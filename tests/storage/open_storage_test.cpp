#include "ticketcore/storage/open_storage.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "scratch_folder.hpp"
#include "ticketcore/projections/sqlite_projection.hpp"
#include "ticketcore/storage/memory.hpp"
#include "ticketcore/storage/sqlite.hpp"

namespace ticketcore {
namespace {

using testing::ScratchFolder;

[[nodiscard]] std::string refused(const std::string& url) {
  try {
    (void)open_storage(url);
  } catch (const StorageUrlError& error) {
    return error.what();
  }
  return "opened";
}

[[nodiscard]] bool is_within(const std::string& part, const std::string& whole) {
  return whole.find(part) != std::string::npos;
}

/// Appends an entry, and answers the time of its turn.
Timestamp append_to(Storage& storage, const std::string& stream) {
  const Position position{stream, 0, {}};
  const auto turn = storage.take_turn({&position, 1});
  const Bytes bytes{1, 2, 3};
  const Append entry{stream, 7, bytes};
  turn->commit({&entry, 1});
  return turn->now();
}

}  // namespace

TEST_CASE("a URL says of what kind the store is, and which file") {
  const auto read = [](std::string_view url) {
    const StorageUrl said = read_storage_url(url);
    return said.scheme + " " + said.file.string();
  };
  CHECK(read("memory:") == "memory ");
  CHECK(read("box.db") == "sqlite box.db");
  CHECK(read("/var/lib/box.db") == "sqlite /var/lib/box.db");
  CHECK(read("C:\\box.db") == "sqlite C:\\box.db");
  CHECK(read("a:b.db") == "sqlite a:b.db");
  CHECK(read("sqlite:///box.db") == "sqlite box.db");
  CHECK(read("sqlite:////var/lib/box.db") == "sqlite /var/lib/box.db");
  CHECK(read("SQLite:///box.db") == "sqlite box.db");
  CHECK(read("postgresql://u@h/d") == "postgresql ");
  CHECK(read("postgres://u@h/d") == "postgresql ");
  CHECK(read("folder:///var/box") == "folder ");
  CHECK(read("s3+cache://bucket") == "s3+cache ");
}

TEST_CASE("a URL that names no store is refused, with what would be right") {
  CHECK(is_within("three slashes before its path, four before an absolute one", refused("sqlite://box.db")));
  CHECK(is_within("three slashes", refused("sqlite:box.db")));
  CHECK(is_within("\"\" names no file", refused("")));
  CHECK(is_within("\"sqlite:///\" names no file", refused("sqlite:///")));
  CHECK(is_within("\"sqlite:////\" names no file", refused("sqlite:////")));
  for (const char* url : {":memory:", "memory:x", "memory://"})
    CHECK(is_within("a store in memory is \"memory:\", without a name", refused(url)));
  for (const char* url : {"://x", "a b://x", "1x://y"}) CHECK(is_within("is no scheme", refused(url)));
}

TEST_CASE("what was never registered is refused, with what there is and without the URL's password") {
  const std::string said = refused("mysql://clerk:hunter2@host/box");
  CHECK(is_within("\"mysql://...\" is nothing that this program can open", said));
  CHECK(is_within("memory:", said));
  CHECK_FALSE(is_within("hunter2", said));
  CHECK_FALSE(is_within("postgresql", said));
}

TEST_CASE("a backend that is not linked is named, with what to link and to call") {
  // These tests link no PostgreSQL.
  CHECK(is_within(
      "must be linked with ticketcore::postgres and call ticketcore::register_postgres() at its start",
      refused("postgresql://u:hunter2@h/d")));
  CHECK_FALSE(is_within("hunter2", refused("postgres://u:hunter2@h/d")));
  try {
    (void)open_projection("postgresql://h/d");
    FAIL("opened");
  } catch (const StorageUrlError& error) {
    CHECK(is_within("call ticketcore::register_postgres_projection()", error.what()));
  }
}

TEST_CASE("a store in memory is a new one each time") {
  const Timestamp noon{std::chrono::hours(500'000)};
  const auto storage = open_storage("memory:", {.clock = [&] { return noon; }});
  CHECK(append_to(*storage, "a") == noon);
  CHECK(open_storage("memory:")->list_streams("").empty());
  for (const auto access : {StorageAccess::read_only, StorageAccess::read_write})
    CHECK_THROWS_AS((void)open_storage("memory:", {.access = access}), StorageUnavailable);
}

TEST_CASE("a SQLite file is opened by its path and by its URL, as the options say") {
  register_sqlite();
  const ScratchFolder folder;
  const std::string path = folder.file("box.db").string(), url = "sqlite:///" + path;
  for (const auto access : {StorageAccess::read_only, StorageAccess::read_write})
    CHECK_THROWS_AS((void)open_storage(url, {.access = access}), StorageUnavailable);
  const Timestamp noon{std::chrono::hours(500'000)};
  CHECK(append_to(*open_storage(url, {.clock = [&] { return noon; }}), "a") == noon);
  CHECK(open_storage(path)->list_streams("") == std::vector<StreamId>{"a"});
  const auto looking = open_storage(path, {.access = StorageAccess::read_only});
  CHECK(looking->list_streams("") == std::vector<StreamId>{"a"});
  CHECK_THROWS_AS((void)append_to(*looking, "b"), StorageUnavailable);
}

TEST_CASE("tables for SQL are opened by the store's URL") {
  register_sqlite_projection();
  const ScratchFolder folder;
  const std::string path = folder.file("box.db").string();
  CHECK(open_projection("sqlite:///" + path)->cursor("event/gala").known == 0);
  CHECK(std::filesystem::exists(path));
  CHECK_THROWS_AS((void)open_projection("memory:"), StorageUrlError);
}

TEST_CASE("a program's own storage is opened under its scheme") {
  std::vector<std::string> urls;
  register_storage("own-1.0+x", [&](const std::string& url, const OpenOptions& options) {
    urls.push_back(url + (options.access == StorageAccess::read_only ? " to look" : ""));
    return std::make_unique<MemoryStorage>(options.clock);
  });
  CHECK(open_storage("own-1.0+x://host/a?b=c", {.access = StorageAccess::read_only}) != nullptr);
  CHECK(open_storage("OWN-1.0+X://host") != nullptr);
  CHECK(urls == std::vector<std::string>{"own-1.0+x://host/a?b=c to look", "OWN-1.0+X://host"});
  CHECK(is_within("own-1.0+x://...", refused("mysql://x")));

  // The last opener counts; what an opener throws comes through.
  register_storage("own-1.0+x", [](const std::string&, const OpenOptions&) -> std::unique_ptr<Storage> {
    throw StorageNotReached("nobody there");
  });
  CHECK_THROWS_AS((void)open_storage("own-1.0+x://host"), StorageNotReached);

  const StorageOpener opener = [](const std::string&, const OpenOptions&) {
    return std::make_unique<MemoryStorage>();
  };
  for (const char* scheme : {"", "Own", "1own", "o wn", "own:", "+own"})
    CHECK_THROWS_AS(register_storage(scheme, opener), std::invalid_argument);
  CHECK_THROWS_AS(register_storage("own", {}), std::invalid_argument);
}

TEST_CASE("threads may register and open at once, and an opener may register") {
  std::atomic<int> opened{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&opened, scheme = "thread" + std::to_string(thread)] {
      for (int round = 0; round < 200; ++round) {
        register_storage(scheme, [scheme](const std::string&, const OpenOptions&) {
          register_storage(scheme + "x", [](const std::string&, const OpenOptions&) {
            return std::make_unique<MemoryStorage>();
          });
          return std::make_unique<MemoryStorage>();
        });
        opened += open_storage(scheme + "://") != nullptr && open_storage(scheme + "x://") != nullptr;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(opened == 800);
}

}  // namespace ticketcore
