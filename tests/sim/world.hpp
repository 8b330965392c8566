#pragma once
// The world of one simulation: its time, what is going to happen, and its random numbers. All of it follows
// from the seed.

#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

namespace ticketcore::sim {

/// Microseconds since the simulation began.
using Micros = std::int64_t;
inline constexpr Micros millisecond = 1'000;
inline constexpr Micros second = 1'000'000;

/// A stream of random numbers for one purpose, so that leaving something out elsewhere changes nothing here.
class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t purpose, std::uint64_t number = 0)
      : state_(mix(mix(mix(seed) ^ purpose) ^ number)) {}

  std::uint64_t bits() {
    state_ += 0x9E37'79B9'7F4A'7C15ULL;
    return mix(state_);
  }
  /// 0 to limit - 1.
  std::uint32_t below(std::uint32_t limit) {
    return static_cast<std::uint32_t>((bits() >> 32) * limit >> 32);
  }
  [[nodiscard]] Micros between(Micros least, Micros most) {
    return least + static_cast<Micros>(bits() % static_cast<std::uint64_t>(most - least + 1));
  }
  bool one_in(std::uint32_t n) { return below(n) == 0; }

 private:
  static std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58'476D'1CE4'E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D0'49BB'1331'11EBULL;
    return x ^ (x >> 31);
  }
  std::uint64_t state_;
};

namespace purpose {
inline constexpr std::uint64_t plan = 1;
inline constexpr std::uint64_t ask = 2;
inline constexpr std::uint64_t network = 3;
inline constexpr std::uint64_t database = 4;
inline constexpr std::uint64_t client = 5;
inline constexpr std::uint64_t trouble = 6;
inline constexpr std::uint64_t request = 7;
}  // namespace purpose

class World {
 public:
  [[nodiscard]] Micros now() const noexcept { return now_; }

  void after(Micros delay, std::function<void()> what) {
    queue_.push({now_ + delay, count_++, std::move(what)});
  }

  /// Lets the next thing happen; false when nothing is going to.
  bool step() {
    if (queue_.empty() || failed()) return false;
    now_ = queue_.top().at;
    const std::function<void()> what = std::move(const_cast<Happening&>(queue_.top()).what);
    queue_.pop();
    what();
    return true;
  }

  /// What was found wrong. The first finding ends the simulation.
  void fail(std::string why) {
    if (failure_.empty()) failure_ = std::move(why);
  }
  [[nodiscard]] bool failed() const noexcept { return !failure_.empty(); }
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

  /// Lines that say what happened, kept only when somebody wants to read them.
  bool tracing = false;
  void trace(const std::string& line) {
    if (tracing)
      lines_.push_back(std::to_string(now_ / millisecond) + "." + std::to_string(now_ % millisecond / 100) +
                       " ms  " + line);
  }
  [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }

 private:
  struct Happening {
    Micros at;
    std::uint64_t number;
    std::function<void()> what;
    bool operator<(const Happening& other) const {
      return at != other.at ? at > other.at : number > other.number;
    }
  };

  Micros now_ = 0;
  std::uint64_t count_ = 0;
  std::priority_queue<Happening> queue_;
  std::string failure_;
  std::vector<std::string> lines_;
};

}  // namespace ticketcore::sim
