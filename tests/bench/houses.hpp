#pragma once
// Seat maps for benchmarks.

#include <memory>
#include <string>

#include "ticketcore/sale/facts.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

namespace bench {

/// Sections of 25 rows of 40 seats each, about the given number of seats, in one category "all".
[[nodiscard]] inline std::shared_ptr<const ticketcore::SeatMap> big_house(std::uint32_t seats) {
  using namespace ticketcore;
  SeatMapBuilder builder("Arena");
  builder.focal_point({0, 0});
  const CategoryIndex category = builder.add_category({"all", "All seats", "#1F77B4"});
  std::uint32_t left = seats;
  for (std::int32_t section = 0; left > 0; ++section) {
    const SectionIndex index = builder.add_section({.label = "S" + std::to_string(section + 1)});
    for (std::int32_t row = 0; row < 25 && left > 0; ++row) {
      builder.add_row(index, std::to_string(row + 1));
      for (std::int32_t seat = 0; seat < 40 && left > 0; ++seat, --left) {
        const std::string label = std::to_string(seat + 1);
        builder.add_seat(
            {.label = label,
             .position = {section % 10 * 25'000 + seat * 500, 10'000 + section / 10 * 30'000 + row * 900},
             .category = category});
      }
    }
  }
  return std::make_shared<const SeatMap>(builder.build());
}

[[nodiscard]] inline ticketcore::EventSettings big_event() {
  ticketcore::EventSettings settings;
  settings.name = "On-sale";
  settings.prices = ticketcore::PriceList("EUR", {{"all", "adult", "50.00"}});
  settings.policy.holds_per_holder = 1'000'000;
  settings.policy.places_per_holder = 10'000'000;
  return settings;
}

}  // namespace bench
