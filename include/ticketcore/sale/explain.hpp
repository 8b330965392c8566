#pragma once
// Turns a decided refusal into the Refusal that callers and people read.

#include "ticketcore/sale/request_refused.hpp"

namespace ticketcore {

/// map and settings are the event's; null where there is no event yet, the message then goes without labels
/// and amounts.
[[nodiscard]] Refusal explain(const RequestRefused& refused, const SeatMap* map,
                              const EventSettings* settings);

}  // namespace ticketcore
