#pragma once
// DeadlineQueue: which holds run out first. One entry a hold, which moves when the deadline does: a hold that
// is extended for ever takes no more room than one that is not.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ticketcore/base/detail/prefetch.hpp"

namespace ticketcore {

/// A binary heap of slots by deadline, in seconds of the Unix epoch, that knows where each slot stands.
/// Twelve bytes a slot.
class DeadlineQueue {
 public:
  /// Puts the slot in, or moves it. Logarithmic; constant for a deadline that is not before those that are
  /// there.
  void set(std::uint32_t slot, std::uint32_t deadline) {
    if (slot >= place_of_.size()) place_of_.resize(slot + std::size_t{1}, nowhere);
    if (place_of_[slot] == nowhere) {
      heap_.emplace_back();
      rise(heap_.size() - 1, {deadline, slot});
    } else {
      settle(place_of_[slot], {deadline, slot});
    }
  }

  /// The slot must be in. Logarithmic.
  void remove(std::uint32_t slot) {
    const std::size_t hole = place_of_[slot];
    place_of_[slot] = nowhere;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (hole < heap_.size()) settle(hole, last);
  }

  /// Asks for the memory that set and remove will look at first.
  void prefetch(std::uint32_t slot) const noexcept {
    if (slot < place_of_.size()) ticketcore::prefetch(&place_of_[slot]);
  }

  [[nodiscard]] bool any_due(std::int64_t now) const noexcept {
    return !heap_.empty() && heap_.front().deadline <= now;
  }

  /// The slots whose deadline is not after now, in no order. Linear in their number.
  [[nodiscard]] std::vector<std::uint32_t> due(std::int64_t now) const {
    std::vector<std::uint32_t> slots;
    std::vector<std::size_t> open{0};
    while (!open.empty()) {
      const std::size_t at = open.back();
      open.pop_back();
      if (at >= heap_.size() || heap_[at].deadline > now) continue;
      slots.push_back(heap_[at].slot);
      open.push_back(2 * at + 1);
      open.push_back(2 * at + 2);
    }
    return slots;
  }

  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return heap_.capacity() * sizeof(Entry) + place_of_.capacity() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::uint32_t nowhere = UINT32_MAX;

  struct Entry {
    std::uint32_t deadline = 0;
    std::uint32_t slot = 0;
  };

  void put(std::size_t at, Entry entry) {
    heap_[at] = entry;
    place_of_[entry.slot] = static_cast<std::uint32_t>(at);
  }
  /// Puts the entry at the place, whose own is gone, or above it.
  void rise(std::size_t at, Entry entry) {
    while (at > 0) {
      const std::size_t parent = (at - 1) / 2;
      if (heap_[parent].deadline <= entry.deadline) break;
      put(at, heap_[parent]);
      at = parent;
    }
    put(at, entry);
  }
  /// Puts the entry at the place, whose own is gone, or where it belongs above or below it.
  void settle(std::size_t at, Entry entry) {
    for (std::size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
      if (child + 1 < heap_.size() && heap_[child + 1].deadline < heap_[child].deadline) ++child;
      if (heap_[child].deadline >= entry.deadline) break;
      put(at, heap_[child]);
      at = child;
    }
    rise(at, entry);
  }

  std::vector<Entry> heap_{};
  std::vector<std::uint32_t> place_of_{};  ///< By slot.
};

}  // namespace ticketcore
