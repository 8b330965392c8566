#pragma once
// A seat map as SVG: every place in its category's colour and status, labels, stage, legend, and a title on
// each place.

#include <functional>
#include <string>

#include "ticketcore/venue/place_status.hpp"
#include "ticketcore/venue/seat_map.hpp"

namespace ticketcore {

/// How much of an area is in which status.
struct AreaUse {
  std::uint32_t free = 0;
  std::uint32_t held = 0;
  std::uint32_t sold = 0;
  std::uint32_t killed = 0;
};

/// What to show besides the map. Functions that are not given mean: all free, no prices.
struct SeatMapPicture {
  std::string title{};  ///< Above the map's name.
  std::function<PlaceStatus(PlaceIndex)> status{};
  std::function<AreaUse(AreaIndex)> area_use{};
  std::function<std::string(CategoryIndex)> price{};  ///< For the legend: "1200.00 UAH".
  int width_px = 1'200;
};

/// A whole SVG document. About 140 bytes a place; O(places).
[[nodiscard]] std::string seat_map_svg(const SeatMap& map, const SeatMapPicture& picture = {});

}  // namespace ticketcore
