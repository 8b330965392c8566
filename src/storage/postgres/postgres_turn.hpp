#pragma once
// A turn on PostgreSQL: a transaction that has locked the row of each of its streams.

#include <map>
#include <optional>
#include <utility>

#include "postgres_body.hpp"

namespace ticketcore {

class PostgresStorage::PostgresTurn final : public Turn {
 public:
  /// Locks are waited for until the deadline.
  PostgresTurn(Body& body, PostgresPool::Lease connection, TurnStreams streams,
               std::chrono::steady_clock::time_point deadline)
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
  [[nodiscard]] static Timestamp time_of(std::int64_t microseconds_since_2000) {
    constexpr std::int64_t year_2000 = 946'684'800'000'000;
    return Timestamp(std::chrono::microseconds(microseconds_since_2000 + year_2000));
  }

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
      calls.push_back(
          {&body_.sql.unseen, {std::string_view(position.stream), Body::number_of(position.known)}});
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
  std::chrono::steady_clock::time_point deadline_;
  std::map<StreamId, Seen> seen_;
  Timestamp now_{};
  bool open_ = false;  // a transaction may be under way
  bool begun_ = false;
};

}  // namespace ticketcore
