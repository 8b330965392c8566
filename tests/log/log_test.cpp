#include "ticketcore/log/log.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "little_house.hpp"
#include "ticketcore/base/crc32c.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/log/snapshot.hpp"
#include "ticketcore/storage/memory.hpp"

using namespace ticketcore;

namespace {

const Timestamp turn = *parse_rfc3339("2027-01-10T10:00:00.000123Z");

[[nodiscard]] Bytes entry_of(const std::vector<Fact>& facts) {
  EntryWriter writer;
  writer.begin({7, turn, 0xABCD'1234, 0});
  for (const Fact& fact : facts) writer.add(fact);
  const BytesView bytes = writer.finish();
  return {bytes.begin(), bytes.end()};
}

/// Of an entry that may name the little house.
/// The little house with its row A called C.
[[nodiscard]] std::shared_ptr<const SeatMap> changed_house() {
  SeatMapData changed = little::house()->data();
  changed.rows[0].label = "C";
  return std::make_shared<const SeatMap>(std::move(changed));
}

/// What the stories below name.
void put_maps(Storage& storage) {
  little::put_map(storage, *little::house());
  little::put_map(storage, *changed_house());
}

[[nodiscard]] LogEntry read_entry(BytesView bytes, std::string_view what) {
  MemoryStorage maps;
  put_maps(maps);
  return decode_entry(bytes, what, maps);
}

constexpr std::uint64_t golden_digest = 0x0123'4567'89AB'CDEFULL;

/// One story that has every kind of fact, the same to the byte on every machine.
[[nodiscard]] std::vector<Bytes> golden_story() {
  const NewEvent event = little::event();
  const EventSettings settings{event.name,   "Little house", event.starts_at,
                               event.prices, event.policy,   "Europe/Kyiv"};
  const HoldId first{little::request(3)};
  const HoldId second{little::request(4)};
  const HoldId third{little::request(5)};
  const auto deadline = std::chrono::sys_seconds{std::chrono::ceil<std::chrono::seconds>(turn)};
  // Row A has become row C, and who had A-1 gets B-8.
  const std::shared_ptr<const SeatMap> map = changed_house();
  QuotedPrice price;
  price.lines = {{CategoryIndex{0}, 0, 2, 30'000}, {CategoryIndex{1}, 0, 3, 10'000}};
  price.fee_per_ticket = 500;
  price.fee_per_order = 1'200;
  price.total = 2 * 30'500 + 3 * 10'500 + 1'200;
  price.tax = price.total / 6;
  const std::vector<std::vector<Fact>> batches = {
      {{little::request(1), EventCreated{event.id, settings, event.seat_map, SaleStatus::off_sale}}},
      {{little::request(2), SaleStatusChanged{SaleStatus::on_sale}},
       {little::request(3), HoldPlaced{"cart-1",
                                       {PlaceIndex{0}, PlaceIndex{1}},
                                       {{AreaIndex{0}, 3}},
                                       deadline + std::chrono::seconds(600)}},
       {little::request(4), HoldPlaced{"cart-2", {PlaceIndex{4}}, {}, deadline + std::chrono::seconds(5)}},
       {little::request(5),
        HoldPlaced{"cart-3", {PlaceIndex{7}, PlaceIndex{5}}, {}, deadline + std::chrono::seconds(60)}}},
      {{{}, HoldExpired{second}},
       {little::request(7), HoldExtended{first, deadline + std::chrono::seconds(900)}},
       {little::request(8), HoldReleased{third}},
       {little::request(9), HoldQuoted{first, price}}},
      {{little::request(10), OrderPlaced{first, 1, {"card", "ch_3Nx", price.total}}},
       {little::request(11), TicketAdmitted{{OrderId{little::request(10)}, 1}, "north"}}},
      {{little::request(12), TicketsRefunded{OrderId{little::request(10)}, {2, 4}, 30'500 + 10'500, "re_1"}},
       {little::request(13), EventConfigured{settings}},
       {little::request(14), MapReplaced{map, {{PlaceIndex{0}, PlaceIndex{15}}}}}}};
  std::vector<Bytes> entries;
  std::uint32_t checksum = 0;
  EntryWriter writer;
  for (const std::vector<Fact>& batch : batches) {
    writer.begin({entries.size() + 1, turn + std::chrono::seconds(10 * entries.size()), checksum, 0});
    for (Fact fact : batch) {
      if (!fact.request.is_zero()) fact.digest = golden_digest + fact.request.low;
      writer.add(fact);
    }
    const BytesView bytes = writer.finish();
    checksum = writer.checksum();
    entries.emplace_back(bytes.begin(), bytes.end());
  }
  return entries;
}

[[nodiscard]] std::filesystem::path golden(const char* name) {
  return std::filesystem::path(TICKETCORE_SOURCE_DIR) / "tests" / "golden" / name;
}

[[nodiscard]] Bytes read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_file(const std::filesystem::path& path, BytesView bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

/// A log of whole entries, one after the other: each says how long it is.
[[nodiscard]] std::vector<Bytes> split(const Bytes& log) {
  std::vector<Bytes> entries;
  for (std::size_t at = 0; at < log.size();) {
    REQUIRE(log.size() - at >= 12);
    const std::size_t size = log[at + 8] | static_cast<std::size_t>(log[at + 9]) << 8 |
                             static_cast<std::size_t>(log[at + 10]) << 16;
    REQUIRE(size <= log.size() - at);
    entries.emplace_back(log.begin() + static_cast<std::ptrdiff_t>(at),
                         log.begin() + static_cast<std::ptrdiff_t>(at + size));
    at += size;
  }
  return entries;
}

[[nodiscard]] EventState replay(const std::vector<Bytes>& entries) {
  EventState state;
  for (const Bytes& bytes : entries) {
    const LogEntry entry = read_entry(bytes, "a golden entry");
    for (const Fact& fact : entry.facts) state.apply(fact, {entry.header.revision, entry.header.turn});
  }
  return state;
}

/// What an entry says its checksum is, damaged or not.
std::uint32_t sealed_checksum(BytesView entry) {
  std::uint32_t checksum = 0;
  for (std::size_t byte = 16; byte-- > 12;) checksum = checksum << 8 | entry[byte];
  return checksum;
}

}  // namespace

TEST_CASE("what is written is what is read, header and facts") {
  const LogEntry read = read_entry(entry_of({{little::request(1), HoldReleased{HoldId{little::request(9)}}},
                                             {{}, HoldExpired{HoldId{little::request(8)}}}}),
                                   "it");
  CHECK(read.header.revision == 7);
  CHECK(read.header.turn == turn);
  CHECK(read.header.previous_checksum == 0xABCD'1234);
  REQUIRE(read.facts.size() == 2);
  CHECK(read.facts[0].request == little::request(1));
  CHECK(std::get<HoldReleased>(read.facts[0].body).hold == HoldId{little::request(9)});
  CHECK(read.facts[1].request.is_zero());
}

TEST_CASE("an entry's header can be read alone, and proves the whole entry") {
  Bytes entry = entry_of({{little::request(1), HoldReleased{HoldId{little::request(9)}}}});
  const EntryHeader header = decode_entry_header(entry, "it");
  CHECK(header.revision == 7);
  CHECK(header.turn == turn);
  CHECK(header.checksum == read_entry(entry, "it").header.checksum);
  entry.back() ^= 1;
  CHECK_THROWS_AS((void)decode_entry_header(entry, "it"), StorageDamaged);
}

TEST_CASE("a seat map survives the log to the last coordinate") {
  const auto map = little::house();
  CHECK(decode_seat_map(encode_seat_map(*map), "it").data() == map->data());
}

TEST_CASE("every flipped bit and every cut is noticed") {
  const Bytes good = entry_of(
      {{little::request(1),
        HoldPlaced{
            "cart", {PlaceIndex{3}}, {}, std::chrono::sys_seconds{std::chrono::seconds{1'800'000'000}}}}});
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
    INFO("bit ", bit);
    CHECK_THROWS_AS((void)read_entry(bad, "it"), StorageError);
  }
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK_THROWS_AS((void)read_entry(BytesView(good).first(size), "it"), StorageDamaged);
}

TEST_CASE("a newer format is called newer, not damaged") {
  Bytes newer = entry_of({});
  newer[4] = log_format_version + 1;
  CHECK_THROWS_WITH_AS((void)read_entry(newer, "entry 7 of event/gala"),
                       doctest::Contains("entry 7 of event/gala has format version 2"), StorageNewer);
}

TEST_CASE("a reader of today skips what a later version adds, and stops at what it must not miss") {
  const Fact held{
      little::request(1),
      HoldPlaced{"cart", {PlaceIndex{3}}, {}, std::chrono::sys_seconds{std::chrono::seconds{1'800'000'000}}}};
  // The header's length, number of facts and checksum made to fit what stands behind it.
  const auto sealed = [](Bytes entry, std::uint32_t facts) {
    const auto put = [&](std::size_t at, std::uint32_t value) {
      std::memcpy(entry.data() + at, &value, sizeof value);
    };
    put(8, static_cast<std::uint32_t>(entry.size()));
    put(36, facts);
    put(12, crc32c(BytesView(entry).subspan(16), crc32c(BytesView(entry).first(12))));
    return entry;
  };
  const auto append_fact = [](Bytes entry, std::uint8_t tag) {
    const std::uint8_t fact[] = {3, 0, 0, 0, tag, 16, 7};
    entry.insert(entry.end(), std::begin(fact), std::end(fact));
    return entry;
  };
  const Bytes today = entry_of({held});

  Bytes field = today;
  const std::uint8_t later[] = {0x82, 0x07, 3,    'n', 'e',
                                'w',  0x88, 0x07, 5};  // field 112, three bytes; field 113, a number
  field.insert(field.end(), std::begin(later), std::end(later));
  field[40] = static_cast<std::uint8_t>(field[40] + sizeof later);
  const LogEntry with_field = read_entry(sealed(field, 1), "it");
  REQUIRE(with_field.facts.size() == 1);
  CHECK(with_field.facts[0].request == held.request);
  CHECK(std::get<HoldPlaced>(with_field.facts[0].body).places == PlaceList{PlaceIndex{3}});

  const LogEntry with_fact = read_entry(sealed(append_fact(today, 64), 2), "it");
  CHECK(with_fact.facts.size() == 1);
  CHECK(with_fact.skipped_facts == 1);
  CHECK_THROWS_WITH_AS((void)read_entry(sealed(append_fact(today, 63), 2), "it"),
                       doctest::Contains("a fact of kind 63"), StorageNewer);
}

TEST_CASE("yesterday's log opens today, and today's writer writes it to the byte") {
  const std::vector<Bytes> story = golden_story();
  MemoryStorage maps;
  put_maps(maps);
  if (std::getenv("TICKETCORE_WRITE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(golden(""));
    Bytes log;
    for (const Bytes& entry : story) log.insert(log.end(), entry.begin(), entry.end());
    write_file(golden("v1.log"), log);
    const EventState state = replay(story);
    const Bytes snapshot =
        encode_snapshot(state, story.size(), read_entry(story.back(), "it").header.checksum, &maps);
    write_file(golden("v1.snapshot"), snapshot);
    write_file(golden("v1.map"), encode_map_entry(*little::house()).bytes);
  }
  const Bytes map = read_file(golden("v1.map"));
  CHECK(map == encode_map_entry(*little::house()).bytes);
  CHECK(decode_seat_map(decode_map_entry(map, stream_of(seat_map_hash(*little::house()))), "it").data() ==
        little::house()->data());
  const std::vector<Bytes> kept = split(read_file(golden("v1.log")));
  CHECK(kept == story);
  const EventState state = replay(kept);
  state.check_everything();
  CHECK(state.orders().size() == 1);
  CHECK(state.orders()[0].live_tickets == 3);
  CHECK(state.orders().tickets()[0].admitted_at != 0);
  CHECK(state.seat_map()->label(state.orders().tickets()[0].place()) == "Hall-B-8");
  CHECK(state.places().codes()[0] == place_code::retired);
  CHECK(state.areas()[0].sold == 2);
  CHECK(state.holds().open_count() == 0);
  CHECK(state.requests().find(little::request(9))->tag == HoldQuoted::tag);
  CHECK(state.requests().find(little::request(9))->digest == golden_digest + little::request(9).low);
  // The hold that was sold knows its order; those that ran out, or were let go, have none.
  const auto order_of = [](const EventState& of, std::uint64_t hold) {
    return of.requests().find(little::request(hold))->order;
  };
  CHECK(order_of(state, 3) == 1);
  CHECK(order_of(state, 4) + order_of(state, 5) == 0);

  const auto snapshot = decode_snapshot(read_file(golden("v1.snapshot")), "the golden snapshot", maps);
  REQUIRE(snapshot.has_value());
  CHECK(snapshot->revision == 5);
  snapshot->state.check_everything();
  CHECK(std::ranges::equal(snapshot->state.places().codes(), state.places().codes()));
  CHECK(snapshot->state.seat_map()->data() == state.seat_map()->data());
  CHECK(snapshot->state.requests().find(little::request(9))->digest ==
        golden_digest + little::request(9).low);
  CHECK(order_of(snapshot->state, 3) == 1);
}

TEST_CASE("an audit proves a good log and finds what is wrong with a bad one") {
  const std::vector<Bytes> story = golden_story();
  const auto storage_of = [](const std::vector<Bytes>& entries) {
    auto storage = std::make_unique<MemoryStorage>();
    put_maps(*storage);
    for (const Bytes& entry : entries) {
      const Position position{"event/premiere", 0};
      const auto right = storage->take_turn({&position, 1});
      const Append append{"event/premiere", sealed_checksum(entry), entry};
      right->commit({&append, 1});
    }
    return storage;
  };
  const AuditReport good = audit(*storage_of(story), "event/premiere");
  CHECK(good.problems.empty());
  CHECK(good.revision == 5);
  CHECK(good.paid - good.refunded == good.state.orders()[0].total - good.state.orders()[0].refunded);

  std::vector<Bytes> damaged = story;
  damaged[3][60] ^= 4;
  const AuditReport cut = audit(*storage_of(damaged), "event/premiere");
  CHECK(cut.revision == 3);
  REQUIRE(cut.problems.size() == 1);
  CHECK(cut.problems[0].find("entry 4 of event/premiere") != std::string::npos);

  // An entry that sells a place to a second holder: well formed, and a lie.
  EntryWriter writer;
  writer.begin({6, turn + std::chrono::hours(1), read_entry(story.back(), "it").header.checksum, 0});
  writer.add(
      {little::request(50),
       HoldPlaced{
           "thief", {PlaceIndex{0}}, {}, std::chrono::sys_seconds{std::chrono::seconds{1'900'000'000}}}});
  std::vector<Bytes> forged = story;
  const BytesView lie = writer.finish();
  forged.emplace_back(lie.begin(), lie.end());
  const AuditReport found = audit(*storage_of(forged), "event/premiere");
  REQUIRE(found.problems.size() == 1);
  CHECK(found.problems[0].find("a place is held that is not free") != std::string::npos);
}
