#pragma once
// Orders: what was sold, ticket by ticket. They stay for ever.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ticketcore/base/detail/keyed_hash.hpp"
#include "ticketcore/base/detail/slot_table.hpp"
#include "ticketcore/base/detail/wire_reader.hpp"
#include "ticketcore/base/limits.hpp"
#include "ticketcore/sale/facts.hpp"
#include "ticketcore/sale/state/holds.hpp"
#include "ticketcore/sale/state/invariant.hpp"

namespace ticketcore {

/// One ticket. Where is a place's index, or an area's with area_bit set.
struct TicketRecord {
  static constexpr std::uint32_t area_bit = 0x8000'0000;
  static constexpr std::uint16_t no_gate = 0xFFFF;
  static constexpr std::uint16_t refunded_gate = 0xFFFE;

  std::int64_t price = 0;
  std::uint32_t where = 0;
  std::uint32_t order = 0;        ///< Into the orders.
  std::uint32_t admitted_at = 0;  ///< Epoch seconds; 0: not yet.
  std::uint16_t ticket_type = 0;
  std::uint16_t gate = no_gate;  ///< Into the short names, or one of the marks above.

  [[nodiscard]] bool refunded() const noexcept { return gate == refunded_gate; }
  [[nodiscard]] bool in_area() const noexcept { return (where & area_bit) != 0; }
  [[nodiscard]] PlaceIndex place() const noexcept { return {where}; }
  [[nodiscard]] AreaIndex area() const noexcept { return {where & ~area_bit}; }
};

struct OrderRecord {
  OrderId id{};
  Timestamp placed_at{};
  std::int64_t fee_per_ticket = 0;
  std::int64_t fee_per_order = 0;
  std::int64_t total = 0;
  std::int64_t tax = 0;
  std::int64_t refunded = 0;
  std::string payment_reference{};
  std::string note{};  ///< For staff.
  std::uint32_t holder = 0;
  std::uint32_t first_ticket = 0;  ///< Into the tickets.
  std::uint32_t ticket_count = 0;
  std::uint32_t live_tickets = 0;    ///< Not refunded.
  std::uint16_t payment_method = 0;  ///< Into the short names.
};

/// An order's tickets and fees sum to its total, and what was paid less what was refunded is what its live
/// tickets are worth.
class Orders {
 public:
  explicit Orders(const HashKey& key = {}) : key_(key) {}

  /// nullptr if there is no such order. The hash is that of the id under the state's key.
  [[nodiscard]] const OrderRecord* find(OrderId order) const { return find(order, hash(order)); }
  [[nodiscard]] const OrderRecord* find(OrderId order, std::uint64_t hash) const {
    const std::uint32_t index = index_of(order, hash);
    return index == SlotTable::none ? nullptr : &orders_[index];
  }
  /// In the order in which they were placed.
  [[nodiscard]] bool empty() const noexcept { return orders_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return orders_.size(); }
  [[nodiscard]] auto begin() const noexcept { return orders_.begin(); }
  [[nodiscard]] auto end() const noexcept { return orders_.end(); }
  [[nodiscard]] const OrderRecord& operator[](std::size_t index) const { return orders_[index]; }
  /// The order's number: counts from 1.
  [[nodiscard]] std::uint32_t number_of(const OrderRecord& order) const noexcept {
    return static_cast<std::uint32_t>(&order - orders_.data()) + 1;
  }

  [[nodiscard]] std::span<const TicketRecord> tickets() const noexcept { return tickets_; }
  [[nodiscard]] std::span<const TicketRecord> tickets_of(const OrderRecord& order) const noexcept {
    return std::span(tickets_).subspan(order.first_ticket, order.ticket_count);
  }
  [[nodiscard]] const TicketRecord* find_ticket(const TicketId& ticket) const {
    const OrderRecord* order = find(ticket.order);
    return order == nullptr || ticket.number == 0 || ticket.number > order->ticket_count
               ? nullptr
               : &tickets_[order->first_ticket + ticket.number - 1];
  }
  /// What a refund of tickets of these numbers comes to: their prices and fees, and the order's fee with the
  /// last of them.
  template <class Numbers>
  [[nodiscard]] std::int64_t refund_amount(const OrderRecord& order, const Numbers& numbers) const {
    std::int64_t amount = numbers.size() == order.live_tickets ? order.fee_per_order : 0;
    for (const std::uint32_t number : numbers)
      amount = detail::add(amount, worth(order, tickets_[order.first_ticket + number - 1]));
    return amount;
  }

  /// The hold, which has a quote, becomes the next order: a ticket for each admission, in the order of the
  /// hold's places, then of its areas, priced by the quote's lines.
  const OrderRecord& place(OrderId id, std::uint64_t hash, const OrderPlaced& fact, const HoldRecord& hold,
                           std::uint16_t payment_method, Timestamp turn);
  /// Calls give_back(ticket, index) for each ticket that is void now. Returns the order.
  template <class GiveBack>
  const OrderRecord& refund(const TicketsRefunded& fact, GiveBack&& give_back);
  void admit(const TicketId& ticket, std::uint16_t gate, Timestamp turn);
  void apply(const OrderNoted& fact);
  /// The ticket is for another place instead, at the price that was paid.
  void exchange(std::uint32_t ticket, PlaceIndex from, PlaceIndex to) {
    detail::ensure(ticket < tickets_.size() && tickets_[ticket].where == from.value,
                   "a ticket gives a place that it does not have");
    tickets_[ticket].where = to.value;
  }

  void prefetch(OrderId order) const noexcept { table_.prefetch(hash(order)); }

  void check() const;
  void write(wire::Writer& out) const;
  void read(wire::Reader& in);
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return detail::bytes_of(orders_) + detail::bytes_of(tickets_) + table_.memory_bytes();
  }

 private:
  [[nodiscard]] std::uint64_t hash(const Id128& id) const noexcept { return keyed_hash(key_, id); }
  [[nodiscard]] std::uint32_t index_of(OrderId order, std::uint64_t hash) const {
    return table_.find(hash, [&](std::uint32_t at) { return orders_[at].id == order; });
  }
  [[nodiscard]] static std::int64_t worth(const OrderRecord& order, const TicketRecord& ticket) {
    return detail::add(ticket.price, order.fee_per_ticket);
  }
  void issue_tickets(const HoldRecord& hold);
  void read_tickets(wire::Reader& in, OrderRecord& order, std::uint32_t index);

  HashKey key_;
  std::vector<OrderRecord> orders_{};
  SlotTable table_{};
  std::vector<TicketRecord> tickets_{};  ///< Each order's together, order by order.
};

inline const OrderRecord& Orders::place(OrderId id, std::uint64_t hash, const OrderPlaced& fact,
                                        const HoldRecord& hold, std::uint16_t payment_method,
                                        Timestamp turn) {
  using detail::ensure;
  ensure(fact.number == orders_.size() + 1, "an order's number is not the next");
  ensure(!id.is_zero() && index_of(id, hash) == SlotTable::none, "two orders carry one id");
  table_.insert(hash, static_cast<std::uint32_t>(orders_.size()));
  OrderRecord order;
  order.id = id;
  order.placed_at = turn;
  order.fee_per_ticket = hold.quote->fee_per_ticket;
  order.fee_per_order = hold.quote->fee_per_order;
  order.total = hold.quote->total;
  order.tax = hold.quote->tax;
  order.payment_reference = fact.payment.reference;
  order.payment_method = payment_method;
  order.holder = hold.holder;
  order.first_ticket = static_cast<std::uint32_t>(tickets_.size());
  order.ticket_count = order.live_tickets = hold.admissions;
  issue_tickets(hold);
  return orders_.emplace_back(std::move(order));
}

inline void Orders::issue_tickets(const HoldRecord& hold) {
  const auto& lines = hold.quote->lines;
  const auto order = static_cast<std::uint32_t>(orders_.size());
  std::size_t line = 0;
  std::uint32_t used = 0;
  const auto issue = [&](std::uint32_t where) {
    while (used == lines[line].count) {
      ++line;
      used = 0;
    }
    ++used;
    tickets_.push_back(
        {lines[line].unit_price, where, order, 0, lines[line].ticket_type, TicketRecord::no_gate});
  };
  for (const PlaceIndex place : hold.places) issue(place.value);
  for (const auto& [area, quantity] : hold.areas) {
    for (std::uint32_t count = 0; count < quantity; ++count) issue(area.value | TicketRecord::area_bit);
  }
}

template <class GiveBack>
const OrderRecord& Orders::refund(const TicketsRefunded& fact, GiveBack&& give_back) {
  using detail::ensure;
  const std::uint32_t index = index_of(fact.order, hash(fact.order));
  ensure(index != SlotTable::none && !fact.tickets.empty(), "a refund names no order or no ticket");
  OrderRecord& order = orders_[index];
  std::uint32_t last = 0;
  for (const std::uint32_t number : fact.tickets) {
    ensure(number > last && number <= order.ticket_count,
           "a refund names a ticket twice or one that does not exist");
    last = number;
  }
  ensure(fact.amount == refund_amount(order, fact.tickets), "a refund is not what its tickets are worth");
  for (const std::uint32_t number : fact.tickets) {
    const std::uint32_t at = order.first_ticket + number - 1;
    TicketRecord& ticket = tickets_[at];
    ensure(!ticket.refunded(), "a ticket is refunded twice");
    ticket.gate = TicketRecord::refunded_gate;
    give_back(ticket, at);
  }
  order.refunded = detail::add(order.refunded, fact.amount);
  order.live_tickets -= static_cast<std::uint32_t>(fact.tickets.size());
  ensure(order.refunded <= order.total && (order.live_tickets > 0 || order.refunded == order.total),
         "refunds do not match what the order was worth");
  return order;
}

inline void Orders::admit(const TicketId& id, std::uint16_t gate, Timestamp turn) {
  const TicketRecord* found = find_ticket(id);
  detail::ensure(found != nullptr, "a ticket is admitted that does not exist");
  detail::ensure(!found->refunded() && found->admitted_at == 0,
                 "a ticket is admitted that is void or was admitted before");
  TicketRecord& ticket = tickets_[static_cast<std::size_t>(found - tickets_.data())];
  ticket.admitted_at = to_epoch(std::chrono::floor<std::chrono::seconds>(turn));
  ticket.gate = gate;
}

inline void Orders::apply(const OrderNoted& fact) {
  const std::uint32_t index = index_of(fact.order, hash(fact.order));
  detail::ensure(index != SlotTable::none, "a note is on no order");
  orders_[index].note = fact.text;
}

inline void Orders::check() const {
  using detail::ensure;
  for (std::uint32_t index = 0; index < orders_.size(); ++index) {
    const OrderRecord& order = orders_[index];
    ensure(index_of(order.id, hash(order.id)) == index, "an order can't be found by its id");
    std::int64_t total = order.fee_per_order;
    std::int64_t left = order.live_tickets > 0 ? order.fee_per_order : 0;
    std::uint32_t live = 0;
    for (const TicketRecord& ticket : tickets_of(order)) {
      ensure(ticket.order == index, "a ticket belongs to another order");
      total = detail::add(total, worth(order, ticket));
      if (ticket.refunded()) continue;
      ++live;
      left = detail::add(left, worth(order, ticket));
    }
    ensure(total == order.total && live == order.live_tickets, "an order's lines do not sum to its total");
    ensure(order.total - order.refunded == left, "payments minus refunds are not what the tickets are worth");
  }
}

inline void Orders::write(wire::Writer& out) const {
  out.varint(orders_.size());
  for (const OrderRecord& order : orders_) {
    out.id(order.id);
    out.fixed(static_cast<std::int64_t>(order.placed_at.time_since_epoch().count()));
    for (const std::int64_t amount :
         {order.fee_per_ticket, order.fee_per_order, order.total, order.tax, order.refunded})
      out.signed_varint(amount);
    out.text(order.payment_reference);
    out.text(order.note);
    out.varint(order.holder);
    out.varint(order.payment_method);
    out.varint(order.ticket_count);
    for (const TicketRecord& ticket : tickets_of(order)) {
      out.signed_varint(ticket.price);
      out.fixed(ticket.where);
      out.varint(ticket.ticket_type);
      out.fixed(ticket.gate);
      out.varint(ticket.admitted_at);
    }
  }
}

inline void Orders::read(wire::Reader& in) {
  constexpr std::size_t size_min = 34;  // of one order, at the least
  const std::size_t count = in.count(size_min);
  const auto is_amount = [](std::int64_t amount) { return amount >= 0 && amount <= limits::amount; };
  orders_.reserve(count);
  table_.reserve(count);
  for (std::uint32_t index = 0; index < count; ++index) {
    OrderRecord& order = orders_.emplace_back();
    order.id = OrderId{in.id()};
    order.placed_at = Timestamp{std::chrono::microseconds{in.fixed<std::int64_t>()}};
    for (std::int64_t* amount :
         {&order.fee_per_ticket, &order.fee_per_order, &order.total, &order.tax, &order.refunded})
      *amount = in.signed_varint();
    order.payment_reference = in.text();
    order.note = in.text();
    order.holder = in.number();
    order.payment_method = static_cast<std::uint16_t>(in.number(limits::short_names));
    order.ticket_count = in.number(limits::places_per_hold);
    if (!is_amount(order.fee_per_ticket) || !is_amount(order.fee_per_order))
      in.damaged("an order's fee is out of range");
    const std::uint64_t hashed = hash(order.id);
    if (order.id.is_zero() || find(order.id, hashed) != nullptr) in.damaged("two orders carry one id");
    table_.insert(hashed, index);
    read_tickets(in, order, index);
  }
}

inline void Orders::read_tickets(wire::Reader& in, OrderRecord& order, std::uint32_t index) {
  order.first_ticket = static_cast<std::uint32_t>(tickets_.size());
  for (std::uint32_t left = order.ticket_count; left > 0; --left) {
    TicketRecord ticket;
    ticket.price = in.signed_varint();
    ticket.where = in.fixed<std::uint32_t>();
    ticket.order = index;
    ticket.ticket_type = static_cast<std::uint16_t>(in.number(limits::ticket_types));
    ticket.gate = in.fixed<std::uint16_t>();
    ticket.admitted_at = in.number();
    if (ticket.price < 0 || ticket.price > limits::amount) in.damaged("a ticket's price is out of range");
    if ((ticket.gate < TicketRecord::refunded_gate) != (ticket.admitted_at != 0))
      in.damaged("a ticket was admitted without a gate, or not admitted at one");
    if (!ticket.refunded()) ++order.live_tickets;
    tickets_.push_back(ticket);
  }
}

}  // namespace ticketcore
