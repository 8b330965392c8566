#pragma once
// What a PostgreSQL storage holds, and how its statements are run: on which connection, how often, and what a
// failure means to the caller. Turns are in postgres_turn.hpp.

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "postgres_connection.hpp"
#include "postgres_sqlstate.hpp"
#include "postgres_statements.hpp"
#include "postgres_url.hpp"
#include "storage/turn_streams.hpp"
#include "ticketcore/storage/postgres.hpp"

namespace ticketcore {

struct PostgresStorage::Body {
  using milliseconds = std::chrono::milliseconds;
  using steady_clock = std::chrono::steady_clock;

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

  /// What meets a deadlock or a connection gone stale is tried again this often: nothing was written.
  static constexpr int most_attempts = 20;
  /// The server's own lock_timeout speaks first, where it can.
  static constexpr milliseconds cancel_grace{250};

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
    made.response_timeout = options.response_timeout;
    return made;
  }

  /// A revision as a bigint; what is past it is no entry's.
  [[nodiscard]] static std::int64_t number_of(Revision revision) {
    constexpr auto most = static_cast<Revision>(std::numeric_limits<std::int64_t>::max());
    return static_cast<std::int64_t>(std::min(revision, most));
  }

  /// The checksum of the entry at the revision, when it is the first row that the statement "newer" found.
  [[nodiscard]] static std::optional<std::uint32_t> row_checksum(const PostgresRows& rows,
                                                                 Revision revision) {
    if (rows.count() == 0 || static_cast<Revision>(rows.number(0, 0)) != revision) return std::nullopt;
    return static_cast<std::uint32_t>(rows.number(0, 1));
  }

  /// Whether the rows of the statement "newer" differ from what is known.
  [[nodiscard]] static bool is_news(const Position& known, const PostgresRows& rows) {
    const bool more =
        rows.count() > 0 && static_cast<Revision>(rows.number(rows.count() - 1, 0)) > known.known;
    return more || !TurnStreams::still_stands(known, row_checksum(rows, known.known));
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
        auto connection = reads.take(options.response_timeout);
        try {
          return work(*connection.operator->());
        } catch (const PostgresFailure& error) {
          if (connection->usable()) connection->post({{&sql.rollback, {}}});
          if (worth_another(error, reads, connection) && attempt < most_attempts) continue;
          last(error);
          throw;
        } catch (...) {
          // Memory ran out between two calls, say: their transaction must not be used any more.
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

}  // namespace ticketcore
