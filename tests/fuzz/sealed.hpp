#pragma once
// Bytes with their lengths and checksums put right: a fuzzer can't guess those, and behind them lies what it
// should get at.

#include <algorithm>
#include <cstring>

#include "ticketcore/base/crc32c.hpp"
#include "ticketcore/storage/storage.hpp"

namespace ticketcore::fuzz {

inline void put_number(Bytes& bytes, std::size_t at, std::uint32_t value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

/// A log entry (docs/log-format.md) in place: its magic, version, length and checksum. Shorter ones stay as
/// they are.
inline void seal_entry(Bytes& entry) {
  if (entry.size() < 40) return;
  std::memcpy(entry.data(), "tklg\1\0\0\0", 8);
  put_number(entry, 8, static_cast<std::uint32_t>(entry.size()));
  put_number(entry, 12, crc32c(BytesView(entry).subspan(16), crc32c(BytesView(entry).first(12))));
}

/// What an entry of seal_log says its checksum is.
[[nodiscard]] inline std::uint32_t sealed_checksum(BytesView entry) {
  std::uint32_t checksum = 0;
  std::memcpy(&checksum, entry.data() + 12, sizeof checksum);
  return checksum;
}

/// A log: entries one after another, each as long as its header says, or as long as there is. Revisions and
/// previous checksums are put right, too.
[[nodiscard]] inline std::vector<Bytes> seal_log(BytesView bytes) {
  std::vector<Bytes> entries;
  while (bytes.size() >= 40) {
    std::uint32_t length = 0;
    std::memcpy(&length, bytes.data() + 8, sizeof length);
    if (length < 40 || length > bytes.size()) length = static_cast<std::uint32_t>(bytes.size());
    Bytes entry(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    bytes = bytes.subspan(length);
    std::uint32_t previous = 0;
    if (!entries.empty()) std::memcpy(&previous, entries.back().data() + 12, sizeof previous);
    put_number(entry, 16, previous);
    const std::uint64_t revision = entries.size() + 1;
    std::memcpy(entry.data() + 20, &revision, sizeof revision);
    seal_entry(entry);
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace ticketcore::fuzz
