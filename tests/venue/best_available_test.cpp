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

namespace {

/// What best available promises, computed seat by seat in the plainest way.
class NaiveScan {
 public:
  explicit NaiveScan(const SeatMap& map) : map_(map), free_(map.place_count(), true) {
    std::uint64_t before = 0;
    for (const Row& row : map.rows()) {
      const auto places = map.places().subspan(row.first_place, row.place_count);
      std::uint64_t length = 0;
      for (std::size_t at = 1; at < places.size(); ++at)
        length += distance(places[at].position, places[at - 1].position);
      const auto slots = static_cast<std::uint64_t>(places.back().slot - places.front().slot);
      const std::uint64_t pitch = slots == 0 || length / slots == 0 ? 1'000 : length / slots;
      std::uint64_t depth = 4 * before;
      if (const auto focal = map.focal_point_of(row.section)) {
        const Point twice_middle{places.front().position.x + places.back().position.x,
                                 places.front().position.y + places.back().position.y};
        depth = 2 * distance(twice_middle, {2 * focal->x, 2 * focal->y});
      }
      before += pitch;
      pitches_.push_back(pitch);
      depths_.push_back(depth);
    }
  }

  [[nodiscard]] bool is_free(std::uint32_t place) const { return free_[place]; }
  void set(std::uint32_t place, bool free) { free_[place] = free; }

  [[nodiscard]] bool ordinary(std::uint32_t index, const BestAvailable& wish) const {
    const PlaceFlags flags = map_.places()[index].flags;
    return sellable(index, wish) && !has(flags, PlaceFlags::accessible) && !has(flags, PlaceFlags::companion);
  }

  [[nodiscard]] std::optional<std::vector<PlaceIndex>> best(const BestAvailable& wish) const {
    std::optional<std::tuple<std::uint32_t, std::uint64_t, std::uint64_t, std::uint64_t, std::uint32_t>> best;
    for (std::uint32_t first = 0; first + wish.count <= map_.place_count(); ++first) {
      std::uint32_t accessible = 0;
      std::uint32_t others = 0;
      bool fits = true;
      for (std::uint32_t at = first; at < first + wish.count && fits; ++at) {
        const PlaceFlags flags = map_.places()[at].flags;
        fits = sellable(at, wish) && (at == first || adjoin(at - 1, at));
        if (has(flags, PlaceFlags::accessible)) {
          ++accessible;
        } else if (has(flags, PlaceFlags::companion)) {
          fits = fits && serves(at, first, first + wish.count);
        } else {
          ++others;
        }
      }
      if (!fits || accessible != wish.accessible) continue;
      const Place& place = map_.places()[first];
      const Row& row = map_.rows()[place.row.value];
      const std::uint32_t ends =
          map_.places()[row.first_place].slot + map_.places()[row.first_place + row.place_count - 1].slot;
      const std::uint32_t block_ends = 2U * place.slot + wish.count - 1;
      const std::uint64_t off =
          (ends > block_ends ? ends - block_ends : block_ends - ends) * pitches_[place.row.value];
      std::uint64_t away = 0;
      if (const auto focal = map_.focal_point_of(row.section)) {
        for (std::uint32_t at = first; at < first + wish.count; ++at)
          away += distance(map_.places()[at].position, *focal);
      }
      const std::tuple rank{wish.accessible > 0 ? others : 0, depths_[place.row.value] + off, away, off,
                            first};
      if (!best || rank < *best) best = rank;
    }
    if (!best) return std::nullopt;
    std::vector<PlaceIndex> places;
    for (std::uint32_t at = 0; at < wish.count; ++at) places.push_back({std::get<4>(*best) + at});
    return places;
  }

  /// Several blocks of ordinary seats: the largest that there is, then again for the rest, each as close to
  /// the first as can be.
  [[nodiscard]] static std::vector<PlaceIndex> several(NaiveScan scan, BestAvailable wish) {
    std::vector<PlaceIndex> chosen;
    std::uint32_t left = wish.count;
    std::optional<std::uint32_t> first_size;
    wish.count = std::min(left, scan.runs(wish).front());
    while (left > 0) {
      wish.count = std::min(wish.count, left);
      const auto block = first_size ? scan.closest(wish, chosen.front(), *first_size) : scan.best(wish);
      if (!block) {
        --wish.count;
        continue;
      }
      if (!first_size) first_size = wish.count;
      for (const PlaceIndex place : *block) {
        scan.set(place.value, false);
        chosen.push_back(place);
      }
      left -= wish.count;
    }
    return chosen;
  }
  /// The block in the section of the first one, then the fewest rows from it, then the least to its side.
  [[nodiscard]] std::optional<std::vector<PlaceIndex>> closest(const BestAvailable& wish,
                                                               PlaceIndex first_place,
                                                               std::uint32_t first_count) const {
    const std::uint32_t row = map_.places()[first_place.value].row.value;
    std::optional<std::tuple<bool, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>> best;
    for (std::uint32_t first = 0; first + wish.count <= map_.place_count(); ++first) {
      bool fits = true;
      for (std::uint32_t at = first; at < first + wish.count && fits; ++at)
        fits = ordinary(at, wish) && (at == first || adjoin(at - 1, at));
      if (!fits) continue;
      const std::uint32_t here = map_.places()[first].row.value;
      const std::int32_t aside =
          to_the_right(first, wish.count) - to_the_right(first_place.value, first_count);
      const std::tuple rank{map_.rows()[here].section != map_.rows()[row].section,
                            here > row ? here - row : row - here, static_cast<std::uint32_t>(std::abs(aside)),
                            here, first};
      if (!best || rank < *best) best = rank;
    }
    if (!best) return std::nullopt;
    std::vector<PlaceIndex> places;
    for (std::uint32_t at = 0; at < wish.count; ++at) places.push_back({std::get<4>(*best) + at});
    return places;
  }
  /// From its row's middle to the block's, in half slots.
  [[nodiscard]] std::int32_t to_the_right(std::uint32_t first, std::uint32_t count) const {
    const Row& row = map_.rows()[map_.places()[first].row.value];
    const std::int32_t ends =
        map_.places()[row.first_place].slot + map_.places()[row.first_place + row.place_count - 1].slot;
    return 2 * map_.places()[first].slot + static_cast<std::int32_t>(count) - 1 - ends;
  }

  /// Lengths of all runs of ordinary free seats, the longest first.
  [[nodiscard]] std::vector<std::uint32_t> runs(const BestAvailable& wish) const {
    std::vector<std::uint32_t> lengths;
    for (std::uint32_t at = 0; at < map_.place_count(); ++at) {
      if (!ordinary(at, wish)) continue;
      if (at > 0 && ordinary(at - 1, wish) && adjoin(at - 1, at)) {
        ++lengths.back();
      } else {
        lengths.push_back(1);
      }
    }
    std::sort(lengths.rbegin(), lengths.rend());
    return lengths;
  }

  [[nodiscard]] bool adjoin(std::uint32_t one, std::uint32_t next) const {
    return map_.places()[one].row == map_.places()[next].row &&
           map_.places()[one].slot + 1 == map_.places()[next].slot;
  }
  [[nodiscard]] bool sellable(std::uint32_t index, const BestAvailable& wish) const {
    const Place& place = map_.places()[index];
    if (wish.restricted_view == RestrictedView::avoid && has(place.flags, PlaceFlags::restricted_view))
      return false;
    return free_[index] && place.kind == PlaceKind::seat && place.category == wish.category.value;
  }

 private:
  static std::uint64_t distance(Point one, Point other) {
    const std::int64_t x = std::int64_t{one.x} - other.x;
    const std::int64_t y = std::int64_t{one.y} - other.y;
    const auto square = static_cast<std::uint64_t>(x * x + y * y);
    std::uint64_t root = 0;
    for (std::uint64_t bit = std::uint64_t{1} << 31; bit != 0; bit >>= 1) {
      if ((root + bit) * (root + bit) <= square) root += bit;
    }
    return root;
  }
  /// Whether the companion place reaches a wheelchair place of [first, end) over companion places only.
  [[nodiscard]] bool serves(std::uint32_t companion, std::uint32_t first, std::uint32_t end) const {
    const auto companion_only = [this](std::uint32_t at) {
      return has(map_.places()[at].flags, PlaceFlags::companion) &&
             !has(map_.places()[at].flags, PlaceFlags::accessible);
    };
    std::uint32_t left = companion;
    while (left > first && companion_only(left)) --left;
    std::uint32_t right = companion;
    while (right + 1 < end && companion_only(right)) ++right;
    return has(map_.places()[left].flags, PlaceFlags::accessible) ||
           has(map_.places()[right].flags, PlaceFlags::accessible);
  }

  const SeatMap& map_;
  std::vector<bool> free_;
  std::vector<std::uint64_t> pitches_;
  std::vector<std::uint64_t> depths_;
};

class RandomHouse {
 public:
  explicit RandomHouse(std::uint64_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }
  bool chance(std::uint32_t percent) { return below(100) < percent; }

  SeatMap map() {
    SeatMapBuilder builder("Random");
    const std::uint32_t categories = 1 + below(3);
    for (std::uint32_t category = 0; category < 3; ++category)
      builder.add_category({std::to_string(category), "Category", "#1F77B4"});
    if (chance(70))
      builder.focal_point(
          {static_cast<std::int32_t>(below(20'000)), static_cast<std::int32_t>(below(20'000)) - 10'000});
    builder.add_zone({.key = "zone",
                      .name = "Zone",
                      .focal_point = Point{static_cast<std::int32_t>(below(20'000)), 20'000}});
    const std::uint32_t special = chance(50) ? below(25) : 0;
    const std::uint32_t gaps = below(15);
    // Coarse grids make equal scores common.
    const std::int32_t pitch = chance(50) ? 500 : static_cast<std::int32_t>(below(900));
    const std::uint32_t rows = 1 + below(10);
    for (std::uint32_t row = 0; row < rows; ++row) {
      const std::string label = std::to_string(row);
      if (row % 4 == 0)
        section_ = builder.add_section(
            {.label = "S" + label, .zone = chance(30) ? std::optional<std::uint32_t>(0) : std::nullopt});
      if (chance(5))
        builder.add_whole(section_, "W" + label, PlaceKind::booth, 4, {0, 0}, {below(categories)},
                          PlaceFlags::accessible);
      builder.add_row(section_, label, chance(10) ? RowKind::table : RowKind::row);
      const std::uint32_t seats = chance(15) ? 55 + below(150) : 1 + below(25);
      std::uint32_t category = below(categories);
      for (std::uint32_t seat = 0; seat < seats; ++seat) {
        if (chance(5)) category = below(categories);
        const auto flags = static_cast<PlaceFlags>(chance(special) ? 1 + below(5) : 0);
        const std::uint16_t gap =
            chance(gaps) ? static_cast<std::uint16_t>(1 + below(chance(5) ? 80 : 2)) : std::uint16_t{0};
        const Point position{static_cast<std::int32_t>(seat) * pitch, static_cast<std::int32_t>(row) * 1'000};
        builder.add_seat({.label = std::to_string(seat),
                          .position = position,
                          .category = {category},
                          .flags = flags,
                          .gap_before = gap});
      }
    }
    return builder.build();
  }

  BestAvailable wish() {
    BestAvailable wish;
    wish.count = chance(10) ? 1 + below(90) : 1 + below(6);
    wish.category = {below(2)};
    wish.accessible = chance(25) ? 1 + below(std::min(wish.count, 3U)) : 0;
    wish.restricted_view = chance(50) ? RestrictedView::avoid : RestrictedView::allow;
    return wish;
  }

 private:
  std::mt19937_64 random_;
  SectionIndex section_{};
};

/// The fewest blocks that count seats can come in: the longest runs first.
std::optional<std::uint32_t> fewest_blocks(const std::vector<std::uint32_t>& runs, std::uint32_t count) {
  std::uint32_t blocks = 0;
  for (const std::uint32_t run : runs) {
    if (count == 0) break;
    count -= std::min(count, run);
    ++blocks;
  }
  return count == 0 ? std::optional(blocks) : std::nullopt;
}

/// The promises of a choice of several blocks.
void check_preferred(const SeatMap& map, const FreeSeats& free, const NaiveScan& scan, BestAvailable wish) {
  const auto block = scan.best(wish);
  wish.together = Together::preferred;
  const auto places = find_best_available(map, free, wish);
  if (block) {
    REQUIRE(places);
    REQUIRE(std::equal(block->begin(), block->end(), places->begin(), places->end()));
    return;
  }
  if (wish.accessible == 0)
    REQUIRE(places.has_value() == fewest_blocks(scan.runs(wish), wish.count).has_value());
  if (!places) return;
  REQUIRE(std::set(places->begin(), places->end()).size() == wish.count);
  std::uint32_t accessible = 0;
  std::uint32_t blocks = 1;
  for (std::size_t at = 0; at < places->size(); ++at) {
    const std::uint32_t place = (*places)[at].value;
    REQUIRE(scan.sellable(place, wish));
    accessible += has(map.places()[place].flags, PlaceFlags::accessible) ? 1 : 0;
    if (wish.accessible == 0) REQUIRE(scan.ordinary(place, wish));
    if (at > 0 && !scan.adjoin((*places)[at - 1].value, place)) ++blocks;
  }
  REQUIRE(accessible == wish.accessible);
  if (wish.accessible > 0) return;
  REQUIRE(blocks == fewest_blocks(scan.runs(wish), wish.count));
  const auto expected = NaiveScan::several(scan, wish);
  REQUIRE(std::equal(places->begin(), places->end(), expected.begin(), expected.end()));
}

}  // namespace

TEST_CASE("best available answers as a plain scan of all seats does, on random charts with random sales") {
  std::uint32_t found = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    RandomHouse random(seed);
    const SeatMap map = random.map();
    FreeSeats free(map);
    NaiveScan scan(map);
    const std::uint32_t sold_percent = random.below(100);
    for (std::uint32_t round = 0; round < 50; ++round) {
      CAPTURE(round);
      std::vector<PlaceIndex> taken;
      std::vector<PlaceIndex> given;
      for (std::uint32_t place = random.below(4); place < map.place_count();
           place += 1 + random.below(round == 0 ? 2 : 20)) {
        const bool sell = random.chance(sold_percent);
        if (sell == scan.is_free(place)) (sell ? taken : given).push_back({place});
        scan.set(place, !sell);
      }
      free.take(taken);
      free.give(given);
      const BestAvailable wish = random.wish();
      const auto places = find_best_available(map, free, wish);
      const auto expected = scan.best(wish);
      REQUIRE(places.has_value() == expected.has_value());
      if (places) REQUIRE(std::equal(places->begin(), places->end(), expected->begin(), expected->end()));
      found += places ? 1 : 0;
      const auto runs = scan.runs(wish);
      REQUIRE(largest_block(free, wish.category, wish.restricted_view) == (runs.empty() ? 0 : runs.front()));
      check_preferred(map, free, scan, wish);
    }
  }
  CHECK(found > 5'000);
}
