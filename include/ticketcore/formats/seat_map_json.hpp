#pragma once
// Reading and writing seat maps as JSON: our own format (docs/seat-map-format.md) and, to read, the charts of
// seats.io.

#include <filesystem>
#include <string>
#include <string_view>

#include "ticketcore/venue/seat_map.hpp"

namespace ticketcore {

/// Reads a file of either format. Throws SeatMapError that lists every problem with its place in the file, as
/// a JSON pointer
/// ("/sections/2/rows/0"), or line and column where it is no JSON at all; Error for a file that can't be
/// read.
[[nodiscard]] SeatMap load_seat_map(const std::filesystem::path& path);

/// The same from text.
[[nodiscard]] SeatMap parse_seat_map(std::string_view json);

/// The map in our own format, every seat by itself.
[[nodiscard]] std::string seat_map_to_json(const SeatMap& map);

}  // namespace ticketcore
