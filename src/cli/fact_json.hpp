#pragma once
// Facts as JSON lines, with labels where the log has indices.

#include <string>

#include "ticketcore/event_state.hpp"

namespace ticketcore::cli {

/// One line, without its end. state is the event's at that point or later; it lends labels and the currency.
[[nodiscard]] std::string fact_json(const Fact& fact, std::uint64_t revision, Timestamp turn, const EventState& state);

}  // namespace ticketcore::cli
