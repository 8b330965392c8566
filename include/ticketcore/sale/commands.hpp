#pragma once
// Commands: what callers ask of one event. Each carries a RequestId made by the caller, who keeps it when it
// repeats the command: a request that was granted gets the same answer again, one that was refused is decided
// anew. Under one RequestId stands one command: with anything else in it, it is refused as request_reused.
//
// Each kind says its number in a command's bytes (command_bytes.hpp), which never changes, and the fact that
// grants it.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ticketcore/sale/facts.hpp"
#include "ticketcore/venue/best_available.hpp"

namespace ticketcore {

struct CreateEvent {
  static constexpr std::uint8_t tag = 1;
  using GrantedBy = EventCreated;
  EventId event{};
  EventSettings settings{};
  std::shared_ptr<const SeatMap> seat_map{};
  SaleStatus sale = SaleStatus::off_sale;
};
/// Replaces the settings. What was quoted before keeps its price.
struct ConfigureEvent {
  static constexpr std::uint8_t tag = 2;
  using GrantedBy = EventConfigured;
  EventSettings settings{};
};
struct SetSaleStatus {
  static constexpr std::uint8_t tag = 3;
  using GrantedBy = SaleStatusChanged;
  SaleStatus status = SaleStatus::on_sale;
};
/// Picked places and admissions to areas: all or none.
struct PlaceHold {
  static constexpr std::uint8_t tag = 4;
  using GrantedBy = HoldPlaced;
  HolderId holder{};
  PlaceList places{};
  AreaQuantities areas{};
  std::chrono::seconds ttl{600};
};
/// Places that the event picks: the best block, of the first of the categories that has one; of any, in the
/// map's order, where none is named. Naming a category twice is refused.
struct HoldBest {
  static constexpr std::uint8_t tag = 5;
  using GrantedBy = HoldPlaced;
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
  static constexpr std::uint8_t tag = 6;
  using GrantedBy = HoldExtended;
  HoldId hold{};
  std::chrono::seconds ttl{600};
};
struct ReleaseHold {
  static constexpr std::uint8_t tag = 7;
  using GrantedBy = HoldReleased;
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
  static constexpr std::uint8_t tag = 8;
  using GrantedBy = HoldQuoted;
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
  static constexpr std::uint8_t tag = 9;
  using GrantedBy = OrderPlaced;
  HoldId hold{};
  PaymentOffer payment{};
};
/// Voids tickets and returns their places. No numbers: all of the order that are neither refunded nor
/// admitted; refused where there is none.
struct RefundTickets {
  static constexpr std::uint8_t tag = 10;
  using GrantedBy = TicketsRefunded;
  OrderId order{};
  std::vector<std::uint32_t> tickets{};
  std::string reference{};
};
struct AdmitTicket {
  static constexpr std::uint8_t tag = 11;
  using GrantedBy = TicketAdmitted;
  TicketId ticket{};
  std::string gate{};
};

using CommandBody = std::variant<CreateEvent, ConfigureEvent, SetSaleStatus, PlaceHold, HoldBest, ExtendHold,
                                 ReleaseHold, QuoteHold, CheckOut, RefundTickets, AdmitTicket>;

struct Command {
  RequestId request{};
  CommandBody body{};
};

}  // namespace ticketcore
