#include "ticketcore/venue/free_seats.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "ticketcore/venue/best_available.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

using namespace ticketcore;

namespace {

/// Rows of seats with one category; each number is a row's seats.
SeatMap rows_of(const std::vector<int>& seat_counts) {
  SeatMapBuilder builder("Rows");
  const CategoryIndex category = builder.add_category({"stalls", "Stalls", "#1F77B4"});
  int row = 0;
  for (const int seats : seat_counts) {
    builder.add_row(builder.no_section(), std::to_string(++row));
    for (int seat = 0; seat < seats; ++seat)
      builder.add_seat(
          {.label = std::to_string(seat), .position = {seat * 500, row * 1'000}, .category = category});
  }
  return builder.build();
}

std::vector<PlaceIndex> range(std::uint32_t first, std::uint32_t end) {
  std::vector<PlaceIndex> places;
  for (std::uint32_t place = first; place < end; ++place) places.push_back({place});
  return places;
}

}  // namespace

TEST_CASE("every place of a new event is free") {
  const SeatMap map = rows_of({3, 70, 1});
  const FreeSeats free(map);
  CHECK(free.free_count() == 74);
  CHECK(free.free_count(CategoryIndex{0}) == 74);
  for (const PlaceIndex place : range(0, 74)) CHECK(free.is_free(place));
}

TEST_CASE("a taken place is not free until it is given back") {
  const SeatMap map = rows_of({3, 70});
  FreeSeats free(map);
  free.take(PlaceIndex{67});
  CHECK_FALSE(free.is_free(PlaceIndex{67}));
  CHECK(free.is_free(PlaceIndex{66}));
  CHECK(free.is_free(PlaceIndex{68}));
  CHECK(free.free_count() == 72);
  free.give(PlaceIndex{67});
  CHECK(free.is_free(PlaceIndex{67}));
  CHECK(free.free_count() == 73);
}

TEST_CASE("places of several rows are taken and given at once, in any order") {
  const SeatMap map = rows_of({4, 4, 4});
  FreeSeats free(map);
  const std::array places{PlaceIndex{9}, PlaceIndex{1}, PlaceIndex{10}, PlaceIndex{5}, PlaceIndex{2}};
  free.take(places);
  CHECK(free.free_count() == 7);
  CHECK(largest_block(free, {0}) == 2);
  free.give(places);
  CHECK(free.free_count() == 12);
  CHECK(largest_block(free, {0}) == 4);
}

TEST_CASE("counts are kept by category, wheelchair places and whole tables included") {
  SeatMapBuilder builder("Mixed");
  const CategoryIndex stalls = builder.add_category({"stalls", "Stalls", "#1F77B4"});
  const CategoryIndex tables = builder.add_category({"tables", "Tables", "#FF7F0E"});
  const CategoryIndex unused = builder.add_category({"unused", "Unused", "#2CA02C"});
  builder.add_row(builder.no_section(), "A");
  builder.add_seat({.label = "1", .category = stalls});
  builder.add_seat({.label = "2", .category = stalls, .flags = PlaceFlags::accessible});
  builder.add_seat({.label = "3", .category = tables, .flags = PlaceFlags::restricted_view});
  const PlaceIndex table = builder.add_whole(builder.no_section(), "T", PlaceKind::table, 8, {}, tables);
  const SeatMap map = builder.build();
  FreeSeats free(map);
  CHECK(free.free_count(stalls) == 2);
  CHECK(free.free_count(tables) == 2);
  CHECK(free.free_count(unused) == 0);
  free.take(table);
  free.take(PlaceIndex{1});
  CHECK(free.free_count(stalls) == 1);
  CHECK(free.free_count(tables) == 1);
  CHECK(free.free_count() == 2);
  CHECK_FALSE(free.is_free(table));
}

TEST_CASE("taking what is not free, or giving what is, is a mistake of the caller") {
  const SeatMap map = rows_of({8});
  FreeSeats free(map);
  free.take(PlaceIndex{3});
  CHECK_THROWS_AS(free.take(PlaceIndex{3}), std::logic_error);
  CHECK_THROWS_AS(free.give(PlaceIndex{4}), std::logic_error);
  CHECK(free.free_count() == 7);
  const std::array twice{PlaceIndex{5}, PlaceIndex{5}};
  CHECK_THROWS_AS(free.take(twice), std::logic_error);
  CHECK(free.free_count() == 6);
  CHECK(largest_block(free, {0}) == 3);
}

TEST_CASE("a map without places has no free ones") {
  SeatMapBuilder builder("Field");
  const CategoryIndex category = builder.add_category({"field", "Field", "#1F77B4"});
  builder.add_area({.label = "Field", .section = builder.no_section(), .category = category, .capacity = 5});
  const SeatMap map = builder.build();
  const FreeSeats free(map);
  CHECK(free.free_count() == 0);
  CHECK(largest_block(free, category) == 0);
}

TEST_CASE("the largest block is known across the words of long rows, and grows and shrinks") {
  const SeatMap map = rows_of({10, 300});
  FreeSeats free(map);
  CHECK(largest_block(free, {0}) == 300);
  free.take(PlaceIndex{10 + 100});
  CHECK(largest_block(free, {0}) == 199);
  free.take(PlaceIndex{10 + 130});
  CHECK(largest_block(free, {0}) == 169);
  free.take(range(10 + 150, 10 + 290));
  CHECK(largest_block(free, {0}) == 100);
  free.take(range(10 + 1, 10 + 99));
  CHECK(largest_block(free, {0}) == 29);
  free.give(PlaceIndex{10 + 100});
  CHECK(largest_block(free, {0}) == 31);
  free.take(range(10 + 101, 10 + 130));
  CHECK(largest_block(free, {0}) == 19);
  free.take(range(10 + 131, 10 + 150));
  CHECK(largest_block(free, {0}) == 10);
  free.take(range(0, 10));
  CHECK(largest_block(free, {0}) == 10);
  free.take(range(10 + 290, 10 + 300));
  CHECK(largest_block(free, {0}) == 2);
}

TEST_CASE("the longest run of set bits is that of a count bit by bit") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::array<std::uint64_t, 4> words{};
    std::array<std::uint64_t, 4> masks{};
    for (std::size_t index = 0; index < words.size(); ++index) {
      words[index] = random() | (round % 2 == 0 ? random() | random() | random() : 0);
      if (round % 5 == 0)
        words[index] = random() % 2 == 0 ? ~std::uint64_t{0} : ~std::uint64_t{0} << random() % 64;
      masks[index] = round % 3 == 0 ? ~std::uint64_t{0} : random() | random() | random() | random();
    }
    const std::size_t used = 1 + static_cast<std::size_t>(round) % 4;
    std::uint32_t longest = 0;
    std::uint32_t run = 0;
    for (std::size_t bit = 0; bit < used * 64; ++bit) {
      run = ((words[bit / 64] & masks[bit / 64]) >> (bit % 64) & 1U) != 0 ? run + 1 : 0;
      longest = std::max(longest, run);
    }
    REQUIRE(detail::longest_run(std::span(words).first(used), std::span(masks).first(used)) == longest);
  }
}

TEST_CASE("the integer square root is exact at its edges") {
  for (const std::uint64_t root :
       {0ULL, 1ULL, 2ULL, 1'000ULL, 94'906'265ULL, 94'906'267ULL, 4'294'967'294ULL, 4'294'967'295ULL}) {
    CHECK(detail::integer_sqrt(root * root) == root);
    CHECK(detail::integer_sqrt(root * root + root) == root);
    if (root > 0) CHECK(detail::integer_sqrt(root * root - 1) == root - 1);
  }
  CHECK(detail::integer_sqrt(~std::uint64_t{0}) == 4'294'967'295ULL);
  CHECK(detail::length_of(-3, 4) == 5);
  CHECK(detail::length_of(-(std::int64_t{1} << 33), 0) == std::uint64_t{1} << 33);
}
