#pragma once
// What is known, and what helps, when the database reports a failure: by its SQLSTATE, five characters of
// which the first two are a class (the SQL standard, PostgreSQL's appendix A). docs/storage-postgres.md shows
// the same table.

#include <cstdint>
#include <span>
#include <string_view>

namespace ticketcore {

/// Of a COMMIT, or of a statement that commits by itself, which failed.
enum class AfterCommit : std::uint8_t {
  nothing_written,  ///< The server refused for what was in the transaction, and rolled it back.
  unknown,  ///< Something broke down or was broken off: the commit may have been made, here or on another
            ///< node.
};

/// Of whatever failed; before the COMMIT nothing was written.
enum class Remedy : std::uint8_t {
  again,        ///< Others were in the way or quicker: what helps is to look, and to decide anew.
  reconnect,    ///< On another connection it may work at once.
  wait,         ///< Another has the turn.
  unavailable,  ///< Nothing that a program can do; somebody has to, or time.
  damaged,      ///< What was written can't be read.
};

struct SqlstateRule {
  std::string_view sqlstate{};  ///< Five characters, or a class of two.
  AfterCommit after_commit{};
  Remedy remedy{};
  std::string_view meaning{};
  std::string_view advice{};  ///< For the database's administrator; may be empty.
};

/// Sorted by sqlstate, a class before its members.
[[nodiscard]] std::span<const SqlstateRule> sqlstate_rules();

/// The rule of the state, else of its class, else the last resort: unknown, unavailable.
[[nodiscard]] const SqlstateRule& sqlstate_rule(std::string_view sqlstate);

}  // namespace ticketcore
