#pragma once
// Linearizability, as far as an outside observer can tell it from a log in which every answer has a place:
// what was answered before something else was asked must stand before it.

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace ticketcore::testing {

/// When something was asked or answered, and its place in the log.
template <class Time, class Place>
using Moments = std::vector<std::pair<Time, Place>>;

/// The places of those that stand before something that had been answered when they were asked, each with the
/// latest such.
template <class Time, class Place>
[[nodiscard]] std::vector<std::pair<Place, Place>> out_of_order(Moments<Time, Place> asked,
                                                                Moments<Time, Place> answered) {
  std::sort(asked.begin(), asked.end());
  std::sort(answered.begin(), answered.end());
  std::vector<std::pair<Place, Place>> wrong;
  Place latest{};
  std::size_t next = 0;
  for (const auto& [time, place] : asked) {
    for (; next < answered.size() && answered[next].first < time; ++next)
      latest = std::max(latest, answered[next].second);
    if (place < latest) wrong.emplace_back(place, latest);
  }
  return wrong;
}

}  // namespace ticketcore::testing
