#pragma once
// The seat map that the corpora's logs and snapshots name.

#include "little_house.hpp"
#include "ticketcore/storage/memory.hpp"

namespace ticketcore::fuzz {

/// A storage that has it, and nothing else.
[[nodiscard]] inline MemoryStorage& little_map() {
  static MemoryStorage storage([] { return Timestamp{}; });
  static const bool stored = (little::put_map(storage, *little::house()), true);
  (void)stored;
  return storage;
}

}  // namespace ticketcore::fuzz
