#pragma once
// The bodies of EventState: which parts each fact changes, and how a snapshot becomes a state again. Include
// ticketcore/sale/event_state.hpp, not this.

#include <algorithm>

#include "ticketcore/sale/event_state.hpp"
#include "ticketcore/venue/merge_seat_maps.hpp"

namespace ticketcore {
namespace detail {

/// Whether amounts and ticket types that stand in the log under the old list mean the same under the new one.
[[nodiscard]] inline bool keeps_money_readable(const PriceList& before, const PriceList& after) {
  const auto& old_types = before.ticket_types();
  const auto& new_types = after.ticket_types();
  return before.currency() == after.currency() && new_types.size() >= old_types.size() &&
         std::equal(old_types.begin(), old_types.end(), new_types.begin());
}

/// Whether the part has an apply() for the fact.
template <class Part, class Body>
concept applies = requires(Part& part, const Body& fact) {
  part.apply(fact);
};

}  // namespace detail

inline void EventState::apply(const Fact& fact, const FactPosition& position) {
  using detail::ensure;
  ensure(position.turn >= time_, "time runs backwards");
  ensure(exists() != (tag_of(fact.body) == EventCreated::tag), "an event is created once, and first");
  if (position.turn != time_) {
    time_ = position.turn;
    requests_.advance(time_);
  }
  const Asked asked{fact.request, fact.request.is_zero() ? 0 : hash(fact.request)};
  std::visit([&](const auto& body) { apply_body(body, asked, position); }, fact.body);
  if (!fact.request.is_zero()) requests_.remember(fact, asked.hash, position);
}

inline void EventState::apply_body(const EventCreated& fact, const Asked&, const FactPosition&) {
  detail::ensure(fact.seat_map != nullptr, "an event is created without a seat map");
  event_ = fact.event;
  sale_status_ = fact.sale;
  settings_ = std::make_shared<const EventSettings>(fact.settings);
  seat_map_ = fact.seat_map;
  places_ = Places(*seat_map_);
  areas_ = Areas(*seat_map_);
}

inline void EventState::apply_body(const EventConfigured& fact, const Asked&, const FactPosition&) {
  const bool in_use = !orders_.empty() || holds_.open_count() > 0;
  detail::ensure(!in_use || detail::keeps_money_readable(settings_->prices, fact.settings.prices),
                 "the currency or a ticket type changes while there are holds or orders");
  settings_ = std::make_shared<const EventSettings>(fact.settings);
}

inline void EventState::apply_body(const SaleStatusChanged& fact, const Asked&, const FactPosition&) {
  sale_status_ = fact.status;
}

inline void EventState::apply_body(const HoldPlaced& fact, const Asked& asked, const FactPosition& position) {
  detail::ensure((!fact.places.empty() || !fact.areas.empty()) && !fact.holder.empty(),
                 "a hold is empty or nobody's");
  const std::uint32_t expires_at = detail::held_until(fact.expires_at);
  const std::uint32_t holder = holders_.slot_for(fact.holder.text());
  const std::uint32_t slot = holds_.place(HoldId{asked.request}, asked.hash, fact, holder, position.turn);
  places_.hold(fact.places, expires_at, slot);
  areas_.hold(fact.areas, expires_at);
  holders_.begin_hold(holder, holds_[slot].admissions);
}

inline void EventState::apply_body(const HoldExtended& fact, const Asked&, const FactPosition&) {
  const std::uint32_t slot = holds_.need(fact.hold, hash(fact.hold), "an extension");
  const std::uint32_t expires_at = detail::held_until(fact.expires_at);
  const HoldRecord& hold = holds_[slot];
  places_.move_deadline(hold.places, expires_at);
  areas_.move_deadline(hold.areas, hold.expires_at, expires_at);
  holds_.move_deadline(slot, expires_at);
}

inline void EventState::end_hold(std::uint32_t slot, std::uint64_t hash, HoldEnd end, std::uint32_t order) {
  const HoldRecord& hold = holds_[slot];
  requests_.note_end(hold.id, hash, end, order);
  holders_.end_hold(hold.holder, hold.admissions);
  holds_.end(slot, hash);
}

inline void EventState::give_back(std::uint32_t slot, std::uint64_t hash, HoldEnd end) {
  const HoldRecord& hold = holds_[slot];
  places_.release(hold.places);
  areas_.release(hold.areas, hold.expires_at);
  end_hold(slot, hash, end, 0);
}

inline void EventState::apply_body(const HoldReleased& fact, const Asked&, const FactPosition&) {
  const std::uint64_t hashed = hash(fact.hold);
  give_back(holds_.need(fact.hold, hashed, "a release"), hashed, HoldEnd::released);
}

inline void EventState::apply_body(const HoldExpired& fact, const Asked&, const FactPosition& position) {
  const std::uint64_t hashed = hash(fact.hold);
  const std::uint32_t slot = holds_.need(fact.hold, hashed, "an expiry");
  detail::ensure(from_epoch(holds_[slot].expires_at) <= position.turn, "a hold expires before its deadline");
  give_back(slot, hashed, HoldEnd::expired);
}

inline void EventState::apply_body(const HoldQuoted& fact, const Asked&, const FactPosition&) {
  const std::uint32_t slot = holds_.need(fact.hold, hash(fact.hold), "a quote");
  check_quote(fact.price, holds_[slot].admissions);
  holds_.quote(slot, fact.price);
}

inline void EventState::apply_body(const OrderPlaced& fact, const Asked& asked,
                                   const FactPosition& position) {
  const std::uint64_t hashed = hash(fact.hold);
  const std::uint32_t slot = holds_.need(fact.hold, hashed, "an order");
  const HoldRecord& hold = holds_[slot];
  detail::ensure(hold.quote != nullptr, "an order is placed for a hold without a price");
  detail::ensure(fact.payment.amount == hold.quote->total, "an order is not paid in full");
  const OrderRecord& order = orders_.place(OrderId{asked.request}, asked.hash, fact, hold,
                                           short_names_.number_of(fact.payment.method), position.turn);
  places_.sell(hold.places, order.first_ticket);
  areas_.sell(hold.areas, hold.expires_at);
  holders_.buy(hold.holder, hold.admissions);
  end_hold(slot, hashed, HoldEnd::checked_out, fact.number);
}

inline void EventState::apply_body(const TicketsRefunded& fact, const Asked&, const FactPosition&) {
  const OrderRecord& order = orders_.refund(fact, [this](const TicketRecord& ticket, std::uint32_t index) {
    if (ticket.in_area()) {
      areas_.refund(ticket.area());
    } else {
      places_.refund(ticket.place(), index);
    }
  });
  holders_.refund(order.holder, static_cast<std::uint32_t>(fact.tickets.size()));
}

inline void EventState::apply_body(const TicketAdmitted& fact, const Asked&, const FactPosition& position) {
  orders_.admit(fact.ticket, short_names_.number_of(fact.gate), position.turn);
}

inline void EventState::apply_body(const MapReplaced& fact, const Asked&, const FactPosition&) {
  detail::ensure(fact.seat_map != nullptr, "a map is replaced by none");
  try {
    seat_map_ = std::make_shared<const SeatMap>(merge_seat_maps(*seat_map_, *fact.seat_map));
  } catch (const SeatMapError& error) {
    throw InvariantBroken(std::string("a map is replaced that can't be: ") + error.what());
  }
  places_.replace_map(*seat_map_, fact.exchanges);
  areas_.replace_map(*seat_map_);
  for (const auto& [from, to] : fact.exchanges) {
    if (places_.codes()[to.value] == place_code::sold) {
      orders_.exchange(places_.owner(to), from, to);
    } else {
      holds_.exchange(places_.owner(to), from, to);
    }
  }
}

template <class Body>
void EventState::apply_body(const Body& fact, const Asked&, const FactPosition&) {
  constexpr int parts = detail::applies<Places, Body> + detail::applies<Areas, Body> +
                        detail::applies<Holders, Body> + detail::applies<Holds, Body> +
                        detail::applies<Orders, Body>;
  static_assert(parts == 1, "a fact needs an apply() in one part, or an apply_body() here");
  for_each_part(*this, [&fact]<class Part>(Part& part) {
    if constexpr (detail::applies<Part, Body>) part.apply(fact);
  });
}

inline void EventState::write_parts(wire::Writer& out) const {
  for_each_written(*this, [&out](const auto& part) { part.write(out); });
}

inline void EventState::read_parts(wire::Reader& in) {
  for_each_written(*this, [&in](auto& part) { part.read(in); });
  link_holds();
  link_orders();
  holders_.forget_idle();
  forget_touched();
}

/// What holds take of the house, and whose they are.
inline void EventState::link_holds() {
  for (std::uint32_t slot = 0; slot < holds_.slots().size(); ++slot) {
    const HoldRecord& hold = holds_[slot];
    detail::ensure(holders_.in_use(hold.holder), "a hold is nobody's");
    const std::uint32_t expires_at = detail::held_until(from_epoch(hold.expires_at));
    places_.hold(hold.places, expires_at, slot);
    areas_.hold(hold.areas, expires_at);
    holders_.begin_hold(hold.holder, hold.admissions);
    if (hold.quote) check_quote(*hold.quote, hold.admissions);
  }
}

/// What orders took of it, and whose they are.
inline void EventState::link_orders() {
  using detail::ensure;
  for (const OrderRecord& order : orders_) {
    ensure(holders_.in_use(order.holder) && order.payment_method < short_names_.size(),
           "an order is out of range");
    holders_.buy(order.holder, order.live_tickets);
    std::uint32_t index = order.first_ticket;
    for (const TicketRecord& ticket : orders_.tickets_of(order)) {
      // Refunded ones are still shown with their order.
      const bool exists =
          ticket.in_area() ? ticket.area().value < areas_.size() : ticket.where < places_.codes().size();
      ensure(exists && ticket.ticket_type < settings_->prices.ticket_types().size(),
             "a ticket is out of range");
      ensure(ticket.gate >= TicketRecord::refunded_gate || ticket.gate < short_names_.size(),
             "a ticket names a gate that does not exist");
      if (!ticket.refunded() && ticket.in_area()) areas_.restore_sold(ticket.area());
      if (!ticket.refunded() && !ticket.in_area()) places_.restore_sold(ticket.place(), index);
      ++index;
    }
  }
  for (const RememberedRequest& request : requests_)
    ensure(request.order <= orders_.size(), "a request names an order that does not exist");
}

}  // namespace ticketcore
