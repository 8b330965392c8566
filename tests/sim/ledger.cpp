#include "ledger.hpp"

#include <algorithm>
#include <numeric>

#include "ticketcore/log/audit.hpp"

namespace ticketcore::sim {
namespace {

constexpr const char* fine = "";

}  // namespace

std::string text_of(const Fact& fact) {
  EntryWriter writer;
  writer.begin({1, Timestamp{}, 0, 0});
  writer.add(fact);
  const BytesView bytes = writer.finish();
  return std::string(name_of(fact.body)) + " " + std::string(bytes.begin(), bytes.end());
}

std::uint32_t Ledger::OpenHold::admissions() const {
  return std::accumulate(areas.begin(), areas.end(), static_cast<std::uint32_t>(places.size()),
                         [](std::uint32_t sum, const auto& area) { return sum + area.second; });
}

const Ledger::Logged* Ledger::answer_to(RequestId request) const {
  const auto found = answers_.find(request);
  return found == answers_.end() ? nullptr : &found->second;
}

bool Ledger::was_taken(PlaceIndex place, Revision revision, Timestamp turn) const {
  if (held_in_.at(revision - 1).contains(place.value)) return true;
  for (Revision at = revision; at > 0 && at + 1 >= revision; --at) {
    const auto& codes = codes_after(at);
    if (place.value < codes.size() && status_of(codes[place.value], turn) != PlaceStatus::free) return true;
  }
  return false;
}

void Ledger::hear_map(const Append& entry) {
  const Position position{entry.stream, 0, {}};
  maps_.take_turn({&position, 1})->commit({&entry, 1});
}

std::string Ledger::hear(const Entry& entry) {
  LogEntry read;
  try {
    read = decode_entry(entry.bytes, "entry " + std::to_string(entry.revision), maps_);
  } catch (const StorageError& error) {
    return error.what();
  }
  const std::string where = " (entry " + std::to_string(entry.revision) + ")";
  if (read.header.revision != entry.revision)
    return "an entry made for revision " + std::to_string(read.header.revision) + " stands elsewhere" + where;
  if (read.header.previous_checksum != last_checksum_)
    return "an entry does not continue the one before it" + where;
  if (read.header.turn < last_turn_) return "time runs backwards" + where;
  last_checksum_ = read.header.checksum;
  last_turn_ = read.header.turn;
  bool decided = false;
  std::set<std::uint32_t> held;
  for (const Fact& fact : read.facts) {
    if (std::holds_alternative<HoldExpired>(fact.body) && decided)
      return "an expiry stands behind what was decided in its turn" + where;
    decided = decided || !std::holds_alternative<HoldExpired>(fact.body);
    if (decided) {
      for (const auto& [id, hold] : holds_) {
        if (hold.expires_at <= read.header.turn)
          return "something was decided while a hold past its deadline still stood" + where;
      }
    }
    if (!fact.request.is_zero() &&
        !answers_.emplace(fact.request, Logged{text_of(fact), entry.revision}).second)
      return "two facts answer one request" + where;
    if (std::string wrong = judge(fact, read.header.turn); !wrong.empty()) return wrong + where;
    if (const auto* hold = std::get_if<HoldPlaced>(&fact.body)) {
      for (const PlaceIndex place : hold->places) held.insert(place.value);
    }
    try {
      state_.apply(fact, {entry.revision, read.header.turn});
    } catch (const InvariantBroken& error) {
      return error.what() + where;
    }
    if (const auto* replaced = std::get_if<MapReplaced>(&fact.body)) {
      for (const PlaceExchange& exchange : replaced->exchanges) held.insert(exchange.to.value);
      for (std::uint32_t place = 0; place < places_.size(); ++place) {
        if (!on_the_map_.contains(place)) held.insert(place);
      }
      if (std::string wrong = check_labels(); !wrong.empty()) return wrong + where;
    }
  }
  try {
    state_.check_everything();
  } catch (const InvariantBroken& error) {
    return error.what() + where;
  }
  held_in_.push_back(std::move(held));
  codes_.emplace_back(state_.places().codes().begin(), state_.places().codes().end());
  area_sold_.emplace_back();
  for (const AreaState& area : state_.areas()) area_sold_.back().push_back(area.sold);
  return fine;
}

std::string Ledger::judge(const Fact& fact, Timestamp turn) {
  if (const auto* created = std::get_if<EventCreated>(&fact.body)) {
    take_map(*created->seat_map);
    policy_ = created->settings.policy;
    on_sale_ = created->sale == SaleStatus::on_sale;
  }
  if (const auto* replaced = std::get_if<MapReplaced>(&fact.body)) return judge_map(*replaced);
  if (const auto* changed = std::get_if<SaleStatusChanged>(&fact.body))
    on_sale_ = changed->status == SaleStatus::on_sale;
  if (const auto* hold = std::get_if<HoldPlaced>(&fact.body)) return judge_hold(fact, *hold, turn);
  if (const auto* extended = std::get_if<HoldExtended>(&fact.body)) {
    const auto hold = holds_.find(extended->hold);
    if (hold == holds_.end()) return "a hold is extended that does not stand";
    if (extended->expires_at > ceil_to_seconds(hold->second.placed_at) + policy_.hold_lifetime)
      return "a hold is extended past its lifetime";
    if (extended->expires_at < hold->second.expires_at) return "an extension cuts a hold short";
    hold->second.expires_at = extended->expires_at;
  }
  if (const auto* released = std::get_if<HoldReleased>(&fact.body)) return end_hold(released->hold);
  if (const auto* expired = std::get_if<HoldExpired>(&fact.body)) {
    const auto hold = holds_.find(expired->hold);
    if (hold != holds_.end() && hold->second.expires_at > turn)
      return "a hold expires before the deadline that its holder was promised";
    return end_hold(expired->hold);
  }
  if (const auto* quoted = std::get_if<HoldQuoted>(&fact.body)) {
    const auto hold = holds_.find(quoted->hold);
    if (hold == holds_.end()) return "a hold is quoted that does not stand";
    std::uint32_t count = 0;
    for (const QuoteLine& line : quoted->price.lines) count += line.count;
    if (count != hold->second.admissions()) return "a quote is for another number of places than are held";
    hold->second.total = quoted->price.total;
  }
  if (const auto* order = std::get_if<OrderPlaced>(&fact.body)) return judge_order(fact, *order, turn);
  if (const auto* refund = std::get_if<TicketsRefunded>(&fact.body)) return judge_refund(*refund);
  if (const auto* admitted = std::get_if<TicketAdmitted>(&fact.body)) {
    const auto order = orders_.find(admitted->ticket.order);
    if (order == orders_.end() || admitted->ticket.number == 0 ||
        admitted->ticket.number > order->second.tickets.size())
      return "a ticket is admitted that was never sold";
    SoldTicket& ticket = order->second.tickets[admitted->ticket.number - 1];
    if (ticket.refunded) return "a void ticket is admitted";
    if (std::exchange(ticket.admitted, true)) return "a ticket is admitted twice";
  }
  return fine;
}

void Ledger::take_map(const SeatMap& map) {
  on_the_map_.clear();
  for (auto& [label, capacity] : areas_) capacity = 0;
  for (std::uint32_t index = 0; index < map.place_count(); ++index) {
    const auto known = std::ranges::find(places_, map.label(PlaceIndex{index}));
    on_the_map_.insert(static_cast<std::uint32_t>(known - places_.begin()));
    if (known == places_.end()) places_.push_back(map.label(PlaceIndex{index}));
  }
  for (std::uint32_t index = 0; index < map.areas().size(); ++index) {
    const std::string label = map.label(AreaIndex{index});
    auto known = std::ranges::find_if(areas_, [&](const auto& area) { return area.first == label; });
    if (known == areas_.end()) known = areas_.insert(areas_.end(), {label, 0});
    known->second = map.areas()[index].capacity;
  }
}

std::string Ledger::judge_map(const MapReplaced& replaced) {
  take_map(*replaced.seat_map);
  for (const auto& [from, to] : replaced.exchanges) {
    if (!is_taken(from.value) || on_the_map_.contains(from.value))
      return "a place is exchanged that nobody has, or that stays";
    if (is_taken(to.value) || !on_the_map_.contains(to.value))
      return "a place is given in exchange that is taken, or not on the map";
    for (auto& [id, hold] : holds_) std::ranges::replace(hold.places, from.value, to.value);
    for (auto& [id, order] : orders_) {
      for (SoldTicket& ticket : order.tickets) {
        if (!ticket.in_area && !ticket.refunded && ticket.place == from.value) ticket.place = to.value;
      }
    }
  }
  for (std::uint32_t place = 0; place < places_.size(); ++place) {
    if (is_taken(place) && !on_the_map_.contains(place))
      return places_[place] + " is taken off the map, and somebody has it";
  }
  for (std::uint32_t area = 0; area < areas_.size(); ++area) {
    if (taken_of(area) > areas_[area].second) return "an area becomes too small for what is taken of it";
  }
  return fine;
}

/// Whether each index means to the state what it has always meant.
std::string Ledger::check_labels() const {
  const SeatMap& map = *state_.seat_map();
  bool same = map.place_count() == places_.size() && map.areas().size() == areas_.size();
  for (std::uint32_t place = 0; same && place < places_.size(); ++place)
    same = map.label(PlaceIndex{place}) == places_[place] &&
           map.is_retired({place}) != on_the_map_.contains(place);
  for (std::uint32_t area = 0; same && area < areas_.size(); ++area)
    same =
        map.label(AreaIndex{area}) == areas_[area].first && map.areas()[area].capacity == areas_[area].second;
  return same ? fine : "an index has become another place";
}

std::string Ledger::judge_hold(const Fact& fact, const HoldPlaced& hold, Timestamp turn) {
  if (!on_sale_) return "a hold is placed while the event is off sale";
  if (hold.expires_at <= turn || hold.expires_at > ceil_to_seconds(turn) + policy_.hold_lifetime)
    return "a hold's deadline is out of bounds";
  OpenHold open{hold.holder.text(), {}, {}, turn, hold.expires_at};
  for (const PlaceIndex place : hold.places) {
    if (is_taken(place.value) || !on_the_map_.contains(place.value) ||
        std::count(open.places.begin(), open.places.end(), place.value) > 0)
      return "place " + places_.at(place.value) + " is held that is not free";
    open.places.push_back(place.value);
  }
  for (const AreaQuantity& wanted : hold.areas) {
    open.areas[wanted.area.value] += wanted.quantity;
    if (taken_of(wanted.area.value) + open.areas[wanted.area.value] > areas_.at(wanted.area.value).second)
      return "an area is held beyond its capacity";
  }
  std::uint32_t open_holds = 1;
  std::uint32_t admissions = open.admissions();
  if (admissions > policy_.places_per_hold) return "a hold has more places than a hold may have";
  for (const auto& [id, other] : holds_) {
    if (other.holder != open.holder) continue;
    ++open_holds;
    admissions += other.admissions();
  }
  for (const auto& [id, order] : orders_) {
    if (order.holder == open.holder)
      admissions += static_cast<std::uint32_t>(
          std::count_if(order.tickets.begin(), order.tickets.end(),
                        [](const SoldTicket& ticket) { return !ticket.refunded; }));
  }
  if (open_holds > policy_.holds_per_holder) return "a holder has more holds than a holder may have";
  if (admissions > policy_.places_per_holder) return "a holder has more places than a holder may have";
  holds_.emplace(HoldId{fact.request}, std::move(open));
  return fine;
}

std::string Ledger::judge_order(const Fact& fact, const OrderPlaced& order, Timestamp turn) {
  const auto found = holds_.find(order.hold);
  if (found == holds_.end()) return "a hold is checked out that does not stand";
  const OpenHold& hold = found->second;
  if (hold.expires_at <= turn) return "a hold is checked out past its deadline";
  if (hold.total != order.payment.amount) return "an order is not paid as it was quoted";
  PlacedOrder placed{hold.holder, {}, hold.total};
  for (const std::uint32_t place : hold.places) placed.tickets.push_back({place});
  for (const auto& [area, quantity] : hold.areas)
    placed.tickets.insert(placed.tickets.end(), quantity, {area, true});
  holds_.erase(found);
  orders_.emplace(OrderId{fact.request}, std::move(placed));
  return fine;
}

std::string Ledger::judge_refund(const TicketsRefunded& refund) {
  const auto order = orders_.find(refund.order);
  if (order == orders_.end()) return "an order is refunded that does not exist";
  for (const std::uint32_t number : refund.tickets) {
    if (number == 0 || number > order->second.tickets.size())
      return "a ticket is refunded that was never sold";
    SoldTicket& ticket = order->second.tickets[number - 1];
    if (ticket.admitted) return "a ticket is refunded that was admitted";
    if (std::exchange(ticket.refunded, true)) return "a ticket is refunded twice";
  }
  order->second.refunded += refund.amount;
  const bool all = std::all_of(order->second.tickets.begin(), order->second.tickets.end(),
                               [](const SoldTicket& ticket) { return ticket.refunded; });
  if (order->second.refunded > order->second.total || (all && order->second.refunded != order->second.total))
    return "refunds are not what was paid";
  return fine;
}

std::string Ledger::end_hold(HoldId hold) {
  return holds_.erase(hold) == 0 ? "a hold ends that does not stand" : fine;
}

bool Ledger::is_taken(std::uint32_t place) const {
  for (const auto& [id, hold] : holds_) {
    if (std::count(hold.places.begin(), hold.places.end(), place) > 0) return true;
  }
  for (const auto& [id, order] : orders_) {
    for (const SoldTicket& ticket : order.tickets) {
      if (!ticket.in_area && !ticket.refunded && ticket.place == place) return true;
    }
  }
  return false;
}

std::uint32_t Ledger::taken_of(std::uint32_t area) const {
  std::uint32_t taken = 0;
  for (const auto& [id, hold] : holds_) {
    if (const auto held = hold.areas.find(area); held != hold.areas.end()) taken += held->second;
  }
  for (const auto& [id, order] : orders_) {
    for (const SoldTicket& ticket : order.tickets)
      taken += ticket.in_area && !ticket.refunded && ticket.place == area ? 1 : 0;
  }
  return taken;
}

}  // namespace ticketcore::sim
