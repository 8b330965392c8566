// Writes a map of so many sections, each with a row and an area, as JSON and as a drawing: for growth.py,
// which counts the instructions.

#include <cstdlib>
#include <iostream>

#include "ticketcore/formats/seat_map_json.hpp"
#include "ticketcore/tickets/seat_map_svg.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

using namespace ticketcore;

namespace {

[[nodiscard]] SeatMap map_of(std::int32_t sections) {
  SeatMapBuilder builder("House of " + std::to_string(sections));
  const CategoryIndex category = builder.add_category({"all", "All", "#1F77B4"});
  for (std::int32_t number = 0; number < sections; ++number) {
    const Point corner{number % 100 * 2'000, number / 100 * 2'000};
    const SectionIndex section = builder.add_section({.label = "S" + std::to_string(number)});
    builder.add_row(section, "A");
    for (std::int32_t seat = 0; seat < 2; ++seat) {
      builder.add_seat({.label = std::to_string(seat),
                        .position = {corner.x + seat * 500, corner.y},
                        .category = category});
    }
    builder.add_area({.label = "Floor",
                      .section = section,
                      .category = category,
                      .capacity = 10,
                      .center = {corner.x, corner.y + 900}});
  }
  return builder.build();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const SeatMap map = map_of(std::atoi(arguments[1]));
  std::cout << seat_map_to_json(map).size() << " " << seat_map_svg(map, {}).size() << "\n";
}
