#pragma once
// The ledger: what a suspicious accountant keeps beside the log. It hears of every entry in the moment in
// which it becomes durable, follows each place with means of its own, and objects at once to whatever a box
// office must never do.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "ticketcore/log/log.hpp"
#include "ticketcore/sale/event_state.hpp"
#include "ticketcore/storage/memory.hpp"

namespace ticketcore::sim {

class Ledger {
 public:
  /// The seat map that the log names.
  void hear_map(const Append& entry);
  /// What is wrong with the entry, or nothing.
  [[nodiscard]] std::string hear(const Entry& entry);

  [[nodiscard]] Revision revision() const noexcept { return codes_.size(); }
  /// What a reader must see after a revision.
  [[nodiscard]] const std::vector<std::uint32_t>& codes_after(Revision revision) const {
    return codes_.at(revision - 1);
  }
  [[nodiscard]] const std::vector<std::uint32_t>& area_sold_after(Revision revision) const {
    return area_sold_.at(revision - 1);
  }
  /// The fact that answers a request, as text, and the revision that it came with.
  struct Logged {
    std::string text{};
    Revision revision = 0;
  };
  /// Null if the log has none.
  [[nodiscard]] const Logged* answer_to(RequestId request) const;
  /// Whether the place was taken at some moment of the turn that came after the revision before this one.
  [[nodiscard]] bool was_taken(PlaceIndex place, Revision revision, Timestamp turn) const;
  [[nodiscard]] const EventState& state() const noexcept { return state_; }
  [[nodiscard]] Storage& maps() noexcept { return maps_; }

 private:
  struct OpenHold {
    std::string holder{};
    std::vector<std::uint32_t> places{};
    std::map<std::uint32_t, std::uint32_t> areas{};
    Timestamp placed_at{};
    std::chrono::sys_seconds expires_at{};
    std::int64_t total = -1;
    [[nodiscard]] std::uint32_t admissions() const;
  };
  struct SoldTicket {
    std::uint32_t place = 0;
    bool in_area = false;
    bool refunded = false;
    bool admitted = false;
  };
  struct PlacedOrder {
    std::string holder{};
    std::vector<SoldTicket> tickets{};
    std::int64_t total = 0;
    std::int64_t refunded = 0;
  };

  [[nodiscard]] std::string judge(const Fact& fact, Timestamp turn);
  [[nodiscard]] std::string judge_map(const MapReplaced& replaced);
  void take_map(const SeatMap& map);
  [[nodiscard]] std::string check_labels() const;
  [[nodiscard]] std::string judge_hold(const Fact& fact, const HoldPlaced& hold, Timestamp turn);
  [[nodiscard]] std::string judge_order(const Fact& fact, const OrderPlaced& order, Timestamp turn);
  [[nodiscard]] std::string judge_refund(const TicketsRefunded& refund);
  [[nodiscard]] std::string end_hold(HoldId hold);
  [[nodiscard]] bool is_taken(std::uint32_t place) const;
  [[nodiscard]] std::uint32_t taken_of(std::uint32_t area) const;

  MemoryStorage maps_;
  // The house as labels tell it. What has a position in these lists has it for ever.
  std::vector<std::string> places_;
  std::set<std::uint32_t> on_the_map_;
  std::vector<std::pair<std::string, std::uint32_t>> areas_;  ///< With what they have room for.
  SalePolicy policy_{};
  bool on_sale_ = false;
  std::map<HoldId, OpenHold> holds_;
  std::map<OrderId, PlacedOrder> orders_;
  std::map<RequestId, Logged> answers_;
  Timestamp last_turn_{};
  std::uint32_t last_checksum_ = 0;

  EventState state_;
  std::vector<std::vector<std::uint32_t>> codes_;
  std::vector<std::vector<std::uint32_t>> area_sold_;
  std::vector<std::set<std::uint32_t>>
      held_in_;  ///< By entry: the places that it holds or takes off the map, also if only for a moment.
};

/// A fact with all its fields, so that two texts are equal when the facts are.
[[nodiscard]] std::string text_of(const Fact& fact);

}  // namespace ticketcore::sim
