#include "ticketcore/venue/best_available.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "ticketcore/base/limits.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

using namespace ticketcore;

namespace {

constexpr CategoryIndex stalls{0};

/// A house from a drawing, a string per row, the stage at the top. o seat, x seat that is sold, r seat of
/// restricted view, W wheelchair place, c companion place, space: aisle, 2 seat of the second category. Rows
/// are centred on x = 0.
class House {
 public:
  explicit House(const std::vector<std::string>& drawing, std::optional<Point> focal_point = Point{0, -1'000})
      : map_(build(drawing, focal_point)), free_(map_) {
    std::uint32_t place = 0;
    for (const std::string& row : drawing) {
      for (const char mark : row) {
        if (mark == ' ') continue;
        if (mark == 'x') free_.take(PlaceIndex{place});
        ++place;
      }
    }
  }

  /// The labels of the answer, "A1 A2": the row's letter and the column of the drawing counted from 1.
  [[nodiscard]] std::string best(const BestAvailable& wish) const {
    const auto places = find_best_available(map_, free_, wish);
    if (!places) return "none";
    std::string text;
    for (const PlaceIndex place : *places) text += (text.empty() ? "" : " ") + map_.label(place);
    return text;
  }
  std::string take(const BestAvailable& wish) {
    std::string text = best(wish);
    if (const auto places = find_best_available(map_, free_, wish)) free_.take(*places);
    return text;
  }
  [[nodiscard]] const SeatMap& map() const { return map_; }
  [[nodiscard]] FreeSeats& free() { return free_; }

 private:
  static SeatMap build(const std::vector<std::string>& drawing, std::optional<Point> focal_point) {
    SeatMapBuilder builder("House");
    builder.add_category({"stalls", "Stalls", "#1F77B4"});
    builder.add_category({"second", "Second", "#FF7F0E"});
    if (focal_point) builder.focal_point(*focal_point);
    const SectionIndex section = builder.no_section();
    int y = 0;
    for (const std::string& row : drawing) {
      // Rows have no label of their own here, so that a place's whole label is short.
      builder.add_row(section, "");
      std::uint16_t gap = 0;
      for (std::size_t column = 0; column < row.size(); ++column) {
        if (row[column] == ' ') {
          ++gap;
          continue;
        }
        const char mark = row[column];
        const PlaceFlags flags = mark == 'r'   ? PlaceFlags::restricted_view
                                 : mark == 'W' ? PlaceFlags::accessible
                                 : mark == 'c' ? PlaceFlags::companion
                                               : PlaceFlags::none;
        const std::string label = static_cast<char>('A' + y) + std::to_string(column + 1);
        const auto x =
            static_cast<std::int32_t>(column * 500) - static_cast<std::int32_t>((row.size() - 1) * 250);
        builder.add_seat({.label = label,
                          .position = {x, y * 1'000},
                          .category = {mark == '2' ? 1U : 0U},
                          .flags = flags,
                          .gap_before = gap});
        gap = 0;
      }
      ++y;
    }
    return builder.build();
  }

  SeatMap map_;
  FreeSeats free_;
};

}  // namespace

TEST_CASE("the best seats are in front, in the middle") {
  House house({"oooooooo", "oooooooo"});
  CHECK(house.best({.count = 2}) == "A4 A5");
  CHECK(house.best({.count = 4}) == "A3 A4 A5 A6");
  CHECK(house.best({.count = 8}) == "A1 A2 A3 A4 A5 A6 A7 A8");
  CHECK(house.best({.count = 9}) == "none");
}

TEST_CASE("of two blocks equally near the middle the one on the left is taken") {
  House house({"oooooooo"});
  CHECK(house.best({.count = 3}) == "A3 A4 A5");
  CHECK(house.best({.count = 1}) == "A4");
}

TEST_CASE("the centre is that of the whole row, however much of it is sold") {
  CHECK(House({"xxxxxxoooooo"}).best({.count = 2}) == "A7 A8");
  CHECK(House({"ooooooxxxxxx"}).best({.count = 2}) == "A5 A6");
  CHECK(House({"oooxxxxxxooo"}).best({.count = 2}) == "A2 A3");
}

TEST_CASE("a row back that is two pitches deep is as bad as four seats off centre") {
  // Three and four seats off the centre of A, or the centre of B.
  CHECK(House({"ooooxxxxoooo", "oooooooooooo"}).best({.count = 2}) == "A3 A4");
  CHECK(House({"oooxxxxxxooo", "oooooooooooo"}).best({.count = 2}) == "B6 B7");
}

TEST_CASE("of equal scores the block nearer to its row's middle wins") {
  // Without a focal point a row counts as one pitch behind the other: as much as two seats off centre.
  CHECK(House({"ooxxxx", "oooooo"}, std::nullopt).best({.count = 2}) == "B3 B4");
  CHECK(House({"xoooxx", "oooooo"}, std::nullopt).best({.count = 2}) == "A3 A4");
}

TEST_CASE("of equal scores the seats nearer to the focal point win, in a row that is off centre") {
  // The stage is a little to the right of the row's middle, or a little to the left.
  const Point right{300, -1'000};
  const Point left{-300, -1'000};
  CHECK(House({"oooooooo"}, right).best({.count = 1}) == "A5");
  CHECK(House({"oooooooo"}, left).best({.count = 1}) == "A4");
  CHECK(House({"oooooooo"}, right).best({.count = 3}) == "A4 A5 A6");
  CHECK(House({"oooooooo"}, left).best({.count = 3}) == "A3 A4 A5");
  CHECK(House({"ooxxxxoo"}, right).best({.count = 2}) == "A7 A8");
  // Wheelchair parties, too.
  CHECK(House({"Wc oo cW"}, right).best({.count = 2, .accessible = 1}) == "A7 A8");
  CHECK(House({"Wc oo cW"}, left).best({.count = 2, .accessible = 1}) == "A1 A2");
}

TEST_CASE("of equal scores the seats nearer to the focal point win, in a row that is curved") {
  // Both rows begin and end where they do; the second bends towards the stage in its middle, and so is as
  // deep by its ends.
  SeatMapBuilder builder("Curved");
  builder.focal_point({2'000, -3'000});
  const CategoryIndex category = builder.add_category({"stalls", "Stalls", "#1F77B4"});
  for (const std::int32_t bend : {0, 400}) {
    builder.add_row(builder.no_section(), bend == 0 ? "A" : "B");
    for (std::int32_t seat = 0; seat < 5; ++seat) {
      const std::string label = std::to_string(seat + 1);
      builder.add_seat({.label = label,
                        .position = {seat * 1'000, seat > 0 && seat < 4 ? -bend : 0},
                        .category = category});
    }
  }
  const SeatMap map = builder.build();
  FreeSeats free(map);
  const auto best = [&](std::uint32_t count) {
    return map.label(find_best_available(map, free, {.count = count})->front());
  };
  CHECK(best(1) == "B-3");
  CHECK(best(3) == "B-2");
  // The whole of the row has the same middle, too.
  CHECK(best(5) == "B-1");
  free.take(PlaceIndex{7});
  CHECK(best(1) == "A-3");
}

TEST_CASE("where no seat is nearer to the focal point the block nearer to its row's middle wins") {
  // A row that bends round the stage: all its seats are as far away.
  SeatMapBuilder builder("Arc");
  builder.focal_point({0, 0});
  const CategoryIndex category = builder.add_category({"stalls", "Stalls", "#1F77B4"});
  builder.add_row(builder.no_section(), "A");
  int number = 0;
  for (const Point seat : {Point{-5'000, 0}, Point{-4'000, 3'000}, Point{-3'000, 4'000}, Point{0, 5'000},
                           Point{3'000, 4'000}, Point{4'000, 3'000}, Point{5'000, 0}}) {
    const std::string label = std::to_string(++number);
    builder.add_seat({.label = label, .position = seat, .category = category});
  }
  const SeatMap map = builder.build();
  FreeSeats free(map);
  CHECK(map.label(find_best_available(map, free, {.count = 1})->front()) == "A-4");
  CHECK(map.label(find_best_available(map, free, {.count = 2})->front()) == "A-3");
}

TEST_CASE("of two rows equally far from the focal point the one that comes first in the chart is taken") {
  CHECK(House({"oo", "oo"}, Point{0, 500}).best({.count = 2}) == "A1 A2");
}

TEST_CASE("a party never sits across an aisle") {
  House house({"oo oo", "oo oo"});
  CHECK(house.best({.count = 3}) == "none");
  CHECK(house.take({.count = 2}) == "A1 A2");
  CHECK(house.take({.count = 2}) == "A4 A5");
  CHECK(house.take({.count = 2}) == "B1 B2");
}

TEST_CASE("a party never sits across a sold seat, a seat of another category or the end of a row") {
  CHECK(House({"ooxoo"}).best({.count = 3}) == "none");
  CHECK(House({"oo2oo"}).best({.count = 3}) == "none");
  CHECK(House({"oo", "oo"}).best({.count = 3}) == "none");
  CHECK(House({"oo2oo"}).best({.count = 1, .category = {1}}) == "A3");
}

TEST_CASE("printed numbers say nothing about who sits beside whom") {
  SeatMapBuilder builder("Odd and even");
  const CategoryIndex category = builder.add_category({"stalls", "Stalls", "#1F77B4"});
  builder.add_row(builder.no_section(), "A");
  for (const char* label : {"7", "5", "3", "1", "2", "4", "6", "8"})
    builder.add_seat({.label = label, .category = category});
  builder.add_row(builder.no_section(), "B");
  builder.add_seat({.label = "1", .category = category});
  builder.add_seat({.label = "2", .category = category, .gap_before = 1});
  const SeatMap map = builder.build();
  FreeSeats free(map);
  auto places = find_best_available(map, free, {.count = 4});
  REQUIRE(places);
  CHECK(map.label(places->front()) == "A-3");
  CHECK(map.label(places->back()) == "A-4");
  free.take(std::array{PlaceIndex{0}, PlaceIndex{1}, PlaceIndex{2}, PlaceIndex{3}, PlaceIndex{4},
                       PlaceIndex{5}, PlaceIndex{6}, PlaceIndex{7}});
  CHECK_FALSE(find_best_available(map, free, {.count = 2}));
}

TEST_CASE("without a focal point the rows come in the order of the chart") {
  House house({"oooooo", "oooooo", "oooooo"}, std::nullopt);
  CHECK(house.take({.count = 6}) == "A1 A2 A3 A4 A5 A6");
  CHECK(house.take({.count = 6}) == "B1 B2 B3 B4 B5 B6");
}

TEST_CASE("a focal point at the other end turns the order round") {
  House house({"oooo", "oooo", "oooo"}, Point{0, 9'000});
  CHECK(house.take({.count = 2}) == "C2 C3");
}

TEST_CASE("each zone is judged by its own focal point") {
  SeatMapBuilder builder("Track");
  const CategoryIndex category = builder.add_category({"stand", "Stand", "#1F77B4"});
  builder.focal_point({0, 0});
  const std::uint32_t finish =
      builder.add_zone({.key = "finish", .name = "Finish", .focal_point = Point{100'000, 3'000}});
  const SectionIndex near_start = builder.add_section({.label = "Start"});
  const SectionIndex near_finish = builder.add_section({.label = "Finish", .zone = finish});
  for (const auto& [section, x] : {std::pair(near_start, 0), std::pair(near_finish, 100'000)}) {
    for (int row = 1; row <= 3; ++row) {
      builder.add_row(section, std::to_string(row));
      for (int seat = 0; seat < 3; ++seat)
        builder.add_seat({.label = std::to_string(seat),
                          .position = {x + seat * 500 - 500, row * 1'000},
                          .category = category});
    }
  }
  const SeatMap map = builder.build();
  const FreeSeats free(map);
  const auto places = find_best_available(map, free, {.count = 3});
  REQUIRE(places);
  CHECK(map.label(places->front()) == "Finish-3-0");
}

TEST_CASE("seats of restricted view go only to those who take them") {
  House house({"orro", "oooo"});
  CHECK(house.best({.count = 2}) == "B2 B3");
  CHECK(house.best({.count = 2, .restricted_view = RestrictedView::allow}) == "A2 A3");
  CHECK(house.best({.count = 4, .restricted_view = RestrictedView::allow}) == "A1 A2 A3 A4");
  CHECK(largest_block(house.free(), stalls) == 4);
  CHECK(House({"ooorrr"}).best({.count = 4}) == "none");
  House restricted({"rrr"});
  CHECK(restricted.best({.count = 1}) == "none");
  CHECK(largest_block(restricted.free(), stalls) == 0);
  CHECK(largest_block(restricted.free(), stalls, RestrictedView::allow) == 3);
  CHECK(restricted.take({.count = 1, .restricted_view = RestrictedView::allow}) == "A2");
  CHECK(restricted.best({.count = 2, .restricted_view = RestrictedView::allow}) == "none");
}

TEST_CASE("wheelchair and companion places go only to those who ask") {
  House house({"cWc", "ooo"});
  CHECK(house.best({.count = 1}) == "B2");
  CHECK(house.take({.count = 3}) == "B1 B2 B3");
  CHECK(house.best({.count = 1}) == "none");
  CHECK(house.best({.count = 1, .together = Together::preferred}) == "none");
  CHECK(largest_block(house.free(), stalls) == 0);
  CHECK(house.best({.count = 2, .accessible = 1}) == "A1 A2");
  CHECK(house.best({.count = 3, .accessible = 1}) == "A1 A2 A3");
}

TEST_CASE("companions sit next to the wheelchair, the rest of the party on ordinary seats beside them") {
  CHECK(House({"oooWcooo"}).best({.count = 2, .accessible = 1}) == "A4 A5");
  CHECK(House({"oooWcooo"}).best({.count = 3, .accessible = 1}) == "A3 A4 A5");
  CHECK(House({"oooWcooo"}).best({.count = 4, .accessible = 1}) == "A3 A4 A5 A6");
  CHECK(House({"oooWxooo"}).best({.count = 2, .accessible = 1}) == "A3 A4");
  CHECK(House({"oooW ooo"}).best({.count = 5, .accessible = 1}) == "none");
}

TEST_CASE("a wheelchair party with companion places is preferred to a nearer one without") {
  CHECK(House({"ooWoo", "ooWco"}).best({.count = 2, .accessible = 1}) == "B3 B4");
  CHECK(House({"ooWoo", "ooWco"}).best({.count = 1, .accessible = 1}) == "A3");
}

TEST_CASE("a party gets exactly as many wheelchair places as it asks for") {
  CHECK(House({"WcW"}).best({.count = 3, .accessible = 2}) == "A1 A2 A3");
  CHECK(House({"WcW"}).best({.count = 3, .accessible = 1}) == "none");
  CHECK(House({"WcW"}).best({.count = 2, .accessible = 2}) == "none");
  CHECK(House({"WW"}).best({.count = 2, .accessible = 2}) == "A1 A2");
  CHECK(House({"cWWWc"}).best({.count = 1, .accessible = 1}) == "A3");
}

TEST_CASE("a companion place is not given away from the wheelchair place that it serves") {
  CHECK(House({"Woocx"}).best({.count = 4, .accessible = 1}) == "none");
  CHECK(House({"Woocx"}).best({.count = 3, .accessible = 1}) == "A1 A2 A3");
  CHECK(House({"xoocW"}).best({.count = 4, .accessible = 1}) == "A2 A3 A4 A5");
  CHECK(House({"WccoW"}).best({.count = 4, .accessible = 1}) == "A1 A2 A3 A4");
}

TEST_CASE("whole tables and booths are not offered, chairs of a table are") {
  SeatMapBuilder builder("Cabaret");
  const CategoryIndex category = builder.add_category({"tables", "Tables", "#1F77B4"});
  builder.add_whole(builder.no_section(), "T1", PlaceKind::table, 6, {}, category, PlaceFlags::accessible);
  builder.add_whole(builder.no_section(), "B1", PlaceKind::booth, 6, {}, category);
  builder.add_row(builder.no_section(), "T2", RowKind::table);
  for (const char* label : {"N", "E", "S", "W"}) builder.add_seat({.label = label, .category = category});
  const SeatMap map = builder.build();
  FreeSeats free(map);
  CHECK(free.free_count(category) == 6);
  CHECK_FALSE(find_best_available(map, free, {.count = 1, .accessible = 1}));
  const auto places = find_best_available(map, free, {.count = 4});
  REQUIRE(places);
  CHECK(map.label(places->front()) == "T2-N");
  free.take(*places);
  CHECK_FALSE(find_best_available(map, free, {.count = 1}));
}

TEST_CASE("a wish that makes no sense is not met") {
  House house({"oooWc"});
  CHECK(house.best({.count = 0}) == "none");
  CHECK(house.best({.count = 1, .category = {2}}) == "none");
  CHECK(house.best({.count = 1, .accessible = 2}) == "none");
  CHECK(house.best({.count = 1'001, .together = Together::preferred}) == "none");
  for (const int number : {2, 77, 255}) {
    CAPTURE(number);
    CHECK(house.best({.count = 1, .restricted_view = static_cast<RestrictedView>(number)}) == "none");
    CHECK(largest_block(house.free(), {0}, static_cast<RestrictedView>(number)) == 0);
  }
}

TEST_CASE("in rows longer than a word blocks cross from word to word") {
  for (const std::size_t slots : {64U, 65U, 130U, 200U, 4'096U}) {
    CAPTURE(slots);
    SeatMapBuilder builder("Bench");
    builder.add_category({"bench", "Bench", "#1F77B4"});
    builder.add_row(builder.no_section(), "");
    for (std::size_t seat = 0; seat < slots; ++seat)
      builder.add_seat(
          {.label = std::to_string(seat), .position = {static_cast<std::int32_t>(seat) * 500, 0}});
    const SeatMap map = builder.build();
    FreeSeats free(map);
    const auto middle = static_cast<std::uint32_t>(slots / 2);
    const auto places = find_best_available(map, free, {.count = 60});
    REQUIRE(places);
    CHECK(places->size() == 60);
    CHECK(places->front().value == (static_cast<std::uint32_t>(slots) - 60) / 2);
    CHECK(places->back().value == places->front().value + 59);
    free.take(PlaceIndex{middle});
    const std::uint32_t half = std::min(middle, limits::places_per_hold);
    const auto left_half = find_best_available(map, free, {.count = half});
    REQUIRE(left_half);
    CHECK(left_half->front().value == middle - half);
    CHECK_FALSE(find_best_available(map, free, {.count = half + 1}));
  }
}

TEST_CASE("a party that prefers to sit together does when it can") {
  CHECK(House({"ooxoo", "ooooo"}).best({.count = 4, .together = Together::preferred}) == "B1 B2 B3 B4");
}

TEST_CASE("a party that can't sit together gets few blocks, the largest first, close to each other") {
  CHECK(House({"ooxoo"}).best({.count = 4, .together = Together::required}) == "none");
  CHECK(House({"ooxoo"}).best({.count = 4, .together = Together::preferred}) == "A1 A2 A4 A5");
  CHECK(House({"oxooo", "ooxox", "xxxox"}).best({.count = 5, .together = Together::preferred}) ==
        "A3 A4 A5 B1 B2");
  // The second pair sits behind the first, although the one in the middle of the third row has the same
  // score.
  CHECK(House({"ooxxxxxxxxx", "ooxxxxxxxxx", "xxxxooxxxxx"})
            .best({.count = 4, .together = Together::preferred}) == "A1 A2 B1 B2");
  // A row behind comes before two, even if it is less straight behind.
  CHECK(House({"xooxxx", "ooxxxx", "xooxxx"}).best({.count = 4, .together = Together::preferred}) ==
        "A2 A3 B1 B2");
  CHECK(House({"ooxxxx", "xxxxoo", "oooxxx"}).best({.count = 5, .together = Together::preferred}) ==
        "C1 C2 C3 B5 B6");
  CHECK(House({"oxoxo"}).best({.count = 3, .together = Together::preferred}) == "A3 A1 A5");
  CHECK(House({"oxoxo"}).best({.count = 4, .together = Together::preferred}) == "none");
}

TEST_CASE("several blocks may come from one row that has room for more than one of them") {
  CHECK(House({"oooooo"}).best({.count = 7, .together = Together::preferred}) == "none");
  CHECK(House({"oooooo", "oo oo"}).best({.count = 10, .together = Together::preferred}) ==
        "A1 A2 A3 A4 A5 A6 B1 B2 B4 B5");
  CHECK(House({"oooooo", "oooooo"}).best({.count = 8, .together = Together::preferred}) ==
        "A1 A2 A3 A4 A5 A6 B3 B4");
}

TEST_CASE("a wheelchair party that can't sit together is seated around its wheelchairs first") {
  CHECK(House({"Wcx", "ooo"}).best({.count = 4, .accessible = 1, .together = Together::preferred}) ==
        "A1 A2 B1 B2");
  CHECK(House({"Wc cW", "ooooo"}).best({.count = 4, .accessible = 2, .together = Together::preferred}) ==
        "A1 A2 A4 A5");
  // The first companion must not take the seat that the second wheelchair's user needs of the party's three.
  CHECK(House({"cWc cWc"}).best({.count = 3, .accessible = 2, .together = Together::preferred}) ==
        "A2 A3 A6");
  CHECK(House({"W W", "ooo"}).best({.count = 3, .accessible = 3, .together = Together::preferred}) == "none");
}
