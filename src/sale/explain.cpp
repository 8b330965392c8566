#include "ticketcore/sale/explain.hpp"

#include <algorithm>

namespace ticketcore {
namespace {

[[nodiscard]] std::string count_of(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}
[[nodiscard]] std::string places(std::uint64_t count) { return count_of(count, "place", "places"); }

[[nodiscard]] std::string event_called(const std::string& id) {
  return id.empty() ? "event of this id" : "event \"" + id + "\"";
}

/// What a reason says by itself, with a text where one belongs to it.
[[nodiscard]] std::string message_of(Reason reason, const std::string& text) {
  switch (reason) {
    case Reason::invalid_request:
    case Reason::place_unknown: return text;
    case Reason::request_reused:
      return "this request id was used before; each command needs its own, and a repeated one is the same in "
             "every part";
    case Reason::event_exists: return "there is an " + event_called(text) + " already";
    case Reason::event_not_found: return "there is no " + event_called(text);
    case Reason::settings_in_use:
      return "once places have been held the currency stays, and ticket types may be added after those there "
             "are, but not removed or reordered";
    case Reason::event_off_sale: return "the event is not on sale";
    case Reason::hold_not_found: return "there is no such hold";
    case Reason::hold_expired: return "the hold ran out before this; its places are free again";
    case Reason::hold_released: return "the hold was released before this";
    case Reason::hold_checked_out: return "the hold was checked out before this";
    case Reason::not_quoted: return "the hold has no price yet; quote it first";
    case Reason::no_price: return "there is no price for " + text;
    case Reason::order_not_found: return "there is no such order";
    case Reason::ticket_refunded: return "every ticket of this order was refunded before";
    case Reason::code_invalid: return "this is no valid ticket code: " + text;
    case Reason::code_for_other_event: return "this ticket is for another event: " + text;
    case Reason::storage_unavailable: return "the storage can't be used just now: " + text;
    case Reason::halted: return "the event is halted and sells nothing until it is reopened: " + text;
    default: return std::string(to_string(reason));
  }
}

/// Fills in a Refusal, details of each kind in their own way.
class Explainer {
 public:
  Explainer(Refusal& refusal, const SeatMap* map, const EventSettings* settings)
      : refusal_(refusal), map_(map), settings_(settings) {}

  void operator()(std::monostate) { refusal_.message = message_of(refusal_.reason, ""); }
  void operator()(const refusals::Text& text) { refusal_.message = message_of(refusal_.reason, text); }

  void operator()(const refusals::PlacesTaken& taken) {
    for (const PlaceIndex place : taken.places) name(place);
    std::string labels;
    for (const std::string& label : refusal_.places) labels += (labels.empty() ? "" : ", ") + label;
    refusal_.message =
        (taken.places.size() == 1 ? "this place is no longer free: " : "these places are no longer free: ") +
        labels;
  }
  void operator()(const refusals::PlacesRetired& retired) {
    for (const PlaceIndex place : retired.places) name(place);
    std::string labels;
    for (const std::string& label : refusal_.places) labels += (labels.empty() ? "" : ", ") + label;
    refusal_.message = "the event's seat map has no longer: " + labels;
  }
  void operator()(const refusals::PlacesInUse& used) {
    for (const PlaceIndex place : used.places) name(place);
    for (const AreaIndex area : used.areas) name(area);
    constexpr std::size_t listed = 10;
    const std::size_t count = refusal_.places.size();
    std::string labels;
    for (std::size_t at = 0; at < std::min(listed, count); ++at)
      labels += (at == 0 ? "" : ", ") + refusal_.places[at];
    if (count > listed) labels += " and " + std::to_string(count - listed) + " more";
    refusal_.message = "the new map has no room for what is held or sold: " + labels +
                       "; exchange, release or refund it first";
  }
  void operator()(const refusals::AreaFull& full) {
    numbers(full.capacity, full.asked, full.free);
    refusal_.message = name(full.area) + " has " + places(full.free) + " left; " +
                       std::to_string(full.asked) + " were asked for";
  }
  void operator()(const refusals::NoBlock& none) {
    refusal_.asked = none.asked;
    refusal_.available = none.largest;
    refusal_.message = "no " + std::to_string(none.asked) +
                       " places side by side are free; the most that adjoin are " +
                       std::to_string(none.largest);
  }
  void operator()(const refusals::NoAccessibleBlock& none) {
    numbers(none.accessible, none.asked);
    refusal_.message = "no " + places(none.asked) + " side by side with " +
                       count_of(none.accessible, "wheelchair place", "wheelchair places") +
                       " among them are free";
  }
  void operator()(const refusals::TooManyPlaces& many) {
    numbers(many.limit, many.asked);
    refusal_.message =
        "one hold may have " + places(many.limit) + "; " + std::to_string(many.asked) + " were asked for";
  }
  void operator()(const refusals::HolderHolds& all) {
    numbers(all.limit, 1);
    refusal_.message =
        "this holder has all of the " + count_of(all.limit, "open hold", "open holds") + " that are allowed";
  }
  void operator()(const refusals::HolderPlaces& more) {
    numbers(more.limit, more.asked, more.left);
    refusal_.message = "a holder may have " + places(more.limit) + ", held and bought together; " +
                       std::to_string(more.asked) + " were asked for and " + std::to_string(more.left) +
                       " are left";
  }
  void operator()(const refusals::EventHolds& all) {
    numbers(all.limit, 1);
    refusal_.message = "the event has " + std::to_string(all.limit) +
                       " open holds, as many as it can; try again when some have ended";
  }
  void operator()(const refusals::EventNames& all) {
    numbers(all.limit, 1);
    refusal_.message = "the event remembers " + std::to_string(all.limit) +
                       " gates and payment methods, as many as it can; \"" + all.name +
                       "\" would be one more";
  }
  void operator()(const refusals::SoldHold& sold) {
    refusal_.order = sold.order;
    refusal_.message =
        "the hold was checked out before this, and is order " + std::to_string(sold.order.number);
  }
  void operator()(const refusals::LifetimeReached& reached) {
    refusal_.at = reached.end;
    refusal_.message = "the hold can't be extended past " + to_rfc3339(reached.end);
  }
  void operator()(const refusals::CategoryNotChosen& left) {
    refusal_.message = "the tickets chosen do not cover the places of category " + left.category;
  }
  void operator()(const refusals::TicketCount& differs) {
    numbers(differs.held, differs.chosen);
    refusal_.message = "tickets were chosen for " + places(differs.chosen) + ", but the hold has " +
                       std::to_string(differs.held);
  }
  void operator()(const refusals::PaymentAmount& differs) {
    refusal_.limit = differs.price;
    refusal_.asked = differs.paid;
    refusal_.message =
        "the hold was quoted at " + amount(differs.price) + "; the payment is " + amount(differs.paid);
  }
  void operator()(const refusals::NoSuchTicket& none) {
    refusal_.asked = none.number;
    refusal_.message = "there is no ticket " + std::to_string(none.number) + " in this order";
  }
  void operator()(const refusals::RefundedTicket& ticket) {
    refusal_.message = call(ticket.number, ticket.where) + " was refunded and is void";
  }
  void operator()(const refusals::AdmittedTicket& ticket) {
    refusal_.at = ticket.at;
    refusal_.where = ticket.gate;
    refusal_.message = call(ticket.number, ticket.where) + " was admitted before, at " +
                       to_rfc3339(ticket.at) + ", " + ticket.gate;
  }

 private:
  void numbers(std::uint64_t limit, std::uint64_t asked) {
    refusal_.limit = static_cast<std::int64_t>(limit);
    refusal_.asked = static_cast<std::int64_t>(asked);
  }
  void numbers(std::uint64_t limit, std::uint64_t asked, std::uint64_t available) {
    numbers(limit, asked);
    refusal_.available = static_cast<std::int64_t>(available);
  }
  /// Notes the label of a place or an area; empty where there is no map.
  template <class Index>
  std::string name(Index index) {
    return map_ == nullptr ? "" : refusal_.places.emplace_back(map_->label(index));
  }
  /// "ticket 2 (Stalls-A-4)": what the order calls it, and what stands on it.
  [[nodiscard]] std::string call(std::uint32_t number, const std::variant<PlaceIndex, AreaIndex>& where) {
    refusal_.asked = number;
    const std::string label = std::visit([this](auto index) { return name(index); }, where);
    return "ticket " + std::to_string(number) + (label.empty() ? "" : " (" + label + ")");
  }
  [[nodiscard]] std::string amount(std::int64_t minor) const {
    return settings_ ? Money{minor, settings_->prices.currency()}.to_string()
                     : std::to_string(minor) + " minor units";
  }

  Refusal& refusal_;
  const SeatMap* map_;
  const EventSettings* settings_;
};

}  // namespace

Refusal explain(const RequestRefused& refused, const SeatMap* map, const EventSettings* settings) {
  Refusal refusal;
  refusal.reason = refused.reason;
  std::visit(Explainer(refusal, map, settings), refused.details);
  return refusal;
}

}  // namespace ticketcore
