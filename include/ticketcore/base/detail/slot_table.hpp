#pragma once
// SlotTable: finds the slot of a record by the hash of its key. Records live in arrays of their owner; the
// table keeps eight bytes a record, one cache line a look-up, and never runs destructors.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ticketcore/base/detail/prefetch.hpp"

namespace ticketcore {

/// Open addressing with linear probing, erasing by shifting back, so that no tombstones gather.
class SlotTable {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  /// The slot whose record is_it(slot) confirms, or none. Amortized constant time.
  template <class IsIt>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, IsIt&& is_it) const {
    if (entries_.empty()) return none;
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    for (std::size_t at = home(tag); entries_[at].slot != none; at = (at + 1) & mask()) {
      if (entries_[at].tag == tag && is_it(entries_[at].slot)) return entries_[at].slot;
    }
    return none;
  }

  /// Asks for the memory that find and insert will look at first.
  void prefetch(std::uint64_t hash) const noexcept {
    if (!entries_.empty()) ticketcore::prefetch(&entries_[home(static_cast<std::uint32_t>(hash >> 32))]);
  }

  /// The caller has made sure that the key is not there.
  void insert(std::uint64_t hash, std::uint32_t slot) {
    if ((size_ + 1) * 4 > entries_.size() * 3) resize(entries_.empty() ? 64 : entries_.size() * 2);
    place({static_cast<std::uint32_t>(hash >> 32), slot});
    ++size_;
  }

  /// The pair must be there.
  void erase(std::uint64_t hash, std::uint32_t slot) {
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    std::size_t hole = home(tag);
    while (entries_[hole].slot != slot) hole = (hole + 1) & mask();
    for (std::size_t at = (hole + 1) & mask(); entries_[at].slot != none; at = (at + 1) & mask()) {
      const std::size_t wanted = home(entries_[at].tag);
      // The entry may move into the hole unless its home lies after the hole on the way to where it stands.
      if (((at - wanted) & mask()) >= ((at - hole) & mask())) {
        entries_[hole] = entries_[at];
        hole = at;
      }
    }
    entries_[hole] = {};
    --size_;
  }

  void reserve(std::size_t count) {
    const std::size_t wanted = std::bit_ceil(count * 4 / 3 + 1);
    if (wanted > entries_.size()) resize(wanted);
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept { return entries_.capacity() * sizeof(Entry); }

 private:
  struct Entry {
    std::uint32_t tag = 0;
    std::uint32_t slot = none;
  };

  [[nodiscard]] std::size_t mask() const noexcept { return entries_.size() - 1; }
  [[nodiscard]] std::size_t home(std::uint32_t tag) const noexcept { return tag & mask(); }
  void place(Entry entry) {
    std::size_t at = home(entry.tag);
    while (entries_[at].slot != none) at = (at + 1) & mask();
    entries_[at] = entry;
  }
  void resize(std::size_t size) {
    std::vector<Entry> old(size);
    old.swap(entries_);
    for (const Entry& entry : old) {
      if (entry.slot != none) place(entry);
    }
  }

  std::vector<Entry> entries_;
  std::size_t size_ = 0;
};

}  // namespace ticketcore
