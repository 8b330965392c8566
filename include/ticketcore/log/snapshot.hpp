#pragma once
// Snapshots: an event's whole state as bytes, so that reopening need not replay the log from its beginning. A
// snapshot is only a cache: one that can't be read is ignored, and the log is replayed instead.

#include <optional>
#include <string_view>

#include "ticketcore/sale/event_state.hpp"
#include "ticketcore/storage/storage.hpp"

namespace ticketcore {

inline constexpr std::uint8_t snapshot_format_version = 4;

/// A state and the log position it stands at.
struct StateAtRevision {
  EventState state{};
  Revision revision = 0;
  std::uint32_t checksum = 0;  ///< Of the entry at revision.
};

/// A seat map that the storage has is named by its hash, any other is written whole: so is every map where
/// maps is null. Throws what is_stored (stored_map.hpp) does.
[[nodiscard]] Bytes encode_snapshot(const EventState& state, Revision revision, std::uint32_t checksum,
                                    Storage* maps = nullptr);

/// Nullopt for a snapshot of another format version; throws StorageDamaged for one that is damaged, or whose
/// map is not in the storage. The key is the state's.
[[nodiscard]] std::optional<StateAtRevision> decode_snapshot(BytesView bytes, std::string_view what,
                                                             Storage& maps, const HashKey& key = {});

}  // namespace ticketcore
