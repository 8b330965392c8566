#include "event_desk.hpp"

#include <algorithm>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "forced_unwind.hpp"

namespace ticketcore::detail {
namespace {

[[nodiscard]] Answer unavailable(const Command& command, std::string why) {
  Answer answer;
  answer.request = command.request;
  answer.outcome = RequestRefused(Reason::storage_unavailable, std::move(why));
  return answer;
}

const std::string too_many_wait =
    std::to_string(limits::queued_commands) + " commands wait for this event, as many as may";

}  // namespace

void Scheduler::add(EventDesk& desk) {
  {
    const std::lock_guard lock(mutex_);
    (first_ == nullptr ? first_ : last_->next_ready_) = &desk;
    last_ = &desk;
  }
  news_.notify_one();
}

EventDesk* Scheduler::next(bool wait) {
  std::unique_lock lock(mutex_);
  if (wait) news_.wait(lock, [this] { return stopped_ || first_ != nullptr; });
  if (first_ == nullptr || (wait && stopped_)) return nullptr;
  EventDesk* desk = first_;
  first_ = std::exchange(desk->next_ready_, nullptr);
  return desk;
}

void Scheduler::run() {
  while (EventDesk* desk = next(true)) desk->serve();
}

void Scheduler::poll() {
  while (EventDesk* desk = next(false)) desk->serve();
}

void Scheduler::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  news_.notify_all();
}

void OpenDesks::reserve(std::size_t desks) {
  const std::lock_guard lock(mutex_);
  if (desks_.capacity() < desks) desks_.reserve(std::max(desks, 2 * desks_.capacity()));
}

void OpenDesks::add(EventDesk& desk) {
  {
    const std::lock_guard lock(mutex_);
    openings_.fetch_add(1, std::memory_order_relaxed);
    if (std::find(desks_.begin(), desks_.end(), &desk) == desks_.end()) desks_.push_back(&desk);
  }
  while (EventDesk* idle = take_one_to_let_go(desk)) idle->let_go();
}

EventDesk* OpenDesks::take_one_to_let_go(const EventDesk& besides) {
  const std::lock_guard lock(mutex_);
  if (desks_.size() <= bound_) return nullptr;
  std::sort(desks_.begin(), desks_.end(),
            [](const EventDesk* a, const EventDesk* b) { return a->last_used() < b->last_used(); });
  const auto idle = std::find_if(desks_.begin(), desks_.end(), [&](EventDesk* desk) {
    return desk != &besides && desk->try_lead_to_let_go();
  });
  if (idle == desks_.end()) return nullptr;
  EventDesk* const taken = *idle;
  desks_.erase(idle);
  return taken;
}

EventDesk::EventDesk(Storage& storage, EventId id, const BoxOfficeOptions& options, Scheduler& scheduler,
                     OpenDesks& open_desks)
    : id_(std::move(id)),
      options_(options),
      scheduler_(scheduler),
      open_desks_(open_desks),
      desk_(storage, id_, options.desk) {}

bool EventDesk::try_lead_to_let_go() {
  const std::lock_guard lock(mutex_);
  if (led_ || scheduled_ || was_halted_ || !nothing_waits() || !visits_.empty()) return false;
  led_ = true;
  return true;
}

void EventDesk::let_go() {
  const Lead lead{*this};
  tell_of_throws("letting the event go threw something that is no std::exception", [&] { desk_.let_go(); });
  taken_ = {};
  taken_deliveries_ = {};
  {
    const std::lock_guard lock(mutex_);
    if (queue_.empty()) queue_ = {};
    if (deliveries_.empty()) deliveries_ = {};
  }
  publish();
}

EventDesk::~EventDesk() {
  const auto close = [this](std::span<const Command> commands, std::span<const Delivery> deliveries) {
    for (std::size_t index = 0; index < commands.size(); ++index) {
      if (deliveries[index].callback)
        call_back(deliveries[index].callback, unavailable(commands[index], "the box office was closed"));
    }
  };
  close(std::span(taken_).subspan(served_), std::span(taken_deliveries_).subspan(served_));
  close(queue_, deliveries_);
}

std::shared_ptr<const Availability> EventDesk::availability() const {
  use();
  const std::lock_guard lock(published_mutex_);
  return published_;
}

std::chrono::microseconds EventDesk::age() const {
  const std::chrono::microseconds looked_at = looked_at_.load(std::memory_order_acquire);
  return looked_at == never ? std::chrono::microseconds::max() : options_.steady() - looked_at;
}

std::vector<Answer> EventDesk::call(std::span<Command> commands) {
  if (commands.empty()) return {};
  check_not_leading();
  const auto me = std::make_shared<Waiter>();
  me->answers.resize(commands.size());
  me->missing = commands.size();
  {
    std::unique_lock lock(mutex_);
    if (queue_is_full()) {
      for (std::size_t position = 0; position < commands.size(); ++position)
        me->answers[position] = unavailable(commands[position], too_many_wait);
      return std::move(me->answers);
    }
    make_room(commands.size());
    for (std::size_t position = 0; position < commands.size(); ++position) {
      queue_.push_back(std::move(commands[position]));
      deliveries_.push_back({me, position, {}});
    }
    blocked_ += commands.size();
    if (std::exchange(led_, true)) {
      lock.unlock();
      if (me->wait() == Waiter::done) return std::move(me->answers);
    }
  }
  lead_until(*me);
  return std::move(me->answers);
}

void EventDesk::check_not_leading() const {
  if (leader_.load(std::memory_order_relaxed) != std::this_thread::get_id()) return;
  throw std::logic_error("a callback, on_trouble or a reader of event " + id_.text() +
                         " calls the event so that it must wait for the turn that it is called from: submit, "
                         "or call from another thread");
}

// All of the memory that queueing takes, so that a command never stands in the queue without who waits for
// it.
void EventDesk::make_room(std::size_t count) {
  const std::size_t needed = queue_.size() + count;
  if (queue_.capacity() < needed) queue_.reserve(std::max(needed, 2 * queue_.capacity()));
  if (deliveries_.capacity() < needed) deliveries_.reserve(std::max(needed, 2 * deliveries_.capacity()));
}

void EventDesk::read(const Visit& visit) {
  this->visit([&](Desk& desk) {
    if (!desk.current()) desk.catch_up();
    visit(desk);
  });
}

void EventDesk::visit(const Visit& visit) {
  check_not_leading();
  const auto me = std::make_shared<Waiter>();
  bool lead = true;
  {
    std::unique_lock lock(mutex_);
    visits_.push_back({&visit, me});
    if (std::exchange(led_, true)) {
      lock.unlock();
      lead = me->wait() == Waiter::lead;
    }
  }
  if (lead) lead_until(*me);
  if (me->error) std::rethrow_exception(me->error);
}

void EventDesk::submit(Command command, Callback callback) {
  bool full = false;
  {
    const std::lock_guard lock(mutex_);
    full = queue_is_full();
    if (!full) {
      make_room(1);
      queue_.push_back(std::move(command));
      deliveries_.push_back({nullptr, 0, std::move(callback)});
      if (led_ || std::exchange(scheduled_, true)) return;
    }
  }
  if (!full) return scheduler_.add(*this);
  if (callback) callback(unavailable(command, too_many_wait));
}

void EventDesk::serve() {
  {
    const std::lock_guard lock(mutex_);
    scheduled_ = false;
    if (led_ || nothing_waits()) return;
    led_ = true;
  }
  bool opened = false;
  {
    const Lead lead{*this};
    take_turn();
    opened = std::exchange(just_opened_, false);
  }
  if (opened) open_desks_.add(*this);
}

void EventDesk::lead_until(const Waiter& waiter) {
  bool opened = false;
  {
    const Lead lead{*this};
    use();
    do {
      take_turn();
    } while (waiter.state.load(std::memory_order_acquire) != Waiter::done);
    opened = std::exchange(just_opened_, false);
  }
  if (opened) open_desks_.add(*this);
}

const std::shared_ptr<EventDesk::Waiter>* EventDesk::next_waiter() const {
  for (const auto& deliveries : {std::span(taken_deliveries_).subspan(served_), std::span(deliveries_)}) {
    const auto waits = std::find_if(deliveries.begin(), deliveries.end(),
                                    [](const Delivery& delivery) { return delivery.waiter != nullptr; });
    if (waits != deliveries.end()) return &waits->waiter;
  }
  return nullptr;
}

void EventDesk::hand_over() {
  std::shared_ptr<Waiter> next;
  {
    const std::lock_guard lock(mutex_);
    if (blocked_ > 0) {
      next = *next_waiter();
    } else if (!visits_.empty()) {
      next = visits_.front().waiter;
    } else {
      led_ = false;
      if (nothing_waits() || std::exchange(scheduled_, true)) return;
    }
  }
  if (next) {
    next->wake(Waiter::lead);
  } else {
    scheduler_.add(*this);
  }
}

void EventDesk::take_turn() {
  {
    const std::lock_guard lock(mutex_);
    if (taken_.empty()) {
      taken_.swap(queue_);
      taken_deliveries_.swap(deliveries_);
    }
  }
  const std::size_t count = std::min(taken_.size() - served_, limits::commands_per_batch);
  if (count > 0) serve_batch(count);
  run_visits();
}

// A host's clock may fail. The turn then says so to its callers; the age of what it shows is not known.
void EventDesk::note_begin() noexcept {
  try {
    began_at_ = options_.steady();
  } catch (...) {
    began_at_ = never;
  }
}

void EventDesk::serve_batch(std::size_t count) {
  std::vector<Answer> answers;
  note_begin();
  try {
    answers = desk_.take_turn(std::span(taken_).subspan(served_, count));
  } catch (const std::bad_alloc&) {
    // Every caller must get an answer: here one that needs no memory.
  } catch (...) {
    // The thread is being ended from outside, in the middle of a turn.
    desk_.distrust();
    deliver(count, {});
    throw;
  }
  publish();
  deliver(count, answers);
  save_snapshot_if_due();
}

// Whom to tell is the host's; that it must not throw, too, and nobody else could be told if it does.
void EventDesk::tell(const char* what) {
  if (!options_.on_trouble) return;
  try {
    options_.on_trouble(id_, what);
  } catch (const ForcedUnwind&) {
    throw;
  } catch (...) {
  }
}

template <class Work>
void EventDesk::tell_of_throws(const char* otherwise, const Work& work) {
  try {
    work();
  } catch (const std::exception& error) {
    tell(error.what());
  } catch (const ForcedUnwind&) {
    throw;
  } catch (...) {
    tell(otherwise);
  }
}

void EventDesk::call_back(const Callback& callback, const Answer& answer) {
  tell_of_throws("a callback threw something that is no std::exception", [&] { callback(answer); });
}

void EventDesk::publish() {
  if (const bool halted = !desk_.halted().empty(); halted != was_halted_) {
    was_halted_ = halted;
    if (halted) tell(desk_.halted().c_str());
  }
  if (published_ != desk_.availability()) {
    if (!published_) just_opened_ = true;
    const std::lock_guard lock(published_mutex_);
    published_ = desk_.availability();
  }
  // After what was seen: who asks for the age first, and for the availability then, never takes it for newer
  // than it is.
  if (looks_ == desk_.looks()) return;
  looks_ = desk_.looks();
  looked_at_.store(began_at_, std::memory_order_release);
}

void EventDesk::deliver(std::size_t count, std::span<Answer> answers) {
  static_assert(std::is_nothrow_move_assignable_v<Answer>);
  const auto commands = std::span(taken_).subspan(served_, count);
  const auto deliveries = std::span(taken_deliveries_).subspan(served_, count);
  served_ += count;
  const auto waiters = std::count_if(deliveries.begin(), deliveries.end(),
                                     [](const Delivery& delivery) { return delivery.waiter != nullptr; });
  if (waiters > 0) {
    const std::lock_guard lock(mutex_);
    blocked_ -= static_cast<std::size_t>(waiters);
  }
  for (std::size_t index = 0; index < count; ++index) {
    const Delivery delivery = std::move(deliveries[index]);
    Answer answer =
        answers.empty() ? unavailable(commands[index], "out of memory") : std::move(answers[index]);
    if (delivery.waiter) {
      delivery.waiter->answers[delivery.position] = std::move(answer);
      if (--delivery.waiter->missing == 0) delivery.waiter->wake(Waiter::done);
    } else if (delivery.callback) {
      call_back(delivery.callback, answer);
    }
  }
  if (served_ == taken_.size()) {
    taken_.clear();
    taken_deliveries_.clear();
    served_ = 0;
  }
}

void EventDesk::save_snapshot_if_due() {
  if (!desk_.snapshot_due()) return;
  // Only a cache, and the answers are out. The next one is tried when the log has grown as much again.
  tell_of_throws("saving a snapshot threw something that is no std::exception",
                 [&] { desk_.save_snapshot(); });
}

void EventDesk::run_visits() {
  std::vector<PendingVisit> visits;
  {
    const std::lock_guard lock(mutex_);
    visits.swap(visits_);
  }
  for (PendingVisit& pending : visits) {
    note_begin();
    try {
      (*pending.visit)(desk_);
    } catch (...) {
      pending.waiter->error = std::current_exception();
    }
    publish();
    pending.waiter->wake(Waiter::done);
  }
}

}  // namespace ticketcore::detail
