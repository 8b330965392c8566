#pragma once
// What the readers of both seat map formats share.

#include <cmath>

#include "ticketcore/formats/json_reader.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

namespace ticketcore {

/// Reads seats.io's chart JSON.
[[nodiscard]] SeatMap read_seatsio(JsonDocument& chart);
/// Reads our own format.
[[nodiscard]] SeatMap read_venue(JsonDocument& venue);

/// A coordinate or length in thousandths.
[[nodiscard]] inline std::int32_t coordinate(const JsonValue& value) {
  return static_cast<std::int32_t>(
      std::llround(value.number(-limits::coordinate, limits::coordinate) * 1000));
}

/// {"x": 1, "y": 2}
[[nodiscard]] inline Point point_of(const JsonValue& value) {
  const auto x = value.need("x");
  const auto y = value.need("y");
  return {x ? coordinate(*x) : 0, y ? coordinate(*y) : 0};
}

/// The map, unless reading its document has found problems.
[[nodiscard]] inline SeatMap build(SeatMapBuilder& builder, const JsonDocument& document) {
  for (const JsonProblem& problem : document.problems())
    builder.problem(problem.where.empty() ? "/" : problem.where, problem.what);
  return builder.build();
}

}  // namespace ticketcore
