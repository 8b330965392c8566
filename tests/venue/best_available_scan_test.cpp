// Best available against a plain scan of all seats, on random charts with random sales.

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
