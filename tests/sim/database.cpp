#include "database.hpp"

#include <algorithm>

#include "fiber.hpp"

namespace ticketcore::sim {
namespace {

constexpr Timestamp beginning{std::chrono::sys_days{std::chrono::year{2027} / 1 / 31}};

}  // namespace

// ---- Clock ----

void Clock::advance() {
  const Micros passed = world_.now() - seen_;
  shown_ += passed + passed * per_mille_ / 1'000;
  seen_ = world_.now();
}

Timestamp Clock::tell() {
  advance();
  const Micros ticks = shown_ >= 0 ? shown_ / tick_ : -((-shown_ + tick_ - 1) / tick_);
  return beginning + std::chrono::microseconds(ticks * tick_);
}

void Clock::drift(std::int64_t per_mille) {
  advance();
  per_mille_ = per_mille;
}

// ---- Database ----

void Database::append(const std::vector<Write>& entries) {
  for (const auto& [stream, checksum, bytes] : entries) {
    auto& kept = streams_[stream].entries;
    kept.push_back({kept.size() + 1, checksum, bytes});
    if (on_append) on_append(stream, kept.back());
  }
}

void Database::open_turn(TurnNumber number, const std::vector<Position>& streams,
                         const Answer<Grant>& answer) {
  turns_[number] = {streams, answer};
  world_.after(turn_timeout, [this, number] {
    const auto turn = turns_.find(number);
    if (turn == turns_.end() || turn->second.granted) return;
    turn->second.answer({{}, "another has had the turn for too long"});
    turns_.erase(turn);
  });
  grant_waiting();
}

std::string Database::why_replaced(const Position& position, const Stream& stream) {
  if (position.known == 0) return {};
  if (position.known > stream.entries.size()) return "the database is behind what was read from it";
  if (position.checksum && stream.entries[position.known - 1].checksum != *position.checksum)
    return "the database has another history than was read from it";
  return {};
}

/// Whoever waits gets what is free; among several, not always the first.
void Database::grant_waiting() {
  std::vector<TurnNumber> waiting;
  for (const auto& [number, turn] : turns_) {
    if (!turn.granted) waiting.push_back(number);
  }
  while (!waiting.empty()) {
    const std::size_t pick =
        random_.one_in(3) ? random_.below(static_cast<std::uint32_t>(waiting.size())) : 0;
    const TurnNumber number = waiting[pick];
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(pick));
    OpenTurn& turn = turns_.at(number);
    const auto is_free = [&](const Position& position) { return streams_[position.stream].holder == 0; };
    if (std::all_of(turn.streams.begin(), turn.streams.end(), is_free)) grant(number, turn);
  }
}

void Database::grant(TurnNumber number, OpenTurn& turn) {
  turn.granted = true;
  Grant grant;
  grant.now = clock_.tell();
  for (const Position& position : turn.streams) {
    Stream& stream = streams_[position.stream];
    stream.holder = number;
    if (const std::string why = why_replaced(position, stream); !why.empty()) grant.replaced = why;
    auto& unseen = grant.unseen[position.stream];
    for (Revision revision = position.known; revision < stream.entries.size(); ++revision)
      unseen.push_back(stream.entries[revision]);
  }
  // Who has a turn and is not heard of loses it.
  world_.after(turn_limit, [this, number] { end_turn(number); });
  turn.answer({std::move(grant), {}});
}

void Database::commit(TurnNumber number, const std::vector<Write>& entries, const Answer<CommitEnd>& answer) {
  const auto turn = turns_.find(number);
  if (turn == turns_.end() || !turn->second.granted || turn->second.committing)
    return answer({CommitEnd::turn_is_over, {}});
  if (is_full()) {
    end_turn(number);
    return answer({CommitEnd::disk_full, {}});
  }
  turn->second.committing = true;
  turn->second.entries = entries;
  const Micros disk = world_.now() < slow_disk_until_ ? random_.between(10 * millisecond, second)
                                                      : random_.between(100, millisecond);
  world_.after(disk, [this, number, answer] {
    const auto done = turns_.find(number);
    if (done == turns_.end()) return;  // the database crashed meanwhile
    append(done->second.entries);
    drop_turn(number);
    answer({CommitEnd::done, {}});
  });
}

void Database::end_turn(TurnNumber number) {
  const auto turn = turns_.find(number);
  // A commit under way can't be called back.
  if (turn != turns_.end() && !turn->second.committing) drop_turn(number);
}

void Database::drop_turn(TurnNumber number) {
  const auto turn = turns_.find(number);
  for (const Position& position : turn->second.streams) {
    if (streams_[position.stream].holder == number) streams_[position.stream].holder = 0;
  }
  turns_.erase(turn);
  grant_waiting();
}

void Database::read(const StreamId& name, Revision after, std::size_t max_bytes,
                    const Answer<std::vector<Entry>>& answer) {
  const auto& entries = streams_[name].entries;
  std::vector<Entry> page;
  std::size_t bytes = 0;
  // A damaged snapshot that is believed may ask for what comes after the last number that there is.
  for (std::size_t index = after; index < entries.size(); ++index) {
    bytes += entries[index].bytes.size();
    if (!page.empty() && bytes > max_bytes) break;
    page.push_back(entries[index]);
  }
  answer({std::move(page), {}});
}

void Database::look_for_news(std::span<const Position> known, const Answer<bool>& answer) {
  const bool news = std::any_of(known.begin(), known.end(), [this](const Position& position) {
    const Stream& stream = streams_[position.stream];
    return stream.entries.size() > position.known || !why_replaced(position, stream).empty();
  });
  answer({news, {}});
}

void Database::load_snapshot(const StreamId& stream, const Answer<std::optional<Snapshot>>& answer) {
  answer({streams_[stream].snapshot, {}});
}

void Database::save_snapshot(const Position& at, const Bytes& bytes, const Answer<bool>& answer) {
  if (is_full()) return answer({{}, "the disk is full"});
  Stream& saved = streams_[at.stream];
  if (!why_replaced(at, saved).empty()) return answer({false, {}});
  if (!saved.snapshot || saved.snapshot->revision <= at.known) saved.snapshot = Snapshot{at.known, bytes};
  answer({true, {}});
}

void Database::crash(Micros down_for) {
  down_until_ = world_.now() + down_for;
  std::map<TurnNumber, OpenTurn> lost;
  lost.swap(turns_);
  for (auto& [name, stream] : streams_) stream.holder = 0;
  for (const auto& [number, turn] : lost) {
    if (turn.committing && random_.one_in(2)) append(turn.entries);
  }
}

void Database::lose_end(const StreamId& stream, Revision kept) {
  Stream& lost = streams_[stream];
  lost.entries.resize(kept);
  if (lost.snapshot && lost.snapshot->revision > kept) lost.snapshot.reset();
}

void Database::damage_snapshot(const StreamId& stream) {
  auto& kept = streams_[stream].snapshot;
  if (kept && !kept->bytes.empty())
    kept->bytes[random_.below(static_cast<std::uint32_t>(kept->bytes.size()))] ^=
        static_cast<std::uint8_t>(1 << random_.below(8));
}

// ---- Link ----

void Link::carry(Micros lost_until, std::function<void()> what) {
  const bool lost = world_.now() < lost_until && random_.one_in(2);
  const Micros takes = world_.now() < slow_until
                           ? random_.between(millisecond, 3 * second)
                           : random_.between(100, random_.one_in(20) ? 20 * millisecond : millisecond);
  if (!lost) world_.after(takes, std::move(what));
}

// ---- NodeStorage ----

template <class T>
std::shared_ptr<Reply<T>> NodeStorage::round_trip(Micros patience_here,
                                                  std::function<void(Database::Answer<T>)> ask) {
  struct Call {
    Fiber* fiber = Fiber::current();
    bool over = false;
    std::shared_ptr<Reply<T>> reply{};
  };
  const auto call = std::make_shared<Call>();
  // A process that dies in here leaves nobody to answer.
  struct End {
    Call& call;
    ~End() { call.over = true; }
  } const end{*call};
  const auto finish = [call](const std::shared_ptr<Reply<T>>& reply) {
    if (std::exchange(call->over, true)) return;
    call->reply = reply;
    call->fiber->resume();
  };
  const auto back = [&link = link_, on_node = on_node_, finish](Reply<T> reply) {
    link.to_node([on_node, finish, reply = std::make_shared<Reply<T>>(std::move(reply))] {
      on_node([finish, reply] { finish(reply); });
    });
  };
  link_.to_database([&database = database_, ask = std::move(ask), back] {
    if (database.is_down()) return back({{}, "the database refuses connections"});
    ask(back);
  });
  link_.world().after(patience_here,
                      [on_node = on_node_, finish] { on_node([finish] { finish(nullptr); }); });
  Fiber::suspend();
  return std::move(call->reply);
}

template <class T>
T NodeStorage::need(Micros patience_here, std::function<void(Database::Answer<T>)> ask) {
  const auto reply = round_trip<T>(patience_here, std::move(ask));
  if (!reply) throw StorageUnavailable("the database did not answer in time");
  if (!reply->value) throw StorageUnavailable(reply->error);
  return std::move(*reply->value);
}

class NodeStorage::NodeTurn final : public Turn {
 public:
  NodeTurn(NodeStorage& storage, Database::TurnNumber number) : storage_(storage), number_(number) {}
  NodeTurn(const NodeTurn&) = delete;
  NodeTurn& operator=(const NodeTurn&) = delete;
  ~NodeTurn() override {
    if (!over_)
      storage_.link_.to_database(
          [&database = storage_.database_, number = number_] { database.end_turn(number); });
  }

  void take(std::vector<Position> streams) {
    grant_ = storage_.need<Database::Grant>(
        Database::turn_timeout + patience,
        [&database = storage_.database_, number = number_, streams](const auto& answer) {
          database.open_turn(number, streams, answer);
        });
    if (!grant_.replaced.empty()) throw HistoryReplaced(grant_.replaced);
  }
  [[nodiscard]] std::vector<Entry> unseen(const StreamId& stream) override {
    return grant_.unseen.at(stream);
  }
  [[nodiscard]] Timestamp now() override {
    return storage_.own_clock_ != nullptr ? storage_.own_clock_->tell() : grant_.now;
  }
  void commit(std::span<const Append> entries) override {
    std::vector<Database::Write> copies;
    for (const Append& append : entries)
      copies.push_back({append.stream, append.checksum, Bytes(append.bytes.begin(), append.bytes.end())});
    const auto reply = storage_.round_trip<Database::CommitEnd>(
        patience, [&database = storage_.database_, number = number_, copies](const auto& answer) {
          database.commit(number, copies, answer);
        });
    if (!reply) throw CommitOutcomeUnknown("the database did not answer a commit in time");
    if (!reply->value) throw CommitOutcomeUnknown(reply->error);
    over_ = true;
    if (*reply->value == Database::CommitEnd::disk_full) throw StorageUnavailable("the disk is full");
    // A store may know that nothing was written, or not be sure.
    if (*reply->value == Database::CommitEnd::turn_is_over && storage_.link_.random().one_in(2))
      throw StorageUnavailable("the turn was taken away");
    if (*reply->value == Database::CommitEnd::turn_is_over)
      throw CommitOutcomeUnknown("the turn was over before its commit");
  }

 private:
  NodeStorage& storage_;
  Database::TurnNumber number_;
  Database::Grant grant_{};
  bool over_ = false;
};

std::unique_ptr<Turn> NodeStorage::take_turn(std::span<const Position> streams) {
  auto turn = std::make_unique<NodeTurn>(*this, database_.new_turn_number());
  turn->take({streams.begin(), streams.end()});
  return turn;
}

std::vector<Entry> NodeStorage::read(const StreamId& stream, Revision after, std::size_t max_bytes) {
  return need<std::vector<Entry>>(patience,
                                  [&database = database_, stream, after, max_bytes](const auto& answer) {
                                    database.read(stream, after, max_bytes, answer);
                                  });
}

std::optional<Snapshot> NodeStorage::load_snapshot(const StreamId& stream) {
  return need<std::optional<Snapshot>>(patience, [&database = database_, stream](const auto& answer) {
    database.load_snapshot(stream, answer);
  });
}

void NodeStorage::save_snapshot(const Position& at, BytesView bytes) {
  const bool kept =
      need<bool>(patience, [&database = database_, at, copy = Bytes(bytes.begin(), bytes.end())](
                               const auto& answer) { database.save_snapshot(at, copy, answer); });
  if (!kept)
    throw HistoryReplaced("the snapshot of " + at.stream + " is of a history that has been replaced");
}

// A desk looks, and waits for nothing.
bool NodeStorage::wait_for_news(std::span<const Position> streams, std::chrono::milliseconds) {
  return need<bool>(patience, [&database = database_, known = std::vector(streams.begin(), streams.end())](
                                  const auto& answer) { database.look_for_news(known, answer); });
}

// What an event's desk has no use for.
std::vector<StreamId> NodeStorage::list_streams(std::string_view) { throw std::logic_error("not simulated"); }
void NodeStorage::vault_put(std::string_view, BytesView) { throw std::logic_error("not simulated"); }
std::optional<Bytes> NodeStorage::vault_get(std::string_view) { throw std::logic_error("not simulated"); }
void NodeStorage::vault_erase(std::string_view) { throw std::logic_error("not simulated"); }

}  // namespace ticketcore::sim
