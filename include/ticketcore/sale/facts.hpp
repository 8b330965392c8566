#pragma once
// Facts: what was decided. They are all that the log holds, and all that a state is made of. A fact says what
// happened, not what was asked, so that a later change of an algorithm never rewrites history.
//
// A fact is declared here and nowhere else: its tag, its name and its fields (ticketcore/base/fields.hpp).
// Its bytes in the log, its JSON and its equality follow from that; docs/log-format.md lists them all.

#include <array>
#include <boost/container/small_vector.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "ticketcore/base/fields.hpp"
#include "ticketcore/base/ids.hpp"
#include "ticketcore/base/limits.hpp"
#include "ticketcore/base/time.hpp"
#include "ticketcore/base/time_zone.hpp"
#include "ticketcore/pricing/pricing.hpp"
#include "ticketcore/venue/seat_map.hpp"

namespace ticketcore {

/// Few places, in the order in which they were chosen.
using PlaceList = boost::container::small_vector<PlaceIndex, 4>;

/// A number of admissions to a standing area.
struct AreaQuantity {
  AreaIndex area{};
  std::uint32_t quantity = 0;

  static constexpr auto fields =
      declare(field(1, "area", &AreaQuantity::area),
              field(2, "quantity", &AreaQuantity::quantity, {.most = limits::area_capacity}));
};
using AreaQuantities = boost::container::small_vector<AreaQuantity, 1>;

/// What an event allows its buyers. Every number is a limit met with a Refusal.
struct SalePolicy {
  std::uint32_t places_per_hold = 50;       ///< 1 to limits::places_per_hold.
  std::uint32_t holds_per_holder = 10;      ///< Open at one time.
  std::uint32_t places_per_holder = 1'000;  ///< Held and bought together.
  std::chrono::seconds hold_lifetime{
      3'600};  ///< However often it is extended, a hold ends this long after it began.

  static constexpr auto fields =
      declare(field(1, "places_per_hold", &SalePolicy::places_per_hold, {.most = limits::places_per_hold}),
              field(2, "holds_per_holder", &SalePolicy::holds_per_holder),
              field(3, "places_per_holder", &SalePolicy::places_per_holder),
              field(4, "hold_lifetime", &SalePolicy::hold_lifetime, {.most = UINT32_MAX}));
};

/// What an event is called, when it begins, what it costs and what it allows.
struct EventSettings {
  std::string name{};   ///< "Gala night"; 1 to limits::label_bytes bytes.
  std::string venue{};  ///< "Opera House"; the seat map's name if empty.
  Timestamp starts_at{};
  PriceList prices{};
  SalePolicy policy{};
  std::string time_zone{};  ///< In which starts_at is told: an IANA name, "Europe/Kyiv"; UTC if empty.

  static constexpr auto fields =
      declare(field(1, "name", &EventSettings::name), field(2, "venue", &EventSettings::venue),
              field(3, "starts_at", &EventSettings::starts_at), field(4, "prices", &EventSettings::prices),
              field(5, "policy", &EventSettings::policy),
              field(6, "time_zone", &EventSettings::time_zone, {.fits = is_time_zone_name}));
};

enum class SaleStatus : std::uint8_t { off_sale, on_sale };
/// The words of an enum's values, from its first, 0, on. What has no word is no value.
[[nodiscard]] constexpr auto words_of(SaleStatus) {
  return std::array<std::string_view, 2>{"off_sale", "on_sale"};
}

/// Admissions in a row of one hold that share category, ticket type and price. The lines of a quote follow
/// the order of the hold's places, then of its areas.
struct QuoteLine {
  CategoryIndex category{};
  std::uint16_t ticket_type = 0;
  std::uint32_t count = 0;
  std::int64_t unit_price = 0;

  static constexpr auto fields =
      declare(field(1, "category", &QuoteLine::category, {.most = limits::categories}),
              field(2, "ticket_type", &QuoteLine::ticket_type, {.most = limits::ticket_types}),
              field(3, "count", &QuoteLine::count, {.most = limits::places_per_hold}),
              field(4, "unit_price", &QuoteLine::unit_price));
};

/// What a hold costs. Minor units of the event's currency.
struct QuotedPrice {
  boost::container::small_vector<QuoteLine, 2> lines{};
  std::int64_t fee_per_ticket = 0;
  std::int64_t fee_per_order = 0;
  std::int64_t total = 0;
  std::int64_t tax = 0;  ///< Contained in total.

  static constexpr auto fields =
      declare(field(1, "lines", &QuotedPrice::lines, {.most = limits::places_per_hold}),
              field(2, "fee_per_ticket", &QuotedPrice::fee_per_ticket),
              field(3, "fee_per_order", &QuotedPrice::fee_per_order), field(4, "total", &QuotedPrice::total),
              field(5, "tax", &QuotedPrice::tax));
};

/// How an order was paid.
struct PaymentRecord {
  std::string method{};     ///< "card", "cash"; 1 to limits::short_name_bytes bytes.
  std::string reference{};  ///< The provider's; may be empty.
  std::int64_t amount = 0;

  static constexpr auto fields =
      declare(field(1, "method", &PaymentRecord::method), field(2, "reference", &PaymentRecord::reference),
              field(3, "amount", &PaymentRecord::amount));
};

/// Each fact's tag is its number in the log and never changes its meaning. Fields 1 and 15 are every fact's:
/// the request that it answers, and the digest of the command that was granted.
struct EventCreated {
  static constexpr std::uint8_t tag = 1;
  static constexpr std::string_view name = "event_created";
  EventId event{};
  EventSettings settings{};
  std::shared_ptr<const SeatMap> seat_map{};
  SaleStatus sale = SaleStatus::off_sale;

  static constexpr auto fields = declare(field(2, "event", &EventCreated::event, {.required = true}),
                                         field(3, "settings", &EventCreated::settings),
                                         field(4, "seat_map", &EventCreated::seat_map, {.required = true}),
                                         field(5, "sale", &EventCreated::sale));
};
struct EventConfigured {
  static constexpr std::uint8_t tag = 2;
  static constexpr std::string_view name = "event_configured";
  EventSettings settings{};

  static constexpr auto fields = declare(field(2, "settings", &EventConfigured::settings));
};
struct SaleStatusChanged {
  static constexpr std::uint8_t tag = 3;
  static constexpr std::string_view name = "sale_status_changed";
  SaleStatus status = SaleStatus::off_sale;

  static constexpr auto fields = declare(field(2, "sale", &SaleStatusChanged::status));
};
/// The hold's id is the request's. Deadlines are whole seconds, so that people can be shown them.
struct HoldPlaced {
  static constexpr std::uint8_t tag = 4;
  static constexpr std::string_view name = "hold_placed";
  HolderId holder{};
  PlaceList places{};
  AreaQuantities areas{};
  std::chrono::sys_seconds expires_at{};

  static constexpr auto fields =
      declare(field(2, "holder", &HoldPlaced::holder), field(3, "places", &HoldPlaced::places),
              field(4, "areas", &HoldPlaced::areas), field(5, "expires_at", &HoldPlaced::expires_at));
};
struct HoldExtended {
  static constexpr std::uint8_t tag = 5;
  static constexpr std::string_view name = "hold_extended";
  HoldId hold{};
  std::chrono::sys_seconds expires_at{};

  static constexpr auto fields =
      declare(field(2, "hold", &HoldExtended::hold), field(3, "expires_at", &HoldExtended::expires_at));
};
struct HoldReleased {
  static constexpr std::uint8_t tag = 6;
  static constexpr std::string_view name = "hold_released";
  HoldId hold{};

  static constexpr auto fields = declare(field(2, "hold", &HoldReleased::hold));
};
struct HoldExpired {
  static constexpr std::uint8_t tag = 7;
  static constexpr std::string_view name = "hold_expired";
  HoldId hold{};

  static constexpr auto fields = declare(field(2, "hold", &HoldExpired::hold));
};
struct HoldQuoted {
  static constexpr std::uint8_t tag = 8;
  static constexpr std::string_view name = "hold_quoted";
  HoldId hold{};
  QuotedPrice price{};

  static constexpr auto fields =
      declare(field(2, "hold", &HoldQuoted::hold), field(3, "price", &HoldQuoted::price));
};
/// The hold's places are sold at its quoted price; the order's id is the request's. Its tickets are numbered
/// from 1 in the order of the hold's places, then of its areas.
struct OrderPlaced {
  static constexpr std::uint8_t tag = 9;
  static constexpr std::string_view name = "order_placed";
  HoldId hold{};
  std::uint32_t number = 0;  ///< Counts the event's orders from 1.
  PaymentRecord payment{};

  static constexpr auto fields =
      declare(field(2, "hold", &OrderPlaced::hold), field(3, "number", &OrderPlaced::number),
              field(4, "payment", &OrderPlaced::payment));
};
/// Tickets (numbers within the order, rising) are void, their places free again, and amount is owed to the
/// buyer.
struct TicketsRefunded {
  static constexpr std::uint8_t tag = 10;
  static constexpr std::string_view name = "tickets_refunded";
  OrderId order{};
  boost::container::small_vector<std::uint32_t, 4> tickets{};
  std::int64_t amount = 0;
  std::string reference{};

  static constexpr auto fields = declare(
      field(2, "order", &TicketsRefunded::order), field(3, "tickets", &TicketsRefunded::tickets),
      field(4, "amount", &TicketsRefunded::amount), field(5, "reference", &TicketsRefunded::reference));
};
struct TicketAdmitted {
  static constexpr std::uint8_t tag = 11;
  static constexpr std::string_view name = "ticket_admitted";
  TicketId ticket{};
  std::string gate{};

  static constexpr auto fields =
      declare(field(2, "ticket", &TicketAdmitted::ticket), field(3, "gate", &TicketAdmitted::gate));
};
/// What staff noted on an order; empty: nothing any more.
struct OrderNoted {
  static constexpr std::uint8_t tag = 13;
  static constexpr std::string_view name = "order_noted";
  OrderId order{};
  std::string text{};

  static constexpr auto fields =
      declare(field(2, "order", &OrderNoted::order), field(3, "text", &OrderNoted::text));
};
/// Who has a place gets another one instead. Both indices are those of the map after the replacement.
struct PlaceExchange {
  PlaceIndex from{};
  PlaceIndex to{};

  static constexpr auto fields =
      declare(field(1, "from", &PlaceExchange::from), field(2, "to", &PlaceExchange::to));
};
/// The event's map is now the one before it merged with this one (merge_seat_maps), which stands here as it
/// was given.
struct MapReplaced {
  static constexpr std::uint8_t tag = 14;
  static constexpr std::string_view name = "map_replaced";
  std::shared_ptr<const SeatMap> seat_map{};
  std::vector<PlaceExchange> exchanges{};

  static constexpr auto fields =
      declare(field(2, "seat_map", &MapReplaced::seat_map, {.required = true}),
              field(3, "exchanges", &MapReplaced::exchanges, {.most = limits::exchanges}));
};
/// Tag 12 was that of refusals, which are no facts: it is not used again.
using FactBody = std::variant<EventCreated, EventConfigured, SaleStatusChanged, HoldPlaced, HoldExtended,
                              HoldReleased, HoldExpired, HoldQuoted, OrderPlaced, TicketsRefunded,
                              TicketAdmitted, OrderNoted, MapReplaced>;

static_assert(tags_rise<FactBody>());

[[nodiscard]] inline std::uint8_t tag_of(const FactBody& body) noexcept {
  return std::visit([](const auto& fact) { return fact.tag; }, body);
}
/// "hold_placed".
[[nodiscard]] inline std::string_view name_of(const FactBody& body) noexcept {
  return std::visit([](const auto& fact) { return fact.name; }, body);
}

/// One thing that happened, and the request that it answers (none for what time brought about).
struct Fact {
  RequestId request{};
  FactBody body{};
  std::uint64_t digest =
      0;  ///< Of the command that was granted (command_bytes.hpp): another one is not answered by this.
  friend bool operator==(const Fact&, const Fact&) = default;
};

}  // namespace ticketcore
