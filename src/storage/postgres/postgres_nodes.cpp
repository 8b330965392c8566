#include "postgres_nodes.hpp"

namespace ticketcore {
namespace {

const PostgresStatement is_distributed{"",
                                       "SELECT to_regprocedure('pg_catalog.run_command_on_all_nodes(text, "
                                       "boolean, boolean)') IS NOT NULL, quote_ident(current_user)"};

/// What a new session of this role has on each node: "on 5s".
const PostgresStatement ask_nodes{
    "",
    "SELECT coalesce(d.nodename || ':' || d.nodeport, 'this node'), n.success, coalesce(n.result, '') FROM "
    "pg_catalog.run_command_on_all_nodes('SELECT current_setting(''synchronous_commit'') || '' '' || "
    "current_setting(''idle_in_transaction_session_timeout'')') AS n LEFT JOIN pg_catalog.pg_dist_node AS d "
    "ON d.nodeid = n.nodeid "
    "ORDER BY 1"};

}  // namespace

void check_postgres_nodes(PostgresConnection& connection, const std::string& shown_as) {
  const auto found = connection.run({{&is_distributed, {}}});
  if (found[0].number(0, 0) == 0) return;
  const std::string role = found[0].text(0, 1);
  const auto nodes = connection.run({{&ask_nodes, {}}});
  const auto demand = [&](const std::string& node, const std::string& what, const std::string& setting) {
    throw StorageUnavailable(shown_as + ": on node " + node + " " + what +
                             ", and a session's own settings do not reach it; run ALTER ROLE " + role +
                             " SET " + setting + " (docs/operations/distribution.md)");
  };
  for (int row = 0; row < nodes[0].count(); ++row) {
    const std::string node = nodes[0].text(row, 0);
    const std::string result = nodes[0].text(row, 2);
    if (nodes[0].number(row, 1) == 0) {
      throw StorageUnavailable(shown_as + ": node " + node + " can't be asked for its settings: " + result);
    }
    if (result.starts_with("off "))
      demand(node, "commits would not be durable (synchronous_commit is off)", "synchronous_commit = on");
    if (result.ends_with(" 0")) {
      demand(node,
             "the locks of a host that is gone would be kept (idle_in_transaction_session_timeout is 0)",
             "idle_in_transaction_session_timeout = '5s'");
    }
  }
}

}  // namespace ticketcore
