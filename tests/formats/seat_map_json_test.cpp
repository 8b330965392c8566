#include "ticketcore/formats/seat_map_json.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "little_house.hpp"
#include "ticketcore/base/errors.hpp"

using namespace ticketcore;

namespace {

[[nodiscard]] std::string problems_of(std::string_view json) {
  try {
    (void)parse_seat_map(json);
  } catch (const SeatMapError& error) {
    return error.what();
  }
  return "none";
}

[[nodiscard]] bool mentions(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the opera house has its places, and room between them") {
  const SeatMap map = load_seat_map(std::filesystem::path(TICKETCORE_SOURCE_DIR) / "examples" / "venues" /
                                    "opera_house.json");
  CHECK(map.place_count() == 1'278);
  CHECK(map.capacity() == 1'358);
  CHECK(map.find_place("Stalls-A-1").has_value());
  const PlaceIndex wheelchair = *map.find_place("Stalls-W-1");
  CHECK(has(map.places()[wheelchair.value].flags, PlaceFlags::accessible));
  CHECK(has(map.places()[wheelchair.value + 1].flags, PlaceFlags::companion));
  // The aisle after the eighth seat is two slots wide.
  CHECK(map.places()[map.find_place("Stalls-A-9")->value].slot ==
        map.places()[map.find_place("Stalls-A-8")->value].slot + 3);
  double nearest = 1e9;
  for (std::uint32_t a = 0; a < map.place_count(); ++a) {
    for (std::uint32_t b = a + 1; b < map.place_count(); ++b) {
      const Point one = map.places()[a].position;
      const Point two = map.places()[b].position;
      nearest = std::min(nearest, std::hypot(one.x - two.x, one.y - two.y));
    }
  }
  CHECK(nearest > 20'000);
}

TEST_CASE("a map written and read again is the same map") {
  const auto map = little::house();
  CHECK(parse_seat_map(seat_map_to_json(*map)).data() == map->data());
}

TEST_CASE("a file's mistakes are listed together, each with its place") {
  const std::string problems =
      problems_of(R"({"format": "ticketcore/seat-map", "version": 1, "name": "Bad", "colour": 1,
    "categories": [{"key": "a", "name": "A", "color": "blue"}],
    "sections": [{"label": "S", "rows": [
      {"label": "1", "category": "b", "seats": [
        {"label": "1", "x": "left", "y": 0}, {"label": "1", "x": 1, "y": 0, "flags": ["vip"]}]},
      {"labels": "A-C", "category": "a", "blocks": [3], "accessible": ["9"],
        "line": {"from": {"x": 0, "y": 5}, "step": {"x": 1, "y": 0}}},
      {"label": "T"}]}]})");
  CHECK(mentions(problems, "/colour: is not known here; known are $schema"));
  CHECK(mentions(problems, "category a: has the color \"blue\""));
  CHECK(mentions(problems, "/sections/0/rows/0/category: there is no category \"b\""));
  CHECK(mentions(problems, "/sections/0/rows/0/seats/0/x: must be a number"));
  CHECK(mentions(problems, "/sections/0/rows/0/seats/1/flags/0: \"vip\" must be"));
  CHECK(mentions(problems, "S-1-1: stands twice"));
  CHECK(mentions(problems, "/sections/0/rows/1: names seat \"9\", which none of these rows has"));
  CHECK(mentions(problems, "/sections/0/rows/2: a row needs"));
}

TEST_CASE("what is no chart is refused with its reason") {
  CHECK(mentions(problems_of("{\"a\": [1,\n 2,, 3]}"), "line 2, column"));
  CHECK(mentions(problems_of(""), "is not JSON"));
  CHECK(mentions(problems_of("{} {}"), "is not JSON"));
  CHECK(mentions(problems_of("[]"), "neither a ticketcore seat map"));
  CHECK(
      mentions(problems_of(R"({"format": "ticketcore/seat-map", "version": 2, "name": "x", "sections": []})"),
               "newer than this library"));
  CHECK(
      mentions(problems_of(R"({"format": "ticketcore/seat-map", "version": 1, "name": "x", "sections": []})"),
               "no place and no area"));
  std::string deep(100'000, '[');
  CHECK(mentions(problems_of(deep), "is not JSON"));
  CHECK(mentions(problems_of(
                     R"({"format": "ticketcore/seat-map", "version": 1, "name": "x",
    "categories": [{"key": "a", "color": "#000000"}],
    "sections": [{"rows": [
      {"label": "A", "category": "a", "seats": [{"label": "1", "x": 1e300, "y": 0}]}]}]})"),
                 "/sections/0/rows/0/seats/0/x: must be a number from"));
  CHECK_THROWS_WITH_AS((void)load_seat_map("/nowhere/chart.json"), doctest::Contains("/nowhere/chart.json"),
                       Error);
}

TEST_CASE("every cut of a good file is an error and never worse") {
  const std::string good = seat_map_to_json(*little::house());
  for (std::size_t size = 0; size < good.size(); size += 7)
    CHECK_THROWS_AS((void)parse_seat_map(std::string_view(good).substr(0, size)), SeatMapError);
}

TEST_CASE("a short file that asks for more than a map may have is refused before memory is spent on it") {
  const auto with_rows = [](const std::string& rows) {
    return R"({"format": "ticketcore/seat-map", "version": 1, "name": "Bomb",
      "categories": [{"key": "a", "color": "#123456"}],
      "sections": [{"label": "S", "category": "a", "rows": [
        {"labels": "1-9999", "line": {"from": {"x": 0, "y": 0}, "step": {"x": 1, "y": 0}}, )" +
           rows + "}]}]}";
  };
  CHECK(mentions(problems_of(with_rows(R"("blocks": [4096])")),
                 "/sections/0/rows/0: brings the map to 40955904 places; at most 1500000 are possible"));
  std::string many = "1";
  for (int block = 1; block < 5'000; ++block) many += ",1";
  CHECK(mentions(problems_of(with_rows("\"blocks\": [" + many + "]")),
                 "lists 5000 blocks in a row; at most 4096"));
}
