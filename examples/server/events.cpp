#include "events.hpp"

#include "secrets.hpp"
#include "ticketcore/seat_map_json.hpp"

namespace server {
namespace {

using namespace std::chrono_literals;

/// How often the store is asked for what others wrote, for events that somebody looks at.
constexpr auto refresh_period = 50ms;
/// Feeds of a busy event tell no more often than this: a change is news to the eye, not to the microsecond.
constexpr auto least_pause = 10ms;
constexpr std::int64_t watched_ms = 30'000;
/// An event that was not kept up with for so long is read before it is shown.
constexpr std::int64_t stale_ms = 2'000;

/// How old a view may be when a sale changes the event faster than its places can be looked through: nothing for most houses, 6 ms for
/// one of 60,000. A hold decides by the state, never by a view.
[[nodiscard]] std::chrono::microseconds kept_for(std::size_t places) { return places < 10'000 ? 0us : std::chrono::microseconds(places / 10); }

[[nodiscard]] std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

[[nodiscard]] std::int64_t this_second() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()).time_since_epoch().count(); }

}  // namespace

OpenEvent::OpenEvent(ticketcore::Event opened)
    : event(std::move(opened)),
      seat_map(std::make_shared<const std::string>(ticketcore::seat_map_to_json(event.seat_map()))),
      drawing(std::make_shared<const std::string>(drawing_json(event.seat_map()))),
      map_etag("\"" + to_base64url(hash_of_secret(*drawing)).substr(0, 22) + "\"") {
  refreshed_at_ms_ = now_ms();
}

std::shared_ptr<const View> OpenEvent::view() {
  const auto seen = event.availability();
  const std::int64_t second = this_second();
  const std::lock_guard lock(mutex_);
  if (view_ && view_->revision == seen->revision() && seen_at_ >= second) return view_;
  const auto moment = std::chrono::steady_clock::now();
  if (view_ && moment < keep_until_) return view_;
  // A reader that was overtaken: what the other saw is newer.
  if (view_ && view_->revision > seen->revision()) return view_;
  if (!view_ || !still_shows(*view_, *seen, second)) view_ = make_view(seen, second);
  keep_until_ = moment + kept_for(view_->places.size());
  seen_at_ = second;
  return view_;
}

SharedText OpenEvent::derive(Derived& derived, std::string (*make)(const ticketcore::EventId&, const View&)) {
  const auto now = view();
  {
    const std::lock_guard lock(mutex_);
    if (derived.view == now) return derived.text;
  }
  auto text = std::make_shared<const std::string>(make(event.id(), *now));
  const std::lock_guard lock(mutex_);
  derived = {now, text};
  return text;
}

SharedText OpenEvent::summary() { return derive(summary_, summary_json); }
SharedText OpenEvent::whole() { return derive(whole_, event_json); }

Events::Events(ticketcore::Storage& storage, ticketcore::BoxOffice& office, bool shared, std::function<void(const std::string&)> on_trouble)
    : storage_(storage), office_(office), shared_(shared), on_trouble_(std::move(on_trouble)), thread_([this] { keep_up(); }) {}

Events::~Events() { close(); }

std::shared_ptr<OpenEvent> Events::find(std::string_view id) {
  std::shared_ptr<OpenEvent> found;
  {
    const std::shared_lock lock(mutex_);
    const auto at = events_.find(id);
    if (at == events_.end()) return nullptr;
    found = at->second;
  }
  const std::int64_t now = now_ms();
  if (shared_ && now - found->refreshed_at_ms_.load(std::memory_order_relaxed) > stale_ms) return nullptr;
  if (now - found->used_at_ms_.load(std::memory_order_relaxed) > 1'000) found->used_at_ms_.store(now, std::memory_order_relaxed);
  return found;
}

std::shared_ptr<OpenEvent> Events::open(const ticketcore::EventId& id) {
  std::shared_ptr<OpenEvent> found;
  {
    const std::shared_lock lock(mutex_);
    if (const auto at = events_.find(id.text()); at != events_.end()) found = at->second;
  }
  if (!found) {
    // The box office remembers whatever it is asked for: it is asked only for what there is.
    if (storage_.read(ticketcore::stream_of(id), 0, 1).empty()) return nullptr;
    auto event = office_.event(id);
    if (!event) return nullptr;
    auto opened = std::make_shared<OpenEvent>(std::move(event).value());
    const std::unique_lock lock(mutex_);
    found = events_.emplace(id.text(), std::move(opened)).first->second;
  } else if (shared_ && now_ms() - found->refreshed_at_ms_ > stale_ms) {
    found->event.refresh();
    found->refreshed_at_ms_ = now_ms();
  }
  found->used_at_ms_ = now_ms();
  return found;
}

std::vector<ticketcore::EventId> Events::list() {
  const std::lock_guard lock(list_mutex_);
  if (listed_at_ == std::chrono::steady_clock::time_point{} || std::chrono::steady_clock::now() - listed_at_ > 1s) {
    list_ = office_.events();
    listed_at_ = std::chrono::steady_clock::now();
  }
  return list_;
}

void Events::forget_list() {
  const std::lock_guard lock(list_mutex_);
  listed_at_ = {};
}

void Events::changed(OpenEvent& event) {
  if (event.changed_.exchange(true, std::memory_order_acq_rel)) return;
  {
    const std::lock_guard lock(wake_mutex_);
    changes_wait_ = true;
  }
  wake_.notify_one();
}

std::vector<std::shared_ptr<OpenEvent>> Events::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::shared_ptr<OpenEvent>> events;
  for (const auto& [id, event] : events_) events.push_back(event);
  return events;
}

void Events::keep_up() {
  std::unique_lock lock(wake_mutex_);
  while (!closed_) {
    wake_.wait_for(lock, refresh_period, [this] { return closed_ || changes_wait_; });
    changes_wait_ = false;
    lock.unlock();
    for (const auto& event : all()) keep_up_with(*event);
    lock.lock();
    wake_.wait_for(lock, least_pause, [this] { return closed_; });
  }
}

void Events::keep_up_with(OpenEvent& event) {
  const bool listened_to = event.feed.clients() > 0;
  const std::int64_t now = now_ms();
  event.changed_.store(false, std::memory_order_release);
  if (!listened_to && now - event.used_at_ms_ > watched_ms) return;
  try {
    if (shared_ && now - event.refreshed_at_ms_ >= refresh_period.count()) {
      event.event.refresh();
      event.refreshed_at_ms_ = now_ms();
    }
  } catch (const ticketcore::StorageError& error) {
    on_trouble_(event.event.id().text() + ": " + error.what());
  }
  if (!listened_to) return;
  const std::int64_t second = this_second();
  event.feed.show(event.view(), second);
}

void Events::heartbeat() {
  for (const auto& event : all()) event->feed.heartbeat();
}

void Events::close() {
  {
    const std::lock_guard lock(wake_mutex_);
    closed_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  for (const auto& event : all()) event->feed.close();
}

std::size_t Events::stream_clients() const {
  std::size_t count = 0;
  for (const auto& event : all()) count += event->feed.clients();
  return count;
}

}  // namespace server
