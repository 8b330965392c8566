#pragma once
// A seat map as bytes: tagged fields; the places as packed columns, since there may be a hundred thousand of
// them. docs/log-format.md describes them.

#include "ticketcore/base/detail/wire_writer.hpp"
#include "ticketcore/venue/seat_map.hpp"

namespace ticketcore::detail {

inline void write_points(wire::Writer& out, std::uint32_t field, const std::vector<Point>& points) {
  out.group(field, [&] {
    for (const Point point : points) {
      out.signed_varint(point.x);
      out.signed_varint(point.y);
    }
  });
}

/// One field holding a value per place.
template <class Write>
void write_column(wire::Writer& out, std::uint32_t field, const std::vector<Place>& places, Write&& write) {
  out.group(field, [&] {
    for (const Place& place : places) write(place);
  });
}

inline void write_sections(wire::Writer& out, const SeatMapData& map) {
  for (const Category& category : map.categories) {
    out.group(3, [&] {
      out.field(1, category.key);
      out.field(2, category.name);
      out.field(3, category.color);
    });
  }
  for (const Floor& floor : map.floors) out.group(4, [&] { out.text(floor.name); });
  for (const Zone& zone : map.zones) {
    out.group(5, [&] {
      out.field(1, zone.key);
      out.field(2, zone.name);
      if (zone.focal_point) write_points(out, 3, {*zone.focal_point});
    });
  }
  for (const Section& section : map.sections) {
    out.group(6, [&] {
      out.u8(0);  // Keeps the group of an unnamed section from being empty and so left out.
      out.varint(section.floor ? *section.floor + 1ULL : 0);
      out.varint(section.zone ? *section.zone + 1ULL : 0);
      out.text(section.label);
      out.text(section.entrance);
      for (const Point point : section.outline) {
        out.signed_varint(point.x);
        out.signed_varint(point.y);
      }
    });
  }
}

inline void write_rows(wire::Writer& out, const SeatMapData& map) {
  for (const Row& row : map.rows) {
    out.group(7, [&] {
      out.varint(row.section.value);
      out.varint(row.place_count);
      out.u8(static_cast<std::uint8_t>(row.kind));
      out.text(row.label);
    });
  }
  for (const std::string& label : map.labels) {
    out.group(8, [&] { out.text(label); });
  }
  out.field(9, std::uint64_t{map.places.size()});
  Point last{};
  write_column(out, 10, map.places, [&](const Place& place) {
    out.signed_varint(std::int64_t{place.position.x} - last.x);
    out.signed_varint(std::int64_t{place.position.y} - last.y);
    last = place.position;
  });
  write_column(out, 11, map.places, [&](const Place& place) { out.varint(place.label); });
  write_column(out, 12, map.places, [&](const Place& place) { out.varint(place.slot); });
  write_column(out, 13, map.places, [&](const Place& place) { out.varint(place.category); });
  write_column(out, 14, map.places, [&](const Place& place) { out.varint(place.seats); });
  write_column(out, 15, map.places, [&](const Place& place) {
    out.u8(static_cast<std::uint8_t>(static_cast<unsigned>(place.flags) | static_cast<unsigned>(place.kind)
                                                                              << 6U));
  });
}

inline void write_areas(wire::Writer& out, const SeatMapData& map) {
  for (const Area& area : map.areas) {
    out.group(16, [&] {
      out.field(1, area.label);
      out.field(2, std::uint64_t{area.section.value});
      out.field(3, std::uint64_t{area.category.value});
      out.field(4, std::uint64_t{area.capacity});
      write_points(out, 5, {area.center});
      write_points(out, 6, area.outline);
      out.field(7, std::uint64_t{area.retired});
    });
  }
  for (const Shape& shape : map.shapes) {
    out.group(17, [&] {
      out.u8(static_cast<std::uint8_t>(shape.kind));
      out.text(shape.label);
      for (const Point point : shape.outline) {
        out.signed_varint(point.x);
        out.signed_varint(point.y);
      }
    });
  }
}

/// Each place as the difference to the one before it in the rows: mostly one byte.
inline void write_order(wire::Writer& out, const SeatMapData& map) {
  if (map.order.empty()) return;
  out.group(18, [&] {
    std::int64_t last = 0;
    for (const std::uint32_t place : map.order) {
      out.signed_varint(place - last);
      last = place;
    }
  });
}

inline void write_seat_map(wire::Writer& out, const SeatMap& map) {
  const SeatMapData& data = map.data();
  out.field(1, data.name);
  if (data.focal_point) write_points(out, 2, {*data.focal_point});
  write_sections(out, data);
  write_rows(out, data);
  write_areas(out, data);
  write_order(out, data);
}

}  // namespace ticketcore::detail
