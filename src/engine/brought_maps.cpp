#include "ticketcore/engine/detail/brought_maps.hpp"

#include <string>

#include "ticketcore/base/limits.hpp"
#include "ticketcore/sale/state/invariant.hpp"

namespace ticketcore {

void BroughtMaps::look_at(std::span<const Command> commands, Storage& storage) {
  maps_.clear();
  for (const Command& command : commands) {
    const SeatMap* const map = seat_map_of(command.body);
    if (map == nullptr) continue;
    const SeatMapHash hash = seat_map_hash(*map);
    const auto [brought, is_new] = maps_.try_emplace(hash);
    if (is_new && !is_stored(storage, hash)) brought->second.missing = encode_map_entry(*map);
  }
}

// The order of the hashes is that of their digits.
void BroughtMaps::add_streams_to(Positions& streams) const {
  for (const auto& [hash, brought] : maps_) {
    if (brought.missing) streams.push_back({brought.missing->stream, 0, {}});
  }
}

void BroughtMaps::see(Turn& turn) {
  for (auto& [hash, brought] : maps_) {
    if (!brought.missing) continue;
    const std::vector<Entry> stored = turn.unseen(brought.missing->stream);
    if (stored.empty()) continue;
    (void)decode_map_entry(stored.front().bytes, brought.missing->stream);
    brought.missing.reset();
  }
}

std::optional<RequestRefused> BroughtMaps::name(const FactBody& fact) {
  const SeatMap* const map = seat_map_of(fact);
  if (map == nullptr) return std::nullopt;
  const auto brought = maps_.find(seat_map_hash(*map));
  if (brought == maps_.end()) throw InvariantBroken("a fact names a seat map that no command brought");
  const std::size_t size = brought->second.missing ? brought->second.missing->bytes.size() : 0;
  brought->second.named = size <= limits::seat_map_bytes;
  if (brought->second.named) return std::nullopt;
  return RequestRefused(Reason::invalid_request,
                        "the seat map takes " + std::to_string(size) + " bytes; at most " +
                            std::to_string(limits::seat_map_bytes) + " are possible");
}

void BroughtMaps::add_entries_to(Appends& entries) const {
  for (const auto& [hash, brought] : maps_) {
    if (brought.missing && brought.named)
      entries.push_back({brought.missing->stream, brought.missing->checksum, brought.missing->bytes});
  }
}

}  // namespace ticketcore
