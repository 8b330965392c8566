#pragma once
// What buyers see of an event at one revision and second: made once, sent to any number of them.

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ticketcore/engine/availability.hpp"

namespace server {

using SharedText = std::shared_ptr<const std::string>;

struct AreaCounts {
  std::uint32_t free = 0;
  std::uint32_t held = 0;
  std::uint32_t sold = 0;
  friend bool operator==(const AreaCounts&, const AreaCounts&) = default;
};

/// Places and areas as they are at a revision, from one second until they change. The same on every server: a
/// hold ends at a whole second, so revision and second say all. Immutable but for the texts, which are
/// written when first asked for.
struct View {
  std::shared_ptr<const ticketcore::Availability> event{};
  std::uint64_t revision = 0;
  std::int64_t second = 0;  ///< Of the Unix epoch: the first at which it was seen.
  std::string id{};         ///< "<revision>-<second>".
  std::string etag{};
  std::string places{};  ///< A letter for each: f, h, s, k.
  std::vector<AreaCounts> areas{};

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

[[nodiscard]] std::shared_ptr<const View> make_view(std::shared_ptr<const ticketcore::Availability> event,
                                                    std::int64_t second);
/// Whether the event looks at the second as it does in the view.
[[nodiscard]] bool still_shows(const View& view, const ticketcore::Availability& event, std::int64_t second);

[[nodiscard]] ticketcore::Timestamp time_of(std::int64_t second);
[[nodiscard]] std::string_view name_of(ticketcore::SaleStatus status);

/// The event as a list shows it, and whole.
[[nodiscard]] std::string summary_json(const ticketcore::EventId& id, const View& view);
[[nodiscard]] std::string event_json(const ticketcore::EventId& id, const View& view);
/// What a seat picker draws.
[[nodiscard]] std::string drawing_json(const ticketcore::SeatMap& map);

}  // namespace server
