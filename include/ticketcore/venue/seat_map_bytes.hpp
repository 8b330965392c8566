#pragma once
// A seat map as bytes, as the log and commands carry it. docs/log-format.md describes them.

#include <string_view>

#include "ticketcore/base/bytes.hpp"
#include "ticketcore/venue/seat_map.hpp"

namespace ticketcore {

[[nodiscard]] Bytes encode_seat_map(const SeatMap& map);
/// Throws StorageDamaged, naming what was read.
[[nodiscard]] SeatMap decode_seat_map(BytesView bytes, std::string_view what);

}  // namespace ticketcore
