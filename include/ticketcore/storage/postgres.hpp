#pragma once
// A store in a PostgreSQL database (15 or newer), for any number of processes on any number of hosts. A turn
// is a row lock on its streams' rows in one transaction, so that the database alone decides who appends; it
// costs two round trips. docs/storage-postgres.md says how to set the database up, with which rights, behind
// which poolers, and what a fail-over does.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ticketcore/storage/open_storage.hpp"

namespace ticketcore {

struct PostgresOptions {
  using Access = StorageAccess;

  /// The schema that holds the tables. Several stores may share a database under different schemas. 1 to 63
  /// bytes.
  std::string schema = "ticketcore";
  /// read_only makes and migrates nothing, and needs only SELECT: a standby will do
  /// (target_session_attrs=any).
  Access access = Access::read_write_create;
  /// The most connections that turns use at a time, 1 to 1,000; a turn past it waits. Reads have half as
  /// many, at least two.
  int connections = 8;
  /// How long take_turn waits for a free connection and for other turns on its streams, in all and wherever
  /// their locks are held; then it is cancelled. Where a connection turns out to be dead, it begins anew on
  /// another. The vault and snapshots wait as long for locks.
  std::chrono::milliseconds turn_timeout{10'000};
  /// How long one turn may take before the database ends it: a host that froze must not keep an event from
  /// selling.
  std::chrono::milliseconds turn_limit{5'000};
  /// How long a response of the database may take, waiting for turns not counted; past it the connection is
  /// given up.
  std::chrono::milliseconds response_timeout{15'000};
  /// How long open() keeps trying to reach a server that does not answer or is starting up. Errors that
  /// waiting can't mend (a wrong password, no store, missing rights) are thrown at once. 0: it tries once.
  std::chrono::milliseconds open_timeout{0};
  /// The database is reached through a pooler in transaction mode: nothing is kept in the session (no
  /// prepared statements, settings go with every turn), and news are polled for unless news_url is given.
  bool transaction_pooler = false;
  /// A direct connection for LISTEN, where the first one goes through a pooler.
  std::string news_url{};
  /// What Turn::now answers. Empty: the database's clock, the one that all hosts share.
  std::function<Timestamp()> clock{};
};

/// Any thread may call anything at any time. No turn may outlive the storage.
class PostgresStorage final : public Storage {
 public:
  /// Opens the store, and makes or migrates its tables where they are missing or older (one process at a
  /// time, under an advisory lock). url is libpq's,
  /// "postgresql://user@host:5432/database?sslmode=verify-full", or its "host=... dbname=..." form; TLS,
  /// several hosts and time-outs are its own parameters. A URL may also carry schema=NAME, connections=N and
  /// pooler=transaction, which win over the options. Without target_session_attrs a host that takes writes is
  /// chosen. Throws StorageError (a URL that can't be read, too old a server, a schema that is not ours),
  /// StorageNotReached (no server answers, or it is starting up), StorageUnavailable (read-only, no rights,
  /// no store, settings under which commits would not be durable; the message says what to do), StorageNewer.
  /// No message carries the password.
  [[nodiscard]] static std::unique_ptr<PostgresStorage> open(std::string_view url,
                                                             PostgresOptions options = {});
  ~PostgresStorage() override;

  PostgresStorage(const PostgresStorage&) = delete;
  PostgresStorage& operator=(const PostgresStorage&) = delete;

  [[nodiscard]] std::unique_ptr<Turn> take_turn(std::span<const Position> streams) override;
  [[nodiscard]] std::vector<Entry> read(const StreamId& stream, Revision after,
                                        std::size_t max_bytes) override;
  [[nodiscard]] std::optional<Snapshot> load_snapshot(const StreamId& stream) override;
  /// Does nothing while another process is saving one for the stream.
  void save_snapshot(const Position& at, BytesView bytes) override;
  [[nodiscard]] std::vector<StreamId> list_streams(std::string_view prefix) override;
  void remove_stream(const Position& end) override;
  /// Woken by NOTIFY, and looks by itself every few milliseconds to half a second, the longer the less
  /// happens.
  [[nodiscard]] bool wait_for_news(std::span<const Position> streams,
                                   std::chrono::milliseconds timeout) override;
  void vault_put(std::string_view id, BytesView bytes) override;
  [[nodiscard]] std::optional<Bytes> vault_get(std::string_view id) override;
  void vault_erase(std::string_view id) override;
  /// Rewrites the vault's table, which only its owner may do (from PostgreSQL 17 also a role with MAINTAIN on
  /// it). The server's own write-ahead log keeps what was written until it reuses those files: it counts as a
  /// backup.
  void scrub_vault() override;
  [[nodiscard]] std::string describe() const override;

 private:
  struct Body;
  class PostgresTurn;
  explicit PostgresStorage(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

/// Makes open_storage know "postgresql://..." and "postgres://...".
void register_postgres();

}  // namespace ticketcore
