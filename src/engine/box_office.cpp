#include "ticketcore/engine/box_office.hpp"

#include <ctime>
#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "event_calls.hpp"
#include "event_desk.hpp"
#include "ticketcore/log/log.hpp"
#include "ticketcore/venue/seat_map_bytes.hpp"

namespace ticketcore {
namespace {

/// CLOCK_BOOTTIME where there is one: std::chrono::steady_clock stands still while a machine sleeps.
[[nodiscard]] std::chrono::microseconds steady_time() {
#ifdef CLOCK_BOOTTIME
  timespec now{};
  if (clock_gettime(CLOCK_BOOTTIME, &now) == 0)
    return std::chrono::seconds(now.tv_sec) + std::chrono::microseconds(now.tv_nsec / 1'000);
#endif
  return std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

[[nodiscard]] std::function<HostTime()> host_clocks(const BoxOfficeOptions& options) {
  return [clock = options.clock, steady = options.steady] { return HostTime{read_clock(clock), steady()}; };
}

[[nodiscard]] std::function<std::chrono::microseconds()> steady_clock(const BoxOfficeOptions& options) {
  if (options.steady) return options.steady;
  if (!options.clock) return steady_time;
  return [clock = options.clock] { return std::chrono::microseconds(clock().time_since_epoch()); };
}

}  // namespace

struct BoxOffice::Body {
  Storage& storage;
  BoxOfficeOptions options;
  detail::Scheduler scheduler{};
  detail::OpenDesks open_desks{options.open_events};
  std::mutex mutex{};
  std::map<EventId, std::unique_ptr<detail::EventDesk>>
      desks{};  // guarded by mutex; desks stay where they are

  detail::EventDesk& desk(const EventId& id) {
    const std::lock_guard lock(mutex);
    if (const auto found = desks.find(id); found != desks.end()) return *found->second;
    open_desks.reserve(desks.size() + 1);
    auto desk = std::make_unique<detail::EventDesk>(storage, id, options, scheduler, open_desks);
    return *desks.emplace(id, std::move(desk)).first->second;
  }

  /// Null for an event that has no log: a desk is kept as long as the box office, and ids that strangers make
  /// up must not cost one each.
  detail::EventDesk* find_desk(const EventId& id) {
    {
      const std::lock_guard lock(mutex);
      if (const auto found = desks.find(id); found != desks.end()) return found->second.get();
    }
    return storage.read(stream_of(id), 0, 1).empty() ? nullptr : &desk(id);
  }
};

BoxOffice::BoxOffice(Storage& storage, BoxOfficeOptions options)
    : body_(new Body{storage, std::move(options)}) {
  BoxOfficeOptions& own = body_->options;
  own.steady = steady_clock(own);
  if (!own.desk.store_time)
    own.desk.store_time = std::make_shared<StoreTime>(host_clocks(own), own.clock_leap);
  if (!own.desk.at_hand)
    own.desk.at_hand = std::make_shared<AtHandBudget>(limits::at_hand_total_bytes, own.open_events);
  own.desk.hash_key = new_hash_key();
}
BoxOffice::~BoxOffice() = default;

Result<Event> BoxOffice::create_event(const NewEvent& event) {
  if (event.id.empty() || !event.seat_map) {
    Refusal refusal;
    refusal.message = "a new event needs an id and a seat map";
    return refusal;
  }
  CreateEvent command;
  command.event = event.id;
  command.seat_map = shared_seat_map(event.seat_map);
  command.sale = event.sale;
  command.settings = {event.name.empty() ? event.id.text() : event.name,
                      event.venue.empty() ? event.seat_map->name() : event.venue,
                      event.starts_at,
                      event.prices,
                      event.policy,
                      event.time_zone};
  detail::EventDesk& desk = body_->desk(event.id);
  Command create{or_new(event.request), std::move(command)};
  const Answer answer = std::move(desk.call({&create, 1}).front());
  if (answer.refusal()) return refusal_of(answer);
  return Event(desk, desk.id(), *answer.event);
}

Result<Event> BoxOffice::event(const EventId& id) {
  detail::EventDesk* const desk = body_->find_desk(id);
  auto seen = desk ? desk->availability() : nullptr;
  if (desk && !seen) {
    desk->visit([&seen](Desk& opened) {
      opened.catch_up();
      seen = opened.availability();
    });
  }
  if (!seen) return explain({Reason::event_not_found, id.text()}, nullptr, nullptr);
  return Event(*desk, desk->id(), *seen);
}

std::vector<EventId> BoxOffice::events() {
  constexpr std::string_view prefix = "event/";
  std::vector<EventId> ids;
  for (const StreamId& stream : body_->storage.list_streams(prefix))
    ids.emplace_back(stream.substr(prefix.size()));
  return ids;
}

std::optional<std::chrono::microseconds> BoxOffice::store_clock_ahead() const {
  return body_->options.desk.store_time->ahead();
}

std::string BoxOffice::code(const Ticket& ticket) const {
  if (!body_->options.signing_key)
    throw std::logic_error("the box office has no signing key; give it one in BoxOfficeOptions::signing_key");
  return ticket_code({ticket.event, ticket.id}, *body_->options.signing_key);
}

void BoxOffice::run() { body_->scheduler.run(); }
void BoxOffice::poll() { body_->scheduler.poll(); }
void BoxOffice::stop() { body_->scheduler.stop(); }

}  // namespace ticketcore
