// Another seat map in the place of a live event's: what stays, what moves, what is refused.

#include <doctest/doctest.h>

#include <algorithm>

#include "little_house.hpp"
#include "made_map.hpp"
#include "ticketcore/formats/seat_map_json.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/log/fact_json.hpp"
#include "ticketcore/storage/memory.hpp"
#include "ticketcore/tickets/seat_map_svg.hpp"

using namespace ticketcore;
using namespace std::chrono_literals;
using made::seats;
using Labels = std::vector<std::string>;

namespace {

/// Rows A and B of four seats, and a floor for ten.
const made::MapOf hall{.rows = {{"A", seats(1, 4)}, {"B", seats(1, 4), "cheap"}}, .areas = {{"Floor", 10}}};

[[nodiscard]] NewEvent new_event(const made::MapOf& map, const EventId& id = "gala") {
  NewEvent event = little::event(id);
  event.seat_map = made::shared(map);
  return event;
}

struct Box {
  little::Clock clock{};
  MemoryStorage storage{clock.reader()};
  BoxOffice office{storage, {.signing_key = SigningKey::generate(), .clock = clock.reader()}};
  Event event;

  explicit Box(const made::MapOf& map = hall) : event(office.create_event(new_event(map)).value()) {}
  ~Box() {
    event.inspect([](const EventState& state) { state.check_everything(); });
    CHECK(audit(storage, "event/gala").problems == Labels{});
  }

  [[nodiscard]] Hold hold(const Selection& selection) const {
    return event.hold(selection, {.holder = "cart"}).value();
  }
  [[nodiscard]] Order buy(const Selection& selection) const {
    const Hold held = hold(selection);
    std::uint32_t count = static_cast<std::uint32_t>(selection.places.size());
    for (const AreaAdmissions& area : selection.areas) count += area.quantity;
    (void)event.quote(held.id, {{"adult", count, ""}}).value();
    return event.check_out(held.id, {.payment = {"card", "ch_1", {}}}).value();
  }
  [[nodiscard]] Refusal refused(const made::MapOf& map, const std::vector<Exchange>& exchanges = {}) const {
    const Revision before = event.revision();
    const auto answer = event.replace_map(made::shared(map), exchanges);
    REQUIRE_FALSE(answer.ok());
    CHECK(event.revision() == before);
    return answer.refusal();
  }
  void replace(const made::MapOf& map, const std::vector<Exchange>& exchanges = {}) const {
    (void)event.replace_map(made::shared(map), exchanges).value();
  }
  [[nodiscard]] StatusCounts total() const { return event.availability()->total(clock.now); }
  [[nodiscard]] PlaceStatus status(const char* label) const {
    const auto seen = event.availability();
    return seen->status(seen->seat_map().find_place_ever(label).value(), clock.now);
  }
  /// The state to the byte.
  [[nodiscard]] Bytes bytes(const Event& of) const {
    Bytes all;
    of.inspect([&](const EventState& state) { all = encode_snapshot(state, 0, 0); });
    return all;
  }
};

[[nodiscard]] Labels places_of(const Order& order) {
  Labels labels;
  for (const Ticket& ticket : order.tickets) labels.push_back(ticket.place);
  return labels;
}

}  // namespace

TEST_CASE("a map is replaced while the event sells, and everybody keeps what they have") {
  Box box;
  const Hold hold = box.hold({{"Hall-A-2", "Hall-A-3"}, {{"Hall-Floor", 2}}});
  const Order order = box.buy({{"Hall-B-2"}, {{"Hall-Floor", 1}}});
  // Row B stands in front now and has lost a seat, row A has got one at each end, there is a row C.
  box.replace({.rows = {{"B", seats(1, 3), "cheap"}, {"A", seats(0, 5)}, {"C", seats(1, 2)}},
               .areas = {{"Lawn", 5}, {"Floor", 3}}});
  CHECK(box.total() == StatusCounts{5 + 8, 4, 2, 0});
  CHECK(box.event.availability()->seat_map().capacity() == 11 + 8);
  CHECK(box.event.find_hold(hold.id)->places == Labels{"Hall-A-2", "Hall-A-3"});
  CHECK(places_of(*box.event.find_order(order.id)) == places_of(order));
  CHECK(box.status("Hall-A-2") == PlaceStatus::held);
  CHECK(box.status("Hall-B-2") == PlaceStatus::sold);
  CHECK(box.status("Hall-B-4") == PlaceStatus::retired);
  CHECK(box.status("Hall-A-0") == PlaceStatus::free);

  // A handle of before sells the new places, and not those that are gone.
  CHECK(box.hold({{"Hall-A-0", "Hall-C-2"}, {{"Hall-Lawn", 1}}}).places == Labels{"Hall-A-0", "Hall-C-2"});
  CHECK(box.event.hold({"Hall-B-4"}, {.holder = "cart"}).refusal().reason == Reason::place_unknown);
  const PlaceIndex gone = *box.event.seat_map()->find_place_ever("Hall-B-4");
  const Refusal taken = box.event.ask(PlaceHold{"cart", {gone}, {}, 60s}).refusal();
  CHECK(taken.reason == Reason::place_unknown);
  CHECK(taken.places == Labels{"Hall-B-4"});
  CHECK(box.event.hold({{}, {{"Hall-Floor", 1}}}, {.holder = "cart"}).refusal().reason == Reason::area_full);

  const Quote quote = box.event.quote(hold.id, {{"adult", 4, ""}}).value();
  const Order sold = box.event.check_out(hold.id, {.payment = {"card", "ch_2", quote.total}}).value();
  CHECK(sold.tickets[1].place == "Hall-A-3");
  (void)box.event.refund(order.id).value();
  CHECK(box.status("Hall-B-2") == PlaceStatus::free);
}

TEST_CASE("what is held or sold and would go is refused, all of it by name") {
  Box box;
  (void)box.hold({{"Hall-A-1", "Hall-A-4"}, {{"Hall-Floor", 3}}});
  (void)box.buy({{"Hall-B-4"}, {{"Hall-Floor", 2}}});
  const made::MapOf less{.rows = {{"A", seats(2, 3)}, {"B", seats(1, 3), "cheap"}}, .areas = {{"Floor", 4}}};
  const Refusal refusal = box.refused(less);
  CHECK(refusal.reason == Reason::places_in_use);
  CHECK(refusal.places == Labels{"Hall-A-1", "Hall-A-4", "Hall-B-4", "Hall-Floor"});
  CHECK(
      refusal.message ==
      "the new map has no room for what is held or sold: Hall-A-1, Hall-A-4, Hall-B-4, Hall-Floor; exchange, "
      "release or refund it first");
  // An exchange for some of it does not let the rest go.
  CHECK(box.refused(less, {{"Hall-A-1", "Hall-A-2"}}).places == Labels{"Hall-A-4", "Hall-B-4", "Hall-Floor"});
  made::MapOf enough = less;
  enough.areas[0].capacity = 5;
  box.replace(enough, {{"Hall-A-1", "Hall-A-2"}, {"Hall-A-4", "Hall-B-1"}, {"Hall-B-4", "Hall-B-3"}});
  CHECK(box.total() == StatusCounts{2, 5, 3, 0});
  // An area that is not there has no room at all.
  CHECK(box.refused({.rows = less.rows}).places == Labels{"Hall-Floor"});
}

TEST_CASE("a long list is named whole, and told in part") {
  Box box({.rows = {{"A", seats(1, 14)}}});
  Selection all;
  for (const std::string& seat : seats(1, 14)) all.places.push_back("Hall-A-" + seat);
  (void)box.hold(all);
  const Refusal refusal = box.refused({.rows = {{"B", seats(1, 14)}}});
  CHECK(refusal.places == all.places);
  CHECK(refusal.message.find("Hall-A-10 and 4 more;") != std::string::npos);
}

TEST_CASE("exchanges take holds and tickets along, at the price that was told or paid") {
  Box box;
  const Hold hold = box.hold({{"Hall-A-1", "Hall-A-2"}, {}});
  const Quote quote = box.event.quote(hold.id, {{"adult", 2, ""}}).value();
  const Order order = box.buy({{"Hall-A-3", "Hall-A-4"}, {}});
  const std::string code = box.office.code(order.tickets[1]);
  // Only row B is left, and what was in row A sits there and in a new row.
  box.replace({.rows = {{"B", seats(1, 4), "cheap"}, {"D", seats(1, 2), "cheap"}}},
              {{"Hall-A-2", "Hall-B-1"},
               {"Hall-A-1", "Hall-D-2"},
               {"Hall-A-4", "Hall-B-3"},
               {"Hall-A-3", "Hall-D-1"}});
  CHECK(box.event.find_hold(hold.id)->places == Labels{"Hall-D-2", "Hall-B-1"});
  CHECK(places_of(*box.event.find_order(order.id)) == Labels{"Hall-D-1", "Hall-B-3"});
  CHECK(box.event.find_order(order.id)->total == order.total);
  for (const char* gone : {"Hall-A-1", "Hall-A-2", "Hall-A-3", "Hall-A-4"})
    CHECK(box.status(gone) == PlaceStatus::retired);
  CHECK(box.status("Hall-B-1") == PlaceStatus::held);
  CHECK(box.status("Hall-D-1") == PlaceStatus::sold);
  CHECK(box.total() == StatusCounts{2, 2, 2, 0});

  // The code names the ticket and not its place.
  CHECK(box.event.check_in(code, {.gate = "north"}).value().place == "Hall-B-3");
  const Order sold = box.event.check_out(hold.id, {.payment = {"card", "ch_2", quote.total}}).value();
  CHECK(places_of(sold) == Labels{"Hall-D-2", "Hall-B-1"});
  CHECK(sold.tickets[0].price == order.tickets[0].price);
  (void)box.event.refund(sold.id).value();
  CHECK(box.status("Hall-D-2") == PlaceStatus::free);
  CHECK(box.event.hold({"Hall-D-2", "Hall-B-1"}, {.holder = "next"}).ok());
}

TEST_CASE("an exchanged hold ends as any other does") {
  Box box;
  const Hold first = box.event.hold({"Hall-A-1"}, {.holder = "cart", .ttl = 60s}).value();
  const Hold second = box.event.hold({"Hall-A-2"}, {.holder = "cart", .ttl = 60s}).value();
  box.replace({.rows = {{"B", seats(1, 4), "cheap"}}, .areas = hall.areas},
              {{"Hall-A-1", "Hall-B-1"}, {"Hall-A-2", "Hall-B-2"}});
  (void)box.event.release(first.id).value();
  CHECK(box.status("Hall-B-1") == PlaceStatus::free);
  (void)box.event.extend(second.id, 90s).value();
  box.clock.now += 91s;
  CHECK(box.total() == StatusCounts{14, 0, 0, 0});
  CHECK(box.hold({{"Hall-B-2"}, {}}).places == Labels{"Hall-B-2"});
}

TEST_CASE("an exchange that makes no sense is refused, and says why") {
  Box box;
  (void)box.hold({{"Hall-A-1", "Hall-A-2", "Hall-B-1"}, {}});
  const made::MapOf next{.rows = {{"B", seats(1, 4), "cheap"}, {"A", seats(3, 4)}}, .areas = hall.areas};
  const auto says = [&](const std::vector<Exchange>& exchanges, Reason reason, const char* what) {
    const Refusal refusal = box.refused(next, exchanges);
    CHECK(refusal.reason == reason);
    INFO(refusal.message);
    CHECK(refusal.message.find(what) != std::string::npos);
  };
  const Exchange good{"Hall-A-1", "Hall-B-2"};
  says({{"Hall-X-1", "Hall-B-2"}}, Reason::place_unknown, "the event has no place called Hall-X-1");
  says({{"Hall-A-1", "Hall-A-2"}}, Reason::place_unknown, "the new map has no place called Hall-A-2");
  says({good, {"Hall-A-3", "Hall-B-3"}}, Reason::invalid_request, "Hall-A-3 is neither held nor sold");
  says({good, {"Hall-B-1", "Hall-B-3"}}, Reason::invalid_request, "Hall-B-1 stands on the new map, too");
  says({good, {"Hall-A-2", "Hall-B-1"}}, Reason::place_taken, "no longer free: Hall-B-1");
  says({good, {"Hall-A-2", "Hall-B-2"}}, Reason::invalid_request, "Hall-B-2 is exchanged twice");
  says({good, {"Hall-A-1", "Hall-B-3"}}, Reason::invalid_request, "Hall-A-1 is exchanged twice");
  says({{"Hall-A-1", ""}}, Reason::invalid_request, "needs 1 to");
  says(std::vector<Exchange>(limits::exchanges + 1, good), Reason::invalid_request,
       "at most 100000 exchanges");
  CHECK(box.event.replace_map(nullptr).refusal().message == "a replacement needs a seat map");
  std::vector<std::string> many;
  for (std::uint32_t number = 0; number < limits::categories; ++number)
    many.push_back("c" + std::to_string(number));
  CHECK(box.refused({.rows = {{"A", seats(1, 4), "c0"}}, .categories = many}).reason ==
        Reason::invalid_request);
  box.replace(next, {good, {"Hall-A-2", "Hall-B-3"}});
}

TEST_CASE("a place that comes back is free, and can be given in exchange at once") {
  Box box;
  box.replace({.rows = {{"A", seats(1, 4)}}, .areas = hall.areas});
  CHECK(box.total() == StatusCounts{14, 0, 0, 0});
  (void)box.hold({{"Hall-A-1"}, {}});
  box.replace({.rows = {{"B", seats(1, 4), "cheap"}}, .areas = hall.areas}, {{"Hall-A-1", "Hall-B-4"}});
  CHECK(box.status("Hall-B-4") == PlaceStatus::held);
  CHECK(box.total() == StatusCounts{13, 1, 0, 0});
  CHECK(box.event.availability()->seat_map().place_count() == 8);
}

TEST_CASE("after a replacement best available is what it is in a new event on the new map") {
  const made::MapOf next{.rows = {{"C", seats(1, 6)}, {"A", seats(1, 6)}, {"B", seats(3, 9), "cheap"}}};
  Box box({.rows = {{"A", seats(1, 4)}, {"B", seats(1, 4), "cheap"}}});
  (void)box.hold({{"Hall-A-2"}, {}});
  (void)box.hold({{"Hall-B-3"}, {}});
  (void)box.hold({{"Hall-B-1"}, {}});
  box.replace(next, {{"Hall-B-1", "Hall-C-3"}});
  const Event fresh = box.office.create_event(new_event(next, "fresh")).value();
  (void)fresh.hold({"Hall-A-2", "Hall-B-3", "Hall-C-3"}, {.holder = "cart"}).value();
  std::uint32_t holder = 0;
  for (const std::uint32_t count : {2U, 3U, 1U, 2U, 4U, 1U, 1U, 1U, 1U, 1U}) {
    for (const char* category : {"parquet", "cheap"}) {
      const BestPlaces wish{.count = count, .categories = {category}};
      const HoldOptions options{.holder = HolderId("buyer-" + std::to_string(++holder))};
      const auto one = box.event.hold_best(wish, options);
      const auto other = fresh.hold_best(wish, options);
      REQUIRE(one.ok() == other.ok());
      if (one) CHECK(one->places == other->places);
      if (!one) CHECK(one.refusal().available == other.refusal().available);
    }
  }
  CHECK(box.total() == fresh.availability()->total(box.clock.now));
}

TEST_CASE("log, snapshot and other processes come to the same state over a replacement") {
  Box box;
  BoxOffice other_office(box.storage, {.clock = box.clock.reader()});
  const Event other = other_office.event("gala").value();
  const Hold hold = box.hold({{"Hall-A-1", "Hall-B-2"}, {{"Hall-Floor", 1}}});
  const Order order = box.buy({{"Hall-A-2"}, {}});
  other.refresh();
  box.replace({.rows = {{"C", seats(1, 2)}, {"B", seats(1, 9), "cheap"}}, .areas = hall.areas},
              {{"Hall-A-1", "Hall-B-9"}, {"Hall-A-2", "Hall-C-1"}});

  // One that catches up, and that has known the event before.
  other.refresh(box.event.revision());
  CHECK(other.availability()->seat_map().data() == box.event.availability()->seat_map().data());
  CHECK(other.find_hold(hold.id)->places == Labels{"Hall-B-9", "Hall-B-2"});
  CHECK(other.hold({"Hall-C-2"}, {.holder = "there"}).ok());
  box.event.refresh();
  const Bytes expected = box.bytes(box.event);
  CHECK(box.bytes(other) == expected);
  other.reopen();
  CHECK(box.bytes(other) == expected);

  // From the log alone, then from a snapshot.
  for (const bool snapshot : {false, true}) {
    if (snapshot) box.event.save_snapshot();
    BoxOffice office(box.storage, {.clock = box.clock.reader()});
    const Event again = office.event("gala").value();
    again.inspect([](const EventState& state) { state.check_everything(); });
    CHECK(box.bytes(again) == expected);
    CHECK(places_of(*again.find_order(order.id)) == Labels{"Hall-C-1"});
    CHECK(again.availability()->total(box.clock.now) == box.total());
    CHECK(again.seat_map()->is_retired({0}));
  }
}

TEST_CASE("a repeated request is answered as it was, and shows the ticket's place as it is") {
  Box box;
  const HoldOptions options{.holder = "cart", .request = little::request(50)};
  const Hold hold = box.event.hold({"Hall-A-1"}, options).value();
  (void)box.event.quote(hold.id, {{"adult", 1, ""}}).value();
  const CheckOutOptions paid{.payment = {"card", "ch_1", {}}, .request = little::request(51)};
  (void)box.event.check_out(hold.id, paid).value();
  const made::MapOf next{.rows = {{"B", seats(1, 4), "cheap"}}};
  const auto replace = [&] {
    return box.event.replace_map(made::shared(next), {{"Hall-A-1", "Hall-B-4"}}, little::request(52));
  };
  CHECK(replace().ok());
  const Revision revision = box.event.revision();
  CHECK(replace().ok());
  const PlaceHold again{"cart", {PlaceIndex{0}}, {}, options.ttl};
  CHECK(box.event.ask(again, options.request)->places == Labels{"Hall-A-1"});
  CHECK(box.event.check_out(hold.id, paid)->tickets[0].place == "Hall-B-4");
  CHECK(box.event.revision() == revision);
}

TEST_CASE("a replaced map is drawn and written as the new one") {
  Box box;
  (void)box.hold({{"Hall-A-1"}, {}});
  const made::MapOf next{.rows = {{"B", seats(2, 6), "cheap"}, {"C", seats(1, 2), "parquet", "Balcony"}},
                         .areas = {{"Lawn", 3}}};
  box.replace(next, {{"Hall-A-1", "Balcony-C-1"}});
  const auto seen = box.event.availability();
  CHECK(seat_map_to_json(seen->seat_map()) == seat_map_to_json(made::map(next)));
  CHECK(seat_map_svg(seen->seat_map(), {}) == seat_map_svg(made::map(next), {}));
}

TEST_CASE("the log tells a replacement with labels, those of new places too") {
  Box box;
  (void)box.hold({{"Hall-A-1"}, {}});
  box.replace({.rows = {{"C", seats(1, 2)}}}, {{"Hall-A-1", "Hall-C-2"}});
  EventState state;
  std::string last;
  for (const Entry& entry : box.storage.read("event/gala", 0, SIZE_MAX)) {
    const LogEntry read = decode_entry(entry.bytes, "the entry", box.storage);
    for (const Fact& fact : read.facts) {
      learn_labels(state, fact, {entry.revision, read.header.turn});
      last = fact_json(fact, entry.revision, read.header.turn, state);
    }
  }
  CHECK(last.find("\"exchanges\":[{\"from\":\"Hall-A-1\",\"to\":\"Hall-C-2\"}]") != std::string::npos);
}
