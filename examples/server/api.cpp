#include "api.hpp"

#include <algorithm>

#include "openapi_document.hpp"

namespace server {
namespace {

constexpr std::string_view page_policy =
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'";
constexpr std::string_view api_policy = "default-src 'none'; frame-ancestors 'none'";
constexpr std::string_view picture_policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
constexpr std::string_view page_permissions =
    "Permissions-Policy: camera=(self), microphone=(), geolocation=()\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n";
constexpr std::size_t usual_body_bytes = 64U << 10;
/// What a failed guess at a key or a token costs, in requests.
constexpr double guess_cost = 20;
/// How long a request may wait for a worker.
constexpr std::chrono::seconds longest_wait{10};

/// What every answer says to browsers.
[[nodiscard]] SharedText security_headers(const ApiOptions& options, std::string_view policy, std::string_view more = {}) {
  std::string lines = "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nContent-Security-Policy: ";
  lines.append(policy).append("\r\n").append(more);
  if (options.secure) lines += "Strict-Transport-Security: max-age=31536000\r\n";
  if (!options.cors_origins.empty()) lines += "Vary: Origin\r\n";
  return std::make_shared<const std::string>(std::move(lines));
}

[[nodiscard]] bool is_probe(std::string_view path) { return path == "/healthz" || path == "/readyz" || path == "/metrics"; }

/// Of all headers of that name, joined by commas.
[[nodiscard]] std::string every_value_of(const Request& request, std::string_view small_name) {
  std::string values;
  for (const Header& header : request.headers) {
    const bool is_it = header.name.size() == small_name.size() &&
                       std::equal(small_name.begin(), small_name.end(), header.name.begin(),
                                  [](char small, char letter) { return small == (letter >= 'A' && letter <= 'Z' ? letter + 32 : letter); });
    if (is_it) values += (values.empty() ? "" : ",") + header.value;
  }
  return values;
}

[[nodiscard]] bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char letter) { return letter > 0x20 && letter < 0x7F; });
}

}  // namespace

Api::Api(const ApiParts& parts, ApiOptions options)
    : parts_(parts),
      options_(std::move(options)),
      api_headers_(security_headers(options_, api_policy)),
      page_headers_(security_headers(options_, page_policy, page_permissions)),
      picture_headers_(security_headers(options_, picture_policy)),
      rate_limit_(options_.requests_per_second),
      books_(parts.storage, parts.office, parts.secrets),
      openapi_(std::make_shared<const std::string>(openapi_document())),
      openapi_etag_("\"" + to_base64url(hash_of_secret(*openapi_)).substr(0, 22) + "\""),
      holds_total_(parts.metrics.counter("ticketcore_holds_total", "Holds placed, answers to repeated requests included.")),
      orders_total_(parts.metrics.counter("ticketcore_orders_total", "Orders placed, answers to repeated requests included.")),
      storage_ok_at_ms_(0) {
  for (const ProblemKind& kind : problem_kinds()) {
    problems_.emplace(kind.reason,
                      &parts.metrics.counter("ticketcore_refusals_total", "Requests refused, by reason.", "reason=\"" + std::string(kind.reason) + "\""));
  }
  parts.metrics.gauge("ticketcore_stream_clients", "Clients that follow an event's changes.",
                      [events = &parts.events] { return static_cast<double>(events->stream_clients()); });
  parts.metrics.gauge("ticketcore_waiting_tasks", "Tasks that wait for a worker.",
                      [workers = &parts.workers] { return static_cast<double>(workers->waiting()); });
}

std::string Api::client_address(const Request& request) const {
  const auto is_trusted = [&](std::string_view address) {
    return std::find(options_.trusted_proxies.begin(), options_.trusted_proxies.end(), address) != options_.trusted_proxies.end();
  };
  if (!is_trusted(request.peer)) return client_of(request.peer);
  // What the nearest proxy wrote stands last; whatever is before the last address that is no proxy of ours may be made up.
  // Proxies add to the header, or add another.
  const std::string all = every_value_of(request, "x-forwarded-for");
  std::string_view forwarded = all;
  while (!forwarded.empty()) {
    const std::size_t comma = forwarded.rfind(',');
    std::string_view address = comma == std::string_view::npos ? forwarded : forwarded.substr(comma + 1);
    forwarded = comma == std::string_view::npos ? std::string_view() : forwarded.substr(0, comma);
    while (address.starts_with(' ')) address.remove_prefix(1);
    while (address.ends_with(' ')) address.remove_suffix(1);
    if (!address.empty() && address.size() <= 64 && !is_trusted(address)) return client_of(address);
  }
  return client_of(request.peer);
}

std::string Api::allowed_origin(const Request& request) const {
  if (options_.cors_origins.empty()) return {};
  const std::string_view origin = request.header("Origin");
  const bool allowed = std::find(options_.cors_origins.begin(), options_.cors_origins.end(), origin) != options_.cors_origins.end();
  return allowed ? std::string(origin) : std::string();
}

void Api::handle(Request request, Reply reply) {
  const SharedText& fixed = request.path.starts_with("/v1/") ? api_headers_ : page_headers_;
  std::string origin = allowed_origin(request);
  std::string client = client_address(request);
  const auto call = std::make_shared<Call>(std::move(request), std::move(reply), fixed, std::move(origin), std::move(client), problems_);
  const std::string_view sent = call->request.header("Authorization");
  // Who has a key has a share of its own; the address pays only for wrong guesses then.
  if (!is_probe(call->request.path)) {
    if (const int wait = rate_limit_.take(call->client, sent.empty() ? 1 : 0); wait > 0) {
      Problem limited = make_problem("rate_limited", "this address has used up its share; try again in " + std::to_string(wait) + " s");
      limited.retry_after_seconds = wait;
      return call->problem(limited);
    }
  }
  const Route* const route = find_route(call->request.method, call->request.segments);
  if (route == nullptr) return answer_without_route(call);
  if (sent.empty()) return admit(call, *route);
  constexpr std::string_view bearer = "Bearer ";
  const auto presented = sent.starts_with(bearer) ? parse_key(sent.substr(bearer.size())) : std::nullopt;
  if (!presented) {
    punish(*call);
    return call->problem(make_problem("unauthorized", "Authorization must be Bearer and an API key: tck_..."));
  }
  authenticate(call, *route, *presented);
}

void Api::answer_without_route(const CallPtr& call) {
  const std::string allow = allowed_methods(call->request.segments);
  if (allow.empty()) return get_page(call);
  if (call->request.method == "OPTIONS") return answer_preflight(call, allow);
  Problem wrong = make_problem("method_not_allowed", "this address takes " + allow);
  wrong.allow = allow;
  call->problem(wrong);
}

void Api::authenticate(const CallPtr& call, const Route& route, const PresentedKey& presented) {
  const auto go_on = [this, call, &route](const std::optional<ApiKey>& key) {
    if (!key) {
      punish(*call);
      return call->problem(make_problem("unauthorized", "the API key is not, or no longer, a valid one"));
    }
    call->caller = {key->id, key->name, key->scopes};
    if (const int wait = rate_limit_.take("key:" + key->id, 1); wait > 0) {
      Problem limited = make_problem("rate_limited", "this key has used up its share; try again in " + std::to_string(wait) + " s");
      limited.retry_after_seconds = wait;
      return call->problem(limited);
    }
    admit(call, route);
  };
  if (const auto known = parts_.keys.remembered(presented)) return go_on(known);
  wait_for(call, [this, presented, go_on] { go_on(parts_.keys.verify(presented)); });
}

void Api::admit(const CallPtr& call, const Route& route) {
  if (!call->caller.scopes.allow(route.scope)) {
    if (call->caller.key_id.empty())
      return call->problem(make_problem("unauthorized", "this needs an API key with the scope " + std::string(name_of(route.scope))));
    return call->problem(make_problem("forbidden", "this needs the scope " + std::string(name_of(route.scope)) + ", which the key does not have"));
  }
  const bool takes_charts = route.handler == &Api::post_event || route.handler == &Api::post_chart;
  if (!takes_charts && call->request.body.size() > usual_body_bytes)
    return call->problem(make_problem("body_too_large", "the body has more than " + std::to_string(usual_body_bytes) + " bytes, the limit here"));
  if (route.repeats == Repeats::by_key && !read_command_id(call)) return;
  try {
    (this->*route.handler)(call);
  } catch (const std::exception& error) {
    fail(call, error);
  }
}

// Everybody without a key is one caller here, so what they choose must not be guessable: who repeats a request gets its answer.
bool Api::read_command_id(const CallPtr& call) {
  const std::string_view key = call->request.header("Idempotency-Key");
  const std::size_t least = call->caller.key_id.empty() ? 16 : 1;
  if (key.size() >= least && key.size() <= 128 && is_printable(key)) {
    call->command = parts_.secrets.request_id(call->caller.key_id.empty() ? "public" : "key:" + call->caller.key_id, key);
    return true;
  }
  call->problem(make_problem("idempotency_key_missing", "this needs a header Idempotency-Key of " + std::to_string(least) +
                                                            " to 128 printable characters, such as a random UUID, that is sent again when the request is"));
  return false;
}

void Api::answer_preflight(const CallPtr& call, const std::string& allow) {
  Response response;
  response.status = 204;
  response.headers.push_back({"Allow", allow});
  response.headers.push_back({"Access-Control-Allow-Methods", allow});
  response.headers.push_back({"Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, X-Access-Token"});
  response.headers.push_back({"Access-Control-Max-Age", "600"});
  call->send(std::move(response));
}

void Api::fail(const CallPtr& call, const std::exception& error) {
  parts_.trouble(call->request.id, error.what());
  if (dynamic_cast<const ticketcore::StorageError*>(&error) != nullptr)
    return call->problem(make_problem("storage_unavailable", "the store can't be used just now; repeat the request with the same Idempotency-Key"));
  if (dynamic_cast<const ProviderUnavailable*>(&error) != nullptr)
    return call->problem(make_problem("storage_unavailable", "the payment provider can't be reached just now; repeat the request"));
  call->problem(make_problem("internal_error", "the server met what it can't explain; its log knows more under this request's id"));
}

void Api::wait_for(const CallPtr& call, std::function<void()> task) {
  const auto asked_at = std::chrono::steady_clock::now();
  const bool queued = parts_.workers.submit([this, call, asked_at, task = std::move(task)] {
    // While the store was away the queue grew old: who waited that long has gone, or asks again.
    if (std::chrono::steady_clock::now() - asked_at > longest_wait)
      return call->problem(make_problem("overloaded", "the request waited too long for the store and was not looked at; try again in a second"));
    try {
      task();
    } catch (const std::exception& error) {
      fail(call, error);
    }
  });
  if (!queued) call->problem(make_problem("overloaded", "more requests wait for the store than the server can hold; try again in a second"));
}

void Api::with_event(const CallPtr& call, EventTask task) {
  if (const auto event = parts_.events.find(call->segment(2))) return task(event);
  with_event_waiting(call, std::move(task));
}

void Api::with_event_waiting(const CallPtr& call, EventTask task) {
  const std::string& id = call->segment(2);
  const bool fit = !id.empty() && id.size() <= ticketcore::EventId::max_bytes && std::all_of(id.begin(), id.end(), [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' ||
           letter == '.';
  });
  if (!fit) return call->problem(make_problem("event_not_found", "there is no event of this id"));
  wait_for(call, [this, call, task = std::move(task)] {
    const auto event = parts_.events.open(ticketcore::EventId(call->segment(2)));
    if (!event) return call->problem(make_problem("event_not_found", "there is no event of this id"));
    task(event);
  });
}

void Api::submit(const CallPtr& call, const std::shared_ptr<OpenEvent>& event, ticketcore::Command command,
                 std::function<void(const ticketcore::Answer&)> done) {
  event->event.submit(std::move(command), [this, call, event, done = std::move(done)](const ticketcore::Answer& answer) {
    try {
      if (!answer.refusal()) parts_.events.changed(*event);
      done(answer);
    } catch (const std::exception& error) {
      fail(call, error);
    }
  });
}

void Api::punish(const Call& call) { rate_limit_.punish(call.caller.key_id.empty() ? call.client : "key:" + call.caller.key_id, guess_cost); }

void Api::not_found(const CallPtr& call, std::string_view reason, std::string detail) {
  punish(*call);
  call->problem(make_problem(reason, std::move(detail)));
}

bool Api::may_see(const Call& call, std::string_view kind, std::string_view event, std::string_view id) const {
  if (call.caller.scopes.allow(Scope::box_office)) return true;
  std::string_view token = call.request.header("X-Access-Token");
  const std::string* in_link = call.request.method == "POST" ? nullptr : call.request.parameter("token");
  if (token.empty() && in_link != nullptr) token = *in_link;
  return parts_.secrets.opens(token, kind, event, id);
}

}  // namespace server
