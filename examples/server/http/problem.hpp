#pragma once
// What the API answers when it does not do what was asked: problem details (RFC 9457), one for every reason.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/http.hpp"
#include "ticketcore/base/result.hpp"
#include "ticketcore/formats/json_reader.hpp"

namespace server {

struct Problem {
  int status = 500;
  std::string reason{};  ///< "place_taken": for programs; its page is /problems/place_taken.
  std::string detail{};  ///< One sentence about this very case.
  std::vector<ticketcore::JsonProblem> errors{};
  std::optional<ticketcore::Refusal> refusal{};  ///< Gives places, limits, times, and the order.
  int retry_after_seconds = 0;                   ///< 0: none.
  std::string allow{};                           ///< The methods there are, for 405.
};

/// A reason that the API knows: the core's, and those of HTTP.
struct ProblemKind {
  std::string_view reason;
  int status;
  std::string_view title;
  std::string_view about;  ///< A sentence for people.
};

[[nodiscard]] std::span<const ProblemKind> problem_kinds();
/// Null for a word that is no reason.
[[nodiscard]] const ProblemKind* find_problem_kind(std::string_view reason);

/// With the status of its kind.
[[nodiscard]] Problem make_problem(std::string_view reason, std::string detail);
[[nodiscard]] Problem make_problem(const ticketcore::Refusal& refusal);
/// The answer that says so, with its headers.
[[nodiscard]] Response to_response(const Problem& problem, std::string_view request_id);

}  // namespace server
