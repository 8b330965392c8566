#pragma once
// One simulation: nodes that run the real box office over the simulated database, clients that buy from them,
// and the judges who look at everything.

#include <cstdint>
#include <string>
#include <vector>

#include "plan.hpp"

namespace ticketcore::sim {

struct Outcome {
  std::string failure{};  ///< Empty: nothing wrong was found.
  Micros ended_at = 0;
  std::uint64_t entries = 0;
  std::uint64_t answers = 0;
  std::uint64_t granted = 0;
  std::vector<std::string> trace{};
};

enum class Tracing : std::uint8_t { off, on };

/// Plays the plan to its end or to the first thing that is wrong. The same plan always plays the same.
[[nodiscard]] Outcome run(const Plan& plan, Tracing tracing = Tracing::off);

}  // namespace ticketcore::sim
