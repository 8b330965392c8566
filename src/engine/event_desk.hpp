#pragma once
// The thread shell around a Desk: a queue, a leader, and those who wait. And the scheduler, where desks that
// have submitted commands but nobody blocking on them wait for a thread of the host's.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "ticketcore/engine/box_office.hpp"

namespace ticketcore::detail {

class EventDesk;

/// Desks waiting for a thread to serve them.
class Scheduler {
 public:
  void add(EventDesk& desk);
  void run();
  void poll();
  void stop();

 private:
  [[nodiscard]] EventDesk* next(bool wait);

  std::mutex mutex_;
  std::condition_variable news_;
  // A chain through the desks themselves: to be added takes no memory, and so can't fail.
  EventDesk* first_ = nullptr;
  EventDesk* last_ = nullptr;
  bool stopped_ = false;
};

/// Desks whose state is in memory. Past the bound the one used longest ago, of those nobody works at, is let
/// go.
class OpenDesks {
 public:
  explicit OpenDesks(std::size_t bound) : bound_(std::max<std::size_t>(bound, 1)) {}
  /// Memory for so many desks in all, so that add needs none.
  void reserve(std::size_t desks);
  /// Whoever calls this leads no desk.
  void add(EventDesk& desk);
  /// Counts up with each opening. Whatever is used between two of them counts as used at once.
  [[nodiscard]] std::uint64_t now() const noexcept { return openings_.load(std::memory_order_relaxed); }

 private:
  [[nodiscard]] EventDesk* take_one_to_let_go(const EventDesk& besides);

  std::size_t bound_;
  std::mutex mutex_;
  std::vector<EventDesk*> desks_;
  std::atomic<std::uint64_t> openings_{1};
};

class EventDesk {
 public:
  using Callback = std::function<void(const Answer&)>;
  using Visit = std::function<void(Desk&)>;

  EventDesk(Storage& storage, EventId id, const BoxOfficeOptions& options, Scheduler& scheduler,
            OpenDesks& open_desks);
  ~EventDesk();
  EventDesk(const EventDesk&) = delete;
  EventDesk& operator=(const EventDesk&) = delete;

  /// Blocks until every command's answer is durable; takes the commands away. The answers stand at the
  /// commands' positions.
  [[nodiscard]] std::vector<Answer> call(std::span<Command> commands);
  void submit(Command command, Callback callback);
  /// Runs between turns, alone with the desk, whose state may not be current; what it throws comes back to
  /// the caller.
  void visit(const Visit& visit);
  /// The same for who reads the state: it is caught up with the log first unless it is current. Throws
  /// StorageError.
  void read(const Visit& visit);
  /// One turn for what is queued, if nobody else leads.
  void serve();

  [[nodiscard]] const EventId& id() const noexcept { return id_; }
  [[nodiscard]] const BoxOfficeOptions& options() const noexcept { return options_; }
  /// Null until the event is known to exist, and while it is let go.
  [[nodiscard]] std::shared_ptr<const Availability> availability() const;
  /// Since somebody here began to look at the log, up to its end.
  [[nodiscard]] std::chrono::microseconds age() const;

  // For OpenDesks.
  [[nodiscard]] std::uint64_t last_used() const noexcept {
    return last_used_.load(std::memory_order_relaxed);
  }
  /// True: the caller leads, and must let_go.
  [[nodiscard]] bool try_lead_to_let_go();
  void let_go();

 private:
  /// Somebody blocked in call or visit. Shared with the leader, who may still be waking when the call has
  /// returned.
  struct Waiter {
    enum State : int { waiting, lead, done };
    std::atomic<int> state{waiting};
    std::vector<Answer> answers{};  // the leader's until state is done
    std::size_t missing = 0;        // likewise
    std::exception_ptr error{};

    void wake(State to) {
      state.store(to, std::memory_order_release);
      state.notify_one();
    }
    [[nodiscard]] int wait() {
      state.wait(waiting, std::memory_order_acquire);
      return state.load(std::memory_order_acquire);
    }
  };
  /// Who gets an answer: a waiter or a callback.
  struct Delivery {
    std::shared_ptr<Waiter> waiter{};
    std::size_t position = 0;  ///< Of the waiter's answer.
    Callback callback{};
  };
  struct PendingVisit {
    const Visit* visit;
    std::shared_ptr<Waiter> waiter;
  };

  friend class Scheduler;
  /// Somebody leads until this goes, whatever is thrown meanwhile.
  struct Lead {
    EventDesk& desk;
    explicit Lead(EventDesk& led) : desk(led) {
      desk.leader_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    }
    ~Lead() {
      desk.leader_.store({}, std::memory_order_relaxed);
      desk.hand_over();
    }
    Lead(const Lead&) = delete;
    Lead& operator=(const Lead&) = delete;
  };

  /// Throws std::logic_error on the leader's own thread, which would wait for itself.
  void check_not_leading() const;
  void use() const noexcept { last_used_.store(open_desks_.now(), std::memory_order_relaxed); }
  void lead_until(const Waiter& waiter);
  void make_room(std::size_t count);
  void serve_batch(std::size_t count);
  void note_begin() noexcept;
  void save_snapshot_if_due();
  void tell(const char* what);
  /// What the work throws goes to on_trouble; otherwise is said of what is no std::exception.
  template <class Work>
  void tell_of_throws(const char* otherwise, const Work& work);
  /// What the callback throws goes to on_trouble.
  void call_back(const Callback& callback, const Answer& answer);
  [[nodiscard]] bool queue_is_full() const noexcept { return queue_.size() >= limits::queued_commands; }
  [[nodiscard]] bool nothing_waits() const noexcept { return taken_.size() == served_ && queue_.empty(); }
  [[nodiscard]] const std::shared_ptr<Waiter>* next_waiter() const;
  void take_turn();
  void hand_over();
  void publish();
  /// No answers: there was no memory for them.
  void deliver(std::size_t count, std::span<Answer> answers);
  void run_visits();

  const EventId id_;
  const BoxOfficeOptions& options_;
  Scheduler& scheduler_;
  OpenDesks& open_desks_;
  mutable std::atomic<std::uint64_t> last_used_{0};

  std::mutex mutex_;  // guards the queue, the flags and the count
  std::vector<Command> queue_;
  std::vector<Delivery> deliveries_;
  std::vector<PendingVisit> visits_;
  std::size_t blocked_ = 0;  // commands that somebody waits for, in the queue and in what was taken of it
  bool led_ = false;
  std::atomic<std::thread::id> leader_{};
  bool scheduled_ = false;

  // Touched only by the leader, or under the mutex while nobody leads. The queue is taken whole and served
  // batch by batch, so that a long one is not moved up for each.
  Desk desk_;
  bool was_halted_ = false;
  std::chrono::microseconds began_at_{};  // the turn or visit under way
  std::uint64_t looks_ = 0;               // of the desk, as far as they are published
  bool just_opened_ = false;
  std::vector<Command> taken_;
  std::vector<Delivery> taken_deliveries_;
  std::size_t served_ = 0;

  EventDesk* next_ready_ = nullptr;  // the scheduler's

  mutable std::mutex published_mutex_;  // held for the copy of one pointer
  std::shared_ptr<const Availability> published_;
  static constexpr auto never = std::chrono::microseconds::min();
  std::atomic<std::chrono::microseconds> looked_at_{never};  // on options_.steady
};

}  // namespace ticketcore::detail
