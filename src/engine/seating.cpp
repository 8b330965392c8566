#include "ticketcore/engine/seating.hpp"

#include <algorithm>
#include <charconv>
#include <span>

namespace ticketcore {
namespace {

/// Somebody on the list, before there are texts.
struct Listed {
  SeatingPosition position{};
  const TicketRecord* ticket = nullptr;  ///< Or
  const HoldRecord* hold = nullptr;
  std::uint32_t quantity = 1;
};

class Lister {
 public:
  Lister(const EventState& state, const SeatingOptions& options, Timestamp now)
      : state_(state),
        after_(options.after),
        most_(std::size_t{std::max(options.limit, 1U)} + 1),
        now_(now) {}

  /// One more than a page has, if there are so many.
  [[nodiscard]] std::vector<Listed> find() {
    add_places();
    if (found_.size() < most_) add_areas();
    return std::move(found_);
  }

 private:
  [[nodiscard]] bool is_open(const HoldRecord& hold) const {
    return hold.expires_at != 0 && from_epoch(hold.expires_at) > now_;
  }
  [[nodiscard]] Listed of_ticket(const TicketRecord& ticket) const {
    const OrderRecord& order = state_.orders()[ticket.order];
    const auto index = static_cast<std::uint32_t>(&ticket - state_.orders().tickets().data());
    return {{ticket.where, ticket.order + 1, index - order.first_ticket + 1, {}}, &ticket, nullptr, 1};
  }

  /// How many places of the hall, row after row, stand before those that are still to be listed.
  [[nodiscard]] std::size_t begin_of_places() const {
    const std::vector<std::uint32_t>& order = state_.seat_map()->data().order;
    if (!after_) return 0;
    if (order.empty() || after_->where >= order.size()) return std::size_t{after_->where} + 1;
    return static_cast<std::size_t>(std::ranges::find(order, after_->where) - order.begin()) + 1;
  }
  void add_places() {
    const std::span<const std::uint32_t> codes = state_.places().codes();
    const std::vector<std::uint32_t>& order = state_.seat_map()->data().order;
    for (std::size_t at = begin_of_places(); at < codes.size() && found_.size() < most_; ++at) {
      const PlaceIndex place{order.empty() ? static_cast<std::uint32_t>(at) : order[at]};
      const PlaceStatus status = status_of(codes[place.value], now_);
      const std::uint32_t owner = state_.places().owner(place);
      if (status == PlaceStatus::sold) found_.push_back(of_ticket(state_.orders().tickets()[owner]));
      if (status != PlaceStatus::held) continue;
      const HoldRecord& hold = state_.holds()[owner];
      found_.push_back({{place.value, 0, 0, hold.id}, nullptr, &hold, 1});
    }
  }

  // Nothing leads from an area to who has admissions to it.
  void add_areas() {
    if (state_.areas().size() == 0) return;
    std::vector<Listed> found;
    const auto add = [&](const Listed& one) {
      if (!after_ || one.position > *after_) found.push_back(one);
    };
    for (const TicketRecord& ticket : state_.orders().tickets()) {
      if (ticket.in_area() && !ticket.refunded()) add(of_ticket(ticket));
    }
    for (const HoldRecord& hold : state_.holds().slots()) {
      if (!is_open(hold)) continue;
      for (const auto& [area, quantity] : hold.areas)
        add({{area.value | TicketRecord::area_bit, 0, 0, hold.id}, nullptr, &hold, quantity});
    }
    const std::size_t wanted = std::min(most_ - found_.size(), found.size());
    const auto end = found.begin() + static_cast<std::ptrdiff_t>(wanted);
    std::partial_sort(found.begin(), end, found.end(),
                      [](const Listed& one, const Listed& other) { return one.position < other.position; });
    found_.insert(found_.end(), found.begin(), end);
  }

  const EventState& state_;
  const std::optional<SeatingPosition>& after_;
  const std::size_t most_;
  const Timestamp now_;
  std::vector<Listed> found_{};
};

void name_place(Occupant& occupant, const SeatMap& map, std::uint32_t where) {
  if ((where & TicketRecord::area_bit) != 0) {
    const AreaIndex index{where & ~TicketRecord::area_bit};
    const Area& area = map.areas()[index.value];
    occupant.place = map.label(index);
    occupant.section = map.sections()[area.section.value].label;
    occupant.category = map.categories()[area.category.value].key;
    return;
  }
  const PlaceIndex index{where};
  const Place& place = map.places()[where];
  const Row& row = map.rows()[place.row.value];
  occupant.place = map.label(index);
  occupant.section = map.sections()[row.section.value].label;
  occupant.row = row.label;
  occupant.seat = std::string(map.seat_label(index));
  occupant.category = map.categories()[place.category].key;
}

[[nodiscard]] Occupant describe(const EventState& state, const Listed& found) {
  Occupant occupant;
  occupant.position = found.position;
  occupant.quantity = found.quantity;
  name_place(occupant, *state.seat_map(), found.position.where);
  if (found.hold != nullptr) {
    occupant.holder = HolderId(state.holders()[found.hold->holder].name);
    occupant.held_until = from_epoch(found.hold->expires_at);
    return occupant;
  }
  const TicketRecord& ticket = *found.ticket;
  const OrderRecord& order = state.orders()[ticket.order];
  occupant.status = OccupantStatus::sold;
  occupant.holder = HolderId(state.holders()[order.holder].name);
  occupant.ticket = TicketId{order.id, found.position.ticket};
  occupant.order_number = found.position.order_number;
  occupant.ticket_type = state.settings().prices.ticket_types()[ticket.ticket_type];
  if (ticket.admitted_at == 0) return occupant;
  occupant.status = OccupantStatus::admitted;
  occupant.admitted_at = from_epoch(ticket.admitted_at);
  occupant.gate = state.short_names()[ticket.gate];
  return occupant;
}

}  // namespace

std::string to_string(const SeatingPosition& position) {
  const std::string where = std::to_string(position.where) + ".";
  if (position.order_number == 0) return where + to_string(static_cast<const Id128&>(position.hold));
  return where + std::to_string(position.order_number) + "." + std::to_string(position.ticket);
}

std::optional<SeatingPosition> parse_seating_position(std::string_view text) {
  SeatingPosition position;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto read = [&](std::uint32_t& number, bool last) {
    const auto result = std::from_chars(at, end, number);
    if (result.ec != std::errc{} || (last ? result.ptr != end : result.ptr == end || *result.ptr != '.'))
      return false;
    at = last ? end : result.ptr + 1;
    return true;
  };
  if (!read(position.where, false)) return std::nullopt;
  if (const auto hold = HoldId::parse({at, static_cast<std::size_t>(end - at)})) {
    position.hold = *hold;
    return position;
  }
  if (!read(position.order_number, false) || position.order_number == 0 || !read(position.ticket, true))
    return std::nullopt;
  return position;
}

SeatingPage seating(const EventState& state, const SeatingOptions& options, Timestamp now) {
  SeatingPage page;
  std::vector<Listed> found = Lister(state, options, now).find();
  const std::size_t limit = std::max(options.limit, 1U);
  if (found.size() > limit) {
    found.resize(limit);
    page.next = found.back().position;
  }
  page.occupants.reserve(found.size());
  for (const Listed& one : found) page.occupants.push_back(describe(state, one));
  return page;
}

}  // namespace ticketcore
