// A box office and its events: finding them, letting them go, reading, commands of any kind.

#include "box_office_fixture.hpp"

using namespace ticketcore;
using namespace std::chrono_literals;

namespace {

using box_office_testing::Office;

}  // namespace

TEST_CASE("a store whose clock is behind the host's is seen to be") {
  little::Clock store;
  little::Clock host;
  MemoryStorage storage(store.reader());
  BoxOffice office(storage, {.clock = host.reader()});
  CHECK_FALSE(office.store_clock_ahead());
  const Event event = office.create_event(little::event()).value();
  CHECK(office.store_clock_ahead() == 0min);
  // Its time stands still then, and nothing fails.
  host.now += 2h;
  store.now -= 1min;
  CHECK(event.hold({"Hall-A-1"}, {.holder = "cart"}).ok());
  CHECK(office.store_clock_ahead() == -121min);
  // A leap that is not believed is seen as well.
  store.now += 24h;
  CHECK(event.hold({"Hall-A-2"}, {.holder = "cart"}).refusal().reason == Reason::storage_unavailable);
  CHECK(office.store_clock_ahead() == 24h - 121min);
}

TEST_CASE("a handle to an event that was taken out of the store is told so") {
  Office box;
  const Order order = box.buy({"Hall-A-1"});
  const Hold hold = box.event.hold({"Hall-A-2"}, {.holder = "cart"}).value();
  const Revision head = box.event.availability()->revision();
  box.storage.remove_stream(
      {"event/premiere", head, box.storage.read("event/premiere", head - 1, 1).at(0).checksum});
  box.event.reopen();
  CHECK(box.event.availability() == nullptr);
  CHECK(box.event.hold({"Hall-A-3"}, {.holder = "cart"}).refusal().reason == Reason::event_not_found);
  CHECK(box.event.check_out(hold.id, {.payment = {"card", "", Money{1, Currency("UAH")}}}).refusal().reason ==
        Reason::event_not_found);
  CHECK_FALSE(box.event.find_order(order.id).has_value());
  CHECK(box.office.event("premiere").refusal().reason == Reason::event_not_found);
}

TEST_CASE("events are found by name, and not twice") {
  Office box;
  CHECK(box.office.create_event(little::event()).refusal().reason == Reason::event_exists);
  CHECK(box.office.event("nothing").refusal().reason == Reason::event_not_found);
  CHECK(box.office.events() == std::vector<EventId>{"premiere"});
  BoxOffice elsewhere(box.storage);
  const Event same = elsewhere.event("premiere").value();
  (void)box.buy({"Hall-A-1"});
  CHECK(same.availability()->total(box.clock.now).sold == 0);
  same.refresh();
  CHECK(same.availability()->total(box.clock.now).sold == 1);
}

TEST_CASE("an answer's revision brings another host as far, and no read is made for what has been seen") {
  Office box;
  BoxOffice elsewhere(box.storage);
  const Event same = elsewhere.event("premiere").value();
  const Hold hold = box.event.hold({"Hall-A-1"}, {.holder = "cart"}).value();
  CHECK(hold.revision == box.event.revision());
  CHECK(same.revision() < hold.revision);
  CHECK_FALSE(same.find_hold(hold.id));
  same.refresh(hold.revision);
  REQUIRE(same.find_hold(hold.id));
  CHECK(same.find_hold(hold.id)->revision == hold.revision);

  const Order order = box.buy({"Hall-A-2"});
  same.refresh(hold.revision);
  CHECK(same.revision() == hold.revision);  // seen already: nothing was read
  CHECK_FALSE(same.find_order(order.id));
  same.refresh(order.revision);
  CHECK(same.find_order(order.id)->revision == order.revision);
  CHECK_THROWS_WITH_AS(same.refresh(order.revision + 1), doctest::Contains("ends at revision"),
                       StorageUnavailable);
}

TEST_CASE("events that nobody uses are let go, and their handles stay good") {
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  BoxOffice office(storage,
                   {.clock = clock.reader(), .open_events = 2, .desk = {.snapshot_every_bytes = 100}});
  std::vector<Event> events;
  std::vector<std::weak_ptr<const Availability>> views;
  std::vector<HoldId> holds;
  for (int number = 0; number < 6; ++number) {
    events.push_back(office.create_event(little::event("date-" + std::to_string(number))).value());
    holds.push_back(events.back().hold({"Hall-A-1"}, {.holder = "cart"}).value().id);
    views.emplace_back(events.back().availability());
  }
  const auto kept = [&] {
    return std::ranges::count_if(views, [](const auto& view) { return !view.expired(); });
  };
  CHECK(kept() == 2);
  CHECK(storage.load_snapshot("event/date-0").has_value());
  // Used again, each in its own way.
  CHECK(events[0].availability()->total(clock.now).held == 1);
  CHECK(events[1].find_hold(holds[1]).has_value());
  CHECK(events[2].hold({"Hall-A-1"}, {.holder = "late"}).refusal().reason == Reason::place_taken);
  CHECK(office.event("date-3").value().revision() == events[3].revision());
  CHECK(events[4].release(holds[4]).ok());
  CHECK(events[4].hold({"Hall-A-1"}, {.holder = "late"}).ok());
  bool answered = false;
  events[5].submit({new_request_id(), ReleaseHold{holds[5]}},
                   [&](const Answer& answer) { answered = answer.refusal() == nullptr; });
  office.poll();
  CHECK(answered);
  for (std::size_t number = 0; number < events.size(); ++number)
    views[number] = events[number].availability();
  CHECK(kept() == 2);
}

TEST_CASE("a command is answered by its own kind") {
  Office box;
  const Result<Hold> hold = box.event.ask(PlaceHold{"cart", {PlaceIndex{0}, PlaceIndex{1}}, {}, 10min});
  REQUIRE(hold.ok());
  CHECK(hold->places.size() == 2);
  CHECK(box.event.ask(PlaceHold{"cart", {PlaceIndex{0}}, {}, 10min}).refusal().reason == Reason::place_taken);
  const Result<std::chrono::sys_seconds> deadline = box.event.ask(ExtendHold{hold->id, 20min});
  CHECK(deadline.value() > hold->expires_at);
  const RequestId request = little::request(4711);
  const Result<Quote> quote = box.event.ask(QuoteHold{hold->id, {{"adult", 2, ""}}}, request);
  REQUIRE(quote.ok());
  CHECK(box.event.ask(QuoteHold{hold->id, {{"adult", 2, ""}}}, request)->total == quote->total);
  const Result<Order> order = box.event.ask(CheckOut{hold->id, {"cash", "", quote->total.minor()}});
  REQUIRE(order.ok());
  CHECK(order->total == quote->total);
  const Result<Admission> admission = box.event.ask(AdmitTicket{order->tickets[0].id, "north"});
  CHECK(admission->place == order->tickets[0].place);
  const Result<Refund> refund = box.event.ask(RefundTickets{order->id, {2}, ""});
  CHECK(refund->tickets == std::vector<TicketId>{order->tickets[1].id});
  const Result<Done> done = box.event.ask(SetSaleStatus{SaleStatus::off_sale});
  CHECK(done.ok());
  CHECK(box.event
            .to<Quote>(
                box.event.ask(std::vector<Command>{{request, QuoteHold{hold->id, {{"adult", 2, ""}}}}})[0])
            ->hold == hold->id);
  CHECK(box.event
            .to<Hold>(
                box.event.ask(std::vector<Command>{{request, QuoteHold{hold->id, {{"adult", 2, ""}}}}})[0])
            .refusal()
            .reason == Reason::invalid_request);
}

TEST_CASE("many commands in one call are answered each at its place, also when they need several turns") {
  Office box;
  std::vector<Command> commands;
  const RequestId taken = little::request(1);
  commands.push_back(
      box.event.hold_command({.places = {"Hall-A-1"}, .areas = {}}, {.holder = "first", .request = taken})
          .value());
  commands.push_back(
      box.event.hold_command({.places = {"Hall-A-1"}, .areas = {}}, {.holder = "second"}).value());
  commands.push_back(
      box.event.hold_best_command({.count = 2, .categories = {"cheap"}}, {.holder = "third"}).value());
  while (commands.size() < 2 * limits::commands_per_batch)
    commands.push_back({new_request_id(), ReleaseHold{HoldId{little::request(9)}}});
  commands.push_back({new_request_id(), ReleaseHold{HoldId{taken}}});
  const Revision before = box.event.availability()->revision();
  const std::vector<Answer> answers = box.event.ask(commands);
  REQUIRE(answers.size() == 2 * limits::commands_per_batch + 1);
  CHECK(box.event.to<Hold>(answers[0])->places == std::vector<std::string>{"Hall-A-1"});
  CHECK(box.event.to<Hold>(answers[1]).refusal().reason == Reason::place_taken);
  CHECK(box.event.to<Hold>(answers[2])->places.size() == 2);
  CHECK(box.event.to<Done>(answers[3]).refusal().reason == Reason::hold_not_found);
  CHECK(box.event.to<Done>(answers.back()).ok());
  CHECK(box.event.availability()->revision() == before + 2);  // The turn in between only refused.
  CHECK(box.event.ask({}).empty());
}

TEST_CASE("a label that the seat map does not have is refused before there is a command") {
  Office box;
  CHECK(box.event.hold_command({.places = {"Hall-Z-1"}, .areas = {}}, {.holder = "cart"}).refusal().reason ==
        Reason::place_unknown);
  CHECK(box.event.check_in_command("TC1:nonsense", {.gate = "north"}).refusal().reason ==
        Reason::code_invalid);
}

TEST_CASE("a hold can be found until it ends") {
  Office box;
  const Hold hold =
      box.event.hold({{"Hall-A-3"}, {{"Hall-Standing", 2}}}, {.holder = "cart-1", .ttl = 10min}).value();
  const auto found = box.event.find_hold(hold.id);
  REQUIRE(found);
  CHECK(found->holder == hold.holder);
  CHECK(found->places == hold.places);
  CHECK(found->areas == hold.areas);
  CHECK(found->expires_at == hold.expires_at);
  (void)box.event.release(hold.id).value();
  CHECK_FALSE(box.event.find_hold(hold.id));
}

TEST_CASE("a reader sees the whole state, and what it throws comes back") {
  Office box;
  (void)box.buy({"Hall-A-1", "Hall-A-2"});
  std::size_t tickets = 0;
  box.event.inspect([&](const EventState& state) { tickets = state.orders().tickets().size(); });
  CHECK(tickets == 2);
  CHECK_THROWS_AS(box.event.inspect([](const EventState&) { throw std::runtime_error("the reader's own"); }),
                  std::runtime_error);
}

TEST_CASE("a host's clock that fails makes its turn fail and leaves nobody waiting") {
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  bool fails = false;
  BoxOfficeOptions options;
  options.clock = [&] { return fails ? throw StorageUnavailable("the clock is broken") : clock.now; };
  BoxOffice office(storage, options);
  const Event event = office.create_event(little::event()).value();
  fails = true;
  CHECK(event.hold({"Hall-A-1"}, {.holder = "cart"}).refusal().message.find("the clock is broken") !=
        std::string::npos);
  CHECK_NOTHROW(event.inspect([](const EventState&) {}));
  fails = false;
  CHECK(event.hold({"Hall-A-1"}, {.holder = "cart"}).ok());
}
