#pragma once
// An on-sale as buyers make it: an open loop, in which nobody waits for anybody else's answer.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tally.hpp"

namespace load {

/// So many new buyers a second, for so long.
struct Stretch {
  double buyers_per_second = 0;
  std::chrono::seconds length{};
};

struct SpikeOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  std::string event = "gala";
  std::vector<Stretch> stretches{};
  std::chrono::seconds timeout{10};
  std::uint64_t seed = 1;
};

/// Plays the stretches one after the other and waits for the last buyers. Throws std::runtime_error when the
/// event can't be read. Prints a line of what goes on every second to standard error.
[[nodiscard]] Tally run_spike(const SpikeOptions& options);

}  // namespace load
