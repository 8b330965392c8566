#pragma once
// The rules behind decide, one function a command. Include ticketcore/sale/decide.hpp, not this.

#include <algorithm>
#include <string>
#include <type_traits>

#include "ticketcore/base/time_zone.hpp"
#include "ticketcore/sale/command_bytes.hpp"
#include "ticketcore/sale/detail/decide_replace_map.hpp"
#include "ticketcore/sale/hold_outcome.hpp"

namespace ticketcore::detail {

[[nodiscard]] inline RequestRefused no_such_status(SaleStatus status) {
  const std::string number = std::to_string(static_cast<unsigned>(status));
  return invalid("there is no sale status " + number + "; it is off_sale (0) or on_sale (1)");
}

/// A name that is new to an event which can remember no more of them.
[[nodiscard]] inline std::optional<RequestRefused> refuse_name(const EventState& state,
                                                               const std::string& name) {
  if (state.short_names().size() < limits::short_names || state.short_names().knows(name))
    return std::nullopt;
  return refusals::EventNames{limits::short_names, name};
}

/// What is wrong with a price list that was made of parts, or nothing.
[[nodiscard]] inline std::string fault_of(const PriceList& prices) {
  const auto is_amount = [](std::int64_t amount) { return amount >= 0 && amount <= limits::amount; };
  const std::vector<std::string>& types = prices.ticket_types();
  const std::vector<PriceList::Line>& lines = prices.lines();
  bool fits = types.size() <= limits::ticket_types && lines.size() <= limits::prices;
  fits = fits && is_amount(prices.per_ticket()) && is_amount(prices.per_order());
  fits = fits && prices.tax_basis_points() <= limits::tax_basis_points;
  for (const PriceList::Line& line : lines)
    fits = fits && line.ticket_type < types.size() && is_amount(line.amount);
  if (!fits) return "the price list has an amount, a tax or a ticket type out of range, or too many of them";
  for (const std::string& type : types) {
    std::string fault = fault_of("a ticket type's name", type, 1, limits::label_bytes);
    if (!fault.empty()) return fault;
  }
  for (const PriceList::Line& line : lines) {
    std::string fault = fault_of("a price's category", line.category, 1, limits::label_bytes);
    if (!fault.empty()) return fault;
  }
  return {};
}

/// What is wrong with the settings for this map, or nothing.
[[nodiscard]] inline std::string fault_of(const EventSettings& settings, const SeatMap& map) {
  std::string fault = fault_of("an event's name", settings.name, 1, limits::label_bytes);
  if (fault.empty()) fault = fault_of("a venue's name", settings.venue, 0, limits::label_bytes);
  if (fault.empty()) fault = fault_of(settings.prices);
  if (!fault.empty()) return fault;
  if (!settings.time_zone.empty() && !is_time_zone_name(settings.time_zone))
    return "an event's time zone is an IANA name, such as Europe/Kyiv, or empty for UTC";
  if (settings.policy.places_per_hold == 0 || settings.policy.places_per_hold > limits::places_per_hold) {
    return "places_per_hold must be 1 to " + std::to_string(limits::places_per_hold);
  }
  if (settings.policy.hold_lifetime < limits::hold_ttl_min ||
      settings.policy.hold_lifetime > limits::hold_ttl_max)
    return "hold_lifetime must be 1 second to 366 days";
  for (const PriceList::Line& line : settings.prices.lines()) {
    if (!map.find_category(line.category))
      return "the price list names category \"" + line.category + "\", which the seat map does not have";
  }
  return {};
}

[[nodiscard]] inline Verdict<CreateEvent> decide_body(const EventState& state, const CreateEvent& command,
                                                      const Command&, Timestamp) {
  if (state.exists()) return RequestRefused(Reason::event_exists, state.event().text());
  if (command.seat_map == nullptr) return invalid("an event needs a seat map");
  if (command.event.empty()) return invalid("an event needs an id");
  if (!is_up_to(command.sale, SaleStatus::on_sale)) return no_such_status(command.sale);
  if (std::string fault = fault_of(command.settings, *command.seat_map); !fault.empty())
    return invalid(std::move(fault));
  return EventCreated{command.event, command.settings, command.seat_map, command.sale};
}

[[nodiscard]] inline Verdict<ConfigureEvent> decide_body(const EventState& state,
                                                         const ConfigureEvent& command, const Command&,
                                                         Timestamp) {
  if (std::string fault = fault_of(command.settings, *state.seat_map()); !fault.empty())
    return invalid(std::move(fault));
  // Whoever held places may have been quoted, and asks for that quote again after the hold has ended.
  if (!state.holders().empty() && !keeps_money_readable(state.settings().prices, command.settings.prices))
    return refuse(Reason::settings_in_use);
  return EventConfigured{command.settings};
}

[[nodiscard]] inline Verdict<SetSaleStatus> decide_body(const EventState&, const SetSaleStatus& command,
                                                        const Command&, Timestamp) {
  if (!is_up_to(command.status, SaleStatus::on_sale)) return no_such_status(command.status);
  return SaleStatusChanged{command.status};
}

/// What every new hold must meet, however its places are found.
[[nodiscard]] inline std::optional<RequestRefused> refuse_hold(const EventState& state,
                                                               const HolderId& holder,
                                                               std::uint64_t admissions,
                                                               std::chrono::seconds ttl) {
  if (holder.empty()) return invalid("a hold needs a holder");
  if (admissions == 0) return invalid("a hold needs at least one place");
  if (ttl < limits::hold_ttl_min || ttl > limits::hold_ttl_max)
    return invalid("a hold's ttl must be 1 second to 366 days");
  if (state.sale_status() != SaleStatus::on_sale) return refuse(Reason::event_off_sale);
  const SalePolicy& policy = state.settings().policy;
  if (admissions > policy.places_per_hold) return refusals::TooManyPlaces{policy.places_per_hold, admissions};
  if (state.holds().open_count() >= limits::open_holds) return refusals::EventHolds{limits::open_holds};
  const HolderRecord* record = state.holders().find(holder.text());
  const std::uint32_t open = record ? record->open_holds : 0;
  const std::uint64_t has = record ? std::uint64_t{record->held} + record->bought : 0;
  if (open >= policy.holds_per_holder) return refusals::HolderHolds{policy.holds_per_holder};
  if (const std::uint64_t most = policy.places_per_holder; has + admissions > most)
    return refusals::HolderPlaces{policy.places_per_holder, admissions, most - std::min(has, most)};
  return std::nullopt;
}

[[nodiscard]] inline std::chrono::sys_seconds first_deadline(const EventState& state,
                                                             std::chrono::seconds ttl, Timestamp now) {
  return ceil_to_seconds(now) + std::min(ttl, state.settings().policy.hold_lifetime);
}

[[nodiscard]] inline Verdict<PlaceHold> decide_body(const EventState& state, const PlaceHold& command,
                                                    const Command&, Timestamp now) {
  // Before anything that looks at each of them.
  const std::size_t named = command.places.size() + command.areas.size();
  if (named > limits::places_per_hold) return refusals::TooManyPlaces{limits::places_per_hold, named};
  std::uint64_t admissions = command.places.size();
  boost::container::small_vector<AreaIndex, 1> named_areas;
  for (const PlaceIndex place : command.places) {
    if (place.value >= state.seat_map()->place_count())
      return invalid("place " + std::to_string(place.value) + " does not exist on this seat map");
  }
  for (const AreaQuantity& wanted : command.areas) {
    if (wanted.area.value >= state.areas().size())
      return invalid("area " + std::to_string(wanted.area.value) + " does not exist on this seat map");
    if (wanted.quantity == 0) return invalid("an area is named with a quantity of zero");
    named_areas.push_back(wanted.area);
    admissions += wanted.quantity;
  }
  const auto twice = [](const std::string& label) { return invalid("a hold names " + label + " twice"); };
  if (const auto place = find_twice(command.places)) return twice(state.seat_map()->label(*place));
  if (const auto area = find_twice(named_areas)) return twice(state.seat_map()->label(*area));
  if (std::optional<RequestRefused> refused = refuse_hold(state, command.holder, admissions, command.ttl))
    return *refused;
  refusals::PlacesTaken taken;
  refusals::PlacesRetired retired;
  for (const PlaceIndex place : command.places) {
    const std::uint32_t code = state.places().codes()[place.value];
    if (code == place_code::retired) retired.places.push_back(place);
    if (code != place_code::free) taken.places.push_back(place);
  }
  if (!retired.places.empty()) return retired;
  if (!taken.places.empty()) return taken;
  for (const AreaQuantity& wanted : command.areas) {
    if (wanted.quantity > state.areas().free(wanted.area)) {
      return refusals::AreaFull{wanted.area, state.areas()[wanted.area.value].capacity, wanted.quantity,
                                state.areas().free(wanted.area)};
    }
  }
  return HoldPlaced{command.holder, command.places, command.areas, first_deadline(state, command.ttl, now)};
}

[[nodiscard]] inline Verdict<HoldBest> decide_body(const EventState& state, const HoldBest& command,
                                                   const Command&, Timestamp now) {
  const std::span<const Category> known = state.seat_map()->categories();
  if (command.categories.size() > limits::categories)
    return invalid("best available takes at most " + std::to_string(limits::categories) + " categories");
  if (command.accessible > command.count) return invalid("more wheelchair places are asked for than places");
  if (!is_up_to(command.restricted_view, RestrictedView::allow) ||
      !is_up_to(command.together, Together::preferred))
    return invalid(
        "best available takes RestrictedView::avoid or allow, and Together::required or preferred");
  for (const CategoryIndex category : command.categories) {
    if (category.value >= known.size())
      return invalid("category " + std::to_string(category.value) + " does not exist on this seat map");
  }
  // Each category is scanned once.
  if (const auto twice = find_twice(command.categories))
    return invalid("best available names category \"" + known[twice->value].key + "\" twice");
  auto categories = command.categories;
  if (categories.empty()) {
    for (std::uint32_t index = 0; index < known.size(); ++index) categories.push_back({index});
  }
  if (std::optional<RequestRefused> refused = refuse_hold(state, command.holder, command.count, command.ttl))
    return *refused;
  for (const CategoryIndex category : categories) {
    const BestAvailable wanted{command.count, category, command.accessible, command.restricted_view,
                               command.together};
    if (const auto found = find_best_available(*state.seat_map(), state.places().free(), wanted)) {
      return HoldPlaced{command.holder,
                        PlaceList(found->begin(), found->end()),
                        {},
                        first_deadline(state, command.ttl, now)};
    }
  }
  if (command.accessible > 0) return refusals::NoAccessibleBlock{command.count, command.accessible};
  std::uint32_t largest = 0;
  for (const CategoryIndex category : categories)
    largest = std::max(largest, largest_block(state.places().free(), category, command.restricted_view));
  return refusals::NoBlock{command.count, largest};
}

/// Why a hold that is not open is not.
[[nodiscard]] inline RequestRefused refuse_ended(const EventState& state, HoldId hold) {
  return hold_refusal(hold_outcome(state, hold, state.time()));
}

[[nodiscard]] inline Verdict<ExtendHold> decide_body(const EventState& state, const ExtendHold& command,
                                                     const Command&, Timestamp now) {
  if (command.ttl < limits::hold_ttl_min || command.ttl > limits::hold_ttl_max)
    return invalid("a hold's ttl must be 1 second to 366 days");
  const HoldRecord* hold = state.holds().find(command.hold);
  if (hold == nullptr) return refuse_ended(state, command.hold);
  const auto end = from_epoch(hold->placed_at) + state.settings().policy.hold_lifetime;
  const auto wanted = std::min(ceil_to_seconds(now) + command.ttl, end);
  if (wanted <= from_epoch(hold->expires_at)) {
    // Asked to end no later than it does: that is granted by what is there, unless the lifetime is what
    // stands in the way.
    if (from_epoch(hold->expires_at) < end) return HoldExtended{command.hold, from_epoch(hold->expires_at)};
    return refusals::LifetimeReached{end};
  }
  return HoldExtended{command.hold, wanted};
}

[[nodiscard]] inline Verdict<ReleaseHold> decide_body(const EventState& state, const ReleaseHold& command,
                                                      const Command&, Timestamp) {
  if (state.holds().find(command.hold) == nullptr) return refuse_ended(state, command.hold);
  return HoldReleased{command.hold};
}

/// Gives each admission of a hold the first choice that fits it, those bound to its category before those for
/// any.
class ChoiceAssigner {
 public:
  ChoiceAssigner(const EventState& state, const std::vector<TicketChoice>& choices)
      : map_(*state.seat_map()), prices_(state.settings().prices) {
    for (const TicketChoice& choice : choices) choices_.push_back({&choice, choice.count});
  }

  /// False when nothing fits or there is no price; refusal() says why.
  bool assign(CategoryIndex category, std::uint32_t admissions) {
    const std::string& key = map_.categories()[category.value].key;
    while (admissions > 0) {
      Left* fitting = find(key);
      if (fitting == nullptr) {
        refusal_ = refusals::CategoryNotChosen{key};
        return false;
      }
      const auto type = prices_.find_ticket_type(fitting->choice->ticket_type);
      const auto price = type ? prices_.price_of(key, *type) : std::nullopt;
      if (!price) {
        refusal_ = {Reason::no_price, key + ", " + fitting->choice->ticket_type + "; " + key + types_of(key)};
        return false;
      }
      const std::uint32_t count = std::min(admissions, fitting->count);
      add_line({category, *type, count, *price});
      fitting->count -= count;
      admissions -= count;
    }
    return true;
  }

  [[nodiscard]] bool all_used() const {
    return std::all_of(choices_.begin(), choices_.end(), [](const Left& left) { return left.count == 0; });
  }
  [[nodiscard]] const RequestRefused& refusal() const { return refusal_; }

  /// The lines with the list's fees and tax.
  [[nodiscard]] QuotedPrice price() const {
    QuotedPrice price;
    price.lines = lines_;
    price.fee_per_ticket = prices_.per_ticket();
    price.fee_per_order = price.total = prices_.per_order();
    for (const QuoteLine& line : lines_) price.total += (line.unit_price + price.fee_per_ticket) * line.count;
    price.tax =
        included_tax(Money{price.total, prices_.currency()}, prices_.tax_basis_points(), Rounding::half_even)
            .minor();
    return price;
  }

 private:
  struct Left {
    const TicketChoice* choice;
    std::uint32_t count;
  };

  /// Those that have a price for the category, as the end of a sentence.
  [[nodiscard]] std::string types_of(const std::string& category) const {
    constexpr int listed = 10;
    std::string text;
    int count = 0;
    for (const PriceList::Line& line : prices_.lines()) {
      if (line.category != category || ++count > listed) continue;
      text += (text.empty() ? " has prices for " : ", ") + prices_.ticket_types()[line.ticket_type];
    }
    if (count > listed) text += " and " + std::to_string(count - listed) + " more";
    return text.empty() ? " has none" : text;
  }
  Left* find(const std::string& category) {
    for (Left& left : choices_) {
      if (left.count > 0 && left.choice->category == category) return &left;
    }
    for (Left& left : choices_) {
      if (left.count > 0 && left.choice->category.empty()) return &left;
    }
    return nullptr;
  }
  void add_line(const QuoteLine& line) {
    if (!lines_.empty() && lines_.back().category == line.category &&
        lines_.back().ticket_type == line.ticket_type) {
      lines_.back().count += line.count;
    } else {
      lines_.push_back(line);
    }
  }

  const SeatMap& map_;
  const PriceList& prices_;
  boost::container::small_vector<Left, 4> choices_;
  boost::container::small_vector<QuoteLine, 2> lines_;
  RequestRefused refusal_;
};

[[nodiscard]] inline Verdict<QuoteHold> decide_body(const EventState& state, const QuoteHold& command,
                                                    const Command&, Timestamp) {
  if (command.choices.empty()) return invalid("a quote needs at least one choice of tickets");
  if (command.choices.size() > limits::places_per_hold)
    return invalid("a quote takes at most " + std::to_string(limits::places_per_hold) +
                   " choices of tickets");
  std::uint64_t chosen = 0;
  for (const TicketChoice& choice : command.choices) {
    for (const std::string* name : {&choice.ticket_type, &choice.category}) {
      if (auto refused = refuse_text("a type or category of tickets", *name, 0, limits::label_bytes))
        return *refused;
    }
    if (choice.count == 0) return invalid("a choice of tickets has a count of zero");
    chosen += choice.count;
  }
  const HoldRecord* hold = state.holds().find(command.hold);
  if (hold == nullptr) return refuse_ended(state, command.hold);
  if (chosen != hold->admissions) return refusals::TicketCount{hold->admissions, chosen};
  ChoiceAssigner assigner(state, command.choices);
  for (const PlaceIndex place : hold->places) {
    if (!assigner.assign({state.seat_map()->places()[place.value].category}, 1)) return assigner.refusal();
  }
  for (const AreaQuantity& held : hold->areas) {
    if (!assigner.assign(state.seat_map()->areas()[held.area.value].category, held.quantity))
      return assigner.refusal();
  }
  return HoldQuoted{command.hold, assigner.price()};
}

[[nodiscard]] inline Verdict<CheckOut> decide_body(const EventState& state, const CheckOut& command,
                                                   const Command&, Timestamp) {
  const auto& [method, reference, amount] = command.payment;
  if (auto refused = refuse_text("a payment's method", method, 1, limits::short_name_bytes)) return *refused;
  if (auto refused = refuse_text("a payment's reference", reference, 0, limits::payment_reference_bytes))
    return *refused;
  if (std::optional<RequestRefused> refused = refuse_name(state, method)) return *refused;
  const HoldRecord* hold = state.holds().find(command.hold);
  if (hold == nullptr) return refuse_ended(state, command.hold);
  if (hold->quote == nullptr) return refuse(Reason::not_quoted);
  const std::int64_t price = hold->quote->total;
  if (const std::int64_t paid = amount.value_or(price); paid != price)
    return refusals::PaymentAmount{price, paid};
  return OrderPlaced{command.hold, static_cast<std::uint32_t>(state.orders().size() + 1),
                     PaymentRecord{method, reference, price}};
}

[[nodiscard]] inline std::variant<PlaceIndex, AreaIndex> where(const TicketRecord& ticket) {
  if (ticket.in_area()) return ticket.area();
  return ticket.place();
}

/// Why a ticket of this number can't be used, refunded or let in any more; none if it can.
[[nodiscard]] inline std::optional<RequestRefused> refuse_used(const EventState& state,
                                                               const TicketRecord& ticket,
                                                               std::uint32_t number) {
  if (ticket.refunded()) return refusals::RefundedTicket{number, where(ticket)};
  if (ticket.admitted_at == 0) return std::nullopt;
  return refusals::AdmittedTicket{number, where(ticket), from_epoch(ticket.admitted_at),
                                  state.short_names()[ticket.gate]};
}

[[nodiscard]] inline Verdict<RefundTickets> decide_body(const EventState& state, const RefundTickets& command,
                                                        const Command&, Timestamp) {
  if (auto refused =
          refuse_text("a refund's reference", command.reference, 0, limits::payment_reference_bytes))
    return *refused;
  if (command.tickets.size() > limits::places_per_hold)
    return invalid("a refund takes at most " + std::to_string(limits::places_per_hold) + " tickets");
  if (const auto twice = find_twice(command.tickets))
    return invalid("a refund names ticket " + std::to_string(*twice) + " twice");
  const OrderRecord* order = state.orders().find(command.order);
  if (order == nullptr) return refuse(Reason::order_not_found);
  const auto tickets = state.orders().tickets_of(*order);
  TicketsRefunded refund;
  refund.order = command.order;
  refund.reference = command.reference;
  refund.tickets.assign(command.tickets.begin(), command.tickets.end());
  std::sort(refund.tickets.begin(), refund.tickets.end());
  if (command.tickets.empty()) {
    std::uint32_t admitted = 0;
    for (std::uint32_t number = 1; number <= order->ticket_count; ++number) {
      const TicketRecord& ticket = tickets[number - 1];
      if (ticket.refunded()) continue;
      if (ticket.admitted_at == 0) refund.tickets.push_back(number);
      if (ticket.admitted_at != 0 && admitted == 0) admitted = number;
    }
    if (refund.tickets.empty() && admitted != 0) return *refuse_used(state, tickets[admitted - 1], admitted);
    if (refund.tickets.empty()) return refuse(Reason::ticket_refunded);
  }
  for (const std::uint32_t number : refund.tickets) {
    if (number == 0 || number > order->ticket_count) return refusals::NoSuchTicket{number};
    if (auto refused = refuse_used(state, tickets[number - 1], number)) return *refused;
  }
  refund.amount = state.orders().refund_amount(*order, refund.tickets);
  return refund;
}

[[nodiscard]] inline Verdict<AdmitTicket> decide_body(const EventState& state, const AdmitTicket& command,
                                                      const Command&, Timestamp) {
  if (auto refused = refuse_text("a gate's name", command.gate, 1, limits::short_name_bytes)) return *refused;
  if (std::optional<RequestRefused> refused = refuse_name(state, command.gate)) return *refused;
  const TicketRecord* ticket = state.orders().find_ticket(command.ticket);
  if (ticket == nullptr) return refusals::NoSuchTicket{command.ticket.number};
  if (auto refused = refuse_used(state, *ticket, command.ticket.number)) return *refused;
  return TicketAdmitted{command.ticket, command.gate};
}

[[nodiscard]] inline Verdict<NoteOrder> decide_body(const EventState& state, const NoteOrder& command,
                                                    const Command&, Timestamp) {
  if (auto refused = refuse_text("a note", command.text, 0, limits::note_bytes)) return *refused;
  if (state.orders().find(command.order) == nullptr) return refuse(Reason::order_not_found);
  return OrderNoted{command.order, command.text};
}

/// So many commands on, memory is asked for: deciding them takes longer than memory does, and what is asked
/// for stays in the first cache meanwhile.
inline constexpr std::size_t prefetch_distance = 6;

/// What the records of a new hold, placed after those before it, and of its holder will take.
inline void prefetch_new_hold(const EventState& state, const HolderId& holder) noexcept {
  state.holds().prefetch_new(prefetch_distance);
  state.holders().prefetch_new(prefetch_distance);
  state.holders().prefetch(holder.text());
}

// What prefetch_ahead asks for beside the request.
template <class Body>
void prefetch_body(const EventState&, const Body&) noexcept {}
inline void prefetch_body(const EventState& state, const PlaceHold& command) noexcept {
  prefetch_new_hold(state, command.holder);
  // More of them would push out what is looked at sooner.
  constexpr std::size_t few = 8;
  for (std::size_t at = 0; at < std::min(few, command.places.size()); ++at)
    state.places().prefetch(command.places[at]);
}
inline void prefetch_body(const EventState& state, const HoldBest& command) noexcept {
  prefetch_new_hold(state, command.holder);
}
template <class Body>
requires std::is_same_v<decltype(Body::order), OrderId>
void prefetch_body(const EventState& state, const Body& command) noexcept {
  state.orders().prefetch(command.order);
}
inline void prefetch_body(const EventState& state, const AdmitTicket& command) noexcept {
  state.orders().prefetch(command.ticket.order);
}
template <class Body>
requires std::is_same_v<decltype(Body::hold), HoldId>
void prefetch_body(const EventState& state, const Body& command) noexcept {
  state.holds().prefetch(state.hash(command.hold));
}

/// Holds and orders outlive the memory of the requests that gave them their ids: such a request can't give
/// its id again.
[[nodiscard]] inline bool is_taken_for_id(const EventState& state, const Command& command,
                                          std::uint64_t hash) {
  return std::visit(
      [&]<class Body>(const Body&) {
        using Grant = typename Body::GrantedBy;
        if constexpr (std::is_same_v<Grant, HoldPlaced>)
          return state.holds().find(HoldId{command.request}, hash) != nullptr;
        if constexpr (std::is_same_v<Grant, OrderPlaced>)
          return state.orders().find(OrderId{command.request}, hash) != nullptr;
        return false;
      },
      command.body);
}

}  // namespace ticketcore::detail

namespace ticketcore {

inline void prefetch_ahead(const EventState& state, std::span<const Command> coming) noexcept {
  constexpr std::size_t distance = detail::prefetch_distance;
  // A command's own memory first: what it will look up can't be foreseen before it is read.
  if (coming.size() > 2 * distance) prefetch_all(coming[2 * distance]);
  if (coming.size() <= distance) return;
  const Command& command = coming[distance];
  // It may become a hold's id, which is looked up, too.
  const std::uint64_t hash = state.hash(command.request);
  state.requests().prefetch(hash);
  state.holds().prefetch(hash);
  std::visit([&](const auto& body) { detail::prefetch_body(state, body); }, command.body);
}

inline Decision decide(const EventState& state, const Command& command, Timestamp now) {
  if (command.request.is_zero()) return detail::invalid("a command needs a request id");
  const std::uint64_t hash = state.hash(command.request);
  if (const RememberedRequest* request = state.requests().find(command.request, hash)) {
    if (request->digest != digest_of(command.body)) return detail::refuse(Reason::request_reused);
    return Repeat{request->revision};
  }
  if (!state.exists() && !std::holds_alternative<CreateEvent>(command.body))
    return detail::refuse(Reason::event_not_found);
  if (detail::is_taken_for_id(state, command, hash)) return detail::refuse(Reason::request_reused);
  return std::visit(
      [&](const auto& body) -> Decision {
        auto verdict = detail::decide_body(state, body, command, now);
        if (auto* refused = std::get_if<RequestRefused>(&verdict)) return std::move(*refused);
        return Fact{command.request, std::get<0>(std::move(verdict)), digest_of(command.body)};
      },
      command.body);
}

}  // namespace ticketcore
