#include "ticketcore/venue/seat_map.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ticketcore/log/log.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

using namespace ticketcore;

namespace {

const Category stalls_category{"stalls", "Stalls", "#1F77B4"};

/// A small house: stalls A-B of three seats with an aisle, a table sold by the chair, a table and a booth
/// sold whole, a standing area.
SeatMapBuilder small_house() {
  SeatMapBuilder builder("House");
  const CategoryIndex category = builder.add_category(stalls_category);
  const CategoryIndex cheap = builder.add_category({"cheap", "Cheap", "#aabbcc"});
  const SectionIndex section = builder.add_section({.label = "Stalls"});
  for (const char* row : {"A", "B"}) {
    builder.add_row(section, row);
    builder.add_seat({.label = "1", .position = {0, 0}, .category = category});
    builder.add_seat({.label = "3", .position = {500, 0}, .category = category});
    builder.add_seat({.label = "2",
                      .position = {1500, 0},
                      .category = category,
                      .flags = PlaceFlags::accessible,
                      .gap_before = 1});
  }
  builder.add_row(builder.no_section(), "T1", RowKind::table);
  builder.add_seat({.label = "N", .category = cheap});
  builder.add_seat({.label = "S", .category = cheap});
  builder.add_whole(builder.no_section(), "T2", PlaceKind::table, 6, {9, 9}, cheap);
  builder.add_whole(section, "Box", PlaceKind::booth, 4, {9, 9}, cheap, PlaceFlags::restricted_view);
  builder.add_area({.label = "Pit", .section = section, .category = cheap, .capacity = 300});
  builder.add_area({.label = "Lawn", .section = builder.no_section(), .category = cheap, .capacity = 40});
  return builder;
}

/// Three seats in one row, valid; tests spoil it.
SeatMapData three_seats() {
  SeatMapData data;
  data.name = "Three";
  data.categories = {stalls_category};
  data.sections = {{.label = "Stalls"}};
  data.rows = {{.label = "A", .section = {0}, .first_place = 0, .place_count = 3}};
  data.labels = {"1", "2", "3"};
  for (std::uint16_t seat = 0; seat < 3; ++seat) data.places.push_back({.label = seat, .slot = seat});
  return data;
}

std::vector<std::string> problems_of(SeatMapData data) {
  std::vector<std::string> texts;
  try {
    const SeatMap map(std::move(data));
  } catch (const SeatMapError& error) {
    for (const SeatMapProblem& problem : error.problems())
      texts.push_back(problem.where + ": " + problem.what);
  }
  return texts;
}

/// The problems of three_seats() after change has spoiled it.
template <class Change>
std::vector<std::string> problems_after(Change change) {
  SeatMapData data = three_seats();
  change(data);
  return problems_of(std::move(data));
}

using Texts = std::vector<std::string>;

// The members of everything that a map is made of: one that has a member more does not come apart, and does
// not compile.
auto parts(SeatMapData& it) {
  auto& [name, focal_point, categories, floors, zones, sections, rows, places, labels, areas, shapes, order] =
      it;
  return std::tie(name, focal_point, categories, floors, zones, sections, rows, places, labels, areas, shapes,
                  order);
}
auto parts(Category& it) {
  auto& [key, name, color] = it;
  return std::tie(key, name, color);
}
auto parts(Floor& it) {
  auto& [name] = it;
  return std::tie(name);
}
auto parts(Zone& it) {
  auto& [key, name, focal_point] = it;
  return std::tie(key, name, focal_point);
}
auto parts(Section& it) {
  auto& [label, floor, zone, entrance, outline] = it;
  return std::tie(label, floor, zone, entrance, outline);
}
auto parts(Row& it) {
  auto& [label, section, first_place, place_count, kind] = it;
  return std::tie(label, section, first_place, place_count, kind);
}
auto parts(Place& it) {
  auto& [position, label, row, slot, seats, category, kind, flags] = it;
  return std::tie(position, label, row, slot, seats, category, kind, flags);
}
auto parts(Area& it) {
  auto& [label, section, category, capacity, center, outline, retired] = it;
  return std::tie(label, section, category, capacity, center, outline, retired);
}
auto parts(Shape& it) {
  auto& [kind, label, outline] = it;
  return std::tie(kind, label, outline);
}
auto parts(Point& it) {
  auto& [x, y] = it;
  return std::tie(x, y);
}

/// Gives each member in turn what its type holds and a map must not, calls refused, and puts back what was
/// there. Of the rest, the ends of the numbers, it calls allowed.
struct OddParts {
  std::function<void()> refused;
  std::function<void()> allowed;

  template <class T>
  void each(T& part) const {
    if constexpr (std::is_enum_v<T>) {
      for (const int number : {16, 55, 128, 255}) put(part, static_cast<T>(number), refused);
    } else if constexpr (std::same_as<T, std::string>) {
      for (const char* text : {"a\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xE2\x82"})
        put(part, std::string(text), refused);
      for (const char* text : {"a\x1B[31m", "a\nb", "\xC2\x85"})
        put(part, std::string(text), lines_are_right ? allowed : refused);
    } else if constexpr (std::integral<T>) {
      for (const T number : {std::numeric_limits<T>::min(), T{0}, std::numeric_limits<T>::max()})
        put(part, number, allowed);
    } else if constexpr (requires { parts(part); }) {
      lines_are_right = std::same_as<T, Shape>;
      std::apply([this](auto&... member) { (each(member), ...); }, parts(part));
      lines_are_right = false;
    } else if constexpr (requires { part.front(); }) {
      for (auto& item : part) each(item);
    } else if constexpr (requires { *part; }) {
      if (part) each(*part);
    } else {
      each(part.value);
    }
  }

  template <class T>
  static void put(T& part, T other, const std::function<void()>& attempt) {
    T before = std::exchange(part, std::move(other));
    attempt();
    part = std::move(before);
  }
  mutable bool lines_are_right = false;  ///< What is drawn may have several lines of text.
};

}  // namespace

TEST_CASE("a label is section, row and seat joined by dashes, without what is empty") {
  const SeatMap map = small_house().build();
  CHECK(map.label(PlaceIndex{0}) == "Stalls-A-1");
  CHECK(map.label(PlaceIndex{5}) == "Stalls-B-2");
  CHECK(map.label(PlaceIndex{6}) == "T1-N");
  CHECK(map.label(PlaceIndex{8}) == "T2");
  CHECK(map.label(PlaceIndex{9}) == "Stalls-Box");
  CHECK(map.label(AreaIndex{0}) == "Stalls-Pit");
  CHECK(map.label(AreaIndex{1}) == "Lawn");
  CHECK(map.seat_label(PlaceIndex{5}) == "2");
  CHECK(map.seat_label(PlaceIndex{8}).empty());
}

TEST_CASE("every place is found by its whole label, and by nothing else") {
  const SeatMap map = small_house().build();
  for (std::uint32_t index = 0; index < map.place_count(); ++index)
    CHECK(map.find_place(map.label(PlaceIndex{index})) == PlaceIndex{index});
  for (const char* unknown : {"", "-", "Stalls", "Stalls-A", "Stalls-A-", "Stalls-A-4", "stalls-A-1",
                              "StallsA1", "A-1", "Stalls-A-1-", "T2-", "-T2", "Stalls-Pit"}) {
    CAPTURE(unknown);
    CHECK_FALSE(map.find_place(unknown));
  }
}

TEST_CASE("areas and categories are found by name") {
  const SeatMap map = small_house().build();
  CHECK(map.find_area("Stalls-Pit") == AreaIndex{0});
  CHECK(map.find_area("Lawn") == AreaIndex{1});
  CHECK_FALSE(map.find_area("Pit"));
  CHECK(map.find_category("cheap") == CategoryIndex{1});
  CHECK_FALSE(map.find_category("Cheap"));
}

TEST_CASE("capacity is the places and the admissions of all areas") {
  const SeatMap map = small_house().build();
  CHECK(map.place_count() == 10);
  CHECK(map.capacity() == 350);
  CHECK(map.name() == "House");
}

TEST_CASE("a gap takes slots, so that the seats at its sides don't adjoin") {
  const SeatMap map = small_house().build();
  CHECK(map.places()[0].slot == 0);
  CHECK(map.places()[1].slot == 1);
  CHECK(map.places()[2].slot == 3);
  CHECK(map.places()[2].row == RowIndex{0});
  CHECK(map.places()[8].seats == 6);
  CHECK(map.rows()[4].kind == RowKind::booth);
  CHECK(map.places()[9].kind == PlaceKind::booth);
  CHECK(map.places()[9].flags == PlaceFlags::restricted_view);
}

TEST_CASE("a seat's own label is kept once, however many seats have it") {
  const SeatMap map = small_house().build();
  CHECK(map.data().labels == Texts{"1", "3", "2", "N", "S", ""});
}

TEST_CASE("a zone's focal point overrides the map's for its sections") {
  SeatMapBuilder builder("Track");
  const CategoryIndex category = builder.add_category(stalls_category);
  builder.focal_point({7, 8});
  const std::uint32_t finish =
      builder.add_zone({.key = "finish", .name = "Finish", .focal_point = Point{100, 200}});
  const std::uint32_t hill = builder.add_zone({.key = "hill", .name = "Hill"});
  for (const auto zone : {std::optional(finish), std::optional(hill), std::optional<std::uint32_t>()}) {
    const SectionIndex section =
        builder.add_section({.label = "S" + std::to_string(zone.value_or(9)), .zone = zone});
    builder.add_row(section, "A");
    builder.add_seat({.label = "1", .category = category});
  }
  const SeatMap map = builder.build();
  CHECK(map.focal_point_of({0}) == Point{100, 200});
  CHECK(map.focal_point_of({1}) == Point{7, 8});
  CHECK(map.focal_point_of({2}) == Point{7, 8});
}

TEST_CASE("a map may have nothing but a standing area, or no focal point") {
  SeatMapBuilder builder("Field");
  const CategoryIndex category = builder.add_category(stalls_category);
  builder.add_area(
      {.label = "Field", .section = builder.no_section(), .category = category, .capacity = 10'000'000});
  const SeatMap map = builder.build();
  CHECK(map.capacity() == 10'000'000);
  CHECK_FALSE(map.find_place("Field"));
  CHECK_FALSE(map.focal_point_of({0}));
}

TEST_CASE("two labels that join to the same text are one label too many") {
  SeatMapBuilder builder("Ambiguous");
  const CategoryIndex category = builder.add_category(stalls_category);
  builder.add_row(builder.add_section({.label = "A-B"}), "C");
  builder.add_seat({.label = "1", .category = category});
  builder.add_row(builder.add_section({.label = "A"}), "B-C");
  builder.add_seat({.label = "1", .category = category});
  CHECK_THROWS_WITH_AS(
      static_cast<void>(builder.build()),
      "the seat map has 1 problem:\n  A-B-C-1: stands twice; whole labels must be unique in the map",
      SeatMapError);
}

TEST_CASE("a place and an area can't share a label") {
  SeatMapBuilder builder = small_house();
  builder.add_area({.label = "T2", .section = builder.no_section(), .category = {0}, .capacity = 1});
  CHECK_THROWS_WITH_AS(static_cast<void>(builder.build()), doctest::Contains("T2: is a place and an area"),
                       SeatMapError);
}

TEST_CASE("each thing that can be wrong with a chart is named") {
  CHECK(problems_of(three_seats()).empty());
  const std::string row = "row Stalls-A";
  CHECK(problems_after([](auto& data) { data.rows.clear(), data.places.clear(); }) ==
        Texts{"map: has no place and no area; a map needs at least one"});
  CHECK(problems_after([](auto& data) { data.categories[0].color = "blue"; }) ==
        Texts{"category stalls: has the color \"blue\"; it must read like #1F77B4"});
  CHECK(problems_after([](auto& data) { data.categories.push_back(stalls_category); }) ==
        Texts{"category stalls: stands twice; keys must be unique"});
  CHECK(problems_after([](auto& data) { data.categories[0].key = ""; }) ==
        Texts{"category : has no label; it needs one of 1 to 100 bytes"});
  CHECK(problems_after([](auto& data) { data.sections[0].floor = 0; }) ==
        Texts{"section Stalls: names a floor that does not exist"});
  CHECK(problems_after([](auto& data) { data.sections[0].zone = 0; }) ==
        Texts{"section Stalls: names a zone that does not exist"});
  CHECK(problems_after([](auto& data) { data.rows[0].section = {1}; }) ==
        Texts{"row A: stands in a section that does not exist"});
  CHECK(problems_after([&](auto& data) { data.rows.push_back({.label = "B", .first_place = 3}); }) ==
        Texts{"row Stalls-B: has no seats; leave it out or give it some"});
  CHECK(problems_after([&](auto& data) { data.rows[0].first_place = 1; }).front() ==
        row + ": does not take up the places after the row before it");
  CHECK(problems_after([&](auto& data) { data.rows[0].place_count = 4; }).front() ==
        row + ": does not take up the places after the row before it");
  CHECK(problems_after([&](auto& data) { data.rows[0].place_count = 2; }) ==
        Texts{"map: has places that stand in no row"});
  CHECK(problems_after([&](auto& data) { data.places[1].row = {1}; }) ==
        Texts{row + ", seat 2: names another row"});
  CHECK(problems_after([&](auto& data) { data.places[1].slot = 0; }) ==
        Texts{row + ", seat 2: has a slot that is not above that of the seat before it"});
  CHECK(problems_after([&](auto& data) { data.places[2].slot = 4096; }) ==
        Texts{row + ": has more than 4096 positions"});
  CHECK(problems_after([&](auto& data) { data.places[2].label = 3; }) ==
        Texts{row + ": has a seat whose label does not exist"});
  CHECK(problems_after([&](auto& data) { data.places[2].category = 1; }) ==
        Texts{row + ", seat 3: has no category; every place needs one"});
  CHECK(problems_after([&](auto& data) { data.places[2].seats = 0; }) ==
        Texts{row + ", seat 3: has no chair"});
  CHECK(problems_after([&](auto& data) { data.places[2].seats = 2; }) ==
        Texts{row + ", seat 3: is one seat with 2 chairs"});
  CHECK(problems_after([&](auto& data) { data.places[2].kind = PlaceKind::booth; }) ==
        Texts{row + ", seat 3: is of another kind than its row"});
  CHECK(problems_after([&](auto& data) { data.places[2].position.y = -2'000'000'001; }) ==
        Texts{row + ", seat 3: stands further than 2000000 from the chart's origin"});
  CHECK(problems_after([&](auto& data) { data.labels[2] = ""; }) ==
        Texts{row + ": has no label; it needs one of 1 to 100 bytes"});
  CHECK(problems_after([&](auto& data) { data.labels[2] = "a\nb"; }) ==
        Texts{row + ", seat a\nb: has a control character in its label"});
  CHECK(problems_after([&](auto& data) { data.labels[2] = "a\xC2\x85z"; }) ==
        Texts{row + ", seat a\xC2\x85z: has a control character in its label"});
  CHECK(problems_after([&](auto& data) { data.sections[0].label = std::string(101, 'x'); })
            .front()
            .ends_with("has a label of 101 bytes; at most 100 are possible"));
  CHECK(problems_after([&](auto& data) { data.labels[2] = "1"; }) ==
        Texts{"Stalls-A-1: stands twice; whole labels must be unique in the map"});
  CHECK(problems_after([&](auto& data) { data.rows[0].kind = RowKind::booth; }).front() ==
        row + ": is sold as one and has several places; it needs a row of its own");
  CHECK(problems_after([&](auto& data) { data.sections.resize(65'536); }) ==
        Texts{"map: has 65536 sections; at most 65535 are possible"});
}

TEST_CASE("each thing that can be wrong with a standing area is named") {
  const auto with = [](Area area) {
    return problems_after([&](auto& data) { data.areas.push_back(std::move(area)); });
  };
  CHECK(with({.label = "Pit", .capacity = 1}).empty());
  CHECK(with({.label = "Pit"}) == Texts{"area Pit: has a capacity of 0; 1 to 10000000 are possible"});
  CHECK(with({.label = "Pit", .capacity = 10'000'001}).size() == 1);
  CHECK(with({.label = "", .capacity = 1}) == Texts{"area : has no label; it needs one of 1 to 100 bytes"});
  CHECK(with({.label = "Pit", .section = {1}, .capacity = 1}) ==
        Texts{"area Pit: stands in a section that does not exist"});
  CHECK(with({.label = "Pit", .category = {1}, .capacity = 1}) ==
        Texts{"area Pit: has no category; every area needs one"});
  CHECK(problems_after([](auto& data) { data.areas.assign(2, {.label = "Pit", .capacity = 1}); }) ==
        Texts{"area Stalls-Pit: stands twice; labels must be unique"});
}

TEST_CASE("what is only drawn has limits too") {
  constexpr std::int32_t too_far = limits::coordinate * 1'000 + 1;
  const std::string reach = ": reaches further than 2000000 from the chart's origin";
  CHECK(problems_after([](auto& data) { data.focal_point = Point{too_far, 0}; }) == Texts{"map" + reach});
  CHECK(problems_after([](auto& data) {
          data.zones.push_back({"z", "Z", Point{0, -too_far}});
        }) == Texts{"zone z" + reach});
  CHECK(problems_after([](auto& data) {
          data.areas.push_back({.label = "Pit", .capacity = 1, .center = {0, too_far}});
        }) == Texts{"area Pit" + reach});
  CHECK(problems_after([](auto& data) {
          data.sections[0].outline = {{0, 0}, {too_far, 0}};
        }) == Texts{"section Stalls" + reach});
  CHECK(problems_after([](auto& data) { data.sections[0].outline.resize(10'001); }) ==
        Texts{"section Stalls: has an outline of 10001 points; at most 10000 are possible"});
  CHECK(problems_after([](auto& data) {
          data.shapes.push_back({ShapeKind::text, std::string(1'001, 'x'), {}});
        })
            .front()
            .ends_with("has a text of 1001 bytes; at most 1000 are possible"));
  CHECK(problems_after([](auto& data) { data.shapes.resize(100'001); }) ==
        Texts{"map: has 100001 shapes; at most 100000 are possible"});
  CHECK(problems_after([](auto& data) { data.floors.resize(1'025); }) ==
        Texts{"map: has 1025 floors; at most 1024 are possible"});
  CHECK(problems_after([](auto& data) { data.zones.resize(1'025); }) ==
        Texts{"map: has 1025 zones; at most 1024 are possible"});
}

TEST_CASE("whatever stands in a map, it is refused or can be read back") {
  SeatMapData data = small_house().build().data();
  data.focal_point = Point{0, 0};
  data.floors = {{"Ground"}};
  data.zones = {{"left", "Left", Point{1, 1}}};
  data.sections[0] = {"Stalls", 0, 0, "Door 1", {{0, 0}, {1, 1}, {2, 0}}};
  data.shapes = {{ShapeKind::text, "Stage", {{0, 0}}}};
  int count = 0;
  const auto readable = [&] {
    ++count;
    std::optional<SeatMap> map;
    try {
      map.emplace(data);
    } catch (const SeatMapError&) {
      return;
    }
    CHECK(decode_seat_map(encode_seat_map(*map), "what was built").data() == data);
  };
  readable();
  OddParts{[&] { CHECK_THROWS_AS(SeatMap{data}, SeatMapError); }, readable}.each(data);
  CHECK(count > 200);
}

TEST_CASE("all problems of a chart are listed, not just the first") {
  const Texts problems = problems_after([](auto& data) {
    data.categories[0].color = "";
    data.sections[0].zone = 4;
    data.places[0].seats = 0;
    data.places[2].category = 9;
    data.areas.push_back({.label = "Pit"});
  });
  REQUIRE(problems.size() == 5);
  SeatMapData data = three_seats();
  data.categories[0].color = "";
  data.places[0].seats = 0;
  CHECK_THROWS_WITH_AS(SeatMap(std::move(data)),
                       "the seat map has 2 problems:\n  category stalls: has the color \"\"; it must read "
                       "like #1F77B4\n  row Stalls-A, seat 1: has no chair",
                       SeatMapError);
}

TEST_CASE("a builder lists what its caller found together with what the check adds, and is empty then") {
  SeatMapBuilder builder = small_house();
  builder.problem("/sections/3", "has no name");
  builder.add_row({77}, "Z");
  CHECK(builder.has_problems());
  try {
    const SeatMap map = builder.build();
    FAIL("built");
  } catch (const SeatMapError& error) {
    REQUIRE(error.problems().size() == 2);
    CHECK(error.problems()[0].where == "/sections/3");
    CHECK(error.problems()[1].where == "row Z");
  }
  CHECK_FALSE(builder.has_problems());
  CHECK_THROWS_WITH_AS(static_cast<void>(builder.build()), doctest::Contains("no place and no area"),
                       SeatMapError);
}

TEST_CASE("a builder accepts no index that would wrap round to another one") {
  SeatMapBuilder builder("Wrapped");
  builder.add_category(stalls_category);
  builder.add_row(builder.no_section(), "A");
  builder.add_seat({.label = "1", .category = {65'536}});
  CHECK_THROWS_WITH_AS(static_cast<void>(builder.build()), doctest::Contains("has no category"),
                       SeatMapError);

  const CategoryIndex category = builder.add_category(stalls_category);
  builder.add_row(builder.no_section(), "A");
  for (int seat = 0; seat < 70'000; ++seat)
    builder.add_seat({.label = std::to_string(seat), .category = category});
  CHECK_THROWS_WITH_AS(static_cast<void>(builder.build()),
                       "the seat map has 1 problem:\n  row A: has more than 4096 positions", SeatMapError);
}

TEST_CASE("a row may use every slot up to the limit") {
  SeatMapBuilder builder("Bench");
  const CategoryIndex category = builder.add_category(stalls_category);
  builder.add_row(builder.no_section(), "A");
  for (int seat = 0; seat < 4'096; ++seat)
    builder.add_seat({.label = std::to_string(seat), .category = category});
  CHECK(builder.build().places().back().slot == 4'095);
}

TEST_CASE("a seat needs a row to stand in") {
  SeatMapBuilder builder("Loose");
  CHECK_THROWS_AS(builder.add_seat({.label = "1"}), std::logic_error);
}

TEST_CASE(
    "a house of 100,000 seats is built and searched, and one of 100,000 doubles is refused, without "
    "waiting") {
  SeatMapBuilder builder("Arena");
  const CategoryIndex category = builder.add_category(stalls_category);
  SeatMapData doubles = three_seats();
  for (std::uint32_t section = 0; section < 50; ++section) {
    const SectionIndex index = builder.add_section({.label = "Block " + std::to_string(section)});
    for (std::uint32_t row = 0; row < 50; ++row) {
      builder.add_row(index, std::to_string(row));
      for (std::uint32_t seat = 0; seat < 40; ++seat)
        builder.add_seat({.label = std::to_string(seat), .category = category});
    }
  }
  const SeatMap map = builder.build();
  bool all_found = true;
  for (std::uint32_t index = 0; index < map.place_count(); ++index)
    all_found = all_found && map.find_place(map.label(PlaceIndex{index})) == PlaceIndex{index};
  CHECK(all_found);

  doubles.rows.clear();
  doubles.places.clear();
  for (std::uint32_t place = 0; place < 100'000; ++place) {
    doubles.rows.push_back({.label = "A", .section = {0}, .first_place = place, .place_count = 1});
    doubles.places.push_back({.label = 0, .row = {place}});
  }
  CHECK(problems_of(std::move(doubles)).size() == 99'999);
}
