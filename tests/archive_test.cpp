#include "ticketcore/archive.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>

#include "little_sale.hpp"
#include "ticketcore/audit.hpp"
#include "ticketcore/erasure.hpp"
#include "ticketcore/storage/memory.hpp"
#include "ticketcore/storage/sqlite.hpp"

using namespace ticketcore;

namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "ticketcore-archive-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

[[nodiscard]] std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::filesystem::path& file, const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

}  // namespace

TEST_CASE("an archived event leaves the store, can be looked into, and comes back as it was") {
  const Folder folder;
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  little::sell_a_bit(storage, clock);
  const AuditReport before = audit(storage, "event/premiere");
  const auto file = folder.path / "premiere.archive";

  const ArchiveReport report = archive_event(storage, "premiere", file);
  CHECK(report.revision == before.revision);
  CHECK(report.bytes == before.bytes);
  CHECK(std::filesystem::file_size(file) == before.bytes + 16);
  CHECK(is_archive(file));
  CHECK_FALSE(std::filesystem::exists(file.string() + ".part"));
  CHECK(audit(*open_archive(file), "event/premiere").takings.size() == before.takings.size());

  CHECK_THROWS_AS(archive_event(storage, "premiere", file), StorageUnavailable);
  CHECK_THROWS_AS((void)restore_event(storage, file), StorageError);
  storage.remove_stream({"event/premiere", report.revision, report.checksum});
  CHECK(storage.list_streams("").empty());
  CHECK(restore_event(storage, file).revision == report.revision);
  const AuditReport after = audit(storage, "event/premiere");
  CHECK(after.problems.empty());
  CHECK(after.paid == before.paid);
  CHECK(after.refunded == before.refunded);
}

TEST_CASE("an archive with a flipped bit, a cut, or a missing entry is not restored") {
  const Folder folder;
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  little::sell_a_bit(storage, clock);
  const auto file = folder.path / "good";
  (void)archive_event(storage, "premiere", file);
  const std::string good = bytes_of(file);
  const auto refused = [&](const std::string& bytes) {
    write(folder.path / "bad", bytes);
    MemoryStorage empty(clock.reader());
    CHECK_THROWS_AS((void)restore_event(empty, folder.path / "bad"), StorageError);
    CHECK(empty.list_streams("").empty());
  };
  for (std::size_t at = 0; at < good.size(); at += 41) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
    refused(bad);
    if (at > 0) refused(good.substr(0, good.size() - at));
  }
  refused("");
  refused("tklg");
  refused("a text");
  const auto first = static_cast<std::size_t>(storage.read("event/premiere", 0, 1)[0].bytes.size());
  const auto second = static_cast<std::size_t>(storage.read("event/premiere", 1, 1)[0].bytes.size());
  refused(good.substr(0, first) + good.substr(first + second));
}

TEST_CASE("an event that is not there, or a folder that is not, leaves no file behind") {
  const Folder folder;
  MemoryStorage storage;
  CHECK_THROWS_AS(archive_event(storage, "none", folder.path / "x"), StorageError);
  CHECK_THROWS_AS(archive_event(storage, "none", folder.path / "no" / "x"), StorageUnavailable);
  CHECK(std::filesystem::is_empty(folder.path));
}

TEST_CASE("an erased person leaves no trace in the store's files, and a trace in the log is told") {
  const Folder folder;
  const auto file = folder.path / "box.db";
  little::Clock clock;
  const auto storage = SqliteStorage::open(file, {.clock = clock.reader()});
  little::sell_a_bit(*storage, clock);
  const std::string record = R"({"name": "Olha Kovalenko", "email": "olha.k@example.com", "telephone": "+380441234567"})";
  const auto view = [](const std::string& text) { return BytesView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()); };
  storage->vault_put("olha", view(record));
  storage->vault_put("olha", view(R"({"name": "Olha Kovalenko-Melnyk"})"));
  storage->vault_put("olha", view(record));
  storage->vault_put("petro", view(R"({"name": "Petro Sydorenko"})"));
  const ErasureReport report = erase_person(*storage, "olha");
  CHECK(report.was_there);
  CHECK(report.pieces == std::vector<std::string>{record, "Olha Kovalenko", "olha.k@example.com", "+380441234567"});
  CHECK(report.traces.empty());
  CHECK(report.bytes_searched > std::filesystem::file_size(file));
  CHECK_FALSE(storage->vault_get("olha"));
  CHECK(storage->vault_get("petro"));
  CHECK_FALSE(erase_person(*storage, "olha").was_there);

  // "too-late" and "undecided" are holders in the log: whoever uses names for them is told.
  storage->vault_put("x", view(R"({"name": "undecided"})"));
  const ErasureReport found = erase_person(*storage, "x");
  REQUIRE_FALSE(found.traces.empty());
  CHECK(found.traces[0].find("of event/premiere") != std::string::npos);
}
