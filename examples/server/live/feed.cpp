#include "live/feed.hpp"

#include "ticketcore/base/json_writer.hpp"

namespace server {
namespace {

[[nodiscard]] SharedText frame(std::string_view event, const std::string& id, std::string_view data) {
  auto text = std::make_shared<std::string>();
  text->reserve(data.size() + 80);
  text->append("event: ")
      .append(event)
      .append("\nid: ")
      .append(id)
      .append("\ndata: ")
      .append(data)
      .append("\n\n");
  return text;
}

[[nodiscard]] std::string changes_json(const ticketcore::Changes& changes, const SentMap& map) {
  const ticketcore::AvailabilityAt& now = *changes.now;
  ticketcore::JsonWriter json(96 + changes.places.size() * 12);
  json.open_object()
      .key("revision")
      .number(static_cast<std::int64_t>(now.event->revision()))
      .key("at")
      .time(now.second);
  json.key("sale_status").text(name_of(now.event->sale_status())).key("places").open_array();
  for (const ticketcore::PlaceIndex place : changes.places) {
    json.open_array().number(map.number_of_place[place.value]);
    json.text(letter_of(now.places[place.value])).close_array();
  }
  json.close_array().key("areas").open_array();
  for (const ticketcore::AreaIndex area : changes.areas) {
    const ticketcore::StatusCounts& counts = now.areas[area.value];
    json.open_array().number(map.number_of_area[area.value]);
    for (const std::uint64_t count : {counts.free, counts.held, counts.sold})
      json.number(static_cast<std::int64_t>(count));
    json.close_array();
  }
  return json.close_array().close_object().take();
}

}  // namespace

void Feed::subscribe(std::shared_ptr<Stream> stream, std::string_view last_event_id,
                     const std::shared_ptr<const View>& now) {
  const std::lock_guard lock(mutex_);
  advance(now, now->second);
  const auto known = ticketcore::parse_feed_position(last_event_id);
  if (stream->write(text_of(changes_.since(known)))) clients_.push_back(std::move(stream));
}

void Feed::show(const std::shared_ptr<const View>& view, std::chrono::sys_seconds second) {
  const std::lock_guard lock(mutex_);
  advance(view, second);
}

// Under the mutex, so that nobody subscribes between a change and its sending.
void Feed::advance(const std::shared_ptr<const View>& view, std::chrono::sys_seconds second) {
  const bool news = changes_.show(view, second);
  if (changes_.now() == view) now_ = view;
  if (news && !clients_.empty()) send(text_of(changes_.newest()));
}

SharedText Feed::text_of(const ticketcore::Changes& changes) {
  const std::string id = to_string(changes.position());
  if (!changes.whole) return frame("changes", id, changes_json(changes, *now_->map));
  if (whole_.first != now_) whole_ = {now_, frame("availability", id, *now_->json())};
  return whole_.second;
}

void Feed::send(const SharedText& text) {
  std::erase_if(clients_, [&](const std::shared_ptr<Stream>& client) { return !client->write(text); });
}

void Feed::heartbeat() {
  static const SharedText beat = std::make_shared<const std::string>(": still here\n\n");
  const std::lock_guard lock(mutex_);
  send(beat);
}

void Feed::close() {
  const std::lock_guard lock(mutex_);
  for (const std::shared_ptr<Stream>& client : clients_) client->close();
  clients_.clear();
}

std::size_t Feed::clients() const {
  const std::lock_guard lock(mutex_);
  return clients_.size();
}

}  // namespace server
