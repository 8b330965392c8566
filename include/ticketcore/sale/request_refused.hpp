#pragma once
// RequestRefused: a "no" as decide() gives it, in indexes and numbers. It is no fact: what was refused
// changed nothing, and leaves nothing behind in log, snapshot or memory. explain() makes of it what callers
// and people read.

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <string>

#include "ticketcore/base/result.hpp"
#include "ticketcore/sale/facts.hpp"

namespace ticketcore {

struct RequestRefused {
  Reason reason = Reason::invalid_request;
  PlaceList places{};
  boost::container::small_vector<AreaIndex, 1> areas{};
  std::int64_t limit = 0;
  std::int64_t asked = 0;
  std::int64_t available = 0;
  Timestamp at{};
  std::string text{};  ///< A name concerned: a gate, a ticket type; for invalid_request, what is wrong.
  friend bool operator==(const RequestRefused&, const RequestRefused&) = default;
};

}  // namespace ticketcore
