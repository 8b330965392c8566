#include "ticketcore/sale/explain.hpp"

#include <doctest/doctest.h>

#include "little_house.hpp"

using namespace ticketcore;

namespace {

[[nodiscard]] Refusal explained(const RequestRefused& refused) {
  const NewEvent event = little::event();
  const EventSettings settings{"Premiere", "Little house", event.starts_at, event.prices, event.policy, ""};
  return explain(refused, event.seat_map.get(), &settings);
}

}  // namespace

TEST_CASE("details belong to a reason, and are said in words and in numbers") {
  const Refusal full = explained(refusals::AreaFull{{0}, 10, 9, 3});
  CHECK(full.reason == Reason::area_full);
  CHECK(full.message == "Hall-Standing has 3 places left; 9 were asked for");
  CHECK(full.places == std::vector<std::string>{"Hall-Standing"});
  CHECK(full.limit == 10);
  CHECK(full.asked == 9);
  CHECK(full.available == 3);

  const Refusal taken = explained(refusals::PlacesTaken{{PlaceIndex{0}, PlaceIndex{3}}});
  CHECK(taken.reason == Reason::place_taken);
  CHECK(taken.message == "these places are no longer free: Hall-A-1, Hall-A-4");
  CHECK(taken.places.size() == 2);
  CHECK_FALSE(taken.limit);

  // Both are holder_limit: one counts holds, the other places.
  const Refusal holds = explained(refusals::HolderHolds{10});
  const Refusal places = explained(refusals::HolderPlaces{4, 3, 1});
  CHECK(holds.reason == places.reason);
  CHECK(holds.message == "this holder has all of the 10 open holds that are allowed");
  CHECK_FALSE(holds.available);
  CHECK(places.available == 1);

  const Refusal paid = explained(refusals::PaymentAmount{30'000, 0});
  CHECK(paid.message == "the hold was quoted at 300.00 UAH; the payment is 0.00 UAH");
  CHECK(paid.asked == 0);

  const Timestamp at = *parse_rfc3339("2027-01-31T19:05:00Z");
  const Refusal admitted = explained(refusals::AdmittedTicket{2, AreaIndex{0}, at, "north"});
  CHECK(admitted.message == "ticket 2 (Hall-Standing) was admitted before, at 2027-01-31T19:05:00Z, north");
  CHECK(admitted.at == at);
  CHECK(admitted.where == "north");
}

TEST_CASE("where there is no event yet, a refusal goes without labels and amounts") {
  const Refusal paid = explain(refusals::PaymentAmount{30'000, 1}, nullptr, nullptr);
  CHECK(paid.message == "the hold was quoted at 30000 minor units; the payment is 1 minor units");
  const Refusal refunded = explain(refusals::RefundedTicket{3, PlaceIndex{1}}, nullptr, nullptr);
  CHECK(refunded.message == "ticket 3 was refunded and is void");
  CHECK(refunded.places.empty());
  CHECK(explain({Reason::event_not_found, "gala"}, nullptr, nullptr).message == "there is no event \"gala\"");
}

TEST_CASE("a refusal has a text only where its reason wants one") {
  CHECK(RequestRefused(Reason::event_off_sale).text().empty());
  CHECK(RequestRefused(refusals::EventHolds{7}).text().empty());
  CHECK(RequestRefused(Reason::halted, "why").text() == "why");
  CHECK(RequestRefused(refusals::NoBlock{4, 2}) != RequestRefused(refusals::NoBlock{4, 3}));
  CHECK(RequestRefused(refusals::NoBlock{4, 2}) != RequestRefused(refusals::NoAccessibleBlock{4, 2}));
}
