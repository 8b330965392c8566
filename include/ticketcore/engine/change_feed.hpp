#pragma once
// A feed of changes in availability: what buyers may know of an event, and what has changed of it since a
// position that its reader brings. A position means the same on every host, so that a reader who was cut off
// goes on where it was, here or elsewhere. Where that can't be told without a gap the reader gets the whole
// availability anew. Nothing here waits, reads a clock or has a thread; each class says who may use it.

#include <algorithm>
#include <charconv>
#include <chrono>
#include <compare>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ticketcore/engine/availability.hpp"
#include "ticketcore/engine/box_office.hpp"

namespace ticketcore {

/// A revision of the event's log, and a second: holds end at whole seconds, so that both together say how
/// every place stands, whoever looks.
struct FeedPosition {
  Revision revision = 0;
  std::chrono::sys_seconds second{};
  friend auto operator<=>(const FeedPosition&, const FeedPosition&) = default;
};

/// "<revision>-<second of the Unix epoch>".
[[nodiscard]] inline std::string to_string(const FeedPosition& position) {
  return std::to_string(position.revision) + "-" + std::to_string(position.second.time_since_epoch().count());
}

/// Reads what to_string writes; anything else is nullopt.
[[nodiscard]] inline std::optional<FeedPosition> parse_feed_position(std::string_view text) {
  FeedPosition position;
  std::int64_t second = 0;
  const char* const end = text.data() + text.size();
  const auto revision = std::from_chars(text.data(), end, position.revision);
  if (revision.ec != std::errc{} || revision.ptr == end || *revision.ptr != '-') return std::nullopt;
  const auto read = std::from_chars(revision.ptr + 1, end, second);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  position.second = std::chrono::sys_seconds{std::chrono::seconds{second}};
  return position;
}

/// How every place and area stands at one revision and second, looked through once. Immutable: any number of
/// threads may read it.
struct AvailabilityAt {
  /// O(places).
  AvailabilityAt(std::shared_ptr<const Availability> seen, std::chrono::sys_seconds at);
  /// Whether a newer look at the event at a second would find the same: O(places) when it is of the same
  /// revision and map, O(1) otherwise.
  [[nodiscard]] bool still_shows(const Availability& seen, std::chrono::sys_seconds at) const;
  /// Of this very look.
  [[nodiscard]] FeedPosition position() const noexcept { return {event->revision(), second}; }

  std::shared_ptr<const Availability> event;
  std::chrono::sys_seconds second;
  std::vector<PlaceStatus> places{};  ///< By PlaceIndex.
  std::vector<StatusCounts> areas{};  ///< By AreaIndex.
};

/// What has changed since a position, each place and area as it is now.
struct Changes {
  std::shared_ptr<const AvailabilityAt> now{};
  /// Everything, and not only what has changed: forget what you knew, the seat map too. places and areas are
  /// empty then; now has all of them.
  bool whole = false;
  std::vector<PlaceIndex> places{};  ///< Sorted. Some may be as the reader knows them already.
  std::vector<AreaIndex> areas{};    ///< Sorted.
  /// What to ask with next time.
  [[nodiscard]] FeedPosition position() const noexcept { return now->position(); }
};

/// Remembers the last changes of one event for readers of any number. It is shown the event again and again,
/// as often as its readers want news: after each turn or refresh, and each second, since holds run out. Not
/// synchronized: whoever shows or asks must be alone with it. Its memory is bounded: some ten bytes a place,
/// and the changes kept.
class ChangeFeed {
 public:
  /// Looks that differed are kept up to so many, and places and areas that changed in them up to as many as
  /// the house has, but at least least_changes_kept: beyond that the whole is the shorter answer.
  static constexpr std::size_t looks_kept = 1'000;
  static constexpr std::size_t least_changes_kept = 10'000;

  /// The event as of its last turn or refresh, and of Event::known_until(). True if that is news: a place, an
  /// area, the sale status or the seat map changed, or nothing had been shown before. O(places). Throws what
  /// Event::availability() throws.
  bool show(const Event& event);
  /// The event looks like this at the second. What is older than what was shown last is left out.
  bool show(const std::shared_ptr<const Availability>& seen, std::chrono::sys_seconds second);
  /// The same for who has looked already; seen_at is the last second at which it is known to look so. O(1)
  /// for the look that was shown last.
  bool show(const std::shared_ptr<const AvailabilityAt>& look, std::chrono::sys_seconds seen_at);

  /// As it was shown last; null before.
  [[nodiscard]] const std::shared_ptr<const AvailabilityAt>& now() const noexcept { return now_; }
  /// What has changed since the position up to now; the whole without one. Only once something was shown.
  /// O(changes kept).
  [[nodiscard]] Changes since(const std::optional<FeedPosition>& position) const;
  /// What changed with the last look that differed: for readers who have all that came before it.
  [[nodiscard]] Changes newest() const;

 private:
  /// A look that differed from the one before it, and in what.
  struct Look {
    Revision revision = 0;
    std::chrono::sys_seconds first{};  ///< From this second on it is known to have looked so,
    std::chrono::sys_seconds last{};   ///< and up to this one.
    std::vector<PlaceIndex> places{};
    std::vector<AreaIndex> areas{};
    [[nodiscard]] std::size_t size() const noexcept { return places.size() + areas.size(); }
  };

  void forget_old();
  [[nodiscard]] Changes changes_from(std::size_t look) const;

  std::shared_ptr<const AvailabilityAt> now_{};
  std::deque<Look> looks_{};
  std::size_t changes_kept_ = 0;
};

inline AvailabilityAt::AvailabilityAt(std::shared_ptr<const Availability> seen, std::chrono::sys_seconds at)
    : event(std::move(seen)), second(at) {
  const SeatMap& map = event->seat_map();
  places.reserve(map.place_count());
  for (std::uint32_t place = 0; place < map.place_count(); ++place)
    places.push_back(event->status({place}, second));
  for (std::uint32_t area = 0; area < map.areas().size(); ++area)
    areas.push_back(event->area({area}, second));
}

inline bool AvailabilityAt::still_shows(const Availability& seen, std::chrono::sys_seconds at) const {
  if (seen.revision() != event->revision() || seen.shared_seat_map() != event->shared_seat_map())
    return false;
  for (std::uint32_t place = 0; place < places.size(); ++place) {
    if (seen.status({place}, at) != places[place]) return false;
  }
  for (std::uint32_t area = 0; area < areas.size(); ++area) {
    if (seen.area({area}, at) != areas[area]) return false;
  }
  return true;
}

inline bool ChangeFeed::show(const Event& event) {
  // In this order: what is seen may be newer than what is known of the time, never older.
  const Timestamp until = event.known_until();
  const auto seen = event.availability();
  return seen && show(seen, std::chrono::floor<std::chrono::seconds>(std::max(until, seen->time())));
}

inline bool ChangeFeed::show(const std::shared_ptr<const Availability>& seen,
                             std::chrono::sys_seconds second) {
  if (now_ && FeedPosition{seen->revision(), second} < now_->position()) return false;
  if (now_ && now_->still_shows(*seen, second)) return show(now_, second);
  return show(std::make_shared<const AvailabilityAt>(seen, second), second);
}

inline bool ChangeFeed::show(const std::shared_ptr<const AvailabilityAt>& look,
                             std::chrono::sys_seconds seen_at) {
  if (now_ == look) {
    looks_.back().last = std::max(looks_.back().last, seen_at);
    return false;
  }
  if (now_ && look->position() < now_->position()) return false;
  Look next{look->event->revision(), look->second, std::max(look->second, seen_at), {}, {}};
  // Another map: its places are others, and nothing can be told of them one by one.
  const bool anew = !now_ || now_->event->shared_seat_map() != look->event->shared_seat_map();
  if (anew) {
    looks_.clear();
    changes_kept_ = 0;
  } else {
    for (std::uint32_t place = 0; place < look->places.size(); ++place) {
      if (look->places[place] != now_->places[place]) next.places.push_back({place});
    }
    for (std::uint32_t area = 0; area < look->areas.size(); ++area) {
      if (look->areas[area] != now_->areas[area]) next.areas.push_back({area});
    }
  }
  const bool news = anew || next.size() > 0 || now_->event->sale_status() != look->event->sale_status();
  now_ = look;
  changes_kept_ += next.size();
  looks_.push_back(std::move(next));
  forget_old();
  return news;
}

// The last look stays, whatever it takes: it says where now_ is.
inline void ChangeFeed::forget_old() {
  const std::size_t most = std::max(least_changes_kept, now_->places.size() + now_->areas.size());
  while (looks_.size() > 1 && (looks_.size() > looks_kept || changes_kept_ > most)) {
    changes_kept_ -= looks_.front().size();
    looks_.pop_front();
  }
}

// What a reader knows is known exactly where its position lies in a look. Between two looks of its revision
// places can only have come free, and the second of them says which: its changes are told once more, which
// does no harm. Anywhere else places may have changed and changed back unseen, and only the whole is safe.
inline Changes ChangeFeed::since(const std::optional<FeedPosition>& position) const {
  if (!position) return {now_, true, {}, {}};
  for (std::size_t index = looks_.size(); index-- > 0;) {
    const Look& look = looks_[index];
    if (look.revision < position->revision) break;
    if (look.revision > position->revision) continue;
    if (look.first <= position->second && position->second <= look.last) return changes_from(index + 1);
    const bool between = position->second < look.first && index > 0 &&
                         looks_[index - 1].revision == position->revision &&
                         looks_[index - 1].last < position->second;
    if (between) return changes_from(index);
  }
  return {now_, true, {}, {}};
}

inline Changes ChangeFeed::newest() const {
  // Of a new map, and of the first look, there is no look before it.
  if (looks_.size() == 1) return {now_, true, {}, {}};
  return changes_from(looks_.size() - 1);
}

inline Changes ChangeFeed::changes_from(std::size_t look) const {
  Changes changes{now_, false, {}, {}};
  for (; look < looks_.size(); ++look) {
    changes.places.insert(changes.places.end(), looks_[look].places.begin(), looks_[look].places.end());
    changes.areas.insert(changes.areas.end(), looks_[look].areas.begin(), looks_[look].areas.end());
  }
  const auto sort_unique = [](auto& indices) {
    std::sort(indices.begin(), indices.end());
    indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
  };
  sort_unique(changes.places);
  sort_unique(changes.areas);
  return changes;
}

}  // namespace ticketcore
