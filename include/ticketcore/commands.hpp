#pragma once
// Commands: what callers ask of one event. Each carries a RequestId made by the caller, who keeps it when it repeats the
// command: a repeated request gets the first one's answer.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ticketcore/best_available.hpp"
#include "ticketcore/facts.hpp"

namespace ticketcore {

struct CreateEvent {
  EventId event{};
  EventSettings settings{};
  std::shared_ptr<const SeatMap> seat_map{};
  SaleStatus sale = SaleStatus::off_sale;
};
/// Replaces the settings. What was quoted before keeps its price.
struct ConfigureEvent {
  EventSettings settings{};
};
struct SetSaleStatus {
  SaleStatus status = SaleStatus::on_sale;
};
/// Picked places and admissions to areas: all or none.
struct PlaceHold {
  HolderId holder{};
  Places places{};
  AreaQuantities areas{};
  std::chrono::seconds ttl{600};
};
/// Places that the event picks: the best block, of the first of the categories that has one.
struct HoldBest {
  HolderId holder{};
  boost::container::small_vector<CategoryIndex, 2> categories{};
  std::uint32_t count = 1;
  std::uint32_t accessible = 0;  ///< How many of them are wheelchair places.
  RestrictedView restricted_view = RestrictedView::avoid;
  Together together = Together::required;
  std::chrono::seconds ttl{600};
};
/// Moves the deadline to now + ttl, but never past the hold's lifetime.
struct ExtendHold {
  HoldId hold{};
  std::chrono::seconds ttl{600};
};
struct ReleaseHold {
  HoldId hold{};
};
/// So many tickets of a type, for places of any category or of one.
struct TicketChoice {
  std::string ticket_type{};
  std::uint32_t count = 1;
  std::string category{};  ///< Empty: any.
};
/// Prices the hold and fixes the price until it ends. A later quote replaces an earlier one.
struct QuoteHold {
  HoldId hold{};
  std::vector<TicketChoice> choices{};
};
/// How a hold is paid for.
struct PaymentOffer {
  std::string method{};
  std::string reference{};
  std::optional<std::int64_t> amount{};  ///< None: what the hold is quoted at when this is decided.
};
/// Sells exactly the hold's places at its quoted price. An amount that is another price is refused.
struct CheckOut {
  HoldId hold{};
  PaymentOffer payment{};
};
/// Voids tickets and returns their places. No numbers: all that are left of the order.
struct RefundTickets {
  OrderId order{};
  std::vector<std::uint32_t> tickets{};
  std::string reference{};
};
struct AdmitTicket {
  TicketId ticket{};
  std::string gate{};
};

using CommandBody =
    std::variant<CreateEvent, ConfigureEvent, SetSaleStatus, PlaceHold, HoldBest, ExtendHold, ReleaseHold, QuoteHold, CheckOut, RefundTickets, AdmitTicket>;

struct Command {
  RequestId request{};
  CommandBody body{};
};

}  // namespace ticketcore
