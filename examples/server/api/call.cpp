#include "api/call.hpp"

#include <algorithm>
#include <charconv>

#include "api/secrets.hpp"
#include "http/http_text.hpp"

namespace server {
namespace {

[[nodiscard]] bool is_json(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return equal_in_any_case(type.substr(0, type.find_last_not_of(" \t") + 1), "application/json");
}

[[nodiscard]] bool matches(std::string_view if_none_match, std::string_view etag) {
  if (if_none_match == "*") return true;
  while (!if_none_match.empty()) {
    std::string_view one = if_none_match.substr(0, if_none_match.find(','));
    if_none_match.remove_prefix(std::min(one.size() + 1, if_none_match.size()));
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == etag) return true;
  }
  return false;
}

}  // namespace

void Call::complete(Response& response) const {
  if (!response.fixed_headers) response.fixed_headers = fixed_headers_;
  if (!signed_revision_.empty()) response.headers.push_back({"X-Revision", signed_revision_});
  if (allowed_origin_.empty()) return;
  response.headers.push_back({"Access-Control-Allow-Origin", allowed_origin_});
  response.headers.push_back(
      {"Access-Control-Expose-Headers", "ETag, Location, Retry-After, X-Age-Ms, X-Request-Id, X-Revision"});
}

void Call::send(Response response) {
  if (answered_.exchange(true)) return;
  complete(response);
  reply_.send(std::move(response));
}

void Call::json(int status, std::string body, std::vector<Header> headers) {
  Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.headers.push_back({"Content-Type", "application/json"});
  response.headers.push_back({"Cache-Control", "no-store"});
  response.body = std::move(body);
  send(std::move(response));
}

void Call::shared(const SharedText& body, std::string_view type, const std::string& etag,
                  std::string_view cache_control, std::vector<Header> headers) {
  Response response;
  response.headers = std::move(headers);
  response.headers.push_back({"ETag", etag});
  response.headers.push_back({"Cache-Control", std::string(cache_control)});
  response.headers.push_back({"Vary", "Accept, Origin"});
  if (matches(request.header("If-None-Match"), etag)) {
    response.status = 304;
  } else {
    response.headers.push_back({"Content-Type", std::string(type)});
    response.shared_body = body;
  }
  send(std::move(response));
}

void Call::problem(const Problem& problem) {
  if (const auto counter = counters_.find(problem.reason); counter != counters_.end()) counter->second->add();
  send(to_response(problem, request.id));
}

std::shared_ptr<Stream> Call::stream(std::string_view type, std::shared_ptr<void> kept) {
  if (answered_.exchange(true)) return nullptr;
  Response head;
  head.kept = std::move(kept);
  complete(head);
  head.headers.push_back({"Content-Type", std::string(type)});
  head.headers.push_back({"Cache-Control", "no-store"});
  // Proxies such as nginx would gather the stream before they pass it on.
  head.headers.push_back({"X-Accel-Buffering", "no"});
  return reply_.stream(std::move(head));
}

bool Call::read_body(const std::function<void(const ticketcore::JsonValue&)>& read) {
  if (!request.body.empty() && !is_json(request.header("Content-Type"))) {
    problem(
        make_problem("unsupported_media_type", "the body must be sent as Content-Type: application/json"));
    return false;
  }
  ticketcore::JsonDocument document(request.body.empty() ? "{}" : std::string_view(request.body));
  if (const auto& malformed = document.malformed()) {
    problem(make_problem("malformed_json", "the body " + malformed->what + ", at " + malformed->where));
    return false;
  }
  read(document.root());
  if (document.is_good()) return true;
  const ticketcore::JsonProblem& first = document.problems().front();
  Problem wrong =
      make_problem("invalid_request", (first.where.empty() ? "the body" : first.where) + " " + first.what);
  wrong.errors = document.problems();
  problem(wrong);
  return false;
}

std::optional<std::uint32_t> Call::read_limit(std::uint32_t usual, std::uint32_t most) {
  const std::string* text = request.parameter("limit");
  if (text == nullptr) return usual;
  std::uint32_t limit = 0;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (read.ec == std::errc{} && read.ptr == text->data() + text->size() && limit >= 1 && limit <= most)
    return limit;
  Problem wrong = make_problem("invalid_request",
                               "the query's limit must be a whole number from 1 to " + std::to_string(most));
  wrong.errors.push_back({"?limit", "must be a whole number from 1 to " + std::to_string(most)});
  problem(wrong);
  return std::nullopt;
}

std::string make_cursor(std::string_view list, std::string_view position) {
  return to_base64url(std::string(list) + ":" + std::string(position));
}

std::optional<std::string> read_cursor(Call& call, std::string_view list) {
  const std::string* text = call.request.parameter("cursor");
  if (text == nullptr || text->empty()) return "";
  if (auto cursor = text->size() <= 200 ? from_base64url(*text) : std::nullopt;
      cursor && cursor->starts_with(std::string(list) + ":"))
    return cursor->substr(list.size() + 1);
  Problem wrong = make_problem("invalid_request", "the query's cursor is not one that this list gave");
  wrong.errors.push_back({"?cursor", "must be the next of an earlier page of this list"});
  call.problem(wrong);
  return std::nullopt;
}

}  // namespace server
