#pragma once
// FreeSeats: which places of a seat map are free, kept so that the best adjoining seats are found without
// looking at seats.
//
// A row is a string of bits, one per slot, starting at a fresh 64-bit word; aisles and gaps are bits that are
// never set, so seats adjoin where set bits do. A lane is what an ordinary request may have of one row: its
// seats of one category that are neither wheelchair nor companion places nor part of a whole table or booth.
// Where a row has seats of restricted view a second, wide lane holds those as well. The lanes of a category
// are ranked by depth, and for n = 1..16 a bitset over the ranks says which have n free seats side by side.
//
// Depth is the distance from the focal point (SeatMap::focal_point_of) to the row's middle, halfway between
// its first and its last place. Where there is no focal point, each row counts as one pitch behind the row
// before it in the chart. A row's pitch is its length from place to place over its slots. All is whole
// numbers: every machine ranks alike.

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "ticketcore/venue/seat_map.hpp"

namespace ticketcore {

namespace detail {
class BlockSearch;
}

/// Whether seats of restricted view will do.
enum class RestrictedView : std::uint8_t { avoid, allow };
[[nodiscard]] constexpr auto words_of(RestrictedView) {
  return std::array<std::string_view, 2>{"avoid", "allow"};
}

/// Keeps no reference to the map. Readers may share one between threads; take and give need it alone.
class FreeSeats {
 public:
  /// All places free but those that are retired: they never are. O(places), and about 10 bytes per place in
  /// rows of usual length.
  explicit FreeSeats(const SeatMap& map);

  /// The place, or each of the places, was free and no longer is. Throws std::logic_error if one was not
  /// free; those before it are then taken. Cost: a few words per place, and per row where neighbours in the
  /// span share one.
  void take(PlaceIndex place) { take(std::span(&place, 1)); }
  void take(std::span<const PlaceIndex> places) { flip(places, 1); }
  /// The reverse of take: throws std::logic_error if a place was free already.
  void give(PlaceIndex place) { give(std::span(&place, 1)); }
  void give(std::span<const PlaceIndex> places) { flip(places, 0); }

  [[nodiscard]] bool is_free(PlaceIndex place) const noexcept {
    const std::uint32_t bit = spots_[place.value].bit;
    return ((words_[bit / 64] >> (bit % 64)) & 1U) != 0;
  }
  /// Free places of every kind, of the map and of one category: wheelchair places, whole tables and booths
  /// included.
  [[nodiscard]] std::uint32_t free_count() const noexcept { return free_count_; }
  [[nodiscard]] std::uint32_t free_count(CategoryIndex category) const noexcept {
    return rankings_[category.value].free_count;
  }

 private:
  friend class detail::BlockSearch;

  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::uint32_t run_lengths = 16;  ///< Bitsets are kept for runs of 1 to this many seats.

  /// special: places that ordinary requests never get; such a lane only knows its category.
  enum class Tier : std::uint8_t { plain, wide, special };

  struct RowShape {
    std::uint64_t depth = 0;  ///< In quarters of a coordinate step, so that scores have no fractions.
    std::uint32_t pitch = 0;  ///< In coordinate steps per slot.
    std::uint32_t first_word = 0;
    std::uint16_t first_slot = 0;  ///< The row's bits count from here.
    std::uint16_t slots = 0;       ///< From the first place to the last, aisles included.
    [[nodiscard]] std::uint32_t word_count() const noexcept { return (slots + 63U) / 64U; }
  };
  struct Lane {
    RowShape shape{};
    std::uint32_t row = 0;
    std::uint32_t first_mask = 0;  ///< Into masks_, as many words as the row has.
    std::uint32_t wide = none;     ///< Of a plain lane: the lane that has its seats too.
    std::uint16_t category = 0;
    std::uint16_t longest = 0;  ///< Free seats side by side.
    Tier tier = Tier::plain;
  };
  /// Where a place is: its bit in words_, and its own lane.
  struct Spot {
    std::uint32_t bit = 0;
    std::uint32_t lane = 0;
  };
  /// One category's lanes in order of depth: lanes_[first_lane, first_lane + lane_count).
  struct Ranking {
    std::uint32_t first_lane = 0;
    std::uint32_t lane_count = 0;
    std::uint32_t first_word = 0;  ///< Into tiers_; times run_lengths into runs_.
    std::uint32_t word_count = 0;
    std::uint32_t free_count = 0;
    std::vector<std::uint32_t>
        wheelchair_rows{};  ///< Rows with accessible seats of the category, in chart order.
  };

  void shape_rows(const SeatMap& map);
  void lay_lanes(const SeatMap& map);
  void lay_lanes_of(const SeatMap& map, std::uint32_t row_index, std::span<std::uint32_t> lane_of);
  std::uint32_t add_lane(std::uint32_t row, std::uint16_t category, Tier tier);
  void sort_lanes();
  void rank_lanes();
  void flip(std::span<const PlaceIndex> places, std::uint64_t expected);
  void refresh(std::uint32_t lane_index);
  void refresh_longest(std::uint32_t lane_index);

  [[nodiscard]] std::span<std::uint64_t> runs(const Ranking& ranking, std::uint32_t length) {
    return {runs_.data() + ranking.first_word * std::size_t{run_lengths} +
                (length - 1) * std::size_t{ranking.word_count},
            ranking.word_count};
  }
  [[nodiscard]] std::span<const std::uint64_t> runs(const Ranking& ranking, std::uint32_t length) const {
    return {runs_.data() + ranking.first_word * std::size_t{run_lengths} +
                (length - 1) * std::size_t{ranking.word_count},
            ranking.word_count};
  }

  std::vector<std::uint64_t> words_{};     ///< The free places' bits, row after row.
  std::vector<RowShape> shapes_{};         ///< By row.
  std::vector<Spot> spots_{};              ///< By place.
  std::vector<Lane> lanes_{};              ///< Ranked ones by category, then the special ones.
  std::vector<std::uint64_t> masks_{};     ///< Which slots of the row are the lane's.
  std::vector<Ranking> rankings_{};        ///< By category.
  std::vector<std::uint64_t> runs_{};      ///< By category, length, rank: has a run of that length.
  std::vector<std::uint64_t> tiers_[2]{};  ///< By RestrictedView: the lanes of a category to look at.
  std::uint32_t free_count_ = 0;
  std::uint32_t retired_bit_ = 0;
};

}  // namespace ticketcore

#include "ticketcore/venue/detail/free_seats_body.hpp"
