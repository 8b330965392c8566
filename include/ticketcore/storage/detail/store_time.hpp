#pragma once
// Whether a store's clock can be believed. A turn once written keeps all later ones from being earlier, so a
// clock that is wrong by a year, once, would stop an event's time for a year. Pure but for the mutex: what
// the host's clocks show comes from outside.

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>

#include "ticketcore/base/limits.hpp"
#include "ticketcore/base/time.hpp"

namespace ticketcore {

/// What a host's own clocks show.
struct HostTime {
  Timestamp wall{};
  /// Since any fixed moment; nobody sets it, and it goes on while the machine sleeps.
  std::chrono::microseconds steady{};
};

/// The host's clocks beside the store's, when a turn was last believed.
struct BelievedTime {
  Timestamp store{};
  HostTime host{};
  /// An event's earlier turn, or the host's clocks, bore witness. Without one, as when a new event's turn was
  /// the first, the time tells only how far the host's wall clock has leapt since.
  bool proven = false;
};

/// The latest time that a turn may have. Believed is:
/// - up to leap past the event's last turn: what goes wrong by so little mends itself in as long;
/// - what the store's clock showed when it was last proven, whatever the event, and the steady time since,
/// and leap;
/// - the host's wall clock and leap, if that clock has not leapt itself since then. Before there is a proven
/// time to compare with,
///   an event may have slept for limits::quiet_event at most. A new event has no last turn, and is believed
///   then, for itself alone.
[[nodiscard]] inline Timestamp latest_believable(std::optional<Timestamp> last_turn,
                                                 const std::optional<BelievedTime>& believed,
                                                 const HostTime& host, std::chrono::microseconds leap) {
  const bool proven = believed && believed->proven;
  if (!proven && !last_turn) return Timestamp::max();
  Timestamp latest = last_turn ? *last_turn + leap : Timestamp{};
  const std::chrono::microseconds passed = believed ? host.steady - believed->host.steady + leap : leap;
  if (proven) latest = std::max(latest, believed->store + passed);
  if (!believed || host.wall <= believed->host.wall + passed) {
    const Timestamp wall = host.wall + leap;
    latest = std::max(latest, proven ? wall : std::min(wall, *last_turn + limits::quiet_event));
  }
  return latest;
}

/// What all events of a box office know of their store's clock. May be used from any thread.
class StoreTime {
 public:
  /// leap is at most limits::quiet_event.
  StoreTime(std::function<HostTime()> host, std::chrono::microseconds leap)
      : host_(std::move(host)), leap_(std::min<std::chrono::microseconds>(leap, limits::quiet_event)) {}

  [[nodiscard]] Timestamp latest(std::optional<Timestamp> last_turn) const {
    const HostTime host = host_();
    const std::lock_guard lock(mutex_);
    return latest_believable(last_turn, believed_, host, leap_);
  }
  /// What the store's clock shows right now, whether it is believed or not.
  void saw(Timestamp store) {
    const std::chrono::microseconds ahead = store - host_().wall;
    const std::lock_guard lock(mutex_);
    ahead_ = ahead;
  }
  /// How far the store's clock was ahead of the host's when it was last seen; below zero: behind. An event's
  /// time stands still for as long as that clock is behind its last turn.
  [[nodiscard]] std::optional<std::chrono::microseconds> ahead() const {
    const std::lock_guard lock(mutex_);
    return ahead_;
  }
  /// A turn at the store's own time, which latest() allowed and no later turn in the log disproves. is_new:
  /// the event's first.
  void believe(Timestamp store, bool is_new) {
    const HostTime host = host_();
    const std::lock_guard lock(mutex_);
    believed_ = BelievedTime{store, host, !is_new || (believed_ && believed_->proven)};
  }

 private:
  std::function<HostTime()> host_;
  std::chrono::microseconds leap_;
  mutable std::mutex mutex_;
  std::optional<BelievedTime> believed_;
  std::optional<std::chrono::microseconds> ahead_;
};

}  // namespace ticketcore
