#pragma once
// A fact as one line of JSON, for people and for programs in other languages.

#include <string>

#include "ticketcore/sale/event_state.hpp"

namespace ticketcore {

/// One line, without its end:
/// {"revision":3,"turn":"2027-01-10T10:00:00Z","fact":"hold_placed","holder":"cart-17",...}. state is the
/// event's at that point or later; it lends labels and the currency, for which its first fact is enough. A
/// state that does not know the event yet leaves indices and minor units.
[[nodiscard]] std::string fact_json(const Fact& fact, std::uint64_t revision, Timestamp turn,
                                    const EventState& state);

}  // namespace ticketcore
