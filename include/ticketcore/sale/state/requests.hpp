#pragma once
// Requests: which requests were granted, and where in the log the answer to each stands. They are forgotten
// by age and by number (limits.hpp), the oldest first.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <string_view>

#include "ticketcore/base/detail/keyed_hash.hpp"
#include "ticketcore/base/detail/slot_table.hpp"
#include "ticketcore/base/detail/wire_reader.hpp"
#include "ticketcore/base/limits.hpp"
#include "ticketcore/base/time.hpp"
#include "ticketcore/sale/facts.hpp"
#include "ticketcore/sale/state/invariant.hpp"

namespace ticketcore {

/// Where a fact stands and when it happened.
struct FactPosition {
  std::uint64_t revision = 0;
  Timestamp turn{};
};

/// How a hold ended, remembered with the request that placed it.
enum class HoldEnd : std::uint8_t { open, expired, released, checked_out };

/// "checked_out".
[[nodiscard]] constexpr std::string_view to_string(HoldEnd end) noexcept {
  constexpr std::string_view names[] = {"open", "expired", "released", "checked_out"};
  return names[static_cast<std::size_t>(end)];
}

/// Where the answer to a request stands in the log, and to which command it is one.
struct RememberedRequest {
  RequestId request{};
  std::uint64_t digest = 0;         ///< Of the command.
  std::uint64_t revision : 48 = 0;  ///< Of the entry that holds the fact.
  std::uint64_t tag : 8 = 0;        ///< Of the fact.
  HoldEnd hold_end = HoldEnd::open;
  std::uint32_t turn = 0;   ///< Epoch seconds of the turn.
  std::uint32_t order = 0;  ///< Number of the order that the hold of a request became; 0: of none.
};

class Requests {
 public:
  explicit Requests(const HashKey& key = {}) : key_(key) {}

  /// nullptr if there was no such request, or if it is forgotten. The hash is that of the id under the
  /// state's key.
  [[nodiscard]] const RememberedRequest* find(RequestId request) const {
    return find(request, hash(request));
  }
  [[nodiscard]] const RememberedRequest* find(RequestId request, std::uint64_t hash) const {
    const std::uint32_t number = number_of(request, hash);
    return number == SlotTable::none ? nullptr : &remembered_[position_of(number)];
  }
  [[nodiscard]] std::size_t size() const noexcept { return remembered_.size(); }
  /// Oldest first.
  [[nodiscard]] auto begin() const noexcept { return remembered_.begin(); }
  [[nodiscard]] auto end() const noexcept { return remembered_.end(); }

  void remember(const Fact& fact, std::uint64_t hash, const FactPosition& position) {
    if (remembered_.size() == limits::remembered_requests) forget_oldest();
    table_.insert(hash, number_at(remembered_.size()));
    RememberedRequest& added = remembered_.emplace_back();
    added.request = fact.request;
    added.digest = fact.digest;
    added.revision = position.revision & revision_mask;
    added.tag = tag_of(fact.body);
    added.turn = to_epoch(ceil_to_seconds(position.turn));
  }
  /// Forgets those that are too old at this turn.
  void advance(Timestamp turn) {
    const auto memory = std::chrono::duration_cast<std::chrono::seconds>(limits::request_memory);
    while (!remembered_.empty() && from_epoch(remembered_.front().turn) + memory < turn) forget_oldest();
  }
  /// How the hold ended that this request placed, if it is remembered; as which order, if it was sold.
  void note_end(HoldId hold, std::uint64_t hash, HoldEnd end, std::uint32_t order) {
    const std::uint32_t number = number_of(RequestId{hold}, hash);
    if (number == SlotTable::none) return;
    RememberedRequest& placed = remembered_[position_of(number)];
    placed.hold_end = end;
    placed.order = order;
  }

  void prefetch(std::uint64_t hash) const noexcept { table_.prefetch(hash); }

  void check() const {
    using detail::ensure;
    ensure(remembered_.size() <= limits::remembered_requests && table_.size() == remembered_.size(),
           "remembered requests do not add up");
    for (const RememberedRequest& request : remembered_)
      ensure(find(request.request) != nullptr, "a remembered request can't be found by its id");
  }

  void write(wire::Writer& out) const {
    out.varint(remembered_.size());
    for (const RememberedRequest& request : remembered_) {
      out.id(request.request);
      out.fixed(request.digest);
      out.varint(std::uint64_t{request.revision});
      out.fixed(request.turn);
      out.u8(static_cast<std::uint8_t>(request.tag));
      out.u8(static_cast<std::uint8_t>(request.hold_end));
      out.varint(request.order);
    }
  }
  void read(wire::Reader& in) {
    // What one takes at the least: room is made for as many as there can be, not as many as there are said
    // to be.
    constexpr std::size_t size_min = 32;
    const std::size_t count = in.count(size_min);
    if (count > limits::remembered_requests) in.damaged("it remembers more requests than an event does");
    table_.reserve(count);
    for (std::size_t left = count; left > 0; --left) {
      RememberedRequest request;
      request.request = RequestId{in.id()};
      request.digest = in.fixed<std::uint64_t>();
      request.revision = in.varint() & revision_mask;
      request.turn = in.fixed<std::uint32_t>();
      request.tag = in.u8();
      request.hold_end = static_cast<HoldEnd>(std::min<unsigned>(in.u8(), 3));
      request.order = in.number();
      table_.insert(hash(request.request), number_at(remembered_.size()));
      remembered_.push_back(request);
    }
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return remembered_.size() * sizeof(RememberedRequest) + table_.memory_bytes();
  }

 private:
  static constexpr std::uint64_t revision_mask = 0xFFFF'FFFF'FFFFULL;
  /// They are counted round a circle that is far larger than limits::remembered_requests.
  static constexpr std::uint32_t circle = 1U << 30;

  [[nodiscard]] std::uint64_t hash(const Id128& id) const noexcept { return keyed_hash(key_, id); }
  [[nodiscard]] std::uint32_t number_at(std::size_t position) const noexcept {
    return (forgotten_ + static_cast<std::uint32_t>(position)) % circle;
  }
  [[nodiscard]] std::size_t position_of(std::uint32_t number) const noexcept {
    const std::uint32_t steps = number - forgotten_;
    return steps % circle;
  }
  [[nodiscard]] std::uint32_t number_of(RequestId request, std::uint64_t hash) const {
    return table_.find(
        hash, [&](std::uint32_t number) { return remembered_[position_of(number)].request == request; });
  }
  void forget_oldest() {
    table_.erase(hash(remembered_.front().request), number_at(0));
    remembered_.pop_front();
    forgotten_ = (forgotten_ + 1) % circle;
  }

  HashKey key_;
  std::deque<RememberedRequest> remembered_{};  ///< Oldest first; the table holds number_at of the position.
  SlotTable table_{};
  std::uint32_t forgotten_ = 0;
};

}  // namespace ticketcore
