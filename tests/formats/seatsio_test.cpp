// The published sample charts, read once by us and once by a plain walk over the JSON. TICKETCORE_CHARTS
// names their folder.

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "ticketcore/formats/seat_map_json.hpp"

using namespace ticketcore;
namespace json = boost::json;

namespace {

[[nodiscard]] json::value read_json(const std::filesystem::path& path) {
  std::ifstream file(path);
  return json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

[[nodiscard]] const json::value* member(const json::value& node, const char* key) {
  const json::value* found = node.as_object().if_contains(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}
[[nodiscard]] std::string key_text(const json::value& key) {
  return key.is_string() ? std::string(key.as_string()) : std::to_string(key.to_number<std::int64_t>());
}
[[nodiscard]] bool flag(const json::value& node, const char* key) {
  const json::value* found = member(node, key);
  return found != nullptr && found->as_bool();
}

/// Compares every seat of the chart with the map's, and counts them.
class Walk {
 public:
  explicit Walk(const SeatMap& map) : map_(map) {}
  std::uint32_t places = 0;
  std::uint64_t admissions = 0;

  void floor(const json::value& floor) {
    objects(floor, "", 0, 0, nullptr);
    for (const json::value& section : floor.at("sections").as_array()) {
      const double x = section.at("topLeft").at("x").to_number<double>();
      const double y = section.at("topLeft").at("y").to_number<double>();
      objects(section.at("subChart"), std::string(section.at("label").as_string()) + "-", x, y,
              member(section, "categoryKey"));
    }
  }

 private:
  void objects(const json::value& node, const std::string& prefix, double x, double y,
               const json::value* category) {
    for (const json::value& row : node.at("rows").as_array())
      seats(row, prefix + std::string(row.at("label").as_string()) + "-", x, y, category);
    for (const json::value& table : node.at("tables").as_array()) {
      const std::string label = prefix + std::string(table.at("label").as_string());
      if (!flag(table, "bookAsAWhole")) {
        seats(table, label + "-", x, y, category);
        continue;
      }
      const auto place = map_.find_place(label);
      REQUIRE(place.has_value());
      CHECK(map_.places()[place->value].seats == table.at("seats").as_array().size());
      CHECK(map_.places()[place->value].kind == PlaceKind::table);
      ++places;
    }
    for (const json::value& area : node.at("generalAdmissionAreas").as_array()) {
      const auto index = map_.find_area(prefix + std::string(area.at("label").as_string()));
      REQUIRE(index.has_value());
      CHECK(map_.areas()[index->value].capacity == area.at("capacity").to_number<std::uint32_t>());
      CHECK(map_.categories()[map_.areas()[index->value].category.value].key ==
            key_text(area.at("categoryKey")));
      admissions += map_.areas()[index->value].capacity;
    }
  }

  void seats(const json::value& row, const std::string& prefix, double x, double y,
             const json::value* category) {
    for (const json::value& seat : row.at("seats").as_array()) {
      const std::string label = prefix + std::string(seat.at("label").as_string());
      const auto index = map_.find_place(label);
      INFO(label);
      REQUIRE(index.has_value());
      const Place& place = map_.places()[index->value];
      REQUIRE(place.position.x / 1000.0 ==
              doctest::Approx(seat.at("x").to_number<double>() + x).epsilon(1e-9));
      REQUIRE(place.position.y / 1000.0 ==
              doctest::Approx(seat.at("y").to_number<double>() + y).epsilon(1e-9));
      const json::value* own = member(seat, "categoryKey");
      REQUIRE((own != nullptr || category != nullptr));
      REQUIRE(map_.categories()[place.category].key == key_text(own != nullptr ? *own : *category));
      REQUIRE(has(place.flags, PlaceFlags::accessible) == flag(seat, "accessible"));
      REQUIRE(has(place.flags, PlaceFlags::companion) == flag(seat, "companionSeat"));
      REQUIRE(has(place.flags, PlaceFlags::restricted_view) == flag(seat, "restrictedView"));
      ++places;
    }
  }

  const SeatMap& map_;
};

struct Sample {
  const char* file;
  std::uint32_t places;
  std::uint64_t admissions;
};

}  // namespace

TEST_CASE("every place of the seats.io samples is imported with its category and coordinates") {
  const char* folder = std::getenv("TICKETCORE_CHARTS");
  if (folder == nullptr) {
    MESSAGE("not compared: TICKETCORE_CHARTS does not name a folder of charts");
    return;
  }
  constexpr Sample samples[] = {{"sampleChart.json", 32, 200},
                                {"sampleChartWithFloors.json", 4, 0},
                                {"sampleChartWithSections.json", 71, 0},
                                {"sampleChartWithTables.json", 7, 0},
                                {"sampleChartWithZones.json", 8'897, 0}};
  for (const Sample& sample : samples) {
    INFO(sample.file);
    const std::filesystem::path path = std::filesystem::path(folder) / sample.file;
    const json::value chart = read_json(path);
    const SeatMap map = load_seat_map(path);
    Walk walk(map);
    if (const json::value* floor = member(chart, "subChart")) walk.floor(*floor);
    if (const json::value* floors = member(chart, "subChartFloors")) {
      for (const json::value& floor : floors->as_array()) walk.floor(floor);
      CHECK(map.floors().size() == floors->as_array().size());
    }
    CHECK(walk.places == sample.places);
    CHECK(map.place_count() == sample.places);
    CHECK(walk.admissions == sample.admissions);
    CHECK(map.categories().size() == chart.at("categories").at("list").as_array().size());
  }
}

TEST_CASE("zones, entrances and floors come along") {
  const SeatMap map = parse_seat_map(
      R"({"name": "Z", "categories": {"list": [{"key": 1, "label": "One", "color": "#112233"}]},
    "zones": {"list": [{"key": "z", "label": "Zone", "focalPoint": {"x": 5, "y": 6}}]},
    "subChartFloors": [{"floorName": "1", "floorDisplayName": "Ground", "rows": [], "tables": [],
      "booths": [{"label": "K1", "center": {"x": 3, "y": 4}, "categoryKey": 1}],
      "sections": [{"label": "S", "zone": "z", "entrance": "East", "categoryKey": 1,
        "topLeft": {"x": 100, "y": 200},
        "subChart": {"rows": [{"label": "A", "seats": [{"label": "1", "x": 1, "y": 1},
          {"label": "2", "x": 2, "y": 1}, {"label": "3", "x": 4.2, "y": 1}]}]}}]}]})");
  CHECK(map.sections()[1].entrance == "East");
  CHECK(map.focal_point_of({1}) == Point{5'000, 6'000});
  CHECK(map.places()[map.find_place("S-A-1")->value].position == Point{101'000, 201'000});
  // A step of more than half as far again as usual is an aisle.
  CHECK(map.places()[map.find_place("S-A-3")->value].slot ==
        map.places()[map.find_place("S-A-2")->value].slot + 2);
  CHECK(map.places()[map.find_place("K1")->value].kind == PlaceKind::booth);
  CHECK(map.floors()[0].name == "Ground");
}

TEST_CASE("a chart whose categories are missing says where") {
  CHECK_THROWS_WITH_AS((void)parse_seat_map(
                           R"({"name": "N", "categories": {"list": []}, "subChart": {"sections": [], "rows": [
    {"label": "A", "seats": [{"label": "1", "x": 1, "y": 1, "categoryKey": 7}]}]}})"),
                       doctest::Contains("/subChart/rows/0/seats/0: names category 7"), SeatMapError);
}

TEST_CASE(
    "a seat that its section's corner moves out of range is reported, not wrapped round to the other side") {
  const std::string chart =
      R"({"name": "Far", "categories": {"list": [{"key": 1, "label": "A", "color": "#123456"}]},
    "subChart": {"sections": [{"label": "S", "categoryKey": 1, "topLeft": {"x": 1500000, "y": 0},
      "subChart": {
      "rows": [{"label": "1", "seats": [{"label": "1", "x": 1500000, "y": 0}]}],
      "shapes": [{"center": {"x": 0, "y": 0}, "radius1": 1999999, "radius2": 1}]}}]}})";
  CHECK_THROWS_WITH_AS((void)parse_seat_map(chart),
                       doctest::Contains("row S-1, seat 1: stands further than 2000000"), SeatMapError);
  CHECK_THROWS_WITH_AS((void)parse_seat_map(chart), doctest::Contains("shape : reaches further than 2000000"),
                       SeatMapError);
}
