#pragma once
// Every statement that is run on the tables, each declared once and with the rows that it touches, so that
// one test can look at them all. Where rows are distributed over nodes, a statement goes to the one node that
// has its stream: the planner sees which when the stream's column is compared with a parameter as it is. A
// function over the parameter hides it unless it is IMMUTABLE (convert_from is not, since its outcome depends
// on the database), and so does a plan that was made before the parameter is known.

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "postgres_connection.hpp"
#include "ticketcore/storage/postgres.hpp"

namespace ticketcore {

/// The rows that a statement touches.
enum class Reach : std::uint8_t {
  no_rows,       ///< BEGIN, COMMIT, settings, advisory locks, the clock.
  one_stream,    ///< Its first parameter is the stream (in the vault: the id), as it is.
  every_stream,  ///< All nodes are asked.
};

/// A list of statements that stays where it is: what is declared from it is in it.
class StatementList {
 public:
  struct Placed {
    PostgresStatement statement;
    Reach reach;
  };

  StatementList() = default;
  StatementList(const StatementList&) = delete;
  StatementList& operator=(const StatementList&) = delete;

  /// Without a name it is not prepared.
  [[nodiscard]] const PostgresStatement& add(Reach reach, std::string name, std::string sql) {
    return placed_.emplace_back(Placed{{std::move(name), std::move(sql)}, reach}).statement;
  }
  [[nodiscard]] const std::deque<Placed>& all() const noexcept { return placed_; }

 private:
  std::deque<Placed> placed_;
};

/// What a store runs.
class PostgresStatements {
 public:
  explicit PostgresStatements(const PostgresOptions& options)
      : options_(options), in_(quoted_identifier(options.schema) + ".") {}

  [[nodiscard]] const StatementList& list() const noexcept { return list_; }

 private:
  const PostgresOptions& options_;
  const std::string in_;
  StatementList list_;

  [[nodiscard]] const PostgresStatement& without_rows(std::string name, std::string sql) {
    return list_.add(Reach::no_rows, std::move(name), std::move(sql));
  }
  [[nodiscard]] const PostgresStatement& of_one(std::string name, std::string sql) {
    return list_.add(Reach::one_stream, std::move(name), std::move(sql));
  }
  /// For the session, or for the transaction.
  [[nodiscard]] std::string settings(const char* local) const;

 public:
  const PostgresStatement& session_settings = without_rows("", settings("false"));
  const PostgresStatement& turn_settings = without_rows("tc_settings", settings("true"));
  const PostgresStatement& no_statement_timeout = without_rows("", "SET statement_timeout = 0");
  const PostgresStatement& begin =
      without_rows("tc_begin", "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
  const PostgresStatement& commit = without_rows("tc_commit", "COMMIT");
  const PostgresStatement& rollback = without_rows("tc_rollback", "ROLLBACK");
  const PostgresStatement& notify = without_rows("tc_notify", "SELECT pg_notify($1::text, $2::text)");
  const PostgresStatement& listen = without_rows("", "LISTEN " + quoted_identifier(options_.schema));

  // Those who wait for a row's lock are overtaken by whoever comes just as it is let go, on a busy machine
  // again and again; this one is handed to the first in its queue. The row's lock alone decides: a pooler or
  // a cluster may have several such queues.
  const PostgresStatement& queue_up =
      without_rows("tc_queue", "SELECT pg_advisory_xact_lock(hashtextextended('ticketcore turn " +
                                   hex_text(options_.schema) + " ' || encode($1::bytea, 'hex'), 0))");
  const PostgresStatement& lock_stream =
      of_one("tc_lock", "SELECT FROM " + in_ + "streams WHERE stream = $1 FOR UPDATE");
  const PostgresStatement& add_stream =
      of_one("tc_add_stream", "INSERT INTO " + in_ + "streams(stream) VALUES($1) ON CONFLICT DO NOTHING");
  // The time is that after the wait for the locks, by one clock for all streams: that of the server which is
  // connected to.
  const PostgresStatement& now = without_rows("tc_now", "SELECT clock_timestamp()");
  // The entry that is known comes without its bytes, as a proof that it is there.
  const PostgresStatement& unseen =
      of_one("tc_unseen", "SELECT revision, checksum, CASE WHEN revision > $2::bigint THEN bytes END FROM " +
                              in_ + "entries WHERE stream = $1 AND revision >= $2::bigint ORDER BY revision");
  const PostgresStatement& add_entry =
      of_one("tc_add_entry",
             "INSERT INTO " + in_ +
                 "entries(stream, revision, checksum, bytes) VALUES($1, $2::bigint, $3::bigint, $4)");
  // The running sum stops a page at the caller's bytes; the sizes are known without fetching the bytes.
  const PostgresStatement& page =
      of_one("tc_page",
             "SELECT revision, checksum, bytes FROM (SELECT revision, checksum, bytes, "
             "sum(octet_length(bytes)) OVER (ORDER BY revision) "
             "AS total FROM (SELECT revision, checksum, bytes FROM " +
                 in_ +
                 "entries WHERE stream = $1 AND revision > $2::bigint ORDER BY revision LIMIT 4096) AS next) "
                 "AS sized "
                 "WHERE total <= $3::bigint OR revision = $2::bigint + 1 ORDER BY revision");
  // The entry that is known, if it is there, and one after it.
  const PostgresStatement& newer = of_one(
      "tc_newer", "SELECT revision, checksum FROM " + in_ +
                      "entries WHERE stream = $1 AND revision >= $2::bigint ORDER BY revision LIMIT 2");
  const PostgresStatement& list_streams =
      list_.add(Reach::every_stream, "tc_list",
                "SELECT stream FROM " + in_ +
                    "streams s WHERE stream >= $1 AND (octet_length($2::bytea) = 0 OR stream < $2::bytea) "
                    "AND EXISTS(SELECT FROM " +
                    in_ + "entries e WHERE e.stream = s.stream) ORDER BY stream");

  const PostgresStatement& get_snapshot =
      of_one("tc_get_snapshot", "SELECT revision, bytes FROM " + in_ + "snapshots WHERE stream = $1");
  // True for the one who may write the snapshot now.
  const PostgresStatement& claim_snapshot = without_rows(
      "tc_claim_snapshot", "SELECT pg_try_advisory_xact_lock(hashtextextended('ticketcore snapshot " +
                               hex_text(options_.schema) + " ' || encode($1::bytea, 'hex'), 0))");
  const PostgresStatement& put_snapshot = of_one(
      "tc_put_snapshot",
      "INSERT INTO " + in_ +
          "snapshots AS s (stream, revision, bytes) VALUES($1, $2::bigint, $3) ON CONFLICT(stream) DO UPDATE "
          "SET "
          "revision = excluded.revision, bytes = excluded.bytes WHERE excluded.revision >= s.revision");

  const PostgresStatement& put_secret =
      of_one("tc_vault_put",
             "INSERT INTO " + in_ +
                 "vault(id, bytes) VALUES($1, $2) ON CONFLICT(id) DO UPDATE SET bytes = excluded.bytes");
  const PostgresStatement& get_secret =
      of_one("tc_vault_get", "SELECT bytes FROM " + in_ + "vault WHERE id = $1");
  const PostgresStatement& erase_secret =
      of_one("tc_vault_erase", "DELETE FROM " + in_ + "vault WHERE id = $1");
  const PostgresStatement& rewrite_vault =
      list_.add(Reach::every_stream, "", "VACUUM (FULL) " + in_ + "vault");

  const PostgresStatement& remove_entries = of_one("", "DELETE FROM " + in_ + "entries WHERE stream = $1");
  const PostgresStatement& remove_snapshot = of_one("", "DELETE FROM " + in_ + "snapshots WHERE stream = $1");
  const PostgresStatement& remove_row = of_one("", "DELETE FROM " + in_ + "streams WHERE stream = $1");
};

}  // namespace ticketcore
