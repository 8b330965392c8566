// Events as buyers see them: lists, charts, availability, live changes.

#include <algorithm>

#include "api/api.hpp"
#include "ticketcore/base/json_writer.hpp"

namespace server {
namespace {

constexpr std::uint32_t events_listed = 50;

}  // namespace

// One event that can't be read must not hide the others. Of a store that is away nothing is guessed.
std::shared_ptr<OpenEvent> Api::open_undamaged(const ticketcore::EventId& id) {
  try {
    return parts_.events.open(id);
  } catch (const ticketcore::StorageUnavailable&) {
    throw;
  } catch (const ticketcore::Error& error) {
    const std::lock_guard lock(damaged_mutex_);
    if (damaged_.insert(id.text()).second)
      parts_.trouble("", "left out of the list of events: " + std::string(error.what()));
    return nullptr;
  }
}

void Api::list_events(const CallPtr& call) {
  const auto limit = call->read_limit(20, events_listed);
  if (!limit) return;
  const auto after = read_cursor(*call, "events");
  if (!after) return;
  wait_for(call, [this, call, limit = *limit, after = *after] {
    const auto ids = parts_.events.list();
    auto at = std::upper_bound(
        ids.begin(), ids.end(), after,
        [](const std::string& text, const ticketcore::EventId& id) { return text < id.text(); });
    ticketcore::JsonWriter json(4096);
    json.open_object().key("events").open_array();
    std::string last;
    for (std::uint32_t count = 0; at != ids.end() && count < limit; ++at, ++count) {
      last = at->text();
      if (const auto event = open_undamaged(*at)) json.raw(*event->summary());
    }
    json.close_array();
    if (at != ids.end()) json.key("next").text(make_cursor("events", last));
    call->json(200, json.close_object().take());
  });
}

void Api::get_event(const CallPtr& call) {
  with_event_shown(call,
                   [call](const auto& event) { call->json(200, *event->whole(call->told_at.value_or(0))); });
}

namespace {

/// Whoever asks for the very map by its id may keep it: an id is never another map's. The event's map as it
/// is may be another one in a moment.
void send_map(const CallPtr& call, const SentMap& map, const SharedText& text) {
  const std::string* wanted = call->request.parameter("map");
  const bool that_one = wanted != nullptr && *wanted == map.id;
  call->shared(text, "application/json", "\"" + map.id + "\"",
               that_one ? "public, max-age=31536000, immutable" : "no-cache");
}

}  // namespace

void Api::get_seat_map(const CallPtr& call) {
  with_event_shown(call, [call](const auto& event) {
    const auto map = event->map();
    send_map(call, *map, map->json);
  });
}

void Api::get_places(const CallPtr& call) {
  with_event_shown(call, [call](const auto& event) {
    const auto map = event->map();
    send_map(call, *map, map->drawing);
  });
}

void Api::get_availability(const CallPtr& call) {
  with_event_shown(call, [this, call](const auto& event) {
    const auto [view, second, age] = event->show(call->told_at.value_or(0));
    tell_revision(call, *event, view->event->revision());
    const std::vector<Header> headers{{"X-Age-Ms", std::to_string(age.count())},
                                      {"X-Seat-Map", view->map->id}};
    if (call->request.header("Accept").find("application/octet-stream") != std::string_view::npos)
      return call->shared(view->binary(), "application/octet-stream",
                          view->etag.substr(0, view->etag.size() - 1) + "b\"", "no-cache", headers);
    call->shared(view->json(), "application/json", view->etag, "no-cache", headers);
  });
}

void Api::get_changes(const CallPtr& call) {
  with_event(call, [this, call](const auto& event) {
    const std::size_t share = options_.streams_per_address * call->client.buyers;
    auto place = streams_.take(call->client.name, share == 0 ? options_.streams : share, options_.streams);
    if (!place)
      return call->problem(make_problem("overloaded",
                                        "as many clients follow events, from this address or in all, as may; "
                                        "ask for the availability again and again instead"));
    const std::string last(call->request.header("Last-Event-ID"));
    const auto view = event->show().view;
    if (auto stream = call->stream("text/event-stream", std::move(place)))
      event->feed.subscribe(std::move(stream), last, view);
  });
}

}  // namespace server
