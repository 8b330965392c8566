#pragma once
// The host's clocks, as the server reads them.

#include <chrono>
#include <cstdint>

#include "ticketcore/base/time.hpp"

namespace server {

/// Wall clock. Whether a hold still stands is decided by the store's time, never by this.
[[nodiscard]] inline ticketcore::Timestamp now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// Wall clock, in seconds since 1970.
[[nodiscard]] inline std::int64_t this_second() {
  return std::chrono::floor<std::chrono::seconds>(now()).time_since_epoch().count();
}

/// Milliseconds since some moment; never goes back.
[[nodiscard]] inline std::int64_t steady_ms() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

}  // namespace server
