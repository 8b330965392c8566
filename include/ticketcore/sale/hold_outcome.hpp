#pragma once
// How a hold stands: open, or how it ended and what it became.

#include <optional>

#include "ticketcore/base/result.hpp"
#include "ticketcore/sale/event_state.hpp"
#include "ticketcore/sale/request_refused.hpp"

namespace ticketcore {

struct HoldOutcome {
  HoldEnd end = HoldEnd::open;
  std::optional<OrderName> order{};  ///< What it became; with HoldEnd::checked_out alone.
  friend bool operator==(const HoldOutcome&, const HoldOutcome&) = default;
};

/// As of now: a hold whose deadline has passed by then has expired, whether or not the log says so yet.
/// nullopt for a hold that never was, and for one whose request is forgotten (limits::request_memory).
[[nodiscard]] inline std::optional<HoldOutcome> hold_outcome(const EventState& state, HoldId hold,
                                                             Timestamp now) {
  if (const HoldRecord* open = state.holds().find(hold))
    return HoldOutcome{from_epoch(open->expires_at) <= now ? HoldEnd::expired : HoldEnd::open, {}};
  const RememberedRequest* placed = state.requests().find(RequestId{hold});
  if (placed == nullptr || placed->tag != HoldPlaced::tag || placed->hold_end == HoldEnd::open)
    return std::nullopt;
  HoldOutcome outcome{placed->hold_end, {}};
  // A number out of a snapshot: it is proven here, not when the snapshot is read.
  if (placed->order != 0 && placed->order <= state.orders().size())
    outcome.order = OrderName{state.orders()[placed->order - 1].id, placed->order};
  return outcome;
}

/// Why a hold that is not open is not: what a command that names it is refused with.
[[nodiscard]] inline RequestRefused hold_refusal(const std::optional<HoldOutcome>& outcome) {
  switch (outcome ? outcome->end : HoldEnd::open) {
    case HoldEnd::expired: return RequestRefused(Reason::hold_expired);
    case HoldEnd::released: return RequestRefused(Reason::hold_released);
    case HoldEnd::checked_out:
      if (outcome->order) return refusals::SoldHold{*outcome->order};
      return RequestRefused(Reason::hold_checked_out);
    case HoldEnd::open: break;
  }
  return RequestRefused(Reason::hold_not_found);
}

}  // namespace ticketcore
