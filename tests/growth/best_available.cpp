// A party of so many, whom nothing but single seats are left for, and then a wish that names so many
// categories in vain: for growth.py, which counts the instructions.

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "ticketcore/sale/decide.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

using namespace ticketcore;

namespace {

constexpr Timestamp now{std::chrono::sys_days{std::chrono::year{2027} / 1 / 31}};

/// A row for each, of a category of its own or of the first, of three seats; every third has a wheelchair
/// place at its front.
[[nodiscard]] SeatMap rows_of(std::uint32_t rows, std::uint32_t categories) {
  SeatMapBuilder builder("Rows");
  builder.focal_point({0, -1'000});
  for (std::uint32_t category = 0; category < categories; ++category)
    builder.add_category({std::to_string(category), "Category", "#1F77B4"});
  for (std::uint32_t row = 0; row < rows; ++row) {
    builder.add_row(builder.no_section(), std::to_string(row));
    for (std::int32_t seat = 0; seat < 3; ++seat) {
      const std::string label = std::to_string(seat);
      const PlaceFlags flags = seat == 0 && row % 3 == 0 ? PlaceFlags::accessible : PlaceFlags::none;
      builder.add_seat({.label = label,
                        .position = {seat * 500, static_cast<std::int32_t>(row) * 900},
                        .category = {row % categories},
                        .flags = flags});
    }
  }
  return builder.build();
}

[[nodiscard]] bool seat_party(std::uint32_t size) {
  const SeatMap map = rows_of(size, 1);
  FreeSeats free(map);
  for (std::uint32_t row = 0; row < size; ++row) free.take(PlaceIndex{row * 3 + 1});
  return find_best_available(map, free,
                             {.count = size, .accessible = size / 4, .together = Together::preferred})
      .has_value();
}

[[nodiscard]] bool refuse_categories(std::uint32_t count) {
  EventState state;
  EventSettings settings;
  settings.name = "Rows";
  settings.policy.places_per_hold = limits::places_per_hold;
  const auto map = std::make_shared<const SeatMap>(rows_of(count, count));
  state.apply({RequestId{{1, 1}}, EventCreated{"rows", settings, map, SaleStatus::on_sale}}, {1, now});
  HoldBest best;
  best.holder = "cart";
  best.count = 4;
  best.together = Together::preferred;
  for (std::uint32_t category = 0; category < count; ++category) best.categories.push_back({category});
  const Decision decision = decide(state, {RequestId{{1, 2}}, best}, now);
  const RequestRefused* refused = std::get_if<RequestRefused>(&decision);
  return refused != nullptr && refused->reason == Reason::not_enough_adjoining;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const auto size = static_cast<std::uint32_t>(std::atoi(arguments[1]));
  if (size == 1) return 0;
  if (!seat_party(size) || !refuse_categories(size)) {
    std::cerr << "another answer than expected\n";
    return 1;
  }
}
