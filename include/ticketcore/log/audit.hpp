#pragma once
// Audit: proves an event's log from its first entry, by the state machine and, apart from it, by a ledger of
// its own.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ticketcore/sale/event_state.hpp"
#include "ticketcore/storage/storage.hpp"
#include "ticketcore/venue/seat_map_bytes.hpp"

namespace ticketcore {

/// Takings of one category and ticket type, refunds not taken off. Minor units.
struct AuditTakings {
  std::uint64_t tickets = 0;
  std::int64_t amount = 0;
};

struct AuditReport {
  Revision revision = 0;                          ///< The last entry that could be read and applied.
  std::uint64_t bytes = 0;                        ///< Without the maps.
  std::set<SeatMapHash> maps{};                   ///< That its facts name.
  std::map<std::string, std::uint64_t> facts{};   ///< By kind: "hold_placed".
  std::map<std::string, AuditTakings> takings{};  ///< By "category, ticket type".
  std::uint64_t orders = 0;
  std::int64_t fees = 0;
  std::int64_t paid = 0;
  std::int64_t refunded = 0;
  EventState state{};                   ///< After the last entry.
  std::vector<std::string> problems{};  ///< Empty when all is proven.
};

/// Replays the whole log of the stream, checking each entry's bytes, order and time, the stored seat maps,
/// each fact against the state, every invariant from the ground up at the end, each place and sum against the
/// ledger, and the snapshot, if there is one, against the replay. What is wrong becomes a problem of the
/// report, and what stands before it is still told. Others may go on selling meanwhile, save snapshots, or
/// remove the stream, which then counts as far as it was read. Throws StorageError only if the storage can't
/// be read at all.
[[nodiscard]] AuditReport audit(Storage& storage, const StreamId& stream);

}  // namespace ticketcore
