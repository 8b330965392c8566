#include "ticketcore/formats/seat_map_json.hpp"

#include <boost/json.hpp>

#include "base/plain_file.hpp"
#include "seat_map_reading.hpp"
#include "ticketcore/base/errors.hpp"
#include "venue/by_section.hpp"

namespace ticketcore {
namespace {

constexpr std::uintmax_t chart_bytes_max = 256U << 20;

[[nodiscard]] double units(std::int32_t thousandths) { return thousandths / 1000.0; }

[[nodiscard]] boost::json::object point_json(Point point) {
  return {{"x", units(point.x)}, {"y", units(point.y)}};
}

[[nodiscard]] boost::json::array points_json(const std::vector<Point>& points) {
  boost::json::array array;
  for (const Point point : points) array.push_back(point_json(point));
  return array;
}

void add_flags(boost::json::object& to, PlaceFlags flags) {
  boost::json::array names;
  if (has(flags, PlaceFlags::accessible)) names.emplace_back("accessible");
  if (has(flags, PlaceFlags::companion)) names.emplace_back("companion");
  if (has(flags, PlaceFlags::restricted_view)) names.emplace_back("restricted_view");
  if (!names.empty()) to["flags"] = std::move(names);
}

[[nodiscard]] boost::json::object row_json(const SeatMapData& map, const Row& row) {
  constexpr const char* kinds[] = {"row", "table", "whole_table", "booth"};
  boost::json::object object{{"label", row.label}};
  if (row.kind != RowKind::row) object["kind"] = kinds[static_cast<std::size_t>(row.kind)];
  const auto place_json = [&](const Place& place) {
    boost::json::object seat{{"x", units(place.position.x)},
                             {"y", units(place.position.y)},
                             {"category", map.categories[place.category].key}};
    add_flags(seat, place.flags);
    return seat;
  };
  if (row.kind == RowKind::whole_table || row.kind == RowKind::booth) {
    const Place& place = map.places[row.first_place];
    for (auto& member : place_json(place)) object[member.key()] = member.value();
    object["chairs"] = place.seats;
    return object;
  }
  boost::json::array seats;
  int next_slot = 0;
  for (std::uint32_t index = row.first_place; index < row.first_place + row.place_count; ++index) {
    const Place& place = map.places[index];
    boost::json::object seat = place_json(place);
    seat["label"] = map.labels[place.label];
    if (place.slot != next_slot) seat["gap_before"] = place.slot - next_slot;
    next_slot = place.slot + 1;
    seats.push_back(std::move(seat));
  }
  object["seats"] = std::move(seats);
  return object;
}

[[nodiscard]] boost::json::object section_json(const SeatMapData& map, std::uint32_t index,
                                               const BySection& rows_of, const BySection& areas_of) {
  const Section& section = map.sections[index];
  boost::json::object object{{"label", section.label}};
  if (section.floor) object["floor"] = map.floors[*section.floor].name;
  if (section.zone) object["zone"] = map.zones[*section.zone].key;
  if (!section.entrance.empty()) object["entrance"] = section.entrance;
  if (!section.outline.empty()) object["outline"] = points_json(section.outline);
  boost::json::array rows;
  for (const std::uint32_t row : rows_of.in(index)) rows.push_back(row_json(map, map.rows[row]));
  if (!rows.empty()) object["rows"] = std::move(rows);
  boost::json::array areas;
  for (const std::uint32_t number : areas_of.in(index)) {
    const Area& area = map.areas[number];
    boost::json::object json{{"label", area.label},
                             {"capacity", area.capacity},
                             {"category", map.categories[area.category.value].key},
                             {"center", point_json(area.center)}};
    if (!area.outline.empty()) json["outline"] = points_json(area.outline);
    areas.push_back(std::move(json));
  }
  if (!areas.empty()) object["areas"] = std::move(areas);
  return object;
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
  boost::json::object root{{"format", "ticketcore/seat-map"}, {"version", 1}, {"name", data.name}};
  if (data.focal_point) root["focal_point"] = point_json(*data.focal_point);
  boost::json::array categories;
  for (const Category& category : data.categories)
    categories.push_back(
        boost::json::object{{"key", category.key}, {"name", category.name}, {"color", category.color}});
  root["categories"] = std::move(categories);
  boost::json::array floors;
  for (const Floor& floor : data.floors) floors.push_back(boost::json::object{{"name", floor.name}});
  if (!floors.empty()) root["floors"] = std::move(floors);
  boost::json::array zones;
  for (const Zone& zone : data.zones) {
    boost::json::object json{{"key", zone.key}, {"name", zone.name}};
    if (zone.focal_point) json["focal_point"] = point_json(*zone.focal_point);
    zones.push_back(std::move(json));
  }
  if (!zones.empty()) root["zones"] = std::move(zones);
  boost::json::array shapes;
  constexpr const char* kinds[] = {"stage", "outline", "text"};
  for (const Shape& shape : data.shapes)
    shapes.push_back(boost::json::object{{"kind", kinds[static_cast<std::size_t>(shape.kind)]},
                                         {"label", shape.label},
                                         {"outline", points_json(shape.outline)}});
  if (!shapes.empty()) root["shapes"] = std::move(shapes);
  boost::json::array sections;
  const BySection rows_of(data.sections.size(), data.rows);
  const BySection areas_of(data.sections.size(), data.areas);
  for (std::uint32_t index = 0; index < data.sections.size(); ++index)
    sections.push_back(section_json(data, index, rows_of, areas_of));
  root["sections"] = std::move(sections);
  return boost::json::serialize(root);
}

}  // namespace ticketcore
