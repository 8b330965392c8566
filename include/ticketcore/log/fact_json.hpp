#pragma once
// A fact, or a command, as one line of JSON, for people and for programs in other languages. Its members are
// its fields, by their names.

#include <string>

#include "ticketcore/sale/commands.hpp"
#include "ticketcore/sale/event_state.hpp"

namespace ticketcore {

/// One line, without its end:
/// {"revision":3,"turn":"2027-01-10T10:00:00Z","fact":"hold_placed","holder":"cart-17",...}. state is the
/// event's after that fact or later; it lends labels and the currency, for which learn_labels is enough. A
/// state that does not know the event yet leaves indices and minor units.
[[nodiscard]] std::string fact_json(const Fact& fact, std::uint64_t revision, Timestamp turn,
                                    const EventState& state);

/// Gives the state what fact_json needs of a fact, and nothing more, so that a log which contradicts itself
/// can be shown, too: the event, and its map wherever that is replaced.
void learn_labels(EventState& state, const Fact& fact, const FactPosition& position);

/// {"command":"place_hold","request":"01930000-...","holder":"cart-17",...}, in the same way.
[[nodiscard]] std::string command_json(const Command& command, const EventState& state);

}  // namespace ticketcore
