#pragma once
// One turn at a time among the threads of a process, before SQLite's own locks decide between processes.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

namespace ticketcore::detail {

/// Lets one thread at a time through. A std::timed_mutex would do, but ThreadSanitizer does not know how it
/// waits.
class TurnGate {
 public:
  /// False when it took longer than the timeout.
  [[nodiscard]] bool enter(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    if (owner_ == std::this_thread::get_id())
      throw std::logic_error(
          "this thread has a turn already: end it before taking another or writing anything else");
    if (!left_.wait_for(lock, timeout, [&] { return owner_ == std::thread::id(); })) return false;
    owner_ = std::this_thread::get_id();
    return true;
  }
  void leave() noexcept {
    {
      const std::lock_guard lock(mutex_);
      owner_ = std::thread::id();
    }
    left_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable left_;
  std::thread::id owner_;
};

/// The right of way through the gate, given back at the latest when it is destroyed.
class RightOfWay {
 public:
  explicit RightOfWay(TurnGate& gate) : gate_(&gate) {}
  RightOfWay(RightOfWay&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
  RightOfWay& operator=(RightOfWay&&) = delete;
  ~RightOfWay() { give_back(); }
  void give_back() noexcept {
    if (gate_ != nullptr) std::exchange(gate_, nullptr)->leave();
  }
  [[nodiscard]] bool held() const noexcept { return gate_ != nullptr; }

 private:
  TurnGate* gate_;
};

}  // namespace ticketcore::detail
