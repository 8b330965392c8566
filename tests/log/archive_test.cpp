#include "ticketcore/log/archive.hpp"
#include "scratch_folder.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>

#include "little_sale.hpp"
#include "passing_storage.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/log/erasure.hpp"
#include "ticketcore/log/stored_map.hpp"
#include "ticketcore/storage/memory.hpp"
#include "ticketcore/storage/sqlite.hpp"

using namespace ticketcore;

namespace {

void write(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

[[nodiscard]] std::size_t files_in(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

/// A storage in which others do something before a call that reads: the nth, counted from 0. Unless told
/// otherwise it reads one entry at a time, so that much may happen between two.
class MeanwhileStorage final : public testing::PassingStorage {
 public:
  MeanwhileStorage(Storage& inner, long nth, std::function<void()> others, std::size_t page_bytes = 1)
      : PassingStorage(inner), until_(nth), others_(std::move(others)), page_bytes_(page_bytes) {}
  [[nodiscard]] bool came_so_far() const { return until_ < 0; }

  std::vector<Entry> read(const StreamId& stream, Revision after, std::size_t) override {
    meanwhile();
    return PassingStorage::read(stream, after, page_bytes_);
  }
  std::optional<Snapshot> load_snapshot(const StreamId& stream) override {
    meanwhile();
    return PassingStorage::load_snapshot(stream);
  }

 private:
  void meanwhile() {
    if (until_-- == 0) others_();
  }

  long until_;
  std::function<void()> others_;
  std::size_t page_bytes_;
};

/// Sells a bit, saves a snapshot, and sells on, so that log and snapshot end at different entries.
void sell_past_a_snapshot(Storage& storage, little::Clock& clock) {
  little::sell_a_bit(storage, clock);
  BoxOffice office(storage, {.clock = clock.reader()});
  const Event event = office.event("premiere").value();
  event.save_snapshot();
  REQUIRE(event.hold({"Hall-B-8"}, {.holder = "buyer"}).ok());
}

/// Where a stream ends.
[[nodiscard]] Position end_of(Storage& storage, const StreamId& stream) {
  const auto entries = storage.read(stream, 0, SIZE_MAX);
  return {stream, entries.back().revision, entries.back().checksum};
}

}  // namespace

TEST_CASE("an archived event leaves the store, can be looked into, and comes back as it was") {
  const testing::ScratchFolder folder;
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  little::sell_a_bit(storage, clock);
  const AuditReport before = audit(storage, "event/premiere");
  const auto file = folder.path() / "premiere.archive";

  const ArchiveReport report = archive_event(storage, "premiere", file);
  CHECK(report.revision == before.revision);
  const StreamId map = stream_of(seat_map_hash(*little::house()));
  CHECK(report.bytes == before.bytes + storage.read(map, 0, 1).front().bytes.size());
  CHECK(std::filesystem::file_size(file) == report.bytes + 16);
  CHECK(is_archive(file));
  CHECK_FALSE(std::filesystem::exists(file.string() + ".part"));
  CHECK(audit(*open_archive(file), "event/premiere").takings.size() == before.takings.size());

  CHECK_THROWS_AS(archive_event(storage, "premiere", file), StorageUnavailable);
  CHECK_THROWS_AS((void)restore_event(storage, file), StorageError);
  storage.remove_stream({"event/premiere", report.revision, report.checksum});
  CHECK(storage.list_streams("") == std::vector<StreamId>{map});  // others may use it
  CHECK(restore_event(storage, file).revision == report.revision);
  CHECK(storage.read(map, 0, SIZE_MAX).size() == 1);
  const AuditReport after = audit(storage, "event/premiere");
  CHECK(after.problems.empty());
  CHECK(after.paid == before.paid);
  CHECK(after.refunded == before.refunded);
}

TEST_CASE("an archive stands alone: it brings the event's seat map to a store that does not have it") {
  const testing::ScratchFolder folder;
  const auto file = folder.path() / "premiere.archive";
  const StreamId map = stream_of(seat_map_hash(*little::house()));
  little::Clock clock;
  {
    MemoryStorage storage(clock.reader());
    little::sell_a_bit(storage, clock);
    (void)archive_event(storage, "premiere", file);
  }
  const auto archive = open_archive(file);
  CHECK(archive->list_streams("") == std::vector<StreamId>{"event/premiere", map});
  CHECK(archive->list_streams("map/") == std::vector<StreamId>{map});
  const Position known{map, 0};
  CHECK(archive->wait_for_news({&known, 1}, std::chrono::milliseconds(0)));

  MemoryStorage empty(clock.reader());
  (void)restore_event(empty, file);
  CHECK(audit(empty, "event/premiere").problems.empty());
  CHECK(empty.list_streams("") == std::vector<StreamId>{"event/premiere", map});

  // Another event brings the map meanwhile.
  MemoryStorage store(clock.reader());
  testing::PassingStorage passing(store);
  passing.before_turn = [&] {
    BoxOffice office(store, {.clock = clock.reader()});
    (void)office.create_event(little::event("matinee")).value();
  };
  (void)restore_event(passing, file);
  CHECK(store.read(map, 0, SIZE_MAX).size() == 1);
  CHECK(audit(store, "event/premiere").problems.empty());
}

TEST_CASE("an archive without the map that its log names, or with others, is not restored") {
  const testing::ScratchFolder folder;
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  little::sell_a_bit(storage, clock);
  (void)archive_event(storage, "premiere", folder.path() / "good");
  const std::string good = testing::content_of(folder.path() / "good");
  const auto text_of = [](const Bytes& bytes) { return std::string(bytes.begin(), bytes.end()); };
  const std::string map = text_of(encode_map_entry(*little::house()).bytes);
  SeatMapData data = little::house()->data();
  data.name = "another";
  const std::string other = text_of(encode_map_entry(SeatMap(data)).bytes);
  const std::string log = good.substr(0, good.size() - 16 - map.size());
  const std::string end = good.substr(good.size() - 16);
  REQUIRE(good == log + map + end);
  for (const std::string& bytes : {log + end, log + other + end, log + map + map + end,
                                   log + map + other + end, log + other + map + end, map + log + end}) {
    write(folder.path() / "bad", bytes);
    MemoryStorage empty(clock.reader());
    CHECK_THROWS_AS((void)restore_event(empty, folder.path() / "bad"), StorageDamaged);
    CHECK(empty.list_streams("").empty());
  }
}

TEST_CASE("an archive with a flipped bit, a cut, or a missing entry is not restored") {
  const testing::ScratchFolder folder;
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  little::sell_a_bit(storage, clock);
  const auto file = folder.path() / "good";
  (void)archive_event(storage, "premiere", file);
  const std::string good = testing::content_of(file);
  const auto refused = [&](const std::string& bytes) {
    write(folder.path() / "bad", bytes);
    MemoryStorage empty(clock.reader());
    CHECK_THROWS_AS((void)restore_event(empty, folder.path() / "bad"), StorageError);
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
  const testing::ScratchFolder folder;
  MemoryStorage storage;
  CHECK_THROWS_AS(archive_event(storage, "none", folder.path() / "x"), StorageError);
  CHECK_THROWS_AS(archive_event(storage, "none", folder.path() / "no" / "x"), StorageUnavailable);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE(
    "of two who archive to one file neither gets at the other's, whenever he comes, and whether he ends or "
    "breaks off") {
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  little::sell_a_bit(storage, clock);
  const testing::ScratchFolder apart;
  (void)archive_event(storage, "premiere", apart.path() / "good");
  const std::string good = testing::content_of(apart.path() / "good");
  for (const bool breaks_off : {true, false}) {
    CAPTURE(breaks_off);
    for (long nth = 0;; ++nth) {
      CAPTURE(nth);
      const testing::ScratchFolder folder;
      const auto file = folder.path() / "premiere.archive";
      bool other_has_it = false;
      MeanwhileStorage mine(storage, nth, [&] {
        MeanwhileStorage others(storage, breaks_off ? 3 : -1,
                                [] { throw StorageUnavailable("it broke off"); });
        try {
          (void)archive_event(others, "premiere", file);
          other_has_it = true;
        } catch (const StorageUnavailable&) {
        }
      });
      try {
        (void)archive_event(mine, "premiere", file);
        CHECK_FALSE(other_has_it);
      } catch (const StorageUnavailable&) {
        CHECK(other_has_it);
      }
      CHECK(testing::content_of(file) == good);
      CHECK(files_in(folder.path()) == 1);
      if (!mine.came_so_far()) break;
    }
  }
}

TEST_CASE("what somebody left behind who was killed is nobody's archive, and in nobody's way") {
  const testing::ScratchFolder folder;
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  little::sell_a_bit(storage, clock);
  const auto file = folder.path() / "premiere.archive";
  for (const char* left : {".part", ".part1", ".part2"}) write(file.string() + left, "another's");
  (void)archive_event(storage, "premiere", file);
  CHECK(audit(*open_archive(file), "event/premiere").problems.empty());
  for (const char* left : {".part", ".part1", ".part2"})
    CHECK(testing::content_of(file.string() + left) == "another's");
  CHECK(files_in(folder.path()) == 4);
}

TEST_CASE("an event that is removed while it is audited is no fault of its log") {
  for (long nth = 0;; ++nth) {
    CAPTURE(nth);
    little::Clock clock;
    MemoryStorage storage(clock.reader());
    sell_past_a_snapshot(storage, clock);
    MeanwhileStorage audited(storage, nth, [&] { storage.remove_stream(end_of(storage, "event/premiere")); });
    CHECK(audit(audited, "event/premiere").problems == std::vector<std::string>{});
    if (!audited.came_so_far()) break;
  }
}

TEST_CASE("of an event that is removed while it is archived there is a whole archive or none") {
  for (long nth = 0;; ++nth) {
    CAPTURE(nth);
    const testing::ScratchFolder folder;
    const auto file = folder.path() / "premiere.archive";
    little::Clock clock;
    MemoryStorage storage(clock.reader());
    sell_past_a_snapshot(storage, clock);
    const Revision whole = end_of(storage, "event/premiere").known;
    MeanwhileStorage archived(storage, nth,
                              [&] { storage.remove_stream(end_of(storage, "event/premiere")); });
    try {
      const ArchiveReport report = archive_event(archived, "premiere", file);
      CHECK(report.revision == whole);
      CHECK(testing::content_of(file).size() == report.bytes + 16);
    } catch (const StorageDamaged& error) {
      FAIL(error.what());
    } catch (const StorageError&) {
      CHECK(files_in(folder.path()) == 0);
    }
    if (!archived.came_so_far()) break;
  }
}

TEST_CASE(
    "an audit of an event that is on sale finds no fault, whatever is sold and whichever snapshot is saved "
    "at any moment") {
  for (const bool saves : {true, false}) {
    for (const std::size_t page_bytes : {std::size_t{1}, SIZE_MAX}) {
      for (long nth = 0;; ++nth) {
        CAPTURE(saves);
        CAPTURE(page_bytes);
        CAPTURE(nth);
        little::Clock clock;
        MemoryStorage storage(clock.reader());
        sell_past_a_snapshot(storage, clock);
        BoxOffice office(storage, {.clock = clock.reader()});
        const Event event = office.event("premiere").value();
        const auto sell = [&] {
          CHECK(event.hold({"Hall-A-7"}, {.holder = "buyer"}).ok());
          CHECK(event.hold({"Hall-A-8"}, {.holder = "another"}).ok());
          if (saves) event.save_snapshot();
        };
        MeanwhileStorage audited(storage, nth, sell, page_bytes);
        CHECK(audit(audited, "event/premiere").problems == std::vector<std::string>{});
        if (!audited.came_so_far()) break;
      }
    }
  }
}

TEST_CASE("an event that is sold from as soon as it is restored has been restored") {
  const testing::ScratchFolder folder;
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  little::sell_a_bit(storage, clock);
  const auto file = folder.path() / "premiere.archive";
  (void)archive_event(storage, "premiere", file);
  for (long nth = 0;; ++nth) {
    CAPTURE(nth);
    MemoryStorage restored(clock.reader());
    MeanwhileStorage meanwhile(restored, nth, [&] {
      if (restored.list_streams("").empty()) return;  // not yet
      BoxOffice office(restored, {.clock = clock.reader()});
      const Event event = office.event("premiere").value();
      CHECK(event.hold({"Hall-B-8"}, {.holder = "buyer"}).ok());
      event.save_snapshot();
    });
    CHECK_NOTHROW((void)restore_event(meanwhile, file));
    if (!meanwhile.came_so_far()) break;
  }
}

TEST_CASE("an erased person leaves no trace in the store's files, and a trace in the log is told") {
  const testing::ScratchFolder folder;
  const auto file = folder.path() / "box.db";
  little::Clock clock;
  const auto storage = SqliteStorage::open(file, {.clock = clock.reader()});
  little::sell_a_bit(*storage, clock);
  const std::string record =
      R"({"name": "Olha Kovalenko", "email": "olha.k@example.com", "telephone": "+380441234567"})";
  const auto view = [](const std::string& text) {
    return BytesView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  };
  storage->vault_put("olha", view(record));
  storage->vault_put("olha", view(R"({"name": "Olha Kovalenko-Melnyk"})"));
  storage->vault_put("olha", view(record));
  storage->vault_put("petro", view(R"({"name": "Petro Sydorenko"})"));
  const ErasureReport report = erase_person(*storage, "olha");
  CHECK(report.was_there);
  CHECK(report.pieces ==
        std::vector<std::string>{record, "Olha Kovalenko", "olha.k@example.com", "+380441234567"});
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
