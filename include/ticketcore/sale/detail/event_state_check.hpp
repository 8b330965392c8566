#pragma once
// The rules that span an EventState's parts, proven from the ground up. Include
// ticketcore/sale/event_state.hpp, not this.

#include <map>
#include <vector>

#include "ticketcore/sale/event_state.hpp"

namespace ticketcore {

inline void EventState::check_everything() const {
  if (!exists()) return;
  for_each_part(*this, [](const auto& part) { part.check(); });
  check_owners();
  check_areas();
  check_holders();
}

/// A quote's lines cover the hold, sum to its total, and name what the event has.
inline void EventState::check_quote(const QuotedPrice& price, std::uint32_t admissions) const {
  using detail::ensure;
  const auto is_amount = [](std::int64_t amount) { return amount >= 0 && amount <= limits::amount; };
  ensure(is_amount(price.fee_per_ticket) && is_amount(price.fee_per_order), "a quote's fee is out of range");
  std::uint64_t count = 0;
  std::int64_t sum = price.fee_per_order;
  for (const QuoteLine& line : price.lines) {
    ensure(is_amount(line.unit_price) && line.count <= limits::places_per_hold,
           "a quote's line is out of range");
    ensure(line.category.value < seat_map_->categories().size() &&
               line.ticket_type < settings_->prices.ticket_types().size(),
           "a quote's line names a category or ticket type that does not exist");
    count += line.count;
    sum = detail::add(sum, (line.unit_price + price.fee_per_ticket) * line.count);
  }
  ensure(count == admissions, "a quote's lines do not cover the hold");
  ensure(sum == price.total && price.tax >= 0 && price.tax <= price.total,
         "a quote's lines do not sum to its total");
}

/// Each held place is its hold's, each sold one its ticket's, and there are no others.
inline void EventState::check_owners() const {
  using detail::ensure;
  std::uint32_t held = 0;
  for (std::uint32_t slot = 0; slot < holds_.slots().size(); ++slot) {
    const HoldRecord& hold = holds_[slot];
    if (hold.expires_at == 0) continue;
    for (const PlaceIndex place : hold.places) {
      ensure(places_.codes()[place.value] == hold.expires_at && places_.owner(place) == slot,
             "a held place does not know its hold");
      ++held;
    }
    if (hold.quote) check_quote(*hold.quote, hold.admissions);
  }
  ensure(held == places_.held_count(), "held places do not add up");
  std::uint32_t sold = 0;
  std::uint32_t index = 0;
  for (const TicketRecord& ticket : orders_.tickets()) {
    const std::uint32_t at = index++;
    if (ticket.refunded() || ticket.in_area()) continue;
    ensure(places_.codes()[ticket.where] == place_code::sold && places_.owner(ticket.place()) == at,
           "a ticket does not own its place");
    ++sold;
  }
  ensure(sold == places_.sold_count(), "sold places do not add up");
}

/// What is held and sold of each area is what holds and tickets have, and comes free when the holds end.
inline void EventState::check_areas() const {
  using detail::ensure;
  std::vector<std::uint32_t> sold(areas_.size());
  std::vector<std::map<std::uint32_t, std::uint32_t>> held_until(areas_.size());
  for (const HoldRecord& hold : holds_.slots()) {
    for (const auto& [area, quantity] : hold.areas) held_until[area.value][hold.expires_at] += quantity;
  }
  for (const TicketRecord& ticket : orders_.tickets()) {
    if (!ticket.refunded() && ticket.in_area()) ++sold[ticket.area().value];
  }
  for (std::uint32_t area = 0; area < areas_.size(); ++area) {
    const QuantityByDeadline& by_deadline = areas_[area].quantity_by_deadline;
    std::uint32_t held = 0;
    for (const auto& [deadline, quantity] : held_until[area]) {
      const bool before = by_deadline.until(std::int64_t{deadline} - 1) == held;
      held += quantity;
      ensure(before && by_deadline.until(deadline) == held, "an area's deadlines do not add up");
    }
    ensure(held == areas_[area].held && sold[area] == areas_[area].sold, "an area's counts do not add up");
  }
}

/// A holder's counts are those of their holds and orders.
inline void EventState::check_holders() const {
  std::vector<HolderRecord> counted(holders_.size());
  for (const HoldRecord& hold : holds_.slots()) {
    if (hold.expires_at == 0) continue;
    ++counted[hold.holder].open_holds;
    counted[hold.holder].held += hold.admissions;
  }
  for (const OrderRecord& order : orders_) {
    counted[order.holder].bought += order.live_tickets;
    counted[order.holder].has_ordered = true;
  }
  for (std::uint32_t slot = 0; slot < holders_.size(); ++slot) {
    const HolderRecord& holder = holders_[slot];
    detail::ensure(holder.open_holds == counted[slot].open_holds && holder.held == counted[slot].held &&
                       holder.bought == counted[slot].bought &&
                       holder.has_ordered == counted[slot].has_ordered,
                   "a holder's counts do not add up");
  }
}

inline std::size_t EventState::memory_bytes() const {
  std::size_t bytes = sizeof(*this);
  for_each_part(*this, [&bytes](const auto& part) { bytes += part.memory_bytes(); });
  if (seat_map_) {
    using detail::bytes_of;
    const SeatMapData& map = seat_map_->data();
    bytes += bytes_of(map.places) + bytes_of(map.order) + bytes_of(map.rows) + bytes_of(map.sections) +
             bytes_of(map.labels) + bytes_of(map.areas);
  }
  return bytes;
}

}  // namespace ticketcore
