#include "ticketcore/base/detail/slot_table.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <vector>

using namespace ticketcore;

TEST_CASE("a table finds what was put in and nothing that was taken out, however hashes collide") {
  std::mt19937_64 random(11);
  // Few different hashes, so that long chains form and are shortened in the middle.
  std::vector<std::uint64_t> hash_of_slot(4'000);
  for (std::uint64_t& hash : hash_of_slot) hash = (random() % 200) << 32;
  SlotTable table;
  std::map<std::uint32_t, bool> there;
  for (int round = 0; round < 60'000; ++round) {
    const auto slot = static_cast<std::uint32_t>(random() % hash_of_slot.size());
    const auto find = [&] {
      return table.find(hash_of_slot[slot], [&](std::uint32_t candidate) { return candidate == slot; });
    };
    REQUIRE((find() == slot) == there[slot]);
    if (there[slot]) {
      table.erase(hash_of_slot[slot], slot);
    } else {
      table.insert(hash_of_slot[slot], slot);
    }
    there[slot] = !there[slot];
    REQUIRE((find() == slot) == there[slot]);
  }
  for (std::uint32_t slot = 0; slot < hash_of_slot.size(); ++slot) {
    REQUIRE((table.find(hash_of_slot[slot], [&](std::uint32_t candidate) { return candidate == slot; }) ==
             slot) == there[slot]);
  }
}
