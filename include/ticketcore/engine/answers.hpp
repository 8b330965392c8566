#pragma once
// What the box office answers with: holds, quotes, orders, tickets. Plain values with everything that a page,
// a ticket or a receipt needs, whole labels and amounts included; nothing in them changes later.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "ticketcore/base/ids.hpp"
#include "ticketcore/base/money.hpp"
#include "ticketcore/base/result.hpp"
#include "ticketcore/sale/facts.hpp"

namespace ticketcore {

/// Admissions to an area by its label.
struct AreaAdmissions {
  std::string area{};
  std::uint32_t quantity = 1;
  friend bool operator==(const AreaAdmissions&, const AreaAdmissions&) = default;
};

struct Hold {
  HoldId id{};
  HolderId holder{};
  std::vector<std::string> places{};  ///< Whole labels, in the order chosen.
  std::vector<AreaAdmissions> areas{};
  std::chrono::sys_seconds expires_at{};
  std::uint64_t revision = 0;  ///< Of the log, as of the answer: Event::refresh brings another host as far.
};

/// Admissions of one category, ticket type and price.
struct PricedLine {
  std::string category{};  ///< Its key.
  std::string ticket_type{};
  std::uint32_t count = 0;
  Money unit_price{};
  Money amount{};  ///< count times unit_price.
};

struct Quote {
  HoldId hold{};
  std::vector<PricedLine> lines{};
  Money ticket_fees{};  ///< The fee per ticket times the tickets.
  Money order_fee{};
  Money total{};
  Money tax{};                 ///< Contained in total.
  std::uint64_t revision = 0;  ///< Of the log, as of the answer: Event::refresh brings another host as far.
};

struct Ticket {
  EventId event{};
  TicketId id{};
  std::string place{};  ///< The whole label of the place, or of the area.
  std::string section{};
  std::string row{};   ///< Empty in an area.
  std::string seat{};  ///< Empty in an area, and for a whole table or booth.
  std::string category{};
  std::string ticket_type{};
  Money price{};
};

struct Order {
  OrderId id{};
  std::uint32_t number = 0;  ///< Counts the event's orders from 1.
  HolderId holder{};
  Timestamp placed_at{};
  std::vector<Ticket> tickets{};  ///< All that the order began with.
  Money ticket_fees{};
  Money order_fee{};
  Money total{};
  Money tax{};
  std::string payment_method{};
  std::string payment_reference{};
  std::string note{};          ///< For staff (NoteOrder); empty if there is none.
  std::uint64_t revision = 0;  ///< Of the log, as of the answer: Event::refresh brings another host as far.
};

struct Refund {
  OrderId order{};
  std::vector<TicketId> tickets{};  ///< Void from now on.
  Money amount{};                   ///< Owed to the buyer.
  std::uint64_t revision = 0;  ///< Of the log, as of the answer: Event::refresh brings another host as far.
};

struct Admission {
  TicketId ticket{};
  std::string place{};
  std::string gate{};
  Timestamp at{};
  std::uint64_t revision = 0;  ///< Of the log, as of the answer: Event::refresh brings another host as far.
};

/// What a caller gets for a fact that grants a command; nothing more than that it is done, for most.
template <class Fact>
struct AnswerFor {
  using type = Done;
};
template <>
struct AnswerFor<HoldPlaced> {
  using type = Hold;
};
template <>
struct AnswerFor<HoldExtended> {
  using type = std::chrono::sys_seconds;  ///< The new deadline.
};
template <>
struct AnswerFor<HoldQuoted> {
  using type = Quote;
};
template <>
struct AnswerFor<OrderPlaced> {
  using type = Order;
};
template <>
struct AnswerFor<TicketsRefunded> {
  using type = Refund;
};
template <>
struct AnswerFor<TicketAdmitted> {
  using type = Admission;
};

/// What a command is answered with when it is granted: Hold for PlaceHold and HoldBest.
template <class CommandBody>
using AnswerTo = typename AnswerFor<typename CommandBody::GrantedBy>::type;

}  // namespace ticketcore
