#pragma once
// The bodies of FreeSeats. Include ticketcore/venue/free_seats.hpp, not this.

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <tuple>

#include "ticketcore/venue/free_seats.hpp"

namespace ticketcore {
namespace detail {

/// The whole part of the square root. The floating-point root is only a first guess, so the answer is exact
/// everywhere.
[[nodiscard]] inline std::uint64_t integer_sqrt(std::uint64_t square) noexcept {
  constexpr std::uint64_t largest = 0xFFFFFFFFULL;
  std::uint64_t root = std::min(static_cast<std::uint64_t>(std::sqrt(static_cast<double>(square))), largest);
  while (root * root > square) --root;
  while (root < largest && (root + 1) * (root + 1) <= square) ++root;
  return root;
}

/// The length of a vector; each part below 2^34. Very long ones are measured to 8 steps, so that squares fit
/// 64 bits.
[[nodiscard]] inline std::uint64_t length_of(std::int64_t x, std::int64_t y) noexcept {
  auto across = static_cast<std::uint64_t>(x < 0 ? -x : x);
  auto along = static_cast<std::uint64_t>(y < 0 ? -y : y);
  if (((across | along) >> 31) == 0) return integer_sqrt(across * across + along * along);
  across >>= 3;
  along >>= 3;
  return integer_sqrt(across * across + along * along) << 3;
}

/// The most set bits side by side in one word: doubles a length while runs of it remain, then adds what is
/// left, halving.
[[nodiscard]] constexpr std::uint32_t longest_run(std::uint64_t word) noexcept {
  if (word == 0) return 0;
  std::uint64_t powers[6]{};  // Bit s of powers[k]: a run of 2^k starts at s.
  std::uint32_t top = 0;
  powers[0] = word;
  while (top < 5) {
    const std::uint64_t doubled = powers[top] & (powers[top] >> (1U << top));
    if (doubled == 0) break;
    powers[++top] = doubled;
  }
  std::uint64_t starts = powers[top];
  std::uint32_t length = 1U << top;
  if (top == 5 && word == ~std::uint64_t{0}) return 64;
  for (std::uint32_t step = top; step-- > 0;) {
    const std::uint64_t longer = starts & (powers[step] >> length);
    if (longer == 0) continue;
    starts = longer;
    length += 1U << step;
  }
  return length;
}

/// The most bits side by side that are set in both, across words.
[[nodiscard]] constexpr std::uint32_t longest_run(std::span<const std::uint64_t> words,
                                                  std::span<const std::uint64_t> masks) noexcept {
  if (words.size() == 1) return longest_run(words[0] & masks[0]);
  std::uint32_t longest = 0;
  std::uint32_t open = 0;  // Length of the run that reaches the end of the words seen so far.
  for (std::size_t index = 0; index < words.size(); ++index) {
    const std::uint64_t word = words[index] & masks[index];
    if (word == ~std::uint64_t{0}) {
      open += 64;
      continue;
    }
    longest =
        std::max({longest, open + static_cast<std::uint32_t>(std::countr_one(word)), longest_run(word)});
    open = static_cast<std::uint32_t>(std::countl_one(word));
  }
  return std::max(longest, open);
}

}  // namespace detail

inline FreeSeats::FreeSeats(const SeatMap& map)
    : rankings_(map.categories().size()), free_count_(map.place_count() - map.retired_count()) {
  shape_rows(map);
  lay_lanes(map);
  sort_lanes();
  rank_lanes();
}

inline void FreeSeats::shape_rows(const SeatMap& map) {
  constexpr std::uint32_t unknown_pitch =
      1'000;  // A row of one place, or drawn without positions: one chart unit.
  const std::span<const Place> places = map.places();
  shapes_.reserve(map.live_rows().size());
  std::uint32_t first_word = 0;
  std::uint64_t length_before = 0;
  for (const Row& row : map.live_rows()) {
    const Place& first = places[map.place_at(row, 0).value];
    const Place& last = places[map.place_at(row, row.place_count - 1).value];
    std::uint64_t length = 0;
    for (std::uint32_t nth = 1; nth < row.place_count; ++nth) {
      const Point here = places[map.place_at(row, nth).value].position;
      const Point before = places[map.place_at(row, nth - 1).value].position;
      length += detail::length_of(std::int64_t{here.x} - before.x, std::int64_t{here.y} - before.y);
    }
    RowShape shape;
    shape.first_word = first_word;
    shape.first_slot = first.slot;
    shape.slots = static_cast<std::uint16_t>(last.slot - first.slot + 1);
    const std::uint64_t pitch = shape.slots > 1 ? length / (shape.slots - 1U) : 0;
    shape.pitch =
        pitch == 0 ? unknown_pitch : static_cast<std::uint32_t>(std::min<std::uint64_t>(pitch, none));
    if (const auto focal = map.focal_point_of(row.section)) {
      const std::int64_t x = std::int64_t{first.position.x} + last.position.x - 2 * std::int64_t{focal->x};
      const std::int64_t y = std::int64_t{first.position.y} + last.position.y - 2 * std::int64_t{focal->y};
      shape.depth = 2 * detail::length_of(x, y);
    } else {
      shape.depth = 4 * length_before;
    }
    length_before += shape.pitch;
    first_word += shape.word_count();
    shapes_.push_back(shape);
  }
  // A bit that is never set, for the retired places.
  retired_bit_ = first_word * 64;
  words_.assign(first_word + (map.retired_count() > 0 ? 1U : 0U), 0);
}

inline void FreeSeats::lay_lanes(const SeatMap& map) {
  spots_.resize(map.place_count(), {retired_bit_, none});
  lanes_.reserve(map.live_rows().size());
  masks_.reserve(words_.size());
  std::vector<std::uint32_t> lane_of(map.categories().size() * 3, none);  // By category and tier, of one row.
  for (std::uint32_t row = 0; row < map.live_rows().size(); ++row) lay_lanes_of(map, row, lane_of);
}

inline void FreeSeats::lay_lanes_of(const SeatMap& map, std::uint32_t row_index,
                                    std::span<std::uint32_t> lane_of) {
  const Row& row = map.rows()[row_index];
  const RowShape& shape = shapes_[row_index];
  const std::size_t first_lane = lanes_.size();
  for (std::uint32_t nth = 0; nth < row.place_count; ++nth) {
    const std::uint32_t index = map.place_at(row, nth).value;
    const Place& place = map.places()[index];
    const bool special =
        place.kind != PlaceKind::seat || has(place.flags, PlaceFlags::accessible | PlaceFlags::companion);
    const Tier tier = special                                         ? Tier::special
                      : has(place.flags, PlaceFlags::restricted_view) ? Tier::wide
                                                                      : Tier::plain;
    std::uint32_t& lane = lane_of[place.category * 3U + static_cast<unsigned>(tier)];
    if (lane == none) lane = add_lane(row_index, place.category, tier);
    const std::uint32_t slot = static_cast<std::uint32_t>(place.slot - shape.first_slot);
    const std::uint64_t bit = std::uint64_t{1} << (slot % 64);
    masks_[lanes_[lane].first_mask + slot / 64] |= bit;
    words_[shape.first_word + slot / 64] |= bit;
    spots_[index] = {shape.first_word * 64 + slot, lane};
    Ranking& ranking = rankings_[place.category];
    ++ranking.free_count;
    if (place.kind == PlaceKind::seat && has(place.flags, PlaceFlags::accessible) &&
        (ranking.wheelchair_rows.empty() || ranking.wheelchair_rows.back() != row_index)) {
      ranking.wheelchair_rows.push_back(row_index);
    }
  }
  for (std::size_t index = first_lane; index < lanes_.size(); ++index) {
    const std::uint32_t plain = lane_of[lanes_[index].category * 3U + static_cast<unsigned>(Tier::plain)];
    if (lanes_[index].tier != Tier::wide || plain == none) continue;
    lanes_[plain].wide = static_cast<std::uint32_t>(index);
    for (std::uint32_t word = 0; word < shape.word_count(); ++word)
      masks_[lanes_[index].first_mask + word] |= masks_[lanes_[plain].first_mask + word];
  }
  for (std::size_t index = first_lane; index < lanes_.size(); ++index) {
    lane_of[lanes_[index].category * 3U + static_cast<unsigned>(lanes_[index].tier)] = none;
  }
}

inline std::uint32_t FreeSeats::add_lane(std::uint32_t row, std::uint16_t category, Tier tier) {
  Lane lane;
  lane.shape = shapes_[row];
  lane.row = row;
  lane.first_mask = static_cast<std::uint32_t>(masks_.size());
  lane.category = category;
  lane.tier = tier;
  masks_.resize(masks_.size() + lane.shape.word_count(), 0);
  lanes_.push_back(lane);
  return static_cast<std::uint32_t>(lanes_.size() - 1);
}

inline void FreeSeats::sort_lanes() {
  std::vector<std::uint32_t> order(lanes_.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto rank = [this](std::uint32_t index) {
    const Lane& lane = lanes_[index];
    return std::tuple(lane.tier == Tier::special, lane.category, lane.shape.depth, lane.row, lane.tier);
  };
  std::sort(order.begin(), order.end(),
            [&rank](std::uint32_t one, std::uint32_t other) { return rank(one) < rank(other); });
  std::vector<std::uint32_t> now_at(lanes_.size());
  std::vector<Lane> sorted;
  sorted.reserve(lanes_.size());
  for (const std::uint32_t before : order) {
    now_at[before] = static_cast<std::uint32_t>(sorted.size());
    sorted.push_back(lanes_[before]);
  }
  for (Lane& lane : sorted) {
    if (lane.wide != none) lane.wide = now_at[lane.wide];
  }
  for (Spot& spot : spots_) {
    if (spot.lane != none) spot.lane = now_at[spot.lane];
  }
  lanes_ = std::move(sorted);
}

inline void FreeSeats::rank_lanes() {
  for (std::uint32_t index = 0; index < lanes_.size() && lanes_[index].tier != Tier::special; ++index) {
    Ranking& ranking = rankings_[lanes_[index].category];
    if (ranking.lane_count++ == 0) ranking.first_lane = index;
  }
  std::uint32_t word_count = 0;
  for (Ranking& ranking : rankings_) {
    ranking.first_word = word_count;
    ranking.word_count = (ranking.lane_count + 63) / 64;
    word_count += ranking.word_count;
  }
  runs_.assign(word_count * std::size_t{run_lengths}, 0);
  for (auto& tier : tiers_) tier.assign(word_count, 0);
  for (std::uint32_t index = 0; index < lanes_.size() && lanes_[index].tier != Tier::special; ++index) {
    const Lane& lane = lanes_[index];
    const Ranking& ranking = rankings_[lane.category];
    const std::uint32_t rank = index - ranking.first_lane;
    const std::uint64_t bit = std::uint64_t{1} << (rank % 64);
    if (lane.tier == Tier::plain)
      tiers_[static_cast<unsigned>(RestrictedView::avoid)][ranking.first_word + rank / 64] |= bit;
    if (lane.wide == none)
      tiers_[static_cast<unsigned>(RestrictedView::allow)][ranking.first_word + rank / 64] |= bit;
    refresh_longest(index);
  }
}

inline void FreeSeats::flip(std::span<const PlaceIndex> places, std::uint64_t expected) {
  std::uint32_t stale = none;
  for (const PlaceIndex place : places) {
    const Spot spot = spots_[place.value];
    std::uint64_t& word = words_[spot.bit / 64];
    if (spot.lane != stale && stale != none) refresh(stale);
    if (spot.lane == none) [[unlikely]] {
      throw std::logic_error("FreeSeats: the place is retired");
    }
    stale = spot.lane;
    if (((word >> (spot.bit % 64)) & 1U) != expected) {
      refresh(stale);
      throw std::logic_error(expected != 0 ? "FreeSeats::take: the place is not free"
                                           : "FreeSeats::give: the place is free already");
    }
    word ^= std::uint64_t{1} << (spot.bit % 64);
    std::uint32_t& count = rankings_[lanes_[spot.lane].category].free_count;
    count = expected != 0 ? count - 1 : count + 1;
    free_count_ = expected != 0 ? free_count_ - 1 : free_count_ + 1;
  }
  if (stale != none) refresh(stale);
}

inline void FreeSeats::refresh(std::uint32_t lane_index) {
  const Lane& lane = lanes_[lane_index];
  if (lane.tier == Tier::special) return;
  refresh_longest(lane_index);
  if (lane.wide != none) refresh_longest(lane.wide);
}

inline void FreeSeats::refresh_longest(std::uint32_t lane_index) {
  Lane& lane = lanes_[lane_index];
  const std::size_t word_count = lane.shape.word_count();
  const std::uint32_t now = detail::longest_run({words_.data() + lane.shape.first_word, word_count},
                                                {masks_.data() + lane.first_mask, word_count});
  const std::uint32_t before = std::exchange(lane.longest, static_cast<std::uint16_t>(now));
  const Ranking& ranking = rankings_[lane.category];
  const std::uint32_t rank = lane_index - ranking.first_lane;
  const std::uint32_t high = std::min(std::max(now, before), run_lengths);
  for (std::uint32_t length = std::min(now, before) + 1; length <= high; ++length)
    runs(ranking, length)[rank / 64] ^= std::uint64_t{1} << (rank % 64);
}

}  // namespace ticketcore
