#pragma once
// The bodies of EventState: how each fact changes it. Include ticketcore/sale/event_state.hpp, not this.

#include <algorithm>
#include <tuple>

#include "ticketcore/sale/event_state.hpp"

namespace ticketcore {
namespace detail {

inline void ensure(bool holds, std::string_view what) {
  if (!holds) [[unlikely]] {
    throw InvariantBroken(std::string(what));
  }
}

[[nodiscard]] inline std::int64_t add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  ensure(!__builtin_add_overflow(a, b, &sum), "money overflows 64 bits");
  return sum;
}

/// Whether amounts and ticket types that stand in the log under the old list mean the same under the new one.
[[nodiscard]] inline bool keeps_money_readable(const PriceList& before, const PriceList& after) {
  const auto& old_types = before.ticket_types();
  const auto& new_types = after.ticket_types();
  return before.currency() == after.currency() && new_types.size() >= old_types.size() &&
         std::equal(old_types.begin(), old_types.end(), new_types.begin());
}

/// What a refund of these tickets of the order comes to: their prices and fees, and the order's fee with the
/// last of them.
template <class Numbers>
[[nodiscard]] std::int64_t refund_amount(const OrderRecord& order, std::span<const TicketRecord> tickets,
                                         const Numbers& numbers) {
  std::int64_t amount = numbers.size() == order.live_tickets ? order.fee_per_order : 0;
  for (const std::uint32_t number : numbers)
    amount = add(amount, add(tickets[number - 1].price, order.fee_per_ticket));
  return amount;
}

}  // namespace detail

inline void EventState::apply(const Fact& fact, const FactPosition& position) {
  using detail::ensure;
  ensure(position.turn >= time_, "time runs backwards");
  ensure(exists() != (tag_of(fact.body) == EventCreated::tag), "an event is created once, and first");
  if (position.turn != time_) advance(position.turn);
  const Asked asked{fact.request, fact.request.is_zero() ? 0 : hash(fact.request)};
  std::visit([&](const auto& body) { apply_body(body, asked, position); }, fact.body);
  if (!fact.request.is_zero()) remember(fact, asked.hash, position);
}

inline void EventState::advance(Timestamp turn) {
  time_ = turn;
  const auto memory = std::chrono::duration_cast<std::chrono::seconds>(limits::request_memory);
  while (!requests_.empty() && from_epoch(requests_.front().turn) + memory < turn) forget_oldest_request();
}

inline void EventState::forget_oldest_request() {
  request_table_.erase(hash(requests_.front().request), request_number(0));
  requests_.pop_front();
  forgotten_requests_ = (forgotten_requests_ + 1) % request_numbers;
}

inline void EventState::remember(const Fact& fact, std::uint64_t hash, const FactPosition& position) {
  if (requests_.size() == limits::remembered_requests) forget_oldest_request();
  request_table_.insert(hash, request_number(requests_.size()));
  RememberedRequest& remembered = requests_.emplace_back();
  remembered.request = fact.request;
  remembered.digest = fact.digest;
  remembered.revision = position.revision & 0xFFFF'FFFF'FFFFULL;
  remembered.tag = tag_of(fact.body);
  remembered.turn = to_epoch(ceil_to_seconds(position.turn));
}

inline std::uint32_t EventState::request_slot(RequestId request, std::uint64_t hash) const {
  return request_table_.find(
      hash, [&](std::uint32_t number) { return requests_[request_position(number)].request == request; });
}

inline const RememberedRequest* EventState::find_request(RequestId request, std::uint64_t hash) const {
  const std::uint32_t number = request_slot(request, hash);
  return number == SlotTable::none ? nullptr : &requests_[request_position(number)];
}

inline void EventState::prefetch_request(RequestId request) const noexcept {
  // It may become a hold's id or an order's, which are looked up, too.
  const std::uint64_t hashed = hash(request);
  request_table_.prefetch(hashed);
  hold_table_.prefetch(hashed);
}

inline void EventState::prefetch_place(PlaceIndex place) const noexcept {
  if (place.value >= codes_.size()) return;
  prefetch(&codes_[place.value]);
  prefetch(&owners_[place.value]);
}

inline void EventState::prefetch_new_hold(std::size_t others) const noexcept {
  if (free_hold_slots_.size() > others) {
    const std::uint32_t slot = free_hold_slots_[free_hold_slots_.size() - 1 - others];
    prefetch_all(holds_[slot]);
    deadlines_.prefetch(slot);
  }
  if (free_holder_slots_.size() > others)
    prefetch(&holders_[free_holder_slots_[free_holder_slots_.size() - 1 - others]]);
}

inline void EventState::set_map(std::shared_ptr<const SeatMap> map) {
  seat_map_ = std::move(map);
  free_ = std::make_unique<FreeSeats>(*seat_map_);
  codes_.assign(seat_map_->place_count(), place_code::free);
  owners_.assign(seat_map_->place_count(), SlotTable::none);
  areas_.assign(seat_map_->areas().size(), AreaState{});
}

inline void EventState::apply_body(const EventCreated& fact, const Asked&, const FactPosition&) {
  detail::ensure(fact.seat_map != nullptr, "an event is created without a seat map");
  event_ = fact.event;
  sale_status_ = fact.sale;
  settings_ = std::make_shared<const EventSettings>(fact.settings);
  set_map(fact.seat_map);
}

inline void EventState::apply_body(const EventConfigured& fact, const Asked&, const FactPosition&) {
  const bool in_use = !orders_.empty() || open_holds_ > 0;
  detail::ensure(!in_use || detail::keeps_money_readable(settings_->prices, fact.settings.prices),
                 "the currency or a ticket type changes while there are holds or orders");
  settings_ = std::make_shared<const EventSettings>(fact.settings);
}

inline void EventState::apply_body(const SaleStatusChanged& fact, const Asked&, const FactPosition&) {
  sale_status_ = fact.status;
}

inline std::uint32_t EventState::hold_slot(HoldId hold, std::uint64_t hash) const {
  return hold_table_.find(hash, [&](std::uint32_t slot) { return holds_[slot].id == hold; });
}

inline const HoldRecord* EventState::find_hold(HoldId hold, std::uint64_t hash) const {
  const std::uint32_t slot = hold_slot(hold, hash);
  return slot == SlotTable::none ? nullptr : &holds_[slot];
}

inline std::uint32_t EventState::need_hold(HoldId hold, std::string_view what) const {
  const std::uint32_t slot = hold_slot(hold, hash(hold));
  if (slot == SlotTable::none)
    throw InvariantBroken(std::string(what) + " names hold " + to_string(hold) + ", which is not open");
  return slot;
}

inline std::uint32_t EventState::find_holder_slot(std::string_view name, std::uint64_t hash) const {
  return holder_table_.find(hash, [&](std::uint32_t slot) { return holders_[slot].name == name; });
}

inline const HolderRecord* EventState::find_holder(std::string_view name) const {
  const std::uint32_t slot = find_holder_slot(name, hash(name));
  return slot == SlotTable::none ? nullptr : &holders_[slot];
}

inline std::uint32_t EventState::holder_slot(const std::string& name) {
  const std::uint64_t hashed = hash(name);
  std::uint32_t slot = find_holder_slot(name, hashed);
  if (slot == SlotTable::none) {
    if (free_holder_slots_.empty()) {
      free_holder_slots_.push_back(static_cast<std::uint32_t>(holders_.size()));
      holders_.emplace_back();
    }
    slot = free_holder_slots_.back();
    free_holder_slots_.pop_back();
    holders_[slot].name = name;
    holder_table_.insert(hashed, slot);
  }
  return slot;
}

inline void EventState::forget_idle_holder(std::uint32_t slot) {
  HolderRecord& holder = holders_[slot];
  if (holder.open_holds > 0 || holder.has_ordered) return;
  holder_table_.erase(hash(holder.name), slot);
  holder = {};
  free_holder_slots_.push_back(slot);
}

inline std::uint32_t EventState::find_short_name(std::string_view name) const {
  return short_name_table_.find(hash(name), [&](std::uint32_t at) { return short_names_[at] == name; });
}

inline std::uint16_t EventState::intern(const std::string& name) {
  std::uint32_t slot = find_short_name(name);
  if (slot == SlotTable::none) {
    detail::ensure(short_names_.size() < limits::short_names, "too many gates and payment methods");
    slot = static_cast<std::uint32_t>(short_names_.size());
    short_names_.push_back(name);
    short_name_table_.insert(hash(name), slot);
  }
  return static_cast<std::uint16_t>(slot);
}

inline void EventState::take_area(AreaQuantity wanted, std::uint32_t expires_at) {
  detail::ensure(wanted.area.value < areas_.size() && wanted.quantity > 0,
                 "a hold names an area that does not exist");
  detail::ensure(wanted.quantity <= area_free(wanted.area), "an area is held beyond its capacity");
  AreaState& area = areas_[wanted.area.value];
  area.held += wanted.quantity;
  area.quantity_by_deadline.add(expires_at, static_cast<std::int32_t>(wanted.quantity));
  touched_areas_.push_back(wanted.area);
}

inline void EventState::give_area(AreaQuantity held, std::uint32_t expires_at) {
  AreaState& area = areas_[held.area.value];
  detail::ensure(area.held >= held.quantity, "an area gives back more than was held");
  area.held -= held.quantity;
  area.quantity_by_deadline.add(expires_at, -static_cast<std::int32_t>(held.quantity));
  touched_areas_.push_back(held.area);
}

inline void EventState::check_deadline(std::chrono::sys_seconds deadline) {
  detail::ensure(deadline > from_epoch(place_code::killed) && deadline <= from_epoch(UINT32_MAX),
                 "a hold's deadline can't be told from what marks a place");
}

inline void EventState::apply_body(const HoldPlaced& fact, const Asked& asked, const FactPosition& position) {
  using detail::ensure;
  const HoldId id{asked.request};
  ensure(!id.is_zero() && hold_slot(id, asked.hash) == SlotTable::none, "two holds carry one id");
  ensure((!fact.places.empty() || !fact.areas.empty()) && !fact.holder.empty(),
         "a hold is empty or nobody's");
  check_deadline(fact.expires_at);
  if (free_hold_slots_.empty()) {
    free_hold_slots_.push_back(static_cast<std::uint32_t>(holds_.size()));
    holds_.emplace_back();
  }
  const std::uint32_t slot = free_hold_slots_.back();
  const std::uint32_t expires_at = to_epoch(fact.expires_at);
  for (const PlaceIndex place : fact.places) {
    ensure(place.value < codes_.size(), "a hold names a place that does not exist");
    ensure(codes_[place.value] == place_code::free, "a place is held that is not free");
    codes_[place.value] = expires_at;
    owners_[place.value] = slot;
    touched_places_.push_back(place);
  }
  free_->take(std::span(fact.places.data(), fact.places.size()));
  HoldRecord& hold = holds_[slot];
  hold.admissions = static_cast<std::uint32_t>(fact.places.size());
  for (const AreaQuantity& wanted : fact.areas) {
    take_area(wanted, expires_at);
    hold.admissions += wanted.quantity;
  }
  free_hold_slots_.pop_back();
  hold.id = id;
  hold.holder = holder_slot(fact.holder.text());
  hold.placed_at = to_epoch(ceil_to_seconds(position.turn));
  hold.expires_at = expires_at;
  hold.places = fact.places;
  hold.areas = fact.areas;
  holders_[hold.holder].open_holds += 1;
  holders_[hold.holder].held += hold.admissions;
  hold_table_.insert(asked.hash, slot);
  held_places_ += static_cast<std::uint32_t>(fact.places.size());
  ++open_holds_;
  deadlines_.set(slot, expires_at);
  check_counts();
}

inline std::vector<HoldId> EventState::due_holds(Timestamp now) const {
  std::vector<std::uint32_t> slots = deadlines_.due(whole_seconds(now));
  // Slots are this host's own affair, and the facts' order is not.
  const auto before = [this](std::uint32_t one, std::uint32_t other) {
    const auto rank = [](const HoldRecord& hold) { return std::tie(hold.expires_at, hold.id); };
    return rank(holds_[one]) < rank(holds_[other]);
  };
  std::sort(slots.begin(), slots.end(), before);
  std::vector<HoldId> holds;
  holds.reserve(slots.size());
  for (const std::uint32_t slot : slots) holds.push_back(holds_[slot].id);
  return holds;
}

inline void EventState::move_deadline(std::uint32_t slot, std::uint32_t expires_at) {
  HoldRecord& hold = holds_[slot];
  for (const PlaceIndex place : hold.places) {
    codes_[place.value] = expires_at;
    touched_places_.push_back(place);
  }
  for (const AreaQuantity& held : hold.areas) {
    give_area(held, hold.expires_at);
    take_area(held, expires_at);
  }
  hold.expires_at = expires_at;
  deadlines_.set(slot, expires_at);
}

inline void EventState::apply_body(const HoldExtended& fact, const Asked&, const FactPosition&) {
  const std::uint32_t slot = need_hold(fact.hold, "an extension");
  check_deadline(fact.expires_at);
  move_deadline(slot, to_epoch(fact.expires_at));
}

inline void EventState::return_places(const HoldRecord& hold) {
  for (const PlaceIndex place : hold.places) {
    codes_[place.value] = place_code::free;
    owners_[place.value] = SlotTable::none;
    touched_places_.push_back(place);
  }
  free_->give(std::span(hold.places.data(), hold.places.size()));
}

inline void EventState::end_hold(std::uint32_t slot, HoldEnd end, std::uint32_t order) {
  HoldRecord& hold = holds_[slot];
  for (const AreaQuantity& held : hold.areas) give_area(held, hold.expires_at);
  HolderRecord& holder = holders_[hold.holder];
  detail::ensure(
      holder.open_holds > 0 && holder.held >= hold.admissions && held_places_ >= hold.places.size(),
      "more is given back than was held");
  holder.open_holds -= 1;
  holder.held -= hold.admissions;
  held_places_ -= static_cast<std::uint32_t>(hold.places.size());
  --open_holds_;
  const std::uint64_t hashed = hash(hold.id);
  const std::uint32_t request = request_slot(RequestId{hold.id}, hashed);
  if (request != SlotTable::none) {
    RememberedRequest& placed = requests_[request_position(request)];
    placed.hold_end = end;
    placed.order = order;
  }
  hold_table_.erase(hashed, slot);
  forget_idle_holder(hold.holder);
  hold.expires_at = 0;
  hold.id = {};
  hold.places.clear();
  hold.areas.clear();
  hold.quote.reset();
  free_hold_slots_.push_back(slot);
  deadlines_.remove(slot);
  check_counts();
}

inline void EventState::apply_body(const HoldReleased& fact, const Asked&, const FactPosition&) {
  const std::uint32_t slot = need_hold(fact.hold, "a release");
  return_places(holds_[slot]);
  end_hold(slot, HoldEnd::released);
}

inline void EventState::apply_body(const HoldExpired& fact, const Asked&, const FactPosition& position) {
  const std::uint32_t slot = need_hold(fact.hold, "an expiry");
  detail::ensure(from_epoch(holds_[slot].expires_at) <= position.turn, "a hold expires before its deadline");
  return_places(holds_[slot]);
  end_hold(slot, HoldEnd::expired);
}

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

inline void EventState::apply_body(const HoldQuoted& fact, const Asked&, const FactPosition&) {
  HoldRecord& hold = holds_[need_hold(fact.hold, "a quote")];
  check_quote(fact.price, hold.admissions);
  hold.quote = std::make_unique<QuotedPrice>(fact.price);
}

inline void EventState::sell(const HoldRecord& hold, const QuotedPrice& price, std::uint32_t order) {
  std::size_t line = 0;
  std::uint32_t used = 0;
  const auto add_ticket = [&](std::uint32_t where) {
    while (used == price.lines[line].count) {
      ++line;
      used = 0;
    }
    ++used;
    tickets_.push_back({price.lines[line].unit_price, where, order, 0, price.lines[line].ticket_type,
                        TicketRecord::no_gate});
  };
  for (const PlaceIndex place : hold.places) {
    codes_[place.value] = place_code::sold;
    owners_[place.value] = static_cast<std::uint32_t>(tickets_.size());
    touched_places_.push_back(place);
    add_ticket(place.value);
  }
  sold_places_ += static_cast<std::uint32_t>(hold.places.size());
  for (const AreaQuantity& held : hold.areas) {
    for (std::uint32_t count = 0; count < held.quantity; ++count)
      add_ticket(held.area.value | TicketRecord::area_bit);
  }
}

inline void EventState::apply_body(const OrderPlaced& fact, const Asked& asked,
                                   const FactPosition& position) {
  const std::uint32_t slot = need_hold(fact.hold, "an order");
  const HoldRecord& hold = holds_[slot];
  detail::ensure(hold.quote != nullptr, "an order is placed for a hold without a price");
  detail::ensure(fact.payment.amount == hold.quote->total, "an order is not paid in full");
  detail::ensure(fact.number == orders_.size() + 1, "an order's number is not the next");
  detail::ensure(
      !asked.request.is_zero() && order_index(OrderId{asked.request}, asked.hash) == SlotTable::none,
      "two orders carry one id");
  OrderRecord order;
  order.id = OrderId{asked.request};
  order.placed_at = position.turn;
  order.fee_per_ticket = hold.quote->fee_per_ticket;
  order.fee_per_order = hold.quote->fee_per_order;
  order.total = hold.quote->total;
  order.tax = hold.quote->tax;
  order.payment_reference = fact.payment.reference;
  order.payment_method = intern(fact.payment.method);
  order.holder = hold.holder;
  order.first_ticket = static_cast<std::uint32_t>(tickets_.size());
  order.ticket_count = order.live_tickets = hold.admissions;
  const auto index = static_cast<std::uint32_t>(orders_.size());
  sell(hold, *hold.quote, index);
  const AreaQuantities areas = hold.areas;
  holders_[hold.holder].bought += hold.admissions;
  holders_[hold.holder].has_ordered = true;
  order_table_.insert(asked.hash, index);
  orders_.push_back(std::move(order));
  end_hold(slot, HoldEnd::checked_out, index + 1);
  for (const AreaQuantity& held : areas) areas_[held.area.value].sold += held.quantity;
}

inline std::uint32_t EventState::order_index(OrderId order, std::uint64_t hash) const {
  return order_table_.find(hash, [&](std::uint32_t at) { return orders_[at].id == order; });
}

inline const OrderRecord* EventState::find_order(OrderId order, std::uint64_t hash) const {
  const std::uint32_t index = order_index(order, hash);
  return index == SlotTable::none ? nullptr : &orders_[index];
}

inline const TicketRecord* EventState::find_ticket(const TicketId& ticket) const {
  const OrderRecord* order = find_order(ticket.order);
  return order == nullptr || ticket.number == 0 || ticket.number > order->ticket_count
             ? nullptr
             : &tickets_[order->first_ticket + ticket.number - 1];
}

inline void EventState::apply_body(const TicketsRefunded& fact, const Asked&, const FactPosition&) {
  using detail::ensure;
  const std::uint32_t index = order_index(fact.order, hash(fact.order));
  ensure(index != SlotTable::none && !fact.tickets.empty(), "a refund names no order or no ticket");
  OrderRecord& order = orders_[index];
  std::uint32_t last = 0;
  for (const std::uint32_t number : fact.tickets) {
    ensure(number > last && number <= order.ticket_count,
           "a refund names a ticket twice or one that does not exist");
    last = number;
  }
  ensure(fact.amount == detail::refund_amount(order, tickets_of(order), fact.tickets),
         "a refund is not what its tickets are worth");
  for (const std::uint32_t number : fact.tickets) {
    TicketRecord& ticket = tickets_[order.first_ticket + number - 1];
    ensure(!ticket.refunded(), "a ticket is refunded twice");
    ticket.gate = TicketRecord::refunded_gate;
    if (ticket.in_area()) {
      ensure(areas_[ticket.area().value].sold > 0, "an area gives back more than was sold");
      areas_[ticket.area().value].sold -= 1;
      touched_areas_.push_back(ticket.area());
      continue;
    }
    const PlaceIndex place = ticket.place();
    ensure(codes_[place.value] == place_code::sold && owners_[place.value] == order.first_ticket + number - 1,
           "a refunded ticket does not own its place");
    codes_[place.value] = place_code::free;
    owners_[place.value] = SlotTable::none;
    free_->give(place);
    touched_places_.push_back(place);
    --sold_places_;
  }
  const auto count = static_cast<std::uint32_t>(fact.tickets.size());
  order.refunded = detail::add(order.refunded, fact.amount);
  order.live_tickets -= count;
  ensure(order.refunded <= order.total && (order.live_tickets > 0 || order.refunded == order.total),
         "refunds do not match what the order was worth");
  ensure(holders_[order.holder].bought >= count, "a holder gives back more than was bought");
  holders_[order.holder].bought -= count;
  check_counts();
}

inline void EventState::apply_body(const TicketAdmitted& fact, const Asked&, const FactPosition& position) {
  const TicketRecord* found = find_ticket(fact.ticket);
  detail::ensure(found != nullptr, "a ticket is admitted that does not exist");
  detail::ensure(!found->refunded() && found->admitted_at == 0,
                 "a ticket is admitted that is void or was admitted before");
  TicketRecord& ticket = tickets_[static_cast<std::size_t>(found - tickets_.data())];
  ticket.admitted_at = to_epoch(std::chrono::floor<std::chrono::seconds>(position.turn));
  ticket.gate = intern(fact.gate);
}

inline void EventState::check_counts() const {
  detail::ensure(free_->free_count() + held_places_ + sold_places_ == codes_.size(),
                 "free, held and sold places do not add up to the house");
}

}  // namespace ticketcore

#include "ticketcore/sale/detail/event_state_check.hpp"
