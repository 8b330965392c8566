#pragma once
// Holds: the open ones, found by id and by deadline.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "ticketcore/base/detail/deadline_queue.hpp"
#include "ticketcore/base/detail/keyed_hash.hpp"
#include "ticketcore/base/detail/slot_table.hpp"
#include "ticketcore/base/detail/wire_reader.hpp"
#include "ticketcore/base/limits.hpp"
#include "ticketcore/sale/facts.hpp"
#include "ticketcore/sale/state/invariant.hpp"

namespace ticketcore {

struct HoldRecord {
  HoldId id{};
  std::uint32_t holder = 0;      ///< Into the holders.
  std::uint32_t placed_at = 0;   ///< Epoch seconds, rounded up.
  std::uint32_t expires_at = 0;  ///< Epoch seconds; 0 marks a record that is not in use.
  std::uint32_t admissions = 0;  ///< Places and area quantities together.
  PlaceList places{};
  AreaQuantities areas{};
  std::unique_ptr<QuotedPrice> quote{};
};

/// A record keeps its slot as long as the hold is open; then the slot is another's.
class Holds {
 public:
  explicit Holds(const HashKey& key = {}) : key_(key) {}

  /// nullptr if there is no such hold, or none any more. The hash is that of the id under the state's key.
  [[nodiscard]] const HoldRecord* find(HoldId hold) const { return find(hold, hash(hold)); }
  [[nodiscard]] const HoldRecord* find(HoldId hold, std::uint64_t hash) const {
    const std::uint32_t slot = slot_of(hold, hash);
    return slot == SlotTable::none ? nullptr : &records_[slot];
  }
  [[nodiscard]] std::uint32_t open_count() const noexcept { return open_; }
  /// Those not in use have expires_at 0.
  [[nodiscard]] std::span<const HoldRecord> slots() const noexcept { return records_; }
  [[nodiscard]] const HoldRecord& operator[](std::uint32_t slot) const { return records_[slot]; }
  /// Ids of the holds whose deadline has passed at now, by deadline, then by id. As long as it takes to sort
  /// them.
  [[nodiscard]] std::vector<HoldId> due(Timestamp now) const;
  [[nodiscard]] bool any_due(Timestamp now) const noexcept { return deadlines_.any_due(whole_seconds(now)); }

  /// The slot of a hold that must be open; what names it in the message if it is not.
  [[nodiscard]] std::uint32_t need(HoldId hold, std::uint64_t hash, std::string_view what) const {
    const std::uint32_t slot = slot_of(hold, hash);
    if (slot == SlotTable::none)
      throw InvariantBroken(std::string(what) + " names hold " + to_string(hold) + ", which is not open");
    return slot;
  }
  /// Returns the slot.
  std::uint32_t place(HoldId id, std::uint64_t hash, const HoldPlaced& fact, std::uint32_t holder,
                      Timestamp turn);
  void move_deadline(std::uint32_t slot, std::uint32_t expires_at) {
    records_[slot].expires_at = expires_at;
    deadlines_.set(slot, expires_at);
  }
  void quote(std::uint32_t slot, const QuotedPrice& price) {
    records_[slot].quote = std::make_unique<QuotedPrice>(price);
  }
  /// The hold has another place instead, at the same position.
  void exchange(std::uint32_t slot, PlaceIndex from, PlaceIndex to) {
    PlaceList& places = records_[slot].places;
    const auto at = std::find(places.begin(), places.end(), from);
    detail::ensure(at != places.end(), "a hold gives a place that it does not have");
    *at = to;
  }
  void end(std::uint32_t slot, std::uint64_t hash);

  void prefetch(std::uint64_t hash) const noexcept { table_.prefetch(hash); }
  /// The record that a hold will get which is placed after so many others.
  void prefetch_new(std::size_t others) const noexcept {
    if (free_slots_.size() <= others) return;
    const std::uint32_t slot = free_slots_[free_slots_.size() - 1 - others];
    prefetch_all(records_[slot]);
    deadlines_.prefetch(slot);
  }

  void check() const;
  void write(wire::Writer& out) const;
  void read(wire::Reader& in);
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return detail::bytes_of(records_) + detail::bytes_of(free_slots_) + table_.memory_bytes() +
           deadlines_.memory_bytes();
  }

 private:
  [[nodiscard]] std::uint64_t hash(const Id128& id) const noexcept { return keyed_hash(key_, id); }
  [[nodiscard]] std::uint32_t slot_of(HoldId hold, std::uint64_t hash) const {
    return table_.find(hash, [&](std::uint32_t slot) { return records_[slot].id == hold; });
  }
  [[nodiscard]] static std::int64_t whole_seconds(Timestamp now) noexcept {
    return std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  }
  [[nodiscard]] static std::uint32_t admissions_of(const PlaceList& places, const AreaQuantities& areas) {
    auto admissions = static_cast<std::uint32_t>(places.size());
    for (const AreaQuantity& held : areas) admissions += held.quantity;
    return admissions;
  }
  void open(std::uint32_t slot, std::uint64_t hash) {
    table_.insert(hash, slot);
    deadlines_.set(slot, records_[slot].expires_at);
    ++open_;
  }

  HashKey key_;
  std::vector<HoldRecord> records_{};
  std::vector<std::uint32_t> free_slots_{};
  SlotTable table_{};
  DeadlineQueue deadlines_{};  ///< Of the open holds, by slot.
  std::uint32_t open_ = 0;
};

namespace detail {

inline void write_quote(wire::Writer& out, const QuotedPrice& quote) {
  out.varint(quote.lines.size());
  for (const QuoteLine& line : quote.lines) {
    out.varint(line.category.value);
    out.varint(line.ticket_type);
    out.varint(line.count);
    out.signed_varint(line.unit_price);
  }
  for (const std::int64_t amount : {quote.fee_per_ticket, quote.fee_per_order, quote.total, quote.tax})
    out.signed_varint(amount);
}

[[nodiscard]] inline std::unique_ptr<QuotedPrice> read_quote(wire::Reader& in) {
  auto quote = std::make_unique<QuotedPrice>();
  for (std::size_t left = in.count(); left > 0; --left) {
    QuoteLine line;
    line.category = {in.number(limits::categories)};
    line.ticket_type = static_cast<std::uint16_t>(in.number(limits::ticket_types));
    line.count = in.number(limits::places_per_hold);
    line.unit_price = in.signed_varint();
    quote->lines.push_back(line);
  }
  for (std::int64_t* amount : {&quote->fee_per_ticket, &quote->fee_per_order, &quote->total, &quote->tax})
    *amount = in.signed_varint();
  return quote;
}

}  // namespace detail

inline std::vector<HoldId> Holds::due(Timestamp now) const {
  std::vector<std::uint32_t> slots = deadlines_.due(whole_seconds(now));
  // Slots are this host's own affair, and the facts' order is not.
  const auto before = [this](std::uint32_t one, std::uint32_t other) {
    const auto rank = [](const HoldRecord& hold) { return std::tie(hold.expires_at, hold.id); };
    return rank(records_[one]) < rank(records_[other]);
  };
  std::sort(slots.begin(), slots.end(), before);
  std::vector<HoldId> holds;
  holds.reserve(slots.size());
  for (const std::uint32_t slot : slots) holds.push_back(records_[slot].id);
  return holds;
}

inline std::uint32_t Holds::place(HoldId id, std::uint64_t hash, const HoldPlaced& fact, std::uint32_t holder,
                                  Timestamp turn) {
  detail::ensure(!id.is_zero() && slot_of(id, hash) == SlotTable::none, "two holds carry one id");
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(records_.size()));
    records_.emplace_back();
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  HoldRecord& hold = records_[slot];
  hold.id = id;
  hold.holder = holder;
  hold.placed_at = to_epoch(ceil_to_seconds(turn));
  hold.expires_at = to_epoch(fact.expires_at);
  hold.admissions = admissions_of(fact.places, fact.areas);
  hold.places = fact.places;
  hold.areas = fact.areas;
  open(slot, hash);
  return slot;
}

inline void Holds::end(std::uint32_t slot, std::uint64_t hash) {
  HoldRecord& hold = records_[slot];
  table_.erase(hash, slot);
  hold.expires_at = 0;
  hold.id = {};
  hold.places.clear();
  hold.areas.clear();
  hold.quote.reset();
  free_slots_.push_back(slot);
  deadlines_.remove(slot);
  --open_;
}

inline void Holds::check() const {
  using detail::ensure;
  std::uint32_t open = 0;
  for (std::uint32_t slot = 0; slot < records_.size(); ++slot) {
    const HoldRecord& hold = records_[slot];
    if (hold.expires_at == 0) continue;
    ++open;
    ensure(slot_of(hold.id, hash(hold.id)) == slot, "a hold can't be found by its id");
    ensure(hold.admissions == admissions_of(hold.places, hold.areas), "a hold's admissions do not add up");
  }
  ensure(open == open_ && open == table_.size() && open == deadlines_.size(), "open holds do not add up");
}

inline void Holds::write(wire::Writer& out) const {
  out.varint(open_);
  for (const HoldRecord& hold : records_) {
    if (hold.expires_at == 0) continue;
    out.id(hold.id);
    out.varint(hold.holder);
    out.fixed(hold.placed_at);
    out.fixed(hold.expires_at);
    out.varint(hold.places.size());
    for (const PlaceIndex place : hold.places) out.varint(place.value);
    out.varint(hold.areas.size());
    for (const AreaQuantity& held : hold.areas) {
      out.varint(held.area.value);
      out.varint(held.quantity);
    }
    out.u8(hold.quote ? 1 : 0);
    if (hold.quote) detail::write_quote(out, *hold.quote);
  }
}

inline void Holds::read(wire::Reader& in) {
  constexpr std::size_t size_min = 28;  // of one hold, at the least
  const std::size_t count = in.count(size_min);
  table_.reserve(count);
  for (std::uint32_t slot = 0; slot < count; ++slot) {
    HoldRecord& hold = records_.emplace_back();
    hold.id = HoldId{in.id()};
    hold.holder = in.number();
    hold.placed_at = in.fixed<std::uint32_t>();
    hold.expires_at = in.fixed<std::uint32_t>();
    for (std::size_t left = in.count(); left > 0; --left) hold.places.push_back({in.number()});
    for (std::size_t left = in.count(); left > 0; --left) {
      const std::uint32_t area = in.number();
      hold.areas.push_back({{area}, in.number(limits::area_capacity)});
    }
    if (in.u8() != 0) hold.quote = detail::read_quote(in);
    hold.admissions = admissions_of(hold.places, hold.areas);
    if (hold.expires_at == 0) in.damaged("a hold has no deadline");
    const std::uint64_t hashed = hash(hold.id);
    if (hold.id.is_zero() || slot_of(hold.id, hashed) != SlotTable::none)
      in.damaged("two holds carry one id");
    open(slot, hashed);
  }
}

}  // namespace ticketcore
