#include "ticketcore/engine/change_feed.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>

#include "little_house.hpp"
#include "ticketcore/storage/memory.hpp"

using namespace ticketcore;
using namespace std::chrono_literals;

namespace {

struct WatchedHall {
  little::Clock clock{};
  MemoryStorage storage{clock.reader()};
  BoxOffice office{storage, {.clock = clock.reader()}};
  Event event = office.create_event(little::event()).value();
  ChangeFeed feed{};

  [[nodiscard]] std::chrono::sys_seconds second() const {
    return std::chrono::floor<std::chrono::seconds>(clock.now);
  }
  /// Shows the feed the event at this very second.
  bool show() { return feed.show(event.availability(), second()); }
  [[nodiscard]] HoldId hold(std::string_view place, std::chrono::seconds ttl = 10min) const {
    return event.hold({place}, {.holder = "cart", .ttl = ttl}).value().id;
  }
  [[nodiscard]] std::vector<std::string> labels(const Changes& changes) const {
    std::vector<std::string> labels;
    for (const PlaceIndex place : changes.places) labels.push_back(event.seat_map()->label(place));
    return labels;
  }
};

using PlaceLabels = std::vector<std::string>;

/// Somebody far away, who knows of the event only what the feed told.
struct FeedReader {
  std::optional<FeedPosition> at{};
  std::vector<PlaceStatus> places{};
  std::vector<StatusCounts> areas{};

  void take(const Changes& changes) {
    at = changes.position();
    if (changes.whole) {
      places = changes.now->places;
      areas = changes.now->areas;
      return;
    }
    for (const PlaceIndex place : changes.places) places[place.value] = changes.now->places[place.value];
    for (const AreaIndex area : changes.areas) areas[area.value] = changes.now->areas[area.value];
  }
  [[nodiscard]] bool knows(const AvailabilityAt& now) const {
    return places == now.places && areas == now.areas;
  }
};

}  // namespace

TEST_CASE("a position of a feed is read as it is written, and nothing else is one") {
  const FeedPosition position{17, std::chrono::sys_seconds{1'800'000'000s}};
  CHECK(to_string(position) == "17-1800000000");
  CHECK(parse_feed_position("17-1800000000") == position);
  for (const char* text : {"", "17", "-", "17-", "-5", "17-5x", "x", " 17-5", "99999999999999999999-1"})
    CHECK_FALSE(parse_feed_position(text));
}

TEST_CASE("a reader starts with the whole and goes on with what changes") {
  WatchedHall hall;
  CHECK(hall.show());
  const Changes first = hall.feed.since({});
  CHECK(first.whole);
  CHECK(hall.feed.newest().whole);
  CHECK(first.now->places.size() == 17);
  CHECK_FALSE(hall.show());

  const HoldId hold = hall.hold("Hall-A-3");
  CHECK(hall.show());
  const Changes held = hall.feed.since(first.position());
  CHECK_FALSE(held.whole);
  CHECK(hall.labels(held) == PlaceLabels{"Hall-A-3"});
  CHECK(held.now->places[held.places[0].value] == PlaceStatus::held);
  CHECK(hall.labels(hall.feed.newest()) == PlaceLabels{"Hall-A-3"});

  REQUIRE(hall.event.release(hold).ok());
  (void)hall.hold("Hall-B-8");
  CHECK(hall.show());
  // What changed and changed back is told once more; what is told is how it stands now.
  const Changes later = hall.feed.since(first.position());
  CHECK(hall.labels(later) == PlaceLabels{"Hall-A-3", "Hall-B-8"});
  CHECK(later.now->places[later.places[0].value] == PlaceStatus::free);
  CHECK(hall.labels(hall.feed.since(held.position())) == PlaceLabels{"Hall-A-3", "Hall-B-8"});
  CHECK(hall.feed.since(later.position()).places.empty());
  CHECK_FALSE(hall.feed.since(later.position()).whole);
}

TEST_CASE("areas and the sale status are news, a quote is none") {
  WatchedHall hall;
  hall.show();
  const FeedPosition before = hall.feed.now()->position();
  const Hold hold = hall.event.hold(Selection{.areas = {{"Hall-Standing", 4}}}, {.holder = "crowd"}).value();
  CHECK(hall.show());
  const Changes changes = hall.feed.since(before);
  REQUIRE(changes.areas.size() == 1);
  CHECK(changes.now->areas[changes.areas[0].value] == StatusCounts{6, 4, 0, 0});
  REQUIRE(hall.event.quote(hold.id, {{"adult", 4, ""}}).ok());
  CHECK_FALSE(hall.show());
  CHECK(hall.feed.now()->position().revision == hall.event.revision());
  REQUIRE(hall.event.set_sale_status(SaleStatus::off_sale).ok());
  CHECK(hall.show());
  CHECK(hall.feed.newest().places.empty());
  CHECK(hall.feed.now()->event->sale_status() == SaleStatus::off_sale);
  // Held for ten minutes; nothing is committed when they are over.
  hall.clock.now += 10min;
  CHECK(hall.show());
  CHECK(hall.feed.now()->areas[0] == StatusCounts{10, 0, 0, 0});
}

TEST_CASE("a hold that runs out is news without a turn") {
  WatchedHall hall;
  (void)hall.hold("Hall-A-1", 60s);
  hall.show();
  const FeedPosition held = hall.feed.now()->position();
  hall.clock.now += 59s;
  CHECK_FALSE(hall.show());
  // It still looked so then: who was told by another host at any second until now has missed nothing.
  const FeedPosition of_another_host{held.revision, hall.second() - 30s};
  CHECK_FALSE(hall.feed.since(of_another_host).whole);
  hall.clock.now += 1s;
  CHECK(hall.show());
  CHECK(hall.feed.now()->position() == FeedPosition{held.revision, held.second + 60s});
  for (const FeedPosition& position : {held, of_another_host}) {
    const Changes changes = hall.feed.since(position);
    CHECK_FALSE(changes.whole);
    CHECK(hall.labels(changes) == PlaceLabels{"Hall-A-1"});
  }
}

TEST_CASE("a position between two looks of a revision goes on with the second of them") {
  WatchedHall hall;
  (void)hall.hold("Hall-A-1", 60s);
  (void)hall.hold("Hall-A-2", 70s);
  hall.show();
  const FeedPosition held = hall.feed.now()->position();
  // This host slept while both ran out; another looked in between.
  hall.clock.now += 80s;
  hall.show();
  const Changes changes = hall.feed.since(FeedPosition{held.revision, held.second + 65s});
  CHECK_FALSE(changes.whole);
  CHECK(hall.labels(changes) == PlaceLabels{"Hall-A-1", "Hall-A-2"});
}

TEST_CASE("where there may be a gap the reader starts anew") {
  WatchedHall hall;
  (void)hall.hold("Hall-A-1", 60s);
  hall.show();
  const FeedPosition shown = hall.feed.now()->position();
  const auto starts_anew = [&](Revision revision, std::chrono::sys_seconds second) {
    return hall.feed.since(FeedPosition{revision, second}).whole;
  };
  CHECK(starts_anew(shown.revision - 1, shown.second));    // before this host began to look
  CHECK(starts_anew(shown.revision + 1, shown.second));    // of a host that has read further
  CHECK(starts_anew(shown.revision, shown.second + 61s));  // of a host whose clock is further
  CHECK(starts_anew(shown.revision, shown.second - 1s));
  CHECK_FALSE(starts_anew(shown.revision, shown.second));
  // A revision that this host read over: places may have changed and changed back in it.
  const HoldId hold = hall.hold("Hall-A-2");
  REQUIRE(hall.event.release(hold).ok());
  hall.show();
  CHECK(starts_anew(shown.revision + 1, hall.second()));
  CHECK_FALSE(starts_anew(shown.revision, shown.second));
}

TEST_CASE("what is older than what was shown is left out") {
  WatchedHall hall;
  const auto old = hall.event.availability();
  (void)hall.hold("Hall-A-1", 60s);
  hall.show();
  CHECK_FALSE(hall.feed.show(old, hall.second() + 5s));
  CHECK(hall.feed.now()->position().revision == hall.event.revision());
  hall.clock.now += 60s;
  hall.show();
  CHECK_FALSE(hall.feed.show(hall.event.availability(), hall.second() - 60s));
  CHECK(hall.feed.now()->places[0] == PlaceStatus::free);
}

TEST_CASE("another seat map is told whole") {
  WatchedHall hall;
  hall.show();
  (void)hall.hold("Hall-A-1");
  hall.show();
  const FeedPosition before = hall.feed.now()->position();
  // As large as the first, and the event a turn further: what it looks like once its map is replaced.
  SeatMapBuilder builder("Another house");
  const CategoryIndex category = builder.add_category({"parquet", "Parquet", "#1F77B4"});
  builder.add_row(builder.add_section({.label = "Hall"}), "A");
  for (int seat = 1; seat <= 17; ++seat)
    builder.add_seat({.label = std::to_string(seat), .position = {seat * 1'000, 0}, .category = category});
  NewEvent replaced = little::event("replaced");
  replaced.seat_map = std::make_shared<const SeatMap>(builder.build());
  replaced.prices = PriceList("UAH", {{"parquet", "adult", "300.00"}});
  const Event other = hall.office.create_event(replaced).value();
  while (other.revision() <= before.revision) REQUIRE(other.hold_best({.count = 1}, {.holder = "cart"}).ok());
  CHECK(hall.feed.show(other.availability(), hall.second()));
  CHECK(hall.feed.newest().whole);
  CHECK(hall.feed.since(before).whole);
  CHECK_FALSE(hall.feed.since(hall.feed.now()->position()).whole);
}

TEST_CASE("a feed forgets the oldest looks, and what would be longer than the whole") {
  WatchedHall hall;
  hall.show();
  const FeedPosition first = hall.feed.now()->position();
  HoldId hold = hall.hold("Hall-A-1");
  hall.show();
  const FeedPosition second = hall.feed.now()->position();
  // Every look has one place, and there is one for each revision: the number of looks is the bound.
  static_assert(ChangeFeed::looks_kept < ChangeFeed::least_changes_kept);
  for (std::size_t looks = 2; looks < ChangeFeed::looks_kept; ++looks) {
    if (looks % 2 == 0) {
      REQUIRE(hall.event.release(hold).ok());
    } else {
      hold = hall.hold("Hall-A-1");
    }
    REQUIRE(hall.show());
  }
  CHECK_FALSE(hall.feed.since(first).whole);
  CHECK(hall.labels(hall.feed.since(first)) == PlaceLabels{"Hall-A-1"});
  (void)hall.hold("Hall-A-8");
  hall.show();
  CHECK(hall.feed.since(first).whole);
  CHECK_FALSE(hall.feed.since(second).whole);
}

TEST_CASE("changes that are more than the house are kept up to a bound") {
  WatchedHall hall;
  std::vector<std::string> all;
  for (std::uint32_t place = 0; place < 16; ++place)
    all.push_back(hall.event.seat_map()->label(PlaceIndex{place}));
  hall.show();
  std::vector<FeedPosition> positions{hall.feed.now()->position()};
  // 16 places a look: 10,000 are reached before there are 1,000 looks.
  while (positions.size() < 700) {
    const Hold hold = hall.event.hold(Selection{.places = all}, {.holder = "all"}).value();
    hall.show();
    positions.push_back(hall.feed.now()->position());
    REQUIRE(hall.event.release(hold.id).ok());
    hall.show();
    positions.push_back(hall.feed.now()->position());
  }
  const std::size_t kept = ChangeFeed::least_changes_kept / all.size();
  CHECK_FALSE(hall.feed.since(positions[positions.size() - kept]).whole);
  CHECK(hall.feed.since(positions[positions.size() - kept - 1]).whole);
}

TEST_CASE("readers of two hosts know what there is, whenever they look and wherever they go on") {
  WatchedHall hall;
  BoxOffice second_office(hall.storage, {.clock = hall.clock.reader()});
  const Event other = second_office.event("premiere").value();
  ChangeFeed feeds[2];
  FeedReader readers[4];
  std::mt19937_64 random(20'270'131);
  const auto below = [&](std::uint64_t most) { return random() % most; };
  std::vector<HoldId> holds;
  std::size_t resumed = 0;
  for (int step = 0; step < 4'000; ++step) {
    if (below(3) == 0) {
      const std::string place =
          hall.event.seat_map()->label(PlaceIndex{static_cast<std::uint32_t>(below(17))});
      const auto hold = (below(2) == 0 ? hall.event : other)
                            .hold({place}, {.holder = "cart", .ttl = std::chrono::seconds(1 + below(20))});
      if (hold) holds.push_back(hold->id);
    }
    if (below(8) == 0 && !holds.empty()) (void)hall.event.release(holds[below(holds.size())]);
    if (below(4) == 0) hall.clock.now += std::chrono::milliseconds(below(4'000));
    const std::size_t host = below(2);
    const Event& event = host == 0 ? hall.event : other;
    event.refresh();
    feeds[host].show(event.availability(), hall.second());
    FeedReader& reader = readers[below(4)];
    const Changes changes = feeds[host].since(reader.at);
    resumed += !changes.whole;
    reader.take(changes);
    REQUIRE(reader.knows(AvailabilityAt(event.availability(), hall.second())));
  }
  CHECK(resumed > 1'000);
}

TEST_CASE("a feed that is shown an event goes by what is known of its time") {
  WatchedHall hall;
  (void)hall.hold("Hall-A-1", 60s);
  hall.event.refresh();
  CHECK(hall.feed.show(hall.event));
  hall.clock.now += 60s;
  hall.event.refresh();
  // Another process may have begun to sell the hold in time.
  CHECK(hall.event.known_until() == hall.clock.now - limits::turn_longest);
  CHECK_FALSE(hall.feed.show(hall.event));
  hall.clock.now += 5s;
  // Nobody has looked at the log since.
  CHECK(hall.event.known_until() == hall.clock.now - 5s - limits::turn_longest);
  CHECK_FALSE(hall.feed.show(hall.event));
  hall.event.refresh();
  CHECK(hall.feed.show(hall.event));
  CHECK(hall.feed.now()->places[0] == PlaceStatus::free);
}
