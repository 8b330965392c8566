#include "ticketcore/storage/postgres.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "postgres_connection.hpp"
#include "postgres_nodes.hpp"
#include "postgres_schema.hpp"
#include "postgres_sqlstate.hpp"
#include "postgres_statements.hpp"
#include "postgres_url.hpp"
#include "storage/turn_streams.hpp"

namespace ticketcore {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// What meets a deadlock or a connection gone stale is tried again this often: nothing was written.
constexpr int most_attempts = 20;
/// Others are told of a stream's commits at most this often; who is told looks again by himself for a while.
constexpr milliseconds notify_pause{10};
/// Between two tries to reach a server that is not there yet.
constexpr milliseconds pause_before_opening{100};
/// The server's own lock_timeout speaks first, where it can.
constexpr milliseconds cancel_grace{250};
constexpr milliseconds shortest_look{4};
constexpr milliseconds longest_look{500};

/// A revision as a bigint; what is past it is no entry's.
[[nodiscard]] std::int64_t number_of(Revision revision) {
  constexpr auto most = static_cast<Revision>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(std::min(revision, most));
}

/// Whether the rows of "newer" differ from what is known.
/// Of what the statement newer found, the checksum of the entry at the revision.
[[nodiscard]] std::optional<std::uint32_t> row_checksum(const PostgresRows& rows, Revision revision) {
  if (rows.count() == 0 || static_cast<Revision>(rows.number(0, 0)) != revision) return std::nullopt;
  return static_cast<std::uint32_t>(rows.number(0, 1));
}

[[nodiscard]] bool is_news(const Position& known, const PostgresRows& rows) {
  const bool more = rows.count() > 0 && static_cast<Revision>(rows.number(rows.count() - 1, 0)) > known.known;
  return more || !TurnStreams::still_stands(known, row_checksum(rows, known.known));
}

[[nodiscard]] Timestamp time_of(std::int64_t microseconds_since_2000) {
  constexpr std::int64_t year_2000 = 946'684'800'000'000;
  return Timestamp(std::chrono::microseconds(microseconds_since_2000 + year_2000));
}

}  // namespace

struct PostgresStorage::Body {
  explicit Body(PostgresUrl url)
      : options(std::move(url.options)),
        settings(settings_for(url.conninfo, url.password)),
        news_settings(settings),
        turns(settings, options.connections),
        reads(settings, std::max(2, options.connections / 2)) {
    if (!options.news_url.empty()) {
      const PostgresUrl news = parse_postgres_url(options.news_url, {});
      news_settings.conninfo = news.conninfo;
      news_settings.password = news.password;
      news_settings.prepares = true;
    }
  }

  PostgresOptions options;
  std::string shown_as = "PostgreSQL";
  PostgresConnection::Settings settings;
  PostgresConnection::Settings news_settings;

  std::mutex news_mutex;
  std::vector<std::unique_ptr<PostgresConnection>> news_connections;  // guarded by news_mutex
  std::map<StreamId, steady_clock::time_point> last_notified;         // guarded by news_mutex

  const PostgresStatements sql{options};

  PostgresPool turns;
  PostgresPool reads;

  [[nodiscard]] PostgresConnection::Settings settings_for(const std::string& conninfo,
                                                          const std::string& password) const {
    PostgresConnection::Settings made;
    made.conninfo = conninfo;
    made.password = password;
    made.shown_as = shown_as;
    made.prepares = !options.transaction_pooler;
    made.answer_timeout = options.answer_timeout;
    return made;
  }

  [[noreturn]] void fail(const PostgresFailure& error) const;

  void need_write_access() const {
    if (options.access == PostgresOptions::Access::read_only)
      throw StorageUnavailable(shown_as + ": it was opened for reading only");
  }

  /// Whether what met this on a connection may work on another: the connection went stale while it lay in the
  /// pool, its server has become a standby, or others were in the way. Nothing was written, or it may be
  /// written twice.
  [[nodiscard]] static bool worth_another(const PostgresFailure& error, PostgresPool& pool,
                                          PostgresPool::Lease& connection) {
    const Remedy remedy = sqlstate_rule(error.sqlstate()).remedy;
    if (remedy == Remedy::again) return true;
    if (!error.connection_lost() && remedy != Remedy::reconnect) return false;
    connection->give_up();
    pool.forget_idle();
    return !connection.fresh();
  }

  /// Runs work, again while that may help, on another connection if need be; what it fails with in the end is
  /// shown to last.
  template <class Work, class Last>
  auto attempt(Work&& work, Last&& last) -> decltype(work(std::declval<PostgresConnection&>())) {
    for (int attempt = 1;; ++attempt) {
      try {
        auto connection = reads.take(options.answer_timeout);
        try {
          return work(*connection.operator->());
        } catch (const PostgresFailure& error) {
          if (connection->usable()) connection->post({{&sql.rollback, {}}});
          if (worth_another(error, reads, connection) && attempt < most_attempts) continue;
          last(error);
          throw;
        } catch (...) {
          // Memory ran out between two calls, say: nobody is to go on in the transaction that they were in.
          if (connection->usable()) connection->post({{&sql.rollback, {}}});
          throw;
        }
      } catch (const PostgresFailure& error) {
        fail(error);
      }
    }
  }

  /// Runs calls that only read.
  std::vector<PostgresRows> ask(std::initializer_list<PostgresCall> calls) {
    return attempt([&](PostgresConnection& connection) { return connection.run(calls); },
                   [](const PostgresFailure&) {});
  }

  /// Runs a call that changes something and may be repeated, in a transaction of its own. Throws
  /// CommitOutcomeUnknown.
  void write(const PostgresCall& call) {
    std::vector<PostgresCall> all{{&sql.begin, {}}};
    // There is no session that has the settings, and without them the commit might not be durable.
    if (options.transaction_pooler) all.push_back({&sql.turn_settings, {}});
    all.push_back(call);
    all.push_back({&sql.commit, {}});
    const auto deadline = steady_clock::now() + options.turn_timeout;
    write_by([&](PostgresConnection& connection) {
      check_committed(connection.run(all, patience_until(deadline)));
    });
  }

  /// The last of the rows are COMMIT's: of a transaction that it rolls back it only says so.
  static void check_committed(std::span<const PostgresRows> rows) {
    if (rows.back().tag() != "COMMIT")
      throw PostgresFailure("40000", false, "the database rolled the commit back", rows.size() - 1);
  }

  /// Runs work, which commits as the last thing that it does.
  template <class Work>
  void write_by(Work&& work) {
    const auto run = [&](PostgresConnection& connection) {
      (void)connection.take_warning();
      work(connection);
      if (connection.take_warning()) throw not_waited_for();
      return true;
    };
    const auto look_at = [&](const PostgresFailure& error) {
      if (error.connection_lost() || sqlstate_rule(error.sqlstate()).after_commit == AfterCommit::unknown)
        throw outcome_unknown(error);
    };
    (void)attempt(run, look_at);
  }

  /// For what may wait for others' locks, wherever these are held: until the deadline in all. The server's
  /// own lock_timeout counts for each lock anew, and reaches no other node.
  [[nodiscard]] static PostgresConnection::Patience patience_until(steady_clock::time_point deadline) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    return {{}, std::max(left, milliseconds(0)) + cancel_grace};
  }

  [[nodiscard]] CommitOutcomeUnknown outcome_unknown(const PostgresFailure& error) const {
    return CommitOutcomeUnknown(shown_as + ": the commit's outcome is not known: " + error.what());
  }

  [[nodiscard]] CommitOutcomeUnknown not_waited_for() const {
    return CommitOutcomeUnknown(
        shown_as +
        ": somebody had the wait for the standby broken off, so that a fail-over might take the commit back");
  }

  void announce(PostgresConnection& connection, const StreamId& stream) noexcept;

  /// Whether there is a session to listen in.
  [[nodiscard]] bool listens() const noexcept {
    return !options.transaction_pooler || !options.news_url.empty();
  }
  [[nodiscard]] std::unique_ptr<PostgresConnection> take_news_connection();
  [[nodiscard]] std::unique_ptr<PostgresConnection> connect_for_news();
  void keep_news_connection(std::unique_ptr<PostgresConnection> connection);
  [[nodiscard]] bool look_for_news(PostgresConnection& connection, std::span<const Position> streams,
                                   steady_clock::time_point deadline) const;
};

void PostgresStorage::Body::fail(const PostgresFailure& error) const {
  const std::string said = shown_as + ": " + error.what();
  if (dynamic_cast<const PostgresNotReached*>(&error) != nullptr) throw StorageNotReached(said);
  const SqlstateRule& rule = sqlstate_rule(error.sqlstate());
  if (rule.remedy == Remedy::damaged) throw StorageDamaged(said);
  if (rule.remedy == Remedy::wait) {
    throw StorageUnavailable(shown_as + ": another has had the turn for " +
                             std::to_string(options.turn_timeout.count()) + " ms; try again");
  }
  // libpq gives no SQLSTATE when it refuses a server that takes no writes.
  const bool read_only =
      std::string_view(error.what()).find("session is read-only") != std::string_view::npos;
  const std::string_view advice = read_only ? sqlstate_rule("25006").advice : rule.advice;
  throw StorageUnavailable(advice.empty() ? said : said + "; " + std::string(advice));
}

/// Tells those who wait for news, without waiting for an answer and outside the turn's transaction: a commit
/// that notifies would queue behind every other one that does. Who misses it finds out by looking.
void PostgresStorage::Body::announce(PostgresConnection& connection, const StreamId& stream) noexcept {
  try {
    const auto now = steady_clock::now();
    {
      const std::lock_guard lock(news_mutex);
      auto& last = last_notified[stream];
      if (now - last < notify_pause) return;
      last = now;
    }
    const std::string payload = hex_text(stream);
    connection.post({{&sql.notify, {std::string_view(options.schema), std::string_view(payload)}}});
  } catch (const std::bad_alloc&) {
    // The commit that they would hear of has been made, and is not to look as if it had failed.
  }
}

std::unique_ptr<PostgresConnection> PostgresStorage::Body::take_news_connection() {
  const std::lock_guard lock(news_mutex);
  if (news_connections.empty()) return nullptr;
  auto connection = std::move(news_connections.back());
  news_connections.pop_back();
  return connection;
}

std::unique_ptr<PostgresConnection> PostgresStorage::Body::connect_for_news() {
  auto connection = std::make_unique<PostgresConnection>(news_settings);
  try {
    if (listens()) (void)connection->run({{&sql.listen}});
  } catch (const PostgresFailure& error) {
    // A standby can be looked into, and hears of nothing.
    if (!error.is("25006")) throw;
  }
  return connection;
}

void PostgresStorage::Body::keep_news_connection(std::unique_ptr<PostgresConnection> connection) {
  const std::lock_guard lock(news_mutex);
  if (news_connections.size() < 2) news_connections.push_back(std::move(connection));
}

bool PostgresStorage::Body::look_for_news(PostgresConnection& connection, std::span<const Position> streams,
                                          steady_clock::time_point deadline) const {
  std::vector<std::string> payloads;
  std::vector<PostgresCall> look;
  for (const Position& position : streams) {
    payloads.push_back(hex_text(position.stream));
    look.push_back({&sql.newer, {std::string_view(position.stream), number_of(position.known)}});
  }
  for (milliseconds pause = shortest_look;; pause = std::min(pause * 2, longest_look)) {
    const auto rows = connection.run(look);
    for (std::size_t index = 0; index < streams.size(); ++index) {
      if (is_news(streams[index], rows[index])) return true;
    }
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) return false;
    if (connection.wait_for_notification(payloads, std::min(pause, left))) pause = shortest_look / 2;
  }
}

class PostgresStorage::PostgresTurn final : public Turn {
 public:
  /// Locks are waited for until the deadline.
  PostgresTurn(Body& body, PostgresPool::Lease connection, TurnStreams streams,
               steady_clock::time_point deadline)
      : body_(body), connection_(std::move(connection)), streams_(std::move(streams)), deadline_(deadline) {}

  PostgresTurn(const PostgresTurn&) = delete;
  PostgresTurn& operator=(const PostgresTurn&) = delete;

  ~PostgresTurn() override {
    if (open_ && connection_->usable()) connection_->post({{&body_.sql.rollback}});
  }

  void take() {
    open_ = true;
    if (!lock_all()) {
      add_missing();
      if (!lock_all())
        throw PostgresFailure("40001", false, "a stream's row went away while it was being locked");
    }
  }

  [[nodiscard]] std::vector<Entry> unseen(const StreamId& stream) override {
    (void)streams_.need(stream);
    if (!open_) throw std::logic_error("this turn is over");
    return seen_.at(stream).entries;
  }

  [[nodiscard]] Timestamp now() override { return body_.options.clock ? body_.options.clock() : now_; }

  void commit(std::span<const Append> entries) override {
    streams_.check_commit(entries);
    if (!open_) throw std::logic_error("this turn is over");
    std::vector<PostgresCall> calls = calls_for(entries);
    // Also of nothing: the row's lock was written down, so that this commit waits for the standby to have all
    // before it.
    finish(calls);
    for (const auto& [stream, seen] : seen_) {
      if (seen.appended) body_.announce(*connection_.operator->(), stream);
    }
  }

  void add(std::span<const Append> entries) override {
    streams_.check_entries(entries);
    if (!open_) throw std::logic_error("this turn is over");
    if (entries.empty()) return;
    try {
      (void)connection_->run(calls_for(entries));
    } catch (const PostgresFailure& error) {
      body_.fail(error);
    }
  }

  [[nodiscard]] Revision head(const StreamId& stream) const { return seen_.at(stream).head; }

  /// Instead of a commit.
  void remove(const StreamId& stream) {
    const std::string_view name = stream;
    std::vector<PostgresCall> calls{{&body_.sql.remove_entries, {name}},
                                    {&body_.sql.remove_snapshot, {name}},
                                    {&body_.sql.remove_row, {name}}};
    finish(calls);
  }

  [[nodiscard]] PostgresPool::Lease& connection() noexcept { return connection_; }

 private:
  struct Seen {
    Revision head = 0;  // what was appended counted
    bool appended = false;
    std::vector<Entry> entries{};
  };

  [[nodiscard]] std::vector<PostgresCall> calls_for(std::span<const Append> entries) {
    std::vector<PostgresCall> calls;
    for (const Append& append : entries) {
      Seen& seen = seen_.at(append.stream);
      seen.appended = true;
      calls.push_back({&body_.sql.add_entry,
                       {std::string_view(append.stream), static_cast<std::int64_t>(++seen.head),
                        std::int64_t{append.checksum}, append.bytes}});
    }
    return calls;
  }

  /// One round trip: does this, and commits.
  void finish(std::vector<PostgresCall>& calls) {
    calls.push_back({&body_.sql.commit, {}});
    try {
      (void)connection_->take_warning();
      const auto rows = connection_->run(calls);
      Body::check_committed(rows);
    } catch (const PostgresFailure& error) {
      if (error.connection_lost()) open_ = false;
      const bool in_commit = error.call() + 1 == calls.size();
      if (error.connection_lost() ||
          (in_commit && sqlstate_rule(error.sqlstate()).after_commit == AfterCommit::unknown)) {
        throw body_.outcome_unknown(error);
      }
      // Nothing was written. Where others were in the way or quicker, what helps is to look and to decide
      // again, and that is what an unknown outcome asks for.
      if (sqlstate_rule(error.sqlstate()).remedy == Remedy::again) throw body_.outcome_unknown(error);
      body_.fail(error);
    }
    open_ = false;
    if (connection_->take_warning()) throw body_.not_waited_for();
  }

  /// One round trip: begins, locks, and brings what is new. False if a stream has no row yet.
  [[nodiscard]] bool lock_all() {
    std::vector<PostgresCall> calls;
    const bool first = !begun_;
    if (first) calls.push_back({&body_.sql.begin, {}});
    if (first && body_.options.transaction_pooler) calls.push_back({&body_.sql.turn_settings, {}});
    const std::size_t before = calls.size();
    for (const Position& position : streams_.all()) {
      calls.push_back({&body_.sql.queue_up, {std::string_view(position.stream)}});
      calls.push_back({&body_.sql.lock_stream, {std::string_view(position.stream)}});
      calls.push_back({&body_.sql.unseen, {std::string_view(position.stream), number_of(position.known)}});
    }
    calls.push_back({&body_.sql.now, {}});
    const auto rows = run_waiting(calls);
    begun_ = true;
    bool all = true;
    for (std::size_t index = 0; index < streams_.all().size(); ++index) {
      all = all && rows[before + index * 3 + 1].count() == 1;
      read_unseen(streams_.all()[index], rows[before + index * 3 + 2]);
    }
    now_ = time_of(rows.back().number(0, 0));
    return all;
  }

  void add_missing() {
    std::vector<PostgresCall> calls;
    for (const Position& position : streams_.all())
      calls.push_back({&body_.sql.add_stream, {std::string_view(position.stream)}});
    (void)run_waiting(calls);
  }

  [[nodiscard]] std::vector<PostgresRows> run_waiting(std::span<const PostgresCall> calls) {
    try {
      auto rows = connection_->run(calls, Body::patience_until(deadline_));
      if (connection_->usable()) return rows;
    } catch (const PostgresFailure& error) {
      if (!error.is("57014")) throw;
    }
    throw PostgresFailure("55P03", false, "the turn was not to be had in time");
  }

  void read_unseen(const Position& position, const PostgresRows& rows) {
    Seen& seen = seen_[position.stream];
    seen = {};
    seen.head = position.known;
    std::optional<std::uint32_t> known;
    for (int row = 0; row < rows.count(); ++row) {
      const auto revision = static_cast<Revision>(rows.number(row, 0));
      const auto checksum = static_cast<std::uint32_t>(rows.number(row, 1));
      if (revision == position.known) {
        known = checksum;
        continue;
      }
      if (revision != seen.head + 1) {
        throw StorageDamaged(body_.shown_as + ": entry " + std::to_string(seen.head + 1) + " of " +
                             position.stream + " is missing");
      }
      seen.head = revision;
      seen.entries.push_back({revision, checksum, rows.bytes(row, 2)});
    }
    TurnStreams::check_known(body_.shown_as, position, known);
  }

  Body& body_;
  PostgresPool::Lease connection_;
  TurnStreams streams_;
  steady_clock::time_point deadline_;
  std::map<StreamId, Seen> seen_;
  Timestamp now_{};
  bool open_ = false;  // a transaction may be under way
  bool begun_ = false;
};

PostgresStorage::PostgresStorage(std::unique_ptr<Body> body) : body_(std::move(body)) {}
PostgresStorage::~PostgresStorage() = default;

std::unique_ptr<PostgresStorage> PostgresStorage::open(std::string_view url, PostgresOptions options) {
  auto body = std::make_unique<Body>(parse_postgres_url(url, std::move(options)));
  const auto deadline = steady_clock::now() + body->options.open_timeout;
  for (bool open = false; !open;) {
    try {
      PostgresConnection first(body->settings);
      body->shown_as = first.describe() + " schema " + body->options.schema;
      body->settings.shown_as = body->shown_as;
      prepare_postgres_schema(first, {body->options.schema, body->shown_as, body->options.access});
      if (body->options.access != PostgresOptions::Access::read_only)
        check_postgres_nodes(first, body->shown_as);
      open = true;
    } catch (const PostgresNotReached& error) {
      if (steady_clock::now() >= deadline) body->fail(error);
      std::this_thread::sleep_for(pause_before_opening);
    } catch (const PostgresFailure& error) {
      body->fail(error);
    }
  }
  if (!body->options.transaction_pooler) body->settings.setup = {{&body->sql.session_settings, {}}};
  if (body->listens()) body->news_settings.setup = {{&body->sql.session_settings, {}}};
  return std::unique_ptr<PostgresStorage>(new PostgresStorage(std::move(body)));
}

std::unique_ptr<Turn> PostgresStorage::take_turn(std::span<const Position> streams) {
  const TurnStreams checked(streams);
  body_->need_write_access();
  auto deadline = steady_clock::now() + body_->options.turn_timeout;
  for (int attempt = 1;; ++attempt) {
    try {
      const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
      auto turn = std::make_unique<PostgresTurn>(*body_, body_->turns.take(left), checked, deadline);
      try {
        turn->take();
        return turn;
      } catch (const PostgresFailure& error) {
        if (!Body::worth_another(error, body_->turns, turn->connection()) || attempt == most_attempts) throw;
        // A network that forgot the connection has cost the time, and no other turn has: another connection
        // begins anew.
        if (!turn->connection()->usable()) deadline = steady_clock::now() + body_->options.turn_timeout;
        if (steady_clock::now() >= deadline) throw;
      }
    } catch (const PostgresFailure& error) {
      body_->fail(error);
    }
  }
}

std::vector<Entry> PostgresStorage::read(const StreamId& stream, Revision after, std::size_t max_bytes) {
  TurnStreams::check_name(stream);
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (after >= most) return {};
  const auto bytes = static_cast<std::int64_t>(std::min<std::uint64_t>(max_bytes, most));
  const auto rows =
      body_->ask({{&body_->sql.page, {std::string_view(stream), static_cast<std::int64_t>(after), bytes}}});
  std::vector<Entry> entries;
  for (int row = 0; row < rows[0].count(); ++row) {
    const auto revision = static_cast<Revision>(rows[0].number(row, 0));
    if (revision != after + entries.size() + 1)
      throw StorageDamaged(body_->shown_as + ": entry " + std::to_string(after + entries.size() + 1) +
                           " of " + stream + " is missing");
    entries.push_back({revision, static_cast<std::uint32_t>(rows[0].number(row, 1)), rows[0].bytes(row, 2)});
  }
  return entries;
}

std::optional<Snapshot> PostgresStorage::load_snapshot(const StreamId& stream) {
  TurnStreams::check_name(stream);
  const auto rows = body_->ask({{&body_->sql.get_snapshot, {std::string_view(stream)}}});
  if (rows[0].count() == 0) return std::nullopt;
  return Snapshot{static_cast<Revision>(rows[0].number(0, 0)), rows[0].bytes(0, 1)};
}

void PostgresStorage::save_snapshot(const Position& at, BytesView bytes) {
  TurnStreams::check_snapshot(at);
  body_->need_write_access();
  const auto& sql = body_->sql;
  const std::string_view stream(at.stream);
  const auto revision = static_cast<std::int64_t>(at.known);
  const auto deadline = steady_clock::now() + body_->options.turn_timeout;
  // The entry is looked at in the transaction that keeps the snapshot, on whichever server that comes to be.
  const std::vector<PostgresCall> claim{{&sql.begin, {}},
                                        {&sql.turn_settings, {}},
                                        {&sql.newer, {stream, revision}},
                                        {&sql.claim_snapshot, {stream}}};
  body_->write_by([&](PostgresConnection& connection) {
    const auto claimed = connection.run(claim, Body::patience_until(deadline));
    const std::optional<std::uint32_t> found = row_checksum(claimed[2], at.known);
    const bool stands = TurnStreams::still_stands(at, found);
    if (!stands || claimed.back().number(0, 0) == 0) {
      (void)connection.run({{&sql.rollback, {}}});
      TurnStreams::check_known(body_->shown_as, at, found);
      return;
    }
    Body::check_committed(connection.run({{&sql.put_snapshot, {stream, revision, bytes}}, {&sql.commit, {}}},
                                         Body::patience_until(deadline)));
  });
}

std::vector<StreamId> PostgresStorage::list_streams(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xFF) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  const auto rows = body_->ask({{&body_->sql.list_streams, {prefix, std::string_view(end)}}});
  std::vector<StreamId> names;
  for (int row = 0; row < rows[0].count(); ++row) names.push_back(rows[0].text(row, 0));
  return names;
}

void PostgresStorage::remove_stream(const Position& end) {
  const auto turn = take_turn({&end, 1});
  auto& mine = static_cast<PostgresTurn&>(*turn);
  if (const Revision found = mine.head(end.stream); found != end.known)
    throw StorageError(TurnStreams::not_removed(body_->shown_as, end, found));
  mine.remove(end.stream);
}

bool PostgresStorage::wait_for_news(std::span<const Position> streams, milliseconds timeout) {
  if (timeout.count() <= 0) {
    // Who only looks needs no connection that listens.
    return std::any_of(streams.begin(), streams.end(), [this](const Position& position) {
      return is_news(position,
                     body_->ask({{&body_->sql.newer,
                                  {std::string_view(position.stream), number_of(position.known)}}})[0]);
    });
  }
  const auto deadline = steady_clock::now() + timeout;
  for (;;) {
    auto connection = body_->take_news_connection();
    const bool fresh = !connection;
    try {
      if (fresh) connection = body_->connect_for_news();
      const bool found = body_->look_for_news(*connection, streams, deadline);
      body_->keep_news_connection(std::move(connection));
      return found;
    } catch (const PostgresFailure& error) {
      // One that went stale while nobody waited is no news.
      if (fresh || !error.connection_lost()) body_->fail(error);
    }
  }
}

void PostgresStorage::vault_put(std::string_view id, BytesView bytes) {
  TurnStreams::check_name(id);
  body_->need_write_access();
  body_->write({&body_->sql.put_secret, {id, bytes}});
}

std::optional<Bytes> PostgresStorage::vault_get(std::string_view id) {
  TurnStreams::check_name(id);
  const auto rows = body_->ask({{&body_->sql.get_secret, {id}}});
  return rows[0].count() == 0 ? std::nullopt : std::optional<Bytes>(rows[0].bytes(0, 0));
}

void PostgresStorage::vault_erase(std::string_view id) {
  TurnStreams::check_name(id);
  body_->need_write_access();
  body_->write({&body_->sql.erase_secret, {id}});
}

void PostgresStorage::scrub_vault() {
  body_->need_write_access();
  try {
    PostgresConnection connection(body_->settings);
    // However long it takes; but it waits for its lock no longer than a turn would. Behind a pooler the
    // session is not ours to set.
    if (!body_->options.transaction_pooler) (void)connection.run({{&body_->sql.no_statement_timeout}});
    (void)connection.take_warning();
    // Outside the pipeline's habit of one transaction: VACUUM is sent alone.
    (void)connection.run({{&body_->sql.rewrite_vault}}, {.extra = std::chrono::hours(1)});
    if (connection.take_warning())
      throw StorageUnavailable(body_->shown_as +
                               ": only the owner of the vault's table, and from PostgreSQL 17 who has "
                               "MAINTAIN on it, may rewrite it " +
                               "(VACUUM FULL); run this as such a role");
  } catch (const PostgresFailure& error) {
    body_->fail(error);
  }
}

std::string PostgresStorage::describe() const { return body_->shown_as; }

}  // namespace ticketcore
