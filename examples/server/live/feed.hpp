#pragma once
// The live changes of one event (ticketcore/engine/change_feed.hpp) as server-sent events: each carries its
// position as its id, which means the same on every server.

#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "http/http.hpp"
#include "live/view.hpp"

namespace server {

/// May be used from any thread.
class Feed {
 public:
  /// Sends first what the client missed since last_event_id (empty: everything), then all changes.
  void subscribe(std::shared_ptr<Stream> stream, std::string_view last_event_id,
                 const std::shared_ptr<const View>& now);
  /// The event looks like this now, and has been seen to do so at the second.
  void show(const std::shared_ptr<const View>& view, std::chrono::sys_seconds second);
  void heartbeat();
  void close();
  [[nodiscard]] std::size_t clients() const;

 private:
  void advance(const std::shared_ptr<const View>& view, std::chrono::sys_seconds second);
  [[nodiscard]] SharedText text_of(const ticketcore::Changes& changes);
  void send(const SharedText& text);

  mutable std::mutex mutex_;
  ticketcore::ChangeFeed changes_;
  std::shared_ptr<const View> now_;  ///< What changes_ was shown last.
  /// Of that view, one for however many start anew.
  std::pair<std::shared_ptr<const View>, SharedText> whole_;
  std::vector<std::shared_ptr<Stream>> clients_;
};

}  // namespace server
