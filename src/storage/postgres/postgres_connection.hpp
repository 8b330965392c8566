#pragma once
// A connection to PostgreSQL that sends statements in batches (one round trip each, by libpq's pipeline mode)
// and gives up when an answer takes too long. And the pool that keeps a few of them.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ticketcore/storage/storage.hpp"

struct pg_conn;
struct pg_result;

namespace ticketcore {

/// What the database answered instead of a result, or that it answered nothing more.
class PostgresFailure : public std::runtime_error {
 public:
  PostgresFailure(std::string sqlstate, bool connection_lost, const std::string& message,
                  std::size_t call = 0)
      : std::runtime_error(message),
        sqlstate_(std::move(sqlstate)),
        connection_lost_(connection_lost),
        call_(call) {}
  /// Five characters of the SQL standard and PostgreSQL's appendix A; empty when the connection was lost
  /// without one.
  [[nodiscard]] const std::string& sqlstate() const noexcept { return sqlstate_; }
  [[nodiscard]] bool connection_lost() const noexcept { return connection_lost_; }
  [[nodiscard]] bool is(std::string_view sqlstate) const noexcept { return sqlstate_ == sqlstate; }
  /// Which of the calls that were run together failed, from 0: those before it were run, those after it were
  /// not.
  [[nodiscard]] std::size_t call() const noexcept { return call_; }

 private:
  std::string sqlstate_;
  bool connection_lost_;
  std::size_t call_;
};

/// No server answers there, or it is starting up, shutting down or recovering: waiting may help.
class PostgresNotReached : public PostgresFailure {
 public:
  explicit PostgresNotReached(const std::string& message) : PostgresFailure({}, true, message) {}
};

/// A statement; with a name it is prepared once for each connection.
struct PostgresStatement {
  std::string name{};
  std::string sql{};
};

/// A parameter: the caller keeps the bytes of a view alive until the call returns.
class PostgresParameter {
 public:
  PostgresParameter(std::int64_t number);
  PostgresParameter(BytesView bytes)
      : data_(reinterpret_cast<const char*>(bytes.data())), size_(bytes.size()) {}
  /// Also for bytea: names are bytes.
  PostgresParameter(std::string_view bytes) : data_(bytes.data()), size_(bytes.size()) {}

  [[nodiscard]] bool is_number() const noexcept { return is_number_; }
  /// Never null, which would be SQL's NULL.
  [[nodiscard]] const char* data() const noexcept { return is_number_ ? number_ : size_ == 0 ? "" : data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  bool is_number_ = false;
  char number_[8] = {};  // as PostgreSQL sends it: big end first
  const char* data_ = "";
  std::size_t size_ = 0;
};

struct PostgresCall {
  const PostgresStatement* statement;
  std::vector<PostgresParameter> parameters{};
};

/// Rows in PostgreSQL's binary format.
class PostgresRows {
 public:
  explicit PostgresRows(pg_result* result) : result_(result) {}
  PostgresRows(PostgresRows&& other) noexcept : result_(std::exchange(other.result_, nullptr)) {}
  PostgresRows& operator=(PostgresRows&&) = delete;
  ~PostgresRows();

  [[nodiscard]] int count() const;
  [[nodiscard]] bool is_null(int row, int column) const;
  [[nodiscard]] std::int64_t number(
      int row, int column) const;  ///< int4, int8, boolean or timestamptz (microseconds since 2000)
  [[nodiscard]] Bytes bytes(int row, int column) const;
  [[nodiscard]] std::size_t size(int row, int column) const;
  [[nodiscard]] std::string text(int row, int column) const;
  /// "COMMIT", "ROLLBACK", "INSERT 0 1".
  [[nodiscard]] std::string_view tag() const;

 private:
  pg_result* result_;
};

class PostgresConnection {
 public:
  struct Settings {
    std::string conninfo{};  // without what is ours
    std::string shown_as{};  // without the password
    std::string password{};  // to keep it out of messages
    bool prepares = true;
    std::chrono::milliseconds response_timeout{};
    std::vector<PostgresCall> setup{};  // run once when connected
  };

  /// Connects. Throws PostgresFailure.
  explicit PostgresConnection(const Settings& settings);
  ~PostgresConnection();
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  struct Patience {
    std::chrono::milliseconds extra{};  ///< On top of the time-out of an answer.
    /// For calls that may wait for locks, on this server or on a node behind it: after this long they are
    /// cancelled, and then fail with 57014, or have just come through; the connection is not usable() any
    /// more either way. A cancel goes over a connection of its own, which may take as long as the URL's
    /// tcp_user_timeout (15 s) where the network has died.
    std::optional<std::chrono::milliseconds> cancel_after{};
  };
  /// Sends the calls together and waits for all their answers. Throws the first PostgresFailure; the calls
  /// after a failed one were not run. Calls without a COMMIT of theirs are committed at the end; a failure of
  /// that counts as a lost connection: what became of them is unknown.
  std::vector<PostgresRows> run(std::span<const PostgresCall> calls, Patience patience);
  std::vector<PostgresRows> run(std::span<const PostgresCall> calls) { return run(calls, Patience{}); }
  std::vector<PostgresRows> run(std::initializer_list<PostgresCall> calls) {
    return run(std::span(calls.begin(), calls.size()), Patience{});
  }
  std::vector<PostgresRows> run(std::initializer_list<PostgresCall> calls, Patience patience) {
    return run(std::span(calls.begin(), calls.size()), patience);
  }
  /// Sends the calls and waits for nothing; whether they succeed is not told.
  void post(std::initializer_list<PostgresCall> calls) noexcept;
  /// Waits until a notification with one of the payloads comes (true) or the time is over (false).
  [[nodiscard]] bool wait_for_notification(std::span<const std::string> payloads,
                                           std::chrono::milliseconds timeout);

  /// True until the connection is lost or its state is unclear: also when run() threw anything but an
  /// answer's failure.
  [[nodiscard]] bool usable() const noexcept { return !broken_; }
  /// It leads to where nothing can be done any more: the pool closes it.
  void give_up() noexcept { broken_ = true; }
  /// A warning of class 01000 came since the last call of this: of a commit, that its copy on a standby was
  /// not waited for.
  [[nodiscard]] bool take_warning() noexcept { return std::exchange(warned_, false); }
  [[nodiscard]] int server_version() const;
  /// "PostgreSQL database on host:5432": without user and password.
  [[nodiscard]] std::string describe() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Expected {
    const PostgresStatement* prepared = nullptr;  // the answer to preparing this
    bool wanted = false;                          // run() waits for it; others were posted
    bool sync = false;
  };

  void send(const PostgresCall& call, bool wanted);
  void send_sync(bool wanted);
  void flush(Clock::time_point deadline);
  void wait_readable(Clock::time_point deadline);
  [[nodiscard]] pg_result* next_result(Clock::time_point deadline);
  /// lost: whatever the connection itself says.
  [[nodiscard]] PostgresFailure failure(const pg_result* result, std::size_t call, bool lost) const;
  void cancel();
  [[noreturn]] void lose(const std::string& why);
  [[nodiscard]] std::string clean(std::string text) const;

  pg_conn* connection_ = nullptr;
  const Settings& settings_;
  std::deque<Expected> expected_;
  std::vector<const PostgresStatement*> prepared_;
  bool broken_ = false;
  bool warned_ = false;
  std::optional<Clock::time_point> cancel_at_{};  // of what is being run
  bool cancelled_ = false;
};

/// Keeps connections between uses and bounds how many there are.
class PostgresPool {
 public:
  PostgresPool(const PostgresConnection::Settings& settings, int limit) : settings_(settings), limit_(limit) {
    idle_.reserve(static_cast<std::size_t>(limit));  // so that to give one back needs no memory
  }

  /// A connection for a scope, given back or, when broken, closed at its end.
  class Lease {
   public:
    Lease(PostgresPool& pool, std::unique_ptr<PostgresConnection> connection, bool fresh)
        : pool_(&pool), connection_(std::move(connection)), fresh_(fresh) {}
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    PostgresConnection* operator->() const noexcept { return connection_.get(); }
    /// Connected just now, so that a failure of it is a failure of the database, not of a connection that
    /// went stale.
    [[nodiscard]] bool fresh() const noexcept { return fresh_; }

   private:
    PostgresPool* pool_;
    std::unique_ptr<PostgresConnection> connection_;
    bool fresh_;
  };

  /// Throws PostgresFailure when connecting fails, StorageUnavailable when all stayed in use for that long.
  [[nodiscard]] Lease take(std::chrono::milliseconds timeout);
  /// Closes those that nobody uses now: one of them went stale, and whoever tries the others one by one waits
  /// for each.
  void forget_idle();

 private:
  void give_back(std::unique_ptr<PostgresConnection> connection) noexcept;

  const PostgresConnection::Settings& settings_;
  const int limit_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<PostgresConnection>> idle_;
  int in_use_ = 0;
};

/// "name" as SQL spells it.
[[nodiscard]] std::string quoted_identifier(std::string_view name);
/// Bytes as lower-case hex digits.
[[nodiscard]] std::string hex_text(std::string_view bytes);

}  // namespace ticketcore
