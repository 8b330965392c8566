#pragma once
// The table of all routes: what is asked for, by whom it may be, and what answers it.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.hpp"
#include "api/keys.hpp"

namespace server {

class Api;

/// What a route needs besides its scope.
enum class Repeats {
  no,         ///< Changes nothing.
  by_key,     ///< Needs an Idempotency-Key.
  by_itself,  ///< Changes something, but says by itself what.
};

struct Route {
  std::string_view method;
  std::string_view pattern;  ///< "/v1/events/{event}/holds": what stands in braces is any one segment;
                             ///< "{ticket}.svg" one that ends so.
  Scope scope;
  Repeats repeats;
  void (Api::*handler)(const CallPtr&);
};

[[nodiscard]] std::span<const Route> routes();

/// Null: nothing for this path, or not for this method.
[[nodiscard]] const Route* find_route(std::string_view method, std::span<const std::string> segments);
/// Methods that there are for the path, as Allow has them; empty when the path is unknown.
[[nodiscard]] std::string allowed_methods(std::span<const std::string> segments);

}  // namespace server
