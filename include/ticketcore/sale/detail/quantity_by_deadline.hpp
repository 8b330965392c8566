#pragma once
// QuantityByDeadline: how much of what is held comes free until when. A copy shares what it copies, so that
// one can be handed to readers after each turn, however many deadlines there are.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

namespace ticketcore {

/// Sorted runs that are never changed (Bentley and Saxe, "Decomposable searching problems", 1980). Each
/// change is a run of one; a run that is less than twice as long as what comes after it is merged with that.
/// So there are as many runs as their length has bits. Eight bytes a deadline, up to twice as many as there
/// ever were.
class QuantityByDeadline {
 public:
  /// So much more, or less, comes free at the deadline, in seconds of the Unix epoch. All in all it must stay
  /// within 31 bits, and no less than nothing for any deadline. Amortized logarithmic.
  void add(std::uint32_t deadline, std::int32_t quantity) {
    Run last{{deadline, quantity}};
    while (!runs_.empty() && runs_.back()->size() < 2 * last.size()) {
      last = merged(*runs_.back(), last);
      runs_.pop_back();
    }
    if (last.size() < last.capacity() / 2) last.shrink_to_fit();
    if (!last.empty()) runs_.push_back(std::make_shared<const Run>(std::move(last)));
  }

  /// What comes free at now or before. Logarithmic, squared.
  [[nodiscard]] std::uint32_t until(std::int64_t now) const {
    std::int64_t sum = 0;
    for (const auto& run : runs_) {
      const auto after = std::partition_point(run->begin(), run->end(),
                                              [now](const Step& step) { return step.deadline <= now; });
      if (after != run->begin()) sum += std::prev(after)->sum;
    }
    return static_cast<std::uint32_t>(sum);
  }
  [[nodiscard]] std::uint32_t total() const { return until(std::numeric_limits<std::int64_t>::max()); }

  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    std::size_t bytes = runs_.capacity() * sizeof(runs_[0]);
    for (const auto& run : runs_) bytes += run->capacity() * sizeof(Step);
    return bytes;
  }

 private:
  struct Step {
    std::uint32_t deadline = 0;
    std::int32_t sum = 0;  ///< Of the run, up to and with this deadline.
  };
  using Run = std::vector<Step>;

  /// A deadline of both has one step, and none where they cancel each other out.
  [[nodiscard]] static Run merged(const Run& one, const Run& other) {
    Run both;
    both.reserve(one.size() + other.size());
    auto left = one.begin();
    auto right = other.begin();
    std::int32_t of_left = 0;
    std::int32_t of_right = 0;
    while (left != one.end() || right != other.end()) {
      const bool take_left = right == other.end() || (left != one.end() && left->deadline <= right->deadline);
      const bool take_right =
          left == one.end() || (right != other.end() && right->deadline <= left->deadline);
      const std::uint32_t deadline = take_left ? left->deadline : right->deadline;
      if (take_left) of_left = left++->sum;
      if (take_right) of_right = right++->sum;
      const std::int32_t sum = of_left + of_right;
      if (sum != (both.empty() ? 0 : both.back().sum)) both.push_back({deadline, sum});
    }
    return both;
  }

  std::vector<std::shared_ptr<const Run>> runs_{};  ///< Oldest first.
};

}  // namespace ticketcore
