#pragma once
// A seat map as bytes, as the log and commands carry it. docs/log-format.md describes them.

#include <memory>
#include <string_view>

#include "ticketcore/base/bytes.hpp"
#include "ticketcore/venue/seat_map.hpp"

namespace ticketcore {

[[nodiscard]] Bytes encode_seat_map(const SeatMap& map);
/// Throws StorageDamaged, naming what was read.
[[nodiscard]] SeatMap decode_seat_map(BytesView bytes, std::string_view what);
/// The same, but of all maps of these bytes that are in use in this process there is one: ten thousand events
/// in one house share it. Any thread may call it.
[[nodiscard]] std::shared_ptr<const SeatMap> shared_seat_map(BytesView bytes, std::string_view what);
/// This map, or the one of the same bytes that is in use already. Linear in the map.
[[nodiscard]] std::shared_ptr<const SeatMap> shared_seat_map(std::shared_ptr<const SeatMap> map);

}  // namespace ticketcore
