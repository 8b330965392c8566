#pragma once
// Best available 4 of 60,000 seats, 97 % sold, beside a scan of all seats that gives the same answer.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "ticketcore/venue/best_available.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

namespace ticketcore::bench {

/// An arena: 15 sections of 100 rows of 40 seats around a stage, one category.
inline SeatMap best_available_arena() {
  SeatMapBuilder builder("Arena");
  const CategoryIndex category = builder.add_category({"all", "All seats", "#1F77B4"});
  builder.focal_point({0, 0});
  for (std::int32_t section = 0; section < 15; ++section) {
    const SectionIndex index = builder.add_section({.label = "S" + std::to_string(section)});
    const std::int32_t x = (section % 5 - 2) * 22'000;
    const std::int32_t y = 5'000 + (section / 5) * 95'000;
    for (std::int32_t row = 0; row < 100; ++row) {
      builder.add_row(index, std::to_string(row));
      for (std::int32_t seat = 0; seat < 40; ++seat) {
        builder.add_seat({.label = std::to_string(seat),
                          .position = {x + seat * 500 - 9'750, y + row * 900},
                          .category = category});
      }
    }
  }
  return builder.build();
}

/// How a house got sold: seat by seat, or in parties of 1 to 6 side by side.
enum class SoldIn : std::uint8_t { single_seats, parties };

/// A house that stays 97 % sold while its sales keep changing.
class BestAvailableHouse {
 public:
  BestAvailableHouse(const SeatMap& map, SoldIn sold_in)
      : map_(map), free_(map), is_free_(map.place_count(), 1) {
    for (std::uint32_t place = 0; place < map.place_count();) {
      const std::uint32_t row_end = place / 40 * 40 + 40;
      const std::uint32_t size = std::min(
          row_end - place, sold_in == SoldIn::parties ? 1 + static_cast<std::uint32_t>(random_() % 6) : 1U);
      parties_.emplace_back();
      for (std::uint32_t end = place + size; place < end; ++place) parties_.back().push_back({place});
    }
    std::shuffle(parties_.begin(), parties_.end(), random_);
    sell();
  }

  /// A few parties return their seats, and others buy until it is 97 % again.
  void move_on() {
    for (int party = 0; party < 20; ++party) set(parties_[random_() % parties_.size()], 1);
    sell();
  }
  [[nodiscard]] const FreeSeats& free() const { return free_; }
  /// One byte per place, for the scan.
  [[nodiscard]] const std::vector<std::uint8_t>& is_free() const { return is_free_; }

 private:
  void set(const std::vector<PlaceIndex>& party, std::uint8_t free) {
    if (is_free_[party.front().value] == free) return;
    for (const PlaceIndex place : party) is_free_[place.value] = free;
    if (free != 0) {
      free_.give(party);
    } else {
      free_.take(party);
    }
  }
  void sell() {
    for (; free_.free_count() > map_.place_count() * 3 / 100; next_ = (next_ + 1) % parties_.size())
      set(parties_[next_], 0);
  }

  const SeatMap& map_;
  FreeSeats free_;
  std::vector<std::uint8_t> is_free_;
  std::vector<std::vector<PlaceIndex>> parties_;
  std::size_t next_ = 0;  ///< The party that buys next.
  std::mt19937_64 random_{97};
};

/// The peer: walks over all seats, counts free ones side by side, and scores each block by the same formula.
/// It is given each row's depth and pitch ready made.
class SeatBySeatScan {
 public:
  explicit SeatBySeatScan(const SeatMap& map) : map_(map) {
    for (const Row& row : map.rows()) {
      const Point first = map.places()[row.first_place].position;
      const Point last = map.places()[row.first_place + row.place_count - 1].position;
      const Point focal = map.focal_point_of(row.section).value_or(Point{});
      depths_.push_back(2 * detail::length_of(std::int64_t{first.x} + last.x - 2 * focal.x,
                                              std::int64_t{first.y} + last.y - 2 * focal.y));
      pitches_.push_back(static_cast<std::uint64_t>(last.x - first.x) / (row.place_count - 1));
    }
  }

  [[nodiscard]] std::optional<PlaceIndex> find(const std::vector<std::uint8_t>& is_free, std::uint32_t count,
                                               CategoryIndex category) const {
    std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::uint32_t> best{~std::uint64_t{0}, 0, 0, 0};
    const auto places = map_.places();
    std::uint32_t run = 0;
    for (std::uint32_t index = 0; index < places.size(); ++index) {
      const Place& place = places[index];
      const bool fits = is_free[index] != 0 && place.category == category.value &&
                        place.kind == PlaceKind::seat && place.flags == PlaceFlags::none;
      const bool adjoins =
          run > 0 && place.row == places[index - 1].row && place.slot == places[index - 1].slot + 1;
      run = !fits ? 0 : adjoins ? run + 1 : 1;
      if (run < count) continue;
      const Row& row = map_.rows()[place.row.value];
      const std::uint32_t ends =
          std::uint32_t{places[row.first_place].slot} + places[row.first_place + row.place_count - 1].slot;
      const std::uint32_t block_ends = 2U * place.slot - count + 1;
      const std::uint64_t off =
          (ends > block_ends ? ends - block_ends : block_ends - ends) * pitches_[place.row.value];
      const std::uint64_t score = depths_[place.row.value] + off;
      if (score > std::get<0>(best)) continue;
      std::uint64_t away = 0;
      if (const auto focal = map_.focal_point_of(row.section)) {
        for (std::uint32_t at = index + 1 - count; at <= index; ++at)
          away += detail::length_of(std::int64_t{places[at].position.x} - focal->x,
                                    std::int64_t{places[at].position.y} - focal->y);
      }
      best = std::min(best, std::tuple(score, away, off, index + 1 - count));
    }
    return std::get<0>(best) == ~std::uint64_t{0} ? std::nullopt
                                                  : std::optional(PlaceIndex{std::get<3>(best)});
  }

 private:
  const SeatMap& map_;
  std::vector<std::uint64_t> depths_;
  std::vector<std::uint64_t> pitches_;
};

struct BestAvailableFigures {
  double ours_ns = 0;  ///< Median of one search.
  double peer_ns = 0;  ///< Median of one scan.
  double found = 0;    ///< Share of searches that found a block.
};

/// Each search is timed by itself (so the clock's own 20 to 30 ns count) on a house that differs from the one
/// before, and compared with the scan's answer. Throws std::logic_error should they differ.
inline BestAvailableFigures best4_of_60000(SoldIn sold_in, std::size_t searches = 2'000) {
  using clock = std::chrono::steady_clock;
  const SeatMap map = best_available_arena();
  const SeatBySeatScan scan(map);
  BestAvailableHouse house(map, sold_in);
  std::vector<double> ours;
  std::vector<double> peer;
  std::size_t found = 0;
  for (std::size_t search = 0; search < searches; ++search) {
    const auto start = clock::now();
    const auto places = find_best_available(map, house.free(), {.count = 4});
    const auto middle = clock::now();
    const auto expected = scan.find(house.is_free(), 4, {0});
    const auto end = clock::now();
    if (places.has_value() != expected.has_value() || (places && places->front() != *expected))
      throw std::logic_error("best available and the scan differ");
    ours.push_back(std::chrono::duration<double, std::nano>(middle - start).count());
    peer.push_back(std::chrono::duration<double, std::nano>(end - middle).count());
    if (places) ++found;
    house.move_on();
  }
  const auto median = [](std::vector<double>& values) {
    const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), half, values.end());
    return *half;
  };
  return {median(ours), median(peer), static_cast<double>(found) / static_cast<double>(searches)};
}

}  // namespace ticketcore::bench
