#pragma once
// Places: what each place of the house is to buyers, and whose it is. Dense arrays indexed by place, and the
// index of free seats that best available looks at.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ticketcore/base/detail/prefetch.hpp"
#include "ticketcore/base/time.hpp"
#include "ticketcore/sale/facts.hpp"
#include "ticketcore/sale/state/invariant.hpp"
#include "ticketcore/venue/free_seats.hpp"
#include "ticketcore/venue/place_status.hpp"

namespace ticketcore {

/// What a place is to buyers, in 32 bits: free, sold, killed, retired, or held until a second of the Unix
/// epoch.
namespace place_code {
inline constexpr std::uint32_t free = 0;
inline constexpr std::uint32_t sold = 1;
inline constexpr std::uint32_t killed = 2;
inline constexpr std::uint32_t retired = 3;

[[nodiscard]] constexpr bool is_held(std::uint32_t code) noexcept { return code > retired; }
/// Whether somebody has it.
[[nodiscard]] constexpr bool is_owned(std::uint32_t code) noexcept { return code == sold || is_held(code); }
}  // namespace place_code

/// The status that a place with this code has at a time. A hold past its deadline is free.
[[nodiscard]] constexpr PlaceStatus status_of(std::uint32_t code, Timestamp now) noexcept {
  if (code == place_code::free) return PlaceStatus::free;
  if (code == place_code::sold) return PlaceStatus::sold;
  if (code == place_code::killed) return PlaceStatus::killed;
  if (code == place_code::retired) return PlaceStatus::retired;
  return std::chrono::sys_seconds{std::chrono::seconds{code}} <= now ? PlaceStatus::free : PlaceStatus::held;
}

namespace detail {

/// The code of a place that is held until then.
[[nodiscard]] inline std::uint32_t held_until(std::chrono::sys_seconds deadline) {
  ensure(deadline > from_epoch(place_code::retired) && deadline <= from_epoch(UINT32_MAX),
         "a hold's deadline can't be told from what marks a place");
  return to_epoch(deadline);
}

}  // namespace detail

/// A place has one owner at most; free, held, sold and retired ones add up to the house. Nothing of it stands
/// in a snapshot: holds and tickets say which places are theirs.
class Places {
 public:
  static constexpr std::uint32_t nobody = UINT32_MAX;

  Places() = default;
  /// All free but those that the map has as retired.
  explicit Places(const SeatMap& map)
      : free_(map), codes_(map.place_count(), place_code::free), owners_(map.place_count(), nobody) {
    if (map.retired_count() > 0) retire(map);
  }

  /// By place.
  [[nodiscard]] std::span<const std::uint32_t> codes() const noexcept { return codes_; }
  /// Of a held place the slot of its hold, of a sold one the index of its ticket; else nobody.
  [[nodiscard]] std::uint32_t owner(PlaceIndex place) const noexcept { return owners_[place.value]; }
  /// Only once there is an event.
  [[nodiscard]] const FreeSeats& free() const noexcept { return *free_; }
  [[nodiscard]] std::uint32_t held_count() const noexcept { return held_; }
  [[nodiscard]] std::uint32_t sold_count() const noexcept { return sold_; }

  /// Free places become a hold's, until a second of the Unix epoch.
  void hold(std::span<const PlaceIndex> places, std::uint32_t expires_at, std::uint32_t hold_slot) {
    take(places, expires_at, hold_slot);
    held_ += static_cast<std::uint32_t>(places.size());
    check_counts();
  }
  /// Goes on with another map, which gives each place the index that it has. What is held or sold moves as
  /// the exchanges say, and then none of it may be retired. O(places): the index of free seats is made anew.
  void replace_map(const SeatMap& map, std::span<const PlaceExchange> exchanges) {
    codes_.resize(map.place_count(), place_code::free);
    owners_.resize(map.place_count(), nobody);
    for (const PlaceExchange& exchange : exchanges) move(exchange, map);
    retire(map);
    std::vector<PlaceIndex> taken;
    for (std::uint32_t place = 0; place < codes_.size(); ++place) {
      if (codes_[place] != place_code::free && codes_[place] != place_code::retired) taken.push_back({place});
    }
    free_.emplace(map);
    free_->take(taken);
    check_counts();
  }

  /// Held places stay so until another second.
  void move_deadline(std::span<const PlaceIndex> places, std::uint32_t expires_at) {
    for (const PlaceIndex place : places) set(place, expires_at, owners_[place.value]);
  }
  /// Held places become free.
  void release(std::span<const PlaceIndex> places) {
    for (const PlaceIndex place : places) set(place, place_code::free, nobody);
    free_->give(places);
    leave_held(places.size());
  }
  /// Held places become those of tickets, one after another from the first.
  void sell(std::span<const PlaceIndex> places, std::uint32_t first_ticket) {
    for (const PlaceIndex place : places) set(place, place_code::sold, first_ticket++);
    sold_ += static_cast<std::uint32_t>(places.size());
    leave_held(places.size());
  }
  /// The ticket's place becomes free.
  void refund(PlaceIndex place, std::uint32_t ticket) {
    detail::ensure(codes_[place.value] == place_code::sold && owners_[place.value] == ticket,
                   "a refunded ticket does not own its place");
    set(place, place_code::free, nobody);
    free_->give(place);
    --sold_;
    check_counts();
  }
  /// A free place is a ticket's: so it stands in a snapshot.
  void restore_sold(PlaceIndex place, std::uint32_t ticket) {
    take({&place, 1}, place_code::sold, ticket);
    ++sold_;
  }

  /// Changed since forget_touched(), with repeats.
  [[nodiscard]] std::span<const PlaceIndex> touched() const noexcept { return touched_; }
  void forget_touched() noexcept { touched_.clear(); }

  void prefetch(PlaceIndex place) const noexcept {
    if (place.value >= codes_.size()) return;
    ticketcore::prefetch(&codes_[place.value]);
    ticketcore::prefetch(&owners_[place.value]);
  }

  void check() const {
    check_counts();
    for (std::uint32_t place = 0; place < codes_.size(); ++place) {
      detail::ensure((codes_[place] == place_code::free) == free_->is_free({place}),
                     "a place is free in one index and taken in another");
    }
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return detail::bytes_of(codes_) + detail::bytes_of(owners_) + detail::bytes_of(touched_);
  }

 private:
  void move(const PlaceExchange& exchange, const SeatMap& map) {
    const auto [from, to] = exchange;
    detail::ensure(from.value < codes_.size() && map.is_retired(from) && place_code::is_owned(code(from)),
                   "an exchange takes away a place that nobody has or that stays");
    detail::ensure(to.value < codes_.size() && !map.is_retired(to) &&
                       (code(to) == place_code::free || code(to) == place_code::retired),
                   "an exchange gives a place that is not free");
    set(to, code(from), owner(from));
    set(from, place_code::free, nobody);
  }
  /// The map's retired places become so, and those that it has again become free.
  void retire(const SeatMap& map) {
    for (std::uint32_t place = 0; place < codes_.size(); ++place) {
      std::uint32_t& code = codes_[place];
      const bool is_retired = map.is_retired({place});
      detail::ensure(!is_retired || !place_code::is_owned(code), "a place is retired that is held or sold");
      if (is_retired || code == place_code::retired)
        code = is_retired ? place_code::retired : place_code::free;
    }
    retired_ = map.retired_count();
  }
  [[nodiscard]] std::uint32_t code(PlaceIndex place) const noexcept { return codes_[place.value]; }
  void set(PlaceIndex place, std::uint32_t code, std::uint32_t owner) {
    codes_[place.value] = code;
    owners_[place.value] = owner;
    touched_.push_back(place);
  }
  void take(std::span<const PlaceIndex> places, std::uint32_t code, std::uint32_t owner) {
    for (const PlaceIndex place : places) {
      detail::ensure(place.value < codes_.size(), "a hold or a ticket names a place that does not exist");
      detail::ensure(codes_[place.value] == place_code::free, "a place is held that is not free");
      set(place, code, owner);
    }
    free_->take(places);
  }
  void leave_held(std::size_t count) {
    detail::ensure(held_ >= count, "more is given back than was held");
    held_ -= static_cast<std::uint32_t>(count);
    check_counts();
  }
  void check_counts() const {
    detail::ensure(free_->free_count() + held_ + sold_ + retired_ == codes_.size(),
                   "free, held, sold and retired places do not add up to the house");
  }

  std::optional<FreeSeats> free_{};
  std::vector<std::uint32_t> codes_{};
  std::vector<std::uint32_t> owners_{};
  std::uint32_t held_ = 0;
  std::uint32_t sold_ = 0;
  std::uint32_t retired_ = 0;
  std::vector<PlaceIndex> touched_{};
};

}  // namespace ticketcore
