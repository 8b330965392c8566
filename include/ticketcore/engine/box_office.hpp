#pragma once
// BoxOffice: the facade that a host program holds. One BoxOffice on one Storage serves any number of events,
// from any number of threads, with no thread of its own: callers queue at an event's desk, the first of them
// takes a turn for everybody queued, and wakes them when the batch is durable. While that happens the next
// batch gathers.

#include <chrono>
#include <concepts>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ticketcore/base/result.hpp"
#include "ticketcore/engine/answers.hpp"
#include "ticketcore/engine/availability.hpp"
#include "ticketcore/engine/detail/desk.hpp"
#include "ticketcore/engine/seating.hpp"
#include "ticketcore/sale/commands.hpp"
#include "ticketcore/sale/hold_outcome.hpp"
#include "ticketcore/storage/storage.hpp"
#include "ticketcore/tickets/signing.hpp"
#include "ticketcore/tickets/ticket_code.hpp"

namespace ticketcore {

struct BoxOfficeOptions {
  /// Signs ticket codes; without one code() throws std::logic_error.
  std::optional<SigningKey> signing_key{};
  /// Keys whose tickets are let in besides the signing key's own: earlier keys, a partner's.
  std::vector<VerifyKey> trusted_keys{};
  /// What readers of availability take for now; turns go by the storage's clock. Default: the system's.
  std::function<Timestamp()> clock{};
  /// A steady clock, which is never set: it tells a clock that leapt from an event that had no turn for long.
  /// Default: the system's, which goes on while the machine sleeps; if clock above is given, that one.
  std::function<std::chrono::microseconds()> steady{};
  /// A turn further than this past the event's last one must be confirmed by a clock of this host, steady or
  /// wall (store_time.hpp). Otherwise commands are answered with storage_unavailable until an operator
  /// confirms the time.
  std::chrono::seconds clock_leap = limits::clock_leap;
  /// Events whose state is kept in memory. Past this number the event unused for longest is let go, and read
  /// anew when it is used again; handles stay valid. An event that is at work or halted is kept in any case.
  /// At least 1.
  std::size_t open_events = limits::open_events;
  DeskOptions desk{};
  /// Hears why an event halts, why a snapshot could not be saved, and what a callback threw, on the thread
  /// that met it. Must not throw, and must not call the event in a way that waits (reopen, say): that throws
  /// std::logic_error. Another thread may.
  std::function<void(const EventId&, const std::string&)> on_trouble{};
};

/// What create_event needs.
struct NewEvent {
  EventId id{};
  std::string name{};   ///< The id if empty.
  std::string venue{};  ///< The seat map's name if empty.
  Timestamp starts_at{};
  std::string time_zone{};  ///< An IANA name, "Europe/Kyiv"; UTC if empty.
  std::shared_ptr<const SeatMap> seat_map{};
  PriceList prices{};
  SalePolicy policy{};
  SaleStatus sale = SaleStatus::on_sale;
  RequestId request{};  ///< Made anew if zero.
};

/// Places by whole label and admissions by area label: all of them or none.
struct Selection {
  std::vector<std::string> places{};
  std::vector<AreaAdmissions> areas{};
};

/// Places that the event picks.
struct BestPlaces {
  std::uint32_t count = 1;
  std::vector<std::string> categories{};  ///< Keys, in order of preference. None: all, in the map's order.
  std::uint32_t accessible = 0;           ///< How many of them are wheelchair places.
  RestrictedView restricted_view = RestrictedView::avoid;
  Together together = Together::required;
};

struct HoldOptions {
  HolderId holder{};
  std::chrono::seconds ttl{600};
  RequestId request{};
};

struct PaymentSpec {
  std::string method{};     ///< "card", "cash".
  std::string reference{};  ///< The payment provider's.
  /// What was paid; refused if the hold costs another sum. None: whatever the hold is quoted at when the
  /// command is decided, so that a till need not know what another server has quoted.
  std::optional<Money> amount{};
};

struct CheckOutOptions {
  PaymentSpec payment{};
  RequestId request{};
};

struct RefundOptions {
  std::vector<TicketId> tickets{};  ///< None: all that are neither refunded nor admitted.
  std::string reference{};
  RequestId request{};
};

struct CheckInOptions {
  std::string gate{};
  RequestId request{};
};

namespace detail {
class EventDesk;
}

/// One event of a BoxOffice: a handle, cheap to copy, valid as long as the BoxOffice; id, seat_map and the
/// to_... functions outlive it. May be used from any thread. Calls that change something block until they are
/// durable or refused. RequestId zero, the default of every option, means a new one; pass your own to be able
/// to repeat a call whose answer was lost.
class Event {
 public:
  [[nodiscard]] const EventId& id() const noexcept;
  /// As of the last turn or refresh: another one where it was replaced. Waits as availability() does; the map
  /// that was there last where the event can't be read.
  [[nodiscard]] std::shared_ptr<const SeatMap> seat_map() const;
  /// As of the last turn or refresh. Never waits for a turn, unless the event was let go
  /// (BoxOfficeOptions::open_events): then the log is read, and StorageError thrown when that fails. Null
  /// once the event has been taken out of the store and the desk was reopened.
  [[nodiscard]] std::shared_ptr<const Availability> availability() const;
  /// How old availability() is: the time since the last turn or refresh that succeeded began. What others
  /// committed since is not in it. microseconds::max() if there was none.
  [[nodiscard]] std::chrono::microseconds age() const;
  /// Up to when what has been read says how holds stand: the last turn, or a second (limits::turn_longest)
  /// before the age() of what was read, whichever is later. At a later moment than this another process may
  /// be selling, in a turn that began before its deadline, a hold that would be shown as expired: an old
  /// revision with a newer clock shows a state that never was.
  [[nodiscard]] Timestamp known_until() const;
  /// Reads what other processes have committed; waits for a turn under way. Throws StorageError.
  void refresh() const;
  /// Makes what is read from now on at least as new as this revision of the event's log: one that an answer
  /// of another host carries. Costs nothing when that much has been seen; else it is a refresh. Throws
  /// StorageUnavailable when the log ends before it, StorageError.
  void refresh(Revision at_least) const;
  /// Of the log, as availability() shows it; 0 when there is none.
  [[nodiscard]] Revision revision() const;

  /// By whole labels, as hold({"A-1", "A-2"}, ...): texts of one type. With its type open it is never taken
  /// for what stands in braces of its own, hold({{"A-1", "A-2"}}, ...), which a string_view would take for
  /// the two ends of one text.
  template <std::convertible_to<std::string_view> Text>
  [[nodiscard]] Result<Hold> hold(std::initializer_list<Text> places, const HoldOptions& options) const {
    Selection selection;
    for (const std::string_view place : places) selection.places.emplace_back(place);
    return hold(selection, options);
  }
  /// A label that the map of a second ago or older does not have is looked for once more after a refresh, as
  /// another process may have replaced the map; hold_command does not do that.
  [[nodiscard]] Result<Hold> hold(const Selection& selection, const HoldOptions& options) const;
  [[nodiscard]] Result<Hold> hold_best(const BestPlaces& wish, const HoldOptions& options) const;
  /// The new deadline: now + ttl, or the end of the hold's lifetime if that comes first.
  [[nodiscard]] Result<std::chrono::sys_seconds> extend(HoldId hold, std::chrono::seconds ttl,
                                                        RequestId request = {}) const;
  Result<Done> release(HoldId hold, RequestId request = {}) const;
  [[nodiscard]] Result<Quote> quote(HoldId hold, const std::vector<TicketChoice>& choices,
                                    RequestId request = {}) const;
  [[nodiscard]] Result<Order> check_out(HoldId hold, const CheckOutOptions& options) const;
  [[nodiscard]] Result<Refund> refund(OrderId order, const RefundOptions& options = {}) const;
  /// Reads the code, checks its signature and the event it is for, then admits its ticket once.
  [[nodiscard]] Result<Admission> check_in(std::string_view code, const CheckInOptions& options) const;
  Result<Done> set_sale_status(SaleStatus status, RequestId request = {}) const;
  Result<Done> configure(const EventSettings& settings, RequestId request = {}) const;
  /// Puts another map in the place of the event's, also while it sells. Places are the same if their whole
  /// labels are (merge_seat_maps.hpp). Refused as places_in_use, with all of them, if held or sold places or
  /// admissions would go; an exchange takes who has one place to another, free one of the new map:
  /// replace_map(map, {{"Stalls-C-11", "Stalls-D-2"}}). O(places), in the turn.
  Result<Done> replace_map(std::shared_ptr<const SeatMap> map, const std::vector<Exchange>& exchanges = {},
                           RequestId request = {}) const;

  /// The order as it was placed; nullopt if there is none as of the last turn or refresh. Waits for a turn
  /// under way. Where the state is not current, after a turn or a reload that failed, this and the two below
  /// read the log first, and throw StorageError when that fails: they never show an empty or an older state.
  [[nodiscard]] std::optional<Order> find_order(OrderId order) const;
  /// The hold as it is; nullopt if there is none, or none any more at the time of the last turn. Waits for a
  /// turn under way.
  [[nodiscard]] std::optional<Hold> find_hold(HoldId hold) const;
  /// Whether the hold is open, or how it ended, and which order it became; as of the last turn or refresh,
  /// and of known_until(). nullopt if there never was such a hold, or if it is forgotten
  /// (limits::request_memory). Waits for a turn under way.
  [[nodiscard]] std::optional<HoldOutcome> hold_outcome(HoldId hold) const;
  /// A page of who has which place, as of the last turn or refresh. Waits for a turn under way; turns wait
  /// for a page.
  [[nodiscard]] SeatingPage seating(const SeatingOptions& options = {}) const;
  /// Shows the reader everything that is known of the event as of the last turn or refresh. Waits for a turn
  /// under way, and turns wait for the reader: it should be quick, and must not call the box office. What it
  /// throws comes back.
  void inspect(const std::function<void(const EventState&)>& reader) const;

  /// The same without blocking: queues the command and returns; the callback gets the answer once it is
  /// durable, on the thread that takes the turn: one inside BoxOffice::run or poll, or one that blocks on
  /// this event anyway. The callback may submit again; what it throws goes to on_trouble. It must not call
  /// what waits for a turn: std::logic_error on its own event. Thousands may be outstanding; past
  /// limits::queued_commands the callback is told storage_unavailable at once, on this thread.
  void submit(Command command, std::function<void(const Answer&)> callback) const;
  /// Any command by itself, answered by its own kind: ask(PlaceHold{...}) is a Result<Hold>. What the calls
  /// above do beyond it is to turn labels into places. Blocks until the answer is durable.
  template <class Body>
  requires requires { typename Body::GrantedBy; }
  Result<AnswerTo<Body>> ask(Body body, RequestId request = {}) const {
    return to<AnswerTo<Body>>(ask_one(std::move(body), request));
  }
  /// Many commands in one call, in as few turns as they fit in; blocks until the last answer is durable. The
  /// answers stand at the commands' positions.
  [[nodiscard]] std::vector<Answer> ask(std::vector<Command> commands) const;

  /// The commands that the blocking calls send, for submit and ask. A refusal here needs no turn: a label
  /// that the seat map of availability() does not have, a code that is not genuine.
  [[nodiscard]] Result<Command> hold_command(const Selection& selection, const HoldOptions& options) const;
  [[nodiscard]] Result<Command> hold_best_command(const BestPlaces& wish, const HoldOptions& options) const;
  [[nodiscard]] Result<Command> check_out_command(HoldId hold, const CheckOutOptions& options) const;
  [[nodiscard]] Result<Command> refund_command(OrderId order, const RefundOptions& options = {}) const;
  [[nodiscard]] Result<Command> check_in_command(std::string_view code, const CheckInOptions& options) const;

  /// What submit and a list's ask answer with, as the blocking calls return it: to<Hold>(answer). Value is
  /// one of AnswerTo's. An answer to another kind of command is refused as invalid_request.
  template <class Value>
  [[nodiscard]] Result<Value> to(const Answer& answer) const;

  /// After a halt: forgets the state and reads the log anew. Throws StorageError.
  void reopen() const;
  /// Confirms that the store's clock is right, where commands are refused because it leapt (clock_leap): an
  /// operator's decision. Durable, and for all hosts. Throws StorageError.
  Result<Done> confirm_time() const;
  /// Saves a snapshot now, so that the next opening is fast. Throws StorageError.
  void save_snapshot() const;

 private:
  friend class BoxOffice;
  Event(detail::EventDesk& desk, EventId id, const Availability& at)
      : desk_(&desk), id_(std::move(id)), seat_map_(at.shared_seat_map()) {}

  [[nodiscard]] Answer ask_one(Command command) const;
  /// The id is made anew if zero.
  [[nodiscard]] Answer ask_one(CommandBody body, RequestId request) const;

  detail::EventDesk* desk_;
  EventId id_;
  std::shared_ptr<const SeatMap> seat_map_;
};

template <>
Result<Hold> Event::to(const Answer& answer) const;
template <>
Result<std::chrono::sys_seconds> Event::to(const Answer& answer) const;
template <>
Result<Quote> Event::to(const Answer& answer) const;
template <>
Result<Order> Event::to(const Answer& answer) const;
template <>
Result<Refund> Event::to(const Answer& answer) const;
template <>
Result<Admission> Event::to(const Answer& answer) const;
template <>
Result<Done> Event::to(const Answer& answer) const;

class BoxOffice {
 public:
  /// The storage must outlive the box office. Nothing is read yet.
  explicit BoxOffice(Storage& storage, BoxOfficeOptions options = {});
  /// No call may be under way. Commands submitted and not yet taken are answered with storage_unavailable.
  ~BoxOffice();
  BoxOffice(const BoxOffice&) = delete;
  BoxOffice& operator=(const BoxOffice&) = delete;

  /// Creates the event and puts it on sale as asked.
  [[nodiscard]] Result<Event> create_event(const NewEvent& event);
  /// Opens an event, reading its log on first use. Throws StorageError.
  [[nodiscard]] Result<Event> event(const EventId& id);
  /// The ids of all events in the storage, sorted. Throws StorageError.
  [[nodiscard]] std::vector<EventId> events();

  /// How far the store's clock was ahead of this host's at the last turn of whatever event; below zero:
  /// behind. While it is behind an event's last turn, that event's time stands still and no hold of it runs
  /// out, without any call failing. nullopt before the first turn.
  [[nodiscard]] std::optional<std::chrono::microseconds> store_clock_ahead() const;

  /// What the ticket's barcode carries.
  [[nodiscard]] std::string code(const Ticket& ticket) const;

  /// Takes turns for submitted commands until stop() is called. Any number of threads may be in here.
  void run();
  /// Takes turns until nothing submitted is waiting.
  void poll();
  /// Makes run() return once the turns under way are done, and at once when it begins after this: a thread
  /// that is late to run() must not miss it. Commands still queued stay queued, for poll() and for callers
  /// that block.
  void stop();

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace ticketcore
