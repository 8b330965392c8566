// Holds: the one way to a place. What buyers ask for is read here; whether they get it, the event's desk
// decides.

#include "api/api.hpp"
#include "http/clocks.hpp"
#include "ticketcore/base/json_writer.hpp"
#include "ticketcore/sale/explain.hpp"

namespace server {
namespace {

using namespace ticketcore;

constexpr std::int64_t usual_ttl_seconds = 600;
constexpr std::int64_t most_ttl_seconds = 366LL * 24 * 3600;

struct HoldWish {
  Selection selection{};
  std::optional<BestPlaces> best{};
  std::string cart{};
  std::int64_t ttl_seconds = usual_ttl_seconds;
};

[[nodiscard]] std::uint32_t read_count(const JsonValue& value, std::int64_t least) {
  return static_cast<std::uint32_t>(value.integer(least, limits::places_per_hold));
}

[[nodiscard]] BestPlaces read_best(const JsonValue& json) {
  json.only({"count", "categories", "accessible", "restricted_view", "together"});
  BestPlaces best;
  if (const auto count = json.need("count")) best.count = read_count(*count, 1);
  if (const auto categories = json.find("categories")) {
    for (const JsonValue& category : categories->elements(limits::categories))
      best.categories.push_back(category.text(1, limits::label_bytes));
  }
  if (const auto accessible = json.find("accessible")) best.accessible = read_count(*accessible, 0);
  if (const auto view = json.find("restricted_view"))
    best.restricted_view =
        view->one_of({"avoid", "allow"}) == 1 ? RestrictedView::allow : RestrictedView::avoid;
  if (const auto together = json.find("together"))
    best.together =
        together->one_of({"required", "preferred"}) == 1 ? Together::preferred : Together::required;
  return best;
}

void read_wish(const JsonValue& json, std::int64_t longest_ttl, HoldWish& wish) {
  json.only({"cart", "ttl_seconds", "places", "areas", "best"});
  if (const auto cart = json.find("cart")) wish.cart = cart->text(1, HolderId::max_bytes);
  if (const auto ttl = json.find("ttl_seconds")) wish.ttl_seconds = ttl->integer(1, longest_ttl);
  if (const auto places = json.find("places")) {
    for (const JsonValue& place : places->elements(limits::places_per_hold))
      wish.selection.places.push_back(place.text(1, 4 * limits::label_bytes));
  }
  if (const auto areas = json.find("areas")) {
    for (const JsonValue& area : areas->elements(limits::places_per_hold)) {
      area.only({"area", "quantity"});
      AreaAdmissions wanted;
      if (const auto label = area.need("area")) wanted.area = label->text(1, 4 * limits::label_bytes);
      if (const auto quantity = area.need("quantity")) wanted.quantity = read_count(*quantity, 1);
      wish.selection.areas.push_back(std::move(wanted));
    }
  }
  if (const auto best = json.find("best")) wish.best = read_best(*best);
  const bool picked = !wish.selection.places.empty() || !wish.selection.areas.empty();
  if (picked == wish.best.has_value()) json.problem("needs either places or areas, or best");
}

void write_place(JsonWriter& json, const SeatMap& map, PlaceIndex index) {
  const Place& place = map.places()[index.value];
  const Row& row = map.rows()[place.row.value];
  json.open_object()
      .key("label")
      .text(map.label(index))
      .key("section")
      .text(map.sections()[row.section.value].label)
      .key("row")
      .text(row.label);
  json.key("seat")
      .text(map.seat_label(index))
      .key("category")
      .text(map.categories()[place.category].key)
      .close_object();
}

template <class PlaceList, class AreaList>
[[nodiscard]] std::string hold_json(const OpenEvent& event, const SeatMap& map, const std::string& id,
                                    const std::string& token, const PlaceList& places, const AreaList& areas,
                                    Timestamp expires_at) {
  JsonWriter json(320 + places.size() * 110);
  json.open_object()
      .key("id")
      .text(id)
      .key("token")
      .text(token)
      .key("event")
      .text(event.event.id().text())
      .key("places")
      .open_array();
  for (const PlaceIndex place : places) write_place(json, map, place);
  json.close_array().key("areas").open_array();
  for (const AreaQuantity& held : areas) {
    json.open_object().key("area").text(map.label(held.area)).key("quantity").number(held.quantity);
    json.key("category")
        .text(map.categories()[map.areas()[held.area.value].category.value].key)
        .close_object();
  }
  return json.close_array().key("expires_at").time(expires_at).close_object().take();
}

[[nodiscard]] std::string quote_json(const Quote& quote, const std::string& token) {
  JsonWriter json(512);
  json.open_object().key("hold").id(quote.hold).key("token").text(token).key("lines").open_array();
  for (const PricedLine& line : quote.lines) {
    json.open_object()
        .key("category")
        .text(line.category)
        .key("ticket_type")
        .text(line.ticket_type)
        .key("count")
        .number(line.count);
    json.key("unit_price").money(line.unit_price).key("amount").money(line.amount).close_object();
  }
  json.close_array()
      .key("ticket_fees")
      .money(quote.ticket_fees)
      .key("order_fee")
      .money(quote.order_fee)
      .key("total")
      .money(quote.total);
  return json.key("tax").money(quote.tax).close_object().take();
}

[[nodiscard]] std::uint32_t places_of(const HoldWish& wish) {
  if (wish.best) return wish.best->count;
  auto places = static_cast<std::uint32_t>(wish.selection.places.size());
  for (const AreaAdmissions& area : wish.selection.areas) places += area.quantity;
  return places;
}

/// What an open hold has; 0 if it is not open.
[[nodiscard]] std::uint32_t places_of(const OpenEvent& event, HoldId id) {
  std::uint32_t places = 0;
  event.event.inspect([&](const EventState& state) {
    const HoldRecord* hold = state.holds().find(id);
    if (hold == nullptr) return;
    places = static_cast<std::uint32_t>(hold->places.size());
    for (const AreaQuantity& area : hold->areas) places += area.quantity;
  });
  return places;
}

[[nodiscard]] std::int64_t seconds_of(Timestamp time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

/// Its places are counted as the key's own; those of other keys are counted as the public's.
[[nodiscard]] bool holds_by_key(const Call& call) {
  return !call.caller.key_id.empty() && call.caller.scopes.allow(Scope::seller);
}

[[nodiscard]] Problem past_open_places(const Call& call, std::uint32_t most, std::uint32_t asked) {
  const std::string who = holds_by_key(call) ? "this key" : "buyers at this address";
  Problem problem = make_problem(
      "open_places_limit", who + " may hold " + std::to_string(most) + " places of this event at one time");
  problem.refusal.emplace();
  problem.refusal->limit = most;
  problem.refusal->asked = asked;
  return problem;
}

}  // namespace

void Api::post_hold(const CallPtr& call) {
  HoldWish wish;
  const std::int64_t longest = longest_ttl(*call);
  wish.ttl_seconds = std::min(usual_ttl_seconds, longest);
  if (!call->read_body([&](const JsonValue& json) { read_wish(json, longest, wish); })) return;
  with_event(call, [this, call, wish = std::move(wish)](const std::shared_ptr<OpenEvent>& event) {
    HoldOptions options;
    // Without a cart each hold is of a holder of its own, the same when the request is repeated.
    options.holder = wish.cart.empty() ? HolderId(to_string(call->command)) : HolderId(wish.cart);
    options.ttl = std::chrono::seconds(wish.ttl_seconds);
    options.request = call->command;
    const auto command = [&]() -> Result<Command> {
      if (!wish.best) return event->event.hold_command(wish.selection, options);
      return event->event.hold_best_command(*wish.best, options);
    }();
    if (!command) return call->refuse(command.refusal());
    reserve_places(call, event, HoldId{call->command}, places_of(wish),
                   [this, call, event, command = *command](const Reservation& reserved) {
                     submit_hold(call, event, command, reserved);
                   });
  });
}

std::int64_t Api::longest_ttl(const Call& call) const {
  return call.caller.scopes.allow(Scope::seller) ? most_ttl_seconds : options_.public_hold_seconds;
}

std::uint32_t Api::open_places_of(const Call& call) const {
  return holds_by_key(call) ? options_.open_places_per_key
                            : options_.open_places_per_address * call.client.buyers;
}

std::string Api::owner_of_places(const Call& call, const OpenEvent& event) {
  return event.event.id().text() + "\n" +
         (holds_by_key(call) ? "key:" + call.caller.key_id : call.client.name);
}

void Api::reserve_places(const CallPtr& call, const std::shared_ptr<OpenEvent>& event, HoldId hold,
                         std::uint32_t places, const std::function<void(const Reservation&)>& next) {
  const std::uint32_t most = open_places_of(*call);
  if (most == 0) return next(nullptr);
  const std::string owner = owner_of_places(*call, *event);
  const auto [answer, reserved] = open_places_.reserve(owner, hold, places, most, this_second());
  if (reserved) return next(reserved);
  if (answer == OpenPlaces::Answer::full)
    return call->problem(
        make_problem("overloaded", "more holds are open than this server can count; try again in a second"));
  // What was bought, or let go by another server, is found out only now that it matters. A request that comes
  // again is told what it was told before.
  wait_for(call, [this, call, event, hold, places, next, most, owner] {
    bool decided = false;
    std::vector<HoldId> gone = open_places_.kept(owner);
    event->event.inspect([&](const EventState& state) {
      decided = state.requests().find(call->command) != nullptr;
      std::erase_if(gone, [&](HoldId one) { return state.holds().find(one) != nullptr; });
    });
    if (decided) return next(nullptr);
    for (const HoldId one : gone) open_places_.drop(one);
    const Reservation again = open_places_.reserve(owner, hold, places, most, this_second()).reservation;
    if (!again) return call->problem(past_open_places(*call, most, places));
    next(again);
  });
}

void Api::submit_hold(const CallPtr& call, const std::shared_ptr<OpenEvent>& event, const Command& command,
                      const Reservation& reserved) {
  submit(call, event, command, [this, call, event, reserved](const Answer& answer) {
    const auto* placed = answer.granted<HoldPlaced>();
    if (placed == nullptr) return call->refuse(event->event.to<Hold>(answer).refusal());
    if (reserved) reserved->keep(seconds_of(placed->expires_at));
    holds_total_.add();
    const std::string id = to_string(answer.request);
    const std::string& name = event->event.id().text();
    call->json(201,
               hold_json(*event, answer.event->seat_map(), id,
                         token_of_hold(*event, HoldId{call->command}, answer.revision), placed->places,
                         placed->areas, placed->expires_at),
               {{"Location", "/v1/events/" + name + "/holds/" + id}});
  });
}

std::string Api::token_of_hold(const OpenEvent& event, HoldId hold, Revision revision) const {
  return parts_.secrets.token("hold", event.event.id().text(), to_string(hold), revision);
}

std::optional<HoldId> Api::allowed_hold(const CallPtr& call) {
  const std::string& text = call->segment(4);
  const auto id = HoldId::parse(text);
  // A seller's own holds are known by their ids alone.
  const bool own = id && call->caller.scopes.allow(Scope::seller) &&
                   parts_.secrets.made_for(*id, "key:" + call->caller.key_id);
  if (id && (own || may_see(*call, "hold", call->segment(2), to_string(*id)))) return id;
  not_found(call, "hold_not_found", "there is no such hold, or the token sent is not its");
  return std::nullopt;
}

void Api::get_hold(const CallPtr& call) {
  const auto id = allowed_hold(call);
  if (!id) return;
  with_event_caught_up(call, [this, call, id = *id](const std::shared_ptr<OpenEvent>& event) {
    std::optional<Timestamp> deadline;
    std::vector<PlaceIndex> places;
    std::vector<AreaQuantity> areas;
    std::shared_ptr<const SeatMap> map;
    std::optional<HoldOutcome> outcome;
    event->event.inspect([&](const EventState& state) {
      outcome = hold_outcome(state, id, event->known_until(state.time()));
      if (!outcome || outcome->end != HoldEnd::open) return;
      const HoldRecord& hold = *state.holds().find(id);
      deadline = from_epoch(hold.expires_at);
      places.assign(hold.places.begin(), hold.places.end());
      areas.assign(hold.areas.begin(), hold.areas.end());
      map = state.seat_map();
    });
    tell_revision(call, *event);
    if (deadline) {
      const std::string token = token_of_hold(*event, id, event->event.revision());
      return call->json(200, hold_json(*event, *map, to_string(id), token, places, areas, *deadline));
    }
    call->refuse(explain(hold_refusal(outcome), nullptr, nullptr));
  });
}

void Api::post_extension(const CallPtr& call) {
  const auto id = allowed_hold(call);
  if (!id) return;
  const std::int64_t longest = longest_ttl(*call);
  std::int64_t ttl = usual_ttl_seconds;
  const bool read = call->read_body([&](const JsonValue& json) {
    json.only({"ttl_seconds"});
    if (const auto seconds = json.need("ttl_seconds")) ttl = seconds->integer(1, longest);
  });
  if (!read) return;
  with_event(call, [this, call, id = *id, ttl](const std::shared_ptr<OpenEvent>& event) {
    const Command command{call->command, ExtendHold{id, std::chrono::seconds(ttl)}};
    const auto extend = [this, call, event, command](const Reservation& reserved) {
      submit_extension(call, event, command, reserved);
    };
    // It counts on for whom it was counted first: who extends it chooses where he asks from.
    if (const Reservation counted = open_places_.reserve_again(id, this_second())) return extend(counted);
    if (open_places_of(*call) == 0) return extend(nullptr);
    // Placed before this server began to count, or on another one.
    with_event_caught_up(call, [this, call, id, extend](const std::shared_ptr<OpenEvent>& seen) {
      const std::uint32_t places = places_of(*seen, id);
      if (places == 0) return extend(nullptr);
      reserve_places(call, seen, id, places, extend);
    });
  });
}

void Api::submit_extension(const CallPtr& call, const std::shared_ptr<OpenEvent>& event,
                           const Command& command, const Reservation& reserved) {
  const HoldId id = std::get<ExtendHold>(command.body).hold;
  submit(call, event, command, [this, call, event, id, reserved](const Answer& answer) {
    const auto deadline = event->event.to<std::chrono::sys_seconds>(answer);
    if (!deadline) return call->refuse(deadline.refusal());
    if (reserved) reserved->keep(seconds_of(*deadline));
    JsonWriter json;
    json.open_object().key("id").id(id).key("token").text(token_of_hold(*event, id, answer.revision));
    call->json(200, json.key("expires_at").time(*deadline).close_object().take());
  });
}

void Api::post_release(const CallPtr& call) {
  const auto id = allowed_hold(call);
  if (!id || !call->read_body([](const JsonValue& json) { json.only({}); })) return;
  with_event(call, [this, call, id = *id](const std::shared_ptr<OpenEvent>& event) {
    submit(call, event, {call->command, ReleaseHold{id}}, [this, call, event, id](const Answer& answer) {
      const auto done = event->event.to<Done>(answer);
      if (!done) return call->refuse(done.refusal());
      open_places_.drop(id);
      call->json(
          200, JsonWriter().open_object().key("id").id(id).key("released").flag(true).close_object().take());
    });
  });
}

void Api::post_quote(const CallPtr& call) {
  const auto id = allowed_hold(call);
  if (!id) return;
  std::vector<TicketChoice> choices;
  const bool read = call->read_body([&](const JsonValue& json) {
    json.only({"choices"});
    const auto list = json.need("choices");
    if (!list) return;
    for (const JsonValue& one : list->elements(limits::places_per_hold)) {
      one.only({"ticket_type", "count", "category"});
      TicketChoice choice;
      if (const auto type = one.need("ticket_type")) choice.ticket_type = type->text(1, limits::label_bytes);
      if (const auto count = one.need("count")) choice.count = read_count(*count, 1);
      if (const auto category = one.find("category"))
        choice.category = category->text(1, limits::label_bytes);
      choices.push_back(std::move(choice));
    }
  });
  if (!read) return;
  with_event(call, [this, call, id = *id,
                    choices = std::move(choices)](const std::shared_ptr<OpenEvent>& event) {
    submit(call, event, {call->command, QuoteHold{id, choices}}, [this, call, event](const Answer& answer) {
      const auto quote = event->event.to<Quote>(answer);
      if (!quote) return call->refuse(quote.refusal());
      call->json(200, quote_json(*quote, token_of_hold(*event, quote->hold, answer.revision)));
    });
  });
}

}  // namespace server
