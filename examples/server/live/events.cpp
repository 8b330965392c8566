#include "live/events.hpp"

#include "api/secrets.hpp"
#include "http/clocks.hpp"
#include "ticketcore/formats/seat_map_json.hpp"

namespace server {
namespace {

using namespace std::chrono_literals;

/// How often the store is asked for what others wrote, for events that are in use.
constexpr auto refresh_period = 50ms;
/// Feeds of a busy event tell no more often than this: a change is news to the eye, not to the microsecond.
constexpr auto least_pause = 10ms;
constexpr std::int64_t watched_ms = 30'000;
/// An event that was not kept up with for so long is read before it is shown.
constexpr auto longest_age = 2s;

/// How old a view may be when a sale changes the event faster than its places can be looked through: nothing
/// for most houses, 6 ms for one of 60,000. A hold decides by the state, never by a view.
[[nodiscard]] std::chrono::microseconds kept_for(std::size_t places) {
  return places < 10'000 ? 0us : std::chrono::microseconds(places / 10);
}

}  // namespace

OpenEvent::OpenEvent(ticketcore::Event opened, bool shared) : event(std::move(opened)), shared_(shared) {}

ticketcore::Timestamp OpenEvent::known_until(ticketcore::Timestamp newest_turn) const {
  const auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  return std::max(newest_turn, now - age() - ticketcore::limits::turn_longest);
}

Shown OpenEvent::show(ticketcore::Revision at_least) {
  const auto moment = std::chrono::steady_clock::now();
  // First the age, then what is so old: it may be newer by then, and never older.
  const auto looked_at = moment - age();
  const auto until = known_until({});
  const auto seen = event.availability();
  const auto second = std::chrono::floor<std::chrono::seconds>(std::max(until, seen->time()));
  const std::lock_guard lock(mutex_);
  const auto shown = [&] {
    return Shown{view_, seen_at_,
                 std::chrono::ceil<std::chrono::milliseconds>(moment - std::min(looked_at_, moment))};
  };
  const bool kept = view_ && view_->event->revision() >= at_least && moment < keep_until_;
  // A reader that was overtaken: what the other saw is newer.
  const bool overtaken = view_ && view_->event->revision() > seen->revision();
  if (kept || overtaken) return shown();
  if (view_ && view_->event->revision() == seen->revision() && seen_at_ >= second) {
    looked_at_ = std::max(looked_at_, looked_at);
    return shown();
  }
  if (!view_ || !view_->still_shows(*seen, second)) {
    if (!map_ || map_->map != seen->shared_seat_map()) map_ = sent_map(seen->shared_seat_map());
    view_ = std::make_shared<const View>(seen, second, map_);
  }
  keep_until_ = moment + kept_for(view_->places.size());
  seen_at_ = second;
  looked_at_ = looked_at;
  return shown();
}

SharedText OpenEvent::derive(Derived& derived, const std::shared_ptr<const View>& view,
                             std::string (*make)(const ticketcore::EventId&, const View&)) {
  {
    const std::lock_guard lock(mutex_);
    if (derived.view == view) return derived.text;
  }
  auto text = std::make_shared<const std::string>(make(event.id(), *view));
  const std::lock_guard lock(mutex_);
  derived = {view, text};
  return text;
}

SharedText OpenEvent::summary() { return derive(summary_, show().view, summary_json); }
SharedText OpenEvent::whole(ticketcore::Revision at_least) {
  return derive(whole_, show(at_least).view, event_json);
}

Events::Events(ticketcore::Storage& storage, ticketcore::BoxOffice& office, bool shared, std::size_t bound,
               std::function<void(const std::string&)> on_trouble)
    : storage_(storage),
      office_(office),
      shared_(shared),
      bound_(bound),
      on_trouble_(std::move(on_trouble)),
      thread_([this] { keep_up(); }) {}

Events::~Events() { close(); }

std::shared_ptr<OpenEvent> Events::find(std::string_view id) {
  std::shared_ptr<OpenEvent> found;
  {
    const std::shared_lock lock(mutex_);
    const auto at = events_.find(id);
    if (at == events_.end()) return nullptr;
    found = at->second;
  }
  const std::int64_t now = steady_ms();
  if (found->age() > longest_age) return nullptr;
  if (now - found->used_at_ms_.load(std::memory_order_relaxed) > 1'000)
    found->used_at_ms_.store(now, std::memory_order_relaxed);
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
    auto opened = std::make_shared<OpenEvent>(std::move(event).value(), shared_);
    const std::unique_lock lock(mutex_);
    found = events_.emplace(id.text(), std::move(opened)).first->second;
    close_idle();
  } else if (found->age() > longest_age) {
    found->event.refresh();
  }
  found->used_at_ms_ = steady_ms();
  return found;
}

// Under the mutex, so that nobody else can come by a reference from here: the only one is the last. Who reads
// an event's changes is found in its feed.
void Events::close_idle() {
  while (events_.size() > bound_) {
    auto idle = events_.end();
    for (auto at = events_.begin(); at != events_.end(); ++at) {
      if (at->second.use_count() > 1 || at->second->feed.clients() > 0) continue;
      if (idle == events_.end() || at->second->used_at_ms_ < idle->second->used_at_ms_) idle = at;
    }
    if (idle == events_.end()) return;
    events_.erase(idle);
  }
}

std::vector<ticketcore::EventId> Events::list() {
  const std::lock_guard lock(list_mutex_);
  if (listed_at_ == std::chrono::steady_clock::time_point{} ||
      std::chrono::steady_clock::now() - listed_at_ > 1s) {
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
  const std::int64_t now = steady_ms();
  event.changed_.store(false, std::memory_order_release);
  if (!listened_to && now - event.used_at_ms_ > watched_ms) return;
  try {
    if (event.age() >= refresh_period) event.event.refresh();
    if (!listened_to) return;
    const Shown shown = event.show();
    event.feed.show(shown.view, shown.second);
  } catch (const std::exception& error) {
    // The others go on: nobody else keeps them up.
    on_trouble_(event.event.id().text() + ": " + error.what());
  }
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

std::size_t Events::count() const {
  const std::shared_lock lock(mutex_);
  return events_.size();
}

std::size_t Events::stream_clients() const {
  std::size_t count = 0;
  for (const auto& event : all()) count += event->feed.clients();
  return count;
}

}  // namespace server
