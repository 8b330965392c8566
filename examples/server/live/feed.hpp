#pragma once
// The live changes of one event, as server-sent events. Each has an id that means the same on every server,
// so that a client that was cut off goes on where it was, here or elsewhere; where that can't be done without
// a gap it gets the whole availability anew.

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/http.hpp"
#include "live/view.hpp"

namespace server {

class Feed {
 public:
  /// Sends first what the client missed since last_event_id (empty: everything), then all changes.
  void subscribe(std::shared_ptr<Stream> stream, std::string_view last_event_id,
                 const std::shared_ptr<const View>& now);
  /// The event looks like this now, and has been seen to do so at the second.
  void show(const std::shared_ptr<const View>& view, std::int64_t second);
  void heartbeat();
  void close();
  [[nodiscard]] std::size_t clients() const;

 private:
  static constexpr std::size_t kept_steps = 1'000;
  /// A state that was shown, and what had changed since the one before.
  struct Step {
    std::uint64_t revision = 0;
    std::int64_t first_second = 0;
    std::int64_t last_second = 0;
    std::vector<std::uint32_t> places{};
    std::vector<std::uint32_t> areas{};
  };

  void advance(const std::shared_ptr<const View>& view, std::int64_t second);
  [[nodiscard]] SharedText catch_up(std::string_view last_event_id) const;
  [[nodiscard]] SharedText changes_since(std::size_t step) const;
  void send(const SharedText& text);
  [[nodiscard]] SharedText whole() const;

  mutable std::mutex mutex_;
  std::shared_ptr<const View> last_;
  mutable std::pair<std::shared_ptr<const View>, SharedText>
      whole_;  ///< Of that view, one for however many start anew.
  std::deque<Step> steps_;
  std::vector<std::shared_ptr<Stream>> clients_;
};

}  // namespace server
