#pragma once
// Steps that the conformance suite takes on a storage: appending, reading, showing what is there.

#ifndef TICKETCORE_PLAIN_CHECKS
#include <doctest/doctest.h>
#endif

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ticketcore/storage/storage.hpp"

namespace ticketcore::conformance {

using OpenStorage = std::function<std::unique_ptr<Storage>()>;

inline constexpr std::size_t everything = std::size_t{1} << 40;

[[nodiscard]] inline Bytes bytes_of(std::string_view text) { return Bytes(text.begin(), text.end()); }

/// Bytes that differ from seed to seed and from place to place.
[[nodiscard]] inline Bytes many_bytes(std::size_t count, std::uint32_t seed) {
  Bytes bytes(count);
  for (std::uint8_t& byte : bytes) {
    seed = seed * 1'664'525U + 1'013'904'223U;
    byte = static_cast<std::uint8_t>(seed >> 24);
  }
  return bytes;
}

/// A checksum for entries that have none of their own (FNV-1a). The suite's entries don't depend on those
/// before.
[[nodiscard]] inline std::uint32_t checksum_of(BytesView bytes) {
  std::uint32_t hash = 2'166'136'261U;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 16'777'619U;
  return hash;
}

[[nodiscard]] inline std::uint32_t checksum_of(std::string_view text) { return checksum_of(bytes_of(text)); }

/// Where somebody stands who has read a stream up to this revision.
[[nodiscard]] inline Position known(Storage& storage, const StreamId& stream, Revision revision) {
  if (revision == 0) return {stream, 0};
  return {stream, revision, storage.read(stream, revision - 1, 1).at(0).checksum};
}

/// Appends one entry to each of the streams (sorted) in one turn.
inline void append(Storage& storage, std::vector<std::pair<StreamId, Bytes>> entries) {
  std::vector<Position> positions;
  std::vector<Append> appends;
  for (const auto& [stream, bytes] : entries) {
    positions.push_back({stream, 0});
    appends.push_back({stream, checksum_of(bytes), bytes});
  }
  storage.take_turn(positions)->commit(appends);
}

inline void append(Storage& storage, const StreamId& stream, std::string_view text) {
  append(storage, {{stream, bytes_of(text)}});
}

/// The entries as "1=one 2=two".
[[nodiscard]] inline std::string shown(const std::vector<Entry>& entries) {
  std::string text;
  for (const Entry& entry : entries) {
    if (!text.empty()) text += ' ';
    text += std::to_string(entry.revision) + "=" + std::string(entry.bytes.begin(), entry.bytes.end());
  }
  return text;
}

[[nodiscard]] inline std::string shown(Storage& storage, const StreamId& stream) {
  return shown(storage.read(stream, 0, everything));
}

/// Adds one to the count that the last entry of a stream carries, the way the engine works: catch up, decide,
/// commit.
inline void count_up(Storage& storage, const StreamId& stream, Position& at, std::uint64_t& count) {
  const auto turn = storage.take_turn({&at, 1});
  for (const Entry& entry : turn->unseen(stream)) {
    at.known = entry.revision;
    at.checksum = entry.checksum;
    count = std::stoull(std::string(entry.bytes.begin(), entry.bytes.end()));
  }
  const Bytes next = bytes_of(std::to_string(count + 1));
  const Append entry{stream, checksum_of(next), next};
  turn->commit({&entry, 1});
}

}  // namespace ticketcore::conformance
