#pragma once
// What every entry begins with, whatever is in it: four bytes that say of what kind it is, the version of its
// format, three reserved bytes, the entry's length, and its checksum.

#include <algorithm>
#include <array>
#include <string>

#include "ticketcore/base/crc32c.hpp"
#include "ticketcore/base/detail/wire_reader.hpp"
#include "ticketcore/log/log.hpp"

namespace ticketcore::frame {

using Kind = std::array<std::uint8_t, 4>;

inline constexpr std::size_t length_at = 8;
inline constexpr std::size_t checksum_at = 12;
inline constexpr std::size_t size = 16;

/// Of all of the entry but the checksum itself.
[[nodiscard]] inline std::uint32_t checksum_of(BytesView entry) {
  return crc32c(entry.subspan(size), crc32c(entry.first(checksum_at)));
}

inline void begin(wire::Writer& out, const Kind& kind) {
  out.raw(kind.data(), kind.size());
  out.fixed(std::uint32_t{log_format_version});
  out.fixed(std::uint32_t{0});
  out.fixed(std::uint32_t{0});
}

/// Puts in length and checksum, and answers the checksum.
inline std::uint32_t finish(wire::Writer& out) {
  out.patch(length_at, static_cast<std::uint32_t>(out.size()));
  const std::uint32_t checksum = checksum_of(out.view());
  out.patch(checksum_at, checksum);
  return checksum;
}

/// The checksum of an entry of this kind, which has at least so many bytes. Throws StorageDamaged, naming it
/// as "a log entry"; StorageNewer.
[[nodiscard]] inline std::uint32_t check(BytesView bytes, const Kind& kind, std::size_t least,
                                         std::string_view what, std::string_view name) {
  wire::Reader in(bytes, what);
  if (bytes.size() < least || !std::equal(kind.begin(), kind.end(), bytes.begin()))
    in.damaged("it does not begin like " + std::string(name));
  if (bytes[4] > log_format_version) {
    throw StorageNewer(std::string(what) + " has format version " + std::to_string(bytes[4]) +
                       "; this library reads up to " + std::to_string(log_format_version) + ": update it");
  }
  in.bytes(length_at);
  if (in.fixed<std::uint32_t>() != bytes.size()) in.damaged("its length is not what its header says");
  const auto checksum = in.fixed<std::uint32_t>();
  if (checksum != checksum_of(bytes)) in.damaged("its checksum does not match");
  return checksum;
}

}  // namespace ticketcore::frame
