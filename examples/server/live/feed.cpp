#include "live/feed.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "ticketcore/base/json_writer.hpp"

namespace server {
namespace {

struct StateId {
  std::uint64_t revision = 0;
  std::int64_t second = 0;
};

[[nodiscard]] std::optional<StateId> parse_state(std::string_view text) {
  StateId id;
  const char* const end = text.data() + text.size();
  const auto revision = std::from_chars(text.data(), end, id.revision);
  if (revision.ec != std::errc{} || revision.ptr == end || *revision.ptr != '-') return std::nullopt;
  const auto second = std::from_chars(revision.ptr + 1, end, id.second);
  if (second.ec != std::errc{} || second.ptr != end) return std::nullopt;
  return id;
}

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

void sort_unique(std::vector<std::uint32_t>& numbers) {
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
}

}  // namespace

void Feed::subscribe(std::shared_ptr<Stream> stream, std::string_view last_event_id,
                     const std::shared_ptr<const View>& now) {
  const std::lock_guard lock(mutex_);
  if (!last_ || last_->revision < now->revision ||
      (last_->revision == now->revision && last_->second < now->second))
    advance(now, now->second);
  if (stream->write(catch_up(last_event_id))) clients_.push_back(std::move(stream));
}

void Feed::show(const std::shared_ptr<const View>& view, std::int64_t second) {
  const std::lock_guard lock(mutex_);
  advance(view, second);
}

// Under the mutex, so that nobody subscribes between a change and its sending.
void Feed::advance(const std::shared_ptr<const View>& view, std::int64_t second) {
  if (last_ == view) {
    steps_.back().last_second = std::max(steps_.back().last_second, second);
    return;
  }
  // Another thread was faster.
  if (last_ && view->revision < last_->revision) return;
  Step step{view->revision, view->second, std::max(view->second, second), {}, {}};
  if (last_ && last_->places.size() == view->places.size() && last_->areas.size() == view->areas.size()) {
    for (std::uint32_t place = 0; place < view->places.size(); ++place) {
      if (view->places[place] != last_->places[place]) step.places.push_back(place);
    }
    for (std::uint32_t area = 0; area < view->areas.size(); ++area) {
      if (view->areas[area] != last_->areas[area]) step.areas.push_back(area);
    }
  } else {
    steps_.clear();
  }
  const bool status_changed = last_ && last_->event->sale_status() != view->event->sale_status();
  const bool worth_telling = !step.places.empty() || !step.areas.empty() || status_changed;
  const bool first = !last_;
  last_ = view;
  steps_.push_back(std::move(step));
  if (steps_.size() > kept_steps) steps_.pop_front();
  if (!first && worth_telling && !clients_.empty()) send(changes_since(steps_.size() - 1));
}

// A client's state is known exactly where it lies in a step. Between two steps of its revision places can
// only have come free, and the second of them says which: its changes are sent once more, which does no harm.
// Anywhere else places may have changed and changed back unseen, and only the whole availability is safe.
SharedText Feed::catch_up(std::string_view last_event_id) const {
  const auto id = parse_state(last_event_id);
  if (!id) return whole();
  for (std::size_t index = steps_.size(); index-- > 0;) {
    const Step& step = steps_[index];
    if (step.revision < id->revision) break;
    if (step.revision > id->revision) continue;
    if (step.first_second <= id->second && id->second <= step.last_second) return changes_since(index + 1);
    if (id->second < step.first_second && index > 0 && steps_[index - 1].revision == id->revision &&
        steps_[index - 1].last_second < id->second)
      return changes_since(index);
  }
  return whole();
}

SharedText Feed::whole() const {
  if (whole_.first != last_) whole_ = {last_, frame("availability", last_->id, *last_->json())};
  return whole_.second;
}

SharedText Feed::changes_since(std::size_t step) const {
  std::vector<std::uint32_t> places;
  std::vector<std::uint32_t> areas;
  for (; step < steps_.size(); ++step) {
    places.insert(places.end(), steps_[step].places.begin(), steps_[step].places.end());
    areas.insert(areas.end(), steps_[step].areas.begin(), steps_[step].areas.end());
  }
  sort_unique(places);
  sort_unique(areas);
  ticketcore::JsonWriter json(96 + places.size() * 12);
  json.open_object()
      .key("revision")
      .number(static_cast<std::int64_t>(last_->revision))
      .key("at")
      .time(time_of(last_->second));
  json.key("sale_status").text(name_of(last_->event->sale_status())).key("places").open_array();
  for (const std::uint32_t place : places)
    json.open_array().number(place).text({&last_->places[place], 1}).close_array();
  json.close_array().key("areas").open_array();
  for (const std::uint32_t area : areas) {
    const AreaCounts& counts = last_->areas[area];
    json.open_array().number(area).number(counts.free).number(counts.held).number(counts.sold).close_array();
  }
  return frame("changes", last_->id, json.close_array().close_object().take());
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
