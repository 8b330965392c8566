#pragma once
// What becomes of an event's seat map when another one takes its place. Holds, tickets, facts and other
// programs name places, areas and categories by their index, so an index means one of them for ever:
// merge_seat_maps gives what the new map has in common with the one before the same indices, and appends the
// rest.

#include "ticketcore/venue/seat_map.hpp"

namespace ticketcore {

/// The map of an event that had before and gets next. It is drawn, labelled and sold like next; only the
/// indices differ:
///
/// - A place of next whose whole label stands in before has the index that it has there, also if it was
///   retired there: it comes back. Everything else about it is as in next: row, slot, position, category,
///   kind, flags. The other places of next follow, in the order of next's rows.
/// - A place of before that next lacks stays at its index and is retired (PlaceFlags::retired). It keeps its
///   section, row, label and category, in rows of their own behind all others.
/// - Areas likewise, by whole label. One that next lacks is retired: its capacity is 0.
/// - Categories likewise, by key. One that next lacks stays as it was.
/// - Retired places and areas of next count as ones that it lacks.
///
/// Merging a map with itself gives that map, and merging next a second time changes nothing.
///
/// The log holds the maps as they were given, and every reader merges them anew. So the same two maps give
/// the same map for ever: a rule above can't be changed, only followed by another kind of fact.
///
/// Throws SeatMapError where both together have more places, areas, categories or sections than a map may
/// have. O(places), and makes each label once.
[[nodiscard]] SeatMap merge_seat_maps(const SeatMap& before, const SeatMap& next);

/// Whether every place, area and category that has an index in before has it in after, too. O(places).
[[nodiscard]] bool keeps_indices(const SeatMap& before, const SeatMap& after);

}  // namespace ticketcore

#include "ticketcore/venue/detail/merge_seat_maps_body.hpp"
