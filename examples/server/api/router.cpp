#include "api/router.hpp"

#include <algorithm>

#include "api/api.hpp"

namespace server {
namespace {

constexpr Route table[] = {
    {"GET", "/healthz", Scope::open, Repeats::no, &Api::get_health},
    {"GET", "/readyz", Scope::open, Repeats::no, &Api::get_readiness},
    {"GET", "/metrics", Scope::open, Repeats::no, &Api::get_metrics},
    {"GET", "/openapi.json", Scope::open, Repeats::no, &Api::get_openapi},
    {"GET", "/problems/{reason}", Scope::open, Repeats::no, &Api::get_problem},
    {"GET", "/pay/{payment}", Scope::open, Repeats::no, &Api::get_fake_page},
    {"POST", "/pay/{payment}/decision", Scope::open, Repeats::by_itself, &Api::post_fake_decision},
    {"GET", "/v1/me", Scope::open, Repeats::no, &Api::get_me},
    {"GET", "/v1/events", Scope::open, Repeats::no, &Api::list_events},
    {"POST", "/v1/events", Scope::admin, Repeats::by_key, &Api::post_event},
    {"POST", "/v1/charts", Scope::admin, Repeats::no, &Api::post_chart},
    {"GET", "/v1/events/{event}", Scope::open, Repeats::no, &Api::get_event},
    {"POST", "/v1/events/{event}/sale-status", Scope::admin, Repeats::by_key, &Api::post_sale_status},
    {"GET", "/v1/events/{event}/seat-map", Scope::open, Repeats::no, &Api::get_seat_map},
    {"POST", "/v1/events/{event}/seat-map", Scope::admin, Repeats::by_key, &Api::post_seat_map},
    {"GET", "/v1/events/{event}/places", Scope::open, Repeats::no, &Api::get_places},
    {"GET", "/v1/events/{event}/availability", Scope::open, Repeats::no, &Api::get_availability},
    {"GET", "/v1/events/{event}/changes", Scope::open, Repeats::no, &Api::get_changes},
    {"POST", "/v1/events/{event}/holds", Scope::open, Repeats::by_key, &Api::post_hold},
    {"GET", "/v1/events/{event}/holds/{hold}", Scope::open, Repeats::no, &Api::get_hold},
    {"POST", "/v1/events/{event}/holds/{hold}/extension", Scope::open, Repeats::by_key, &Api::post_extension},
    {"POST", "/v1/events/{event}/holds/{hold}/release", Scope::open, Repeats::by_key, &Api::post_release},
    {"POST", "/v1/events/{event}/holds/{hold}/quote", Scope::open, Repeats::by_key, &Api::post_quote},
    {"POST", "/v1/events/{event}/holds/{hold}/payments", Scope::open, Repeats::by_key, &Api::post_payment},
    {"POST", "/v1/events/{event}/holds/{hold}/orders", Scope::seller, Repeats::by_key, &Api::post_order},
    {"GET", "/v1/payments/{payment}", Scope::open, Repeats::no, &Api::get_payment},
    {"POST", "/v1/payments/{payment}/notices", Scope::open, Repeats::by_itself, &Api::post_notice},
    {"GET", "/v1/events/{event}/orders", Scope::box_office, Repeats::no, &Api::list_orders},
    {"GET", "/v1/events/{event}/orders/{order}", Scope::open, Repeats::no, &Api::get_order},
    {"POST", "/v1/events/{event}/orders/{order}/refunds", Scope::box_office, Repeats::by_key,
     &Api::post_refund},
    {"POST", "/v1/events/{event}/orders/{order}/note", Scope::box_office, Repeats::by_key, &Api::post_note},
    {"GET", "/v1/events/{event}/orders/{order}/tickets/{ticket}.svg", Scope::open, Repeats::no,
     &Api::get_ticket},
    {"GET", "/v1/events/{event}/seating", Scope::box_office, Repeats::no, &Api::list_seating},
    {"POST", "/v1/events/{event}/scans", Scope::gate, Repeats::by_key, &Api::post_scan},
    {"GET", "/v1/staff-log", Scope::admin, Repeats::no, &Api::list_deeds},
    {"GET", "/v1/keys", Scope::admin, Repeats::no, &Api::list_keys},
    {"POST", "/v1/keys", Scope::admin, Repeats::by_key, &Api::post_key},
    {"DELETE", "/v1/keys/{key}", Scope::admin, Repeats::by_itself, &Api::delete_key},
};

[[nodiscard]] bool fits(std::string_view part, std::string_view segment) {
  if (!part.starts_with('{')) return part == segment;
  const std::string_view suffix = part.substr(part.find('}') + 1);
  return segment.size() > suffix.size() && segment.ends_with(suffix);
}

[[nodiscard]] bool fits(std::string_view pattern, std::span<const std::string> segments) {
  for (const std::string& segment : segments) {
    if (pattern.empty()) return false;
    pattern.remove_prefix(1);
    const std::string_view part = pattern.substr(0, pattern.find('/'));
    if (!fits(part, segment)) return false;
    pattern.remove_prefix(part.size());
  }
  return pattern.empty();
}

}  // namespace

std::span<const Route> routes() { return table; }

const Route* find_route(std::string_view method, std::span<const std::string> segments) {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  const auto found = std::find_if(std::begin(table), std::end(table), [&](const Route& route) {
    return route.method == wanted && fits(route.pattern, segments);
  });
  return segments.empty() || found == std::end(table) ? nullptr : &*found;
}

std::string allowed_methods(std::span<const std::string> segments) {
  std::string allow;
  if (segments.empty()) return allow;
  for (const Route& route : table) {
    if (fits(route.pattern, segments))
      allow += (allow.empty() ? "" : ", ") + std::string(route.method == "GET" ? "GET, HEAD" : route.method);
  }
  if (!allow.empty()) allow += ", OPTIONS";
  return allow;
}

}  // namespace server
