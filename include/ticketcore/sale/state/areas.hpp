#pragma once
// Areas: how many admissions to each standing area are held and sold.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ticketcore/sale/detail/quantity_by_deadline.hpp"
#include "ticketcore/sale/facts.hpp"
#include "ticketcore/sale/state/invariant.hpp"
#include "ticketcore/venue/seat_map.hpp"

namespace ticketcore {

/// A standing area's counts. quantity_by_deadline says when what is held comes free.
struct AreaState {
  std::uint32_t capacity = 0;
  std::uint32_t held = 0;
  std::uint32_t sold = 0;
  QuantityByDeadline quantity_by_deadline{};
};

/// Held and sold are never more than the capacity. Nothing of it stands in a snapshot: holds and tickets say
/// what is theirs.
class Areas {
 public:
  Areas() = default;
  /// All free.
  explicit Areas(const SeatMap& map) {
    for (const auto& area : map.areas()) areas_.push_back({.capacity = area.capacity});
  }

  [[nodiscard]] std::size_t size() const noexcept { return areas_.size(); }
  [[nodiscard]] auto begin() const noexcept { return areas_.begin(); }
  [[nodiscard]] auto end() const noexcept { return areas_.end(); }
  [[nodiscard]] const AreaState& operator[](std::size_t area) const { return areas_[area]; }
  /// What is neither held nor sold.
  [[nodiscard]] std::uint32_t free(AreaIndex area) const noexcept {
    const AreaState& state = areas_[area.value];
    return state.capacity - state.held - state.sold;
  }

  /// Goes on with another map, which gives each area the index that it has, and no less than is held and
  /// sold.
  void replace_map(const SeatMap& map) {
    areas_.resize(map.areas().size());
    for (std::size_t area = 0; area < areas_.size(); ++area) {
      AreaState& state = areas_[area];
      state.capacity = map.areas()[area].capacity;
      detail::ensure(std::uint64_t{state.held} + state.sold <= state.capacity,
                     "an area becomes too small for what is held and sold");
    }
  }

  /// Free admissions are held until a second of the Unix epoch.
  void hold(std::span<const AreaQuantity> wanted, std::uint32_t expires_at) {
    for (const auto& [area, quantity] : wanted) {
      detail::ensure(area.value < areas_.size() && quantity > 0,
                     "a hold names an area that does not exist, or nothing of one");
      detail::ensure(quantity <= free(area), "an area is held beyond its capacity");
      change_held(area, expires_at, static_cast<std::int32_t>(quantity));
    }
  }
  void move_deadline(std::span<const AreaQuantity> held, std::uint32_t from, std::uint32_t to) {
    for (const auto& [area, quantity] : held) {
      change_held(area, from, -static_cast<std::int32_t>(quantity));
      change_held(area, to, static_cast<std::int32_t>(quantity));
    }
  }
  /// What is held until then becomes free.
  void release(std::span<const AreaQuantity> held, std::uint32_t expires_at) {
    for (const auto& [area, quantity] : held)
      change_held(area, expires_at, -static_cast<std::int32_t>(quantity));
  }
  /// What is held until then is sold.
  void sell(std::span<const AreaQuantity> held, std::uint32_t expires_at) {
    release(held, expires_at);
    for (const auto& [area, quantity] : held) areas_[area.value].sold += quantity;
  }
  /// One admission that was sold becomes free.
  void refund(AreaIndex area) {
    detail::ensure(areas_[area.value].sold > 0, "an area gives back more than was sold");
    areas_[area.value].sold -= 1;
    touched_.push_back(area);
  }
  /// A free admission is sold: so it stands in a snapshot.
  void restore_sold(AreaIndex area) {
    detail::ensure(area.value < areas_.size() && free(area) > 0, "an area is sold beyond its capacity");
    areas_[area.value].sold += 1;
    touched_.push_back(area);
  }

  /// Changed since forget_touched(), with repeats.
  [[nodiscard]] std::span<const AreaIndex> touched() const noexcept { return touched_; }
  void forget_touched() noexcept { touched_.clear(); }

  void check() const {
    for (const AreaState& area : areas_) {
      detail::ensure(std::uint64_t{area.held} + area.sold <= area.capacity,
                     "an area is sold beyond its capacity");
      detail::ensure(area.quantity_by_deadline.total() == area.held, "an area's deadlines do not add up");
    }
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    std::size_t bytes = detail::bytes_of(areas_) + detail::bytes_of(touched_);
    for (const AreaState& area : areas_) bytes += area.quantity_by_deadline.memory_bytes();
    return bytes;
  }

 private:
  void change_held(AreaIndex area, std::uint32_t expires_at, std::int32_t change) {
    AreaState& state = areas_[area.value];
    detail::ensure(std::int64_t{state.held} + change >= 0, "an area gives back more than was held");
    state.held += static_cast<std::uint32_t>(change);
    state.quantity_by_deadline.add(expires_at, change);
    touched_.push_back(area);
  }

  std::vector<AreaState> areas_{};
  std::vector<AreaIndex> touched_{};
};

}  // namespace ticketcore
