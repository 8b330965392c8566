// Memory that runs out, at every allocation in turn: on each call of the box office, and on the path of a
// leader for whom others wait. Nobody is left waiting, and state and log agree.

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "failing_new.hpp"
#include "little_house.hpp"
#include "passing_storage.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/storage/memory.hpp"

namespace {

using namespace ticketcore;
using namespace std::chrono_literals;
using ticketcore::testing::failed;
using ticketcore::testing::fails_at;
using ticketcore::testing::until_failure;

/// A box office whose storage does something as a turn begins.
struct Office {
  little::Clock clock{};
  MemoryStorage memory{clock.reader()};
  testing::PassingStorage storage{memory};
  BoxOffice office{storage,
                   {.signing_key = SigningKey::generate(),
                    .clock = clock.reader(),
                    .desk = {.snapshot_every_bytes = 200}}};
  Event event = office.create_event(little::event()).value();

  /// Goes on as if nothing had been: what was asked is repeated and granted, and the log is without fault.
  void check_goes_on(const std::function<bool()>& again) {
    CHECK(again());
    CHECK(event.hold({"Hall-B-8"}, {.holder = "afterwards"}).ok());
    const AuditReport report = audit(storage, "event/premiere");
    CHECK(report.problems.empty());
    event.inspect([&](const EventState& state) {
      state.check_everything();
      CHECK(std::ranges::equal(state.places().codes(), report.state.places().codes()));
      CHECK(state.orders().size() == report.state.orders().size());
    });
    CHECK(event.availability()->revision() == report.revision);
  }
};

/// The call with each of its allocations failing in turn, in an office of its own.
template <class Prepare, class Call>
void check_every_allocation(Prepare prepare, Call call) {
  for (long nth = 0;; ++nth) {
    CAPTURE(nth);
    Office box;
    const auto prepared = prepare(box);
    const bool came_so_far = fails_at(nth, [&] { (void)call(box, prepared); });
    box.check_goes_on([&] { return call(box, prepared); });
    if (!came_so_far) break;
  }
}

}  // namespace

TEST_CASE("memory that runs out anywhere in a call leaves the event right, and the call can be repeated") {
  const auto nothing = [](Office&) { return 0; };
  const auto one_hold = [](Office& box) {
    return box.event.hold({"Hall-A-1", "Hall-A-2"}, {.holder = "cart"}).value();
  };
  const auto one_quote = [&](Office& box) {
    const Hold hold = one_hold(box);
    return box.event.quote(hold.id, {{"adult", 2, ""}}).value();
  };
  const auto one_order = [&](Office& box) {
    const Quote quote = one_quote(box);
    return box.event.check_out(quote.hold, {.payment = {"card", "ch", quote.total}}).value();
  };
  SUBCASE("hold") {
    check_every_allocation(nothing, [](Office& box, int) {
      return box.event
          .hold({"Hall-A-1", "Hall-A-2"},
                {.holder = "a holder with a long name", .request = little::request(9)})
          .ok();
    });
  }
  SUBCASE("hold_best") {
    check_every_allocation(nothing, [](Office& box, int) {
      return box.event
          .hold_best({.count = 2, .categories = {"parquet"}},
                     {.holder = "cart", .request = little::request(9)})
          .ok();
    });
  }
  SUBCASE("quote") {
    check_every_allocation(one_hold, [](Office& box, const Hold& hold) {
      return box.event.quote(hold.id, {{"adult", 2, ""}}, little::request(9)).ok();
    });
  }
  SUBCASE("check_out") {
    check_every_allocation(one_quote, [](Office& box, const Quote& quote) {
      return box.event
          .check_out(quote.hold, {.payment = {"card", "a long reference of a provider", quote.total},
                                  .request = little::request(9)})
          .ok();
    });
  }
  SUBCASE("refund") {
    check_every_allocation(one_order, [](Office& box, const Order& order) {
      return box.event.refund(order.id, {.request = little::request(9)}).ok();
    });
  }
  SUBCASE("extend") {
    check_every_allocation(one_hold, [](Office& box, const Hold& hold) {
      return box.event.extend(hold.id, 10min, little::request(9)).ok();
    });
  }
  SUBCASE("release") {
    check_every_allocation(one_hold, [](Office& box, const Hold& hold) {
      return box.event.release(hold.id, little::request(9)).ok();
    });
  }
  SUBCASE("check_in") {
    check_every_allocation(one_order, [](Office& box, const Order& order) {
      return box.event
          .check_in(box.office.code(order.tickets.front()), {.gate = "a gate", .request = little::request(9)})
          .ok();
    });
  }
  SUBCASE("configure") {
    check_every_allocation(nothing, [](Office& box, int) {
      EventSettings settings = box.event.availability()->settings();
      settings.venue = "a house with another, longer name";
      return box.event.configure(settings, little::request(9)).ok();
    });
  }
  SUBCASE("set_sale_status") {
    check_every_allocation(nothing, [](Office& box, int) {
      return box.event.set_sale_status(SaleStatus::on_sale, little::request(9)).ok();
    });
  }
  SUBCASE("create_event") {
    check_every_allocation(nothing, [](Office& box, int) {
      NewEvent another = little::event("another");
      another.request = little::request(9);
      return box.office.create_event(another).ok() && box.office.event("another").ok();
    });
  }
  SUBCASE("a repeated request") {
    check_every_allocation(
        [](Office& box) {
          return box.event.hold({"Hall-A-3"}, {.holder = "cart", .request = little::request(9)}).value();
        },
        [](Office& box, const Hold&) {
          return box.event.hold({"Hall-A-3"}, {.holder = "cart", .request = little::request(9)}).ok();
        });
  }
  SUBCASE("readers") {
    check_every_allocation(one_order, [](Office& box, const Order& order) {
      box.event.reopen();
      box.event.refresh();
      box.event.save_snapshot();
      return box.event.find_order(order.id).has_value();
    });
  }
  SUBCASE("many in one call") {
    check_every_allocation(nothing, [](Office& box, int) {
      std::vector<Command> commands;
      for (std::uint64_t number = 0; number < 3; ++number)
        commands.push_back({little::request(20 + number),
                            PlaceHold{"cart", {PlaceIndex{static_cast<std::uint32_t>(number)}}, {}, 60s}});
      for (const Answer& answer : box.event.ask(std::move(commands))) {
        if (answer.refusal() != nullptr) return false;
      }
      return true;
    });
  }
}

TEST_CASE("whatever the leader runs out of memory at, all who gathered behind it are answered") {
  for (long nth = 0;; ++nth) {
    CAPTURE(nth);
    Office box;
    std::atomic<int> called{0};
    std::atomic<int> ready{0};
    std::vector<std::thread> waiters;
    for (int number = 0; number < 3; ++number) {
      waiters.emplace_back([&, number] {
        ++ready;
        while (ready < 4) std::this_thread::yield();
        // Refused or granted: it comes back.
        (void)box.event.hold({"Hall-B-" + std::to_string(number + 3)}, {.holder = "waits"});
        if (number == 0) box.event.inspect([](const EventState&) {});
      });
    }
    while (ready < 3) std::this_thread::yield();
    failed = false;
    box.storage.before_turn = [&] {
      for (std::uint64_t number = 0; number < 3; ++number)
        box.event.submit({little::request(20 + number),
                          PlaceHold{"cart", {PlaceIndex{static_cast<std::uint32_t>(number)}}, {}, 60s}},
                         [&](const Answer&) { ++called; });
      ++ready;
      until_failure = nth;
    };
    try {
      (void)box.event.hold({"Hall-A-7"}, {.holder = "leads"});
    } catch (const std::bad_alloc&) {
    }
    until_failure = -1;
    for (std::thread& waiter : waiters) waiter.join();
    box.office.poll();
    CHECK(called == 3);
    box.check_goes_on([&] { return box.event.hold({"Hall-A-8"}, {.holder = "next"}).ok(); });
    if (!failed) break;
  }
}
