#pragma once
// What a buyer may know of a place.

#include <cstdint>
#include <string_view>

namespace ticketcore {

/// A place is in exactly one of these. Killed: taken off sale by the house. Retired: no longer on the map.
enum class PlaceStatus : std::uint8_t { free, held, sold, killed, retired };

[[nodiscard]] constexpr std::string_view to_string(PlaceStatus status) noexcept {
  switch (status) {
    case PlaceStatus::free: return "free";
    case PlaceStatus::held: return "held";
    case PlaceStatus::sold: return "sold";
    case PlaceStatus::killed: return "killed";
    case PlaceStatus::retired: return "retired";
  }
  return "unknown";
}

}  // namespace ticketcore
