// Seat maps are stored once, under the hash of their bytes, however many events use them.

#include "ticketcore/log/stored_map.hpp"

#include <doctest/doctest.h>

#include <thread>

#include "little_sale.hpp"
#include "passing_storage.hpp"
#include "scratch_folder.hpp"
#include "ticketcore/engine/detail/desk.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/log/snapshot.hpp"
#include "ticketcore/storage/memory.hpp"
#include "ticketcore/storage/sqlite.hpp"

using namespace ticketcore;

namespace {

const SeatMapHash little_hash = seat_map_hash(*little::house());
const StreamId little_stream = stream_of(little_hash);

/// A map of the same places under another name.
[[nodiscard]] std::shared_ptr<const SeatMap> house_called(const std::string& name) {
  SeatMapData data = little::house()->data();
  data.name = name;
  return std::make_shared<const SeatMap>(SeatMap(std::move(data)));
}

[[nodiscard]] EventId nth_evening(int number) { return EventId("evening-" + std::to_string(number)); }

[[nodiscard]] std::uint64_t bytes_in(Storage& storage, const StreamId& name) {
  std::uint64_t bytes = 0;
  for (const Entry& entry : storage.read(name, 0, SIZE_MAX)) bytes += entry.bytes.size();
  return bytes;
}

/// Creates ten thousand events, each with a map of its own of the same bytes, and reads them anew.
void fill(Storage& storage) {
  constexpr int count = 10'000;
  constexpr std::uint64_t most_bytes_of_event = 512;
  std::vector<Event> kept;
  {
    BoxOffice office(storage);
    NewEvent event = little::event();
    for (int number = 0; number < count; ++number) {
      event.id = nth_evening(number);
      if (number % 100 == 0) event.seat_map = little::house();
      kept.push_back(office.create_event(event).value());
      REQUIRE(kept.back().seat_map() == kept.front().seat_map());
    }
    BoxOffice another(storage);
    for (int number = 0; number < count; number += 97)
      CHECK(another.event(nth_evening(number)).value().seat_map() == kept.front().seat_map());
    kept.clear();
  }
  CHECK(find_shared_seat_map(little_hash) == nullptr);
  CHECK(storage.list_streams("map/") == std::vector<StreamId>{little_stream});
  CHECK(storage.read(little_stream, 0, SIZE_MAX).size() == 1);
  for (int number = 0; number < count; number += 97)
    CHECK(bytes_in(storage, stream_of(nth_evening(number))) < most_bytes_of_event);
}

/// A store with one event, whose map nobody has in use.
struct Closed {
  MemoryStorage storage;
  Closed() { (void)BoxOffice(storage).create_event(little::event()).value(); }
  /// The map's stream, made anew.
  void replace_map(const MapEntry* other) {
    const Entry map = storage.read(little_stream, 0, 1).front();
    storage.remove_stream({little_stream, 1, map.checksum});
    if (other == nullptr) return;
    const Position position{little_stream, 0};
    const Append append{little_stream, other->checksum, other->bytes};
    storage.take_turn({&position, 1})->commit({&append, 1});
  }
  /// What an audit, a desk, and who creates another event on the map find wrong with it.
  void check_told(const std::string& what) {
    CAPTURE(what);
    REQUIRE(find_shared_seat_map(little_hash) == nullptr);
    CHECK_THROWS_WITH_AS(Desk(storage, "premiere").catch_up(), doctest::Contains(what.c_str()),
                         StorageDamaged);
    // Also where somebody has the map in use, who therefore need not read it.
    for (const bool in_use : {false, true}) {
      const auto map = in_use ? shared_seat_map(little::house()) : nullptr;
      const AuditReport report = audit(storage, "event/premiere");
      REQUIRE(report.problems.size() == 1);
      CHECK(report.problems.front().find(what) != std::string::npos);
    }
  }
};

/// A storage whose next commit is of unknown outcome.
class UnknownStorage final : public testing::PassingStorage {
 public:
  enum class Next : std::uint8_t { works, is_done, is_not_done };
  using PassingStorage::PassingStorage;
  Next next = Next::works;

  std::unique_ptr<Turn> take_turn(std::span<const Position> streams) override {
    return std::make_unique<UnknownTurn>(*this, PassingStorage::take_turn(streams));
  }

 private:
  class UnknownTurn final : public Turn {
   public:
    UnknownTurn(UnknownStorage& storage, std::unique_ptr<Turn> inner)
        : storage_(storage), inner_(std::move(inner)) {}
    std::vector<Entry> unseen(const StreamId& name) override { return inner_->unseen(name); }
    Timestamp now() override { return inner_->now(); }
    void commit(std::span<const Append> entries) override {
      const Next here = std::exchange(storage_.next, Next::works);
      if (here != Next::is_not_done) inner_->commit(entries);
      if (here != Next::works) throw CommitOutcomeUnknown("the connection was lost");
    }

   private:
    UnknownStorage& storage_;
    std::unique_ptr<Turn> inner_;
  };
};

}  // namespace

TEST_CASE("ten thousand events on one map: one map in memory, and one in the store") {
  SUBCASE("in memory") {
    MemoryStorage storage;
    fill(storage);
  }
  SUBCASE("in SQLite") {
    const testing::ScratchFolder folder;
    fill(*SqliteStorage::open(folder.path() / "box.db", {.sync = SqliteOptions::Sync::normal}));
  }
}

TEST_CASE("an event whose map is missing, damaged or another one is not opened, and the map is named") {
  Closed store;
  SUBCASE("missing") {
    store.replace_map(nullptr);
    store.check_told("the seat map " + little_stream + " is missing, which entry 1");
  }
  SUBCASE("damaged") {
    MapEntry damaged = encode_map_entry(*little::house());
    damaged.bytes[40] ^= 1;
    store.replace_map(&damaged);
    store.check_told("the seat map " + little_stream + " is damaged: its checksum does not match");
    BoxOffice office(store.storage);
    const auto refused = office.create_event(little::event("matinee"));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.refusal().reason == Reason::halted);
    CHECK(store.storage.list_streams("event/") == std::vector<StreamId>{"event/premiere"});
  }
  SUBCASE("another map") {
    const MapEntry other = encode_map_entry(*house_called("another"));
    store.replace_map(&other);
    store.check_told("the seat map " + little_stream + " is damaged: what stands there is another map");
  }
}

TEST_CASE("every flipped bit and every cut of a map's entry is noticed") {
  const MapEntry good = encode_map_entry(*little::house());
  CHECK(good.stream == little_stream);
  CHECK(std::ranges::equal(decode_map_entry(good.bytes, little_stream), encode_seat_map(*little::house())));
  for (std::size_t bit = 0; bit < good.bytes.size() * 8; ++bit) {
    Bytes bad = good.bytes;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
    CAPTURE(bit);
    CHECK_THROWS_AS((void)decode_map_entry(bad, little_stream), StorageError);
  }
  for (std::size_t size = 0; size < good.bytes.size(); ++size)
    CHECK_THROWS_AS((void)decode_map_entry(BytesView(good.bytes).first(size), little_stream), StorageDamaged);
}

TEST_CASE("an event that is refused leaves no map behind") {
  MemoryStorage storage;
  BoxOffice office(storage);
  const NewEvent made = little::event();
  const Event event = office.create_event(made).value();
  const CreateEvent again{made.id,
                          {made.name, "House", made.starts_at, made.prices, made.policy},
                          house_called("another"),
                          SaleStatus::on_sale};
  // Beside it something is granted, so that its turn has a commit.
  const std::vector<Answer> answers =
      event.ask({{little::request(1), again}, {little::request(2), SetSaleStatus{SaleStatus::on_sale}}});
  CHECK(answers[0].refusal()->reason == Reason::event_exists);
  CHECK(answers[1].refusal() == nullptr);
  CHECK(storage.list_streams("map/") == std::vector<StreamId>{little_stream});
}

TEST_CASE("a map that another host stores between the look and the turn is not stored twice") {
  MemoryStorage storage;
  testing::PassingStorage passing(storage);
  BoxOffice one(passing);
  BoxOffice other(storage);
  passing.before_turn = [&] { (void)other.create_event(little::event("matinee")).value(); };
  (void)one.create_event(little::event("soiree")).value();
  CHECK(storage.read(little_stream, 0, SIZE_MAX).size() == 1);
  for (const char* name : {"event/matinee", "event/soiree"}) CHECK(audit(storage, name).problems.empty());
}

TEST_CASE("two hosts that create events on the same maps at once wait for each other, and store each once") {
  const testing::ScratchFolder folder;
  const auto memory = std::make_unique<MemoryStorage>();
  const auto file = SqliteStorage::open(folder.path() / "box.db", {.sync = SqliteOptions::Sync::normal});
  for (Storage* storage : {static_cast<Storage*>(memory.get()), static_cast<Storage*>(file.get())}) {
    constexpr int rounds = 40;
    std::vector<std::thread> hosts;
    for (const char* host : {"a-", "b-"}) {
      hosts.emplace_back([storage, host] {
        BoxOffice office(*storage);
        for (int round = 0; round < rounds; ++round) {
          NewEvent event = little::event(EventId(host + std::to_string(round)));
          event.seat_map = house_called("house " + std::to_string(round));
          CHECK(office.create_event(event).ok());
        }
      });
    }
    for (std::thread& host : hosts) host.join();
    const auto maps = storage->list_streams("map/");
    CHECK(maps.size() == rounds);
    for (const StreamId& map : maps) CHECK(storage->read(map, 0, SIZE_MAX).size() == 1);
    const auto events = storage->list_streams("event/");
    CHECK(events.size() == 2 * rounds);
    for (const StreamId& event : events) CHECK(audit(*storage, event).problems.empty());
  }
}

TEST_CASE("a commit of unknown outcome leaves event and map in the store, both once") {
  for (const auto next : {UnknownStorage::Next::is_done, UnknownStorage::Next::is_not_done}) {
    MemoryStorage memory;
    UnknownStorage storage(memory);
    BoxOffice office(storage);
    storage.next = next;
    CHECK(office.create_event(little::event()).ok());
    CHECK(storage.next == UnknownStorage::Next::works);
    CHECK(memory.read(little_stream, 0, SIZE_MAX).size() == 1);
    CHECK(memory.read("event/premiere", 0, SIZE_MAX).size() == 1);
  }
}

TEST_CASE("a snapshot names a map that the storage has, and carries any other") {
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  little::sell_a_bit(storage, clock);
  Desk desk(storage, "premiere");
  desk.catch_up();
  const auto encoded = [&](Storage* maps) { return encode_snapshot(desk.state(), 9, 1, maps); };
  const Bytes named = encoded(&storage);
  MemoryStorage empty;
  const Bytes whole = encoded(&empty);
  const std::size_t map_size = encode_seat_map(*little::house()).size();
  CHECK(whole.size() == named.size() + map_size + 1);  // its length takes two bytes instead of one
  CHECK(encoded(nullptr) == whole);
  desk.save_snapshot();
  CHECK(storage.load_snapshot("event/premiere")->bytes.size() == named.size());

  desk.let_go();
  REQUIRE(find_shared_seat_map(little_hash) == nullptr);
  const auto read = [](const Bytes& snapshot, Storage& maps) {
    return decode_snapshot(snapshot, "a snapshot", maps).value().state.seat_map()->data();
  };
  CHECK(read(named, storage) == little::house()->data());
  CHECK(read(whole, empty) == little::house()->data());
  CHECK_THROWS_WITH_AS((void)decode_snapshot(named, "a snapshot", empty), doctest::Contains("is missing"),
                       StorageDamaged);
}
