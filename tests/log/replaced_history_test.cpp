// A store that shows another history than the one that was read from it: after a fail-over that lost entries,
// or when an event was removed and made anew. Nobody builds on what is gone, nobody is shown it, and an
// operator can go on.

#include <doctest/doctest.h>

#include "little_house.hpp"
#include "passing_storage.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/storage/memory.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

using namespace ticketcore;
using namespace std::chrono_literals;

namespace {

constexpr const char* log_stream = "event/premiere";

struct Shortened {
  little::Clock clock{};
  MemoryStorage storage{clock.reader()};
  std::vector<std::string> troubles{};

  [[nodiscard]] BoxOfficeOptions options() {
    return {.clock = clock.reader(),
            .on_trouble = [this](const EventId&, const std::string& what) { troubles.push_back(what); }};
  }
  /// The store has only its first entries.
  void lose_end(Revision kept) {
    const auto entries = storage.read(log_stream, 0, 1U << 30);
    storage.remove_stream({log_stream, entries.back().revision, entries.back().checksum});
    if (kept == 0) return;
    const Position from{log_stream};
    const auto again = storage.take_turn({&from, 1});
    std::vector<Append> first;
    for (const Entry& entry : std::span(entries).first(kept))
      first.push_back({log_stream, entry.checksum, entry.bytes});
    again->commit(first);
  }
};

[[nodiscard]] PlaceStatus status(const Event& event, std::string_view place, Timestamp at) {
  return event.availability()->status(*event.seat_map()->find_place(place), at);
}

}  // namespace

TEST_CASE("a host of the lost history leaves no snapshot behind that stops the others") {
  Shortened store;
  BoxOffice old(store.storage, store.options());
  const Event known = old.create_event(little::event()).value();
  for (const char* place : {"Hall-A-1", "Hall-A-2", "Hall-A-3"})
    REQUIRE(known.hold({place}, {.holder = "x"}).ok());
  SUBCASE("after a fail-over") {
    store.lose_end(2);
    CHECK_THROWS_AS(known.save_snapshot(), HistoryReplaced);
    BoxOffice other(store.storage, store.options());
    CHECK(other.event("premiere").value().hold({"Hall-A-3"}, {.holder = "y"}).ok());
  }
  SUBCASE("after the event was taken out") {
    store.lose_end(0);
    CHECK_THROWS_AS(known.save_snapshot(), HistoryReplaced);
    BoxOffice other(store.storage, store.options());
    CHECK(other.create_event(little::event()).ok());
  }
}

TEST_CASE(
    "after a refresh that meets another history nobody is shown the old one, and a turn halts the event") {
  Shortened store;
  BoxOffice office(store.storage, store.options());
  const Event event = office.create_event(little::event()).value();
  const Hold hold = event.hold({"Hall-A-1"}, {.holder = "x"}).value();
  store.lose_end(1);
  CHECK_THROWS_AS(event.refresh(), HistoryReplaced);
  CHECK_THROWS_AS((void)event.find_hold(hold.id), HistoryReplaced);
  CHECK_THROWS_AS(event.save_snapshot(), HistoryReplaced);
  CHECK(event.hold({"Hall-A-2"}, {.holder = "x"}).refusal().reason == Reason::halted);
  REQUIRE(store.troubles.size() == 1);
  CHECK(store.troubles[0].find("event/premiere") != std::string::npos);
  event.reopen();
  CHECK_FALSE(event.find_hold(hold.id));
  CHECK(event.hold({"Hall-A-1"}, {.holder = "x"}).ok());
}

TEST_CASE("after reopening, readers see the new history, though it is as long as the old one") {
  Shortened store;
  BoxOffice office(store.storage, store.options());
  const Event event = office.create_event(little::event()).value();
  REQUIRE(event.hold({"Hall-A-1"}, {.holder = "x"}).ok());
  store.lose_end(1);
  BoxOffice other(store.storage, store.options());
  REQUIRE(other.event("premiere").value().hold({"Hall-A-2"}, {.holder = "y"}).ok());
  CHECK(event.hold({"Hall-A-3"}, {.holder = "x"}).refusal().reason == Reason::halted);
  event.reopen();
  CHECK(status(event, "Hall-A-1", store.clock.now) == PlaceStatus::free);
  CHECK(status(event, "Hall-A-2", store.clock.now) == PlaceStatus::held);
}

TEST_CASE("a handle from before never sells by the indexes of another seat map") {
  Shortened store;
  BoxOffice office(store.storage, store.options());
  const Event event = office.create_event(little::event()).value();
  store.lose_end(0);
  SeatMapBuilder builder("Another house");
  const CategoryIndex parquet = builder.add_category({"parquet", "Parquet", "#1F77B4"});
  const SectionIndex hall = builder.add_section({.label = "Hall"});
  builder.add_row(hall, "Z");
  builder.add_seat({.label = "1", .position = {0, 0}, .category = parquet});
  NewEvent anew = little::event();
  anew.seat_map = std::make_shared<const SeatMap>(builder.build());
  anew.prices = PriceList("UAH", {{"parquet", "adult", "300.00"}}, {});
  BoxOffice other(store.storage, store.options());
  REQUIRE(other.create_event(anew).ok());
  CHECK_THROWS_WITH_AS(event.reopen(), doctest::Contains("another seat map"), StorageDamaged);
  CHECK(event.hold({"Hall-A-1"}, {.holder = "x"}).refusal().reason == Reason::halted);
  CHECK_THROWS_WITH_AS(event.reopen(), doctest::Contains("another seat map"), StorageDamaged);
  BoxOffice fresh(store.storage, store.options());
  CHECK(fresh.event("premiere").value().hold({"Hall-Z-1"}, {.holder = "x"}).ok());
}

TEST_CASE("an event whose stream was renamed in the store is not sold under the wrong name") {
  Shortened store;
  BoxOffice office(store.storage, store.options());
  (void)office.create_event(little::event()).value();
  const Entry only = store.storage.read(log_stream, 0, 1).front();
  const Position from{"event/other"};
  const Append renamed{"event/other", only.checksum, only.bytes};
  store.storage.take_turn({&from, 1})->commit({&renamed, 1});
  CHECK_THROWS_WITH_AS((void)office.event("other"), doctest::Contains("the log of event \"premiere\""),
                       StorageDamaged);
  CHECK(audit(store.storage, "event/other").problems.size() == 1);
  CHECK(audit(store.storage, log_stream).problems.empty());
}

TEST_CASE("confirming the time leaves the sale as another has just set it") {
  Shortened store;
  BoxOffice other(store.storage, store.options());
  const Event elsewhere = other.create_event(little::event()).value();
  testing::PassingStorage passing(store.storage);
  BoxOffice office(passing, store.options());
  const Event event = office.event("premiere").value();
  passing.before_turn = [&] { CHECK(elsewhere.set_sale_status(SaleStatus::off_sale).ok()); };
  CHECK(event.confirm_time().ok());
  CHECK(event.availability()->sale_status() == SaleStatus::off_sale);
}

TEST_CASE("a refresh with nothing new reads no entry") {
  Shortened store;
  testing::PassingStorage passing(store.storage);
  BoxOffice office(passing, store.options());
  const Event event = office.create_event(little::event()).value();
  passing.bytes_read = 0;
  for (int round = 0; round < 100; ++round) event.refresh();
  CHECK(passing.bytes_read == 0);
  BoxOffice other(store.storage, store.options());
  REQUIRE(other.event("premiere").value().hold({"Hall-A-1"}, {.holder = "y"}).ok());
  event.refresh();
  CHECK(passing.bytes_read > 0);
  CHECK(status(event, "Hall-A-1", store.clock.now) == PlaceStatus::held);
}

TEST_CASE("who waits for a turn from inside one is told so instead of waiting for ever") {
  Shortened store;
  BoxOffice office(store.storage, store.options());
  const Event event = office.create_event(little::event()).value();
  int told = 0;
  const auto waits = [&] {
    CHECK_THROWS_AS((void)event.hold({"Hall-A-2"}, {.holder = "x"}), std::logic_error);
    CHECK_THROWS_AS(event.reopen(), std::logic_error);
    ++told;
  };
  event.submit(event.hold_command({{"Hall-A-1"}, {}}, {.holder = "x"}).value(),
               [&](const Answer&) { waits(); });
  office.poll();
  event.inspect([&](const EventState&) { waits(); });
  CHECK(told == 2);
  CHECK(event.hold({"Hall-A-2"}, {.holder = "x"}).ok());
}

TEST_CASE("a wrong clock is not believed because a new event had no other witness") {
  Shortened store;
  Timestamp wall = store.clock.now;
  BoxOfficeOptions options = store.options();
  options.clock = [&wall] { return wall; };
  (void)BoxOffice(store.storage, options).create_event(little::event()).value();
  store.clock.now += std::chrono::hours(24 * 365 * 5);
  BoxOffice office(store.storage, options);
  NewEvent bad = little::event("another");
  bad.policy.places_per_hold = 0;
  CHECK_FALSE(office.create_event(bad).ok());
  CHECK(office.create_event(little::event("third")).ok());
  const auto refused = office.event("premiere").value().hold({"Hall-A-1"}, {.holder = "x"});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.refusal().reason == Reason::storage_unavailable);
}

TEST_CASE("a clock that was behind the log and is set right again sells on") {
  Shortened store;
  std::chrono::microseconds steady{0};
  BoxOfficeOptions options = store.options();
  options.steady = [&steady] { return steady; };
  (void)BoxOffice(store.storage, options).create_event(little::event()).value();
  const Timestamp right = store.clock.now + 24h;
  store.clock.now = right - std::chrono::hours(24 * 200);
  BoxOffice office(store.storage, options);
  const Event event = office.event("premiere").value();
  CHECK(event.hold({"Hall-A-1"}, {.holder = "x"}).ok());
  store.clock.now = right;
  steady += 30s;
  CHECK(event.hold({"Hall-A-2"}, {.holder = "x"}).ok());
}
