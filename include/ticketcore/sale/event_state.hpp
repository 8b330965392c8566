#pragma once
// EventState: everything that is known of one event at one revision of its log, kept in dense arrays indexed
// by place. It changes only by apply(), one fact at a time; two machines that apply the same facts hold the
// same state to the byte. Not synchronized: whoever applies facts must be alone with it. It reads no clock
// and does no I/O.

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "ticketcore/base/detail/deadline_queue.hpp"
#include "ticketcore/base/detail/keyed_hash.hpp"
#include "ticketcore/base/detail/slot_table.hpp"
#include "ticketcore/sale/detail/quantity_by_deadline.hpp"
#include "ticketcore/sale/facts.hpp"
#include "ticketcore/venue/free_seats.hpp"
#include "ticketcore/venue/place_status.hpp"

namespace ticketcore {

/// Thrown by apply when a fact contradicts the state: a place sold twice, money that does not add up. The
/// state must not be used afterwards.
class InvariantBroken : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// What a place is to buyers, in 32 bits: free, sold, killed, or held until a second of the Unix epoch.
namespace place_code {
inline constexpr std::uint32_t free = 0;
inline constexpr std::uint32_t sold = 1;
inline constexpr std::uint32_t killed = 2;
}  // namespace place_code

/// The status that a place with this code has at a time. A hold past its deadline is free.
[[nodiscard]] constexpr PlaceStatus status_of(std::uint32_t code, Timestamp now) noexcept {
  if (code == place_code::free) return PlaceStatus::free;
  if (code == place_code::sold) return PlaceStatus::sold;
  if (code == place_code::killed) return PlaceStatus::killed;
  return std::chrono::sys_seconds{std::chrono::seconds{code}} <= now ? PlaceStatus::free : PlaceStatus::held;
}

/// Seconds of the Unix epoch in 32 bits: good until 2106.
[[nodiscard]] constexpr std::uint32_t to_epoch(std::chrono::sys_seconds time) noexcept {
  return static_cast<std::uint32_t>(time.time_since_epoch().count());
}
[[nodiscard]] constexpr std::chrono::sys_seconds from_epoch(std::uint32_t seconds) noexcept {
  return std::chrono::sys_seconds{std::chrono::seconds{seconds}};
}

/// A standing area's counts. quantity_by_deadline says when what is held comes free.
struct AreaState {
  std::uint32_t held = 0;
  std::uint32_t sold = 0;
  QuantityByDeadline quantity_by_deadline{};
};

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

/// Kept while the holder has an open hold, and for ever once there is an order: carts that buy nothing leave
/// nothing behind.
struct HolderRecord {
  std::string name{};  ///< Empty marks a record that is not in use.
  std::uint32_t open_holds = 0;
  std::uint32_t held = 0;    ///< Admissions held.
  std::uint32_t bought = 0;  ///< Tickets bought and not refunded.
  bool has_ordered = false;
};

/// One ticket. Where is a place's index, or an area's with area_bit set.
struct TicketRecord {
  static constexpr std::uint32_t area_bit = 0x8000'0000;
  static constexpr std::uint16_t no_gate = 0xFFFF;
  static constexpr std::uint16_t refunded_gate = 0xFFFE;

  std::int64_t price = 0;
  std::uint32_t where = 0;
  std::uint32_t order = 0;        ///< Into orders().
  std::uint32_t admitted_at = 0;  ///< Epoch seconds; 0: not yet.
  std::uint16_t ticket_type = 0;
  std::uint16_t gate = no_gate;  ///< Into the short names, or one of the marks above.

  [[nodiscard]] bool refunded() const noexcept { return gate == refunded_gate; }
  [[nodiscard]] bool in_area() const noexcept { return (where & area_bit) != 0; }
  [[nodiscard]] PlaceIndex place() const noexcept { return {where}; }
  [[nodiscard]] AreaIndex area() const noexcept { return {where & ~area_bit}; }
};

struct OrderRecord {
  OrderId id{};
  Timestamp placed_at{};
  std::int64_t fee_per_ticket = 0;
  std::int64_t fee_per_order = 0;
  std::int64_t total = 0;
  std::int64_t tax = 0;
  std::int64_t refunded = 0;
  std::string payment_reference{};
  std::uint32_t holder = 0;
  std::uint32_t first_ticket = 0;  ///< Into tickets().
  std::uint32_t ticket_count = 0;
  std::uint32_t live_tickets = 0;    ///< Not refunded.
  std::uint16_t payment_method = 0;  ///< Into the short names.
};

/// How a hold ended, remembered with the request that placed it.
enum class HoldEnd : std::uint8_t { open, expired, released, checked_out };

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

/// Where a fact stands and when it happened.
struct FactPosition {
  std::uint64_t revision = 0;
  Timestamp turn{};
};

class EventState {
 public:
  EventState() = default;
  /// The key is that of its tables and changes nothing that can be asked.
  explicit EventState(const HashKey& key) : key_(key) {}
  EventState(EventState&&) = default;
  EventState& operator=(EventState&&) = default;

  /// Makes the fact so. Every fact that decide() emits for this state applies; one that contradicts the state
  /// throws InvariantBroken. Amortized constant time per place named.
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

  [[nodiscard]] const FreeSeats& free_seats() const noexcept { return *free_; }
  /// By place.
  [[nodiscard]] std::span<const std::uint32_t> place_codes() const noexcept { return codes_; }
  /// By area.
  [[nodiscard]] std::span<const AreaState> areas() const noexcept { return areas_; }
  [[nodiscard]] std::uint32_t area_free(AreaIndex area) const noexcept {
    return seat_map_->areas()[area.value].capacity - areas_[area.value].held - areas_[area.value].sold;
  }

  /// What the id is looked up by, whatever it is the id of: who looks for it twice reckons it once.
  [[nodiscard]] std::uint64_t hash(const Id128& id) const noexcept { return keyed_hash(key_, id); }
  /// nullptr if there is no such hold, or none any more.
  [[nodiscard]] const HoldRecord* find_hold(HoldId hold) const { return find_hold(hold, hash(hold)); }
  [[nodiscard]] const HoldRecord* find_hold(HoldId hold, std::uint64_t hash) const;
  [[nodiscard]] std::uint32_t open_holds() const noexcept { return open_holds_; }
  /// Slots not in use have expires_at 0.
  [[nodiscard]] std::span<const HoldRecord> hold_slots() const noexcept { return holds_; }
  /// Ids of the holds whose deadline has passed at now, by deadline, then by id. As long as it takes to sort
  /// them.
  [[nodiscard]] std::vector<HoldId> due_holds(Timestamp now) const;
  [[nodiscard]] bool has_due_holds(Timestamp now) const noexcept {
    return deadlines_.any_due(whole_seconds(now));
  }

  [[nodiscard]] const OrderRecord* find_order(OrderId order) const { return find_order(order, hash(order)); }
  [[nodiscard]] const OrderRecord* find_order(OrderId order, std::uint64_t hash) const;
  [[nodiscard]] std::span<const OrderRecord> orders() const noexcept { return orders_; }
  [[nodiscard]] std::span<const TicketRecord> tickets() const noexcept { return tickets_; }
  [[nodiscard]] std::span<const TicketRecord> tickets_of(const OrderRecord& order) const noexcept {
    return std::span(tickets_).subspan(order.first_ticket, order.ticket_count);
  }
  [[nodiscard]] const TicketRecord* find_ticket(const TicketId& ticket) const;

  [[nodiscard]] const HolderRecord* find_holder(std::string_view name) const;
  /// Slots not in use have no name. Not empty once anybody has held a place.
  [[nodiscard]] std::span<const HolderRecord> holders() const noexcept { return holders_; }
  [[nodiscard]] const std::string& short_name(std::uint16_t index) const { return short_names_[index]; }
  [[nodiscard]] std::span<const std::string> short_names() const noexcept { return short_names_; }
  [[nodiscard]] bool knows_short_name(std::string_view name) const {
    return find_short_name(name) != SlotTable::none;
  }
  [[nodiscard]] const RememberedRequest* find_request(RequestId request) const {
    return find_request(request, hash(request));
  }
  [[nodiscard]] const RememberedRequest* find_request(RequestId request, std::uint64_t hash) const;

  /// Ask for the memory in which these will be looked up, and wait for none of it. Nothing need be there.
  void prefetch_request(RequestId request) const noexcept;
  void prefetch_hold(HoldId hold) const noexcept { hold_table_.prefetch(hash(hold)); }
  void prefetch_order(OrderId order) const noexcept { order_table_.prefetch(hash(order)); }
  void prefetch_holder(std::string_view name) const noexcept { holder_table_.prefetch(hash(name)); }
  void prefetch_place(PlaceIndex place) const noexcept;
  /// The records that a hold will get which is placed after so many others.
  void prefetch_new_hold(std::size_t others) const noexcept;

  /// Places and areas changed since forget_touched(), with repeats.
  [[nodiscard]] std::span<const PlaceIndex> touched_places() const noexcept { return touched_places_; }
  [[nodiscard]] std::span<const AreaIndex> touched_areas() const noexcept { return touched_areas_; }
  void forget_touched() noexcept {
    touched_places_.clear();
    touched_areas_.clear();
  }

  /// Proves every invariant from the ground up: counts, owners, money. Throws InvariantBroken. O(everything).
  void check_everything() const;

  /// What the arrays of this state take, seat map and index included. An estimate that counts capacities.
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  friend class SnapshotCodec;

  /// The request that a fact answers, and its hash: zero where nobody asked.
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

  void advance(Timestamp turn);
  void remember(const Fact& fact, std::uint64_t hash, const FactPosition& position);
  void forget_oldest_request();
  /// Requests are counted round a circle that is far larger than limits::remembered_requests.
  static constexpr std::uint32_t request_numbers = 1U << 30;
  [[nodiscard]] std::uint32_t request_number(std::size_t position) const noexcept {
    return (forgotten_requests_ + static_cast<std::uint32_t>(position)) % request_numbers;
  }
  [[nodiscard]] std::size_t request_position(std::uint32_t number) const noexcept {
    const std::uint32_t steps = number - forgotten_requests_;
    return steps % request_numbers;
  }
  void set_map(std::shared_ptr<const SeatMap> map);
  [[nodiscard]] std::uint64_t hash(std::string_view name) const noexcept { return keyed_hash(key_, name); }
  [[nodiscard]] std::uint32_t hold_slot(HoldId hold, std::uint64_t hash) const;
  [[nodiscard]] std::uint32_t request_slot(RequestId request, std::uint64_t hash) const;
  [[nodiscard]] std::uint32_t need_hold(HoldId hold, std::string_view what) const;
  [[nodiscard]] std::uint32_t order_index(OrderId order, std::uint64_t hash) const;
  std::uint32_t holder_slot(const std::string& name);
  void forget_idle_holder(std::uint32_t slot);
  [[nodiscard]] std::uint32_t find_holder_slot(std::string_view name, std::uint64_t hash) const;
  [[nodiscard]] std::uint32_t find_short_name(std::string_view name) const;
  std::uint16_t intern(const std::string& name);
  [[nodiscard]] static std::int64_t whole_seconds(Timestamp now) noexcept {
    return std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  }
  void move_deadline(std::uint32_t slot, std::uint32_t expires_at);
  void return_places(const HoldRecord& hold);
  void end_hold(std::uint32_t slot, HoldEnd end, std::uint32_t order = 0);
  void sell(const HoldRecord& hold, const QuotedPrice& price, std::uint32_t order);
  void take_area(AreaQuantity wanted, std::uint32_t expires_at);
  void give_area(AreaQuantity held, std::uint32_t expires_at);
  static void check_deadline(std::chrono::sys_seconds deadline);
  void check_quote(const QuotedPrice& price, std::uint32_t admissions) const;
  void check_counts() const;

  HashKey key_{};
  EventId event_{};
  std::shared_ptr<const EventSettings> settings_{};
  std::shared_ptr<const SeatMap> seat_map_{};
  SaleStatus sale_status_ = SaleStatus::off_sale;
  Timestamp time_{};

  std::unique_ptr<FreeSeats> free_{};
  std::vector<std::uint32_t> codes_{};
  std::vector<std::uint32_t>
      owners_{};  ///< By place: a slot of holds_ or an index of tickets_, as the code says.
  std::vector<AreaState> areas_{};
  std::uint32_t held_places_ = 0;
  std::uint32_t sold_places_ = 0;

  std::vector<HoldRecord> holds_{};
  std::vector<std::uint32_t> free_hold_slots_{};
  SlotTable hold_table_{};
  std::uint32_t open_holds_ = 0;
  DeadlineQueue deadlines_{};  ///< Of the open holds, by slot.

  std::vector<HolderRecord> holders_{};
  std::vector<std::uint32_t> free_holder_slots_{};
  SlotTable holder_table_{};
  std::vector<std::string> short_names_{};
  SlotTable short_name_table_{};

  std::vector<OrderRecord> orders_{};
  SlotTable order_table_{};
  std::vector<TicketRecord> tickets_{};

  std::deque<RememberedRequest>
      requests_{};  ///< Oldest first; the table holds request_number of the position.
  SlotTable request_table_{};
  std::uint32_t forgotten_requests_ = 0;

  std::vector<PlaceIndex> touched_places_{};
  std::vector<AreaIndex> touched_areas_{};
};

}  // namespace ticketcore

#include "ticketcore/sale/detail/event_state_body.hpp"
