// In a commit, "nothing was written" is said only where a server refuses a transaction for what it did: such
// errors are raised before the point of no return. Whatever tells of a server, a node, a disk or a person
// that broke something off is unknown, since a distributed engine passes on what its worker said, and a
// worker may have committed by then. An unknown outcome costs a look into the log; a wrongly known one costs
// an order.

#include "postgres_sqlstate.hpp"

#include <algorithm>
#include <array>

namespace ticketcore {
namespace {

constexpr auto nothing = AfterCommit::nothing_written;
constexpr auto unknown = AfterCommit::unknown;
using enum Remedy;

constexpr std::string_view takes_no_writes =
    "the database takes no writes (a standby, or default_transaction_read_only is on): "
    "name the primary, or all hosts, in the URL";
constexpr std::string_view pooler_between =
    "a pooler in transaction mode seems to stand between: say pooler=transaction in the URL";

constexpr std::array rules{
    SqlstateRule{"00", unknown, unavailable, "success, which is no failure", ""},
    SqlstateRule{"01", unknown, unavailable, "a warning", ""},
    SqlstateRule{"02", unknown, unavailable, "no data", ""},
    SqlstateRule{"03", unknown, unavailable, "statement not yet complete", ""},
    SqlstateRule{"08", unknown, reconnect, "connection to the server, or from it to another node", ""},
    SqlstateRule{"09", nothing, unavailable, "a trigger's action failed", ""},
    SqlstateRule{"0A", nothing, unavailable, "feature not supported", ""},
    SqlstateRule{"0B", nothing, unavailable, "invalid start of a transaction", ""},
    SqlstateRule{"0F", nothing, unavailable, "locator", ""},
    SqlstateRule{"0L", nothing, unavailable, "invalid grantor", ""},
    SqlstateRule{"0P", nothing, unavailable, "invalid role", ""},
    SqlstateRule{"0Z", nothing, unavailable, "diagnostics", ""},
    SqlstateRule{"20", nothing, unavailable, "case not found", ""},
    SqlstateRule{"21", nothing, unavailable, "cardinality", ""},
    SqlstateRule{"22", nothing, unavailable, "data", ""},
    SqlstateRule{"23", nothing, unavailable, "a constraint", ""},
    SqlstateRule{"23505", nothing, again, "a unique key: another was quicker", ""},
    SqlstateRule{"24", nothing, unavailable, "invalid cursor state", ""},
    SqlstateRule{"25", nothing, unavailable, "invalid state of the transaction", ""},
    SqlstateRule{"25006", nothing, reconnect, "read-only: it has become a standby", takes_no_writes},
    SqlstateRule{"25P03", unknown, reconnect, "idle in the transaction for too long", ""},
    SqlstateRule{"25P04", unknown, reconnect, "the transaction took too long", ""},
    SqlstateRule{"26", nothing, unavailable, "no such prepared statement", pooler_between},
    SqlstateRule{"27", nothing, unavailable, "a trigger changed what is being changed", ""},
    SqlstateRule{"28", nothing, unavailable, "authorization", ""},
    SqlstateRule{"2B", nothing, unavailable, "privileges depend on it", ""},
    SqlstateRule{"2D", nothing, unavailable, "invalid end of a transaction", ""},
    SqlstateRule{"2F", nothing, unavailable, "SQL routine", ""},
    SqlstateRule{"34", nothing, unavailable, "invalid cursor name", ""},
    SqlstateRule{"38", nothing, unavailable, "external routine", ""},
    SqlstateRule{"39", nothing, unavailable, "call of an external routine", ""},
    SqlstateRule{"3B", nothing, unavailable, "savepoint", ""},
    SqlstateRule{"3D", nothing, unavailable, "no such database", ""},
    SqlstateRule{"3F", nothing, unavailable, "no such schema", ""},
    SqlstateRule{"40", nothing, unavailable, "rolled back", ""},
    SqlstateRule{"40001", nothing, again, "rolled back: not serializable", ""},
    SqlstateRule{"40003", unknown, reconnect, "the server itself does not know", ""},
    SqlstateRule{"40P01", nothing, again, "rolled back: a deadlock", ""},
    SqlstateRule{"42", nothing, unavailable, "syntax, or something is not there", ""},
    SqlstateRule{"42501", nothing, unavailable, "rights",
                 "grant the role what docs/storage-postgres.md lists"},
    SqlstateRule{"42P05", nothing, unavailable, "a prepared statement is there already", pooler_between},
    SqlstateRule{"44", nothing, unavailable, "WITH CHECK OPTION", ""},
    SqlstateRule{"53", unknown, unavailable, "resources", ""},
    SqlstateRule{"53100", unknown, unavailable, "disk full", "the database's disk is full: make room there"},
    SqlstateRule{"53300", unknown, unavailable, "too many connections",
                 "raise the server's max_connections, or lower connections here"},
    SqlstateRule{"54", unknown, unavailable, "a limit of the server", ""},
    SqlstateRule{"55", unknown, unavailable, "not in the state that is needed", ""},
    SqlstateRule{"55P03", nothing, wait, "a lock was not to be had in time", ""},
    SqlstateRule{"57", unknown, reconnect, "an operator: shutdown, crash, starting up", ""},
    SqlstateRule{"57014", unknown, unavailable, "cancelled, by a person or a time-out", ""},
    SqlstateRule{"58", unknown, unavailable, "the system under the server: files, input and output",
                 "look into the server's log"},
    SqlstateRule{"72", unknown, unavailable, "snapshot too old", ""},
    SqlstateRule{"F0", unknown, unavailable, "the server's configuration", ""},
    SqlstateRule{"HV", unknown, unavailable, "another server behind this one", ""},
    SqlstateRule{"P0", nothing, unavailable, "raised by a function", ""},
    SqlstateRule{"XX", unknown, unavailable,
                 "internal error; what a distributed engine says when a node's commit failed",
                 "look into the server's log"},
    SqlstateRule{"XX001", unknown, damaged, "data corrupted", ""},
    SqlstateRule{"XX002", unknown, damaged, "index corrupted", ""},
};
static_assert(std::ranges::is_sorted(rules, {}, &SqlstateRule::sqlstate));

constexpr SqlstateRule last_resort{"", unknown, unavailable, "anything else", ""};

}  // namespace

std::span<const SqlstateRule> sqlstate_rules() { return rules; }

const SqlstateRule& sqlstate_rule(std::string_view sqlstate) {
  for (const std::size_t size : {std::size_t{5}, std::size_t{2}}) {
    const std::string_view wanted = sqlstate.substr(0, std::min(size, sqlstate.size()));
    const auto rule = std::ranges::lower_bound(rules, wanted, {}, &SqlstateRule::sqlstate);
    if (rule != rules.end() && rule->sqlstate == wanted) return *rule;
  }
  return last_resort;
}

}  // namespace ticketcore
