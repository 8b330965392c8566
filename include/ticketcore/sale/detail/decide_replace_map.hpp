#pragma once
// The rule behind ReplaceMap. Include ticketcore/sale/decide.hpp, not this.

#include "ticketcore/sale/detail/decide_faults.hpp"
#include "ticketcore/sale/detail/field_bytes.hpp"
#include "ticketcore/venue/merge_seat_maps.hpp"

namespace ticketcore::detail {

[[nodiscard]] inline std::optional<RequestRefused> refuse_map_bytes(const SeatMap& map) {
  wire::Writer out;
  write_seat_map(out, map);
  if (out.size() <= limits::seat_map_bytes) return std::nullopt;
  return invalid("the seat map takes " + std::to_string(out.size()) + " bytes; at most " +
                 std::to_string(limits::seat_map_bytes) + " are possible");
}

/// Whose place goes where, in indices of the merged map; or what is wrong with one of the exchanges.
[[nodiscard]] inline std::variant<std::vector<PlaceExchange>, RequestRefused> resolve_exchanges(
    const EventState& state, const SeatMap& merged, const std::vector<Exchange>& wanted) {
  constexpr std::size_t whole_label_bytes = 3 * limits::label_bytes + 2;
  const std::span<const std::uint32_t> codes = state.places().codes();
  std::vector<PlaceExchange> exchanges;
  std::vector<PlaceIndex> from_all;
  std::vector<PlaceIndex> to_all;
  refusals::PlacesTaken taken;
  for (const Exchange& exchange : wanted) {
    for (const std::string* label : {&exchange.from, &exchange.to}) {
      if (auto refused = refuse_text("a place that is exchanged", *label, 1, whole_label_bytes))
        return *refused;
    }
    const auto from = state.seat_map()->find_place(exchange.from);
    if (!from) return RequestRefused{Reason::place_unknown, "the event has no place called " + exchange.from};
    const auto to = merged.find_place(exchange.to);
    if (!to) return RequestRefused{Reason::place_unknown, "the new map has no place called " + exchange.to};
    if (!place_code::is_owned(codes[from->value]))
      return invalid(exchange.from + " is neither held nor sold: it needs no exchange");
    if (!merged.is_retired(*from))
      return invalid(exchange.from + " stands on the new map, too: it needs no exchange");
    if (to->value < codes.size() && codes[to->value] != place_code::free &&
        codes[to->value] != place_code::retired)
      taken.places.push_back(*to);
    exchanges.push_back({*from, *to});
    from_all.push_back(*from);
    to_all.push_back(*to);
  }
  for (const auto& all : {from_all, to_all}) {
    if (const auto place = find_twice(all)) return invalid(merged.label(*place) + " is exchanged twice");
  }
  if (!taken.places.empty()) return RequestRefused(taken);
  return exchanges;
}

/// What is held or sold and has no place on the merged map.
[[nodiscard]] inline refusals::PlacesInUse find_in_use(const EventState& state, const SeatMap& merged,
                                                       const std::vector<PlaceExchange>& exchanges) {
  refusals::PlacesInUse in_use;
  const std::span<const std::uint32_t> codes = state.places().codes();
  std::vector<bool> moves(codes.size());
  for (const PlaceExchange& exchange : exchanges) moves[exchange.from.value] = true;
  for (std::uint32_t place = 0; place < codes.size(); ++place) {
    if (merged.is_retired({place}) && place_code::is_owned(codes[place]) && !moves[place])
      in_use.places.push_back({place});
  }
  for (std::uint32_t area = 0; area < state.areas().size(); ++area) {
    const AreaState& now = state.areas()[area];
    if (merged.areas()[area].capacity < std::uint64_t{now.held} + now.sold) in_use.areas.push_back({area});
  }
  return in_use;
}

[[nodiscard]] inline Verdict<ReplaceMap> decide_merged(const EventState& state, const ReplaceMap& command,
                                                       const SeatMap& merged) {
  for (const SeatMap* map : {command.seat_map.get(), &merged}) {
    if (auto refused = refuse_map_bytes(*map)) return *refused;
  }
  auto exchanges = resolve_exchanges(state, merged, command.exchanges);
  if (auto* refused = std::get_if<RequestRefused>(&exchanges)) return std::move(*refused);
  MapReplaced fact{command.seat_map, std::get<0>(std::move(exchanges))};
  refusals::PlacesInUse in_use = find_in_use(state, merged, fact.exchanges);
  if (!in_use.places.empty() || !in_use.areas.empty()) return RequestRefused(std::move(in_use));
  return fact;
}

[[nodiscard]] inline Verdict<ReplaceMap> decide_body(const EventState& state, const ReplaceMap& command,
                                                     const Command&, Timestamp) {
  if (command.seat_map == nullptr) return invalid("a replacement needs a seat map");
  if (command.exchanges.size() > limits::exchanges)
    return invalid("a replacement takes at most " + std::to_string(limits::exchanges) + " exchanges");
  try {
    return decide_merged(state, command, merge_seat_maps(*state.seat_map(), *command.seat_map));
  } catch (const SeatMapError& error) {
    return invalid(std::string("with the places of the map before it ") + error.what());
  }
}

}  // namespace ticketcore::detail
