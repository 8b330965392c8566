// A sale through the box office: holds, quotes, orders, refunds, the gate, and what is refused.

#include "box_office_fixture.hpp"

using namespace ticketcore;
using namespace std::chrono_literals;

namespace {

using box_office_testing::Office;

}  // namespace

TEST_CASE("a seat goes from free to held to sold to admitted") {
  Office box;
  const Hold hold = box.event.hold({"Hall-A-3", "Hall-A-4"}, {.holder = "cart-1", .ttl = 10min}).value();
  CHECK(hold.places == std::vector<std::string>{"Hall-A-3", "Hall-A-4"});
  CHECK(to_rfc3339(hold.expires_at) == "2027-01-10T10:10:00Z");
  const PlaceIndex place = *box.event.seat_map()->find_place("Hall-A-3");
  CHECK(box.event.availability()->status(place, box.clock.now) == PlaceStatus::held);

  const Quote quote = box.event.quote(hold.id, {{"adult", 1, ""}, {"child", 1, ""}}).value();
  REQUIRE(quote.lines.size() == 2);
  CHECK(quote.lines[0].amount.to_string() == "300.00 UAH");
  CHECK(quote.ticket_fees.to_string() == "10.00 UAH");
  CHECK(quote.total.to_string() == "472.00 UAH");
  CHECK(quote.tax.to_string() == "78.67 UAH");

  const Order order = box.event.check_out(hold.id, {.payment = {"card", "ch_3Nx", quote.total}}).value();
  CHECK(order.number == 1);
  CHECK(order.tickets[1].seat == "4");
  CHECK(order.tickets[1].ticket_type == "child");
  CHECK(box.event.availability()->status(place, box.clock.now) == PlaceStatus::sold);
  CHECK(box.event.find_order(order.id)->total == quote.total);

  const std::string code = box.office.code(order.tickets[0]);
  const Admission in = box.event.check_in(code, {.gate = "north"}).value();
  CHECK(in.place == "Hall-A-3");
  box.clock.now += 3min;
  const auto again = box.event.check_in(code, {.gate = "south"});
  REQUIRE_FALSE(again.ok());
  CHECK(again.refusal().reason == Reason::ticket_admitted);
  CHECK(again.refusal().where == "north");
  CHECK(again.refusal().at == *parse_rfc3339("2027-01-10T10:00:00Z"));
  CHECK(again.refusal().places == std::vector<std::string>{"Hall-A-3"});
  CHECK(again.refusal().message == "ticket 1 (Hall-A-3) was admitted before, at 2027-01-10T10:00:00Z, north");
}

TEST_CASE("a hold takes all its places or none, and names those that are gone") {
  Office box;
  (void)box.buy({"Hall-A-2"});
  const auto refused = box.event.hold({"Hall-A-1", "Hall-A-2", "Hall-A-3"}, {.holder = "late"});
  CHECK(refused.refusal().reason == Reason::place_taken);
  CHECK(refused.refusal().places == std::vector<std::string>{"Hall-A-2"});
  CHECK(box.event.hold({"Hall-A-1", "Hall-A-3"}, {.holder = "late"}).ok());
  CHECK(box.event.hold({"Hall-Z-1"}, {.holder = "late"}).refusal().reason == Reason::place_unknown);
  const auto full =
      box.event.hold(Selection{.places = {}, .areas = {{"Hall-Standing", 11}}}, {.holder = "crowd"});
  CHECK(full.refusal().reason == Reason::area_full);
  CHECK(full.refusal().available == 10);
}

TEST_CASE("a hold past its deadline is free to the next buyer, and can't be paid") {
  Office box;
  const Hold hold = box.event.hold({"Hall-A-1"}, {.holder = "slow", .ttl = 60s}).value();
  const Quote quote = box.event.quote(hold.id, {{"adult", 1, ""}}).value();
  box.clock.now += 59s;
  CHECK(box.event.hold({"Hall-A-1"}, {.holder = "quick"}).refusal().reason == Reason::place_taken);
  box.clock.now += 1s;
  // Readers know before any turn is taken.
  CHECK(box.event.availability()->status({0}, box.clock.now) == PlaceStatus::free);
  CHECK(box.event.hold({"Hall-A-1"}, {.holder = "quick"}).ok());
  CHECK(box.event.check_out(hold.id, {.payment = {"card", "", quote.total}}).refusal().reason ==
        Reason::hold_expired);
}

TEST_CASE("extending stops at the hold's lifetime") {
  Office box;
  const Hold hold = box.event.hold({"Hall-A-1"}, {.holder = "slow", .ttl = 30min}).value();
  box.clock.now += 20min;
  CHECK(to_rfc3339(box.event.extend(hold.id, 30min).value()) == "2027-01-10T10:50:00Z");
  CHECK(to_rfc3339(box.event.extend(hold.id, 5h).value()) == "2027-01-10T11:00:00Z");
  const auto refused = box.event.extend(hold.id, 5h);
  CHECK(refused.refusal().reason == Reason::hold_lifetime_reached);
  CHECK(refused.refusal().at == *parse_rfc3339("2027-01-10T11:00:00Z"));
}

TEST_CASE("a repeated request gets the first one's answer, and a refused one is decided anew") {
  Office box;
  const HoldOptions options{.holder = "cart", .ttl = 10min, .request = little::request(7)};
  const Hold first = box.event.hold({"Hall-A-1"}, options).value();
  box.clock.now += 2min;
  (void)box.event.extend(first.id, 20min).value();
  const Hold again = box.event.hold({"Hall-A-1"}, options).value();
  CHECK(again.id == first.id);
  CHECK(again.expires_at == first.expires_at);

  const HoldOptions late{.holder = "late", .request = little::request(8)};
  CHECK(box.event.hold({"Hall-A-1"}, late).refusal().reason == Reason::place_taken);
  CHECK(box.event.release(first.id).ok());
  CHECK(box.event.hold({"Hall-A-1"}, late).ok());
  CHECK(box.event.hold({"Hall-A-1"}, {.holder = "later"}).refusal().reason == Reason::place_taken);

  CHECK(box.event.release(first.id, little::request(7)).refusal().reason == Reason::request_reused);
}

TEST_CASE("a request that comes again with another body is not told that it was done") {
  Office box;
  const Hold hold = box.event.hold({"Hall-A-1"}, {.holder = "cart", .request = little::request(7)}).value();
  CHECK(box.event.hold({"Hall-A-2"}, {.holder = "cart", .request = little::request(7)}).refusal().reason ==
        Reason::request_reused);
  CHECK(box.event.hold({"Hall-A-1"}, {.holder = "other cart", .request = little::request(7)})
            .refusal()
            .reason == Reason::request_reused);
  const Hold other = box.event.hold({"Hall-A-3", "Hall-A-4"}, {.holder = "cart"}).value();
  const Quote quote = box.event.quote(hold.id, {{"adult", 1, ""}}, little::request(8)).value();
  CHECK(box.event.quote(other.id, {{"adult", 2, ""}}, little::request(8)).refusal().reason ==
        Reason::request_reused);
  CHECK(box.event.extend(hold.id, 20min, little::request(9)).ok());
  CHECK(box.event.extend(other.id, 20min, little::request(9)).refusal().reason == Reason::request_reused);

  // A second charge under the first one's request must not pass for the first.
  const Order order =
      box.event.check_out(hold.id, {.payment = {"card", "ch_1", quote.total}, .request = little::request(10)})
          .value();
  CHECK(
      box.event.check_out(hold.id, {.payment = {"card", "ch_2", quote.total}, .request = little::request(10)})
          .refusal()
          .reason == Reason::request_reused);
  CHECK(
      box.event.check_out(hold.id, {.payment = {"card", "ch_1", quote.total}, .request = little::request(10)})
          .value()
          .id == order.id);

  CHECK(box.event.refund(order.id, {.reference = "re_1", .request = little::request(12)}).ok());
  CHECK(box.event.refund(order.id, {.reference = "re_1", .request = little::request(12)}).ok());
  CHECK(box.event.refund(order.id, {.reference = "re_2", .request = little::request(12)}).refusal().reason ==
        Reason::request_reused);
}

TEST_CASE("paying the same hold twice with one request gives one order") {
  Office box;
  const Hold hold = box.event.hold({"Hall-A-1"}, {.holder = "cart"}).value();
  CHECK(box.event.check_out(hold.id, {.payment = {"card", "", Money{1, Currency("UAH")}}}).refusal().reason ==
        Reason::not_quoted);
  const Quote quote = box.event.quote(hold.id, {{"adult", 1, ""}}).value();
  const CheckOutOptions pay{.payment = {"card", "ch", quote.total}, .request = little::request(9)};
  CHECK(box.event.check_out(hold.id, {.payment = {"card", "", Money{1, Currency("UAH")}}}).refusal().limit ==
        quote.total.minor());
  const Order first = box.event.check_out(hold.id, pay).value();
  CHECK(box.event.check_out(hold.id, pay).value().number == first.number);
  CHECK(box.event.check_out(hold.id, {.payment = pay.payment}).refusal().reason == Reason::hold_checked_out);
  CHECK_THROWS_WITH_AS((void)box.event.check_out(hold.id, {.payment = pay.payment}).value(),
                       doctest::Contains("hold_checked_out"), Refused);
}

TEST_CASE("a till on another host sells at the quoted price without having seen the quote") {
  Office box;
  BoxOffice elsewhere{box.storage};
  const Event till = elsewhere.event(box.event.id()).value();
  const Hold hold = box.event.hold({"Hall-A-1"}, {.holder = "cart"}).value();
  const CheckOutOptions pay{.payment = {"cash", "", {}}, .request = little::request(9)};
  CHECK(till.check_out(hold.id, {.payment = {"cash", "", {}}}).refusal().reason == Reason::not_quoted);
  const Quote first = box.event.quote(hold.id, {{"adult", 1, ""}}).value();
  const Quote quote = box.event.quote(hold.id, {{"child", 1, ""}}).value();
  REQUIRE(first.total != quote.total);
  const Order order = till.check_out(hold.id, pay).value();
  CHECK(order.total == quote.total);
  // The same request is told the same everywhere; with another amount it is another request.
  CHECK(box.event.check_out(hold.id, pay).value().id == order.id);
  CHECK(box.event.check_out(hold.id, {.payment = {"cash", "", first.total}, .request = little::request(9)})
            .refusal()
            .reason == Reason::request_reused);
  // What the log keeps is the sum itself.
  CHECK(box.event.find_order(order.id).value().total == quote.total);
}

TEST_CASE("refunded tickets are void, and their places on sale again") {
  Office box;
  const Order order = box.buy({"Hall-A-1", "Hall-A-2"});
  const Refund part = box.event.refund(order.id, {.tickets = {order.tickets[0].id}}).value();
  CHECK(part.amount.to_string() == "305.00 UAH");
  CHECK(box.event.hold({"Hall-A-1"}, {.holder = "next"}).ok());
  const Refusal refunded = box.event.check_in(box.office.code(order.tickets[0]), {.gate = "north"}).refusal();
  CHECK(refunded.reason == Reason::ticket_refunded);
  CHECK(refunded.places == std::vector<std::string>{"Hall-A-1"});
  CHECK(box.event.refund(order.id, {.tickets = {order.tickets[0].id}}).refusal().reason ==
        Reason::ticket_refunded);
  // The last ticket takes the order's fee with it.
  CHECK(box.event.refund(order.id).value().amount.to_string() == "317.00 UAH");
  const Order used = box.buy({"Hall-A-5"});
  CHECK(box.event.check_in(box.office.code(used.tickets[0]), {.gate = "north"}).ok());
  CHECK(box.event.refund(used.id).refusal().reason == Reason::ticket_admitted);
}

TEST_CASE(
    "who refunds all that are left of an order keeps nobody out who is in, and is told when nothing is "
    "left") {
  Office box;
  const Order order = box.buy({"Hall-A-1", "Hall-A-2", "Hall-A-3"});
  CHECK(box.event.check_in(box.office.code(order.tickets[1]), {.gate = "north"}).ok());
  // Whoever names a ticket means that one.
  CHECK(
      box.event.refund(order.id, {.tickets = {order.tickets[0].id, order.tickets[1].id}}).refusal().reason ==
      Reason::ticket_admitted);
  const Refund rest = box.event.refund(order.id).value();
  CHECK(rest.tickets == std::vector<TicketId>{order.tickets[0].id, order.tickets[2].id});
  CHECK(rest.amount.to_string() == "610.00 UAH");  // the order's fee stays: there is a ticket left
  const Refusal none = box.event.refund(order.id).refusal();
  CHECK(none.reason == Reason::ticket_admitted);
  CHECK(none.message == "ticket 2 (Hall-A-2) was admitted before, at 2027-01-10T10:00:00Z, north");
  const Order gone = box.buy({"Hall-A-5"});
  CHECK(box.event.refund(gone.id).ok());
  CHECK(box.event.refund(gone.id).refusal().message == "every ticket of this order was refunded before");
}

TEST_CASE("places in a second pair of braces are places, whatever their number") {
  Office box;
  const HoldOptions options{.holder = "cart"};
  using Labels = std::vector<std::string>;
  CHECK(box.event.hold({{"Hall-A-1", "Hall-A-2"}}, options).value().places == Labels{"Hall-A-1", "Hall-A-2"});
  CHECK(box.event.hold({{"Hall-A-3"}}, options).value().places == Labels{"Hall-A-3"});
  CHECK(box.event.hold({{"Hall-A-4"}, {{"Hall-Standing", 2}}}, options).value().areas.size() == 1);
  CHECK(box.event.hold({.places = {"Hall-A-5"}}, options).value().places == Labels{"Hall-A-5"});
  CHECK(box.event.hold({.places = {"Hall-A-6"}, .areas = {{"Hall-Standing", 2}}}, options).ok());
  CHECK(box.event.hold({.areas = {{"Hall-Standing", 2}}}, options).value().areas.size() == 1);
  const std::string label = "Hall-A-7";
  CHECK(box.event.hold({label}, options).value().places == Labels{label});
  CHECK(box.event.hold({std::string_view(label).substr(0, 6)}, options).refusal().places == Labels{"Hall-A"});
  CHECK(box.event.hold({}, options).refusal().reason == Reason::invalid_request);
}

TEST_CASE("best available takes any category where none is named, in the map's order") {
  Office box;
  CHECK(box.event.hold_best({.count = 4}, {.holder = "first"}).value().places.front() == "Hall-A-1");
  CHECK(box.event.hold_best({.count = 4}, {.holder = "second"}).value().places.front() == "Hall-A-5");
  CHECK(box.event.hold_best({.count = 4}, {.holder = "third"}).value().places.front() == "Hall-B-5");
  CHECK(box.event.hold_best({.count = 9}, {.holder = "many"}).refusal().reason ==
        Reason::not_enough_adjoining);
}

TEST_CASE("a refusal says which") {
  Office box;
  const auto hold = [&](const Selection& selection) { return box.event.hold(selection, {.holder = "cart"}); };
  const auto refused = [&](const Selection& selection) { return hold(selection).refusal(); };
  CHECK(refused({{"Hall-A-1", "Hall-A-2", "Hall-A-1"}, {}}).message == "a hold names Hall-A-1 twice");
  CHECK(refused({{}, {{"Hall-Standing", 1}, {"Hall-Standing", 1}}}).message ==
        "a hold names Hall-Standing twice");

  const Refusal unknown =
      refused({{"Hall-Z-1", "Hall-A-1", "Hall-Standing"}, {{"Hall-A-2", 1}, {"Nowhere", 1}}});
  CHECK(unknown.reason == Reason::place_unknown);
  CHECK(unknown.message ==
        "the seat map has no place or area called Hall-Z-1, Nowhere; Hall-Standing is an area: name it in "
        "areas, with a quantity; "
        "Hall-A-2 is a place: name it in places");
  CHECK(unknown.places == std::vector<std::string>{"Hall-Z-1", "Hall-Standing", "Hall-A-2", "Nowhere"});
  CHECK(refused({{"Hall-Standing"}, {}}).message ==
        "Hall-Standing is an area: name it in areas, with a quantity");
  const Refusal many = refused({std::vector<std::string>(50, "Hall-Z-1"), {}});
  CHECK(many.places.size() == 10);
  CHECK(many.message.ends_with("Hall-Z-1; and there are more"));

  CHECK(box.office.event("nope").refusal().message == "there is no event \"nope\"");
  CHECK(box.office.create_event(little::event()).refusal().message ==
        "there is an event \"premiere\" already");
  CHECK(box.event.hold_best({.count = 1, .categories = {"cheap", "cheap"}}, {.holder = "cart"})
            .refusal()
            .message == "best available names category \"cheap\" twice");

  const Hold held = hold({{"Hall-A-1", "Hall-B-5"}, {}}).value();
  CHECK(box.event.quote(held.id, {{"adlt", 2}}).refusal().message ==
        "there is no price for parquet, adlt; parquet has prices for adult, child");
  CHECK(box.event.quote(held.id, {{"child", 2}}).refusal().message ==
        "there is no price for cheap, child; cheap has prices for adult");
  const Refusal mismatch = box.event.quote(held.id, {{"adult", 1}}).refusal();
  CHECK(mismatch.asked == 1);
  CHECK(mismatch.limit == 2);
  CHECK_FALSE(mismatch.available.has_value());
}

TEST_CASE("codes of others are refused at the door") {
  Office box;
  const Order order = box.buy({"Hall-A-1"});
  CHECK(box.event.check_in("4006381333931", {.gate = "north"}).refusal().reason == Reason::code_invalid);
  CHECK(
      box.event
          .check_in(ticket_code({"premiere", order.tickets[0].id}, SigningKey::generate()), {.gate = "north"})
          .refusal()
          .reason == Reason::code_invalid);
  const Event other = box.office.create_event(little::event("matinee")).value();
  CHECK(other.check_in(box.office.code(order.tickets[0]), {.gate = "north"}).refusal().reason ==
        Reason::code_for_other_event);
}

TEST_CASE("limits of a holder and of a hold are kept") {
  Office box;
  EventSettings settings = box.event.availability()->settings();
  settings.policy = {
      .places_per_hold = 3, .holds_per_holder = 2, .places_per_holder = 4, .hold_lifetime = 1h};
  CHECK(box.event.configure(settings).ok());
  CHECK(box.event.hold({"Hall-A-1", "Hall-A-2", "Hall-A-3", "Hall-A-4"}, {.holder = "a"}).refusal().reason ==
        Reason::too_many_places);
  CHECK(box.event.hold({"Hall-A-1", "Hall-A-2", "Hall-A-3"}, {.holder = "a"}).ok());
  const auto refused = box.event.hold({"Hall-A-5", "Hall-A-6"}, {.holder = "a"});
  CHECK(refused.refusal().reason == Reason::holder_limit);
  CHECK(refused.refusal().available == 1);
  CHECK(box.event.hold({"Hall-A-5"}, {.holder = "a"}).ok());
  CHECK(box.event.hold({"Hall-A-6"}, {.holder = "a"}).refusal().message.find("2 open holds") !=
        std::string::npos);
}

TEST_CASE("off sale nothing new is held, but what is held can be paid") {
  Office box;
  const Hold hold = box.event.hold({"Hall-A-1"}, {.holder = "in time"}).value();
  CHECK(box.event.set_sale_status(SaleStatus::off_sale).ok());
  CHECK(box.event.hold({"Hall-A-2"}, {.holder = "late"}).refusal().reason == Reason::event_off_sale);
  const Quote quote = box.event.quote(hold.id, {{"adult", 1, ""}}).value();
  CHECK(box.event.check_out(hold.id, {.payment = {"cash", "", quote.total}}).ok());
}

TEST_CASE("a price change leaves what was quoted alone") {
  Office box;
  const Hold hold = box.event.hold({"Hall-A-1"}, {.holder = "cart"}).value();
  const Quote before = box.event.quote(hold.id, {{"adult", 1, ""}}).value();
  EventSettings settings = box.event.availability()->settings();
  settings.prices = PriceList("UAH", {{"parquet", "adult", "999.00"}, {"parquet", "child", "150.00"}});
  CHECK(box.event.configure(settings).ok());
  CHECK(box.event.check_out(hold.id, {.payment = {"card", "", before.total}}).value().total == before.total);
  settings.prices = PriceList("UAH", {{"parquet", "child", "150.00"}, {"parquet", "adult", "999.00"}});
  CHECK(box.event.configure(settings).refusal().reason == Reason::settings_in_use);
}

TEST_CASE("a quote stays readable after its hold has ended, whatever the settings become") {
  Office box;
  const Hold hold = box.event.hold({"Hall-A-1"}, {.holder = "cart"}).value();
  const Quote quote = box.event.quote(hold.id, {{"child", 1, ""}}, little::request(20)).value();
  CHECK(box.event.release(hold.id).ok());
  EventSettings settings = box.event.availability()->settings();
  settings.prices = PriceList("UAH", {{"parquet", "adult", "300.00"}});
  CHECK(box.event.configure(settings, little::request(21)).refusal().reason == Reason::settings_in_use);
  settings.prices = PriceList("EUR", {{"parquet", "adult", "300.00"}, {"parquet", "child", "300.00"}});
  CHECK(box.event.configure(settings).refusal().reason == Reason::settings_in_use);
  const Quote again = box.event.quote(hold.id, {{"child", 1, ""}}, little::request(20)).value();
  CHECK(again.lines[0].ticket_type == "child");
  CHECK(again.total == quote.total);
}

TEST_CASE("an event that can remember no more gates still lets people in at those it knows") {
  little::Clock clock;
  EventState state;
  const NewEvent event = little::event();
  state.apply({little::request(1), EventCreated{"premiere",
                                                {"Premiere", "", event.starts_at, event.prices, event.policy},
                                                event.seat_map,
                                                SaleStatus::on_sale}},
              {1, clock.now});
  std::uint64_t request = 2;
  const auto done = [&](CommandBody body) {
    const Fact fact = std::get<Fact>(decide(state, {little::request(request++), std::move(body)}, clock.now));
    state.apply(fact, {request, clock.now});
    return fact;
  };
  const auto refused = [&](CommandBody body) {
    return std::get<RequestRefused>(decide(state, {little::request(request++), std::move(body)}, clock.now))
        .reason;
  };
  for (std::uint32_t name = 0; name < limits::short_names; ++name) {
    const HoldId hold{done(PlaceHold{"cart", {{0}}}).request};
    (void)done(QuoteHold{hold, {{"adult", 1, ""}}});
    const OrderId paid{
        done(CheckOut{hold, {"method " + std::to_string(name), "", state.holds().find(hold)->quote->total}})
            .request};
    (void)done(RefundTickets{paid, {}, ""});
  }
  const HoldId hold{done(PlaceHold{"cart", {{0}}}).request};
  (void)done(QuoteHold{hold, {{"adult", 1, ""}}});
  const std::int64_t total = state.holds().find(hold)->quote->total;
  CHECK(refused(CheckOut{hold, {"one more", "", total}}) == Reason::event_busy);
  const Fact paid = done(CheckOut{hold, {"method 7", "", total}});
  REQUIRE(std::holds_alternative<OrderPlaced>(paid.body));
  CHECK(refused(AdmitTicket{{OrderId{paid.request}, 1}, "north"}) == Reason::event_busy);
  CHECK(
      std::holds_alternative<TicketAdmitted>(done(AdmitTicket{{OrderId{paid.request}, 1}, "method 8"}).body));
}

TEST_CASE("wheelchair places go to those who ask, with their companion") {
  Office box;
  const Hold hold =
      box.event.hold_best({.count = 2, .categories = {"cheap"}, .accessible = 1}, {.holder = "asks"}).value();
  CHECK(hold.places == std::vector<std::string>{"Hall-B-1", "Hall-B-2"});
  const auto none =
      box.event.hold_best({.count = 2, .categories = {"cheap"}, .accessible = 1}, {.holder = "too late"});
  CHECK(none.refusal().message.find("wheelchair") != std::string::npos);
  CHECK(
      box.event.hold_best({.count = 5, .categories = {"parquet"}}, {.holder = "five"}).refusal().available ==
      4);
}
