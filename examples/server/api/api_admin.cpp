// What the house decides: events, charts, whether an event is on sale, and who has which key.

#include <algorithm>
#include <charconv>
#include <map>

#include "api/api.hpp"
#include "api/time_zone.hpp"
#include "http/clocks.hpp"
#include "live/view.hpp"
#include "ticketcore/base/json_writer.hpp"
#include "ticketcore/base/time_zone.hpp"
#include "ticketcore/formats/seat_map_json.hpp"

namespace server {
namespace {

using namespace ticketcore;

[[nodiscard]] std::shared_ptr<const SeatMap> read_chart(const JsonValue& json, const std::string& text) {
  try {
    return std::make_shared<const SeatMap>(parse_seat_map(text));
  } catch (const SeatMapError& error) {
    for (const SeatMapProblem& problem : error.problems())
      json.problem((problem.where.empty() ? "" : problem.where + ": ") + problem.what);
    return nullptr;
  }
}

[[nodiscard]] PriceList read_prices(const JsonValue& json) {
  json.only({"currency", "lines", "fees"});
  std::string currency;
  std::vector<Price> prices;
  Fees fees;
  if (const auto code = json.need("currency")) currency = code->text(3, 3);
  if (const auto lines = json.need("lines")) {
    for (const JsonValue& line : lines->elements(limits::prices)) {
      line.only({"category", "ticket_type", "amount"});
      Price price;
      if (const auto category = line.need("category"))
        price.category = category->text(1, limits::label_bytes);
      if (const auto type = line.need("ticket_type")) price.ticket_type = type->text(1, limits::label_bytes);
      if (const auto amount = line.need("amount")) price.amount = amount->text(1, 30);
      prices.push_back(std::move(price));
    }
  }
  if (const auto given = json.find("fees")) {
    given->only({"per_ticket", "per_order", "tax_basis_points"});
    if (const auto fee = given->find("per_ticket")) fees.per_ticket = fee->text(1, 30);
    if (const auto fee = given->find("per_order")) fees.per_order = fee->text(1, 30);
    if (const auto tax = given->find("tax_basis_points"))
      fees.tax_basis_points = static_cast<std::uint32_t>(tax->integer(0, 100'000));
  }
  try {
    return PriceList(currency, prices, fees);
  } catch (const std::invalid_argument& error) {
    json.problem(error.what());
    return {};
  }
}

[[nodiscard]] SalePolicy read_policy(const JsonValue& json) {
  json.only({"places_per_hold", "holds_per_holder", "places_per_holder", "hold_lifetime_seconds"});
  SalePolicy policy;
  const auto number = [&](std::string_view key, std::int64_t least, std::int64_t most, std::int64_t usual) {
    const auto value = json.find(key);
    return value ? value->integer(least, most) : usual;
  };
  policy.places_per_hold = static_cast<std::uint32_t>(
      number("places_per_hold", 1, limits::places_per_hold, policy.places_per_hold));
  policy.holds_per_holder =
      static_cast<std::uint32_t>(number("holds_per_holder", 1, UINT32_MAX, policy.holds_per_holder));
  policy.places_per_holder =
      static_cast<std::uint32_t>(number("places_per_holder", 1, UINT32_MAX, policy.places_per_holder));
  constexpr std::int64_t lifetime_most = std::chrono::seconds(limits::hold_ttl_max).count();
  policy.hold_lifetime =
      std::chrono::seconds(number("hold_lifetime_seconds", 1, lifetime_most, policy.hold_lifetime.count()));
  return policy;
}

void read_event(const JsonValue& json, NewEvent& event) {
  json.only({"id", "name", "venue", "starts_at", "time_zone", "seat_map", "prices", "policy", "sale_status"});
  if (const auto id = json.need("id")) {
    try {
      event.id = EventId(id->text(1, EventId::max_bytes));
    } catch (const std::invalid_argument& error) {
      id->problem(error.what());
    }
  }
  if (const auto name = json.find("name")) event.name = name->text(1, limits::label_bytes);
  if (const auto venue = json.find("venue")) event.venue = venue->text(1, limits::label_bytes);
  if (const auto starts = json.need("starts_at")) {
    const auto time = parse_rfc3339(starts->text(1, 40));
    if (!time) starts->problem("must be a time like 2027-01-31T19:30:00+02:00 (RFC 3339)");
    event.starts_at = time.value_or(Timestamp{});
  }
  event.time_zone = house_time_zone();
  if (const auto zone = json.find("time_zone")) {
    event.time_zone = zone->text(1, 64);
    if (!is_known_time_zone(event.time_zone))
      zone->problem("must be the IANA name of a time zone, such as Europe/Kyiv");
  }
  if (const auto map = json.need("seat_map")) event.seat_map = read_chart(*map, map->serialize());
  if (const auto prices = json.need("prices")) event.prices = read_prices(*prices);
  if (const auto policy = json.find("policy")) event.policy = read_policy(*policy);
  if (const auto status = json.find("sale_status"))
    event.sale = status->one_of({"on_sale", "off_sale"}) == 0 ? SaleStatus::on_sale : SaleStatus::off_sale;
}

void read_replacement(const JsonValue& json, ReplaceMap& wanted) {
  json.only({"seat_map", "exchanges"});
  if (const auto map = json.need("seat_map")) wanted.seat_map = read_chart(*map, map->serialize());
  const auto list = json.find("exchanges");
  if (!list) return;
  for (const JsonValue& one : list->elements(limits::exchanges)) {
    one.only({"from", "to"});
    Exchange& exchange = wanted.exchanges.emplace_back();
    if (const auto from = one.need("from")) exchange.from = from->text(1, 400);
    if (const auto to = one.need("to")) exchange.to = to->text(1, 400);
  }
}

[[nodiscard]] std::string chart_json(const std::shared_ptr<const SeatMap>& shown) {
  const SeatMap& map = *shown;
  std::vector<std::uint32_t> places(map.categories().size());
  for (const Place& place : map.places()) ++places[place.category];
  JsonWriter json(1024);
  json.open_object()
      .key("name")
      .text(map.name())
      .key("places")
      .number(map.place_count())
      .key("capacity")
      .number(static_cast<std::int64_t>(map.capacity()));
  json.key("areas").open_array();
  for (std::uint32_t index = 0; index < map.areas().size(); ++index) {
    const Area& area = map.areas()[index];
    json.open_object()
        .key("label")
        .text(map.label(AreaIndex{index}))
        .key("category")
        .text(map.categories()[area.category.value].key);
    json.key("capacity").number(area.capacity).close_object();
  }
  json.close_array().key("categories").open_array();
  for (std::size_t index = 0; index < map.categories().size(); ++index) {
    const Category& category = map.categories()[index];
    json.open_object()
        .key("key")
        .text(category.key)
        .key("label")
        .text(category.name.empty() ? category.key : category.name);
    json.key("color").text(category.color).key("places").number(places[index]).close_object();
  }
  return json.close_array()
      .key("problems")
      .open_array()
      .close_array()
      .key("drawing")
      .raw(*sent_map(shown)->drawing)
      .close_object()
      .take();
}

void write_key(JsonWriter& json, const ApiKey& key) {
  json.key("id").text(key.id).key("name").text(key.name).key("scopes").open_array();
  for (const std::string_view scope : key.scopes.names()) json.text(scope);
  json.close_array().key("events").open_array();
  for (const std::string& event : key.events) json.text(event);
  json.close_array().key("created_at").time(key.created_at);
  if (key.expires_at) json.key("expires_at").time(*key.expires_at);
}

void read_key(const JsonValue& json, ApiKey& key) {
  json.only({"name", "scopes", "events", "expires_at"});
  if (const auto text = json.need("name")) key.name = text->text(1, 100);
  if (const auto list = json.need("scopes")) {
    for (const JsonValue& one : list->elements(8)) {
      constexpr Scope known[] = {Scope::seller, Scope::box_office, Scope::gate, Scope::admin};
      key.scopes.add(known[one.one_of({"seller", "box_office", "gate", "admin"})]);
    }
    if (key.scopes.none()) list->problem("needs at least one scope");
  }
  if (const auto events = json.find("events")) {
    for (const JsonValue& one : events->elements(most_events_of_key)) {
      try {
        key.events.push_back(EventId(one.text(1, EventId::max_bytes)).text());
      } catch (const std::invalid_argument& error) {
        one.problem(error.what());
      }
    }
    // What an admin does belongs to the house: events, keys, charts.
    if (!key.events.empty() && key.scopes.allow(Scope::admin))
      events->problem("can't limit a key with the scope admin");
  }
  if (const auto expires = json.find("expires_at")) {
    key.expires_at = parse_rfc3339(expires->text(1, 40));
    if (!key.expires_at || *key.expires_at <= key.created_at)
      expires->problem("must be a time to come, like 2027-01-31T19:30:00+02:00 (RFC 3339)");
  }
}

}  // namespace

PresentedKey new_key() { return {key_id_of(random_bytes(12)), to_base64url(random_bytes(32))}; }

std::string to_string(const PresentedKey& key) { return "tck_" + key.id + "_" + key.secret; }

// A chart may take a while to read: not on a thread that others wait for.
void Api::post_event(const CallPtr& call) {
  wait_for(call, [this, call] {
    NewEvent wanted;
    wanted.request = call->command;
    if (!call->read_body([&](const JsonValue& json) { read_event(json, wanted); })) return;
    const auto created = parts_.office.create_event(wanted);
    if (!created) return call->refuse(created.refusal());
    parts_.events.forget_list();
    const auto event = parts_.events.open(wanted.id);
    if (!event)
      return call->problem(
          make_problem("storage_unavailable", "the event was created, but can't be read just now"));
    call->json(201, *event->whole(), {{"Location", "/v1/events/" + wanted.id.text()}});
  });
}

void Api::post_chart(const CallPtr& call) {
  wait_for(call, [call] {
    std::shared_ptr<const SeatMap> map;
    if (!call->read_body([&](const JsonValue& json) { map = read_chart(json, call->request.body); })) return;
    call->json(200, chart_json(map));
  });
}

// Takes as long as reading a chart does, and then a turn as long as the map is large.
void Api::post_seat_map(const CallPtr& call) {
  with_event_waiting(call, [this, call](const std::shared_ptr<OpenEvent>& event) {
    ReplaceMap wanted;
    if (!call->read_body([&](const JsonValue& json) { read_replacement(json, wanted); })) return;
    const auto replaced = event->event.replace_map(wanted.seat_map, wanted.exchanges, call->command);
    if (!replaced) return call->refuse(replaced.refusal());
    parts_.events.changed(*event);
    tell_revision(call, *event);
    // What follows from the request alone: a repeated one is answered alike, whatever the map is by then.
    JsonWriter json;
    json.open_object().key("id").text(event->event.id().text());
    json.key("places").number(wanted.seat_map->place_count());
    json.key("capacity").number(static_cast<std::int64_t>(wanted.seat_map->capacity()));
    call->json(200, json.close_object().take());
  });
}

void Api::post_sale_status(const CallPtr& call) {
  SaleStatus status = SaleStatus::on_sale;
  const bool read = call->read_body([&](const JsonValue& json) {
    json.only({"status"});
    if (const auto word = json.need("status"))
      status = word->one_of({"on_sale", "off_sale"}) == 0 ? SaleStatus::on_sale : SaleStatus::off_sale;
  });
  if (!read) return;
  with_event(call, [this, call, status](const std::shared_ptr<OpenEvent>& event) {
    submit(call, event, {call->command, SetSaleStatus{status}},
           [this, call, event, status](const Answer& answer) {
             const auto done = event->event.to<Done>(answer);
             if (!done) return call->refuse(done.refusal());
             call->json(200, JsonWriter()
                                 .open_object()
                                 .key("id")
                                 .text(event->event.id().text())
                                 .key("sale_status")
                                 .text(name_of(status))
                                 .close_object()
                                 .take());
           });
  });
}

// The key follows from the request, so that one that is repeated, here or elsewhere, makes no second key, and
// is told the same.
void Api::post_key(const CallPtr& call) {
  ApiKey wanted;
  wanted.created_at = now();
  if (!call->read_body([&](const JsonValue& json) { read_key(json, wanted); })) return;
  wait_for(call, [this, call, wanted] {
    const PresentedKey presented = parts_.secrets.key_for(call->command);
    ApiKey asked = wanted;
    asked.id = presented.id;
    const ApiKey kept = parts_.keys.add(asked, presented.secret);
    if (kept.removed)
      return call->problem(make_problem("key_not_found", "the key that this request made was removed"));
    const bool same = kept.name == asked.name && kept.scopes.names() == asked.scopes.names() &&
                      kept.events == asked.events && kept.expires_at == asked.expires_at;
    if (!same)
      return call->problem(
          make_problem("request_reused", "this Idempotency-Key was used before, for another key"));
    JsonWriter json;
    json.open_object();
    write_key(json, kept);
    call->json(201, json.key("key").text(to_string(presented)).close_object().take(),
               {{"Location", "/v1/keys/" + kept.id}});
  });
}

void Api::list_keys(const CallPtr& call) {
  wait_for(call, [this, call] {
    JsonWriter json;
    json.open_object().key("keys").open_array();
    for (const ApiKey& key : parts_.keys.list()) {
      json.open_object();
      write_key(json, key);
      json.close_object();
    }
    call->json(200, json.close_array().close_object().take());
  });
}

void Api::list_deeds(const CallPtr& call) {
  const auto limit = call->read_limit(100, 500);
  if (!limit) return;
  const std::string* asked = call->request.parameter("month");
  const std::string month = asked == nullptr ? month_of(now()) : *asked;
  if (month.size() != 7 || !parse_rfc3339(month + "-01T00:00:00Z"))
    return call->problem(make_problem("invalid_request", "the query's month must be one like 2027-01"));
  const std::string list = "deeds " + month;
  const auto cursor = read_cursor(*call, list);
  if (!cursor) return;
  std::uint64_t after = 0;
  std::from_chars(cursor->data(), cursor->data() + cursor->size(), after);
  wait_for(call, [this, call, limit = *limit, month, list, after] {
    const StaffLog::Page page = parts_.staff_log.read(month, after, limit);
    std::map<std::string, std::string> names;
    JsonWriter json(page.deeds.size() * 300 + 64);
    json.open_object().key("month").text(month).key("deeds").open_array();
    for (const Deed& deed : page.deeds) {
      if (!names.contains(deed.key)) {
        const auto key = parts_.keys.find(deed.key);
        names[deed.key] = key ? key->name : "";
      }
      json.open_object().key("at").time(deed.at).key("key").text(deed.key).key("name").text(names[deed.key]);
      json.key("what").text(deed.what).key("path").text(deed.path);
      if (!deed.request.empty()) json.key("request").text(deed.request);
      json.close_object();
    }
    json.close_array();
    if (page.next != 0) json.key("next").text(make_cursor(list, std::to_string(page.next)));
    call->json(200, json.close_object().take());
  });
}

void Api::delete_key(const CallPtr& call) {
  wait_for(call, [this, call] {
    const std::string& id = call->segment(2);
    const bool fit = id.size() <= 40 && std::all_of(id.begin(), id.end(), [](char letter) {
                       return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
                     });
    if (!fit || !parts_.keys.remove(id))
      return call->problem(make_problem("key_not_found", "there is no key of this id"));
    Response response;
    response.status = 204;
    call->send(std::move(response));
  });
}

}  // namespace server
