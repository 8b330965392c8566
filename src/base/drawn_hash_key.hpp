#pragma once
// A hash key for tables of labels that come from outside, where no cipher is linked.

#include <random>

#include "ticketcore/base/detail/keyed_hash.hpp"

namespace ticketcore {

/// From the system's randomness. Throws std::exception when there is none to be had.
[[nodiscard]] inline HashKey drawn_hash_key() {
  std::random_device random;
  const auto word = [&] { return std::uint64_t{random()} << 32 | random(); };
  return {word(), word()};
}

}  // namespace ticketcore
