#include "ticketcore/formats/seat_map_json.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "base/plain_file.hpp"
#include "seat_map_reading.hpp"
#include "ticketcore/base/errors.hpp"
#include "ticketcore/base/json_writer.hpp"
#include "venue/by_section.hpp"

namespace ticketcore {
namespace {

constexpr std::uintmax_t chart_bytes_max = 256U << 20;

void write_point(JsonWriter& json, Point point) {
  json.open_object().key("x").thousandths(point.x).key("y").thousandths(point.y).close_object();
}

void write_outline(JsonWriter& json, const std::vector<Point>& points) {
  json.key("outline").open_array();
  for (const Point point : points) write_point(json, point);
  json.close_array();
}

void write_flags(JsonWriter& json, PlaceFlags flags) {
  if (flags == PlaceFlags::none) return;
  json.key("flags").open_array();
  if (has(flags, PlaceFlags::accessible)) json.text("accessible");
  if (has(flags, PlaceFlags::companion)) json.text("companion");
  if (has(flags, PlaceFlags::restricted_view)) json.text("restricted_view");
  json.close_array();
}

void write_place(JsonWriter& json, const SeatMapData& map, const Place& place) {
  json.key("x").thousandths(place.position.x).key("y").thousandths(place.position.y);
  json.key("category").text(map.categories[place.category].key);
  write_flags(json, place.flags);
}

void write_row(JsonWriter& json, const SeatMap& chart, const Row& row) {
  const SeatMapData& map = chart.data();
  constexpr const char* kinds[] = {"row", "table", "whole_table", "booth"};
  json.open_object().key("label").text(row.label);
  if (row.kind != RowKind::row) json.key("kind").text(kinds[static_cast<std::size_t>(row.kind)]);
  if (row.kind == RowKind::whole_table || row.kind == RowKind::booth) {
    const Place& place = map.places[chart.place_at(row, 0).value];
    write_place(json, map, place);
    json.key("chairs").number(place.seats).close_object();
    return;
  }
  json.key("seats").open_array();
  int next_slot = 0;
  for (std::uint32_t nth = 0; nth < row.place_count; ++nth) {
    const Place& place = map.places[chart.place_at(row, nth).value];
    json.open_object().key("label").text(map.labels[place.label]);
    write_place(json, map, place);
    if (place.slot != next_slot) json.key("gap_before").number(place.slot - next_slot);
    next_slot = place.slot + 1;
    json.close_object();
  }
  json.close_array().close_object();
}

void write_area(JsonWriter& json, const SeatMapData& map, const Area& area) {
  json.open_object().key("label").text(area.label).key("capacity").number(area.capacity);
  json.key("category").text(map.categories[area.category.value].key);
  write_point(json.key("center"), area.center);
  if (!area.outline.empty()) write_outline(json, area.outline);
  json.close_object();
}

/// The member is left out where there is nothing in it.
template <class List, class Write>
void write_list(JsonWriter& json, std::string_view key, const List& list, const Write& write) {
  if (std::begin(list) == std::end(list)) return;
  json.key(key).open_array();
  for (const auto& one : list) write(one);
  json.close_array();
}

void write_section(JsonWriter& json, const SeatMap& chart, std::uint32_t index, const BySection& rows_of,
                   const BySection& areas_of) {
  const SeatMapData& map = chart.data();
  const Section& section = map.sections[index];
  json.open_object().key("label").text(section.label);
  if (section.floor) json.key("floor").text(map.floors[*section.floor].name);
  if (section.zone) json.key("zone").text(map.zones[*section.zone].key);
  if (!section.entrance.empty()) json.key("entrance").text(section.entrance);
  if (!section.outline.empty()) write_outline(json, section.outline);
  write_list(json, "rows", rows_of.in(index),
             [&](std::uint32_t row) { write_row(json, chart, map.rows[row]); });
  std::vector<std::uint32_t> areas;
  std::ranges::copy_if(areas_of.in(index), std::back_inserter(areas),
                       [&](std::uint32_t area) { return !map.areas[area].retired; });
  write_list(json, "areas", areas, [&](std::uint32_t area) { write_area(json, map, map.areas[area]); });
  json.close_object();
}

}  // namespace

SeatMap parse_seat_map(std::string_view json) {
  JsonDocument document(json, {.depth = 64, .problems = limits::listed_problems});
  if (const auto& malformed = document.malformed())
    throw SeatMapError(std::vector<SeatMapProblem>{{malformed->where, malformed->what}});
  const JsonValue root = document.root();
  if (root.find("format")) return read_venue(document);
  if (root.find("subChart") || root.find("subChartFloors")) return read_seatsio(document);
  throw SeatMapError(
      std::vector<SeatMapProblem>{{"/",
                                   "is neither a ticketcore seat map (\"format\": \"ticketcore/seat-map\") "
                                   "nor a seats.io chart (\"subChart\")"}});
}

SeatMap load_seat_map(const std::filesystem::path& path) {
  const PlainFile file(path, "the seat map");
  const std::uint64_t size = file.size();
  if (size > chart_bytes_max)
    throw Error(path.string() + ": the seat map has " + std::to_string(size) + " bytes; at most " +
                std::to_string(chart_bytes_max) + " are read");
  const Bytes text = file.read_at(0, static_cast<std::size_t>(size));
  return parse_seat_map({reinterpret_cast<const char*>(text.data()), text.size()});
}

std::string seat_map_to_json(const SeatMap& map) {
  const SeatMapData& data = map.data();
  constexpr const char* shape_kinds[] = {"stage", "outline", "text"};
  JsonWriter json(std::size_t{map.place_count()} * 64 + 1024);
  json.open_object().key("format").text("ticketcore/seat-map").key("version").number(1);
  json.key("name").text(data.name);
  if (data.focal_point) write_point(json.key("focal_point"), *data.focal_point);
  json.key("categories").open_array();
  for (const Category& category : data.categories) {
    json.open_object().key("key").text(category.key).key("name").text(category.name);
    json.key("color").text(category.color).close_object();
  }
  json.close_array();
  write_list(json, "floors", data.floors,
             [&](const Floor& floor) { json.open_object().key("name").text(floor.name).close_object(); });
  write_list(json, "zones", data.zones, [&](const Zone& zone) {
    json.open_object().key("key").text(zone.key).key("name").text(zone.name);
    if (zone.focal_point) write_point(json.key("focal_point"), *zone.focal_point);
    json.close_object();
  });
  write_list(json, "shapes", data.shapes, [&](const Shape& shape) {
    json.open_object().key("kind").text(shape_kinds[static_cast<std::size_t>(shape.kind)]);
    write_outline(json.key("label").text(shape.label), shape.outline);
    json.close_object();
  });
  json.key("sections").open_array();
  const BySection rows_of(data.sections.size(), map.live_rows());
  const BySection areas_of(data.sections.size(), data.areas);
  // Of a replaced map those sections are left out that stand there for retired places alone.
  const BySection all_rows_of(data.sections.size(), map.rows());
  const auto is_left = [&](std::uint32_t index) {
    const auto areas = areas_of.in(index);
    const auto is_retired = [&](std::uint32_t area) { return data.areas[area].retired; };
    const bool was_used = !all_rows_of.in(index).empty() || !areas.empty();
    return !was_used || !rows_of.in(index).empty() || !std::ranges::all_of(areas, is_retired);
  };
  for (std::uint32_t index = 0; index < data.sections.size(); ++index) {
    if (is_left(index)) write_section(json, map, index, rows_of, areas_of);
  }
  return json.close_array().close_object().take();
}

}  // namespace ticketcore
