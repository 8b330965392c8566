#include "ticketcore/sale/hold_outcome.hpp"

#include <doctest/doctest.h>

#include "little_house.hpp"
#include "ticketcore/storage/memory.hpp"

using namespace ticketcore;
using namespace std::chrono_literals;

namespace {

struct Till {
  little::Clock clock{};
  MemoryStorage storage{clock.reader()};
  BoxOffice office{storage, {.clock = clock.reader()}};
  Event event = office.create_event(little::event()).value();

  [[nodiscard]] Order buy(std::string_view place) const {
    const Hold hold = event.hold({place}, {.holder = "buyer"}).value();
    (void)event.quote(hold.id, {{"adult", 1, ""}}).value();
    return event.check_out(hold.id, {.payment = {"cash", "", {}}}).value();
  }
};

}  // namespace

TEST_CASE("a hold that ended says how, and which order it became") {
  Till box;
  const auto outcome = [&](HoldId hold) { return box.event.hold_outcome(hold); };
  CHECK_FALSE(outcome(HoldId{little::request(1)}));
  const Hold open = box.event.hold({"Hall-A-1"}, {.holder = "cart", .ttl = 60s}).value();
  CHECK(outcome(open.id) == HoldOutcome{HoldEnd::open, {}});
  const Hold released = box.event.hold({"Hall-A-2"}, {.holder = "cart"}).value();
  REQUIRE(box.event.release(released.id).ok());
  CHECK(outcome(released.id) == HoldOutcome{HoldEnd::released, {}});
  (void)box.buy("Hall-A-3");
  const Order later = box.buy("Hall-A-4");
  // What is no hold is none.
  CHECK_FALSE(outcome(HoldId{later.id}));

  const Hold sold = box.event.hold({"Hall-A-5"}, {.holder = "cart"}).value();
  REQUIRE(box.event.quote(sold.id, {{"adult", 1, ""}}).ok());
  const Order third = box.event.check_out(sold.id, {.payment = {"cash", "", {}}}).value();
  CHECK(outcome(sold.id) == HoldOutcome{HoldEnd::checked_out, OrderName{third.id, 3}});
  // Whoever still tries to do something with it is told the same.
  const Refusal refusal = box.event.extend(sold.id, 5min).refusal();
  CHECK(refusal.reason == Reason::hold_checked_out);
  CHECK(refusal.order == OrderName{third.id, 3});
  CHECK(refusal.message == "the hold was checked out before this, and is order 3");
  CHECK(box.event.release(sold.id).refusal().order->number == 3);

  // Another process may be selling it until a turn at its deadline is known to be over.
  box.clock.now += 60s;
  box.event.refresh();
  CHECK(outcome(open.id)->end == HoldEnd::open);
  box.clock.now += limits::turn_longest;
  box.event.refresh();
  CHECK(outcome(open.id)->end == HoldEnd::expired);
  // The next turn says so itself.
  REQUIRE(box.event.hold({"Hall-B-1"}, {.holder = "cart"}).ok());
  CHECK(outcome(open.id)->end == HoldEnd::expired);
  CHECK(box.event.extend(open.id, 5min).refusal().reason == Reason::hold_expired);

  // A day later all that is forgotten but what is still open.
  box.clock.now += limits::request_memory + 1min;
  const Hold fresh = box.event.hold({"Hall-B-2"}, {.holder = "cart"}).value();
  CHECK_FALSE(outcome(sold.id));
  CHECK(outcome(fresh.id)->end == HoldEnd::open);
}
