#pragma once
// What came of every request of a run, for the report.

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace load {

enum class Kind : std::uint8_t { event, availability, hold, quote, payment, decision, order };
inline constexpr std::array<std::string_view, 7> kind_names = {"event",   "availability", "hold", "quote",
                                                               "payment", "decision",     "order"};

struct Sample {
  float intended = 0;  ///< Seconds after the run's start when it was to be sent.
  float milliseconds =
      0;  ///< From then to its answer: a server that makes the generator late is charged for it.
  std::int16_t status = 0;
  Kind kind = Kind::event;
};

/// An order that a buyer was shown as paid.
struct Bought {
  std::string order{};
  std::string total{};  ///< "100.00"
};

struct Tally {
  std::vector<Sample> samples{};
  std::vector<Bought> orders{};
  std::uint64_t buyers = 0;
  std::uint64_t unfinished_payments = 0;  ///< Approved at the provider, and no order seen within the time.
};

/// Writes the tally as JSON: seconds with their percentiles, totals, orders.
[[nodiscard]] std::string to_json(const Tally& tally);

}  // namespace load
