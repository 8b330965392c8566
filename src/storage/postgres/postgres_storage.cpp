#include "ticketcore/storage/postgres.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <thread>
#include <utility>

#include "postgres_body.hpp"
#include "postgres_nodes.hpp"
#include "postgres_schema.hpp"
#include "postgres_turn.hpp"

namespace ticketcore {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Between two tries to reach a server that is not there yet.
constexpr milliseconds pause_before_opening{100};

}  // namespace

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
        if (!Body::worth_another(error, body_->turns, turn->connection()) || attempt == Body::most_attempts)
          throw;
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
    const std::optional<std::uint32_t> found = Body::row_checksum(claimed[2], at.known);
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
    // A single look needs no connection that listens.
    return std::any_of(streams.begin(), streams.end(), [this](const Position& position) {
      return Body::is_news(
          position, body_->ask({{&body_->sql.newer,
                                 {std::string_view(position.stream), Body::number_of(position.known)}}})[0]);
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
      // A connection that went stale in the pool says nothing about the server.
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
