#include "postgres_connection.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ticketcore {
namespace {

void keep_warning(void* warned, const PGresult* notice) {
  const char* state = PQresultErrorField(notice, PG_DIAG_SQLSTATE);
  const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (state != nullptr && severity != nullptr && std::strcmp(state, "01000") == 0 &&
      std::strcmp(severity, "WARNING") == 0)
    *static_cast<bool*>(warned) = true;
}

void drop_newline(std::string& text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
}

}  // namespace

PostgresParameter::PostgresParameter(std::int64_t number) : is_number_(true), size_(8) {
  for (int at = 0; at < 8; ++at)
    number_[at] = static_cast<char>(static_cast<std::uint64_t>(number) >> (56 - 8 * at));
}

PostgresRows::~PostgresRows() { PQclear(result_); }
int PostgresRows::count() const { return PQntuples(result_); }
bool PostgresRows::is_null(int row, int column) const { return PQgetisnull(result_, row, column) == 1; }
std::size_t PostgresRows::size(int row, int column) const {
  return static_cast<std::size_t>(PQgetlength(result_, row, column));
}
std::string_view PostgresRows::tag() const { return PQcmdStatus(result_); }

std::int64_t PostgresRows::number(int row, int column) const {
  const char* value = PQgetvalue(result_, row, column);
  const std::size_t bytes = size(row, column);
  std::uint64_t number = bytes == 4 && (value[0] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (std::size_t at = 0; at < bytes; ++at) number = number << 8 | static_cast<std::uint8_t>(value[at]);
  return static_cast<std::int64_t>(number);
}

Bytes PostgresRows::bytes(int row, int column) const {
  const auto* first = reinterpret_cast<const std::uint8_t*>(PQgetvalue(result_, row, column));
  return Bytes(first, first + size(row, column));
}

std::string PostgresRows::text(int row, int column) const {
  return std::string(PQgetvalue(result_, row, column), size(row, column));
}

std::string quoted_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char letter : name) quoted.append(letter == '"' ? 2 : 1, letter);
  return quoted + '"';
}

std::string hex_text(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) {
    constexpr const char* digits = "0123456789abcdef";
    hex += digits[static_cast<std::uint8_t>(byte) >> 4];
    hex += digits[static_cast<std::uint8_t>(byte) & 15];
  }
  return hex;
}

PostgresConnection::PostgresConnection(const Settings& settings) : settings_(settings) {
  // What comes before dbname gives way to what the URL says.
  const char* const keys[] = {"target_session_attrs", "connect_timeout",
                              "application_name",     "keepalives_idle",
                              "keepalives_interval",  "keepalives_count",
                              "tcp_user_timeout",     "dbname",
                              "client_encoding",      nullptr};
  const char* const values[] = {
      "read-write", "5", "ticketcore", "10", "5", "3", "15000", settings.conninfo.c_str(), "UTF8", nullptr};
  connection_ = PQconnectdbParams(keys, values, 1);
  if (connection_ == nullptr) throw std::bad_alloc();
  try {
    if (PQstatus(connection_) != CONNECTION_OK || PQsetnonblocking(connection_, 1) != 0) {
      const std::string why = clean(PQerrorMessage(connection_));
      // The connection itself does not say which: a wrong password is refused by a server that is there.
      const PGPing ping = PQpingParams(keys, values, 1);
      if (ping == PQPING_REJECT || ping == PQPING_NO_RESPONSE) throw PostgresNotReached(why);
      throw PostgresFailure({}, true, why);
    }
    PQsetNoticeReceiver(connection_, keep_warning, &warned_);
    if (PQenterPipelineMode(connection_) != 1) lose("pipeline mode can't be entered");
    if (!settings_.setup.empty()) (void)run(settings_.setup);
  } catch (...) {
    PQfinish(connection_);
    throw;
  }
}

PostgresConnection::~PostgresConnection() { PQfinish(connection_); }

std::string PostgresConnection::clean(std::string text) const {
  drop_newline(text);
  if (settings_.password.empty()) return text;
  for (std::size_t at = text.find(settings_.password); at != std::string::npos;
       at = text.find(settings_.password, at + 3)) {
    text.replace(at, settings_.password.size(), "***");
  }
  return text;
}

void PostgresConnection::lose(const std::string& why) {
  broken_ = true;
  throw PostgresFailure({}, true, why);
}

PostgresFailure PostgresConnection::failure(const PGresult* result, std::size_t call, bool lost) const {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  std::string text = PQresultErrorMessage(result);
  if (text.empty()) text = PQerrorMessage(connection_);
  return PostgresFailure(state == nullptr ? "" : state, lost || PQstatus(connection_) == CONNECTION_BAD,
                         clean(text), call);
}

void PostgresConnection::send(const PostgresCall& call, bool wanted) {
  const PostgresStatement& statement = *call.statement;
  const int count = static_cast<int>(call.parameters.size());
  std::vector<const char*> values;
  std::vector<int> lengths;
  for (const PostgresParameter& parameter : call.parameters) {
    values.push_back(parameter.data());
    lengths.push_back(static_cast<int>(parameter.size()));
  }
  const std::vector<int> formats(call.parameters.size(), 1);
  int sent = 0;
  if (!settings_.prepares || statement.name.empty()) {
    sent = PQsendQueryParams(connection_, statement.sql.c_str(), count, nullptr, values.data(),
                             lengths.data(), formats.data(), 1);
  } else {
    const auto is_it = [&](const Expected& expected) { return expected.prepared == &statement; };
    if (std::find(prepared_.begin(), prepared_.end(), &statement) == prepared_.end() &&
        std::none_of(expected_.begin(), expected_.end(), is_it)) {
      if (PQsendPrepare(connection_, statement.name.c_str(), statement.sql.c_str(), 0, nullptr) != 1)
        lose(clean(PQerrorMessage(connection_)));
      expected_.push_back({&statement, wanted, false});
    }
    sent = PQsendQueryPrepared(connection_, statement.name.c_str(), count, values.data(), lengths.data(),
                               formats.data(), 1);
  }
  if (sent != 1) lose(clean(PQerrorMessage(connection_)));
  expected_.push_back({nullptr, wanted, false});
}

void PostgresConnection::send_sync(bool wanted) {
  if (PQpipelineSync(connection_) != 1) lose(clean(PQerrorMessage(connection_)));
  expected_.push_back({nullptr, wanted, true});
}

void PostgresConnection::flush(Clock::time_point deadline) {
  while (true) {
    const int rest = PQflush(connection_);
    if (rest == 0) return;
    if (rest < 0) lose(clean(PQerrorMessage(connection_)));
    // Both ways, lest both sides wait for the other to read.
    pollfd socket{PQsocket(connection_), POLLIN | POLLOUT, 0};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    const int ready = left.count() <= 0 ? 0 : poll(&socket, 1, static_cast<int>(left.count()));
    if (ready == 0) lose("the database did not take what was sent to it in time");
    if (ready < 0 && errno != EINTR) lose(std::strerror(errno));
    if ((socket.revents & POLLIN) != 0 && PQconsumeInput(connection_) != 1)
      lose(clean(PQerrorMessage(connection_)));
  }
}

void PostgresConnection::wait_readable(Clock::time_point deadline) {
  pollfd socket{PQsocket(connection_), POLLIN, 0};
  const auto until = cancel_at_ ? std::min(deadline, *cancel_at_) : deadline;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
  const int ready = left.count() <= 0 ? 0 : poll(&socket, 1, static_cast<int>(left.count()));
  if (ready == 0 && cancel_at_) return cancel();
  if (ready == 0) lose("the database did not answer in time");
  if (ready < 0 && errno != EINTR) lose(std::strerror(errno));
  if (PQconsumeInput(connection_) != 1) lose(clean(PQerrorMessage(connection_)));
}

void PostgresConnection::cancel() {
  cancel_at_.reset();
  cancelled_ = true;
  PGcancel* request = PQgetCancel(connection_);
  char why[256] = {};
  // One that does not arrive is no worse than none: the answer's own time limit goes on.
  if (request != nullptr) (void)PQcancel(request, why, sizeof why);
  PQfreeCancel(request);
}

PGresult* PostgresConnection::next_result(Clock::time_point deadline) {
  while (PQisBusy(connection_) == 1) wait_readable(deadline);
  return PQgetResult(connection_);
}

std::vector<PostgresRows> PostgresConnection::run(std::span<const PostgresCall> calls, Patience patience) {
  if (broken_) throw PostgresFailure({}, true, "the connection was lost before");
  const auto start = Clock::now();
  const auto deadline = start + settings_.response_timeout + patience.extra +
                        patience.cancel_after.value_or(std::chrono::milliseconds(0));
  cancel_at_ = patience.cancel_after ? std::optional(start + *patience.cancel_after) : std::nullopt;
  // Until every answer has been read, whatever is thrown on the way there: who used the connection then would
  // read the answers to what was asked before him.
  broken_ = true;
  for (const PostgresCall& call : calls) send(call, true);
  send_sync(true);
  flush(deadline);
  std::vector<PostgresRows> rows;
  std::optional<PostgresFailure> first_failure;
  while (!expected_.empty()) {
    const Expected expected = expected_.front();
    PGresult* result = next_result(deadline);
    if (result == nullptr) lose("the database sent fewer answers than it was asked for");
    PostgresRows row(result);
    const ExecStatusType status = PQresultStatus(result);
    const bool failed = status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
    const bool is_sync = status == PGRES_PIPELINE_SYNC;
    // A failed call makes libpq skip to the next sync by answering "aborted" to those between, so none is
    // missing.
    if (is_sync != expected.sync && !failed) lose("the database's answers are out of step");
    // What has no COMMIT of its own is committed at the sync, and nobody can say what became of it when that
    // fails.
    if (failed && expected.sync && expected.wanted) throw failure(result, calls.size(), true);
    // A failed sync is not over: it answers once more as one.
    if (is_sync || !expected.sync) expected_.pop_front();
    if (is_sync) continue;
    if (failed) {
      PostgresFailure why = failure(result, rows.size(), false);
      if (why.connection_lost()) throw why;
      if (expected.wanted && !first_failure) first_failure = std::move(why);
    } else if (status != PGRES_PIPELINE_ABORTED) {
      if (expected.prepared != nullptr)
        prepared_.push_back(expected.prepared);
      else if (expected.wanted)
        rows.push_back(std::move(row));
    }
    // Every answer but a sync is closed by a null.
    if (PGresult* more = next_result(deadline); more != nullptr) {
      PQclear(more);
      lose("the database's answers are out of step");
    }
  }
  cancel_at_.reset();
  if (!first_failure && rows.size() != calls.size())
    lose("the database sent fewer answers than it was asked for");
  // A cancel may arrive late, and must not hit what is run next: the connection is used no more.
  broken_ = cancelled_;
  if (first_failure) throw *first_failure;
  return rows;
}

void PostgresConnection::post(std::initializer_list<PostgresCall> calls) noexcept {
  try {
    if (broken_) return;
    for (const PostgresCall& call : calls) send(call, false);
    send_sync(false);
    flush(Clock::now() + std::chrono::milliseconds(100));
  } catch (...) {
    broken_ = true;
  }
}

bool PostgresConnection::wait_for_notification(std::span<const std::string> payloads,
                                               std::chrono::milliseconds timeout) {
  const auto ours = [&] {
    bool found = false;
    while (PGnotify* news = PQnotifies(connection_)) {
      found = found || std::find(payloads.begin(), payloads.end(), news->extra) != payloads.end();
      PQfreemem(news);
    }
    return found;
  };
  for (const auto deadline = Clock::now() + timeout; !ours();) {
    pollfd socket{PQsocket(connection_), POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    if (poll(&socket, 1, static_cast<int>(left.count())) > 0 && PQconsumeInput(connection_) != 1)
      lose(clean(PQerrorMessage(connection_)));
  }
  return true;
}

int PostgresConnection::server_version() const { return PQserverVersion(connection_); }

std::string PostgresConnection::describe() const {
  return std::string("PostgreSQL database ") + PQdb(connection_) + " on " + PQhost(connection_) + ":" +
         PQport(connection_);
}

PostgresPool::Lease PostgresPool::take(std::chrono::milliseconds timeout) {
  {
    std::unique_lock lock(mutex_);
    if (!returned_.wait_for(lock, timeout, [&] { return in_use_ < limit_; })) {
      throw StorageUnavailable(settings_.shown_as + ": all " + std::to_string(limit_) +
                               " connections stayed in use for " + std::to_string(timeout.count()) +
                               " ms; allow more, or try again");
    }
    ++in_use_;
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return {*this, std::move(connection), false};
    }
  }
  try {
    return {*this, std::make_unique<PostgresConnection>(settings_), true};
  } catch (...) {
    give_back(nullptr);
    throw;
  }
}

void PostgresPool::forget_idle() {
  std::vector<std::unique_ptr<PostgresConnection>> stale;
  stale.reserve(static_cast<std::size_t>(limit_));  // it changes places with idle_, which needs that much
  const std::lock_guard lock(mutex_);
  stale.swap(idle_);
}

void PostgresPool::give_back(std::unique_ptr<PostgresConnection> connection) noexcept {
  {
    const std::lock_guard lock(mutex_);
    --in_use_;
    if (connection && connection->usable()) idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

}  // namespace ticketcore
