#pragma once
// EventState's full proof and its bookkeeping for snapshots. Include ticketcore/sale/event_state.hpp, not
// this.

#include <map>

#include "ticketcore/sale/event_state.hpp"

namespace ticketcore {

inline void EventState::check_everything() const {
  using detail::ensure;
  if (!exists()) return;
  check_counts();
  std::vector<std::uint32_t> area_held(areas_.size()), area_sold(areas_.size());
  std::vector<std::map<std::uint32_t, std::uint32_t>> by_deadline(areas_.size());
  std::uint32_t held = 0;
  std::uint32_t sold = 0;
  std::uint32_t open = 0;
  std::vector<HolderRecord> holders(holders_.size());
  for (std::uint32_t slot = 0; slot < holds_.size(); ++slot) {
    const HoldRecord& hold = holds_[slot];
    if (hold.expires_at == 0) continue;
    ++open;
    ensure(hold_slot(hold.id, hash(hold.id)) == slot, "a hold can't be found by its id");
    for (const PlaceIndex place : hold.places) {
      ensure(codes_[place.value] == hold.expires_at && owners_[place.value] == slot && !free_->is_free(place),
             "a held place does not know its hold");
      ++held;
    }
    for (const AreaQuantity& quantity : hold.areas) {
      area_held[quantity.area.value] += quantity.quantity;
      by_deadline[quantity.area.value][hold.expires_at] += quantity.quantity;
    }
    if (hold.quote) check_quote(*hold.quote, hold.admissions);
    ++holders[hold.holder].open_holds;
    holders[hold.holder].held += hold.admissions;
  }
  ensure(open == open_holds_ && held == held_places_ && open == deadlines_.size(),
         "open holds do not add up");
  for (std::uint32_t index = 0; index < orders_.size(); ++index) {
    const OrderRecord& order = orders_[index];
    ensure(order_index(order.id, hash(order.id)) == index, "an order can't be found by its id");
    std::int64_t worth = order.fee_per_order;
    std::int64_t left = order.live_tickets > 0 ? order.fee_per_order : 0;
    std::uint32_t live = 0;
    for (std::uint32_t at = order.first_ticket; at < order.first_ticket + order.ticket_count; ++at) {
      const TicketRecord& ticket = tickets_[at];
      ensure(ticket.order == index, "a ticket belongs to another order");
      worth = detail::add(worth, detail::add(ticket.price, order.fee_per_ticket));
      if (ticket.refunded()) continue;
      ++live;
      left = detail::add(left, detail::add(ticket.price, order.fee_per_ticket));
      if (ticket.in_area()) {
        area_sold[ticket.area().value] += 1;
        continue;
      }
      ++sold;
      ensure(codes_[ticket.where] == place_code::sold && owners_[ticket.where] == at &&
                 !free_->is_free(ticket.place()),
             "a ticket does not own its place");
    }
    holders[order.holder].bought += live;
    holders[order.holder].has_ordered = true;
    ensure(worth == order.total && live == order.live_tickets, "an order's lines do not sum to its total");
    ensure(order.total - order.refunded == left, "payments minus refunds are not what the tickets are worth");
  }
  ensure(sold == sold_places_, "sold places do not add up");
  for (std::uint32_t slot = 0; slot < holders_.size(); ++slot) {
    const HolderRecord& holder = holders_[slot];
    const HolderRecord& counted = holders[slot];
    ensure(holder.open_holds == counted.open_holds && holder.held == counted.held &&
               holder.bought == counted.bought && holder.has_ordered == counted.has_ordered,
           "a holder's counts do not add up");
    ensure(holder.name.empty() || find_holder_slot(holder.name, hash(holder.name)) == slot,
           "a holder can't be found by name");
  }
  for (std::uint32_t place = 0; place < codes_.size(); ++place) {
    ensure((codes_[place] == place_code::free) == free_->is_free({place}),
           "a place is free in one index and taken in another");
  }
  for (std::uint32_t area = 0; area < areas_.size(); ++area) {
    std::uint32_t until = 0;
    for (const auto& [deadline, quantity] : by_deadline[area]) {
      const bool before = areas_[area].quantity_by_deadline.until(std::int64_t{deadline} - 1) == until;
      until += quantity;
      ensure(before && areas_[area].quantity_by_deadline.until(deadline) == until,
             "an area's deadlines do not add up");
    }
    ensure(areas_[area].quantity_by_deadline.total() == until, "an area's deadlines do not add up");
    ensure(area_held[area] == areas_[area].held && area_sold[area] == areas_[area].sold,
           "an area's counts do not add up");
    ensure(std::uint64_t{areas_[area].held} + areas_[area].sold <= seat_map_->areas()[area].capacity,
           "an area is sold beyond its capacity");
  }
}

inline std::size_t EventState::memory_bytes() const {
  const auto of = [](const auto& array) { return array.capacity() * sizeof(array[0]); };
  std::size_t bytes = sizeof(*this) + of(codes_) + of(owners_) + of(areas_) + of(holds_) +
                      of(free_hold_slots_) + deadlines_.memory_bytes() + of(holders_) +
                      of(free_holder_slots_) + of(orders_) + of(tickets_);
  for (const AreaState& area : areas_) bytes += area.quantity_by_deadline.memory_bytes();
  bytes += hold_table_.memory_bytes() + holder_table_.memory_bytes() + order_table_.memory_bytes() +
           request_table_.memory_bytes();
  bytes += requests_.size() * sizeof(RememberedRequest) + of(touched_places_) + of(touched_areas_);
  if (seat_map_) {
    const SeatMapData& map = seat_map_->data();
    bytes += of(map.places) + of(map.rows) + of(map.sections) + of(map.labels) + of(map.areas);
  }
  return bytes;
}

}  // namespace ticketcore
