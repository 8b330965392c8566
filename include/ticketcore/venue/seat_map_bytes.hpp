#pragma once
// A seat map as bytes, as the store keeps it and commands carry it, and the hash that names it in the log.
// docs/log-format.md describes them.

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ticketcore/base/bytes.hpp"
#include "ticketcore/venue/seat_map.hpp"

namespace ticketcore {

[[nodiscard]] Bytes encode_seat_map(const SeatMap& map);
/// Throws StorageDamaged, naming what was read.
[[nodiscard]] SeatMap decode_seat_map(BytesView bytes, std::string_view what);

/// SHA-256 of a seat map's bytes.
struct SeatMapHash {
  std::array<std::uint8_t, 32> bytes{};
  friend auto operator<=>(const SeatMapHash&, const SeatMapHash&) = default;
};
/// 64 hexadecimal digits.
[[nodiscard]] std::string to_string(const SeatMapHash& hash);
[[nodiscard]] SeatMapHash seat_map_hash(BytesView bytes);
/// Of the bytes that encode_seat_map writes. Linear in a map that is not shared (shared_seat_map).
[[nodiscard]] SeatMapHash seat_map_hash(const SeatMap& map);

/// Of all shared maps of one hash there is one in this process: ten thousand events in one house have it
/// together. A map that nobody has any more is not kept. Any thread may call these. This one decodes the
/// bytes only if nobody has their map.
[[nodiscard]] std::shared_ptr<const SeatMap> shared_seat_map(BytesView bytes, std::string_view what);
/// This map, or the one of the same bytes that somebody has already. Linear in a map that is not shared yet.
[[nodiscard]] std::shared_ptr<const SeatMap> shared_seat_map(std::shared_ptr<const SeatMap> map);
/// Null if nobody has it.
[[nodiscard]] std::shared_ptr<const SeatMap> find_shared_seat_map(const SeatMapHash& hash);

}  // namespace ticketcore
