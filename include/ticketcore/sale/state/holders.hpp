#pragma once
// Holders: who has places of the event, and how many. Holds and orders have a holder's slot.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ticketcore/base/detail/keyed_hash.hpp"
#include "ticketcore/base/detail/slot_table.hpp"
#include "ticketcore/base/detail/wire_reader.hpp"
#include "ticketcore/sale/state/invariant.hpp"

namespace ticketcore {

/// Kept while the holder has an open hold, and for ever once there is an order: carts that buy nothing leave
/// nothing behind.
struct HolderRecord {
  std::string name{};  ///< Empty marks a record that is not in use.
  std::uint32_t open_holds = 0;
  std::uint32_t held = 0;    ///< Admissions held.
  std::uint32_t bought = 0;  ///< Tickets bought and not refunded.
  bool has_ordered = false;
};

class Holders {
 public:
  explicit Holders(const HashKey& key = {}) : key_(key) {}

  /// nullptr if nobody of this name has or ever bought anything.
  [[nodiscard]] const HolderRecord* find(std::string_view name) const {
    const std::uint32_t slot = slot_of(name, hash(name));
    return slot == SlotTable::none ? nullptr : &records_[slot];
  }
  /// By slot; those not in use have no name. Not empty once anybody has held a place.
  [[nodiscard]] bool empty() const noexcept { return records_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return records_.size(); }
  [[nodiscard]] auto begin() const noexcept { return records_.begin(); }
  [[nodiscard]] auto end() const noexcept { return records_.end(); }
  [[nodiscard]] const HolderRecord& operator[](std::uint32_t slot) const { return records_[slot]; }
  [[nodiscard]] bool in_use(std::uint32_t slot) const noexcept {
    return slot < records_.size() && !records_[slot].name.empty();
  }

  /// The slot of somebody, known or not, who is about to have a hold.
  std::uint32_t slot_for(const std::string& name) {
    const std::uint64_t hashed = hash(name);
    const std::uint32_t slot = slot_of(name, hashed);
    return slot == SlotTable::none ? add(name, hashed) : slot;
  }
  void begin_hold(std::uint32_t slot, std::uint32_t admissions) {
    records_[slot].open_holds += 1;
    records_[slot].held += admissions;
  }
  /// Who has nothing left and never bought anything is forgotten.
  void end_hold(std::uint32_t slot, std::uint32_t admissions) {
    HolderRecord& holder = records_[slot];
    detail::ensure(holder.open_holds > 0 && holder.held >= admissions, "more is given back than was held");
    holder.open_holds -= 1;
    holder.held -= admissions;
    forget_if_idle(slot);
  }
  void buy(std::uint32_t slot, std::uint32_t tickets) {
    records_[slot].bought += tickets;
    records_[slot].has_ordered = true;
  }
  void refund(std::uint32_t slot, std::uint32_t tickets) {
    detail::ensure(records_[slot].bought >= tickets, "a holder gives back more than was bought");
    records_[slot].bought -= tickets;
  }

  void prefetch(std::string_view name) const noexcept { table_.prefetch(hash(name)); }
  /// The record that a new holder will get after so many others.
  void prefetch_new(std::size_t others) const noexcept {
    if (free_slots_.size() > others)
      ticketcore::prefetch(&records_[free_slots_[free_slots_.size() - 1 - others]]);
  }

  void check() const {
    for (std::uint32_t slot = 0; slot < records_.size(); ++slot) {
      const std::string& name = records_[slot].name;
      detail::ensure(name.empty() || slot_of(name, hash(name)) == slot, "a holder can't be found by name");
    }
  }

  /// The names alone: counts follow from holds and orders, which say what they are to begin_hold and buy.
  void write(wire::Writer& out) const {
    out.varint(records_.size());
    for (const HolderRecord& holder : records_) out.text(holder.name);
  }
  void read(wire::Reader& in) {
    const std::size_t count = in.count();
    table_.reserve(count);
    for (std::uint32_t slot = 0; slot < count; ++slot) {
      std::string name = in.text();
      const std::uint64_t hashed = hash(name);
      if (name.empty()) {
        free_slots_.push_back(slot);
      } else {
        if (slot_of(name, hashed) != SlotTable::none) in.damaged("a holder stands twice");
        table_.insert(hashed, slot);
      }
      records_.emplace_back().name = std::move(name);
    }
  }
  /// After reading: names that no hold and no order has are forgotten.
  void forget_idle() {
    for (std::uint32_t slot = 0; slot < records_.size(); ++slot) {
      if (in_use(slot)) forget_if_idle(slot);
    }
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return detail::bytes_of(records_) + detail::bytes_of(free_slots_) + table_.memory_bytes();
  }

 private:
  [[nodiscard]] std::uint64_t hash(std::string_view name) const noexcept { return keyed_hash(key_, name); }
  [[nodiscard]] std::uint32_t slot_of(std::string_view name, std::uint64_t hash) const {
    return table_.find(hash, [&](std::uint32_t slot) { return records_[slot].name == name; });
  }
  std::uint32_t add(const std::string& name, std::uint64_t hash) {
    if (free_slots_.empty()) {
      free_slots_.push_back(static_cast<std::uint32_t>(records_.size()));
      records_.emplace_back();
    }
    const std::uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    records_[slot].name = name;
    table_.insert(hash, slot);
    return slot;
  }
  void forget_if_idle(std::uint32_t slot) {
    HolderRecord& holder = records_[slot];
    if (holder.open_holds > 0 || holder.has_ordered) return;
    table_.erase(hash(holder.name), slot);
    holder = {};
    free_slots_.push_back(slot);
  }

  HashKey key_;
  std::vector<HolderRecord> records_{};
  std::vector<std::uint32_t> free_slots_{};
  SlotTable table_{};
};

}  // namespace ticketcore
