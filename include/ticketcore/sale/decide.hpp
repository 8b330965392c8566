#pragma once
// decide: what one command comes to in one state at one time. It reads and answers; it changes nothing, reads
// no clock and makes no ids. Every decision is made here: web, box office and partners all come through this
// function.

#include <chrono>
#include <cstdint>
#include <span>
#include <variant>

#include "ticketcore/sale/commands.hpp"
#include "ticketcore/sale/event_state.hpp"
#include "ticketcore/sale/request_refused.hpp"

namespace ticketcore {

/// This very command was granted before: its answer is the fact with its request id in this entry of the log.
struct Repeat {
  std::uint64_t revision = 0;
};

/// A Fact to apply and to append; a Repeat; or a refusal. A refusal is true of this state at this time and is
/// not remembered: the same request may be granted when it comes again. docs/concepts.md says what a caller
/// may conclude from it.
using Decision = std::variant<Fact, Repeat, RequestRefused>;

/// Expects that holds due at now have been expired (due_holds, HoldExpired) and that now is not before
/// state.time(). Constant time per place named; best available as find_best_available says.
[[nodiscard]] Decision decide(const EventState& state, const Command& command, Timestamp now);

/// A caller that decides many commands calls this before each, with those that are still to be decided. It
/// asks for the memory that a command some places on will need, so that deciding that one need not wait for
/// it. Changes nothing, and no answer depends on it. Costs two or three hashes.
void prefetch_ahead(const EventState& state, std::span<const Command> coming) noexcept;

}  // namespace ticketcore

#include "ticketcore/sale/detail/decide_body.hpp"
