#include "ticketcore/venue/merge_seat_maps.hpp"

#include <doctest/doctest.h>

#include <random>

#include "little_house.hpp"
#include "made_map.hpp"
#include "ticketcore/venue/best_available.hpp"
#include "ticketcore/venue/seat_map_bytes.hpp"

using namespace ticketcore;
using made::labels;
using made::seats;
using Labels = std::vector<std::string>;

namespace {

/// What every merge must keep, and the merged map.
[[nodiscard]] SeatMap merge(const SeatMap& before, const SeatMap& next) {
  SeatMap merged = merge_seat_maps(before, next);
  CHECK(keeps_indices(before, merged));
  CHECK(labels(merged) == labels(next));
  CHECK(merged.capacity() == next.capacity());
  CHECK(merge_seat_maps(merged, next).data() == merged.data());
  CHECK(merge_seat_maps(merged, merged).data() == merged.data());
  CHECK(decode_seat_map(encode_seat_map(merged), "the merged map").data() == merged.data());
  for (const Row& row : merged.rows()) {
    for (std::uint32_t nth = 0; nth < row.place_count; ++nth)
      CHECK(&merged.rows()[merged.places()[merged.place_at(row, nth).value].row.value] == &row);
  }
  return merged;
}

[[nodiscard]] std::uint32_t index_of(const SeatMap& map, const char* label) {
  const auto place = map.find_place(label);
  REQUIRE(place);
  return place->value;
}

}  // namespace

TEST_CASE("a map that is merged with itself is that map") {
  const auto house = little::house();
  CHECK(merge(*house, *house).data() == house->data());
  CHECK(house->data().order.empty());
  CHECK(house->retired_count() == 0);
  CHECK(house->live_rows().size() == house->rows().size());
}

TEST_CASE("rows in another order keep the indices of their places") {
  const SeatMap before = made::map({.rows = {{"A", seats(1, 3)}, {"B", seats(1, 2)}}});
  const SeatMap merged = merge(before, made::map({.rows = {{"B", seats(1, 2)}, {"A", seats(1, 3)}}}));
  CHECK(index_of(merged, "Hall-A-2") == 1);
  CHECK(index_of(merged, "Hall-B-1") == 3);
  CHECK(merged.data().order == std::vector<std::uint32_t>{3, 4, 0, 1, 2});
  CHECK(merged.rows()[0].label == "B");
  CHECK(merged.place_count() == 5);
  CHECK(merged.retired_count() == 0);
}

TEST_CASE("seats are added at both ends of a row, and the old ones keep their indices") {
  const SeatMap before = made::map({.rows = {{"A", seats(2, 3)}, {"B", seats(1, 1)}}});
  const SeatMap merged = merge(before, made::map({.rows = {{"A", seats(1, 4)}, {"B", seats(1, 1)}}}));
  CHECK(index_of(merged, "Hall-A-2") == 0);
  CHECK(index_of(merged, "Hall-A-3") == 1);
  CHECK(index_of(merged, "Hall-B-1") == 2);
  CHECK(index_of(merged, "Hall-A-1") == 3);
  CHECK(index_of(merged, "Hall-A-4") == 4);
  CHECK(merged.places()[0].slot == 1);
  CHECK(merged.places()[3].slot == 0);
}

TEST_CASE("a row under another name is other places, and the old ones stay as retired") {
  const SeatMap before = made::map({.rows = {{"A", seats(1, 2)}, {"B", seats(1, 2), "cheap"}}});
  const SeatMap merged = merge(before, made::map({.rows = {{"Front", seats(1, 2)}, {"B", seats(1, 2)}}}));
  CHECK(merged.place_count() == 6);
  CHECK(merged.retired_count() == 2);
  CHECK(merged.is_retired({0}));
  CHECK(merged.label(PlaceIndex{0}) == "Hall-A-1");
  CHECK(merged.rows()[merged.places()[0].row.value].label == "A");
  CHECK_FALSE(merged.find_place("Hall-A-1"));
  CHECK(merged.find_place_ever("Hall-A-1")->value == 0);
  CHECK_FALSE(merged.find_place_ever("Hall-A-9"));
  CHECK(index_of(merged, "Hall-Front-1") == 4);
  CHECK(merged.categories()[merged.places()[index_of(merged, "Hall-B-1")].category].key == "parquet");
  CHECK(merged.capacity() == 4);
}

TEST_CASE("what was taken away comes back at its index") {
  const made::MapOf all{.rows = {{"A", seats(1, 3)}, {"B", seats(1, 3)}}};
  const made::MapOf some{.rows = {{"A", {"1", "3"}}}};
  const SeatMap without = merge(made::map(all), made::map(some));
  CHECK(without.retired_count() == 4);
  CHECK(labels(without) == Labels{"Hall-A-1", "Hall-A-3"});
  const SeatMap again = merge(without, made::map(all));
  CHECK(again.data() == made::map(all).data());
  // In two steps, so that the places of a row are retired in two rows.
  const SeatMap less = merge(without, made::map({.rows = {{"A", {"3"}}, {"C", {"1"}}}}));
  CHECK(less.retired_count() == 5);
  CHECK(index_of(less, "Hall-C-1") == 6);
  const SeatMap back = merge(less, made::map(all));
  CHECK(back.retired_count() == 1);
  CHECK(index_of(back, "Hall-A-2") == 1);
}

TEST_CASE("a section that is gone still names its places") {
  const SeatMap before =
      made::map({.rows = {{"A", seats(1, 2), "parquet", "Hall"}, {"A", seats(1, 2), "cheap", "Balcony"}}});
  const SeatMap merged = merge(before, made::map({.rows = {{"A", seats(1, 1), "parquet", "Hall"}}}));
  CHECK(merged.label(PlaceIndex{2}) == "Balcony-A-1");
  CHECK(merged.label(PlaceIndex{1}) == "Hall-A-2");
  CHECK(merged.sections().size() == 2);
}

TEST_CASE("categories keep their numbers by key") {
  const SeatMap before = made::map(
      {.rows = {{"A", seats(1, 1), "one"}, {"B", seats(1, 1), "two"}}, .categories = {"one", "two"}});
  const SeatMap merged =
      merge(before, made::map({.rows = {{"A", seats(1, 1), "three"}, {"B", seats(1, 1), "two"}},
                               .categories = {"three", "two"}}));
  REQUIRE(merged.categories().size() == 3);
  CHECK(merged.categories()[0].key == "one");
  CHECK(merged.categories()[1].key == "two");
  CHECK(merged.categories()[2].key == "three");
  CHECK(merged.places()[0].category == 2);
  CHECK(merged.places()[1].category == 1);
  CHECK(FreeSeats(merged).free_count(CategoryIndex{0}) == 0);
  CHECK(FreeSeats(merged).free_count(CategoryIndex{2}) == 1);
}

TEST_CASE("areas keep their indices by label, and one that is gone has no room") {
  const SeatMap before = made::map({.areas = {{"Floor", 10}, {"Lawn", 20}}});
  const SeatMap merged = merge(before, made::map({.areas = {{"Terrace", 5}, {"Lawn", 30, "parquet"}}}));
  REQUIRE(merged.areas().size() == 3);
  CHECK(merged.label(AreaIndex{0}) == "Hall-Floor");
  CHECK(merged.areas()[0].retired);
  CHECK(merged.areas()[0].capacity == 0);
  CHECK_FALSE(merged.find_area("Hall-Floor"));
  CHECK(merged.find_area("Hall-Lawn")->value == 1);
  CHECK(merged.areas()[1].capacity == 30);
  CHECK(merged.areas()[1].category.value == 0);
  CHECK(merged.find_area("Hall-Terrace")->value == 2);
  CHECK(merge(merged, before).areas()[0].capacity == 10);
}

TEST_CASE("an area may take the label of a place that is gone, and a place that of an area") {
  const SeatMap before = made::map({.rows = {{"", {"Box"}}, {"A", seats(1, 1)}}, .areas = {{"Pit", 3}}});
  const SeatMap merged = merge(before, made::map({.rows = {{"", {"Pit"}}}, .areas = {{"Box", 4}}}));
  CHECK(merged.find_area("Hall-Box")->value == 1);
  CHECK(index_of(merged, "Hall-Pit") == 2);
  CHECK_FALSE(merged.find_place("Hall-Box"));
}

TEST_CASE("maps that together have too many categories can't be merged") {
  std::vector<std::string> many;
  for (std::uint32_t number = 0; number < limits::categories; ++number)
    many.push_back("c" + std::to_string(number));
  const SeatMap before = made::map({.rows = {{"A", seats(1, 1), "c0"}}, .categories = many});
  CHECK_THROWS_AS((void)merge_seat_maps(before, made::map({.rows = {{"A", seats(1, 1)}}})), SeatMapError);
}

TEST_CASE("an index that means something else is seen") {
  const SeatMap map = made::map({.rows = {{"A", seats(1, 3)}}, .areas = {{"Floor"}}});
  CHECK(keeps_indices(map, map));
  CHECK_FALSE(keeps_indices(map, made::map({.rows = {{"A", seats(1, 2)}}, .areas = {{"Floor"}}})));
  CHECK_FALSE(keeps_indices(map, made::map({.rows = {{"A", {"1", "3", "2"}}}, .areas = {{"Floor"}}})));
  CHECK_FALSE(keeps_indices(map, made::map({.rows = {{"A", seats(1, 3)}}, .areas = {{"Lawn"}}})));
  CHECK_FALSE(keeps_indices(
      map,
      made::map({.rows = {{"A", seats(1, 3)}}, .areas = {{"Floor"}}, .categories = {"cheap", "parquet"}})));
}

TEST_CASE("a map whose order or whose retired places make no sense is refused") {
  const SeatMap merged = merge_seat_maps(made::map({.rows = {{"A", seats(1, 3)}, {"B", seats(1, 2)}}}),
                                         made::map({.rows = {{"B", seats(1, 2)}, {"A", seats(2, 2)}}}));
  const auto says = [&](const char* what, auto change) {
    SeatMapData data = merged.data();
    change(data);
    CHECK_THROWS_WITH_AS(SeatMap{std::move(data)}, doctest::Contains(what), SeatMapError);
  };
  says("order", [](SeatMapData& data) { data.order.pop_back(); });
  says("order", [](SeatMapData& data) { data.order[0] = data.order[1]; });
  says("order", [](SeatMapData& data) { data.order[0] = 5; });
  says("retired and other places", [](SeatMapData& data) { data.places[3].flags = PlaceFlags::retired; });
  says("behind a row of retired places",
       [](SeatMapData& data) { data.places[3].flags = data.places[4].flags = PlaceFlags::retired; });
  says("capacity of 7",
       [](SeatMapData& data) { data.areas.push_back({.label = "Floor", .capacity = 7, .retired = true}); });
}

TEST_CASE("best available finds on a merged map what it finds on the new one") {
  std::mt19937 engine(1);
  const auto below = [&engine](std::uint32_t limit) { return static_cast<std::uint32_t>(engine() % limit); };
  const auto random_map = [&] {
    made::MapOf wanted{.focal_point = below(3) > 0};
    for (const char* row : {"A", "B", "C", "D"}) {
      if (below(4) == 0) continue;
      const int first = 1 + static_cast<int>(below(3));
      wanted.rows.insert(
          wanted.rows.begin() + below(static_cast<std::uint32_t>(wanted.rows.size()) + 1),
          {row, seats(first, first + 3 + static_cast<int>(below(6))), below(2) == 0 ? "parquet" : "cheap"});
    }
    if (wanted.rows.empty()) wanted.rows.push_back({"A", seats(1, 4)});
    return made::map(wanted);
  };
  SeatMap merged = random_map();
  std::uint64_t found_count = 0;
  for (int round = 0; round < 40; ++round) {
    const SeatMap next = random_map();
    merged = merge(merged, next);
    FreeSeats free_of_merged(merged);
    FreeSeats free_of_next(next);
    CHECK(free_of_merged.free_count() == free_of_next.free_count());
    for (int step = 0; step < 12; ++step) {
      const CategoryIndex category{below(2)};
      const BestAvailable wish{.count = 1 + below(5),
                               .category = *next.find_category(category.value == 0 ? "parquet" : "cheap"),
                               .together = below(3) == 0 ? Together::preferred : Together::required};
      BestAvailable wish_of_merged = wish;
      wish_of_merged.category = *merged.find_category(next.categories()[wish.category.value].key);
      const auto one = find_best_available(merged, free_of_merged, wish_of_merged);
      const auto other = find_best_available(next, free_of_next, wish);
      REQUIRE(one.has_value() == other.has_value());
      if (!one) continue;
      ++found_count;
      Labels one_labels;
      Labels other_labels;
      for (const PlaceIndex place : *one) one_labels.push_back(merged.label(place));
      for (const PlaceIndex place : *other) other_labels.push_back(next.label(place));
      CHECK(one_labels == other_labels);
      free_of_merged.take(*one);
      free_of_next.take(*other);
    }
  }
  CHECK(found_count > 100);
}

TEST_CASE("a retired place is never free, taken or given") {
  const SeatMap merged =
      merge_seat_maps(made::map({.rows = {{"A", seats(1, 3)}}}), made::map({.rows = {{"A", seats(2, 3)}}}));
  FreeSeats free(merged);
  CHECK_FALSE(free.is_free({0}));
  CHECK(free.is_free({1}));
  CHECK_THROWS_AS(free.take(PlaceIndex{0}), std::logic_error);
  CHECK_THROWS_AS(free.give(PlaceIndex{0}), std::logic_error);
  const PlaceIndex both[] = {{1}, {0}};
  CHECK_THROWS_AS(free.take(both), std::logic_error);
  CHECK_FALSE(free.is_free({1}));
  CHECK(free.free_count() == 1);
}
