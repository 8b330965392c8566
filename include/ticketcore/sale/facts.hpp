#pragma once
// Facts: what was decided. They are all that the log holds, and all that a state is made of. A fact says what
// happened, not what was asked, so that a later change of an algorithm never rewrites history.
// docs/log-format.md gives each fact's number and fields.

#include <boost/container/small_vector.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "ticketcore/base/ids.hpp"
#include "ticketcore/base/time.hpp"
#include "ticketcore/pricing/pricing.hpp"
#include "ticketcore/venue/seat_map.hpp"

namespace ticketcore {

/// Few places, in the order in which they were chosen.
using PlaceList = boost::container::small_vector<PlaceIndex, 4>;

/// A number of admissions to a standing area.
struct AreaQuantity {
  AreaIndex area{};
  std::uint32_t quantity = 0;
  friend bool operator==(const AreaQuantity&, const AreaQuantity&) = default;
};
using AreaQuantities = boost::container::small_vector<AreaQuantity, 1>;

/// What an event allows its buyers. Every number is a limit met with a Refusal.
struct SalePolicy {
  std::uint32_t places_per_hold = 50;       ///< 1 to limits::places_per_hold.
  std::uint32_t holds_per_holder = 10;      ///< Open at one time.
  std::uint32_t places_per_holder = 1'000;  ///< Held and bought together.
  std::chrono::seconds hold_lifetime{
      3'600};  ///< However often it is extended, a hold ends this long after it began.
  friend bool operator==(const SalePolicy&, const SalePolicy&) = default;
};

/// What an event is called, when it begins, what it costs and what it allows.
struct EventSettings {
  std::string name{};   ///< "Gala night"; 1 to limits::label_bytes bytes.
  std::string venue{};  ///< "Opera House"; the seat map's name if empty.
  Timestamp starts_at{};
  PriceList prices{};
  SalePolicy policy{};
  std::string time_zone{};  ///< In which starts_at is told: an IANA name, "Europe/Kyiv"; UTC if empty.
  friend bool operator==(const EventSettings&, const EventSettings&) = default;
};

enum class SaleStatus : std::uint8_t { off_sale, on_sale };

/// Admissions in a row of one hold that share category, ticket type and price. The lines of a quote follow
/// the order of the hold's places, then of its areas.
struct QuoteLine {
  CategoryIndex category{};
  std::uint16_t ticket_type = 0;
  std::uint32_t count = 0;
  std::int64_t unit_price = 0;
  friend bool operator==(const QuoteLine&, const QuoteLine&) = default;
};

/// What a hold costs. Minor units of the event's currency.
struct QuotedPrice {
  boost::container::small_vector<QuoteLine, 2> lines{};
  std::int64_t fee_per_ticket = 0;
  std::int64_t fee_per_order = 0;
  std::int64_t total = 0;
  std::int64_t tax = 0;  ///< Contained in total.
  friend bool operator==(const QuotedPrice&, const QuotedPrice&) = default;
};

/// How an order was paid.
struct PaymentRecord {
  std::string method{};     ///< "card", "cash"; 1 to limits::short_name_bytes bytes.
  std::string reference{};  ///< The provider's; may be empty.
  std::int64_t amount = 0;
  friend bool operator==(const PaymentRecord&, const PaymentRecord&) = default;
};

/// Each fact's tag is its number in the log and never changes its meaning.
struct EventCreated {
  static constexpr std::uint8_t tag = 1;
  EventId event{};
  EventSettings settings{};
  std::shared_ptr<const SeatMap> seat_map{};
  SaleStatus sale = SaleStatus::off_sale;
};
struct EventConfigured {
  static constexpr std::uint8_t tag = 2;
  EventSettings settings{};
};
struct SaleStatusChanged {
  static constexpr std::uint8_t tag = 3;
  SaleStatus status = SaleStatus::off_sale;
};
/// The hold's id is the request's. Deadlines are whole seconds, so that people can be shown them.
struct HoldPlaced {
  static constexpr std::uint8_t tag = 4;
  HolderId holder{};
  PlaceList places{};
  AreaQuantities areas{};
  std::chrono::sys_seconds expires_at{};
};
struct HoldExtended {
  static constexpr std::uint8_t tag = 5;
  HoldId hold{};
  std::chrono::sys_seconds expires_at{};
};
struct HoldReleased {
  static constexpr std::uint8_t tag = 6;
  HoldId hold{};
};
struct HoldExpired {
  static constexpr std::uint8_t tag = 7;
  HoldId hold{};
};
struct HoldQuoted {
  static constexpr std::uint8_t tag = 8;
  HoldId hold{};
  QuotedPrice price{};
};
/// The hold's places are sold at its quoted price; the order's id is the request's. Its tickets are numbered
/// from 1 in the order of the hold's places, then of its areas.
struct OrderPlaced {
  static constexpr std::uint8_t tag = 9;
  HoldId hold{};
  std::uint32_t number = 0;  ///< Counts the event's orders from 1.
  PaymentRecord payment{};
};
/// Tickets (numbers within the order, rising) are void, their places free again, and amount is owed to the
/// buyer.
struct TicketsRefunded {
  static constexpr std::uint8_t tag = 10;
  OrderId order{};
  boost::container::small_vector<std::uint32_t, 4> tickets{};
  std::int64_t amount = 0;
  std::string reference{};
};
struct TicketAdmitted {
  static constexpr std::uint8_t tag = 11;
  TicketId ticket{};
  std::string gate{};
};
/// Tag 12 was that of refusals, which are no facts: it is not used again.
using FactBody =
    std::variant<EventCreated, EventConfigured, SaleStatusChanged, HoldPlaced, HoldExtended, HoldReleased,
                 HoldExpired, HoldQuoted, OrderPlaced, TicketsRefunded, TicketAdmitted>;

[[nodiscard]] inline std::uint8_t tag_of(const FactBody& body) noexcept {
  return std::visit([](const auto& fact) { return fact.tag; }, body);
}

/// One thing that happened, and the request that it answers (none for what time brought about).
struct Fact {
  RequestId request{};
  FactBody body{};
  std::uint64_t digest =
      0;  ///< Of the command that was granted (command_bytes.hpp): another one is not answered by this.
};

}  // namespace ticketcore
