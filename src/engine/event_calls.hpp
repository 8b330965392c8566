#pragma once
// What an event and its box office share: a request's id, the "no" to it, and the host's clock.

#include "ticketcore/base/id_generator.hpp"
#include "ticketcore/engine/detail/desk.hpp"
#include "ticketcore/sale/explain.hpp"

namespace ticketcore {

[[nodiscard]] inline RequestId or_new(RequestId request) {
  return request.is_zero() ? new_request_id() : request;
}

/// The host's, or its machine's.
[[nodiscard]] inline Timestamp read_clock(const std::function<Timestamp()>& clock) {
  return clock ? clock() : std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// Of an answer that is one.
[[nodiscard]] inline Refusal refusal_of(const Answer& answer) {
  return explain(*answer.refusal(), answer.event ? &answer.event->seat_map() : nullptr,
                 answer.event ? &answer.event->settings() : nullptr);
}

}  // namespace ticketcore
