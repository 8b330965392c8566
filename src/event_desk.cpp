#include "event_desk.hpp"

#include <algorithm>
#include <utility>

namespace ticketcore::detail {
namespace {

/// Moves up to count elements from the front of one to another, empty vector.
template <class T>
void move_front(std::vector<T>& from, std::vector<T>& to, std::size_t count) {
  to.clear();
  if (from.size() <= count) {
    to.swap(from);
    return;
  }
  const auto end = from.begin() + static_cast<std::ptrdiff_t>(count);
  to.assign(std::make_move_iterator(from.begin()), std::make_move_iterator(end));
  from.erase(from.begin(), end);
}

}  // namespace

void Scheduler::add(EventDesk& desk) {
  {
    const std::lock_guard lock(mutex_);
    ready_.push_back(&desk);
  }
  news_.notify_one();
}

EventDesk* Scheduler::next(bool wait) {
  std::unique_lock lock(mutex_);
  if (wait) news_.wait(lock, [this] { return stopped_ || !ready_.empty(); });
  if (ready_.empty() || (wait && stopped_)) return nullptr;
  EventDesk* desk = ready_.front();
  ready_.pop_front();
  return desk;
}

void Scheduler::run() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = false;
  }
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

EventDesk::EventDesk(Storage& storage, EventId id, const BoxOfficeOptions& options, Scheduler& scheduler)
    : id_(std::move(id)), options_(options), scheduler_(scheduler), desk_(storage, id_, options.desk) {}

EventDesk::~EventDesk() {
  Answer answer;
  RequestRefused refused;
  refused.reason = Reason::storage_unavailable;
  refused.text = "the box office was closed";
  for (std::size_t index = 0; index < queue_.size(); ++index) {
    answer.fact = {queue_[index].request, refused};
    if (deliveries_[index].callback) deliveries_[index].callback(answer);
  }
}

std::shared_ptr<const Availability> EventDesk::availability() const {
  const std::lock_guard lock(published_mutex_);
  return published_;
}

Answer EventDesk::call(Command command) {
  const auto me = std::make_shared<Waiter>();
  {
    std::unique_lock lock(mutex_);
    queue_.push_back(std::move(command));
    deliveries_.push_back({me, {}});
    if (std::exchange(led_, true)) {
      lock.unlock();
      if (me->wait() == Waiter::done) return std::move(me->answer);
    }
  }
  lead_until(*me);
  return std::move(me->answer);
}

void EventDesk::visit(const Visit& visit) {
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
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(command));
    deliveries_.push_back({nullptr, std::move(callback)});
    if (led_ || std::exchange(scheduled_, true)) return;
  }
  scheduler_.add(*this);
}

void EventDesk::serve() {
  {
    const std::lock_guard lock(mutex_);
    scheduled_ = false;
    if (led_ || queue_.empty()) return;
    led_ = true;
  }
  take_turn();
  hand_over();
}

void EventDesk::lead_until(const Waiter& waiter) {
  do {
    take_turn();
  } while (waiter.state.load(std::memory_order_acquire) != Waiter::done);
  hand_over();
}

void EventDesk::hand_over() {
  std::shared_ptr<Waiter> next;
  {
    const std::lock_guard lock(mutex_);
    const auto waits = std::find_if(deliveries_.begin(), deliveries_.end(), [](const Delivery& delivery) { return delivery.waiter != nullptr; });
    if (waits != deliveries_.end()) {
      next = waits->waiter;
    } else if (!visits_.empty()) {
      next = visits_.front().waiter;
    } else {
      led_ = false;
      if (queue_.empty() || std::exchange(scheduled_, true)) return;
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
    move_front(queue_, batch_, limits::commands_per_batch);
    move_front(deliveries_, batch_deliveries_, limits::commands_per_batch);
    batch_visits_.clear();
    batch_visits_.swap(visits_);
  }
  if (!batch_.empty()) {
    std::vector<Answer> answers = desk_.take_turn(batch_);
    publish();
    deliver(answers);
  }
  run_visits();
}

void EventDesk::publish() {
  if (const bool halted = !desk_.halted().empty(); halted != was_halted_) {
    was_halted_ = halted;
    if (halted && options_.on_trouble) options_.on_trouble(id_, desk_.halted());
  }
  if (published_ == desk_.availability()) return;
  const std::lock_guard lock(published_mutex_);
  published_ = desk_.availability();
}

void EventDesk::deliver(std::vector<Answer>& answers) {
  for (std::size_t index = 0; index < answers.size(); ++index) {
    Delivery& delivery = batch_deliveries_[index];
    if (delivery.waiter) {
      delivery.waiter->answer = std::move(answers[index]);
      delivery.waiter->wake(Waiter::done);
    } else if (delivery.callback) {
      delivery.callback(answers[index]);
    }
  }
  batch_deliveries_.clear();
  if (!desk_.snapshot_due()) return;
  try {
    desk_.save_snapshot();
  } catch (const StorageError& error) {
    // Only a cache, and the answers are out. The next one is tried when the log has grown as much again.
    if (options_.on_trouble) options_.on_trouble(id_, error.what());
  }
}

void EventDesk::run_visits() {
  for (PendingVisit& pending : batch_visits_) {
    try {
      if (!desk_.settled()) desk_.catch_up();
      (*pending.visit)(desk_);
    } catch (...) {
      pending.waiter->error = std::current_exception();
    }
    publish();
    pending.waiter->wake(Waiter::done);
  }
  batch_visits_.clear();
}

}  // namespace ticketcore::detail
