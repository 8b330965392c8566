#pragma once
// Seat maps in a line or two, for tests that change them.

#include <memory>
#include <string>
#include <vector>

#include "ticketcore/venue/seat_map_builder.hpp"

namespace made {

using namespace ticketcore;

struct RowOf {
  std::string label{};
  std::vector<std::string> seats{};
  std::string category = "parquet";
  std::string section = "Hall";
};
struct AreaOf {
  std::string label{};
  std::uint32_t capacity = 10;
  std::string category = "cheap";
};
struct MapOf {
  std::vector<RowOf> rows{};
  std::vector<AreaOf> areas{};
  std::vector<std::string> categories{"parquet", "cheap"};
  bool focal_point = true;
};

/// Seats from first to last: {"1", "2", "3"}.
[[nodiscard]] inline std::vector<std::string> seats(int first, int last) {
  std::vector<std::string> labels;
  for (int seat = first; seat <= last; ++seat) labels.push_back(std::to_string(seat));
  return labels;
}

/// Rows one behind the other, each seat a unit beside the one before it, in front of a stage.
[[nodiscard]] inline SeatMap map(const MapOf& wanted) {
  SeatMapBuilder builder("Made");
  if (wanted.focal_point) builder.focal_point({4'000, 0});
  std::vector<std::string> sections;
  const auto section = [&](const std::string& label) {
    for (std::uint32_t index = 0; index < sections.size(); ++index) {
      if (sections[index] == label) return SectionIndex{index};
    }
    sections.push_back(label);
    return builder.add_section({.label = label});
  };
  const auto category = [&](const std::string& key) {
    std::uint32_t index = 0;
    while (wanted.categories.at(index) != key) ++index;
    return CategoryIndex{index};
  };
  for (const std::string& key : wanted.categories) builder.add_category({key, key, "#1F77B4"});
  std::int32_t y = 0;
  for (const RowOf& row : wanted.rows) {
    builder.add_row(section(row.section), row.label);
    y += 1'000;
    std::int32_t x = 0;
    for (const std::string& seat : row.seats)
      builder.add_seat({.label = seat, .position = {x += 1'000, y}, .category = category(row.category)});
  }
  for (const AreaOf& area : wanted.areas) {
    builder.add_area({.label = area.label,
                      .section = section("Hall"),
                      .category = category(area.category),
                      .capacity = area.capacity});
  }
  return builder.build();
}
[[nodiscard]] inline std::shared_ptr<const SeatMap> shared(const MapOf& wanted) {
  return std::make_shared<const SeatMap>(map(wanted));
}

/// The labels of what is not retired, row after row.
[[nodiscard]] inline std::vector<std::string> labels(const SeatMap& map) {
  std::vector<std::string> all;
  for (const Row& row : map.live_rows()) {
    for (std::uint32_t nth = 0; nth < row.place_count; ++nth)
      all.push_back(map.label(map.place_at(row, nth)));
  }
  return all;
}

}  // namespace made
