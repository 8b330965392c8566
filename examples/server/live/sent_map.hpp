#pragma once
// A seat map as it is sent to buyers: as a file, as a drawing, and the order of the lists that go with it.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ticketcore/base/json_writer.hpp"
#include "ticketcore/venue/seat_map.hpp"

namespace server {

using SharedText = std::shared_ptr<const std::string>;

/// Every list of places that is sent has them row after row, without those that were retired when the map was
/// replaced: who reads it need not know of them. Areas likewise. Immutable.
struct SentMap {
  static constexpr std::uint32_t not_sent = UINT32_MAX;

  /// O(places).
  explicit SentMap(std::shared_ptr<const ticketcore::SeatMap> shown);

  std::shared_ptr<const ticketcore::SeatMap> map;
  std::vector<ticketcore::PlaceIndex> places{};
  std::vector<ticketcore::AreaIndex> areas{};
  std::vector<std::uint32_t> number_of_place{};  ///< By PlaceIndex: where it stands in places, or not_sent.
  std::vector<std::uint32_t> number_of_area{};   ///< By AreaIndex.
  /// By CategoryIndex: where it stands among those that are sent. A category of a map that was replaced is
  /// not, if nothing has it any more.
  std::vector<std::uint32_t> number_of_category{};
  SharedText json{};     ///< The chart as a file.
  SharedText drawing{};  ///< What a seat picker draws.
  std::string id{};      ///< Another one for another map: 22 characters of a hash of both.
};

/// The one that somebody has of this map, or a new one. From any thread.
[[nodiscard]] std::shared_ptr<const SentMap> sent_map(const std::shared_ptr<const ticketcore::SeatMap>& map);

/// "categories": [...], as both drawing and event have them.
void write_categories(ticketcore::JsonWriter& json, const SentMap& sent);

}  // namespace server
