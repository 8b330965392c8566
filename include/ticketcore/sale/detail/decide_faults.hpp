#pragma once
// What the rules behind decide say no with. Include ticketcore/sale/decide.hpp, not this.

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ticketcore/base/detail/control_characters.hpp"
#include "ticketcore/sale/decide.hpp"

namespace ticketcore::detail {

/// What a command's rule answers: the fact that should come to be, or why not.
template <class Body>
using Verdict = std::variant<typename Body::GrantedBy, RequestRefused>;

[[nodiscard]] inline RequestRefused refuse(Reason reason) { return RequestRefused(reason); }
[[nodiscard]] inline RequestRefused invalid(std::string what) {
  return {Reason::invalid_request, std::move(what)};
}
/// What is wrong with a text that has least to most bytes, or nothing.
[[nodiscard]] inline std::string fault_of(std::string_view what, std::string_view text, std::size_t least,
                                          std::size_t most) {
  if (text.size() < least || text.size() > most) {
    const std::string from = least == 0 ? " has at most " : " needs " + std::to_string(least) + " to ";
    return std::string(what) + from + std::to_string(most) + " bytes";
  }
  const std::string_view fault = fault_of_text(text);
  return fault.empty() ? std::string() : std::string(what) + " " + std::string(fault);
}
[[nodiscard]] inline std::optional<RequestRefused> refuse_text(std::string_view what, std::string_view text,
                                                               std::size_t least, std::size_t most) {
  std::string fault = fault_of(what, text, least, most);
  return fault.empty() ? std::nullopt : std::optional(invalid(std::move(fault)));
}
/// One of the items that stands there twice.
template <class Items>
[[nodiscard]] std::optional<typename Items::value_type> find_twice(const Items& items) {
  // Neighbours are mostly named in their order.
  if (std::adjacent_find(items.begin(), items.end(), std::greater_equal<>()) == items.end())
    return std::nullopt;
  Items sorted = items;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  return twice == sorted.end() ? std::nullopt : std::optional(*twice);
}

}  // namespace ticketcore::detail
