#pragma once
// Commands: what callers ask of one event. Each carries a RequestId made by the caller, who keeps it when it
// repeats the command: a request that was granted gets the same answer again, one that was refused is decided
// anew. Under one RequestId stands one command: with anything else in it, it is refused as request_reused.
//
// A command is declared here and nowhere else: its tag, its name, the fact that grants it, and its fields
// (ticketcore/base/fields.hpp). Its bytes (command_bytes.hpp), its digest, its JSON and its equality follow
// from that. Tags and numbers never change their meaning; field 1 is the request.

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
  static constexpr std::string_view name = "create_event";
  using GrantedBy = EventCreated;
  EventId event{};
  EventSettings settings{};
  std::shared_ptr<const SeatMap> seat_map{};
  SaleStatus sale = SaleStatus::off_sale;

  static constexpr auto fields =
      declare(field(2, "event", &CreateEvent::event), field(3, "settings", &CreateEvent::settings),
              field(4, "seat_map", &CreateEvent::seat_map), field(5, "sale", &CreateEvent::sale));
};
/// Replaces the settings. What was quoted before keeps its price.
struct ConfigureEvent {
  static constexpr std::uint8_t tag = 2;
  static constexpr std::string_view name = "configure_event";
  using GrantedBy = EventConfigured;
  EventSettings settings{};

  static constexpr auto fields = declare(field(2, "settings", &ConfigureEvent::settings));
};
struct SetSaleStatus {
  static constexpr std::uint8_t tag = 3;
  static constexpr std::string_view name = "set_sale_status";
  using GrantedBy = SaleStatusChanged;
  SaleStatus status = SaleStatus::on_sale;

  static constexpr auto fields = declare(field(2, "sale", &SetSaleStatus::status));
};
/// Picked places and admissions to areas: all or none.
struct PlaceHold {
  static constexpr std::uint8_t tag = 4;
  static constexpr std::string_view name = "place_hold";
  using GrantedBy = HoldPlaced;
  HolderId holder{};
  PlaceList places{};
  AreaQuantities areas{};
  std::chrono::seconds ttl{600};

  static constexpr auto fields =
      declare(field(2, "holder", &PlaceHold::holder),
              field(3, "places", &PlaceHold::places, {.most = limits::places_per_hold}),
              field(4, "areas", &PlaceHold::areas, {.most = limits::places_per_hold}),
              field(5, "ttl", &PlaceHold::ttl));
};
/// Places that the event picks: the best block, of the first of the categories that has one; of any, in the
/// map's order, where none is named. Naming a category twice is refused.
struct HoldBest {
  static constexpr std::uint8_t tag = 5;
  static constexpr std::string_view name = "hold_best";
  using GrantedBy = HoldPlaced;
  HolderId holder{};
  boost::container::small_vector<CategoryIndex, 2> categories{};
  std::uint32_t count = 1;
  std::uint32_t accessible = 0;  ///< How many of them are wheelchair places.
  RestrictedView restricted_view = RestrictedView::avoid;
  Together together = Together::required;
  std::chrono::seconds ttl{600};

  static constexpr auto fields =
      declare(field(2, "holder", &HoldBest::holder),
              field(3, "categories", &HoldBest::categories, {.most = limits::categories}),
              field(4, "count", &HoldBest::count), field(5, "accessible", &HoldBest::accessible),
              field(6, "restricted_view", &HoldBest::restricted_view),
              field(7, "together", &HoldBest::together), field(8, "ttl", &HoldBest::ttl));
};
/// Moves the deadline to now + ttl, but never past the hold's lifetime.
struct ExtendHold {
  static constexpr std::uint8_t tag = 6;
  static constexpr std::string_view name = "extend_hold";
  using GrantedBy = HoldExtended;
  HoldId hold{};
  std::chrono::seconds ttl{600};

  static constexpr auto fields =
      declare(field(2, "hold", &ExtendHold::hold), field(3, "ttl", &ExtendHold::ttl));
};
struct ReleaseHold {
  static constexpr std::uint8_t tag = 7;
  static constexpr std::string_view name = "release_hold";
  using GrantedBy = HoldReleased;
  HoldId hold{};

  static constexpr auto fields = declare(field(2, "hold", &ReleaseHold::hold));
};
/// So many tickets of a type, for places of any category or of one.
struct TicketChoice {
  std::string ticket_type{};
  std::uint32_t count = 1;
  std::string category{};  ///< Empty: any.

  static constexpr auto fields =
      declare(field(1, "ticket_type", &TicketChoice::ticket_type), field(2, "count", &TicketChoice::count),
              field(3, "category", &TicketChoice::category));
};
/// Prices the hold and fixes the price until it ends. A later quote replaces an earlier one.
struct QuoteHold {
  static constexpr std::uint8_t tag = 8;
  static constexpr std::string_view name = "quote_hold";
  using GrantedBy = HoldQuoted;
  HoldId hold{};
  std::vector<TicketChoice> choices{};

  static constexpr auto fields =
      declare(field(2, "hold", &QuoteHold::hold),
              field(3, "choices", &QuoteHold::choices, {.most = limits::places_per_hold}));
};
/// How a hold is paid for.
struct PaymentOffer {
  std::string method{};
  std::string reference{};
  std::optional<std::int64_t> amount{};  ///< None: what the hold is quoted at when this is decided.

  static constexpr auto fields =
      declare(field(1, "method", &PaymentOffer::method), field(2, "reference", &PaymentOffer::reference),
              field(3, "amount", &PaymentOffer::amount));
};
/// Sells exactly the hold's places at its quoted price. An amount that is another price is refused.
struct CheckOut {
  static constexpr std::uint8_t tag = 9;
  static constexpr std::string_view name = "check_out";
  using GrantedBy = OrderPlaced;
  HoldId hold{};
  PaymentOffer payment{};

  static constexpr auto fields =
      declare(field(2, "hold", &CheckOut::hold), field(3, "payment", &CheckOut::payment));
};
/// Voids tickets and returns their places. No numbers: all of the order that are neither refunded nor
/// admitted; refused where there is none.
struct RefundTickets {
  static constexpr std::uint8_t tag = 10;
  static constexpr std::string_view name = "refund_tickets";
  using GrantedBy = TicketsRefunded;
  OrderId order{};
  std::vector<std::uint32_t> tickets{};
  std::string reference{};

  static constexpr auto fields =
      declare(field(2, "order", &RefundTickets::order),
              field(3, "tickets", &RefundTickets::tickets, {.most = limits::places_per_hold}),
              field(4, "reference", &RefundTickets::reference));
};
struct AdmitTicket {
  static constexpr std::uint8_t tag = 11;
  static constexpr std::string_view name = "admit_ticket";
  using GrantedBy = TicketAdmitted;
  TicketId ticket{};
  std::string gate{};

  static constexpr auto fields =
      declare(field(2, "ticket", &AdmitTicket::ticket), field(3, "gate", &AdmitTicket::gate));
};
/// Replaces the note on an order that is for staff alone; an empty one removes it. It stays in the log for
/// ever: nothing of a person's belongs in it.
struct NoteOrder {
  static constexpr std::uint8_t tag = 12;
  static constexpr std::string_view name = "note_order";
  using GrantedBy = OrderNoted;
  OrderId order{};
  std::string text{};  ///< At most limits::note_bytes.

  static constexpr auto fields =
      declare(field(2, "order", &NoteOrder::order), field(3, "text", &NoteOrder::text));
};
/// By whole label: who holds or has bought the one place gets the other instead.
struct Exchange {
  std::string from{};
  std::string to{};

  static constexpr auto fields = declare(field(1, "from", &Exchange::from), field(2, "to", &Exchange::to));
};
/// Puts another map in the place of the event's. Places are the same if their labels are. What is held or
/// sold and would go is refused, unless an exchange takes it to a free place of the new map; the price stays
/// what was quoted or paid.
struct ReplaceMap {
  static constexpr std::uint8_t tag = 13;
  static constexpr std::string_view name = "replace_map";
  using GrantedBy = MapReplaced;
  std::shared_ptr<const SeatMap> seat_map{};
  std::vector<Exchange> exchanges{};

  static constexpr auto fields =
      declare(field(2, "seat_map", &ReplaceMap::seat_map),
              field(3, "exchanges", &ReplaceMap::exchanges, {.most = limits::exchanges}));
};

using CommandBody =
    std::variant<CreateEvent, ConfigureEvent, SetSaleStatus, PlaceHold, HoldBest, ExtendHold, ReleaseHold,
                 QuoteHold, CheckOut, RefundTickets, AdmitTicket, NoteOrder, ReplaceMap>;

static_assert(tags_rise<CommandBody>());

/// "place_hold".
[[nodiscard]] inline std::string_view name_of(const CommandBody& body) noexcept {
  return std::visit([](const auto& command) { return command.name; }, body);
}

struct Command {
  RequestId request{};
  CommandBody body{};
  friend bool operator==(const Command&, const Command&) = default;
};

}  // namespace ticketcore
