#pragma once
// What buyers see of an event at one revision and second: made once, sent to any number of them.

#include <memory>
#include <mutex>
#include <string>

#include "live/sent_map.hpp"
#include "ticketcore/engine/change_feed.hpp"

namespace server {

/// How an event's places and areas stand at a revision, from one second until they change: the same on every
/// server. Immutable but for the texts, which are written when first asked for.
struct View : ticketcore::AvailabilityAt {
  /// The map is that of what was seen.
  View(std::shared_ptr<const ticketcore::Availability> seen, std::chrono::sys_seconds at,
       std::shared_ptr<const SentMap> shown);
  const std::shared_ptr<const SentMap> map;
  const std::string etag;

  /// The bodies of GET /v1/events/{event}/availability. From any thread.
  [[nodiscard]] const SharedText& json() const;
  [[nodiscard]] const SharedText& binary() const;

 private:
  struct Text {
    std::once_flag written{};
    SharedText text{};
  };
  mutable Text json_{};
  mutable Text binary_{};
};

/// "f", "h", "s" or "k".
[[nodiscard]] std::string_view letter_of(ticketcore::PlaceStatus status);
[[nodiscard]] std::string_view name_of(ticketcore::SaleStatus status);

/// The event as a list shows it, and whole.
[[nodiscard]] std::string summary_json(const ticketcore::EventId& id, const View& view);
[[nodiscard]] std::string event_json(const ticketcore::EventId& id, const View& view);

}  // namespace server
