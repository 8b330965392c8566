#pragma once
// What the tests of a box office share: one with a little event, and a buyer.

#include <doctest/doctest.h>
#include "little_house.hpp"
#include "ticketcore/base/id_generator.hpp"
#include "ticketcore/engine/box_office.hpp"
#include "ticketcore/storage/memory.hpp"

namespace ticketcore::box_office_testing {

struct Office {
  little::Clock clock{};
  MemoryStorage storage{clock.reader()};
  BoxOffice office{storage, {.signing_key = SigningKey::generate(), .clock = clock.reader()}};
  Event event = office.create_event(little::event()).value();

  [[nodiscard]] Order buy(std::initializer_list<std::string_view> places) {
    const Hold hold = event.hold(places, {.holder = "buyer"}).value();
    const Quote quote =
        event.quote(hold.id, {{"adult", static_cast<std::uint32_t>(places.size()), ""}}).value();
    return event.check_out(hold.id, {.payment = {"card", "ch_1", quote.total}}).value();
  }
};

}  // namespace ticketcore::box_office_testing
