#include "postgres_statements.hpp"

namespace ticketcore {

std::string PostgresStatements::settings(const char* local) const {
  std::string sql;
  const auto set = [&](const char* name, const std::string& value) {
    sql += (sql.empty() ? "SELECT set_config('" : ", set_config('") + std::string(name) + "', " + value +
           ", " + local + ")";
  };
  const auto limit = [](std::chrono::milliseconds value) {
    return "'" + std::to_string(value.count()) + "ms'";
  };
  set("lock_timeout", limit(options_.turn_timeout));
  set("idle_in_transaction_session_timeout", limit(options_.turn_limit));
  set("statement_timeout", limit(options_.turn_timeout + options_.response_timeout));
  set("synchronous_commit",
      "CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE "
      "current_setting('synchronous_commit') END");
  // Plans with the parameters known, until PostgreSQL itself has seen that one made without them is as good:
  // a plain server sees that after five, and a distributed one never, as it finds the node by the parameter.
  set("plan_cache_mode", "'auto'");
  // Look-ups by key, whatever the statistics say.
  set("enable_seqscan", "'off'");
  set("enable_bitmapscan", "'off'");
  return sql;
}

}  // namespace ticketcore
