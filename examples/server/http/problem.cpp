#include "http/problem.hpp"

#include <algorithm>

#include "ticketcore/base/json_writer.hpp"

namespace server {
namespace {

constexpr ProblemKind kinds[] = {
    {"invalid_request", 422, "The request makes no sense",
     "A field is missing, unknown, of the wrong type or out of range; errors points to each."},
    {"malformed_json", 400, "The body is no JSON",
     "The body could not be read as one JSON document in UTF-8."},
    {"idempotency_key_missing", 400, "There is no Idempotency-Key",
     "A request that changes something names a key of its own, so that it can be repeated when its answer "
     "was lost."},
    {"request_reused", 422, "The Idempotency-Key was used for another request",
     "Each request needs a key of its own; a repeated one is the same in every part."},
    {"header_too_large", 431, "The request's head is too large",
     "Its first line and its headers have a limit of bytes together."},
    {"request_timeout", 408, "The request did not come whole",
     "A request must be whole within some seconds of its first byte."},
    {"not_implemented", 501, "The server has not learnt this",
     "The only transfer coding understood is chunked."},
    {"unauthorized", 401, "An API key is needed", "Send a valid key as Authorization: Bearer tck_..."},
    {"forbidden", 403, "The API key may not do this",
     "The key is valid, but lacks the scope that this request needs."},
    {"not_found", 404, "There is nothing here", "The address names nothing that this server knows."},
    {"method_not_allowed", 405, "The method is not for this address", "Allow lists the methods that are."},
    {"body_too_large", 413, "The body is too large",
     "Requests have a limit of bytes; charts may be larger than others."},
    {"unsupported_media_type", 415, "The body must be JSON",
     "Send the body as Content-Type: application/json."},
    {"rate_limited", 429, "Too many requests",
     "This address or key has used up its share for the moment; Retry-After says when there is more."},
    {"open_places_limit", 409, "Too many places are held from here",
     "Buyers at one address, and each API key, may hold only so many places of an event at one time; bought "
     "ones don't count."},
    {"payments_undecided", 409, "The hold has payments that are not decided",
     "Finish one of them on the provider's page, or wait until the hold ends; a payment that was declined "
     "counts no more."},
    {"payments_off", 409, "No payments are taken online",
     "This server takes none; at the counter places can be paid all the same."},
    {"provider_unavailable", 503, "The payment provider does not answer",
     "It was asked, and did not answer in time, or is not asked at present; repeat the request with the same "
     "Idempotency-Key."},
    {"overloaded", 503, "The server is busy",
     "More requests wait than the server can hold; Retry-After says when to repeat this one."},
    {"internal_error", 500, "Something is broken",
     "The server met what it can't explain; its log knows more under the request's id."},
    {"event_exists", 409, "There is an event of this id", "Each event has an id of its own."},
    {"event_not_found", 404, "There is no such event", "No event has this id."},
    {"event_off_sale", 409, "The event is not on sale", "Its places can't be held at present."},
    {"place_unknown", 422, "The seat map has no such place",
     "A label was asked for that the event's seat map does not have."},
    {"place_taken", 409, "A place is no longer free",
     "Somebody holds or has bought one of the places; places lists them."},
    {"area_full", 409, "The area is full", "Fewer admissions are left than were asked for."},
    {"not_enough_adjoining", 409, "Not enough places side by side",
     "No block of that size is free; available is the largest that is."},
    {"too_many_places", 422, "Too many places for one hold",
     "limit is the most that one hold of this event may have."},
    {"holder_limit", 409, "The holder has all that is allowed", "One cart may hold and buy only so much."},
    {"event_busy", 503, "The event can remember no more",
     "It has as many open holds as it can; some end every minute."},
    {"hold_not_found", 404, "There is no such hold", "It never was, or its token is not the one sent."},
    {"hold_expired", 410, "The hold ran out", "Its places are free again."},
    {"hold_released", 410, "The hold was released", "Its places are free again."},
    {"hold_checked_out", 409, "The hold was sold", "It became an order before this; order names it."},
    {"hold_lifetime_reached", 409, "The hold can't be extended further",
     "However often it is extended, a hold ends so long after it began."},
    {"not_quoted", 409, "The hold has no price yet", "Quote it first."},
    {"no_price", 422, "There is no price for this",
     "The event's price list has no line for this category and ticket type."},
    {"ticket_choice_mismatch", 422, "The tickets don't cover the hold",
     "So many tickets must be chosen as the hold has places."},
    {"payment_mismatch", 409, "The payment is not the price",
     "An order is paid with exactly what it was quoted at."},
    {"payment_not_found", 404, "There is no such payment", "It never was, or its token is not the one sent."},
    {"order_not_found", 404, "There is no such order", "It never was, or its token is not the one sent."},
    {"ticket_not_found", 404, "There is no such ticket", "The order has no ticket of this number."},
    {"ticket_refunded", 409, "The ticket was refunded", "It is void."},
    {"ticket_admitted", 409, "The ticket was let in before",
     "at and where say when and at which gate, places for which place."},
    {"code_invalid", 422, "This is no valid ticket code",
     "It was not made by this box office, or was not read whole."},
    {"code_for_other_event", 409, "The ticket is for another event",
     "It is genuine, but not for this evening."},
    {"key_not_found", 404, "There is no such key", "No API key has this id."},
    {"signature_invalid", 401, "The notice is not the provider's",
     "Its signature does not hold, or is too old."},
    {"storage_unavailable", 503, "The store can't be used just now",
     "Nothing is known to be lost; repeat the request with the same Idempotency-Key."},
    {"halted", 503, "The event is halted",
     "Its books contradict themselves; it sells nothing until somebody has looked."},
    {"settings_in_use", 409, "The settings are in use",
     "Currency and ticket types stay once places have been held."},
    {"places_in_use", 409, "The new seat map lacks places that are held or sold",
     "places says which; exchange each for another place, or put it on the new map."},
};

}  // namespace

std::span<const ProblemKind> problem_kinds() { return kinds; }

const ProblemKind* find_problem_kind(std::string_view reason) {
  const auto found = std::find_if(std::begin(kinds), std::end(kinds),
                                  [&](const ProblemKind& kind) { return kind.reason == reason; });
  return found == std::end(kinds) ? nullptr : &*found;
}

Problem make_problem(std::string_view reason, std::string detail) {
  const ProblemKind* kind = find_problem_kind(reason);
  Problem problem;
  problem.reason = reason;
  problem.status = kind == nullptr ? 409 : kind->status;
  problem.detail = std::move(detail);
  if (problem.status == 503 || problem.status == 429) problem.retry_after_seconds = 1;
  return problem;
}

Problem make_problem(const ticketcore::Refusal& refusal) {
  Problem problem = make_problem(to_string(refusal.reason), refusal.message);
  problem.refusal = refusal;
  return problem;
}

namespace {

std::string to_json(const Problem& problem, std::string_view request_id) {
  const ProblemKind* kind = find_problem_kind(problem.reason);
  ticketcore::JsonWriter json(384);
  json.open_object()
      .key("type")
      .text("/problems/" + problem.reason)
      .key("title")
      .text(kind == nullptr ? problem.reason : std::string(kind->title));
  json.key("status")
      .number(problem.status)
      .key("detail")
      .text(problem.detail)
      .key("reason")
      .text(problem.reason);
  if (problem.refusal) {
    const ticketcore::Refusal& refusal = *problem.refusal;
    if (!refusal.places.empty()) {
      json.key("places").open_array();
      for (const std::string& place : refusal.places) json.text(place);
      json.close_array();
    }
    if (refusal.limit) json.key("limit").number(*refusal.limit);
    if (refusal.asked) json.key("asked").number(*refusal.asked);
    if (refusal.available) json.key("available").number(*refusal.available);
    if (refusal.at) json.key("at").time(*refusal.at);
    if (!refusal.where.empty()) json.key("where").text(refusal.where);
    if (refusal.order) {
      json.key("order").open_object().key("id").id(refusal.order->id);
      json.key("number").number(refusal.order->number).close_object();
    }
  }
  if (!problem.errors.empty()) {
    json.key("errors").open_array();
    for (const ticketcore::JsonProblem& error : problem.errors)
      json.open_object().key("pointer").text(error.where).key("message").text(error.what).close_object();
    json.close_array();
  }
  return json.key("request_id").text(request_id).close_object().take();
}

}  // namespace

Response to_response(const Problem& problem, std::string_view request_id) {
  Response response;
  response.status = problem.status;
  response.headers.push_back({"Content-Type", "application/problem+json"});
  response.headers.push_back({"Cache-Control", "no-store"});
  if (problem.retry_after_seconds > 0)
    response.headers.push_back({"Retry-After", std::to_string(problem.retry_after_seconds)});
  if (!problem.allow.empty()) response.headers.push_back({"Allow", problem.allow});
  if (problem.status == 401) response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"ticketcore\""});
  response.body = to_json(problem, request_id);
  return response;
}

}  // namespace server
