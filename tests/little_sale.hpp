#pragma once
// A sale in the little house with a bit of everything, over any storage.

#include "little_house.hpp"

namespace little {

/// Two orders (one with a seat and two admissions, one of two seats of which one is refunded and one
/// admitted), a hold that is open, one released, one expired, and a refusal. The storage's clock must be the
/// clock given.
inline void sell_a_bit(Storage& storage, Clock& clock, const EventId& id = "premiere") {
  using namespace std::chrono_literals;
  BoxOffice office(storage, {.signing_key = SigningKey::generate(), .clock = clock.reader()});
  const Event event = office.create_event(little::event(id)).value();
  const auto buy = [&](const Selection& selection, const char* buyer) {
    const Hold hold = event.hold(selection, {.holder = buyer}).value();
    const std::uint32_t count = static_cast<std::uint32_t>(selection.places.size()) +
                                (selection.areas.empty() ? 0 : selection.areas[0].quantity);
    const Quote quote = event.quote(hold.id, {{"adult", count, ""}}).value();
    return event.check_out(hold.id, {.payment = {"card", std::string("ch_") + buyer, quote.total}}).value();
  };
  (void)event.hold({"Hall-A-8"}, {.holder = "late", .ttl = 60s}).value();
  clock.now += 90s;
  (void)buy({{"Hall-A-1"}, {{"Hall-Standing", 2}}}, "olha");
  const Order order = buy({{"Hall-B-5", "Hall-B-6"}, {}}, "petro");
  const Hold released = event.hold({"Hall-B-7"}, {.holder = "undecided"}).value();
  (void)event.release(released.id).value();
  const Hold open =
      event.hold({{"Hall-A-3", "Hall-A-4"}, {{"Hall-Standing", 1}}}, {.holder = "thinking"}).value();
  (void)event.extend(open.id, 20min).value();
  (void)event.refund(order.id, {.tickets = {order.tickets[0].id}, .reference = "re_1"}).value();
  clock.now += 1min;
  (void)event.check_in(office.code(order.tickets[1]), {.gate = "north"}).value();
  (void)event.hold({"Hall-A-1"}, {.holder = "too-late"});
}

}  // namespace little
