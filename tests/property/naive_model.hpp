#pragma once
// A box office as one would write it on a napkin: a map of places, a map of holds, and a walk over all of
// them for every question. It is slow and plainly right; the property test holds the engine against it.

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ticketcore/base/result.hpp"
#include "ticketcore/sale/commands.hpp"

namespace naive {

using namespace ticketcore;

struct Hold {
  std::string holder;
  std::vector<std::uint32_t> places;
  std::map<std::uint32_t, std::uint32_t> areas;
  std::vector<std::uint32_t> area_order;
  std::int64_t placed_at = 0;
  std::int64_t expires_at = 0;
  bool quoted = false;
  std::vector<std::int64_t> prices;  ///< Per admission, in the hold's order.
  std::int64_t total = 0;
};

struct Ticket {
  std::int64_t price = 0;
  std::int64_t where = 0;  ///< A place, or -1 - area.
  bool refunded = false;
  bool admitted = false;
};

struct Order {
  std::string holder;
  std::vector<Ticket> tickets;
  std::int64_t total = 0;
  std::int64_t refunded = 0;
};

/// A seat by its label, for ever at one position in a list; and an area.
struct Seat {
  std::string label;
  std::string category{};
  bool is_there = false;  ///< On the map of now.
  bool is_ordinary = false;
  std::uint32_t row = 0;
  std::uint32_t slot = 0;
};
struct Area {
  std::string label;
  std::string category{};
  std::uint32_t capacity = 0;
};

/// The position of the item with this label, at the end if it is new.
template <class Items>
[[nodiscard]] std::uint32_t position_of(Items& items, const std::string& label) {
  for (std::uint32_t at = 0; at < items.size(); ++at) {
    if (items[at].label == label) return at;
  }
  items.push_back({label});
  return static_cast<std::uint32_t>(items.size() - 1);
}

/// The house as labels tell it: what is on the map of now, and what ever was.
struct House {
  std::vector<Seat> seats;
  std::vector<std::uint32_t> in_rows;  ///< Those that are there, row after row.
  std::vector<Area> areas;
  std::vector<std::string> categories;

  void take(const SeatMap& map) {
    for (Seat& seat : seats) seat.is_there = false;
    for (Area& area : areas) area.capacity = 0;
    in_rows.clear();
    for (const Category& category : map.categories()) {
      if (std::find(categories.begin(), categories.end(), category.key) == categories.end())
        categories.push_back(category.key);
    }
    for (std::uint32_t index = 0; index < map.place_count(); ++index) {
      const Place& place = map.places()[index];
      const std::uint32_t at = position_of(seats, map.label(PlaceIndex{index}));
      const bool special = has(place.flags, PlaceFlags::accessible | PlaceFlags::companion);
      seats[at] = {seats[at].label,
                   map.categories()[place.category].key,
                   true,
                   place.kind == PlaceKind::seat && !special,
                   place.row.value,
                   place.slot};
      in_rows.push_back(at);
    }
    for (std::uint32_t index = 0; index < map.areas().size(); ++index) {
      Area& area = areas[position_of(areas, map.label(AreaIndex{index}))];
      area.category = map.categories()[map.areas()[index].category.value].key;
      area.capacity = map.areas()[index].capacity;
    }
  }
  /// SIZE_MAX if it is not there.
  [[nodiscard]] std::size_t find(const std::string& label) const {
    for (std::size_t at = 0; at < seats.size(); ++at) {
      if (seats[at].label == label && seats[at].is_there) return at;
    }
    return SIZE_MAX;
  }
  [[nodiscard]] std::uint64_t capacity() const {
    std::uint64_t capacity = in_rows.size();
    for (const Area& area : areas) capacity += area.capacity;
    return capacity;
  }
};

/// What the model answers: a reason, or none for yes.
struct Answer {
  std::optional<Reason> refused;
  std::vector<std::uint32_t> places;  ///< Of a hold, or those taken.
  std::int64_t number = 0;            ///< A deadline, a total, an amount, what is available.
  friend bool operator==(const Answer&, const Answer&) = default;
};

class Model {
 public:
  Model(const SeatMap& map, EventSettings settings) : settings_(std::move(settings)) { house.take(map); }

  House house;

  std::map<Id128, Hold> holds;
  std::map<Id128, Order> orders;
  std::map<Id128, Reason> ended;

  /// Ends every hold whose deadline has passed.
  void expire(std::int64_t now_seconds) {
    for (auto at = holds.begin(); at != holds.end();) {
      if (at->second.expires_at <= now_seconds) {
        ended[at->first] = Reason::hold_expired;
        at = holds.erase(at);
      } else {
        ++at;
      }
    }
  }

  [[nodiscard]] bool is_free(std::uint32_t place) const {
    for (const auto& [id, hold] : holds) {
      if (std::find(hold.places.begin(), hold.places.end(), place) != hold.places.end()) return false;
    }
    return !is_sold(place) && house.seats[place].is_there;
  }
  [[nodiscard]] bool is_used(std::uint32_t place) const {
    return !is_free(place) && house.seats[place].is_there;
  }
  [[nodiscard]] bool is_sold(std::uint32_t place) const {
    for (const auto& [id, order] : orders) {
      for (const Ticket& ticket : order.tickets) {
        if (!ticket.refunded && ticket.where == place) return true;
      }
    }
    return false;
  }
  [[nodiscard]] std::uint32_t area_held(std::uint32_t area) const {
    std::uint32_t held = 0;
    for (const auto& [id, hold] : holds) {
      const auto at = hold.areas.find(area);
      if (at != hold.areas.end()) held += at->second;
    }
    return held;
  }
  [[nodiscard]] std::uint32_t area_sold(std::uint32_t area) const {
    std::uint32_t sold = 0;
    for (const auto& [id, order] : orders) {
      for (const Ticket& ticket : order.tickets)
        sold += !ticket.refunded && ticket.where == -1 - std::int64_t{area} ? 1 : 0;
    }
    return sold;
  }
  [[nodiscard]] std::uint32_t area_free(std::uint32_t area) const {
    return house.areas[area].capacity - area_held(area) - area_sold(area);
  }

  /// The checks that any new hold must pass, in the engine's order.
  [[nodiscard]] std::optional<Answer> refuse_hold(const std::string& holder, std::uint64_t count) const {
    if (!on_sale) return Answer{Reason::event_off_sale, {}, 0};
    if (count > settings_.policy.places_per_hold) return Answer{Reason::too_many_places, {}, 0};
    std::uint64_t open = 0;
    std::uint64_t has = 0;
    for (const auto& [id, hold] : holds) {
      if (hold.holder != holder) continue;
      ++open;
      has += hold.places.size();
      for (const auto& [area, quantity] : hold.areas) has += quantity;
    }
    for (const auto& [id, order] : orders) {
      if (order.holder != holder) continue;
      for (const Ticket& ticket : order.tickets) has += ticket.refunded ? 0 : 1;
    }
    if (open >= settings_.policy.holds_per_holder || has + count > settings_.policy.places_per_holder)
      return Answer{Reason::holder_limit, {}, 0};
    return std::nullopt;
  }

  Answer place_hold(const Id128& id, const PlaceHold& command, std::int64_t now_seconds) {
    std::uint64_t count = command.places.size();
    for (const AreaQuantity& wanted : command.areas) count += wanted.quantity;
    if (count == 0) return {Reason::invalid_request, {}, 0};
    std::set<std::uint32_t> seen;
    for (const PlaceIndex place : command.places) {
      if (!seen.insert(place.value).second) return {Reason::invalid_request, {}, 0};
    }
    if (const auto refused = refuse_hold(command.holder.text(), count)) return *refused;
    Answer gone{Reason::place_unknown, {}, 0};
    Answer taken{Reason::place_taken, {}, 0};
    for (const PlaceIndex place : command.places) {
      if (!house.seats[place.value].is_there) gone.places.push_back(place.value);
      if (!is_free(place.value)) taken.places.push_back(place.value);
    }
    if (!gone.places.empty()) return gone;
    if (!taken.places.empty()) return taken;
    for (const AreaQuantity& wanted : command.areas) {
      if (wanted.quantity > area_free(wanted.area.value))
        return {Reason::area_full, {}, area_free(wanted.area.value)};
    }
    Hold hold;
    for (const PlaceIndex place : command.places) hold.places.push_back(place.value);
    for (const AreaQuantity& wanted : command.areas) {
      hold.areas[wanted.area.value] = wanted.quantity;
      hold.area_order.push_back(wanted.area.value);
    }
    return add_hold(id, command.holder.text(), std::move(hold), command.ttl.count(), now_seconds);
  }

  Answer add_hold(const Id128& id, const std::string& holder, Hold hold, std::int64_t ttl,
                  std::int64_t now_seconds) {
    hold.holder = holder;
    hold.placed_at = now_seconds;
    hold.expires_at = now_seconds + std::min<std::int64_t>(ttl, settings_.policy.hold_lifetime.count());
    Answer answer{std::nullopt, hold.places, hold.expires_at};
    holds[id] = std::move(hold);
    return answer;
  }

  [[nodiscard]] Answer gone(const Id128& id) const {
    const auto at = ended.find(id);
    return {at == ended.end() ? Reason::hold_not_found : at->second, {}, 0};
  }

  Answer extend(const ExtendHold& command, std::int64_t now_seconds) {
    const auto at = holds.find(command.hold);
    if (at == holds.end()) return gone(command.hold);
    const std::int64_t end = at->second.placed_at + settings_.policy.hold_lifetime.count();
    const std::int64_t wanted = std::min(now_seconds + command.ttl.count(), end);
    if (wanted <= at->second.expires_at && at->second.expires_at == end)
      return {Reason::hold_lifetime_reached, {}, 0};
    at->second.expires_at = std::max(at->second.expires_at, wanted);
    return {std::nullopt, {}, at->second.expires_at};
  }

  Answer release(const ReleaseHold& command) {
    if (holds.erase(command.hold) == 0) return gone(command.hold);
    ended[command.hold] = Reason::hold_released;
    return {};
  }

  /// The test always chooses one type for everything, so the price of an admission is its category's.
  Answer quote(const QuoteHold& command) {
    const auto at = holds.find(command.hold);
    if (at == holds.end()) return gone(command.hold);
    Hold& hold = at->second;
    std::vector<std::int64_t> prices;
    const auto price_of = [&](const std::string& category) {
      const auto type = settings_.prices.find_ticket_type(command.choices.front().ticket_type);
      return type ? settings_.prices.price_of(category, *type) : std::nullopt;
    };
    std::size_t admissions = hold.places.size();
    for (const auto& [area, quantity] : hold.areas) admissions += quantity;
    if (command.choices.front().count != admissions) return {Reason::ticket_choice_mismatch, {}, 0};
    std::int64_t total = settings_.prices.per_order();
    const auto add = [&](const std::string& category) {
      const auto price = price_of(category);
      if (!price) return false;
      prices.push_back(*price);
      total += *price + settings_.prices.per_ticket();
      return true;
    };
    for (const std::uint32_t place : hold.places) {
      if (!add(house.seats[place].category)) return {Reason::no_price, {}, 0};
    }
    for (const std::uint32_t area : hold.area_order) {
      for (std::uint32_t count = 0; count < hold.areas[area]; ++count) {
        if (!add(house.areas[area].category)) return {Reason::no_price, {}, 0};
      }
    }
    hold.quoted = true;
    hold.prices = std::move(prices);
    hold.total = total;
    return {std::nullopt, {}, total};
  }

  Answer check_out(const Id128& id, const CheckOut& command) {
    const auto at = holds.find(command.hold);
    if (at == holds.end()) return gone(command.hold);
    Hold& hold = at->second;
    if (!hold.quoted) return {Reason::not_quoted, {}, 0};
    if (command.payment.amount.value_or(hold.total) != hold.total) return {Reason::payment_mismatch, {}, 0};
    Order order;
    order.holder = hold.holder;
    order.total = hold.total;
    std::size_t next = 0;
    for (const std::uint32_t place : hold.places)
      order.tickets.push_back({hold.prices[next++], place, false, false});
    for (const std::uint32_t area : hold.area_order) {
      for (std::uint32_t count = 0; count < hold.areas[area]; ++count)
        order.tickets.push_back({hold.prices[next++], -1 - std::int64_t{area}, false, false});
    }
    ended[command.hold] = Reason::hold_checked_out;
    holds.erase(at);
    orders[id] = std::move(order);
    return {std::nullopt, {}, orders[id].total};
  }

  /// Why not, and the place that the ticket is for.
  [[nodiscard]] static Answer about(const Ticket& ticket, Reason reason) {
    Answer answer{reason, {}, 0};
    if (ticket.where >= 0) answer.places.push_back(static_cast<std::uint32_t>(ticket.where));
    return answer;
  }

  Answer refund(const RefundTickets& command) {
    std::vector<std::uint32_t> numbers = command.tickets;
    if (std::set<std::uint32_t>(numbers.begin(), numbers.end()).size() != numbers.size())
      return {Reason::invalid_request, {}, 0};
    const auto at = orders.find(command.order);
    if (at == orders.end()) return {Reason::order_not_found, {}, 0};
    Order& order = at->second;
    if (numbers.empty()) {
      const Ticket* admitted = nullptr;
      for (std::uint32_t number = 1; number <= order.tickets.size(); ++number) {
        const Ticket& ticket = order.tickets[number - 1];
        if (!ticket.refunded && !ticket.admitted) numbers.push_back(number);
        if (ticket.admitted && admitted == nullptr) admitted = &ticket;
      }
      if (numbers.empty() && admitted != nullptr) return about(*admitted, Reason::ticket_admitted);
      if (numbers.empty()) return {Reason::ticket_refunded, {}, 0};
    }
    std::sort(numbers.begin(), numbers.end());
    for (const std::uint32_t number : numbers) {
      if (number == 0 || number > order.tickets.size()) return {Reason::ticket_not_found, {}, 0};
      if (order.tickets[number - 1].refunded)
        return about(order.tickets[number - 1], Reason::ticket_refunded);
      if (order.tickets[number - 1].admitted)
        return about(order.tickets[number - 1], Reason::ticket_admitted);
    }
    std::int64_t amount = 0;
    for (const std::uint32_t number : numbers) {
      order.tickets[number - 1].refunded = true;
      amount += order.tickets[number - 1].price + settings_.prices.per_ticket();
    }
    if (std::all_of(order.tickets.begin(), order.tickets.end(),
                    [](const Ticket& ticket) { return ticket.refunded; }))
      amount += settings_.prices.per_order();
    order.refunded += amount;
    return {std::nullopt, {}, amount};
  }

  Answer admit(const AdmitTicket& command) {
    const auto at = orders.find(command.ticket.order);
    if (at == orders.end() || command.ticket.number == 0 || command.ticket.number > at->second.tickets.size())
      return {Reason::ticket_not_found, {}, 0};
    Ticket& ticket = at->second.tickets[command.ticket.number - 1];
    if (ticket.refunded) return about(ticket, Reason::ticket_refunded);
    if (ticket.admitted) return about(ticket, Reason::ticket_admitted);
    ticket.admitted = true;
    return {};
  }

  Answer replace_map(const ReplaceMap& command) {
    House next = house;
    next.take(*command.seat_map);
    std::map<std::uint32_t, std::uint32_t> moves;
    std::set<std::uint32_t> targets;
    Answer taken{Reason::place_taken, {}, 0};
    bool twice = false;
    for (const Exchange& exchange : command.exchanges) {
      const std::size_t from = house.find(exchange.from);
      const std::size_t to = next.find(exchange.to);
      if (from == SIZE_MAX || to == SIZE_MAX) return {Reason::place_unknown, {}, 0};
      const auto old_place = static_cast<std::uint32_t>(from);
      const auto new_place = static_cast<std::uint32_t>(to);
      if (!is_used(old_place) || next.seats[from].is_there) return {Reason::invalid_request, {}, 0};
      if (to < house.seats.size() && is_used(new_place)) taken.places.push_back(new_place);
      twice = !moves.emplace(old_place, new_place).second || twice;
      twice = !targets.insert(new_place).second || twice;
    }
    if (twice) return {Reason::invalid_request, {}, 0};
    if (!taken.places.empty()) return taken;
    Answer in_use{Reason::places_in_use, {}, 0};
    for (std::uint32_t place = 0; place < house.seats.size(); ++place) {
      if (is_used(place) && !next.seats[place].is_there && !moves.contains(place))
        in_use.places.push_back(place);
    }
    for (std::uint32_t area = 0; area < house.areas.size(); ++area)
      in_use.number += area_held(area) + area_sold(area) > next.areas[area].capacity ? 1 : 0;
    if (!in_use.places.empty() || in_use.number > 0) return in_use;
    for (auto& [id, hold] : holds) {
      for (std::uint32_t& place : hold.places) place = moves.contains(place) ? moves[place] : place;
    }
    for (auto& [id, order] : orders) {
      for (Ticket& ticket : order.tickets) {
        const auto move = moves.find(static_cast<std::uint32_t>(ticket.where));
        if (ticket.where >= 0 && !ticket.refunded && move != moves.end()) ticket.where = move->second;
      }
    }
    house = std::move(next);
    return {};
  }

  bool on_sale = true;

 private:
  EventSettings settings_;
};

}  // namespace naive
