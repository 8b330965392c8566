// The parts that an event's state is composed of, each by itself, and what they say of each other in a
// snapshot.

#include <doctest/doctest.h>

#include "little_sale.hpp"
#include "ticketcore/engine/detail/desk.hpp"
#include "ticketcore/log/snapshot.hpp"
#include "ticketcore/sale/event_state.hpp"
#include "ticketcore/storage/memory.hpp"
#include "ticketcore/venue/merge_seat_maps.hpp"

using namespace ticketcore;

namespace {

constexpr std::uint32_t evening = 1'800'000'000;

[[nodiscard]] PlaceList seats(std::initializer_list<std::uint32_t> indexes) {
  PlaceList places;
  for (const std::uint32_t index : indexes) places.push_back({index});
  return places;
}

[[nodiscard]] std::uint64_t hashed(const Id128& id) { return keyed_hash(HashKey{}, id); }

template <class Part>
[[nodiscard]] Bytes bytes_of(const Part& part) {
  wire::Writer out;
  part.write(out);
  return out.take();
}

/// The part is what its bytes say, and no beginning of them is taken for the whole.
template <class Part>
void check_bytes(const Part& part) {
  part.check();
  const Bytes whole = bytes_of(part);
  Part again;
  wire::Reader in(whole, "a part");
  again.read(in);
  CHECK(in.at_end());
  CHECK(bytes_of(again) == whole);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    Part cut;
    wire::Reader short_of_end(BytesView(whole).first(size), "a part");
    CHECK_THROWS_AS(cut.read(short_of_end), StorageDamaged);
  }
}

/// A state of the little house, as parts make it.
struct Parts {
  ShortNames short_names{};
  Holders holders{};
  Holds holds{};
  Orders orders{};
  Requests requests{};

  Parts() { (void)holders.slot_for("cart"); }
  std::uint32_t hold(std::uint64_t number, PlaceList places, std::uint32_t holder = 0,
                     std::uint32_t expires_at = evening) {
    const HoldId id{little::request(number)};
    return holds.place(id, hashed(id), HoldPlaced{"cart", std::move(places), {}, from_epoch(expires_at)},
                       holder, from_epoch(evening - 600));
  }
  /// The hold is sold, and is no hold any more.
  void sell(std::uint32_t slot, std::uint64_t number) {
    QuotedPrice price;
    price.lines.push_back({{0}, 0, holds[slot].admissions, 0});
    holds.quote(slot, price);
    const OrderId id{little::request(number)};
    const auto count = static_cast<std::uint32_t>(orders.size());
    (void)orders.place(id, hashed(id), OrderPlaced{{}, count + 1, {}}, holds[slot],
                       short_names.number_of("card"), from_epoch(evening));
    holds.end(slot, hashed(holds[slot].id));
  }
  [[nodiscard]] EventState read() const {
    const NewEvent event = little::event();
    EventState state;
    const EventSettings settings{event.name,   "Little house", event.starts_at,
                                 event.prices, event.policy,   event.time_zone};
    state.apply({little::request(1), EventCreated{event.id, settings, event.seat_map, SaleStatus::on_sale}},
                {1, from_epoch(evening)});
    wire::Writer out;
    short_names.write(out);
    holders.write(out);
    holds.write(out);
    orders.write(out);
    requests.write(out);
    wire::Reader in(out.view(), "the parts");
    state.read_parts(in);
    state.check_everything();
    return state;
  }
};

}  // namespace

TEST_CASE("a place has one owner at most, and free, held and sold ones add up to the house") {
  Places places(*little::house());
  const PlaceList two = seats({0, 1});
  places.hold(two, evening, 7);
  CHECK(places.codes()[1] == evening);
  CHECK(places.owner({1}) == 7);
  CHECK(places.held_count() == 2);
  CHECK_FALSE(places.free().is_free({0}));
  places.move_deadline(two, evening + 60);
  CHECK(places.codes()[0] == evening + 60);
  places.sell(two, 40);
  CHECK(places.codes()[1] == place_code::sold);
  CHECK(places.owner({1}) == 41);
  CHECK(places.sold_count() == 2);
  places.refund({1}, 41);
  CHECK(places.free().is_free({1}));
  CHECK(places.touched().size() == 7);
  places.check();
  const PlaceList one = seats({1});
  places.hold(one, evening, 8);
  places.release(one);
  CHECK(places.owner({1}) == Places::nobody);
  CHECK(places.held_count() == 0);
  places.check();
  CHECK_THROWS_AS(places.refund({0}, 41), InvariantBroken);
  CHECK_THROWS_AS(places.hold(seats({2, 0}), evening, 9), InvariantBroken);
  CHECK_THROWS_AS(Places(*little::house()).hold(seats({17}), evening, 1), InvariantBroken);
  CHECK_THROWS_AS(Places(*little::house()).release(seats({2})), std::logic_error);
}

TEST_CASE("of an area no more is held and sold than there is, and what is held comes free at its deadline") {
  Areas areas(*little::house());
  const AreaQuantities six{{{0}, 6}};
  const AreaQuantities three{{{0}, 3}};
  areas.hold(six, evening);
  areas.hold(three, evening + 60);
  CHECK(areas.free({0}) == 1);
  CHECK(areas[0].quantity_by_deadline.until(evening) == 6);
  areas.move_deadline(six, evening, evening + 90);
  CHECK(areas[0].quantity_by_deadline.until(evening + 60) == 3);
  areas.sell(three, evening + 60);
  CHECK(areas[0].sold == 3);
  areas.release(six, evening + 90);
  areas.refund({0});
  CHECK(areas.free({0}) == 8);
  areas.check();
  CHECK_THROWS_AS(areas.hold(AreaQuantities{{{0}, 9}}, evening), InvariantBroken);
  CHECK_THROWS_AS(areas.hold(AreaQuantities{{{1}, 1}}, evening), InvariantBroken);
  CHECK_THROWS_AS(areas.hold(AreaQuantities{{{0}, 0}}, evening), InvariantBroken);
  CHECK_THROWS_AS(areas.release(three, evening), InvariantBroken);
}

TEST_CASE("places and areas go on with another map, and no owner is lost") {
  const auto house = little::house();
  SeatMapData data = house->data();
  data.rows[0].label = "C";
  data.areas[0].capacity = 4;
  const SeatMap merged = merge_seat_maps(*house, SeatMap(std::move(data)));
  REQUIRE(merged.place_count() == 25);
  const auto exchange = [](std::uint32_t from, std::uint32_t to) {
    return std::vector<PlaceExchange>{{{from}, {to}}};
  };
  Places places(*house);
  places.hold(seats({0, 9}), evening, 7);
  SUBCASE("with an exchange for what would go") {
    places.replace_map(merged, exchange(0, 18));
    CHECK(places.owner({18}) == 7);
    CHECK(places.codes()[18] == evening);
    CHECK(places.owner({0}) == Places::nobody);
    CHECK(places.codes()[0] == place_code::retired);
    CHECK(places.codes()[9] == evening);
    CHECK(places.held_count() == 2);
    CHECK(places.free().free_count() == 15);
    places.check();
    places.release(seats({18}));
    places.check();
    CHECK_THROWS_AS(places.hold(seats({0}), evening, 8), InvariantBroken);
  }
  SUBCASE("without one, or with one that makes no sense, it contradicts the state") {
    CHECK_THROWS_AS(places.replace_map(merged, {}), InvariantBroken);
    CHECK_THROWS_AS(Places(*house).replace_map(merged, exchange(0, 18)), InvariantBroken);
    for (const auto& [from, to] : {std::pair{0U, 1U}, {0U, 9U}, {0U, 25U}, {25U, 18U}, {9U, 18U}}) {
      Places again(*house);
      again.hold(seats({0, 9}), evening, 7);
      CHECK_THROWS_AS(again.replace_map(merged, exchange(from, to)), InvariantBroken);
    }
  }
  SUBCASE("an area keeps what is held and sold of it") {
    Areas areas(*house);
    areas.hold(AreaQuantities{{{0}, 4}}, evening);
    areas.replace_map(merged);
    CHECK(areas.free({0}) == 0);
    areas.check();
    Areas full(*house);
    full.hold(AreaQuantities{{{0}, 5}}, evening);
    CHECK_THROWS_AS(full.replace_map(merged), InvariantBroken);
  }
}

TEST_CASE("who has nothing left and never bought anything is forgotten, and the slot is the next one's") {
  Holders holders;
  const std::uint32_t cart = holders.slot_for("cart");
  CHECK(holders.slot_for("cart") == cart);
  holders.begin_hold(cart, 2);
  holders.begin_hold(cart, 1);
  holders.end_hold(cart, 1);
  CHECK(holders.find("cart")->held == 2);
  holders.end_hold(cart, 2);
  CHECK(holders.find("cart") == nullptr);
  CHECK(holders.slot_for("buyer") == cart);
  holders.begin_hold(cart, 2);
  holders.buy(cart, 2);
  holders.end_hold(cart, 2);
  holders.refund(cart, 2);
  CHECK(holders.find("buyer")->has_ordered);
  CHECK_THROWS_AS(holders.refund(cart, 1), InvariantBroken);
  CHECK_THROWS_AS(holders.end_hold(cart, 0), InvariantBroken);
  holders.check();
}

TEST_CASE("each part is what its bytes say, and no beginning of them is taken for the whole") {
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  little::sell_a_bit(storage, clock);
  Desk desk(storage, "premiere");
  desk.catch_up();
  const EventState& state = desk.state();
  check_bytes(state.short_names());
  check_bytes(state.holders());
  check_bytes(state.holds());
  check_bytes(state.orders());
  check_bytes(state.requests());
  CHECK(state.memory_bytes() > state.orders().memory_bytes() + state.requests().memory_bytes());
}

TEST_CASE("a snapshot whose parts contradict each other is refused") {
  Parts parts;
  const std::uint32_t first = parts.hold(10, seats({0, 1}));
  const std::uint32_t second = parts.hold(11, seats({2}));
  SUBCASE("they don't") {
    parts.sell(second, 12);
    const EventState state = parts.read();
    CHECK(state.holders().find("cart")->held == 2);
    CHECK(state.holders().find("cart")->bought == 1);
    CHECK(state.places().owner({1}) == 0);
    CHECK(state.places().codes()[2] == place_code::sold);
    CHECK(state.places().touched().empty());
  }
  SUBCASE("a name that nothing is said of is not kept") {
    (void)parts.holders.slot_for("gone");
    CHECK(parts.read().holders().find("gone") == nullptr);
  }
  SUBCASE("two holds have a place") {
    (void)parts.hold(13, seats({3, 1}));
    CHECK_THROWS_AS((void)parts.read(), InvariantBroken);
  }
  SUBCASE("a hold and a ticket have a place") {
    parts.sell(first, 12);
    (void)parts.hold(13, seats({1}));
    CHECK_THROWS_AS((void)parts.read(), InvariantBroken);
  }
  SUBCASE("two tickets have a place") {
    parts.sell(second, 12);
    parts.sell(parts.hold(13, seats({2})), 14);
    CHECK_THROWS_AS((void)parts.read(), InvariantBroken);
  }
  SUBCASE("a hold is nobody's") {
    (void)parts.hold(13, seats({4}), 1);
    CHECK_THROWS_AS((void)parts.read(), InvariantBroken);
  }
  SUBCASE("a hold's deadline marks what is sold") {
    (void)parts.hold(13, seats({4}), 0, place_code::sold);
    CHECK_THROWS_AS((void)parts.read(), InvariantBroken);
  }
  SUBCASE("an order was paid in a way that has no name") {
    parts.sell(second, 12);
    parts.short_names = ShortNames();
    CHECK_THROWS_AS((void)parts.read(), InvariantBroken);
  }
  SUBCASE("a hold became an order that there is not") {
    parts.requests.remember({little::request(11), HoldPlaced{}}, hashed(little::request(11)),
                            {2, from_epoch(evening)});
    parts.requests.note_end(HoldId{little::request(11)}, hashed(little::request(11)), HoldEnd::checked_out,
                            1);
    CHECK_THROWS_AS((void)parts.read(), InvariantBroken);
  }
}

TEST_CASE("a note on an order is there until another replaces it, in a snapshot too") {
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  little::sell_a_bit(storage, clock);
  Desk desk(storage, "premiere");
  desk.catch_up();
  const OrderId order = desk.state().orders()[0].id;
  std::uint64_t request = 700;
  const auto ask = [&](OrderId id, std::string text) {
    const Command command{little::request(++request), NoteOrder{id, std::move(text)}};
    return desk.take_turn({&command, 1}).front();
  };
  const auto note = [&](const EventState& state) { return state.orders().find(order)->note; };

  CHECK(note(desk.state()).empty());
  REQUIRE(ask(order, "picks them up at eight").granted<OrderNoted>() != nullptr);
  CHECK(note(desk.state()) == "picks them up at eight");
  REQUIRE(ask(order, "picked up").refusal() == nullptr);
  const Bytes snapshot = encode_snapshot(desk.state(), desk.revision(), 1);
  CHECK(note(decode_snapshot(snapshot, "the snapshot", storage)->state) == "picked up");
  Desk other(storage, "premiere");
  other.catch_up();
  CHECK(note(other.state()) == "picked up");

  CHECK(ask(OrderId{little::request(1)}, "nobody's").refusal()->reason == Reason::order_not_found);
  CHECK(ask(order, std::string(limits::note_bytes, 'x')).refusal() == nullptr);
  for (const std::string& bad : {std::string(limits::note_bytes + 1, 'x'), std::string("\x1b[2J")})
    CHECK(ask(order, bad).refusal()->reason == Reason::invalid_request);
  CHECK(note(desk.state()).size() == limits::note_bytes);
  REQUIRE(ask(order, "").refusal() == nullptr);
  CHECK(note(desk.state()).empty());
}
