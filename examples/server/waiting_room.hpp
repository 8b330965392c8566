#pragma once
// While the store is not there yet (a database that starts up beside its server): listens, and says so.

#include <functional>
#include <memory>
#include <string>

#include "options.hpp"
#include "ticketcore/storage/storage.hpp"

namespace server {

/// Opens the store; null, and why, when there is nothing to do but to wait. What it throws ends the waiting.
using TryOpen = std::function<std::unique_ptr<ticketcore::Storage>(std::string& why)>;

/// Tries twice a second until the store is there. Meanwhile it listens where the server will: /healthz says
/// 200, /readyz 503 and what is waited for, everything else 503. A port of 0 becomes the one taken. Null when
/// SIGTERM or SIGINT came, which must be blocked in all threads.
[[nodiscard]] std::unique_ptr<ticketcore::Storage> wait_for_store(Options& options, const TryOpen& open);

}  // namespace server
