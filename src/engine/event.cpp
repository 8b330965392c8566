#include <utility>

#include "event_calls.hpp"
#include "event_desk.hpp"
#include "ticketcore/engine/box_office.hpp"
#include "ticketcore/venue/seat_map_bytes.hpp"

namespace ticketcore {
namespace {

/// A map that was seen so long ago may have been replaced: it is looked at once more before a label is
/// refused.
constexpr std::chrono::seconds map_age{1};

/// By its whole label, also one that was retired.
[[nodiscard]] std::optional<AreaIndex> find_area_ever(const SeatMap& map, std::string_view label) {
  for (std::uint32_t area = 0; area < map.areas().size(); ++area) {
    if (map.label(AreaIndex{area}) == label) return AreaIndex{area};
  }
  return std::nullopt;
}

/// Names the first of the labels that the map does not have, and those that it has as the other kind.
[[nodiscard]] Refusal refuse_unknown(const Selection& selection, const SeatMap& map) {
  constexpr std::size_t listed = 10;
  Refusal refusal;
  refusal.reason = Reason::place_unknown;
  std::string unknown;
  std::string misplaced;
  bool more = false;
  const auto note = [&](const std::string& label, bool elsewhere, const char* rather) {
    more = refusal.places.size() == listed;
    if (more) return;
    refusal.places.push_back(label);
    if (elsewhere) misplaced += (misplaced.empty() ? "" : "; ") + label + rather;
    if (!elsewhere) unknown += (unknown.empty() ? "" : ", ") + label;
  };
  for (const std::string& label : selection.places) {
    if (!map.find_place(label))
      note(label, map.find_area(label).has_value(), " is an area: name it in areas, with a quantity");
    if (more) break;
  }
  for (const AreaAdmissions& wanted : selection.areas) {
    if (more) break;
    if (!map.find_area(wanted.area))
      note(wanted.area, map.find_place(wanted.area).has_value(), " is a place: name it in places");
  }
  if (!unknown.empty()) refusal.message = "the seat map has no place or area called " + unknown;
  if (!misplaced.empty()) refusal.message += (unknown.empty() ? "" : "; ") + misplaced;
  if (more) refusal.message += "; and there are more";
  return refusal;
}

[[nodiscard]] Refusal wrong_kind() {
  Refusal refusal;
  refusal.message = "the answer is to another kind of command";
  return refusal;
}

[[nodiscard]] Money money(const Answer& answer, std::int64_t minor) {
  return {minor, answer.event->settings().prices.currency()};
}

[[nodiscard]] Ticket make_ticket(const EventId& event, const Availability& at, const OrderCopy& order,
                                 std::uint32_t number) {
  const SeatMap& map = at.seat_map();
  const PriceList& prices = at.settings().prices;
  const TicketRecord& record = order.tickets[number - 1];
  Ticket ticket;
  ticket.event = event;
  ticket.id = {order.order.id, number};
  ticket.ticket_type = prices.ticket_types()[record.ticket_type];
  ticket.price = Money{record.price, prices.currency()};
  if (record.in_area()) {
    const Area& area = map.areas()[record.area().value];
    ticket.place = map.label(record.area());
    ticket.section = map.sections()[area.section.value].label;
    ticket.category = map.categories()[area.category.value].key;
    return ticket;
  }
  const Place& place = map.places()[record.where];
  const Row& row = map.rows()[place.row.value];
  ticket.place = map.label(record.place());
  ticket.section = map.sections()[row.section.value].label;
  ticket.row = row.label;
  ticket.seat = std::string(map.seat_label(record.place()));
  ticket.category = map.categories()[place.category].key;
  return ticket;
}

[[nodiscard]] Order make_order(const EventId& event, const Availability& at, const OrderCopy& copy) {
  const Currency currency = at.settings().prices.currency();
  Order order;
  order.id = copy.order.id;
  order.number = copy.number;
  order.holder = copy.holder;
  order.placed_at = copy.order.placed_at;
  for (std::uint32_t number = 1; number <= copy.order.ticket_count; ++number)
    order.tickets.push_back(make_ticket(event, at, copy, number));
  order.ticket_fees = Money{copy.order.fee_per_ticket * copy.order.ticket_count, currency};
  order.order_fee = Money{copy.order.fee_per_order, currency};
  order.total = Money{copy.order.total, currency};
  order.tax = Money{copy.order.tax, currency};
  order.payment_method = copy.payment_method;
  order.payment_reference = copy.order.payment_reference;
  order.note = copy.order.note;
  return order;
}

[[nodiscard]] std::string_view text_of(CodeFault fault) {
  switch (fault) {
    case CodeFault::not_a_code: return "it is not a ticket code";
    case CodeFault::damaged: return "it is damaged or was not read whole";
    case CodeFault::newer_version: return "it needs a newer version of this software";
    case CodeFault::unknown_key: return "it was signed with a key that is not trusted here";
    case CodeFault::bad_signature: return "its signature is wrong";
  }
  return "it can't be read";
}

}  // namespace

const EventId& Event::id() const noexcept { return id_; }
std::shared_ptr<const Availability> Event::availability() const {
  auto seen = desk_->availability();
  // It was let go, or has been taken out of the store.
  if (!seen) desk_->read([&](Desk& desk) { seen = desk.availability(); });
  return seen;
}
std::shared_ptr<const SeatMap> Event::seat_map() const {
  try {
    if (const auto seen = availability()) return seen->shared_seat_map();
  } catch (const StorageError&) {
    // The event was let go, and can't be read. Then nor can it sell: the desk says so.
  }
  return seat_map_;
}

std::chrono::microseconds Event::age() const { return desk_->age(); }

void Event::refresh() const {
  desk_->visit([](Desk& desk) { desk.catch_up(); });
}

Timestamp Event::known_until() const {
  // First the age, then the clock and what is so old: it may be newer by then, and never older.
  const std::chrono::microseconds age = desk_->age();
  const auto seen = availability();
  const Timestamp newest_turn = seen ? seen->time() : Timestamp{};
  if (age == std::chrono::microseconds::max()) return newest_turn;
  return std::max(newest_turn, read_clock(desk_->options().clock) - age - limits::turn_longest);
}

Revision Event::revision() const {
  const auto seen = availability();
  return seen ? seen->revision() : 0;
}

void Event::refresh(Revision at_least) const {
  if (revision() >= at_least) return;
  desk_->visit([&](Desk& desk) {
    // Of many that ask at once the first reads for all.
    if (!desk.current() || desk.revision() < at_least) desk.catch_up();
    if (desk.revision() < at_least)
      throw StorageUnavailable("the log of " + desk.stream() + " ends at revision " +
                               std::to_string(desk.revision()) + "; revision " + std::to_string(at_least) +
                               " was asked for");
  });
}

Answer Event::ask_one(Command command) const { return std::move(desk_->call({&command, 1}).front()); }
Answer Event::ask_one(CommandBody body, RequestId request) const {
  return ask_one(Command{or_new(request), std::move(body)});
}
std::vector<Answer> Event::ask(std::vector<Command> commands) const { return desk_->call(commands); }

Result<Hold> Event::hold(const Selection& selection, const HoldOptions& options) const {
  auto command = hold_command(selection, options);
  // Another process may have put it on the map since.
  if (!command && command.refusal().reason == Reason::place_unknown && age() >= map_age) {
    try {
      refresh();
      command = hold_command(selection, options);
    } catch (const StorageError&) {
      // What can't be read can't be sold either: the label stays unknown.
    }
  }
  return command ? to<Hold>(ask_one(std::move(command).value())) : command.refusal();
}

Result<Command> Event::hold_command(const Selection& selection, const HoldOptions& options) const {
  const std::shared_ptr<const SeatMap> shared = seat_map();
  const SeatMap& map = *shared;
  PlaceHold command;
  command.holder = options.holder;
  command.ttl = options.ttl;
  for (const std::string& label : selection.places) {
    // A retired one, too: the request may have been granted when it was there.
    const auto place = map.find_place_ever(label);
    if (!place) return refuse_unknown(selection, map);
    command.places.push_back(*place);
  }
  for (const AreaAdmissions& wanted : selection.areas) {
    const auto area = find_area_ever(map, wanted.area);
    if (!area) return refuse_unknown(selection, map);
    command.areas.push_back({*area, wanted.quantity});
  }
  return Command{or_new(options.request), std::move(command)};
}

Result<Hold> Event::hold_best(const BestPlaces& wish, const HoldOptions& options) const {
  auto command = hold_best_command(wish, options);
  return command ? to<Hold>(ask_one(std::move(command).value())) : command.refusal();
}

Result<Command> Event::hold_best_command(const BestPlaces& wish, const HoldOptions& options) const {
  const std::shared_ptr<const SeatMap> map = seat_map();
  HoldBest command;
  command.holder = options.holder;
  command.ttl = options.ttl;
  command.count = wish.count;
  command.accessible = wish.accessible;
  command.restricted_view = wish.restricted_view;
  command.together = wish.together;
  for (const std::string& key : wish.categories) {
    const auto category = map->find_category(key);
    if (!category) {
      Refusal refusal;
      refusal.message = "the seat map has no category \"" + key + "\"";
      return refusal;
    }
    command.categories.push_back(*category);
  }
  return Command{or_new(options.request), std::move(command)};
}

template <>
Result<Hold> Event::to(const Answer& answer) const {
  if (answer.refusal()) return refusal_of(answer);
  const HoldPlaced* placed = answer.granted<HoldPlaced>();
  if (placed == nullptr) return wrong_kind();
  const SeatMap& map = answer.event->seat_map();
  Hold hold;
  hold.id = HoldId{answer.request};
  hold.holder = placed->holder;
  hold.expires_at = placed->expires_at;
  hold.revision = answer.revision;
  for (const PlaceIndex place : placed->places) hold.places.push_back(map.label(place));
  for (const AreaQuantity& held : placed->areas) hold.areas.push_back({map.label(held.area), held.quantity});
  return hold;
}

Result<std::chrono::sys_seconds> Event::extend(HoldId hold, std::chrono::seconds ttl,
                                               RequestId request) const {
  return ask(ExtendHold{hold, ttl}, request);
}

template <>
Result<std::chrono::sys_seconds> Event::to(const Answer& answer) const {
  if (answer.refusal()) return refusal_of(answer);
  const HoldExtended* extended = answer.granted<HoldExtended>();
  if (extended == nullptr) return wrong_kind();
  return extended->expires_at;
}

Result<Done> Event::release(HoldId hold, RequestId request) const { return ask(ReleaseHold{hold}, request); }

template <>
Result<Done> Event::to(const Answer& answer) const {
  if (answer.refusal()) return refusal_of(answer);
  return Done{};
}

Result<Quote> Event::quote(HoldId hold, const std::vector<TicketChoice>& choices, RequestId request) const {
  return ask(QuoteHold{hold, choices}, request);
}

template <>
Result<Quote> Event::to(const Answer& answer) const {
  if (answer.refusal()) return refusal_of(answer);
  const HoldQuoted* quoted = answer.granted<HoldQuoted>();
  if (quoted == nullptr) return wrong_kind();
  const SeatMap& map = answer.event->seat_map();
  const PriceList& prices = answer.event->settings().prices;
  Quote quote;
  quote.hold = quoted->hold;
  std::int64_t tickets = 0;
  for (const QuoteLine& line : quoted->price.lines) {
    // The hold may be long gone, and with it what keeps the list as it was.
    if (line.ticket_type >= prices.ticket_types().size()) return wrong_kind();
    quote.lines.push_back({map.categories()[line.category.value].key, prices.ticket_types()[line.ticket_type],
                           line.count, money(answer, line.unit_price),
                           money(answer, line.unit_price * line.count)});
    tickets += line.count;
  }
  quote.ticket_fees = money(answer, quoted->price.fee_per_ticket * tickets);
  quote.order_fee = money(answer, quoted->price.fee_per_order);
  quote.total = money(answer, quoted->price.total);
  quote.tax = money(answer, quoted->price.tax);
  quote.revision = answer.revision;
  return quote;
}

Result<Order> Event::check_out(HoldId hold, const CheckOutOptions& options) const {
  auto command = check_out_command(hold, options);
  return command ? to<Order>(ask_one(std::move(command).value())) : command.refusal();
}

Result<Command> Event::check_out_command(HoldId hold, const CheckOutOptions& options) const {
  const PaymentSpec& payment = options.payment;
  const auto seen = availability();
  PaymentOffer offer{payment.method, payment.reference, {}};
  if (payment.amount) {
    const Currency paid = payment.amount->currency();
    // Null when the event was taken out of the store; the desk says so.
    const Currency currency = seen ? seen->settings().prices.currency() : paid;
    if (paid != currency) {
      Refusal refusal;
      refusal.reason = Reason::payment_mismatch;
      refusal.message = "the payment is in " + std::string(paid.code()) + "; the event sells in " +
                        std::string(currency.code());
      return refusal;
    }
    offer.amount = payment.amount->minor();
  }
  return Command{or_new(options.request), CheckOut{hold, std::move(offer)}};
}

template <>
Result<Order> Event::to(const Answer& answer) const {
  if (answer.refusal()) return refusal_of(answer);
  if (answer.granted<OrderPlaced>() == nullptr || !answer.order) return wrong_kind();
  Order order = make_order(id(), *answer.event, *answer.order);
  order.revision = answer.revision;
  return order;
}

Result<Refund> Event::refund(OrderId order, const RefundOptions& options) const {
  auto command = refund_command(order, options);
  return command ? to<Refund>(ask_one(std::move(command).value())) : command.refusal();
}

Result<Command> Event::refund_command(OrderId order, const RefundOptions& options) const {
  RefundTickets command;
  command.order = order;
  command.reference = options.reference;
  for (const TicketId& ticket : options.tickets) {
    if (ticket.order != order) {
      Refusal refusal;
      refusal.reason = Reason::ticket_not_found;
      refusal.message = "ticket " + to_string(ticket) + " is not of this order";
      return refusal;
    }
    command.tickets.push_back(ticket.number);
  }
  return Command{or_new(options.request), std::move(command)};
}

template <>
Result<Refund> Event::to(const Answer& answer) const {
  if (answer.refusal()) return refusal_of(answer);
  const TicketsRefunded* refunded = answer.granted<TicketsRefunded>();
  if (refunded == nullptr) return wrong_kind();
  Refund refund{refunded->order, {}, money(answer, refunded->amount), answer.revision};
  for (const std::uint32_t number : refunded->tickets) refund.tickets.push_back({refunded->order, number});
  return refund;
}

Result<Admission> Event::check_in(std::string_view code, const CheckInOptions& options) const {
  auto command = check_in_command(code, options);
  return command ? to<Admission>(ask_one(std::move(command).value())) : command.refusal();
}

Result<Command> Event::check_in_command(std::string_view code, const CheckInOptions& options) const {
  std::vector<VerifyKey> keys = desk_->options().trusted_keys;
  if (desk_->options().signing_key) keys.push_back(desk_->options().signing_key->verify_key());
  const CodeReading reading = read_ticket_code(code, keys);
  if (!reading.claims)
    return explain({Reason::code_invalid, std::string(text_of(reading.fault))}, nullptr, nullptr);
  if (reading.claims->event != id())
    return explain({Reason::code_for_other_event, reading.claims->event.text()}, nullptr, nullptr);
  return Command{or_new(options.request), AdmitTicket{reading.claims->ticket, options.gate}};
}

template <>
Result<Admission> Event::to(const Answer& answer) const {
  if (answer.refusal()) return refusal_of(answer);
  const TicketAdmitted* admitted = answer.granted<TicketAdmitted>();
  if (admitted == nullptr) return wrong_kind();
  const std::string place =
      answer.order ? make_ticket(id(), *answer.event, *answer.order, admitted->ticket.number).place : "";
  return Admission{admitted->ticket, place, admitted->gate, answer.turn, answer.revision};
}

Result<Done> Event::set_sale_status(SaleStatus status, RequestId request) const {
  return ask(SetSaleStatus{status}, request);
}

Result<Done> Event::configure(const EventSettings& settings, RequestId request) const {
  return ask(ConfigureEvent{settings}, request);
}

Result<Done> Event::replace_map(std::shared_ptr<const SeatMap> map, const std::vector<Exchange>& exchanges,
                                RequestId request) const {
  return ask(ReplaceMap{map ? shared_seat_map(std::move(map)) : nullptr, exchanges}, request);
}

std::optional<Order> Event::find_order(OrderId order) const {
  std::shared_ptr<const OrderCopy> copy;
  std::shared_ptr<const Availability> seen;
  desk_->read([&](Desk& desk) {
    copy = copy_order(desk.state(), order);
    seen = desk.availability();
  });
  if (!copy) return std::nullopt;
  Order found = make_order(id(), *seen, *copy);
  found.revision = seen->revision();
  return found;
}

std::optional<Hold> Event::find_hold(HoldId id) const {
  std::optional<Hold> hold;
  desk_->read([&](Desk& desk) {
    const EventState& state = desk.state();
    const HoldRecord* record = state.holds().find(id);
    if (record == nullptr) return;
    hold = Hold{id, state.holders()[record->holder].name, {},
                {}, from_epoch(record->expires_at),       desk.revision()};
    const SeatMap& map = *state.seat_map();
    for (const PlaceIndex place : record->places) hold->places.push_back(map.label(place));
    for (const AreaQuantity& held : record->areas)
      hold->areas.push_back({map.label(held.area), held.quantity});
  });
  return hold;
}

std::optional<HoldOutcome> Event::hold_outcome(HoldId hold) const {
  const Timestamp now = known_until();
  std::optional<HoldOutcome> outcome;
  desk_->read([&](Desk& desk) {
    outcome = ticketcore::hold_outcome(desk.state(), hold, std::max(now, desk.state().time()));
  });
  return outcome;
}

SeatingPage Event::seating(const SeatingOptions& options) const {
  const Timestamp now = options.at.value_or(known_until());
  SeatingPage page;
  desk_->read([&](Desk& desk) {
    page = ticketcore::seating(desk.state(), options, std::max(now, desk.state().time()));
  });
  return page;
}

void Event::inspect(const std::function<void(const EventState&)>& reader) const {
  desk_->read([&](Desk& desk) { reader(desk.state()); });
}

void Event::submit(Command command, std::function<void(const Answer&)> callback) const {
  desk_->submit(std::move(command), std::move(callback));
}

void Event::reopen() const {
  desk_->visit([](Desk& desk) {
    desk.reopen();
    desk.catch_up();
  });
}

Result<Done> Event::confirm_time() const {
  Answer answer;
  desk_->visit([&](Desk& desk) { answer = desk.confirm_time(new_request_id()); });
  return to<Done>(answer);
}

void Event::save_snapshot() const {
  desk_->read([](Desk& desk) { desk.save_snapshot(); });
}

}  // namespace ticketcore
