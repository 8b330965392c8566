#include "ticketcore/base/detail/deadline_queue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

#include "ticketcore/sale/event_state.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

using namespace ticketcore;

namespace {

[[nodiscard]] std::vector<std::uint32_t> sorted(std::vector<std::uint32_t> slots) {
  std::sort(slots.begin(), slots.end());
  return slots;
}

}  // namespace

TEST_CASE("a queue of deadlines knows what is due, however often deadlines move") {
  std::mt19937 random(7);
  const auto below = [&](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  for (int round = 0; round < 50; ++round) {
    DeadlineQueue queue;
    std::map<std::uint32_t, std::uint32_t> deadlines;
    for (int step = 0; step < 2'000; ++step) {
      // Few different deadlines, so that many are equal.
      const std::uint32_t slot = below(60);
      if (below(3) == 0 && deadlines.contains(slot)) {
        queue.remove(slot);
        deadlines.erase(slot);
      } else {
        const std::uint32_t deadline = 10 + below(40);
        queue.set(slot, deadline);
        deadlines[slot] = deadline;
      }
      const std::uint32_t now = below(60);
      std::vector<std::uint32_t> due;
      for (const auto& [held, deadline] : deadlines) {
        if (deadline <= now) due.push_back(held);
      }
      REQUIRE(sorted(queue.due(now)) == due);
      REQUIRE(queue.any_due(now) == !due.empty());
      REQUIRE(queue.size() == deadlines.size());
    }
  }
}

TEST_CASE("nothing is due before the epoch, and everything after what 32 bits hold") {
  DeadlineQueue queue;
  queue.set(0, UINT32_MAX);
  CHECK_FALSE(queue.any_due(-1));
  CHECK_FALSE(queue.any_due(std::int64_t{UINT32_MAX} - 1));
  CHECK(queue.any_due(std::int64_t{UINT32_MAX} + 1));
}

TEST_CASE("a hold that is extended for ever takes no more room than one that is not") {
  SeatMapBuilder builder("Row");
  const CategoryIndex category = builder.add_category({"all", "All", "#336699"});
  builder.add_row(builder.no_section(), "A");
  for (const char* label : {"1", "2"}) builder.add_seat({.label = label, .category = category});
  EventSettings settings;
  settings.name = "Row";
  const Timestamp now{std::chrono::sys_days{std::chrono::year{2027} / 1 / 31}};
  const auto at = [&](int seconds) {
    return std::chrono::floor<std::chrono::seconds>(now) + std::chrono::seconds(seconds);
  };
  EventState state;
  state.apply(
      {RequestId{{1, 1}},
       EventCreated{"row", settings, std::make_shared<const SeatMap>(builder.build()), SaleStatus::on_sale}},
      {1, now});
  const HoldId hold{Id128{1, 2}};
  state.apply({RequestId{hold}, HoldPlaced{"cart", {{0}}, {}, at(600)}}, {2, now});
  state.apply({RequestId{{1, 3}}, HoldPlaced{"cart", {{1}}, {}, at(300)}}, {2, now});
  state.forget_touched();
  const std::size_t before = state.memory_bytes();
  for (int round = 0; round < 100'000; ++round) {
    // The deadline it has, and one of its own.
    state.apply({{}, HoldExtended{hold, at(600 + round / 2)}}, {3, now});
    state.forget_touched();
  }
  CHECK(state.memory_bytes() == before);
  CHECK(state.holds().due(at(400)) == std::vector{HoldId{Id128{1, 3}}});
  CHECK(state.holds().due(at(60'000)).size() == 2);
}

TEST_CASE("holds run out in the order of their deadlines, then of their ids, whatever slots they are in") {
  SeatMapBuilder builder("Row");
  const CategoryIndex category = builder.add_category({"all", "All", "#336699"});
  builder.add_row(builder.no_section(), "A");
  for (const char* label : {"1", "2", "3", "4"}) builder.add_seat({.label = label, .category = category});
  EventSettings settings;
  settings.name = "Row";
  const Timestamp now{std::chrono::sys_days{std::chrono::year{2027} / 1 / 31}};
  const auto at = [&](int seconds) {
    return std::chrono::floor<std::chrono::seconds>(now) + std::chrono::seconds(seconds);
  };
  EventState state;
  state.apply(
      {RequestId{{1, 1}},
       EventCreated{"row", settings, std::make_shared<const SeatMap>(builder.build()), SaleStatus::on_sale}},
      {1, now});
  const auto place = [&](std::uint64_t id, std::uint32_t seat, int seconds) {
    state.apply({RequestId{{1, id}}, HoldPlaced{"cart", {{seat}}, {}, at(seconds)}}, {2, now});
  };
  place(9, 0, 5);
  place(5, 1, 7);
  state.apply({{}, HoldReleased{HoldId{Id128{1, 9}}}}, {2, now});
  place(8, 2, 7);
  place(7, 3, 3);
  CHECK(state.holds().due(at(7)) ==
        std::vector{HoldId{Id128{1, 7}}, HoldId{Id128{1, 5}}, HoldId{Id128{1, 8}}});
}
