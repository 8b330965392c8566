// How long a granted request is remembered where there are many of them; by time see desk_test.cpp.

#include <doctest/doctest.h>

#include "little_house.hpp"
#include "ticketcore/log/snapshot.hpp"
#include "ticketcore/sale/decide.hpp"
#include "ticketcore/storage/memory.hpp"

using namespace ticketcore;

namespace {

struct Busy {
  EventState state{};
  Timestamp now = little::Clock{}.now;
  std::uint64_t revision = 0;

  Busy() {
    const NewEvent event = little::event();
    const EventSettings settings{event.name,   "Little house", event.starts_at,
                                 event.prices, event.policy,   event.time_zone};
    (void)grant(little::request(1), CreateEvent{event.id, settings, event.seat_map, SaleStatus::on_sale});
  }
  [[nodiscard]] Decision ask(RequestId request, CommandBody body) const {
    return decide(state, {request, std::move(body)}, now);
  }
  Fact grant(RequestId request, CommandBody body) {
    const Fact fact = std::get<Fact>(ask(request, std::move(body)));
    state.apply(fact, {++revision, now});
    return fact;
  }
  [[nodiscard]] Reason refusal(RequestId request, CommandBody body) const {
    const Decision decision = ask(request, std::move(body));
    return std::get<RequestRefused>(decision).reason;
  }
  /// So many more requests are granted, each by an entry of its own.
  void fill(std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t number = first; number < first + count; ++number)
      state.apply({little::request(number), SaleStatusChanged{SaleStatus::on_sale}, number},
                  {++revision, now});
  }
  [[nodiscard]] Bytes snapshot() const { return encode_snapshot(state, revision, 0); }
};

}  // namespace

TEST_CASE("of granted requests the newest are remembered, and no more than the limit says") {
  Busy event;
  constexpr std::uint64_t first = 1'000;
  constexpr std::uint64_t more = 10;
  event.fill(first, limits::remembered_requests + more);
  for (std::uint64_t number = first; number < first + more; ++number)
    CHECK(event.state.requests().find(little::request(number)) == nullptr);
  for (std::uint64_t number = first + more; number < first + limits::remembered_requests + more; ++number) {
    const RememberedRequest* known = event.state.requests().find(little::request(number));
    REQUIRE(known != nullptr);
    REQUIRE(known->digest == number);
    REQUIRE(known->revision == number - first + 2);
  }
  // A host that goes on from a snapshot forgets the same ones.
  MemoryStorage no_maps;
  std::optional<StateAtRevision> other = decode_snapshot(event.snapshot(), "it", no_maps);
  REQUIRE(other.has_value());
  event.fill(10'000'000, more);
  for (std::uint64_t number = 10'000'000; number < 10'000'000 + more; ++number)
    other->state.apply({little::request(number), SaleStatusChanged{SaleStatus::on_sale}, number},
                       {++other->revision, event.now});
  CHECK(event.snapshot() == encode_snapshot(other->state, other->revision, 0));
  CHECK(event.state.requests().find(little::request(first + more)) == nullptr);
  CHECK(event.snapshot().size() < 36 * limits::remembered_requests);
}

TEST_CASE(
    "a request that was forgotten among many makes no second hold beside an open one, and no second order "
    "ever") {
  Busy event;
  const PlaceHold kept{"cart", {{0}}, {}, std::chrono::seconds(60)};
  const PlaceHold bought{"cart", {{1}}, {}, std::chrono::seconds(60)};
  const PlaceHold released{"cart", {{2}}, {}, std::chrono::seconds(60)};
  (void)event.grant(little::request(2), kept);
  (void)event.grant(little::request(3), bought);
  (void)event.grant(little::request(4), QuoteHold{HoldId{little::request(3)}, {{"adult", 1, ""}}});
  const std::int64_t total = event.state.holds().find(HoldId{little::request(3)})->quote->total;
  (void)event.grant(little::request(5), CheckOut{HoldId{little::request(3)}, {"card", "ch_1", total}});
  (void)event.grant(little::request(6), released);
  (void)event.grant(little::request(7), ReleaseHold{HoldId{little::request(6)}});
  event.fill(1'000, limits::remembered_requests);

  CHECK(event.refusal(little::request(2), kept) == Reason::request_reused);
  CHECK(event.refusal(little::request(5), CheckOut{HoldId{little::request(2)}, {"card", "ch_1", total}}) ==
        Reason::request_reused);
  CHECK(event.refusal(little::request(3), bought) == Reason::place_taken);
  CHECK(event.refusal(little::request(7), ReleaseHold{HoldId{little::request(6)}}) == Reason::hold_not_found);
  // As the page says: like a new one.
  CHECK(std::holds_alternative<Fact>(event.ask(little::request(6), released)));
}
