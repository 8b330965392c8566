#include "api/api.hpp"

#include <algorithm>
#include <limits>

#include "api/openapi_document.hpp"
#include "http/http_text.hpp"

namespace server {
namespace {

constexpr std::size_t usual_body_bytes = 64U << 10;
/// What a failed guess at a key or a token costs, in requests.
constexpr double guess_cost = 20;
/// What an address of a shared network may do, in buyers' worth.
constexpr unsigned buyers_of_shared_address = 10;
/// Calls to the payment provider that one client may have under way or waiting: twice the threads there are
/// for them, so that a client that asks for more waits only behind its own requests.
constexpr std::size_t provider_calls_of_client = 8;
/// Of a path in the log of what staff did.
constexpr std::size_t deed_path_bytes_most = 300;
/// How long a request may wait for a worker.
constexpr std::chrono::seconds longest_wait{10};

[[nodiscard]] bool is_probe(std::string_view path) {
  return path == "/healthz" || path == "/readyz" || path == "/metrics";
}

/// The route, but for probes under another spelling, such as /%6Detrics: a proxy keeps them in the house by
/// their names.
[[nodiscard]] const Route* route_of(const Request& request) {
  const Route* const route = find_route(request.method, request.segments);
  return route != nullptr && is_probe(route->pattern) && request.path != route->pattern ? nullptr : route;
}

/// Of all headers of that name, joined by commas.
[[nodiscard]] std::string every_value_of(const Request& request, std::string_view name) {
  std::string values;
  for (const Header& header : request.headers) {
    if (equal_in_any_case(header.name, name)) values += (values.empty() ? "" : ",") + header.value;
  }
  return values;
}

[[nodiscard]] bool takes_charts(const Route& route) {
  return route.handler == &Api::post_event || route.handler == &Api::post_chart ||
         route.handler == &Api::post_seat_map;
}

[[nodiscard]] bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char letter) { return letter > 0x20 && letter < 0x7F; });
}

[[nodiscard]] std::optional<PresentedKey> presented_key(std::string_view authorization) {
  constexpr std::string_view bearer = "Bearer ";
  return authorization.starts_with(bearer) ? parse_key(authorization.substr(bearer.size())) : std::nullopt;
}

/// The event that the path names; empty if it names none.
[[nodiscard]] std::string_view event_of(const Request& request) {
  const auto& segments = request.segments;
  return segments.size() > 2 && segments[0] == "v1" && segments[1] == "events" ? std::string_view(segments[2])
                                                                               : std::string_view();
}

}  // namespace

Api::Api(const ApiParts& parts, ApiOptions options)
    : parts_(parts),
      options_(std::move(options)),
      rate_limit_(options_.requests_per_second),
      books_(parts.storage, parts.office, parts.secrets),
      openapi_(std::make_shared<const std::string>(openapi_document())),
      openapi_etag_("\"" + to_base64url(hash_of_secret(*openapi_)).substr(0, 22) + "\""),
      holds_total_(parts.metrics.counter("ticketcore_holds_total",
                                         "Holds placed, answers to repeated requests included.")),
      orders_total_(parts.metrics.counter("ticketcore_orders_total",
                                          "Orders placed, answers to repeated requests included.")),
      storage_ok_at_ms_(0) {
  for (const ProblemKind& kind : problem_kinds()) {
    problems_.emplace(kind.reason,
                      &parts.metrics.counter("ticketcore_refusals_total", "Requests refused, by reason.",
                                             "reason=\"" + std::string(kind.reason) + "\""));
  }
  parts.metrics.gauge("ticketcore_stream_clients", "Clients that follow an event's changes.",
                      [events = &parts.events] { return static_cast<double>(events->stream_clients()); });
  parts.metrics.gauge("ticketcore_open_events", "Events kept in memory.",
                      [events = &parts.events] { return static_cast<double>(events->count()); });
  parts.metrics.gauge("ticketcore_waiting_tasks", "Tasks that wait for a worker.", [pools = &parts.pools] {
    return static_cast<double>(pools->store.waiting() + pools->keys.waiting() + pools->provider.waiting() +
                               pools->settle.waiting());
  });
  parts.metrics.gauge("ticketcore_counted_holds", "Open holds that limits of places are counted by.",
                      [this] { return static_cast<double>(open_places_.holds()); });
  parts.metrics.gauge("ticketcore_store_clock_ahead_seconds",
                      "The store's clock before this host's, at the last turn.", [office = &parts.office] {
                        const auto ahead = office->store_clock_ahead();
                        return ahead ? std::chrono::duration<double>(*ahead).count()
                                     : std::numeric_limits<double>::quiet_NaN();
                      });
  if (parts.provider != nullptr) {
    parts.metrics.gauge("ticketcore_provider_calls", "Calls that the payment provider has not answered yet.",
                        [provider = parts.provider] { return static_cast<double>(provider->under_way()); });
  }
}

std::string Api::client_address(const Request& request) const {
  if (!contain(options_.trusted_proxies, request.peer)) return request.peer;
  // What the nearest proxy wrote stands last; whatever is before the last address that is no proxy of ours
  // may be made up. Proxies add to the header, or add another.
  const std::string all = every_value_of(request, "X-Forwarded-For");
  std::string_view forwarded = all;
  while (!forwarded.empty()) {
    const std::size_t comma = forwarded.rfind(',');
    std::string_view address = comma == std::string_view::npos ? forwarded : forwarded.substr(comma + 1);
    forwarded = comma == std::string_view::npos ? std::string_view() : forwarded.substr(0, comma);
    while (address.starts_with(' ')) address.remove_prefix(1);
    while (address.ends_with(' ')) address.remove_suffix(1);
    if (!Address::parse(address)) break;
    if (!contain(options_.trusted_proxies, address)) return std::string(address);
  }
  return request.peer;
}

Client Api::client_of_request(const Request& request) const {
  const std::string address = client_address(request);
  return {client_of(address), contain(options_.shared_networks, address) ? buyers_of_shared_address : 1U};
}

std::string Api::allowed_origin(const Request& request) const {
  if (options_.cors_origins.empty()) return {};
  const std::string_view origin = request.header("Origin");
  const bool allowed = std::find(options_.cors_origins.begin(), options_.cors_origins.end(), origin) !=
                       options_.cors_origins.end();
  return allowed ? std::string(origin) : std::string();
}

// Whose key was good here once has a share of its own, so that nobody's guesses from the same address lock a
// till out; whether it still is good the store says. All others are charged by their address, before anything
// is looked up for them.
void Api::handle(Request request, Reply reply) {
  const SharedText& fixed = request.path.starts_with("/v1/") ? parts_.headers.strict : parts_.headers.page;
  std::string origin = allowed_origin(request);
  Client client = client_of_request(request);
  const auto call = std::make_shared<Call>(std::move(request), std::move(reply), fixed, std::move(origin),
                                           std::move(client), problems_);
  const std::string_view sent = call->request.header("Authorization");
  const auto presented = presented_key(sent);
  const auto known = presented ? parts_.keys.remembered(*presented) : std::nullopt;
  const bool has_share = presented && parts_.keys.was_verified(*presented);
  if (!is_probe(call->request.path) && !charge(call, has_share ? presented->id : std::string())) return;
  const Route* const route = route_of(call->request);
  if (route == nullptr) return answer_without_route(call);
  if (sent.empty()) return admit(call, *route);
  if (known) return admit_with(call, *route, *known);
  if (!presented) {
    punish(*call);
    return call->problem(
        make_problem("unauthorized", "Authorization must be Bearer and an API key: tck_..."));
  }
  wait_for(call, parts_.pools.keys, [this, call, route, presented = *presented] {
    const auto key = parts_.keys.verify(presented);
    if (key) return admit_with(call, *route, *key);
    punish(*call);
    call->problem(make_problem("unauthorized", "the API key is not, or no longer, a valid one"));
  });
}

bool Api::charge(const CallPtr& call, const std::string& key_id) {
  const int wait = key_id.empty() ? rate_limit_.take(call->client.name, 1.0 / call->client.buyers)
                                  : rate_limit_.take("key:" + key_id, 1);
  if (wait == 0) return true;
  Problem limited =
      make_problem("rate_limited", std::string(key_id.empty() ? "this address" : "this key") +
                                       " has used up its share; try again in " + std::to_string(wait) + " s");
  limited.retry_after_seconds = wait;
  call->problem(limited);
  return false;
}

void Api::admit_with(const CallPtr& call, const Route& route, const ApiKey& key) {
  call->caller = {key.id, key.name, key.scopes_for(event_of(call->request)), key.scopes, key.events};
  admit(call, route);
}

void Api::answer_without_route(const CallPtr& call) {
  const std::string allow = allowed_methods(call->request.segments);
  if (allow.empty() || find_route(call->request.method, call->request.segments) != nullptr)
    return get_page(call);
  if (call->request.method == "OPTIONS") return answer_preflight(call, allow);
  Problem wrong = make_problem("method_not_allowed", "this address takes " + allow);
  wrong.allow = allow;
  call->problem(wrong);
}

void Api::admit(const CallPtr& call, const Route& route) {
  if (!call->caller.scopes.allow(route.scope)) {
    if (call->caller.key_id.empty())
      return call->problem(make_problem(
          "unauthorized", "this needs an API key with the scope " + std::string(name_of(route.scope))));
    return call->problem(make_problem(
        "forbidden",
        "this needs the scope " + std::string(name_of(route.scope)) + ", which the key does not have here"));
  }
  if (call->request.body.size() > usual_body_bytes && !takes_charts(route))
    return call->problem(make_problem(
        "body_too_large",
        "the body has more than " + std::to_string(usual_body_bytes) + " bytes, the limit here"));
  if (route.repeats == Repeats::by_key && !read_command_id(call, route)) return;
  if (route.scope != Scope::open && route.repeats != Repeats::no) return record_and_run(call, route);
  run(call, route);
}

void Api::run(const CallPtr& call, const Route& route) {
  // A revision without a good signature is ignored: it makes no server read, or wait for what will never
  // come.
  if (const auto sent = call->request.header("X-Revision"); !sent.empty()) {
    if (const auto revision = parts_.secrets.open(sent, "revision", event_of(call->request), ""))
      call->was_told_at(*revision);
  }
  try {
    (this->*route.handler)(call);
  } catch (const std::exception& error) {
    fail(call, error);
  }
}

void Api::record_and_run(const CallPtr& call, const Route& route) {
  Deed deed;
  deed.at = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  deed.key = call->caller.key_id;
  deed.what = std::string(route.method) + " " + std::string(route.pattern);
  deed.path = shortened(call->request.path, deed_path_bytes_most);
  if (route.repeats == Repeats::by_key) deed.request = to_string(call->command);
  const bool queued =
      parts_.staff_log.record(std::move(deed), [this, call, &route](const std::exception_ptr& failure) {
        if (!failure) return run(call, route);
        try {
          std::rethrow_exception(failure);
        } catch (const std::exception& error) {
          fail(call, error);
        }
      });
  if (!queued)
    call->problem(make_problem(
        "overloaded", "more requests wait for the store than the server can hold; try again in a second"));
}

// A body that is larger than usual is read only for an admin's chart: all that says so stands in the head.
void Api::admit_large_body(const Request& head, HttpOptions::Decide decide) {
  const Route* const route = find_route(head.method, head.segments);
  if (route == nullptr || !takes_charts(*route))
    return decide(make_problem(
        "body_too_large",
        "the body has more than " + std::to_string(usual_body_bytes) + " bytes, the limit here"));
  const Client client = client_of_request(head);
  const auto presented = presented_key(head.header("Authorization"));
  const auto known = presented ? parts_.keys.remembered(*presented) : std::nullopt;
  // As in handle(): a request without a known key counts for its address, before anything is looked up.
  const bool has_share = presented && parts_.keys.was_verified(*presented);
  if (const int wait = has_share ? 0 : rate_limit_.take(client.name, 1.0 / client.buyers); wait > 0)
    return decide(make_problem(
        "rate_limited", "this address has used up its share; try again in " + std::to_string(wait) + " s"));
  if (!presented) return decide(make_problem("unauthorized", "this needs an API key with the scope admin"));
  const auto judge = [this, client,
                      scope = route->scope](const std::optional<ApiKey>& key) -> std::optional<Problem> {
    if (!key) {
      rate_limit_.punish(client.name, guess_cost / client.buyers);
      return make_problem("unauthorized", "the API key is not, or no longer, a valid one");
    }
    if (key->scopes_for({}).allow(scope)) return std::nullopt;
    return make_problem("forbidden", "this needs the scope " + std::string(name_of(scope)) +
                                         ", which the key does not have here");
  };
  if (known) return decide(judge(known));
  const bool queued = parts_.pools.keys.submit([this, judge, decide, presented = *presented, id = head.id] {
    try {
      decide(judge(parts_.keys.verify(presented)));
    } catch (const std::exception& error) {
      parts_.trouble(id, error.what());
      decide(
          make_problem("storage_unavailable",
                       "the store can't be used just now; repeat the request with the same Idempotency-Key"));
    }
  });
  if (!queued)
    decide(make_problem("overloaded",
                        "more requests wait for the store than the server can hold; try again in a second"));
}

std::size_t Api::connections_of(const std::string& peer, std::size_t share) const {
  if (contain(options_.trusted_proxies, peer)) return 0;
  return contain(options_.shared_networks, peer) ? share * buyers_of_shared_address : share;
}

// Everybody without a key is one caller here, so what they choose must not be guessable: who repeats a
// request gets its answer. The same key for another event, or for another kind of request, is another
// request.
bool Api::read_command_id(const CallPtr& call, const Route& route) {
  const std::string_view key = call->request.header("Idempotency-Key");
  const std::size_t least = call->caller.key_id.empty() ? 16 : 1;
  if (key.size() >= least && key.size() <= 128 && is_printable(key)) {
    const std::string caller = call->caller.key_id.empty() ? "public" : "key:" + call->caller.key_id;
    const std::string kind = std::string(route.method) + " " + std::string(route.pattern);
    call->command = parts_.secrets.request_id(caller, kind, event_of(call->request), key);
    return true;
  }
  call->problem(make_problem(
      "idempotency_key_missing",
      "this needs a header Idempotency-Key of " + std::to_string(least) +
          " to 128 printable characters, such as a random UUID, that is sent again when the request is"));
  return false;
}

void Api::answer_preflight(const CallPtr& call, const std::string& allow) {
  Response response;
  response.status = 204;
  response.headers.push_back({"Allow", allow});
  response.headers.push_back({"Access-Control-Allow-Methods", allow});
  response.headers.push_back({"Access-Control-Allow-Headers",
                              "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, "
                              "X-Access-Token, X-Revision"});
  response.headers.push_back({"Access-Control-Max-Age", "600"});
  call->send(std::move(response));
}

void Api::fail(const CallPtr& call, const std::exception& error) {
  parts_.trouble(call->request.id, error.what());
  if (dynamic_cast<const ticketcore::StorageError*>(&error) != nullptr)
    return call->problem(
        make_problem("storage_unavailable",
                     "the store can't be used just now; repeat the request with the same Idempotency-Key"));
  if (dynamic_cast<const ProviderUnavailable*>(&error) != nullptr)
    return call->problem(make_problem(
        "provider_unavailable",
        "the payment provider does not answer just now; repeat the request with the same Idempotency-Key"));
  call->problem(make_problem(
      "internal_error", "the server met what it can't explain; its log knows more under this request's id"));
}

void Api::wait_for_provider(const CallPtr& call, std::function<void()> task) {
  const bool has_key = !call->caller.key_id.empty();
  const std::string who = has_key ? "key:" + call->caller.key_id : call->client.name;
  const std::size_t share = provider_calls_of_client * (has_key ? 1 : call->client.buyers);
  std::shared_ptr<Shares::Place> place = provider_calls_.take(who, share, SIZE_MAX);
  if (!place) {
    Problem limited = make_problem("rate_limited", std::to_string(share) + " payments of " +
                                                       (has_key ? "this key" : "this address") +
                                                       " wait for the provider already; try again in 1 s");
    limited.retry_after_seconds = 1;
    return call->problem(limited);
  }
  wait_for_provider(call, parts_.pools.provider, [place, task = std::move(task)] { task(); });
}

void Api::wait_for_provider(const CallPtr& call, Workers& pool, std::function<void()> task) {
  const auto now = std::chrono::steady_clock::now();
  if (parts_.provider->pausing(now))
    return call->problem(make_problem(
        "provider_unavailable", "the payment provider does not answer, and is not asked for some seconds"));
  {
    const std::lock_guard lock(overdue_mutex_);
    at_provider_.emplace_back(now + options_.provider_timeout, call);
  }
  wait_for(call, pool, std::move(task));
}

void Api::answer_overdue() {
  const auto now = std::chrono::steady_clock::now();
  std::vector<CallPtr> overdue;
  {
    const std::lock_guard lock(overdue_mutex_);
    while (!at_provider_.empty()) {
      auto call = at_provider_.front().second.lock();
      if (call && !call->answered() && at_provider_.front().first > now) break;
      if (call && !call->answered()) overdue.push_back(std::move(call));
      at_provider_.pop_front();
    }
  }
  for (const CallPtr& call : overdue)
    call->problem(make_problem(
        "provider_unavailable",
        "the payment provider has not answered in time; repeat the request with the same Idempotency-Key"));
}

void Api::wait_for(const CallPtr& call, Workers& pool, std::function<void()> task) {
  const auto asked_at = std::chrono::steady_clock::now();
  const bool queued = pool.submit([this, call, asked_at, task = std::move(task)] {
    // While the store was away the queue grew old: a client that waited that long has gone, or asks again.
    if (std::chrono::steady_clock::now() - asked_at > longest_wait)
      return call->problem(make_problem(
          "overloaded",
          "the request waited too long for the store and was not looked at; try again in a second"));
    try {
      task();
    } catch (const std::exception& error) {
      fail(call, error);
    }
  });
  if (!queued)
    call->problem(make_problem(
        "overloaded", "more requests wait for the store than the server can hold; try again in a second"));
}

void Api::with_event(const CallPtr& call, EventTask task) {
  if (const auto event = parts_.events.find(call->segment(2))) return task(event);
  with_event_waiting(call, std::move(task));
}

void Api::with_event_waiting(const CallPtr& call, EventTask task) {
  wait_for(call, [this, call, task = std::move(task)] {
    if (const auto event = open_named_event(call)) task(event);
  });
}

void Api::with_event_shown(const CallPtr& call, EventTask task) {
  const ticketcore::Revision told_at = call->told_at.value_or(0);
  if (const auto event = parts_.events.find(call->segment(2)); event && event->event.revision() >= told_at)
    return task(event);
  with_event_waiting(call, [told_at, task = std::move(task)](const std::shared_ptr<OpenEvent>& event) {
    event->event.refresh(told_at);
    task(event);
  });
}

void Api::with_event_caught_up(const CallPtr& call, EventTask task) {
  with_event_waiting(call, [call, task = std::move(task)](const std::shared_ptr<OpenEvent>& event) {
    if (call->told_at) {
      event->event.refresh(*call->told_at);
    } else {
      event->event.refresh();
    }
    task(event);
  });
}

void Api::tell_revision(const CallPtr& call, const OpenEvent& event, ticketcore::Revision revision) {
  call->tell_revision(parts_.secrets.token("revision", event.event.id().text(), "", revision));
}

std::shared_ptr<OpenEvent> Api::open_named_event(const CallPtr& call) {
  const std::string& id = call->segment(2);
  const bool fit = !id.empty() && id.size() <= ticketcore::EventId::max_bytes &&
                   std::all_of(id.begin(), id.end(), [](char letter) {
                     return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                            (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' ||
                            letter == '.';
                   });
  auto event = fit ? parts_.events.open(ticketcore::EventId(id)) : nullptr;
  if (!event) {
    const std::string why = fit ? "there is no event \"" + id + "\""
                                : "that is no event's id: it is 1 to " +
                                      std::to_string(ticketcore::EventId::max_bytes) +
                                      " letters, digits, hyphens, underscores and dots";
    call->problem(make_problem("event_not_found", why));
  }
  return event;
}

void Api::submit(const CallPtr& call, const std::shared_ptr<OpenEvent>& event, ticketcore::Command command,
                 std::function<void(const ticketcore::Answer&)> done) {
  event->event.submit(std::move(command),
                      [this, call, event, done = std::move(done)](const ticketcore::Answer& answer) {
                        try {
                          if (!answer.refusal()) parts_.events.changed(*event);
                          if (answer.revision > 0) tell_revision(call, *event, answer.revision);
                          done(answer);
                        } catch (const std::exception& error) {
                          fail(call, error);
                        }
                      });
}

void Api::punish(const Call& call) {
  rate_limit_.punish(call.caller.key_id.empty() ? call.client.name : "key:" + call.caller.key_id,
                     guess_cost / call.client.buyers);
}

void Api::not_found(const CallPtr& call, std::string_view reason, std::string detail) {
  punish(*call);
  call->problem(make_problem(reason, std::move(detail)));
}

bool Api::may_see(Call& call, std::string_view kind, std::string_view event, std::string_view id) const {
  if (call.caller.scopes.allow(Scope::box_office)) return true;
  std::string_view token = call.request.header("X-Access-Token");
  const std::string* in_link = call.request.method == "POST" ? nullptr : call.request.parameter("token");
  if (token.empty() && in_link != nullptr) token = *in_link;
  const auto told_at = parts_.secrets.open(token, kind, event, id);
  if (told_at) call.was_told_at(*told_at);
  return told_at.has_value();
}

}  // namespace server
