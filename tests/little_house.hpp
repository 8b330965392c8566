#pragma once
// A house small enough to see through, and an event in it.

#include <memory>

#include "ticketcore/engine/box_office.hpp"
#include "ticketcore/log/stored_map.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

namespace little {

using namespace ticketcore;

/// Rows A and B of eight seats, an aisle after the fourth; B-1 is a wheelchair place with its companion on
/// B-2; a whole table; 10 standing.
[[nodiscard]] inline std::shared_ptr<const SeatMap> house() {
  SeatMapBuilder builder("Little house");
  builder.focal_point({4'000, 0});
  const CategoryIndex parquet = builder.add_category({"parquet", "Parquet", "#1F77B4"});
  const CategoryIndex cheap = builder.add_category({"cheap", "Cheap", "#FF7F0E"});
  const SectionIndex hall = builder.add_section({.label = "Hall"});
  for (std::int32_t row = 0; row < 2; ++row) {
    builder.add_row(hall, row == 0 ? "A" : "B");
    for (std::int32_t seat = 1; seat <= 8; ++seat) {
      const std::string label = std::to_string(seat);
      const PlaceFlags flags = row == 1 && seat == 1   ? PlaceFlags::accessible
                               : row == 1 && seat == 2 ? PlaceFlags::companion
                                                       : PlaceFlags::none;
      builder.add_seat({.label = label,
                        .position = {seat * 1'000 - (seat < 5 ? 1'000 : 0), 2'000 + 1'000 * row},
                        .category = row == 0 ? parquet : cheap,
                        .flags = flags,
                        .gap_before = static_cast<std::uint16_t>(seat == 5 ? 1 : 0)});
    }
  }
  builder.add_whole(hall, "T1", PlaceKind::table, 6, {0, 6'000}, parquet);
  builder.add_area(
      {.label = "Standing", .section = hall, .category = cheap, .capacity = 10, .center = {4'000, 8'000}});
  return std::make_shared<const SeatMap>(builder.build());
}

[[nodiscard]] inline NewEvent event(const EventId& id = "premiere") {
  NewEvent event;
  event.id = id;
  event.name = "Premiere";
  event.starts_at = *parse_rfc3339("2027-01-31T19:30:00Z");
  event.seat_map = house();
  event.prices = PriceList(
      "UAH", {{"parquet", "adult", "300.00"}, {"parquet", "child", "150.00"}, {"cheap", "adult", "100.00"}},
      {.per_ticket = "5.00", .per_order = "12.00", .tax_basis_points = 2'000});
  return event;
}

/// Stores a map, as the turn that creates the first event with it does.
inline void put_map(Storage& storage, const SeatMap& map) {
  const MapEntry entry = encode_map_entry(map);
  const Position position{entry.stream, 0, {}};
  const Append append{entry.stream, entry.checksum, entry.bytes};
  storage.take_turn({&position, 1})->commit({&append, 1});
}

/// A clock that stands until it is moved.
struct Clock {
  Timestamp now = *parse_rfc3339("2027-01-10T10:00:00Z");
  [[nodiscard]] std::function<Timestamp()> reader() {
    return [this] { return now; };
  }
};

[[nodiscard]] inline RequestId request(std::uint64_t number) {
  return RequestId{{0x0193'0000'0000'7000ULL, 0x8000'0000'0000'0000ULL + number}};
}

}  // namespace little
