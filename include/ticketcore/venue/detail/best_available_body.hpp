#pragma once
// The bodies of best available. Include ticketcore/venue/best_available.hpp, not this.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <map>
#include <tuple>
#include <vector>

#include "ticketcore/base/limits.hpp"
#include "ticketcore/venue/best_available.hpp"

namespace ticketcore::detail {

inline constexpr std::uint32_t row_words_max = limits::row_slots / 64;

/// Leaves the bits at which a run of length set bits starts. Doubles the length that is made sure of in each
/// step.
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

[[nodiscard]] inline std::optional<std::int32_t> last_set(std::span<const std::uint64_t> words,
                                                          std::int32_t up_to) noexcept {
  if (up_to < 0) return std::nullopt;
  auto index = static_cast<std::size_t>(up_to) / 64;
  for (std::uint64_t word = words[index] & (~std::uint64_t{0} >> (63 - up_to % 64));; word = words[--index]) {
    if (word != 0) return static_cast<std::int32_t>(index) * 64 + 63 - std::countl_zero(word);
    if (index == 0) return std::nullopt;
  }
}

[[nodiscard]] inline std::optional<std::int32_t> first_set(std::span<const std::uint64_t> words,
                                                           std::int32_t from) noexcept {
  auto index = static_cast<std::size_t>(from) / 64;
  if (index >= words.size()) return std::nullopt;
  for (std::uint64_t word = words[index] & (~std::uint64_t{0} << (from % 64));; word = words[index]) {
    if (word != 0) return static_cast<std::int32_t>(index) * 64 + std::countr_zero(word);
    if (++index == words.size()) return std::nullopt;
  }
}

/// The set bits nearest to half of twice: one below or at it and one above where both are as near, else one
/// of them.
struct NearestBits {
  std::optional<std::int32_t> low{};
  std::optional<std::int32_t> high{};
  /// The lower one of two.
  [[nodiscard]] std::optional<std::int32_t> first() const noexcept { return low ? low : high; }
};
[[nodiscard]] inline NearestBits nearest_set(std::span<const std::uint64_t> words,
                                             std::int32_t twice) noexcept {
  const auto last = static_cast<std::int32_t>(words.size() * 64) - 1;
  const std::int32_t middle = std::clamp(twice >> 1, -1, last);
  NearestBits nearest{last_set(words, middle), first_set(words, middle + 1)};
  if (!nearest.low || !nearest.high) return nearest;
  const std::int32_t below = twice - 2 * *nearest.low;
  const std::int32_t above = 2 * *nearest.high - twice;
  if (below < above) nearest.high.reset();
  if (above < below) nearest.low.reset();
  return nearest;
}

/// Looks for blocks in the free seats of one category, some of which may be spoken for already.
class BlockSearch {
 public:
  BlockSearch(const SeatMap& map, const FreeSeats& free, CategoryIndex category,
              RestrictedView restricted_view)
      : map_(map),
        free_(free),
        ranking_(free.rankings_[category.value]),
        category_(category),
        view_(restricted_view) {}

  /// The best block of count ordinary seats.
  [[nodiscard]] std::optional<ChosenPlaces> one_block(std::uint32_t count) const {
    const Block block = best_block(count);
    return block.found() ? std::optional(places_of(block)) : std::nullopt;
  }

  /// The best block with exactly that many wheelchair places.
  [[nodiscard]] std::optional<ChosenPlaces> one_wheelchair_block(std::uint32_t count,
                                                                 std::uint32_t accessible) const {
    const Block block = best_wheelchair_block({count, count, accessible, accessible});
    return block.found() ? std::optional(places_of(block)) : std::nullopt;
  }

  /// Several blocks, the largest first. Each lane is looked at once, and once more for each block that is
  /// taken from it.
  [[nodiscard]] std::optional<ChosenPlaces> several_blocks(std::uint32_t count, std::uint32_t accessible) {
    if (count > ranking_.free_count) return std::nullopt;
    Party party{count, accessible};
    if (accessible > 0 && !seat_wheelchairs(party)) return std::nullopt;
    if (party.count > 0) seat_others(party);
    return party.count == 0 ? std::optional(std::move(party.places)) : std::nullopt;
  }

  [[nodiscard]] static std::uint32_t largest(const FreeSeats& free, CategoryIndex category,
                                             RestrictedView restricted_view) {
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
    std::uint32_t ordinary =
        0;  ///< Of a wheelchair block: seats that are neither wheelchair nor companion places.
    [[nodiscard]] bool found() const noexcept { return count != 0; }
  };
  struct WheelchairWish {
    std::uint32_t count_min = 0;
    std::uint32_t count_max = 0;
    std::uint32_t accessible_min = 0;
    std::uint32_t accessible_max = 0;
  };

  [[nodiscard]] static std::span<const std::uint64_t> tier_of(const FreeSeats& free,
                                                              const FreeSeats::Ranking& ranking,
                                                              RestrictedView view) {
    return {free.tiers_[static_cast<unsigned>(view)].data() + ranking.first_word, ranking.word_count};
  }
  [[nodiscard]] static std::uint32_t lane_at(const FreeSeats::Ranking& ranking, std::uint32_t word,
                                             std::uint64_t bits) noexcept {
    return ranking.first_lane + word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
  }
  /// Twice the distance in slots from the row's middle to the block's, to the right of it.
  [[nodiscard]] static std::int32_t twice_off_center(const RowShape& shape, std::uint32_t first_bit,
                                                     std::uint32_t count) noexcept {
    return static_cast<std::int32_t>(2 * first_bit + count) - static_cast<std::int32_t>(shape.slots);
  }
  static void score(Block& block, const RowShape& shape) noexcept {
    const std::int32_t twice = twice_off_center(shape, block.first_bit, block.count);
    // A quarter of a step each, as depth is: half a pitch for each half slot.
    block.off_center = static_cast<std::uint64_t>(twice < 0 ? -twice : twice) * shape.pitch;
    block.score = shape.depth + block.off_center;
  }

  /// How far its seats are from the focal point, together; 0 where there is none.
  [[nodiscard]] std::uint64_t distance_of(const Block& block) const {
    const auto focal = map_.focal_point_of(map_.rows()[block.row].section);
    if (!focal) return 0;
    std::uint64_t distance = 0;
    for (const PlaceIndex place : places_of(block)) {
      const Point seat = map_.places()[place.value].position;
      distance += length_of(std::int64_t{seat.x} - focal->x, std::int64_t{seat.y} - focal->y);
    }
    return distance;
  }
  /// Of two with one score: whose seats are nearer to the focal point, then which is nearer to its row's
  /// middle, then which comes first in the chart. Distances are reckoned only where it comes to them.
  [[nodiscard]] bool wins_tie(const Block& one, const Block& other) const {
    const std::uint64_t one_distance = distance_of(one);
    const std::uint64_t other_distance = distance_of(other);
    if (one_distance != other_distance) return one_distance < other_distance;
    const auto rank = [](const Block& block) {
      return std::tie(block.off_center, block.row, block.first_bit);
    };
    return rank(one) < rank(other);
  }
  [[nodiscard]] bool beats(const Block& one, const Block& other) const {
    return one.score != other.score ? one.score < other.score : wins_tie(one, other);
  }

  /// The row's free seats, without those spoken for.
  [[nodiscard]] std::span<const std::uint64_t> row_words(const RowShape& shape) const {
    const auto own = own_words_.find(shape.first_word);
    const std::uint64_t* words =
        own == own_words_.end() ? free_.words_.data() + shape.first_word : own->second.data();
    return {words, shape.word_count()};
  }

  /// Where in the lane count free seats start whose middle is nearest to twice_off half slots right of the
  /// row's.
  [[nodiscard]] NearestBits starts_in(const Lane& lane, std::uint32_t count, std::int32_t twice_off) const {
    std::array<std::uint64_t, row_words_max> buffer;
    const std::span<std::uint64_t> starts(buffer.data(), lane.shape.word_count());
    const auto free = row_words(lane.shape);
    const std::uint64_t* mask = free_.masks_.data() + lane.first_mask;
    for (std::size_t word = 0; word < starts.size(); ++word) starts[word] = free[word] & mask[word];
    keep_run_starts(starts, count);
    return nearest_set(
        starts, static_cast<std::int32_t>(lane.shape.slots) - static_cast<std::int32_t>(count) + twice_off);
  }
  [[nodiscard]] std::uint32_t longest_in(const Lane& lane) const {
    if (!own_words_.contains(lane.shape.first_word)) return lane.longest;
    return longest_run(row_words(lane.shape),
                       {free_.masks_.data() + lane.first_mask, lane.shape.word_count()});
  }

  /// Calls look(lane) for the category's lanes that had a run of so many before anything was spoken for, by
  /// depth, while it says true.
  template <class Look>
  void for_lanes(std::uint32_t run, Look&& look) const {
    const auto runs = free_.runs(ranking_, std::min(run, FreeSeats::run_lengths));
    const auto tier = tier_of(free_, ranking_, view_);
    for (std::uint32_t word = 0; word < ranking_.word_count; ++word) {
      for (std::uint64_t bits = runs[word] & tier[word]; bits != 0; bits &= bits - 1) {
        const Lane& lane = free_.lanes_[lane_at(ranking_, word, bits)];
        if (lane.longest >= run && !look(lane)) return;
      }
    }
  }

  [[nodiscard]] Block best_block(std::uint32_t count) const {
    Block best;
    for_lanes(count, [&](const Lane& lane) {
      if (lane.shape.depth > best.score) return false;
      const NearestBits starts = starts_in(lane, count, 0);
      for (const auto& start : {starts.low, starts.high}) {
        if (!start) continue;
        Block block{.row = lane.row, .first_bit = static_cast<std::uint32_t>(*start), .count = count};
        score(block, lane.shape);
        if (beats(block, best)) best = block;
      }
      return true;
    });
    return best;
  }

  /// Who is still to be seated, and where the others are.
  struct Party {
    std::uint32_t count = 0;
    std::uint32_t accessible = 0;
    Block first{};
    ChosenPlaces places{};
  };
  void seat(Party& party, const Block& block) {
    const RowShape& shape = free_.shapes_[block.row];
    std::vector<std::uint64_t>& own = own_words_[shape.first_word];
    const auto words = free_.words_.begin() + shape.first_word;
    if (own.empty()) own.assign(words, words + shape.word_count());
    for (std::uint32_t taken = 0; taken < block.count; ++taken) {
      const std::uint32_t bit = block.first_bit + taken;
      own[bit / 64] &= ~(std::uint64_t{1} << (bit % 64));
    }
    const ChosenPlaces places = places_of(block);
    party.places.insert(party.places.end(), places.begin(), places.end());
    if (!party.first.found()) party.first = block;
    party.count -= block.count;
    party.accessible -= block.accessible;
  }

  /// What a lane offers to a party that does not sit in one block: a row has one such lane.
  struct Offer {
    const Lane* lane = nullptr;
    std::uint32_t longest = 0;
    bool elsewhere = false;  ///< Not in the section of the party's first block.
    std::uint32_t rows_away = 0;
    std::int32_t aside = 0;  ///< In half slots; 0 until it is reckoned.
    std::uint32_t first_bit = FreeSeats::none;
    [[nodiscard]] bool reckoned() const noexcept { return first_bit != FreeSeats::none; }
    /// The closest to the first block: in its section, then the fewest rows away, then the least to the side.
    [[nodiscard]] auto closeness() const noexcept {
      return std::tuple(elsewhere, rows_away, aside, lane->row);
    }
    [[nodiscard]] bool worse_than(const Offer& other) const noexcept {
      return longest != other.longest ? longest < other.longest : closeness() > other.closeness();
    }
  };
  [[nodiscard]] Offer offer_of(const Lane& lane, const Block& first) const {
    return {.lane = &lane,
            .longest = longest_in(lane),
            .elsewhere = map_.rows()[lane.row].section != map_.rows()[first.row].section,
            .rows_away = lane.row > first.row ? lane.row - first.row : first.row - lane.row};
  }
  /// Where the lane has a block of count that is the least to the side of the first. It has one.
  void reckon(Offer& offer, std::uint32_t count, const Block& first) const {
    const std::int32_t side = twice_off_center(free_.shapes_[first.row], first.first_bit, first.count);
    offer.first_bit = static_cast<std::uint32_t>(starts_in(*offer.lane, count, side).first().value());
    offer.aside = std::abs(twice_off_center(offer.lane->shape, offer.first_bit, count) - side);
  }

  /// Seats those of the party who need no wheelchair place, as far as there is room: the largest block there
  /// is, then again for the rest.
  void seat_others(Party& party) {
    const std::uint32_t size = std::min(party.count, largest(free_, category_, view_));
    if (size == 0) return;
    if (!party.first.found()) seat(party, best_block(size));
    std::vector<Offer> offers;
    for_lanes(1, [&](const Lane& lane) {
      if (const Offer offer = offer_of(lane, party.first); offer.longest > 0) offers.push_back(offer);
      return true;
    });
    const auto worse = [](const Offer& one, const Offer& other) { return one.worse_than(other); };
    std::make_heap(offers.begin(), offers.end(), worse);
    while (party.count > 0 && !offers.empty()) {
      if (offers.front().longest >= party.count) return seat_last(party, offers);
      std::pop_heap(offers.begin(), offers.end(), worse);
      Offer& offer = offers.back();
      // Until it is reckoned it stands as if it were straight behind: no worse than it is.
      if (offer.reckoned()) {
        seat(party, {.row = offer.lane->row, .first_bit = offer.first_bit, .count = offer.longest});
        offer = offer_of(*offer.lane, party.first);
      } else {
        reckon(offer, offer.longest, party.first);
      }
      if (offer.longest > 0) {
        std::push_heap(offers.begin(), offers.end(), worse);
      } else {
        offers.pop_back();
      }
    }
  }
  /// The rest of the party in one block: one of the offers has room for it.
  void seat_last(Party& party, std::span<const Offer> offers) {
    std::optional<Offer> closest;
    for (Offer offer : offers) {
      offer.aside = 0;
      if (offer.longest < party.count || (closest && offer.closeness() > closest->closeness())) continue;
      reckon(offer, party.count, party.first);
      if (!closest || offer.closeness() < closest->closeness()) closest = offer;
    }
    seat(party, {.row = closest->lane->row, .first_bit = closest->first_bit, .count = party.count});
  }

  [[nodiscard]] bool is_free(PlaceIndex place) const {
    const RowShape& shape = free_.shapes_[map_.places()[place.value].row.value];
    const std::uint32_t bit = free_.spots_[place.value].bit - shape.first_word * 64;
    return ((row_words(shape)[bit / 64] >> (bit % 64)) & 1U) != 0;
  }
  /// Whether a wheelchair party of this category may sit there.
  [[nodiscard]] bool will_do(PlaceIndex index) const {
    const Place& place = map_.places()[index.value];
    return is_free(index) && place.category == category_.value && place.kind == PlaceKind::seat &&
           (view_ == RestrictedView::allow || !has(place.flags, PlaceFlags::restricted_view));
  }

  /// The most wheelchair places, then the most people, then the fewest ordinary seats, then the best score.
  [[nodiscard]] bool seats_more(const Block& one, const Block& other) const {
    if (!other.found()) return true;
    const auto rank = [](const Block& of) {
      return std::tuple(~of.accessible, ~of.count, of.ordinary, of.score);
    };
    return rank(one) != rank(other) ? rank(one) < rank(other) : wins_tie(one, other);
  }
  [[nodiscard]] Block best_wheelchair_block(const WheelchairWish& wish) const {
    Block best;
    for (const std::uint32_t row : ranking_.wheelchair_rows) {
      const Block block = wheelchair_block_in(row, wish);
      if (block.found() && seats_more(block, best)) best = block;
    }
    return best;
  }
  [[nodiscard]] Block wheelchair_block_in(std::uint32_t row_index, const WheelchairWish& wish) const {
    const Row& row = map_.rows()[row_index];
    Block best;
    for (std::uint32_t first = 0; first < row.place_count; ++first) {
      const Block block = wheelchair_block_at(wish, row_index, first);
      if (block.found() && seats_more(block, best)) best = block;
    }
    return best;
  }

  /// Seats all the wheelchair users, as many together as possible, or says false. Each row's best block stays
  /// its best while it fits what is left of the party, since wishes only shrink: only what was taken from, or
  /// fits no more, is looked at again.
  [[nodiscard]] bool seat_wheelchairs(Party& party) {
    const auto wish = [&party] { return WheelchairWish{1, party.count, 1, party.accessible}; };
    const auto less = [this](const Block& one, const Block& other) { return seats_more(other, one); };
    std::vector<Block> blocks;
    for (const std::uint32_t row : ranking_.wheelchair_rows) {
      if (const Block block = wheelchair_block_in(row, wish()); block.found()) blocks.push_back(block);
    }
    std::make_heap(blocks.begin(), blocks.end(), less);
    while (party.accessible > 0) {
      if (blocks.empty()) return false;
      std::pop_heap(blocks.begin(), blocks.end(), less);
      Block& block = blocks.back();
      const bool leaves_enough = block.count - block.accessible <= party.count - party.accessible;
      if (block.accessible <= party.accessible && leaves_enough) seat(party, block);
      block = wheelchair_block_in(block.row, wish());
      if (block.found()) {
        std::push_heap(blocks.begin(), blocks.end(), less);
      } else {
        blocks.pop_back();
      }
    }
    return true;
  }

  /// The best of the blocks that start with the first-th place of the row.
  [[nodiscard]] Block wheelchair_block_at(const WheelchairWish& wish, std::uint32_t row_index,
                                          std::uint32_t first) const {
    const Row& row = map_.rows()[row_index];
    const RowShape& shape = free_.shapes_[row_index];
    std::uint32_t slot = map_.places()[map_.place_at(row, first).value].slot;
    Block best;
    Block block{.row = row_index, .first_bit = slot - shape.first_slot};
    bool served = false;   // The companion places at the block's end adjoin a wheelchair place in it.
    bool waiting = false;  // They don't yet: the next place must be a wheelchair or companion place.
    for (std::uint32_t nth = first; nth < row.place_count && block.count < wish.count_max; ++nth, ++slot) {
      const PlaceIndex at = map_.place_at(row, nth);
      const Place& place = map_.places()[at.value];
      if (!will_do(at) || place.slot != slot) break;
      ++block.count;
      if (has(place.flags, PlaceFlags::accessible)) {
        if (++block.accessible > wish.accessible_max) break;
        served = true;
        waiting = false;
      } else if (has(place.flags, PlaceFlags::companion)) {
        waiting = !served;
      } else {
        if (waiting) break;
        ++block.ordinary;
        served = false;
      }
      // Wheelchair users that are still to be seated elsewhere need their share of the count.
      const std::uint32_t seats_left = wish.count_max - block.count;
      if (waiting || block.count < wish.count_min || block.accessible < wish.accessible_min ||
          seats_left < wish.accessible_max - block.accessible)
        continue;
      score(block, shape);
      if (seats_more(block, best)) best = block;
    }
    return best;
  }

  [[nodiscard]] ChosenPlaces places_of(const Block& block) const {
    const Row& row = map_.rows()[block.row];
    const std::uint32_t slot = free_.shapes_[block.row].first_slot + block.first_bit;
    std::uint32_t nth = 0;  // The first place at or behind the slot.
    for (std::uint32_t left = row.place_count; left > 0;) {
      const std::uint32_t half = left / 2;
      const bool before = map_.places()[map_.place_at(row, nth + half).value].slot < slot;
      if (before) nth += half + 1;
      left = before ? left - half - 1 : half;
    }
    ChosenPlaces chosen(block.count);
    for (PlaceIndex& place : chosen) place = map_.place_at(row, nth++);
    return chosen;
  }

  const SeatMap& map_;
  const FreeSeats& free_;
  const FreeSeats::Ranking& ranking_;
  CategoryIndex category_;
  RestrictedView view_;
  /// By first word: rows of which some places are spoken for.
  std::map<std::uint32_t, std::vector<std::uint64_t>> own_words_;
};

}  // namespace ticketcore::detail

namespace ticketcore {

inline std::optional<ChosenPlaces> find_best_available(const SeatMap& map, const FreeSeats& free,
                                                       const BestAvailable& wish) {
  if (wish.count == 0 || wish.count > limits::places_per_hold || wish.accessible > wish.count)
    return std::nullopt;
  if (wish.category.value >= map.categories().size() ||
      !detail::is_up_to(wish.restricted_view, RestrictedView::allow))
    return std::nullopt;
  detail::BlockSearch search(map, free, wish.category, wish.restricted_view);
  auto places = wish.accessible > 0 ? search.one_wheelchair_block(wish.count, wish.accessible)
                                    : search.one_block(wish.count);
  if (places || wish.together == Together::required) return places;
  return search.several_blocks(wish.count, wish.accessible);
}

inline std::uint32_t largest_block(const FreeSeats& free, CategoryIndex category,
                                   RestrictedView restricted_view) {
  if (!detail::is_up_to(restricted_view, RestrictedView::allow)) return 0;
  return detail::BlockSearch::largest(free, category, restricted_view);
}

}  // namespace ticketcore
