#pragma once
// Makes RequestIds, UUID version 7 (RFC 9562), rising with time; and keys, from the system's randomness.

#include "ticketcore/base/detail/keyed_hash.hpp"

namespace ticketcore {

/// A new id, unlike any other of this or another process, before or after a fork. Ids of one thread rise
/// strictly, also within a millisecond and when the clock steps back (RFC 9562, section 6.2, method 2). Well
/// under 100 ns.
[[nodiscard]] RequestId new_request_id();

/// A key from the system's random numbers, that no other process knows.
[[nodiscard]] HashKey new_hash_key();

}  // namespace ticketcore
