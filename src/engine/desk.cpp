#include "ticketcore/engine/detail/desk.hpp"
#include "ticketcore/base/limits.hpp"

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

#include "forced_unwind.hpp"
#include "ticketcore/venue/merge_seat_maps.hpp"

namespace ticketcore {
namespace {

[[nodiscard]] std::string entry_name(Revision revision, const StreamId& stream) {
  return "entry " + std::to_string(revision) + " of " + stream;
}

}  // namespace

Desk::Desk(Storage& storage, EventId event, DeskOptions options)
    : storage_(storage),
      event_(std::move(event)),
      stream_(stream_of(event_)),
      options_(options),
      at_{EventState(options.hash_key), 0, 0},
      at_hand_(options.at_hand) {}

void Desk::reopen() {
  if (availability_) map_before_ = availability_->shared_seat_map();
  forget();
  known_ = 0;
  known_checksum_ = 0;
  publish_anew_ = true;
}

void Desk::forget() {
  if (at_.revision > known_) {
    known_ = at_.revision;
    known_checksum_ = at_.checksum;
  }
  standing_ = Standing::unread;
  at_ = {EventState(options_.hash_key), 0, 0};
  at_hand_.clear();
  log_bytes_since_snapshot_ = 0;
  publisher_ = {};
  halted_.clear();
}

void Desk::load() {
  forget();
  StateAtRevision loaded{EventState(options_.hash_key), 0, 0};
  if (const auto snapshot = storage_.load_snapshot(stream_)) {
    try {
      if (auto decoded =
              decode_snapshot(snapshot->bytes, "the snapshot of " + stream_, storage_, options_.hash_key);
          decoded && decoded->revision == snapshot->revision)
        loaded = std::move(*decoded);
    } catch (const StorageDamaged&) {
      // A snapshot is a cache: what it held is in the log, which is read from its beginning instead.
    }
  }
  check_log_reaches_snapshot(loaded);
  if (known_ > 0) check_known(known_, known_checksum_, storage_.read(stream_, known_ - 1, 1));
  at_ = std::move(loaded);
  standing_ = Standing::behind;
}

void Desk::publish() {
  check_event();
  // Another history may be as long as the one that was shown.
  if (publish_anew_ || !availability_ || availability_->revision() != at_.revision)
    availability_ = publisher_.publish(at_.state, at_.revision);
  publish_anew_ = false;
  at_hand_.trim();
  standing_ = Standing::current;
  ++looks_;
}

// A snapshot may outlive the log's last entries on a disk that lies about what it has written. What it holds
// was sold, and can't be proven any more.
void Desk::check_log_reaches_snapshot(const StateAtRevision& snapshot) const {
  if (snapshot.revision == 0) return;
  const std::string name = entry_name(snapshot.revision, stream_);
  const std::vector<Entry> last = storage_.read(stream_, snapshot.revision - 1, 1);
  if (last.empty())
    throw StorageDamaged(name +
                         " is missing, but there is a snapshot that has it: the end of the log is lost; was "
                         "it restored from an older backup?");
  if (decode_entry_header(last.front().bytes, name).checksum != snapshot.checksum)
    throw StorageDamaged(name +
                         " is another one than the snapshot was taken after: the log has lost entries since, "
                         "or the snapshot is of another log");
}

void Desk::check_event() {
  if (at_.state.exists() && at_.state.event() != event_)
    throw StorageDamaged(stream_ + " holds the log of event \"" + at_.state.event().text() +
                         "\": a name was changed in the store");
  // Handles and callers have places by their index: on a map that does not come of theirs those are other
  // seats.
  const auto before = map_before_.lock();
  if (before && at_.state.exists() && !keeps_indices(*before, *at_.state.seat_map()))
    throw StorageDamaged(
        stream_ +
        " was made anew with another seat map, and this process has the old one in use: start it anew");
  map_before_.reset();
}

void Desk::catch_up() {
  if (!halted_.empty()) throw StorageDamaged(stream_ + " is halted: " + halted_);
  try {
    read_log();
  } catch (const HistoryReplaced&) {
    // The lost history must not be shown as if it were the event's. A turn halts it; where only a standby
    // that is behind was read, the next look shows more.
    if (standing_ == Standing::current) standing_ = Standing::behind;
    throw;
  } catch (const std::system_error& error) {
    throw StorageUnavailable(error.what());
  }
}

void Desk::read_log() {
  // What a failed turn left behind is in no log, and nothing may be built on it.
  if (standing_ == Standing::unread) load();
  const Position position{stream_, at_.revision, at_.checksum};
  if (at_.revision > 0 && !storage_.wait_for_news({&position, 1}, std::chrono::milliseconds(0))) {
    check_log_reaches_known();
    return publish();
  }
  // The first page begins with the entry known: where nothing is new, only that shows that the history is
  // still the one read.
  for (std::size_t known = at_.revision == 0 ? 0 : 1;; known = 0) {
    const std::vector<Entry> page = storage_.read(stream_, at_.revision - known, limits::page_bytes);
    if (known == 1) check_known(at_.revision, at_.checksum, page);
    if (page.empty()) break;
    for (const Entry& entry : std::span(page).subspan(known)) apply_entry(entry);
  }
  check_log_reaches_known();
  publish();
}

// The log may lose its end while it is read, too.
void Desk::check_log_reaches_known() const {
  if (at_.revision < known_) check_known(known_, known_checksum_, {});
}

void Desk::check_known(Revision known, std::uint32_t checksum, std::span<const Entry> page) const {
  const std::string name = entry_name(known, stream_);
  if (page.empty())
    throw HistoryReplaced(name + " was read and is missing now: the log has lost its end, or was removed");
  if (page.front().checksum != checksum)
    throw HistoryReplaced(name + " is another one than was read: the history has been replaced");
}

void Desk::apply_entry(const Entry& entry) {
  const std::string name = entry_name(entry.revision, stream_);
  const LogEntry decoded = decode_entry(entry.bytes, name, storage_);
  if (entry.revision != at_.revision + 1 || decoded.header.revision != entry.revision)
    throw StorageDamaged(name + " is damaged: it stands where another revision belongs");
  if (decoded.header.checksum != entry.checksum)
    throw StorageDamaged(name + " is damaged: the store has it with another checksum than its own");
  if (entry.revision == known_) check_known(known_, known_checksum_, {&entry, 1});
  if (decoded.header.previous_checksum != at_.checksum)
    throw StorageDamaged(name + " is damaged: it does not continue the entry before it");
  standing_ = Standing::unread;
  try {
    for (const Fact& fact : decoded.facts) apply(fact, {entry.revision, decoded.header.turn});
  } catch (const InvariantBroken& error) {
    throw StorageDamaged(name + " contradicts the entries before it: " + error.what());
  }
  at_.revision = entry.revision;
  at_.checksum = decoded.header.checksum;
  at_hand_.add(entry);
  standing_ = Standing::behind;
  // The host that commits the entry that makes a snapshot due saves it. When that was another, counting
  // starts anew, so that of many hosts on one event one does the work.
  log_bytes_since_snapshot_ += entry.bytes.size();
  if (snapshot_due()) log_bytes_since_snapshot_ = 0;
}

std::vector<Answer> Desk::take_turn(std::span<const Command> commands) {
  std::vector<Answer> answers(commands.size());
  std::size_t done = 0;
  do {
    done += turn_for_some(commands.subspan(done), std::span(answers).subspan(done));
  } while (done < commands.size());
  return answers;
}

std::size_t Desk::turn_for_some(std::span<const Command> commands, std::span<Answer> answers) {
  struct Clear {
    BroughtMaps& maps;
    ~Clear() { maps = {}; }
  } const clear{maps_};
  Reason reason = Reason::storage_unavailable;
  std::string why;
  try {
    for (int attempt = 0; halted_.empty() && attempt < options_.outcome_attempts; ++attempt) {
      try {
        return attempt_turn(commands, answers);
      } catch (const CommitOutcomeUnknown& error) {
        // The log knows. Read anew, and decide again: what took place answers for itself by its RequestId.
        why = error.what();
      } catch (const std::system_error& error) {
        // Of a storage that lets its system's errors through. Whether it was the commit that failed can't be
        // told from it.
        why = error.what();
      } catch (const StorageUnavailable& error) {
        why = error.what();
        break;
      } catch (const std::bad_alloc&) {
        throw;
      } catch (const std::logic_error& error) {
        halted_ = std::string(error.what()) + " (after revision " + std::to_string(at_.revision) + ")";
      } catch (const std::exception& error) {
        // A damaged log: the state can't be trusted, but the host's other events and threads can go on.
        halted_ = error.what();
      } catch (const detail::ForcedUnwind&) {
        throw;
      } catch (...) {
        halted_ = "the storage threw something that is no std::exception";
      }
    }
    if (!halted_.empty()) {
      reason = Reason::halted;
      why = halted_;
    }
  } catch (const std::bad_alloc&) {
    // What was done before it ran out may be in the log or not, which is read anew.
    distrust();
    why = "out of memory";
  }
  answer_all(commands, answers, reason, why);
  return commands.size();
}

std::size_t Desk::attempt_turn(std::span<const Command> commands, std::span<Answer> answers) {
  // A long way to catch up is gone before the turn, while others may still sell, and so are repeated requests
  // looked up.
  if (standing_ != Standing::current) catch_up();
  found_.clear();
  look_up(commands);
  maps_.look_at(commands, storage_);
  Positions positions{{stream_, at_.revision, std::optional(at_.checksum)}};
  maps_.add_streams_to(positions);
  const std::unique_ptr<Turn> turn = storage_.take_turn(positions);
  for (const Entry& entry : turn->unseen(stream_)) apply_entry(entry);
  maps_.see(*turn);
  // What others decided meanwhile has just been handed over, and is at hand.
  if (standing_ != Standing::current) look_up(commands);
  const Timestamp store = turn->now();
  if (options_.store_time) options_.store_time->saw(store);
  const Timestamp now = std::max(store, at_.state.time());
  const bool is_new = at_.revision == 0;
  check_clock(now);
  writer_.begin({at_.revision + 1, now, at_.checksum, 0});
  if (at_.state.holds().any_due(now)) {
    for (const HoldId hold : at_.state.holds().due(now)) record({{}, HoldExpired{hold}}, now);
  }
  answered_here_.clear();
  indexed_ = 0;
  std::size_t done = 0;
  while (done < commands.size() && writer_.size_bytes() <= limits::batch_bytes) {
    prefetch_ahead(at_.state, commands.subspan(done));
    // To confirm the time leaves the sale as it is in this turn, whatever it was when that was asked.
    answers[done] = time_confirmed_
                        ? answer_to(Command{commands[done].request, SetSaleStatus{at_.state.sale_status()}},
                                    now, answers.first(done))
                        : answer_to(commands[done], now, answers.first(done));
    ++done;
  }
  if (writer_.fact_count() > 0) {
    commit(*turn);
  } else if (at_.revision > 0) {
    // The answers rest on entries of other hosts, which may never have learned whether these are durable;
    // before this host answers it must know.
    turn->commit({});
  }
  // A clock that the log disproves is no witness.
  if (options_.store_time && store == now) options_.store_time->believe(store, is_new);
  publish();
  for (Answer& answer : answers.first(done)) {
    answer.revision = at_.revision;
    answer.event = availability_;
  }
  return done;
}

void Desk::check_clock(Timestamp now) const {
  const auto clock = [&] { return storage_.describe() + ": its clock says " + to_rfc3339(now); };
  if (now < Timestamp{std::chrono::seconds{limits::turn_earliest}} ||
      now > Timestamp{std::chrono::seconds{limits::turn_latest}})
    throw StorageUnavailable(clock() + ", which can't be; set it right");
  if (!options_.store_time || time_confirmed_) return;
  const auto last = at_.revision == 0 ? std::nullopt : std::optional(at_.state.time());
  if (now <= options_.store_time->latest(last)) return;
  throw StorageUnavailable(
      clock() + (last ? ", and the last turn of " + stream_ + " was at " + to_rfc3339(*last) : "") +
      ": neither that nor this host's clocks explain it. Set the wrong clock right; if it is the store's "
      "that is right, confirm "
      "it (ticketcore confirm-time, Event::confirm_time)");
}

Answer Desk::confirm_time(RequestId request) {
  catch_up();
  const Command command{request, SetSaleStatus{at_.state.sale_status()}};
  time_confirmed_ = true;
  std::vector<Answer> answers;
  try {
    answers = take_turn({&command, 1});
  } catch (...) {
    time_confirmed_ = false;
    throw;
  }
  time_confirmed_ = false;
  return std::move(answers.front());
}

void Desk::apply(const Fact& fact, const FactPosition& position) {
  at_.state.apply(fact, position);
  const auto* replaced = std::get_if<MapReplaced>(&fact.body);
  if (replaced == nullptr) return;
  at_.state.share_seat_map(shared_seat_map(at_.state.seat_map()));
  // Who repeats a request of this entry makes it be decoded again.
  given_map_ = replaced->seat_map;
}

void Desk::record(Fact fact, Timestamp now) {
  standing_ = Standing::unread;
  apply(fact, {at_.revision + 1, now});
  writer_.add(fact);
}

Answer Desk::answer_to(const Command& command, Timestamp now, std::span<const Answer> before) {
  Decision decision = decide(at_.state, command, now);
  if (const Repeat* known = std::get_if<Repeat>(&decision))
    return repeat(command.request, known->revision, before);
  Answer answer;
  answer.request = command.request;
  answer.turn = now;
  if (RequestRefused* refused = std::get_if<RequestRefused>(&decision)) {
    if (refused->reason == Reason::event_not_found) refused->details = event_.text();
    answer.outcome = std::move(*refused);
    return answer;
  }
  answer.outcome = std::get<Fact>(std::move(decision));
  if (std::optional<RequestRefused> refused = maps_.name(answer.fact()->body)) {
    answer.outcome = *std::move(refused);
    return answer;
  }
  record(*answer.fact(), now);
  add_order(answer);
  return answer;
}

Answer Desk::repeat(RequestId request, Revision revision, std::span<const Answer> before) {
  if (revision > at_.revision) {
    for (; indexed_ < before.size(); ++indexed_) {
      if (before[indexed_].fact() != nullptr) answered_here_.emplace(before[indexed_].request, indexed_);
    }
    const auto first = answered_here_.find(request);
    if (first == answered_here_.end()) throw InvariantBroken("a remembered request is not in its batch");
    return before[first->second];
  }
  const auto found = found_.find(request);
  if (found == found_.end()) throw InvariantBroken("a remembered request was not looked up");
  Answer answer;
  answer.request = request;
  answer.turn = found->second.turn;
  answer.outcome = found->second.fact;
  add_order(answer);
  return answer;
}

void Desk::look_up(std::span<const Command> commands) {
  std::vector<std::pair<Revision, RequestId>> wanted;
  for (const Command& command : commands) {
    const RememberedRequest* known = at_.state.requests().find(command.request);
    if (known != nullptr && !found_.contains(command.request))
      wanted.emplace_back(known->revision, command.request);
  }
  std::sort(wanted.begin(), wanted.end());
  std::vector<Entry> page;
  for (std::size_t first = 0; first < wanted.size();) {
    const Revision revision = wanted[first].first;
    std::size_t next = first;
    while (next < wanted.size() && wanted[next].first == revision) ++next;
    const auto of_entry = std::span(wanted).subspan(first, next - first);
    first = next;
    if (const Entry* entry = at_hand_.find(revision)) {
      look_up_in(*entry, of_entry);
      continue;
    }
    if (page.empty() || revision > page.back().revision) {
      const bool close = next < wanted.size() && wanted[next].first - revision < limits::page_neighbours;
      page = storage_.read(stream_, revision - 1, close ? limits::at_hand_bytes : 1);
      if (page.empty()) throw StorageDamaged(entry_name(revision, stream_) + " is missing");
    }
    const std::size_t on_page = revision - page.front().revision;
    if (on_page >= page.size()) throw StorageDamaged(entry_name(revision, stream_) + " is missing");
    look_up_in(page[on_page], of_entry);
  }
}

void Desk::look_up_in(const Entry& entry, std::span<const std::pair<Revision, RequestId>> wanted) {
  const std::string name = entry_name(entry.revision, stream_);
  LogEntry decoded = decode_entry(entry.bytes, name, storage_);
  for (Fact& candidate : decoded.facts) {
    const auto at =
        std::lower_bound(wanted.begin(), wanted.end(), std::pair(entry.revision, candidate.request));
    if (at != wanted.end() && at->second == candidate.request)
      found_.try_emplace(at->second, Found{std::move(candidate), decoded.header.turn});
  }
  for (const auto& [revision, request] : wanted) {
    if (!found_.contains(request))
      throw StorageDamaged(name + " is damaged: a remembered request is not in it");
  }
}

void Desk::add_order(Answer& answer) const {
  if (answer.fact() == nullptr) return;
  const OrderId id = std::visit(
      [&]<class Body>(const Body& body) {
        if constexpr (std::is_same_v<Body, OrderPlaced>) return OrderId{answer.request};
        if constexpr (requires { body.order; }) return body.order;
        if constexpr (requires { body.ticket; }) return body.ticket.order;
        return OrderId{};
      },
      answer.fact()->body);
  if (!id.is_zero()) answer.order = copy_order(at_.state, id);
}

void Desk::answer_all(std::span<const Command> commands, std::span<Answer> answers, Reason reason,
                      std::string_view why) const noexcept {
  for (std::size_t index = 0; index < commands.size(); ++index) {
    RequestRefused refused(reason);
    try {
      refused.details = std::string(why);
    } catch (const std::bad_alloc&) {
      refused.details = std::string("out of memory");  // short enough to need none
    }
    answers[index] = {};
    answers[index].request = commands[index].request;
    answers[index].outcome = std::move(refused);
    answers[index].event = availability_;
  }
}

void Desk::let_go() {
  struct Free {
    Desk& desk;
    ~Free() {
      desk.forget();
      desk.availability_.reset();
      desk.found_.clear();
      desk.answered_here_.clear();
    }
  } const free{*this};
  writer_ = {};  // its buffer is as large as the largest entry
  // A tail that is read in a moment is not worth a whole snapshot.
  constexpr std::size_t long_tail = 8;
  if (log_bytes_since_snapshot_ >= options_.snapshot_every_bytes / long_tail) save_snapshot();
}

void Desk::save_snapshot() {
  if (standing_ != Standing::current || !halted_.empty() || at_.revision == 0) return;
  log_bytes_since_snapshot_ = 0;
  storage_.save_snapshot({stream_, at_.revision, at_.checksum},
                         encode_snapshot(at_.state, at_.revision, at_.checksum, &storage_));
}

std::shared_ptr<const OrderCopy> copy_order(const EventState& state, OrderId id) {
  const OrderRecord* order = state.orders().find(id);
  if (order == nullptr) return nullptr;
  const auto tickets = state.orders().tickets_of(*order);
  return std::make_shared<const OrderCopy>(OrderCopy{*order,
                                                     {tickets.begin(), tickets.end()},
                                                     state.holders()[order->holder].name,
                                                     state.short_names()[order->payment_method],
                                                     state.orders().number_of(*order)});
}

void Desk::commit(Turn& turn) {
  const BytesView bytes = writer_.finish();
  Appends appends;
  maps_.add_entries_to(appends);
  appends.push_back({stream_, writer_.checksum(), bytes});
  turn.commit(appends);
  at_.revision += 1;
  at_.checksum = writer_.checksum();
  at_hand_.add({at_.revision, at_.checksum, Bytes(bytes.begin(), bytes.end())});
  standing_ = Standing::behind;
  log_bytes_since_snapshot_ += bytes.size();
}

}  // namespace ticketcore
