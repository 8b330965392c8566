#pragma once
// RequestRefused: a "no" as decide() gives it, in indexes and numbers. It is no fact: what was refused
// changed nothing, and leaves nothing behind in log, snapshot or memory. explain() makes of it what callers
// and people read.

#include <concepts>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ticketcore/base/result.hpp"
#include "ticketcore/sale/facts.hpp"

namespace ticketcore {

/// What there is to say beside the reason. Each kind says which reason it belongs to.
namespace refusals {

struct PlacesTaken {
  static constexpr Reason reason = Reason::place_taken;
  PlaceList places{};
  friend bool operator==(const PlacesTaken&, const PlacesTaken&) = default;
};
struct AreaFull {
  static constexpr Reason reason = Reason::area_full;
  AreaIndex area{};
  std::uint32_t capacity = 0;
  std::uint32_t asked = 0;
  std::uint32_t free = 0;
  friend bool operator==(const AreaFull&, const AreaFull&) = default;
};
struct NoBlock {
  static constexpr Reason reason = Reason::not_enough_adjoining;
  std::uint32_t asked = 0;
  std::uint32_t largest = 0;  ///< The most places that adjoin.
  friend bool operator==(const NoBlock&, const NoBlock&) = default;
};
/// For a wheelchair place the length of ordinary blocks means nothing.
struct NoAccessibleBlock {
  static constexpr Reason reason = Reason::not_enough_adjoining;
  std::uint32_t asked = 0;
  std::uint32_t accessible = 0;  ///< So many wheelchair places among them.
  friend bool operator==(const NoAccessibleBlock&, const NoAccessibleBlock&) = default;
};
/// For one hold.
struct TooManyPlaces {
  static constexpr Reason reason = Reason::too_many_places;
  std::uint64_t limit = 0;
  std::uint64_t asked = 0;
  friend bool operator==(const TooManyPlaces&, const TooManyPlaces&) = default;
};
/// The holder has as many open holds as the event allows.
struct HolderHolds {
  static constexpr Reason reason = Reason::holder_limit;
  std::uint32_t limit = 0;
  friend bool operator==(const HolderHolds&, const HolderHolds&) = default;
};
/// The holder would have more places, held and bought together, than the event allows.
struct HolderPlaces {
  static constexpr Reason reason = Reason::holder_limit;
  std::uint32_t limit = 0;
  std::uint64_t asked = 0;
  std::uint64_t left = 0;
  friend bool operator==(const HolderPlaces&, const HolderPlaces&) = default;
};
/// The event has as many open holds as it can.
struct EventHolds {
  static constexpr Reason reason = Reason::event_busy;
  std::uint32_t limit = 0;
  friend bool operator==(const EventHolds&, const EventHolds&) = default;
};
/// The event remembers as many gates and payment methods as it can, and this one is new.
struct EventNames {
  static constexpr Reason reason = Reason::event_busy;
  std::uint32_t limit = 0;
  std::string name{};
  friend bool operator==(const EventNames&, const EventNames&) = default;
};
/// The hold was checked out, and is an order now.
struct SoldHold {
  static constexpr Reason reason = Reason::hold_checked_out;
  OrderName order{};
  friend bool operator==(const SoldHold&, const SoldHold&) = default;
};
struct LifetimeReached {
  static constexpr Reason reason = Reason::hold_lifetime_reached;
  Timestamp end{};
  friend bool operator==(const LifetimeReached&, const LifetimeReached&) = default;
};
/// The choices of tickets have none for places of this category.
struct CategoryNotChosen {
  static constexpr Reason reason = Reason::ticket_choice_mismatch;
  std::string category{};
  friend bool operator==(const CategoryNotChosen&, const CategoryNotChosen&) = default;
};
struct TicketCount {
  static constexpr Reason reason = Reason::ticket_choice_mismatch;
  std::uint32_t held = 0;
  std::uint64_t chosen = 0;
  friend bool operator==(const TicketCount&, const TicketCount&) = default;
};
/// Minor units of the event's currency.
struct PaymentAmount {
  static constexpr Reason reason = Reason::payment_mismatch;
  std::int64_t price = 0;
  std::int64_t paid = 0;
  friend bool operator==(const PaymentAmount&, const PaymentAmount&) = default;
};
/// A ticket's number in its order.
struct NoSuchTicket {
  static constexpr Reason reason = Reason::ticket_not_found;
  std::uint32_t number = 0;
  friend bool operator==(const NoSuchTicket&, const NoSuchTicket&) = default;
};
/// With the place, so that the staff at a gate see whose seat it is.
struct RefundedTicket {
  static constexpr Reason reason = Reason::ticket_refunded;
  std::uint32_t number = 0;
  std::variant<PlaceIndex, AreaIndex> where{};
  friend bool operator==(const RefundedTicket&, const RefundedTicket&) = default;
};
struct AdmittedTicket {
  static constexpr Reason reason = Reason::ticket_admitted;
  std::uint32_t number = 0;
  std::variant<PlaceIndex, AreaIndex> where{};
  Timestamp at{};
  std::string gate{};
  friend bool operator==(const AdmittedTicket&, const AdmittedTicket&) = default;
};
/// They are on the event's map no longer.
struct PlacesRetired {
  static constexpr Reason reason = Reason::place_unknown;
  PlaceList places{};
  friend bool operator==(const PlacesRetired&, const PlacesRetired&) = default;
};
/// The new map lacks these places, which are held or sold and which no exchange takes along; these areas
/// would have less room than is held and sold.
struct PlacesInUse {
  static constexpr Reason reason = Reason::places_in_use;
  std::vector<PlaceIndex> places{};
  std::vector<AreaIndex> areas{};
  friend bool operator==(const PlacesInUse&, const PlacesInUse&) = default;
};
/// Of a reason that the details do not tell: what is wrong with the command, which event there is not, why
/// the storage can't be used.
using Text = std::string;

using Details = std::variant<std::monostate, Text, PlacesTaken, AreaFull, NoBlock, NoAccessibleBlock,
                             TooManyPlaces, HolderHolds, HolderPlaces, EventHolds, EventNames, SoldHold,
                             LifetimeReached, CategoryNotChosen, TicketCount, PaymentAmount, NoSuchTicket,
                             RefundedTicket, AdmittedTicket, PlacesRetired, PlacesInUse>;

}  // namespace refusals

struct RequestRefused {
  Reason reason = Reason::invalid_request;
  refusals::Details details{};

  RequestRefused() = default;
  /// Of a reason that says all there is to say, or all but a text.
  explicit RequestRefused(Reason why) : reason(why) {}
  RequestRefused(Reason why, std::string text) : reason(why), details(std::move(text)) {}
  /// Of the details' reason.
  template <class Kind>
  requires std::same_as<decltype(Kind::reason), const Reason> RequestRefused(Kind kind)
      : reason(Kind::reason), details(std::move(kind)) {}  // NOLINT: return PlacesTaken{...};

  /// nullptr if the details are of another kind.
  template <class Kind>
  [[nodiscard]] const Kind* get() const noexcept {
    return std::get_if<Kind>(&details);
  }
  /// Empty if there is none.
  [[nodiscard]] std::string text() const { return get<refusals::Text>() ? *get<refusals::Text>() : ""; }

  friend bool operator==(const RequestRefused&, const RequestRefused&) = default;
};

}  // namespace ticketcore
