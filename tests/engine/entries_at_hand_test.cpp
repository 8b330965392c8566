#include "ticketcore/engine/detail/entries_at_hand.hpp"

#include <doctest/doctest.h>

#include "little_house.hpp"
#include "passing_storage.hpp"
#include "ticketcore/storage/memory.hpp"

using namespace ticketcore;

TEST_CASE("however many events are open, the entries that they keep at hand stay within twice their budget") {
  constexpr std::size_t bytes = 10'000;
  constexpr std::size_t events = 200;
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  const auto budget = std::make_shared<AtHandBudget>(bytes, events);
  {
    BoxOffice office(storage, {.clock = clock.reader(), .open_events = events, .desk = {.at_hand = budget}});
    for (std::size_t number = 0; number < events; ++number) {
      const Event event = office.create_event(little::event("event-" + std::to_string(number))).value();
      for (int hold = 0; hold < 5; ++hold)
        REQUIRE(event.hold({"Hall-A-" + std::to_string(1 + hold)}, {.holder = "cart"}).ok());
      REQUIRE(budget->kept() <= 2 * bytes);
    }
    CHECK(budget->kept() > bytes / 2);
  }
  CHECK(budget->kept() == 0);
}

TEST_CASE(
    "one event in use keeps more than its share while there is room, and that share when there is none") {
  const auto entry = [](Revision revision) { return Entry{revision, 0, Bytes(1'000 - sizeof(Entry))}; };
  const auto budget = std::make_shared<AtHandBudget>(20'000, 10);
  EntriesAtHand one(budget);
  for (Revision revision = 1; revision <= 30; ++revision) one.add(entry(revision));
  CHECK(one.find(10) == nullptr);
  CHECK(one.find(11) != nullptr);
  CHECK(one.find(30) != nullptr);
  CHECK(one.find(31) == nullptr);
  CHECK(budget->kept() == 20'000);
  EntriesAtHand other(budget);
  for (Revision revision = 1; revision <= 5; ++revision) other.add(entry(revision));
  CHECK(other.find(3) == nullptr);
  CHECK(other.find(4) != nullptr);
  CHECK(budget->kept() == 22'000);
  other.clear();
  CHECK(budget->kept() == 20'000);
}

TEST_CASE("an entry too large to be kept is there until the turn has ended") {
  EntriesAtHand entries(nullptr);
  entries.add({1, 0, Bytes(limits::at_hand_bytes)});
  CHECK(entries.find(1) != nullptr);
  entries.trim();
  CHECK(entries.find(1) == nullptr);
  entries.add({2, 0, Bytes(10)});
  CHECK(entries.find(2)->bytes.size() == 10);
}

TEST_CASE("what an event has no room to keep at hand is answered from its log") {
  little::Clock clock;
  MemoryStorage memory(clock.reader());
  testing::PassingStorage storage(memory);
  BoxOffice office(storage,
                   {.clock = clock.reader(), .desk = {.at_hand = std::make_shared<AtHandBudget>(0, 1)}});
  const Event event = office.create_event(little::event()).value();
  const HoldOptions options{.holder = "cart", .request = little::request(1)};
  const Hold first = event.hold({"Hall-A-1"}, options).value();
  storage.bytes_read = 0;
  CHECK(event.hold({"Hall-A-1"}, options).value().expires_at == first.expires_at);
  CHECK(storage.bytes_read > 0);
}
