#pragma once
// Availability: what buyers may know of an event at one revision. Immutable, so that any number of readers
// use it while the next turn is taken. It answers for a moment: a hold whose deadline has passed at that
// moment is free, whether or not the log says so yet.

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "ticketcore/sale/event_state.hpp"

namespace ticketcore {

/// Numbers of places or admissions by status. They add up to the capacity: retired places count nowhere.
struct StatusCounts {
  std::uint64_t free = 0;
  std::uint64_t held = 0;
  std::uint64_t sold = 0;
  std::uint64_t killed = 0;
  friend bool operator==(const StatusCounts&, const StatusCounts&) = default;
};

class Availability {
 public:
  [[nodiscard]] std::uint64_t revision() const noexcept { return revision_; }
  /// The time of the newest turn at this revision; no later turn is earlier. What is answered below for
  /// moments up to it can't change any more. For a later moment it holds if nothing was committed since
  /// (Event::age): another process may have sold a hold before the deadline at which the hold ends here.
  [[nodiscard]] Timestamp time() const noexcept { return time_; }
  [[nodiscard]] const SeatMap& seat_map() const noexcept { return *seat_map_; }
  [[nodiscard]] const std::shared_ptr<const SeatMap>& shared_seat_map() const noexcept { return seat_map_; }
  [[nodiscard]] const EventSettings& settings() const noexcept { return *settings_; }
  [[nodiscard]] SaleStatus sale_status() const noexcept { return sale_status_; }

  [[nodiscard]] PlaceStatus status(PlaceIndex place, Timestamp now) const {
    return status_of((*chunks_[place.value / chunk_places])[place.value % chunk_places], now);
  }
  [[nodiscard]] StatusCounts area(AreaIndex area, Timestamp now) const;
  /// Places and areas of one category. O(places).
  [[nodiscard]] StatusCounts category(CategoryIndex category, Timestamp now) const;
  /// The whole house. O(places).
  [[nodiscard]] StatusCounts total(Timestamp now) const;

 private:
  friend class AvailabilityPublisher;
  static constexpr std::uint32_t chunk_places = 512;
  using Chunk = std::array<std::uint32_t, chunk_places>;

  void count(PlaceIndex place, Timestamp now, StatusCounts& counts) const;
  void add_area(AreaIndex area, Timestamp now, StatusCounts& counts) const;

  std::uint64_t revision_ = 0;
  Timestamp time_{};
  std::shared_ptr<const SeatMap> seat_map_{};
  std::shared_ptr<const EventSettings> settings_{};
  SaleStatus sale_status_ = SaleStatus::off_sale;
  std::vector<std::shared_ptr<const Chunk>> chunks_{};
  std::vector<std::shared_ptr<const AreaState>> areas_{};
};

/// Makes each Availability from the one before it, copying only what was touched. Used only by the thread
/// that applies the facts.
class AvailabilityPublisher {
 public:
  /// Clears the state's touched places and areas.
  [[nodiscard]] std::shared_ptr<const Availability> publish(EventState& state, std::uint64_t revision);

 private:
  static std::shared_ptr<const Availability::Chunk> copy_chunk(const EventState& state, std::uint32_t chunk);

  std::shared_ptr<const Availability> last_{};
};

inline StatusCounts Availability::area(AreaIndex area, Timestamp now) const {
  StatusCounts counts;
  add_area(area, now, counts);
  return counts;
}

inline void Availability::add_area(AreaIndex area, Timestamp now, StatusCounts& counts) const {
  const AreaState& state = *areas_[area.value];
  const std::int64_t second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const std::uint64_t held = state.held - state.quantity_by_deadline.until(second);
  counts.held += held;
  counts.sold += state.sold;
  counts.free += seat_map_->areas()[area.value].capacity - held - state.sold;
}

inline void Availability::count(PlaceIndex place, Timestamp now, StatusCounts& counts) const {
  switch (status(place, now)) {
    case PlaceStatus::free: ++counts.free; break;
    case PlaceStatus::held: ++counts.held; break;
    case PlaceStatus::sold: ++counts.sold; break;
    case PlaceStatus::killed: ++counts.killed; break;
    case PlaceStatus::retired: break;
  }
}

inline StatusCounts Availability::category(CategoryIndex category, Timestamp now) const {
  StatusCounts counts;
  for (std::uint32_t place = 0; place < seat_map_->place_count(); ++place) {
    if (seat_map_->places()[place].category == category.value) count({place}, now, counts);
  }
  for (std::uint32_t area = 0; area < areas_.size(); ++area) {
    if (seat_map_->areas()[area].category == category) add_area({area}, now, counts);
  }
  return counts;
}

inline StatusCounts Availability::total(Timestamp now) const {
  StatusCounts counts;
  for (std::uint32_t place = 0; place < seat_map_->place_count(); ++place) count({place}, now, counts);
  for (std::uint32_t area = 0; area < areas_.size(); ++area) add_area({area}, now, counts);
  return counts;
}

inline std::shared_ptr<const Availability::Chunk> AvailabilityPublisher::copy_chunk(const EventState& state,
                                                                                    std::uint32_t chunk) {
  auto copy = std::make_shared<Availability::Chunk>();
  const std::size_t first = std::size_t{chunk} * Availability::chunk_places;
  const std::size_t last = std::min(first + Availability::chunk_places, state.places().codes().size());
  std::copy(state.places().codes().begin() + static_cast<std::ptrdiff_t>(first),
            state.places().codes().begin() + static_cast<std::ptrdiff_t>(last), copy->begin());
  return copy;
}

inline std::shared_ptr<const Availability> AvailabilityPublisher::publish(EventState& state,
                                                                          std::uint64_t revision) {
  if (!state.exists()) return nullptr;
  auto next = last_ && last_->seat_map_ == state.seat_map() ? std::make_shared<Availability>(*last_)
                                                            : std::make_shared<Availability>();
  next->revision_ = revision;
  next->time_ = state.time();
  next->settings_ = state.shared_settings();
  next->sale_status_ = state.sale_status();
  if (!next->seat_map_) {
    next->seat_map_ = state.seat_map();
    const std::uint32_t chunk_count =
        (state.seat_map()->place_count() + Availability::chunk_places - 1) / Availability::chunk_places;
    for (std::uint32_t chunk = 0; chunk < chunk_count; ++chunk)
      next->chunks_.push_back(copy_chunk(state, chunk));
    for (const AreaState& area : state.areas())
      next->areas_.push_back(std::make_shared<const AreaState>(area));
  } else {
    for (const PlaceIndex place : state.places().touched()) {
      const std::uint32_t chunk = place.value / Availability::chunk_places;
      // Shared with the last one means not copied yet for this one.
      if (next->chunks_[chunk] == last_->chunks_[chunk]) next->chunks_[chunk] = copy_chunk(state, chunk);
    }
    for (const AreaIndex area : state.areas().touched()) {
      if (next->areas_[area.value] == last_->areas_[area.value])
        next->areas_[area.value] = std::make_shared<const AreaState>(state.areas()[area.value]);
    }
  }
  state.forget_touched();
  last_ = next;
  return next;
}

}  // namespace ticketcore
