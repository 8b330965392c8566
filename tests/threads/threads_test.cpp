// The engine under many threads; the thread sanitizer watches in CI.

#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include "ticketcore/base/id_generator.hpp"
#include "ticketcore/engine/box_office.hpp"
#include "ticketcore/storage/memory.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

namespace {

using namespace ticketcore;

constexpr int thread_count = 8;

[[nodiscard]] std::shared_ptr<const SeatMap> house(std::int32_t rows, std::int32_t seats) {
  SeatMapBuilder builder("House");
  const CategoryIndex category = builder.add_category({"all", "All", "#336699"});
  builder.focal_point({0, 0});
  for (std::int32_t row = 0; row < rows; ++row) {
    builder.add_row(builder.no_section(), std::to_string(row + 1));
    for (std::int32_t seat = 0; seat < seats; ++seat) {
      const std::string label = std::to_string(seat + 1);
      builder.add_seat({.label = label, .position = {seat * 500, row * 900}, .category = category});
    }
  }
  builder.add_area({.label = "GA",
                    .section = builder.no_section(),
                    .category = category,
                    .capacity = 500,
                    .center = {0, -5000}});
  return std::make_shared<const SeatMap>(builder.build());
}

[[nodiscard]] NewEvent new_event(const std::string& id, std::shared_ptr<const SeatMap> map) {
  NewEvent event;
  event.id = id;
  event.seat_map = std::move(map);
  event.prices = PriceList("EUR", {{"all", "adult", "10.00"}});
  event.policy.holds_per_holder = 1'000;
  event.policy.places_per_holder = 1'000'000;
  return event;
}

/// Buys in blocks until nothing is left; returns the labels bought.
[[nodiscard]] std::vector<std::string> buy_everything(const Event& event, const std::string& holder) {
  std::vector<std::string> bought;
  for (int attempt = 0;; ++attempt) {
    const auto count = static_cast<std::uint32_t>(1 + attempt % 3);
    auto hold = event.hold_best({.count = count, .categories = {"all"}}, {.holder = holder});
    if (!hold) hold = event.hold_best({.count = 1, .categories = {"all"}}, {.holder = holder});
    if (!hold) return bought;
    if (attempt % 5 == 4) {
      REQUIRE(event.release(hold->id).ok());
      continue;
    }
    const Quote quote =
        event.quote(hold->id, {{"adult", static_cast<std::uint32_t>(hold->places.size()), ""}}).value();
    const Order order = event.check_out(hold->id, {.payment = {"card", "ref", quote.total}}).value();
    for (const Ticket& ticket : order.tickets) bought.push_back(ticket.place);
  }
}

}  // namespace

TEST_CASE("eight threads sell one house, no seat twice and none left") {
  MemoryStorage storage;
  BoxOffice office(storage);
  const Event event = office.create_event(new_event("one", house(12, 20))).value();
  std::vector<std::vector<std::string>> bought(thread_count);
  std::atomic<bool> selling{true};
  std::thread reader([&] {
    // Readers see whole revisions while the sale goes on.
    std::uint64_t last_sold = 0;
    while (selling) {
      const auto seen = event.availability();
      const StatusCounts counts = seen->total(Timestamp{});
      CHECK(counts.free + counts.held + counts.sold == seen->seat_map().capacity());
      CHECK(counts.sold >= last_sold);
      last_sold = counts.sold;
      std::this_thread::yield();
    }
  });
  std::vector<std::thread> threads;
  for (int index = 0; index < thread_count; ++index) {
    threads.emplace_back([&, index] {
      bought[static_cast<std::size_t>(index)] = buy_everything(event, "buyer-" + std::to_string(index));
    });
  }
  for (std::thread& thread : threads) thread.join();
  selling = false;
  reader.join();
  std::set<std::string> all;
  std::size_t total = 0;
  for (const auto& labels : bought) {
    all.insert(labels.begin(), labels.end());
    total += labels.size();
  }
  CHECK(total == 240);
  CHECK(all.size() == 240);
  event.refresh();
}

TEST_CASE("eight threads sell eight events at once") {
  MemoryStorage storage;
  BoxOffice office(storage);
  const auto map = house(4, 10);
  std::vector<std::thread> threads;
  std::atomic<std::size_t> total{0};
  for (int index = 0; index < thread_count; ++index) {
    threads.emplace_back([&, index] {
      const Event own = office.create_event(new_event("event-" + std::to_string(index), map)).value();
      total += buy_everything(own, "buyer").size();
      // And a neighbour's, opened by name.
      if (const auto other = office.event("event-" + std::to_string((index + 1) % thread_count)))
        (void)other->availability()->total(Timestamp{});
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(total == 40 * thread_count);
  CHECK(office.events().size() == thread_count);
}

TEST_CASE("eight threads use sixteen events of which two are kept in memory") {
  MemoryStorage storage;
  BoxOffice office(storage, {.open_events = 2, .desk = {.snapshot_every_bytes = 2'000}});
  const auto map = house(2, 10);
  std::vector<Event> events;
  for (int number = 0; number < 16; ++number)
    events.push_back(office.create_event(new_event("date-" + std::to_string(number), map)).value());
  std::atomic<int> held{0};
  std::vector<std::thread> threads;
  for (std::size_t index = 0; index < thread_count; ++index) {
    threads.emplace_back([&, index] {
      for (std::size_t round = 0; round < 60; ++round) {
        const Event& event = events[(index * 7 + round * 3) % events.size()];
        if (event.hold_best({.count = 1, .categories = {"all"}}, {.holder = "holder"})) ++held;
        CHECK(event.availability()->seat_map().place_count() == 20);
        if (const auto again = office.event(event.id()))
          again->inspect([](const EventState& state) { CHECK(state.exists()); });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::uint64_t found = 0;
  for (const Event& event : events)
    event.inspect([&](const EventState& state) { found += state.holds().open_count(); });
  CHECK(found == static_cast<std::uint64_t>(held));
}

TEST_CASE("submitted commands are answered by whoever runs, mixed with blocking callers") {
  MemoryStorage storage;
  BoxOffice office(storage);
  const Event event = office.create_event(new_event("mixed", house(10, 20))).value();
  std::atomic<int> answered{0};
  std::atomic<int> granted{0};
  std::vector<std::thread> runners;
  for (int index = 0; index < 2; ++index) runners.emplace_back([&] { office.run(); });
  constexpr int per_thread = 100;
  std::vector<std::thread> threads;
  for (int index = 0; index < 4; ++index) {
    threads.emplace_back([&, index] {
      for (int number = 0; number < per_thread; ++number) {
        PlaceHold hold;
        hold.holder = "submitter-" + std::to_string(index);
        hold.places = {PlaceIndex{static_cast<std::uint32_t>(number * 2 % 200)}};
        event.submit({new_request_id(), hold}, [&](const Answer& answer) {
          granted += answer.refusal() == nullptr ? 1 : 0;
          ++answered;
        });
      }
    });
    threads.emplace_back([&, index] {
      for (int number = 0; number < per_thread; ++number) {
        if (event.hold({"1-1"}, {.holder = "blocker-" + std::to_string(index)})) ++granted;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  while (answered < 4 * per_thread) std::this_thread::yield();
  office.stop();
  for (std::thread& thread : runners) thread.join();
  // Every even place of the first 200 went to exactly one; "1-1" is the first of them.
  CHECK(granted == 100);
}

TEST_CASE("a thread that comes to run after stop does not stay for ever") {
  MemoryStorage storage;
  BoxOffice office(storage);
  const Event event = office.create_event(new_event("closing", house(2, 10))).value();
  std::thread early([&] { office.run(); });
  office.stop();
  std::thread late([&] { office.run(); });
  early.join();
  late.join();
  bool answered = false;
  event.submit({new_request_id(), SetSaleStatus{SaleStatus::off_sale}},
               [&](const Answer&) { answered = true; });
  CHECK_FALSE(answered);
  office.poll();
  CHECK(answered);
}

TEST_CASE("submit without a runner waits for poll, and callbacks may submit again") {
  MemoryStorage storage;
  BoxOffice office(storage);
  const Event event = office.create_event(new_event("poll", house(2, 10))).value();
  int answers = 0;
  std::function<void(const Answer&)> again = [&](const Answer&) {
    if (++answers >= 5) return;
    PlaceHold hold;
    hold.holder = "chain";
    hold.places = {PlaceIndex{static_cast<std::uint32_t>(answers)}};
    event.submit({new_request_id(), hold}, again);
  };
  PlaceHold first;
  first.holder = "chain";
  first.places = {PlaceIndex{0}};
  event.submit({new_request_id(), first}, again);
  CHECK(answers == 0);
  office.poll();
  CHECK(answers == 5);
}

TEST_CASE("a queue has an end, and a long one is served in order") {
  MemoryStorage storage;
  BoxOffice office(storage);
  const Event event = office.create_event(new_event("long", house(2, 10))).value();
  std::vector<std::uint32_t> answered;
  std::uint32_t refused = 0;
  for (std::uint32_t number = 0; number < limits::queued_commands + 2; ++number) {
    event.submit({new_request_id(), SetSaleStatus{SaleStatus::on_sale}}, [&, number](const Answer& answer) {
      if (answer.refusal() == nullptr) {
        answered.push_back(number);
      } else {
        refused += answer.refusal()->reason == Reason::storage_unavailable ? 1 : 0;
      }
    });
  }
  CHECK(refused == 2);
  CHECK(event.set_sale_status(SaleStatus::off_sale).refusal().reason == Reason::storage_unavailable);
  office.poll();
  CHECK(answered.size() == limits::queued_commands);
  CHECK(std::is_sorted(answered.begin(), answered.end()));
  CHECK(event.set_sale_status(SaleStatus::off_sale).ok());
}

TEST_CASE("callers with many commands and callers with one share turns, and each gets its own answers") {
  MemoryStorage storage;
  BoxOffice office(storage);
  const Event event = office.create_event(new_event("many", house(20, 20))).value();
  std::atomic<int> granted{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int index = 0; index < 4; ++index) {
    threads.emplace_back([&, index] {
      const HolderId holder("many-" + std::to_string(index));
      for (std::uint32_t first = 0; first < 400; first += 40) {
        std::vector<Command> commands;
        for (std::uint32_t place = first; place < first + 40; ++place) {
          PlaceHold hold;
          hold.holder = holder;
          hold.places = {PlaceIndex{place}};
          commands.push_back({new_request_id(), hold});
        }
        const std::vector<Answer> answers = event.ask(commands);
        for (std::uint32_t offset = 0; offset < 40; ++offset) {
          const HoldPlaced* placed = answers[offset].granted<HoldPlaced>();
          if (placed == nullptr) continue;
          ++granted;
          wrong += placed->holder == holder && placed->places[0].value == first + offset ? 0 : 1;
        }
      }
    });
    threads.emplace_back([&] {
      for (int number = 0; number < 200; ++number)
        granted += event.hold({"20-20"}, {.holder = "blocker"}) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(granted == 400);
}
