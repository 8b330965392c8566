#pragma once
// EventState: everything that is known of one event at one revision of its log. It is composed of parts, each
// with its own data, invariants and bytes in a snapshot (state/*.hpp). It changes only by apply(), one fact
// at a time; two machines that apply the same facts hold the same state to the byte. Not synchronized: no
// other thread may use it while facts are applied. It reads no clock and does no I/O.

#include <cstdint>
#include <memory>

#include "ticketcore/base/detail/keyed_hash.hpp"
#include "ticketcore/sale/facts.hpp"
#include "ticketcore/sale/state/areas.hpp"
#include "ticketcore/sale/state/holders.hpp"
#include "ticketcore/sale/state/holds.hpp"
#include "ticketcore/sale/state/invariant.hpp"
#include "ticketcore/sale/state/orders.hpp"
#include "ticketcore/sale/state/places.hpp"
#include "ticketcore/sale/state/requests.hpp"
#include "ticketcore/sale/state/short_names.hpp"

namespace ticketcore {

class EventState {
 public:
  EventState() = default;
  /// The key is that of the parts' tables and changes nothing that can be asked.
  explicit EventState(const HashKey& key)
      : key_(key), short_names_(key), holders_(key), holds_(key), orders_(key), requests_(key) {}

  /// Applies the fact. Every fact that decide() emits for this state applies; one that contradicts the state
  /// throws InvariantBroken. Amortized constant time per place named; O(everything) for another seat map.
  void apply(const Fact& fact, const FactPosition& position);

  /// False until EventCreated has been applied; then nothing below but time() may be asked.
  [[nodiscard]] bool exists() const noexcept { return seat_map_ != nullptr; }
  [[nodiscard]] const EventId& event() const noexcept { return event_; }
  [[nodiscard]] const EventSettings& settings() const noexcept { return *settings_; }
  [[nodiscard]] const std::shared_ptr<const EventSettings>& shared_settings() const noexcept {
    return settings_;
  }
  [[nodiscard]] const std::shared_ptr<const SeatMap>& seat_map() const noexcept { return seat_map_; }
  [[nodiscard]] SaleStatus sale_status() const noexcept { return sale_status_; }
  /// The time of the last turn applied. Turns never go back behind it.
  [[nodiscard]] Timestamp time() const noexcept { return time_; }

  // The parts.
  [[nodiscard]] const Places& places() const noexcept { return places_; }
  [[nodiscard]] const Areas& areas() const noexcept { return areas_; }
  [[nodiscard]] const ShortNames& short_names() const noexcept { return short_names_; }
  [[nodiscard]] const Holders& holders() const noexcept { return holders_; }
  [[nodiscard]] const Holds& holds() const noexcept { return holds_; }
  [[nodiscard]] const Orders& orders() const noexcept { return orders_; }
  [[nodiscard]] const Requests& requests() const noexcept { return requests_; }

  /// The hash by which the parts look an id up, a hold's or an order's: compute it once for several look-ups.
  [[nodiscard]] std::uint64_t hash(const Id128& id) const noexcept { return keyed_hash(key_, id); }

  /// Goes on with another map of the same contents, so that events in one house share one.
  void share_seat_map(std::shared_ptr<const SeatMap> same) noexcept { seat_map_ = std::move(same); }
  /// Of places and areas (touched()).
  void forget_touched() noexcept {
    places_.forget_touched();
    areas_.forget_touched();
  }

  /// Proves every invariant from the ground up: counts, owners, money. Throws InvariantBroken. O(everything).
  void check_everything() const;

  /// What the arrays of this state take, seat map included. An estimate that counts capacities.
  [[nodiscard]] std::size_t memory_bytes() const;

  /// What the parts know, as a snapshot has it.
  void write_parts(wire::Writer& out) const;
  /// Reads that into the state of the same event which has only just been created. Throws StorageDamaged or
  /// InvariantBroken for what can't be so; the state must not be used then.
  void read_parts(wire::Reader& in);

 private:
  /// The request that a fact answers, and its hash: zero where no request asked for it.
  struct Asked {
    RequestId request{};
    std::uint64_t hash = 0;
  };
  void apply_body(const EventCreated& fact, const Asked& asked, const FactPosition& position);
  void apply_body(const EventConfigured& fact, const Asked& asked, const FactPosition& position);
  void apply_body(const SaleStatusChanged& fact, const Asked& asked, const FactPosition& position);
  void apply_body(const HoldPlaced& fact, const Asked& asked, const FactPosition& position);
  void apply_body(const HoldExtended& fact, const Asked& asked, const FactPosition& position);
  void apply_body(const HoldReleased& fact, const Asked& asked, const FactPosition& position);
  void apply_body(const HoldExpired& fact, const Asked& asked, const FactPosition& position);
  void apply_body(const HoldQuoted& fact, const Asked& asked, const FactPosition& position);
  void apply_body(const OrderPlaced& fact, const Asked& asked, const FactPosition& position);
  void apply_body(const TicketsRefunded& fact, const Asked& asked, const FactPosition& position);
  void apply_body(const TicketAdmitted& fact, const Asked& asked, const FactPosition& position);
  void apply_body(const MapReplaced& fact, const Asked& asked, const FactPosition& position);
  /// Any other fact concerns one part alone, which has an apply() for it.
  template <class Body>
  void apply_body(const Body& fact, const Asked& asked, const FactPosition& position);

  /// Calls it with each part that has bytes of its own in a snapshot, in their order there.
  template <class State, class Call>
  static void for_each_written(State& state, Call&& call) {
    call(state.short_names_);
    call(state.holders_);
    call(state.holds_);
    call(state.orders_);
    call(state.requests_);
  }
  /// All of them.
  template <class State, class Call>
  static void for_each_part(State& state, Call&& call) {
    call(state.places_);
    call(state.areas_);
    for_each_written(state, call);
  }

  void give_back(std::uint32_t slot, std::uint64_t hash, HoldEnd end);
  void end_hold(std::uint32_t slot, std::uint64_t hash, HoldEnd end, std::uint32_t order);
  void link_holds();
  void link_orders();

  // The rules that span parts.
  void check_quote(const QuotedPrice& price, std::uint32_t admissions) const;
  void check_owners() const;
  void check_areas() const;
  void check_holders() const;

  HashKey key_{};
  EventId event_{};
  std::shared_ptr<const EventSettings> settings_{};
  std::shared_ptr<const SeatMap> seat_map_{};
  SaleStatus sale_status_ = SaleStatus::off_sale;
  Timestamp time_{};

  Places places_{};
  Areas areas_{};
  ShortNames short_names_{};
  Holders holders_{};
  Holds holds_{};
  Orders orders_{};
  Requests requests_{};
};

}  // namespace ticketcore

#include "ticketcore/sale/detail/event_state_body.hpp"
#include "ticketcore/sale/detail/event_state_check.hpp"
