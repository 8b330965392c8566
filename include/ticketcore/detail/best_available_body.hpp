#pragma once
// The bodies of best available. Include ticketcore/best_available.hpp, not this.

#include <algorithm>
#include <array>
#include <bit>
#include <tuple>

#include "ticketcore/best_available.hpp"
#include "ticketcore/limits.hpp"

namespace ticketcore::detail {

inline constexpr std::uint32_t row_words_max = limits::row_slots / 64;

/// Leaves the bits at which a run of length set bits starts. Doubles the length that is made sure of in each step.
inline void keep_run_starts(std::span<std::uint64_t> words, std::uint32_t length) noexcept {
  for (std::uint32_t sure = 1; sure < length;) {
    const std::uint32_t step = std::min(sure, length - sure);
    const std::size_t skip = step / 64;
    const std::uint32_t shift = step % 64;
    for (std::size_t index = 0; index < words.size(); ++index) {
      const std::uint64_t low = index + skip < words.size() ? words[index + skip] : 0;
      const std::uint64_t high = index + skip + 1 < words.size() ? words[index + skip + 1] : 0;
      words[index] &= shift == 0 ? low : (low >> shift) | (high << (64 - shift));
    }
    sure += step;
  }
}

[[nodiscard]] inline std::optional<std::int32_t> last_set(std::span<const std::uint64_t> words, std::int32_t up_to) noexcept {
  if (up_to < 0) return std::nullopt;
  auto index = static_cast<std::size_t>(up_to) / 64;
  for (std::uint64_t word = words[index] & (~std::uint64_t{0} >> (63 - up_to % 64));; word = words[--index]) {
    if (word != 0) return static_cast<std::int32_t>(index) * 64 + 63 - std::countl_zero(word);
    if (index == 0) return std::nullopt;
  }
}

[[nodiscard]] inline std::optional<std::int32_t> first_set(std::span<const std::uint64_t> words, std::int32_t from) noexcept {
  auto index = static_cast<std::size_t>(from) / 64;
  if (index >= words.size()) return std::nullopt;
  for (std::uint64_t word = words[index] & (~std::uint64_t{0} << (from % 64));; word = words[index]) {
    if (word != 0) return static_cast<std::int32_t>(index) * 64 + std::countr_zero(word);
    if (++index == words.size()) return std::nullopt;
  }
}

/// The set bit nearest to half of twice, the lower one of two.
[[nodiscard]] inline std::optional<std::int32_t> nearest_set(std::span<const std::uint64_t> words, std::int32_t twice) noexcept {
  const auto last = static_cast<std::int32_t>(words.size() * 64) - 1;
  const std::int32_t middle = std::clamp(twice >> 1, -1, last);
  const auto low = last_set(words, middle);
  const auto high = first_set(words, middle + 1);
  if (!low || !high) return low ? low : high;
  return twice - 2 * *low <= 2 * *high - twice ? low : high;
}

/// Looks for blocks in the free seats of one category, some of which may be spoken for already.
class BlockSearch {
 public:
  BlockSearch(const SeatMap& map, const FreeSeats& free, CategoryIndex category, RestrictedView restricted_view)
      : map_(map), free_(free), ranking_(free.rankings_[category.value]), category_(category), view_(restricted_view), words_(free.words_) {}

  /// The best block of count ordinary seats.
  [[nodiscard]] std::optional<ChosenPlaces> one_block(std::uint32_t count) const {
    const Block block = best_block(count);
    return block.found() ? std::optional(places_of(block)) : std::nullopt;
  }

  /// The best block with exactly that many wheelchair places.
  [[nodiscard]] std::optional<ChosenPlaces> one_wheelchair_block(std::uint32_t count, std::uint32_t accessible) const {
    const Block block = best_wheelchair_block({count, count, accessible, accessible});
    return block.found() ? std::optional(places_of(block)) : std::nullopt;
  }

  /// Several blocks, the largest first.
  [[nodiscard]] std::optional<ChosenPlaces> several_blocks(std::uint32_t count, std::uint32_t accessible) {
    if (count > ranking_.free_count) return std::nullopt;
    std::vector<std::uint64_t> rest = free_.words_;
    words_ = rest;
    ChosenPlaces places;
    Block anchor;
    const auto add = [&](const Block& block) {
      for (const PlaceIndex place : places_of(block)) {
        const std::uint32_t bit = free_.spots_[place.value].bit;
        rest[bit / 64] &= ~(std::uint64_t{1} << (bit % 64));
        places.push_back(place);
      }
      if (!anchor.found()) anchor = block;
      count -= block.count;
      accessible -= block.accessible;
    };
    while (accessible > 0) {
      const Block block = best_wheelchair_block({1, count, 1, accessible});
      if (!block.found()) return std::nullopt;
      add(block);
    }
    std::uint32_t size = std::min(count, largest(free_, category_, view_));
    while (count > 0 && size > 0) {
      size = std::min(size, count);
      const Block block = anchor.found() ? nearest_block(size, anchor) : best_block(size);
      if (block.found()) {
        add(block);
      } else {
        --size;
      }
    }
    return count == 0 ? std::optional(std::move(places)) : std::nullopt;
  }

  [[nodiscard]] static std::uint32_t largest(const FreeSeats& free, CategoryIndex category, RestrictedView restricted_view) {
    const FreeSeats::Ranking& ranking = free.rankings_[category.value];
    const auto tier = tier_of(free, ranking, restricted_view);
    for (std::uint32_t length = FreeSeats::run_lengths; length > 0; --length) {
      std::uint32_t longest = 0;
      const auto runs = free.runs(ranking, length);
      for (std::uint32_t word = 0; word < ranking.word_count; ++word) {
        for (std::uint64_t bits = runs[word] & tier[word]; bits != 0; bits &= bits - 1) {
          longest = std::max<std::uint32_t>(longest, free.lanes_[lane_at(ranking, word, bits)].longest);
          if (length < FreeSeats::run_lengths) return longest;
        }
      }
      if (longest > 0) return longest;
    }
    return 0;
  }

 private:
  using Lane = FreeSeats::Lane;
  using RowShape = FreeSeats::RowShape;

  struct Block {
    std::uint64_t score = ~std::uint64_t{0};
    std::uint64_t off_center = ~std::uint64_t{0};  ///< The score's second part.
    std::uint32_t row = 0;
    std::uint32_t first_bit = 0;  ///< Its first slot, counted from the row's first.
    std::uint32_t count = 0;
    std::uint32_t accessible = 0;
    std::uint32_t ordinary = 0;  ///< Of a wheelchair block: seats that are neither wheelchair nor companion places.
    [[nodiscard]] bool found() const noexcept { return count != 0; }
  };
  struct WheelchairWish {
    std::uint32_t count_min = 0;
    std::uint32_t count_max = 0;
    std::uint32_t accessible_min = 0;
    std::uint32_t accessible_max = 0;
  };

  [[nodiscard]] static std::span<const std::uint64_t> tier_of(const FreeSeats& free, const FreeSeats::Ranking& ranking, RestrictedView view) {
    return {free.tiers_[static_cast<unsigned>(view)].data() + ranking.first_word, ranking.word_count};
  }
  [[nodiscard]] static std::uint32_t lane_at(const FreeSeats::Ranking& ranking, std::uint32_t word, std::uint64_t bits) noexcept {
    return ranking.first_lane + word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
  }
  /// Twice the distance in slots from the row's middle to the block's, to the right of it.
  [[nodiscard]] static std::int32_t twice_off_center(const RowShape& shape, std::uint32_t first_bit, std::uint32_t count) noexcept {
    return static_cast<std::int32_t>(2 * first_bit + count) - static_cast<std::int32_t>(shape.slots);
  }
  static void score(Block& block, const RowShape& shape) noexcept {
    const std::int32_t twice = twice_off_center(shape, block.first_bit, block.count);
    // A quarter of a step each, as depth is: half a pitch for each half slot.
    block.off_center = static_cast<std::uint64_t>(twice < 0 ? -twice : twice) * shape.pitch;
    block.score = shape.depth + block.off_center;
  }

  /// Where in the lane count free seats start whose middle is nearest to twice_off half slots right of the row's.
  [[nodiscard]] std::optional<std::int32_t> start_in(const Lane& lane, std::uint32_t count, std::int32_t twice_off) const {
    std::array<std::uint64_t, row_words_max> buffer;
    const std::span<std::uint64_t> starts(buffer.data(), lane.shape.word_count());
    for (std::size_t word = 0; word < starts.size(); ++word) starts[word] = words_[lane.shape.first_word + word] & free_.masks_[lane.first_mask + word];
    keep_run_starts(starts, count);
    return nearest_set(starts, static_cast<std::int32_t>(lane.shape.slots) - static_cast<std::int32_t>(count) + twice_off);
  }

  [[nodiscard]] Block best_block(std::uint32_t count) const {
    Block best;
    const auto runs = free_.runs(ranking_, std::min(count, FreeSeats::run_lengths));
    const auto tier = tier_of(free_, ranking_, view_);
    for (std::uint32_t word = 0; word < ranking_.word_count; ++word) {
      for (std::uint64_t bits = runs[word] & tier[word]; bits != 0; bits &= bits - 1) {
        const Lane& lane = free_.lanes_[lane_at(ranking_, word, bits)];
        // Of this depth or more a block can only win a tie by standing nearer to its row's middle, and none nearer than 0.
        if (lane.shape.depth > best.score || (lane.shape.depth == best.score && best.off_center == 0)) return best;
        if (lane.longest < count) continue;
        const auto start = start_in(lane, count, 0);
        if (!start) continue;
        Block block{.row = lane.row, .first_bit = static_cast<std::uint32_t>(*start), .count = count};
        score(block, lane.shape);
        if (block.score < best.score || (block.score == best.score && block.off_center < best.off_center)) best = block;
      }
    }
    return best;
  }

  /// The block closest to another: in its section, then the fewest rows away, then the least to the side.
  [[nodiscard]] Block nearest_block(std::uint32_t count, const Block& anchor) const {
    const std::int32_t aside = twice_off_center(free_.shapes_[anchor.row], anchor.first_bit, anchor.count);
    const SectionIndex section = map_.rows()[anchor.row].section;
    std::tuple<bool, std::uint32_t, std::int32_t, std::uint32_t> closest{true, FreeSeats::none, 0, 0};
    Block best;
    const auto runs = free_.runs(ranking_, std::min(count, FreeSeats::run_lengths));
    const auto tier = tier_of(free_, ranking_, view_);
    for (std::uint32_t word = 0; word < ranking_.word_count; ++word) {
      for (std::uint64_t bits = runs[word] & tier[word]; bits != 0; bits &= bits - 1) {
        const Lane& lane = free_.lanes_[lane_at(ranking_, word, bits)];
        const bool elsewhere = map_.rows()[lane.row].section != section;
        const std::uint32_t rows_away = lane.row > anchor.row ? lane.row - anchor.row : anchor.row - lane.row;
        if (lane.longest < count || std::tuple(elsewhere, rows_away, 0, 0U) > closest) continue;
        const auto start = start_in(lane, count, aside);
        if (!start) continue;
        Block block{.row = lane.row, .first_bit = static_cast<std::uint32_t>(*start), .count = count};
        const std::int32_t apart = twice_off_center(lane.shape, block.first_bit, count) - aside;
        const std::tuple distance{elsewhere, rows_away, apart < 0 ? -apart : apart, lane.row};
        if (distance >= closest) continue;
        closest = distance;
        best = block;
      }
    }
    return best;
  }

  [[nodiscard]] bool is_free(std::uint32_t place) const {
    const std::uint32_t bit = free_.spots_[place].bit;
    return ((words_[bit / 64] >> (bit % 64)) & 1U) != 0;
  }
  /// Whether a wheelchair party of this category may sit there.
  [[nodiscard]] bool will_do(std::uint32_t index) const {
    const Place& place = map_.places()[index];
    return is_free(index) && place.category == category_.value && place.kind == PlaceKind::seat &&
           (view_ == RestrictedView::allow || !has(place.flags, PlaceFlags::restricted_view));
  }

  /// The most wheelchair places, then the most people, then the fewest ordinary seats, then the best score.
  [[nodiscard]] Block best_wheelchair_block(const WheelchairWish& wish) const {
    const auto rank = [](const Block& block) {
      return std::tuple(~block.accessible, ~block.count, block.ordinary, block.score, block.off_center, block.row, block.first_bit);
    };
    Block best;
    for (const std::uint32_t row_index : ranking_.wheelchair_rows) {
      const Row& row = map_.rows()[row_index];
      for (std::uint32_t first = row.first_place; first < row.first_place + row.place_count; ++first) {
        const Block block = wheelchair_block_at(wish, row_index, first, row.first_place + row.place_count, rank);
        if (block.found() && (!best.found() || rank(block) < rank(best))) best = block;
      }
    }
    return best;
  }

  /// The best of the blocks that start with this place.
  template <class Rank>
  [[nodiscard]] Block wheelchair_block_at(const WheelchairWish& wish, std::uint32_t row, std::uint32_t first, std::uint32_t end, const Rank& rank) const {
    const std::span<const Place> places = map_.places();
    const RowShape& shape = free_.shapes_[row];
    Block best;
    Block block{.row = row, .first_bit = static_cast<std::uint32_t>(places[first].slot - shape.first_slot)};
    bool served = false;   // The companion places at the block's end adjoin a wheelchair place in it.
    bool waiting = false;  // They don't yet: the next place must be a wheelchair or companion place.
    for (std::uint32_t at = first; at < end && block.count < wish.count_max; ++at) {
      if (!will_do(at) || (at > first && places[at].slot != places[at - 1].slot + 1)) break;
      ++block.count;
      if (has(places[at].flags, PlaceFlags::accessible)) {
        if (++block.accessible > wish.accessible_max) break;
        served = true;
        waiting = false;
      } else if (has(places[at].flags, PlaceFlags::companion)) {
        waiting = !served;
      } else {
        if (waiting) break;
        ++block.ordinary;
        served = false;
      }
      // Wheelchair users that are still to be seated elsewhere need their share of the count.
      const std::uint32_t seats_left = wish.count_max - block.count;
      if (waiting || block.count < wish.count_min || block.accessible < wish.accessible_min || seats_left < wish.accessible_max - block.accessible) continue;
      score(block, shape);
      if (!best.found() || rank(block) < rank(best)) best = block;
    }
    return best;
  }

  [[nodiscard]] ChosenPlaces places_of(const Block& block) const {
    const Row& row = map_.rows()[block.row];
    const std::span<const Place> places = map_.places().subspan(row.first_place, row.place_count);
    const std::uint32_t slot = free_.shapes_[block.row].first_slot + block.first_bit;
    const auto first = std::lower_bound(places.begin(), places.end(), slot, [](const Place& place, std::uint32_t wanted) { return place.slot < wanted; });
    ChosenPlaces chosen(block.count);
    auto index = static_cast<std::uint32_t>(row.first_place + (first - places.begin()));
    for (PlaceIndex& place : chosen) place.value = index++;
    return chosen;
  }

  const SeatMap& map_;
  const FreeSeats& free_;
  const FreeSeats::Ranking& ranking_;
  CategoryIndex category_;
  RestrictedView view_;
  std::span<const std::uint64_t> words_;  ///< The free places, without those spoken for.
};

}  // namespace ticketcore::detail

namespace ticketcore {

inline std::optional<ChosenPlaces> find_best_available(const SeatMap& map, const FreeSeats& free, const BestAvailable& wish) {
  if (wish.count == 0 || wish.count > limits::places_per_hold || wish.accessible > wish.count) return std::nullopt;
  if (wish.category.value >= map.categories().size()) return std::nullopt;
  detail::BlockSearch search(map, free, wish.category, wish.restricted_view);
  auto places = wish.accessible > 0 ? search.one_wheelchair_block(wish.count, wish.accessible) : search.one_block(wish.count);
  if (places || wish.together == Together::required) return places;
  return search.several_blocks(wish.count, wish.accessible);
}

inline std::uint32_t largest_block(const FreeSeats& free, CategoryIndex category, RestrictedView restricted_view) {
  return detail::BlockSearch::largest(free, category, restricted_view);
}

}  // namespace ticketcore
