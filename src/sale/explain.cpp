#include "ticketcore/sale/explain.hpp"

namespace ticketcore {
namespace {

[[nodiscard]] std::string join(const std::vector<std::string>& labels) {
  std::string text;
  for (const std::string& label : labels) text += (text.empty() ? "" : ", ") + label;
  return text;
}

[[nodiscard]] std::string count_of(std::int64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

[[nodiscard]] std::string places(std::int64_t count) { return count_of(count, "place", "places"); }

[[nodiscard]] std::string amount(std::int64_t minor, const EventSettings* settings) {
  return settings ? Money{minor, settings->prices.currency()}.to_string()
                  : std::to_string(minor) + " minor units";
}

/// "ticket 2 (Stalls-A-4)": what the order calls it, and what stands on it.
[[nodiscard]] std::string ticket(const RequestRefused& refused, const std::string& labels) {
  return "ticket " + std::to_string(refused.asked) + (labels.empty() ? "" : " (" + labels + ")");
}

[[nodiscard]] std::string event_of(const RequestRefused& refused) {
  return refused.text.empty() ? "event of this id" : "event \"" + refused.text + "\"";
}

[[nodiscard]] bool says_available(const RequestRefused& refused) {
  switch (refused.reason) {
    case Reason::area_full: return true;
    case Reason::not_enough_adjoining: return refused.limit == 0;
    case Reason::holder_limit: return refused.text == "places";
    default: return false;
  }
}

[[nodiscard]] std::string capacity_message(const RequestRefused& refused, const std::string& labels) {
  switch (refused.reason) {
    case Reason::place_taken:
      return (refused.places.size() == 1 ? "this place is no longer free: "
                                         : "these places are no longer free: ") +
             labels;
    case Reason::area_full:
      return labels + " has " + places(refused.available) + " left; " + std::to_string(refused.asked) +
             " were asked for";
    case Reason::not_enough_adjoining:
      if (refused.limit > 0) {
        return "no " + places(refused.asked) + " side by side with " +
               count_of(refused.limit, "wheelchair place", "wheelchair places") + " among them are free";
      }
      return "no " + std::to_string(refused.asked) +
             " places side by side are free; the most that adjoin are " + std::to_string(refused.available);
    case Reason::too_many_places:
      return "one hold may have " + places(refused.limit) + "; " + std::to_string(refused.asked) +
             " were asked for";
    case Reason::holder_limit:
      if (refused.text == "holds")
        return "this holder has all of the " + count_of(refused.limit, "open hold", "open holds") +
               " that are allowed";
      return "a holder may have " + places(refused.limit) + ", held and bought together; " +
             std::to_string(refused.asked) + " were asked for and " + std::to_string(refused.available) +
             " are left";
    case Reason::event_busy:
      if (!refused.text.empty())
        return "the event remembers " + std::to_string(refused.limit) +
               " gates and payment methods, as many as it can; \"" + refused.text + "\" would be one more";
      return "the event has " + std::to_string(refused.limit) +
             " open holds, as many as it can; try again when some have ended";
    default: return std::string(to_string(refused.reason));
  }
}

[[nodiscard]] std::string hold_message(const RequestRefused& refused, const EventSettings* settings) {
  switch (refused.reason) {
    case Reason::hold_not_found: return "there is no such hold";
    case Reason::hold_expired: return "the hold ran out before this; its places are free again";
    case Reason::hold_released: return "the hold was released before this";
    case Reason::hold_checked_out: return "the hold was checked out before this";
    case Reason::hold_lifetime_reached: return "the hold can't be extended past " + to_rfc3339(refused.at);
    case Reason::not_quoted: return "the hold has no price yet; quote it first";
    case Reason::no_price: return "there is no price for " + refused.text;
    case Reason::ticket_choice_mismatch:
      if (!refused.text.empty())
        return "the tickets chosen do not cover the places of category " + refused.text;
      return "tickets were chosen for " + places(refused.asked) + ", but the hold has " +
             std::to_string(refused.limit);
    case Reason::payment_mismatch:
      return "the hold was quoted at " + amount(refused.limit, settings) + "; the payment is " +
             amount(refused.asked, settings);
    default: return std::string(to_string(refused.reason));
  }
}

[[nodiscard]] std::string message_of(const RequestRefused& refused, const std::string& labels,
                                     const EventSettings* settings) {
  switch (refused.reason) {
    case Reason::invalid_request: return refused.text;
    case Reason::request_reused:
      return "this request id was used before; each command needs its own, and a repeated one is the same in "
             "every part";
    case Reason::event_exists: return "there is an " + event_of(refused) + " already";
    case Reason::event_not_found: return "there is no " + event_of(refused);
    case Reason::settings_in_use:
      return "once places have been held the currency stays, and ticket types may be added after those there "
             "are, but not removed or reordered";
    case Reason::event_off_sale: return "the event is not on sale";
    case Reason::order_not_found: return "there is no such order";
    case Reason::ticket_not_found:
      return "there is no ticket " + std::to_string(refused.asked) + " in this order";
    case Reason::ticket_refunded:
      if (refused.asked == 0) return "every ticket of this order was refunded before";
      return ticket(refused, labels) + " was refunded and is void";
    case Reason::ticket_admitted:
      return ticket(refused, labels) + " was admitted before, at " + to_rfc3339(refused.at) + ", " +
             refused.text;
    case Reason::code_invalid: return "this is no valid ticket code: " + refused.text;
    case Reason::code_for_other_event: return "this ticket is for another event: " + refused.text;
    case Reason::storage_unavailable: return "the storage can't be used just now: " + refused.text;
    case Reason::halted: return "the event is halted and sells nothing until it is reopened: " + refused.text;
    case Reason::place_taken:
    case Reason::area_full:
    case Reason::not_enough_adjoining:
    case Reason::too_many_places:
    case Reason::holder_limit:
    case Reason::event_busy: return capacity_message(refused, labels);
    default: return hold_message(refused, settings);
  }
}

}  // namespace

Refusal explain(const RequestRefused& refused, const SeatMap* map, const EventSettings* settings) {
  Refusal refusal;
  refusal.reason = refused.reason;
  if (map != nullptr) {
    for (const PlaceIndex place : refused.places) refusal.places.push_back(map->label(place));
    for (const AreaIndex area : refused.areas) refusal.places.push_back(map->label(area));
  }
  if (refused.limit != 0) refusal.limit = refused.limit;
  if (refused.asked != 0) refusal.asked = refused.asked;
  if (says_available(refused)) refusal.available = refused.available;
  if (refused.at != Timestamp{}) refusal.at = refused.at;
  if (refused.reason == Reason::ticket_admitted) refusal.where = refused.text;
  refusal.message = message_of(refused, join(refusal.places), settings);
  return refusal;
}

}  // namespace ticketcore
