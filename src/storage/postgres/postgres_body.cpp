#include "postgres_body.hpp"

namespace ticketcore {
namespace {

using std::chrono::milliseconds;

/// At most one notification per stream in this time; a process that was notified looks again by itself for a
/// while.
constexpr milliseconds notify_pause{10};
constexpr milliseconds shortest_look{4};
constexpr milliseconds longest_look{500};

}  // namespace

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

/// Notifies the processes that wait for news, without waiting for an answer and outside the turn's
/// transaction: a commit that notifies would queue behind every other one that does. A process that misses
/// the notification finds the entry at its next look.
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

}  // namespace ticketcore
