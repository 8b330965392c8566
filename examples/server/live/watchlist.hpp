#pragma once
// What must be looked at again and again until it is over: each after a while, and the one first that has
// been due longest, however many there are.

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "ticketcore/base/time.hpp"

namespace server {

class Watchlist {
 public:
  using Clock = std::chrono::steady_clock;
  struct Watched {
    ticketcore::Timestamp written_before{};  ///< No later than then was it written down.
    Clock::time_point first{};               ///< When it came to the list.
    Clock::time_point next{};
  };

  /// Due in a second. What is watched already stays as it is.
  void add(const std::string& id, ticketcore::Timestamp written_before, Clock::time_point now) {
    const auto next = now + std::chrono::seconds(1);
    if (watched_.emplace(id, Watched{written_before, now, next}).second) due_.emplace(next, id);
  }

  /// The id that has been due longest; empty if none is. It is due again after three seconds, and later the
  /// longer it has been watched.
  [[nodiscard]] std::string take_due(Clock::time_point now) {
    if (due_.empty() || due_.begin()->first > now) return {};
    std::string id = due_.begin()->second;
    due_.erase(due_.begin());
    Watched& watched = watched_.at(id);
    watched.next = now + std::max<Clock::duration>(std::chrono::seconds(3), (now - watched.first) / 8);
    due_.emplace(watched.next, id);
    return id;
  }

  [[nodiscard]] const Watched& of(const std::string& id) const { return watched_.at(id); }

  void remove(const std::string& id) {
    const auto found = watched_.find(id);
    if (found == watched_.end()) return;
    due_.erase({found->second.next, id});
    watched_.erase(found);
  }

 private:
  std::map<std::string, Watched> watched_;
  std::set<std::pair<Clock::time_point, std::string>> due_;
};

}  // namespace server
