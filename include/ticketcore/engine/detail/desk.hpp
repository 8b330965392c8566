#pragma once
// The desk of one event: queue in, turn, answers out. Plain single-threaded code over a Storage: it waits
// only inside the storage, reads no clock of its own and starts no thread, so that a simulator can drive it
// step by step. BoxOffice puts the locks and the waiting around it.

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ticketcore/engine/availability.hpp"
#include "ticketcore/engine/detail/brought_maps.hpp"
#include "ticketcore/engine/detail/entries_at_hand.hpp"
#include "ticketcore/log/log.hpp"
#include "ticketcore/log/snapshot.hpp"
#include "ticketcore/sale/decide.hpp"
#include "ticketcore/storage/detail/store_time.hpp"
#include "ticketcore/storage/storage.hpp"

namespace ticketcore {

/// An order with its tickets, copied out of the state at the time of the answer.
struct OrderCopy {
  OrderRecord order{};
  std::vector<TicketRecord> tickets{};
  std::string holder{};
  std::string payment_method{};
  std::uint32_t number = 0;  ///< Counts the event's orders from 1.
};

/// What a command came to, durable when it is handed out.
struct Answer {
  RequestId request{};                           ///< The command's.
  std::variant<RequestRefused, Fact> outcome{};  ///< The fact that grants it, or why not.
  Timestamp turn{};                              ///< When it was decided.
  Revision revision = 0;                         ///< The log's revision that the answer reflects.
  std::shared_ptr<const OrderCopy> order{};      ///< For a fact that places or names one.
  std::shared_ptr<const Availability> event{};   ///< The event after the turn; null if there is none.

  /// nullptr if it was granted.
  [[nodiscard]] const RequestRefused* refusal() const noexcept {
    return std::get_if<RequestRefused>(&outcome);
  }
  /// nullptr if it was refused.
  [[nodiscard]] const Fact* fact() const noexcept { return std::get_if<Fact>(&outcome); }
  /// The fact's body; nullptr if it was refused, or granted by another kind of fact.
  template <class Body>
  [[nodiscard]] const Body* granted() const noexcept {
    return fact() == nullptr ? nullptr : std::get_if<Body>(&fact()->body);
  }
};

struct DeskOptions {
  /// A snapshot is due when the log has grown by this much since the last.
  std::size_t snapshot_every_bytes = 16U << 20;
  /// How often a commit of unknown outcome is looked into before its callers are told so.
  int outcome_attempts = 3;
  /// Turns that its clocks can't explain are refused. None: every turn's time is believed, up to
  /// limits::turn_latest.
  std::shared_ptr<StoreTime> store_time{};
  /// Of all desks of a box office, which puts in its own. None: each keeps up to limits::at_hand_bytes.
  std::shared_ptr<AtHandBudget> at_hand{};
  /// Of the state's tables. A box office puts in its own; who makes a desk for strangers' ids draws one, too
  /// (new_hash_key).
  HashKey hash_key{};
};

class Desk {
 public:
  /// Reads nothing yet. The storage must outlive the desk.
  Desk(Storage& storage, EventId event, DeskOptions options = {});

  /// One turn for all of them, in order (several when their facts pass limits::batch_bytes): catches up with
  /// the log, expires what is due, decides, commits. The answers stand at the commands' positions. Nothing is
  /// thrown for a failing storage or a broken state: the answers then say storage_unavailable or halted, and
  /// which of them took place shows when they are repeated. Requests that come again are looked up in the log
  /// before the turn, each entry once. Throws std::bad_alloc when there is no memory for the answers, and
  /// nothing was done then; memory that runs out later is answered with storage_unavailable.
  [[nodiscard]] std::vector<Answer> take_turn(std::span<const Command> commands);

  /// An operator has looked: the store's clock is right, however far it is from the last turn. Takes a turn
  /// at its time, which changes nothing else (the sale's status is set to what it is), and is then the last
  /// turn for all hosts.
  [[nodiscard]] Answer confirm_time(RequestId request);

  /// Reads what others have committed. Throws StorageError; for a desk that is halted, too. After
  /// HistoryReplaced the state is not current: only the history that was read is shown, or none.
  void catch_up();

  /// To be read while current() only.
  [[nodiscard]] const EventState& state() const noexcept { return at_.state; }
  /// True at the end of a turn or a catch_up that came to its end, until the next one begins to read or to
  /// decide. Else the state may be empty, older than what was shown before, or hold what the log does not:
  /// catch_up first.
  [[nodiscard]] bool current() const noexcept { return standing_ == Standing::current && halted_.empty(); }
  [[nodiscard]] Revision revision() const noexcept { return at_.revision; }
  /// Counts the turns and catch_ups that came to their end: how often the log was looked at up to its end.
  [[nodiscard]] std::uint64_t looks() const noexcept { return looks_; }
  [[nodiscard]] const StreamId& stream() const noexcept { return stream_; }
  /// Null until the event exists.
  [[nodiscard]] const std::shared_ptr<const Availability>& availability() const noexcept {
    return availability_;
  }

  [[nodiscard]] bool snapshot_due() const noexcept {
    return log_bytes_since_snapshot_ >= options_.snapshot_every_bytes;
  }
  /// Throws StorageError.
  void save_snapshot();

  /// Frees what the state takes; the next turn or catch_up reads the log anew. Saves a snapshot first where
  /// reading would take long. Not while halted. Throws StorageError when the snapshot can't be saved; the
  /// state is let go then, too.
  void let_go();

  /// Why the desk sells nothing more, or empty.
  [[nodiscard]] const std::string& halted() const noexcept { return halted_; }
  /// Forgets the state and whatever halted it; the next turn or catch_up reads the log anew. It throws
  /// StorageDamaged when the event was made anew with another seat map while somebody still has the old one:
  /// his places are other seats now.
  void reopen();
  /// The state may hold what the log does not, and is read anew before it is used again.
  void distrust() noexcept { standing_ = Standing::unread; }

 private:
  /// What the state is, beside the log.
  enum class Standing : std::uint8_t {
    unread,   ///< Nothing that may be built upon.
    behind,   ///< As the log was at revision(), which may be older than what was shown.
    current,  ///< As at the end of the last turn or catch_up, and published.
  };
  /// A fact that answers a request, as the log has it.
  struct Found {
    Fact fact{};
    Timestamp turn{};
  };

  /// Answers as many of the commands, from the first, as one turn takes, and says how many: all when it
  /// fails.
  [[nodiscard]] std::size_t turn_for_some(std::span<const Command> commands, std::span<Answer> answers);
  [[nodiscard]] std::size_t attempt_turn(std::span<const Command> commands, std::span<Answer> answers);
  void forget();
  void load();
  void read_log();
  /// Throws StorageDamaged when the state is not one that this desk's callers can be shown.
  void check_event();
  void publish();
  void check_clock(Timestamp store) const;
  /// Finds what the state remembers of the commands' requests, reading each entry once.
  void look_up(std::span<const Command> commands);
  void look_up_in(const Entry& entry, std::span<const std::pair<Revision, RequestId>> wanted);
  void check_log_reaches_snapshot(const StateAtRevision& snapshot) const;
  void check_known(Revision known, std::uint32_t checksum, std::span<const Entry> page) const;
  void check_log_reaches_known() const;
  void apply_entry(const Entry& entry);
  void apply(const Fact& fact, const FactPosition& position);
  void record(Fact fact, Timestamp now);
  void commit(Turn& turn);
  [[nodiscard]] Answer answer_to(const Command& command, Timestamp now, std::span<const Answer> before);
  [[nodiscard]] Answer repeat(RequestId request, Revision revision, std::span<const Answer> before);
  void add_order(Answer& answer) const;
  void answer_all(std::span<const Command> commands, std::span<Answer> answers, Reason reason,
                  std::string_view why) const noexcept;

  Storage& storage_;
  EventId event_;
  StreamId stream_;
  DeskOptions options_;
  StateAtRevision at_;
  Standing standing_ = Standing::unread;
  std::uint64_t looks_ = 0;
  /// The newest entry ever read or written here, kept when the state is not: callers may have been told of
  /// it, and a log without it is another history.
  Revision known_ = 0;
  std::uint32_t known_checksum_ = 0;
  bool publish_anew_ = false;                ///< Since it was reopened, nothing was shown.
  std::weak_ptr<const SeatMap> map_before_;  ///< Before it was reopened, until the log is read.
  EntriesAtHand at_hand_;
  std::map<RequestId, Found> found_;                ///< Of this turn's requests, those that the log answers.
  std::map<RequestId, std::size_t> answered_here_;  ///< Positions in this turn; filled when one is asked for.
  std::size_t indexed_ = 0;                         ///< So many of this turn's answers are in answered_here_.
  BroughtMaps maps_;                                ///< By this turn's commands.
  std::shared_ptr<const SeatMap> given_map_{};      ///< What the event's map was replaced by last.
  std::size_t log_bytes_since_snapshot_ = 0;
  EntryWriter writer_;
  AvailabilityPublisher publisher_;
  std::shared_ptr<const Availability> availability_;
  std::string halted_;
  bool time_confirmed_ = false;  ///< In the turn under way.
};

/// Null if there is no such order.
[[nodiscard]] std::shared_ptr<const OrderCopy> copy_order(const EventState& state, OrderId id);

}  // namespace ticketcore
