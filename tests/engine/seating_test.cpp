#include "ticketcore/engine/seating.hpp"

#include <doctest/doctest.h>

#include "little_house.hpp"
#include "ticketcore/storage/memory.hpp"

using namespace ticketcore;
using namespace std::chrono_literals;

namespace {

struct SeatedHall {
  little::Clock clock{};
  MemoryStorage storage{clock.reader()};
  BoxOffice office{storage, {.signing_key = SigningKey::generate(), .clock = clock.reader()}};
  Event event = office.create_event(little::event()).value();

  [[nodiscard]] Order buy(const Selection& selection, const HolderId& holder) const {
    const Hold hold = event.hold(selection, {.holder = holder}).value();
    std::uint32_t count = static_cast<std::uint32_t>(selection.places.size());
    for (const AreaAdmissions& area : selection.areas) count += area.quantity;
    (void)event.quote(hold.id, {{"adult", count, ""}}).value();
    return event.check_out(hold.id, {.payment = {"cash", "", {}}}).value();
  }
  /// "place status" of everybody on a page.
  [[nodiscard]] static std::vector<std::string> names(const SeatingPage& page) {
    std::vector<std::string> names;
    for (const Occupant& occupant : page.occupants)
      names.push_back(occupant.place + " " + std::string(to_string(occupant.status)));
    return names;
  }
};

using SeatNames = std::vector<std::string>;

}  // namespace

TEST_CASE("a seating list has whoever has a place, in the hall's order") {
  SeatedHall hall;
  const Order late = hall.buy({{"Hall-B-2", "Hall-B-1"}, {{"Hall-Standing", 2}}}, "olha");
  const Order early = hall.buy({{"Hall-A-4"}, {}}, "taras");
  const Hold hold =
      hall.event.hold(Selection{{"Hall-A-8"}, {{"Hall-Standing", 3}}}, {.holder = "cart", .ttl = 5min})
          .value();
  hall.clock.now += 1min;
  REQUIRE(hall.event.check_in(hall.office.code(late.tickets[0]), {.gate = "north"}).ok());
  const SeatingPage page = hall.event.seating();
  CHECK_FALSE(page.next);
  CHECK(hall.names(page) == SeatNames{"Hall-A-4 sold", "Hall-A-8 held", "Hall-B-1 sold", "Hall-B-2 admitted",
                                      "Hall-Standing held", "Hall-Standing sold", "Hall-Standing sold"});

  const Occupant& sold = page.occupants[0];
  CHECK(sold.ticket == early.tickets[0].id);
  CHECK(sold.order_number == 2);
  CHECK(sold.holder == HolderId("taras"));
  CHECK(std::vector{sold.section, sold.row, sold.seat, sold.category, sold.ticket_type} ==
        SeatNames{"Hall", "A", "4", "parquet", "adult"});
  CHECK_FALSE(sold.held_until);
  CHECK_FALSE(sold.admitted_at);

  const Occupant& admitted = page.occupants[3];
  CHECK(admitted.ticket == late.tickets[0].id);
  CHECK(admitted.admitted_at == hall.clock.now);
  CHECK(admitted.gate == "north");

  const Occupant& held = page.occupants[4];
  CHECK(held.quantity == 3);
  CHECK(held.held_until == hold.expires_at);
  CHECK(held.holder == HolderId("cart"));
  CHECK(held.row.empty());
  CHECK_FALSE(held.ticket);
  CHECK(held.order_number == 0);
}

TEST_CASE("who gave a ticket back, and whose hold ran out, is not on the list") {
  SeatedHall hall;
  const Order order = hall.buy({{"Hall-A-1", "Hall-A-2"}, {{"Hall-Standing", 1}}}, "olha");
  (void)hall.event.hold(Selection{{"Hall-A-3"}, {{"Hall-Standing", 1}}}, {.holder = "cart", .ttl = 60s})
      .value();
  REQUIRE(hall.event.refund(order.id, {.tickets = {order.tickets[0].id, order.tickets[2].id}}).ok());
  CHECK(hall.names(hall.event.seating()) ==
        SeatNames{"Hall-A-2 sold", "Hall-A-3 held", "Hall-Standing held"});
  const Timestamp deadline = hall.clock.now + 60s;
  CHECK(hall.names(hall.event.seating({.at = deadline - 1us})).size() == 3);
  CHECK(hall.names(hall.event.seating({.at = deadline})) == SeatNames{"Hall-A-2 sold"});
}

TEST_CASE("a seating list is the same page by page, whatever a page's size, and on another host") {
  SeatedHall hall;
  (void)hall.buy({{"Hall-B-2", "Hall-A-1"}, {{"Hall-Standing", 3}}}, "olha");
  (void)hall.buy({{"Hall-A-4"}, {{"Hall-Standing", 1}}}, "taras");
  for (const char* cart : {"one", "two"})
    (void)hall.event.hold(Selection{{}, {{"Hall-Standing", 1}}}, {.holder = cart}).value();
  const SeatNames all = hall.names(hall.event.seating());
  REQUIRE(all.size() == 9);
  BoxOffice other_office(hall.storage, {.clock = hall.clock.reader()});
  const Event hosts[] = {hall.event, other_office.event("premiere").value()};
  for (std::uint32_t limit = 1; limit <= 10; ++limit) {
    SeatNames names;
    std::size_t pages = 0;
    SeatingOptions options{.limit = limit};
    do {
      const SeatingPage page = hosts[pages++ % 2].seating(options);
      for (const std::string& name : hall.names(page)) names.push_back(name);
      // As a cursor goes through a browser and back.
      options.after = page.next ? parse_seating_position(to_string(*page.next)) : std::nullopt;
      REQUIRE(options.after == page.next);
    } while (options.after);
    CHECK(names == all);
    CHECK(pages == (all.size() + limit - 1) / limit);
  }
}

TEST_CASE("what is no position in a seating list is not read as one") {
  CHECK(parse_seating_position("12.3.1") == SeatingPosition{12, 3, 1, {}});
  const std::string id = "0193a5b0-7c1e-7d53-9a41-0f6b2c88e1d7";
  CHECK(parse_seating_position("12." + id) == SeatingPosition{12, 0, 0, *HoldId::parse(id)});
  for (const char* text : {"", "12", "12.", "12.3", "12.3.", "12.0.1", "12.3.1x", "-1.3.1", "4294967296.1.1"})
    CHECK_FALSE(parse_seating_position(text));
  // A place that the hall does not have is past all places.
  SeatedHall hall;
  (void)hall.buy({{"Hall-A-4"}, {{"Hall-Standing", 1}}}, "taras");
  const SeatingOptions far{.after = parse_seating_position("4000.1.1")};
  CHECK(hall.names(hall.event.seating(far)) == SeatNames{"Hall-Standing sold"});
  CHECK(hall.event.seating({.after = parse_seating_position("4294967295.1.1")}).occupants.empty());
}
