#pragma once
// The events that this server has opened: their handles, what is sent of them again and again, and their live
// feeds. One thread keeps them up to date with what other servers on the store commit.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "live/feed.hpp"
#include "live/view.hpp"
#include "ticketcore/engine/box_office.hpp"

namespace server {

/// What is shown of an event: everything that was committed until age ago.
struct Shown {
  std::shared_ptr<const View> view{};
  std::chrono::sys_seconds second{};  ///< The last at which the view is known to hold.
  std::chrono::milliseconds age{};
};

class OpenEvent {
 public:
  /// shared: other processes may write to the store.
  OpenEvent(ticketcore::Event event, bool shared);

  ticketcore::Event event;
  Feed feed;

  /// At most longest_age old, and at least as new as the revision if the event is; made anew only when
  /// something has changed.
  [[nodiscard]] Shown show(ticketcore::Revision at_least = 0);
  /// The bodies of GET /v1/events and /v1/events/{event}.
  [[nodiscard]] std::shared_ptr<const SentMap> map() { return show().view->map; }
  [[nodiscard]] SharedText summary();
  [[nodiscard]] SharedText whole(ticketcore::Revision at_least = 0);
  /// Since the log was looked at for what others have committed.
  [[nodiscard]] std::chrono::microseconds age() const {
    return shared_ ? std::min<std::chrono::microseconds>(event.age(), std::chrono::hours(24))
                   : std::chrono::microseconds{0};
  }
  /// Up to when a hold can be said to have ended or not by what is known of the event, given its newest turn.
  /// Another server may be selling it this moment, in a turn that began before its deadline: an old revision
  /// and a newer clock would show as free what is sold, a state that never was.
  [[nodiscard]] ticketcore::Timestamp known_until(ticketcore::Timestamp newest_turn) const;

 private:
  friend class Events;
  /// What follows from a view, made when somebody asks for it.
  struct Derived {
    std::shared_ptr<const View> view{};
    SharedText text{};
  };
  [[nodiscard]] SharedText derive(Derived& derived, const std::shared_ptr<const View>& view,
                                  std::string (*make)(const ticketcore::EventId&, const View&));

  const bool shared_;
  std::mutex mutex_;
  std::shared_ptr<const SentMap> map_;  ///< Of what was seen last.
  std::shared_ptr<const View> view_;
  std::chrono::sys_seconds seen_at_{};                 ///< The last second at which view_ was seen to hold.
  std::chrono::steady_clock::time_point looked_at_{};  ///< At the log, before view_ was seen to hold.
  std::chrono::steady_clock::time_point keep_until_{};
  Derived summary_;
  Derived whole_;
  std::atomic<std::int64_t> used_at_ms_{0};
  std::atomic<bool> changed_{false};
};

class Events {
 public:
  /// shared: other processes may write to the store. bound: so many are kept open; past it, those not asked
  /// for longest are closed, unless they are in use or their changes are followed. on_trouble hears of a
  /// store that can't be read.
  Events(ticketcore::Storage& storage, ticketcore::BoxOffice& office, bool shared, std::size_t bound,
         std::function<void(const std::string&)> on_trouble);
  ~Events();
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  /// Null when it is not open, or has not been looked at for so long that it may be out of date: then open()
  /// it. Never waits.
  [[nodiscard]] std::shared_ptr<OpenEvent> find(std::string_view id);
  /// Null when there is no such event. Reads the store. Throws StorageError.
  [[nodiscard]] std::shared_ptr<OpenEvent> open(const ticketcore::EventId& id);
  /// The ids of all events, sorted; reads the store, but not more often than each second. Throws
  /// StorageError.
  [[nodiscard]] std::vector<ticketcore::EventId> list();
  void forget_list();

  /// Something was committed here: tell the feed soon.
  void changed(OpenEvent& event);
  void heartbeat();
  /// Ends all streams, and takes no more notice of what others commit.
  void close();
  [[nodiscard]] std::size_t stream_clients() const;
  [[nodiscard]] std::size_t count() const;

 private:
  void close_idle();
  void keep_up();
  [[nodiscard]] std::vector<std::shared_ptr<OpenEvent>> all() const;
  void keep_up_with(OpenEvent& event);

  ticketcore::Storage& storage_;
  ticketcore::BoxOffice& office_;
  const bool shared_;
  const std::size_t bound_;
  std::function<void(const std::string&)> on_trouble_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::shared_ptr<OpenEvent>, std::less<>> events_;
  std::mutex list_mutex_;
  std::vector<ticketcore::EventId> list_;
  std::chrono::steady_clock::time_point listed_at_{};

  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool changes_wait_ = false;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace server
