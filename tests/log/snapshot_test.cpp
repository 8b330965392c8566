#include "ticketcore/log/snapshot.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "little_sale.hpp"
#include "ticketcore/base/crc32c.hpp"
#include "ticketcore/storage/memory.hpp"

using namespace ticketcore;

namespace {

/// Makes the checksum right again, as whoever forges a snapshot would.
void seal(Bytes& snapshot) {
  const std::uint32_t checksum = crc32c(BytesView(snapshot).subspan(12));
  for (unsigned byte = 0; byte < 4; ++byte)
    snapshot[8 + byte] = static_cast<std::uint8_t>(checksum >> (8 * byte));
}

/// Goes to every index that the state keeps, as selling and showing would.
void use(EventState& state, Timestamp now) {
  const SeatMap& map = *state.seat_map();
  std::vector<HoldId> holds;
  for (const HoldRecord& hold : state.holds().slots()) {
    if (hold.expires_at != 0) holds.push_back(hold.id);
  }
  std::uint64_t request = 1'000;
  for (const HoldId id : holds) {
    const HoldRecord& hold = *state.holds().find(id);
    const std::int64_t total = hold.quote ? hold.quote->total : 0;
    const CommandBody body =
        hold.quote ? CommandBody(CheckOut{id, {"card", "", total}}) : CommandBody(ReleaseHold{id});
    const Decision decision = decide(state, {little::request(++request), body}, now);
    if (const Fact* fact = std::get_if<Fact>(&decision)) state.apply(*fact, {99, now});
  }
  for (const TicketRecord& ticket : state.orders().tickets()) {
    (void)(ticket.in_area() ? map.label(ticket.area()) : map.label(ticket.place()));
    CHECK_FALSE(state.settings().prices.ticket_types().at(ticket.ticket_type).empty());
  }
  std::vector<OrderId> orders;
  for (const OrderRecord& order : state.orders()) orders.push_back(order.id);
  for (const OrderId id : orders) {
    const Decision decision = decide(state, {little::request(++request), RefundTickets{id, {}, ""}}, now);
    if (const Fact* fact = std::get_if<Fact>(&decision)) state.apply(*fact, {99, now});
  }
}

}  // namespace

TEST_CASE("a forged snapshot is left aside, or leads to a state that notices where it contradicts itself") {
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  little::sell_a_bit(storage, clock);
  Desk desk(storage, "premiere");
  desk.catch_up();
  const auto slots = desk.state().holds().slots();
  const auto open = std::ranges::find_if(slots, [](const HoldRecord& hold) { return hold.expires_at != 0; });
  REQUIRE(open != slots.end());
  const Command quote{little::request(500), QuoteHold{open->id, {{"adult", 3, ""}}}};
  REQUIRE(desk.take_turn({&quote, 1}).front().refusal() == nullptr);
  const Bytes sound = encode_snapshot(desk.state(), desk.revision(), 1);
  std::uint32_t left_aside = 0;
  std::uint32_t led_on = 0;
  for (std::size_t at = 24; at < sound.size(); ++at) {
    for (const unsigned flip : {0x01U, 0x02U, 0x08U, 0x40U, 0x80U, 0xFFU}) {
      Bytes forged = sound;
      forged[at] = static_cast<std::uint8_t>(forged[at] ^ flip);
      seal(forged);
      try {
        auto read = decode_snapshot(forged, "a forged snapshot", storage);
        if (!read) {
          ++left_aside;
          continue;
        }
        ++led_on;
        use(read->state, std::max(read->state.time(), clock.now));
      } catch (const StorageDamaged&) {
        ++left_aside;
      } catch (const InvariantBroken&) {
        // The event halts: it sells nothing in a state that it can't explain.
      }
    }
  }
  CHECK(left_aside > 0);
  CHECK(led_on > 0);
}
