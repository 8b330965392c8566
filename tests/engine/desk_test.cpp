// An event's desk: batches, requests that come again, and what is refused.

#include "desk_fixture.hpp"

using namespace ticketcore;

namespace {

using desk_testing::FaultyStorage;
using desk_testing::Fixture;

}  // namespace

TEST_CASE("a request is forgotten after a day, and its memory with it") {
  Fixture at;
  const Command hold = at.hold(0, std::chrono::seconds(1));
  (void)at.take(hold);
  at.clock.now += limits::request_memory + std::chrono::hours(1);
  (void)at.take(at.hold(1));
  CHECK(at.desk.state().requests().find(hold.request) == nullptr);
}

TEST_CASE("a hold or an order that outlives the memory of its request does not get its id given again") {
  Fixture at;
  NewEvent event = little::event();
  const Command configure{
      little::request(2),
      ConfigureEvent{
          {event.name, "", event.starts_at, event.prices, {.hold_lifetime = std::chrono::hours(72)}}}};
  REQUIRE(at.take(configure).refusal() == nullptr);
  const auto pay_for = [&](const Command& held, RequestId request) {
    const HoldId hold{held.request};
    REQUIRE(at.take({little::request(at.next_request++), QuoteHold{hold, {{"adult", 1, ""}}}}).refusal() ==
            nullptr);
    return at.take({request, CheckOut{hold, {"card", "", at.desk.state().holds().find(hold)->quote->total}}});
  };
  const Command long_hold = at.hold(0, std::chrono::hours(72));
  const Command bought = at.hold(1);
  REQUIRE(at.take(long_hold).refusal() == nullptr);
  REQUIRE(at.take(bought).refusal() == nullptr);
  REQUIRE(pay_for(bought, little::request(3)).refusal() == nullptr);
  at.clock.now += limits::request_memory + std::chrono::hours(1);

  REQUIRE(at.take(at.hold(2)).refusal() == nullptr);
  for (const Command& again : {long_hold, Command{long_hold.request, HoldBest{"cart", {{0}}, 1}}}) {
    const Answer answer = at.take(again);
    REQUIRE(answer.refusal() != nullptr);
    CHECK(answer.refusal()->reason == Reason::request_reused);
  }
  const Answer second_order = pay_for(long_hold, little::request(3));
  REQUIRE(second_order.refusal() != nullptr);
  CHECK(second_order.refusal()->reason == Reason::request_reused);
  CHECK(at.desk.halted().empty());
  CHECK(at.desk.state().orders().size() == 1);
  CHECK(pay_for(long_hold, little::request(4)).refusal() == nullptr);
}

TEST_CASE("a refusal leaves nothing behind, and a refused request that comes again is decided anew") {
  Fixture at;
  const Command first = at.hold(0);
  Command second = at.hold(0);
  REQUIRE(at.take(first).refusal() == nullptr);
  const auto size = [&] { return encode_snapshot(at.desk.state(), 0, 0).size(); };
  const std::size_t bytes = size();
  const Revision revision = at.desk.revision();
  for (std::uint64_t number = 0; number < 1'000; ++number) {
    second.request = little::request(1'000 + number);
    CHECK(at.take(second).refusal()->reason == Reason::place_taken);
  }
  CHECK(at.desk.revision() == revision);
  CHECK(size() == bytes);
  // Refused, made possible, and granted in one batch; then told again.
  const std::vector<Command> batch = {
      second, {little::request(50), ReleaseHold{HoldId{first.request}}}, second, second};
  const std::vector<Answer> answers = at.desk.take_turn(batch);
  CHECK(answers[0].refusal()->reason == Reason::place_taken);
  REQUIRE(answers[2].granted<HoldPlaced>() != nullptr);
  CHECK(answers[3].granted<HoldPlaced>() != nullptr);
  CHECK(at.desk.state().holds().open_count() == 1);
}

TEST_CASE("requests repeated within one batch are one") {
  Fixture at;
  const Command hold = at.hold(0);
  const std::vector<Command> twice = {hold, hold};
  const std::vector<Answer> answers = at.desk.take_turn(twice);
  CHECK(answers[1].refusal() == nullptr);
  CHECK(answers[1].request == hold.request);
  CHECK(at.desk.state().holds().open_count() == 1);
}

TEST_CASE("carts that buy nothing leave nothing behind, also across a snapshot") {
  Fixture at;
  const auto cart = [&](const std::string& holder, std::uint32_t place) {
    PlaceHold hold;
    hold.holder = HolderId(holder);
    hold.places = {PlaceIndex{place}};
    return Command{little::request(at.next_request++), hold};
  };
  const Command bought = cart("buyer", 0);
  REQUIRE(at.take(bought).refusal() == nullptr);
  REQUIRE(at.take({little::request(2), QuoteHold{HoldId{bought.request}, {{"adult", 1, ""}}}}).refusal() ==
          nullptr);
  const std::int64_t total = at.desk.state().holds().find(HoldId{bought.request})->quote->total;
  REQUIRE(at.take({little::request(3), CheckOut{HoldId{bought.request}, {"card", "", total}}}).refusal() ==
          nullptr);
  for (int number = 0; number < 100; ++number) {
    const Command hold = cart("cart-" + std::to_string(number), 1);
    REQUIRE(at.take(hold).refusal() == nullptr);
    if (number % 2 == 0) {
      REQUIRE(at.take({little::request(at.next_request++), ReleaseHold{HoldId{hold.request}}}).refusal() ==
              nullptr);
    } else {
      at.clock.now += std::chrono::minutes(20);
    }
  }
  REQUIRE(at.take(cart("thinking", 1)).refusal() == nullptr);
  CHECK(at.desk.state().holders().size() <= 3);
  at.desk.state().check_everything();
  at.desk.save_snapshot();
  Desk fresh(at.storage, "premiere");
  fresh.catch_up();
  fresh.state().check_everything();
  CHECK(fresh.state().holders().find("buyer")->bought == 1);
  CHECK(fresh.state().holders().find("thinking")->open_holds == 1);
  CHECK(fresh.state().holders().find("cart-7") == nullptr);
  CHECK(fresh.state().holders().size() <= 3);
}

TEST_CASE("a batch whose facts would not fit one entry becomes several") {
  SeatMapBuilder builder("Many prices");
  std::vector<Price> prices;
  const std::string filler(90, 'x');
  for (int category = 0; category < 16; ++category) {
    const std::string key = filler + std::to_string(category);
    builder.add_category({key, key, "#123456"});
    for (int type = 0; type < 256; ++type) prices.push_back({key, "type " + std::to_string(type), "1.00"});
  }
  builder.add_area({.label = "Lawn", .section = builder.no_section(), .category = {0}, .capacity = 1});
  const EventSettings settings{"Many", "", {}, PriceList("UAH", prices), {}};
  little::Clock clock;
  MemoryStorage store(clock.reader());
  Desk desk(store, "many");
  std::vector<Command> commands = {
      {little::request(1), CreateEvent{"many", settings, std::make_shared<const SeatMap>(builder.build())}}};
  for (std::uint64_t number = 2; number < 170; ++number)
    commands.push_back({little::request(number), ConfigureEvent{settings}});
  commands.push_back(commands[3]);
  std::size_t granted = 0;
  for (const Answer& answer : desk.take_turn(commands)) granted += answer.refusal() == nullptr ? 1 : 0;
  CHECK(granted == commands.size());
  CHECK(desk.halted().empty());
  const std::vector<Entry> entries = store.read("event/many", 0, SIZE_MAX);
  CHECK(entries.size() > 2);
  for (const Entry& entry : entries) CHECK(entry.bytes.size() < limits::entry_bytes / 2);
}

TEST_CASE("a seat map that no log entry has room for is refused, and its desk goes on") {
  SeatMapBuilder builder("Long labels");
  builder.add_category({"a", "A", "#123456"});
  const std::string filler(90, 'x');
  for (std::uint32_t row = 0; row < 340; ++row) {
    builder.add_row(builder.no_section(), std::to_string(row));
    for (std::uint32_t seat = 0; seat < 1'000; ++seat)
      builder.add_seat({.label = filler + std::to_string(row * 1'000 + seat)});
  }
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  Desk desk(storage, "long");
  const NewEvent event = little::event();
  const Command create{little::request(1), CreateEvent{"long",
                                                       {"Long", "", {}, PriceList("UAH", {}), {}},
                                                       std::make_shared<const SeatMap>(builder.build())}};
  const Answer answer = desk.take_turn({&create, 1}).front();
  REQUIRE(answer.refusal() != nullptr);
  CHECK(answer.refusal()->reason == Reason::invalid_request);
  CHECK(answer.refusal()->text().find("at most 33554432 are possible") != std::string::npos);
  const Command smaller{little::request(1),
                        CreateEvent{"long", {"Short", "", {}, event.prices, {}}, event.seat_map}};
  CHECK(desk.take_turn({&smaller, 1}).front().refusal() == nullptr);
}

TEST_CASE("a batch is decided as its commands are one at a time, whatever they name") {
  const NewEvent event = little::event();
  const EventId id = "premiere";
  const auto request = little::request;
  const HoldId first{request(3)};
  const OrderId order{request(8)};
  const auto held = [](PlaceList places) { return PlaceHold{"cart", std::move(places)}; };
  // The later ones are looked for in tables that are empty yet, of an event that is not there yet.
  const std::vector<Command> commands = {
      {request(1), held({{0}})},
      {request(2), CreateEvent{id, {"Short", "", {}, event.prices, {}}, event.seat_map, SaleStatus::on_sale}},
      {request(3), held({{1}, {0}})},
      {request(4), held({{UINT32_MAX}})},
      {request(5), held({{3}, {2}, {3}})},
      {request(6), held({{4}, {4}})},
      {request(7), QuoteHold{first, {{"adult", 2}}}},
      {request(8), CheckOut{first, {"card"}}},
      {request(9), AdmitTicket{{order, 1}, "gate"}},
      {request(10), RefundTickets{order, {2}}},
      {request(11), AdmitTicket{{OrderId{request(77)}, 1}, "gate"}},
      {request(12), RefundTickets{OrderId{request(77)}}},
      {request(13), ExtendHold{first}},
      {request(14), ReleaseHold{HoldId{request(77)}}},
      {request(3), held({{1}, {0}})},
      {request(15), held({{1}})},
      {request(16), HoldBest{"cart", {{0}}, 2}},
      {RequestId{}, held({{5}})}};
  const auto outcomes = [&](std::size_t at_once) {
    little::Clock clock;
    MemoryStorage storage(clock.reader());
    Desk desk(storage, id);
    std::vector<std::string> told;
    const std::span<const Command> all(commands);
    for (std::size_t from = 0; from < all.size(); from += at_once) {
      for (const Answer& answer : desk.take_turn(all.subspan(from, std::min(at_once, all.size() - from))))
        told.push_back(answer.refusal() ? std::to_string(static_cast<int>(answer.refusal()->reason)) +
                                              answer.refusal()->text()
                                        : "granted");
    }
    desk.state().check_everything();
    return told;
  };
  const std::vector<std::string> told = outcomes(1);
  CHECK(outcomes(commands.size()) == told);
  CHECK(std::count(told.begin(), told.end(), "granted") == 8);
  CHECK(told[4].ends_with("names Hall-A-4 twice"));
  CHECK(told[5].ends_with("names Hall-A-5 twice"));
}

TEST_CASE("lists that a command brings have an end") {
  Fixture at;
  PlaceHold hold;
  hold.holder = "crowd";
  for (std::uint32_t place = 0; place <= limits::places_per_hold; ++place) hold.places.push_back({place});
  CHECK(at.take({little::request(10), hold}).refusal()->reason == Reason::too_many_places);
  HoldBest best{"picky", {}, 1};
  best.categories.resize(limits::categories + 1);
  CHECK(at.take({little::request(11), best}).refusal()->reason == Reason::invalid_request);
  best.categories = {{1}, {0}, {1}};
  CHECK(at.take({little::request(11), best}).refusal()->text() ==
        "best available names category \"cheap\" twice");
  const Command held = at.hold(0);
  REQUIRE(at.take(held).refusal() == nullptr);
  const HoldId id{held.request};
  CHECK(at.take({little::request(12), QuoteHold{id, std::vector<TicketChoice>(limits::places_per_hold + 1)}})
            .refusal()
            ->text()
            .find("at most 1000") != std::string::npos);
  CHECK(at.take({little::request(13), QuoteHold{id, {{std::string(101, 'x'), 1, ""}}}}).refusal()->reason ==
        Reason::invalid_request);
  CHECK(at.take({little::request(14),
                 RefundTickets{OrderId{id}, std::vector<std::uint32_t>(limits::places_per_hold + 1), ""}})
            .refusal()
            ->reason == Reason::invalid_request);
  CHECK_THROWS_WITH_AS(PriceList("UAH", std::vector<Price>(limits::prices + 1)),
                       doctest::Contains("at most 4096"), std::invalid_argument);
}

TEST_CASE("who asks for an event that is not there is told so each time, and finds it once it is") {
  Fixture f;
  BoxOffice office(f.storage);
  for (int asked = 0; asked < 2; ++asked)
    CHECK(office.event("matinee").refusal().reason == Reason::event_not_found);
  CHECK(office.event("premiere").ok());
  BoxOffice other(f.storage);
  REQUIRE(other.create_event(little::event("matinee")).ok());
  CHECK(office.event("matinee").ok());
}
