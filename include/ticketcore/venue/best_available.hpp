#pragma once
// Best available: the places that a good box office would hand out, when the buyer leaves the choice to it.
//
// Among all blocks of adjoining free seats in one row the best has the lowest score:
//
//     score = depth + 1/2 x |middle of the block - middle of the row|
//
// Depth is the distance from the focal point to the middle of the row (free_seats.hpp); the second part is
// measured along the row in slots x pitch. The row's middle is that of the whole row, whatever of it is sold,
// so seats go from the centre outwards. The weight of a half makes a row back, usually some two pitches, as
// bad as four seats off centre: sales spread over the front rows' centre in a wedge instead of filling the
// first row to its corners. Of equal scores the block wins whose seats are nearer to the focal point, each by
// its own distance, all added up; then the one nearer to its row's middle (the first to count where there is
// no focal point), then the lower place index. Printed labels play no part.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/container/small_vector.hpp>

#include "ticketcore/venue/free_seats.hpp"
#include "ticketcore/venue/seat_map.hpp"

namespace ticketcore {

/// required: side by side or not at all. preferred: side by side if possible, else in few blocks close to
/// each other.
enum class Together : std::uint8_t { required, preferred };
[[nodiscard]] constexpr auto words_of(Together) {
  return std::array<std::string_view, 2>{"required", "preferred"};
}

struct BestAvailable {
  std::uint32_t count = 1;  ///< 1 to limits::places_per_hold.
  CategoryIndex category{};
  std::uint32_t accessible = 0;  ///< How many of count are wheelchair places.
  RestrictedView restricted_view = RestrictedView::avoid;
  Together together = Together::required;
};

/// The places of a choice, block after block, each in the order of its row.
using ChosenPlaces = boost::container::small_vector<PlaceIndex, 8>;

/// nullopt when the wish can't be met, and for a count out of its range or below accessible, or a category
/// that the map does not have, or a RestrictedView that there is not. Whole tables and booths are never
/// offered; chairs of a table adjoin in seating order, first and last don't.
///
/// Wheelchair and companion places go only to a wish with accessible > 0. Its block holds exactly that many
/// wheelchair places; the others sit on the companion places next to them, and on ordinary seats adjoining
/// those as far as there are too few. A companion place is given only together with the wheelchair place that
/// it serves.
///
/// With Together::preferred and no block for all: the largest block there is, then again for the rest, each
/// as few rows and as little to the side of the first block as can be. Wheelchair users are seated first, as
/// many together as possible.
///
/// Cost of an ordinary wish: under a microsecond for 60,000 seats; it grows with the category's rows / 64,
/// not with seats. Where the party does not sit together it grows with the category's rows, each of which is
/// looked at once, and with the blocks taken.
[[nodiscard]] inline std::optional<ChosenPlaces> find_best_available(const SeatMap& map,
                                                                     const FreeSeats& free,
                                                                     const BestAvailable& wish);

/// The most seats side by side that an ordinary wish in the category can get; 0 if none. For refusals that
/// say what would be possible.
[[nodiscard]] inline std::uint32_t largest_block(const FreeSeats& free, CategoryIndex category,
                                                 RestrictedView restricted_view = RestrictedView::avoid);

}  // namespace ticketcore

#include "ticketcore/venue/detail/best_available_body.hpp"
