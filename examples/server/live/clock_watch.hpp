#pragma once
// Says when the store's clock and this host's begin to differ, and when they agree again: holds end by the
// store's, and nothing fails while it is behind.

#include <chrono>
#include <optional>
#include <string>

namespace server {

class ClockWatch {
 public:
  /// More than machines that are kept in time differ, and little beside a hold's time to live.
  static constexpr std::chrono::seconds tolerance{5};

  /// How far the store's clock is ahead, as BoxOffice::store_clock_ahead has it. What is to be told, or
  /// nothing: the same is told once.
  [[nodiscard]] std::string look(std::optional<std::chrono::microseconds> ahead) {
    if (!ahead) return {};
    const bool differs = std::chrono::abs(*ahead) > tolerance;
    if (differs == differs_) return {};
    differs_ = differs;
    if (!differs) return "the store's clock agrees with this host's again";
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::abs(*ahead)).count();
    return "the store's clock is " + std::to_string(seconds) + " s " +
           (*ahead > std::chrono::microseconds(0) ? "ahead of" : "behind") +
           " this host's: holds end by the store's; set the wrong one right";
  }

 private:
  bool differs_ = false;
};

}  // namespace server
