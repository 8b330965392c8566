#pragma once
// One client's connection, from its first byte to its last. Included by http_server.cpp alone.

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <charconv>
#include <chrono>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "http/addresses.hpp"
#include "http/http_worker.hpp"
#include "http/problem.hpp"
#include "http/request_parser.hpp"
#include "http/stream_queue.hpp"

namespace server {

inline constexpr std::chrono::seconds linger{2};  ///< How long a refused client may take to read why.
inline constexpr std::size_t slowest_bytes_per_second =
    4096;  ///< Past idle_timeout, a client that reads a response more slowly is cut off.
inline constexpr std::size_t read_bytes = 4096;
inline constexpr std::size_t body_read_bytes = 64U << 10U;

inline void skip(std::span<asio::const_buffer>& parts, std::size_t bytes) {
  while (!parts.empty() && bytes >= parts.front().size()) {
    bytes -= parts.front().size();
    parts = parts.subspan(1);
  }
  if (bytes > 0) parts.front() += bytes;
}

inline std::size_t total(std::span<const asio::const_buffer> parts) {
  std::size_t bytes = 0;
  for (const asio::const_buffer& part : parts) bytes += part.size();
  return bytes;
}

inline Problem to_problem(const Refused& refused) {
  Problem problem = make_problem(refused.reason, refused.detail);
  problem.status = refused.status;
  return problem;
}

/// A connection's life: serve() is a coroutine on its worker's thread, and everything else here runs on that
/// thread too, but for send() and stream(), which leave what they bring in response_ and queue_ before they
/// say so by answered_.
class Connection final : public Reply::Sink, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Site& site, std::shared_ptr<Worker> worker, Socket socket);

  /// False, and it is to be dropped, if its peer has as many connections as it may.
  [[nodiscard]] bool within_share();
  Task<void> serve();
  /// Another thread has brought something.
  void woken();
  /// Acts on the time limit, if it is past.
  void check_time();
  /// Ends what waits for its client; what is under way may finish.
  void drain();
  /// Ends it here and now.
  void stop();

  void send(Response response) override;
  std::shared_ptr<Stream> stream(Response head) override;

 private:
  enum class Phase { idle, reading, other };
  class LiveStream;

  Task<void> serve_requests();
  Task<bool> read_request();
  Task<bool> refuse(const Problem& problem);
  Task<std::optional<Problem>> admit_large_body();
  Task<bool> answer();
  Task<bool> write_response();
  Task<void> write_stream();
  Task<bool> write_parts(const std::vector<StreamQueue::Bytes>& parts);
  Task<void> discard();
  Task<void> finish();
  Task<std::size_t> read_some(asio::mutable_buffer space);
  Task<bool> write(std::span<asio::const_buffer> parts);
  bool write_at_once(std::span<asio::const_buffer>& parts);
  void tell();
  Task<void> wait();
  void limit_time(Phase phase, Clock::duration time);
  void begin_request(Request& request);
  [[nodiscard]] Response internal_error() const;
  bool make_head(bool body_goes_on);
  void record(std::uint64_t bytes);

  // The worker is named first, so that the socket dies before the io_context.
  std::shared_ptr<Worker> worker_;
  Site& site_;
  std::unique_ptr<Shares::Place> of_peer_{};
  std::optional<Counted>
      counted_;  ///< Until its client is gone: a reply or stream that somebody still has doesn't count.
  Socket socket_;
  std::optional<asio::ssl::stream<Socket&>> tls_{};
  Timer wake_;
  bool waiting_ = false;
  bool stopped_ = false;
  bool timed_out_ = false;
  bool refused_ = false;
  bool listening_ = false;    ///< discard() runs beside a stream.
  bool client_gone_ = false;  ///< It sends nothing more; of a stream's client: so it reads nothing either.
  bool over_capacity_;
  Phase phase_ = Phase::other;
  Clock::time_point limit_ = Clock::time_point::max();

  std::string peer_{};
  boost::beast::flat_buffer buffer_{};
  std::optional<RequestParser> parser_{};
  Request noted_{};  ///< What the log needs of a request whose handler has it.
  Clock::time_point begun_{};
  bool keep_alive_ = true;
  std::string head_{};

  std::atomic<bool> answered_{false};
  std::atomic<bool> ended_{false};
  Response response_{};
  std::shared_ptr<StreamQueue> queue_{};
  std::size_t stream_backlog_bytes_;  ///< Its own: a stream may be asked for when the site is gone.
};

inline void Worker::wake(std::shared_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  woken_.push_back(std::move(connection));
  // One post for all that come before it is served: an engine answers its callers in batches.
  if (woken_.size() == 1) asio::post(context, [this] { deliver(); });
}

inline void Worker::deliver() {
  std::vector<std::shared_ptr<Connection>> woken;
  {
    const std::lock_guard lock(mutex_);
    woken.swap(woken_);
  }
  for (const auto& connection : woken) connection->woken();
}

inline void Worker::run() {
  this_threads_worker = this;
  context.run();
  this_threads_worker = nullptr;
  // Replies that come later find nobody; kept, they would keep this worker alive, and it them.
  std::vector<std::shared_ptr<Connection>> late;
  const std::lock_guard lock(mutex_);
  ended_ = true;
  late.swap(woken_);
}

class Connection::LiveStream final : public Stream {
 public:
  LiveStream(std::shared_ptr<StreamQueue> queue, std::shared_ptr<Connection> connection)
      : queue_(std::move(queue)), connection_(std::move(connection)) {}
  ~LiveStream() override { close(); }
  LiveStream(const LiveStream&) = delete;
  LiveStream& operator=(const LiveStream&) = delete;

  bool write(std::shared_ptr<const std::string> bytes) override {
    const StreamQueue::Written written = queue_->write(std::move(bytes));
    if (written == StreamQueue::Written::cut || written == StreamQueue::Written::and_tell)
      connection_->tell();
    return written == StreamQueue::Written::quietly || written == StreamQueue::Written::and_tell;
  }
  void close() override {
    queue_->close();
    connection_->tell();
  }

 private:
  std::shared_ptr<StreamQueue> queue_;
  std::shared_ptr<Connection> connection_;
};

inline Connection::Connection(Site& site, std::shared_ptr<Worker> worker, Socket socket)
    : worker_(std::move(worker)),
      site_(site),
      counted_(std::in_place, site.load->connections),
      socket_(std::move(socket)),
      wake_(worker_->context, Clock::time_point::max()),
      over_capacity_(counted_->number() > site.options.connections),
      stream_backlog_bytes_(site.options.stream_backlog_bytes) {
  error_code ignored;
  const auto endpoint = socket_.remote_endpoint(ignored);
  peer_ = endpoint.address().to_string();
  socket_.set_option(tcp::no_delay(true), ignored);
  if (site_.tls) {
    tls_.emplace(socket_, *site_.tls);
  } else {
    socket_.non_blocking(true, ignored);
  }
}

inline bool Connection::within_share() {
  if (!site_.options.connections_of) return true;
  const std::size_t most = site_.options.connections_of(peer_);
  if (most == 0) return true;
  of_peer_ = site_.peers.take(client_of(peer_), most, std::numeric_limits<std::size_t>::max());
  return of_peer_ != nullptr;
}

inline void Connection::send(Response response) {
  response_ = std::move(response);
  answered_.store(true, std::memory_order_release);
  tell();
}

inline std::shared_ptr<Stream> Connection::stream(Response head) {
  response_ = std::move(head);
  queue_ = std::make_shared<StreamQueue>(stream_backlog_bytes_);
  auto stream = std::make_shared<LiveStream>(queue_, shared_from_this());
  answered_.store(true);
  if (ended_.load()) queue_->close();
  tell();
  return stream;
}

inline void Connection::tell() {
  if (this_threads_worker == worker_.get()) {
    woken();
  } else {
    worker_->wake(shared_from_this());
  }
}

inline void Connection::woken() {
  if (answered_.load(std::memory_order_acquire) && queue_ && queue_->cut()) stop();
  if (waiting_) wake_.cancel();
}

inline Task<void> Connection::wait() {
  waiting_ = true;
  co_await wake_.async_wait(as_tuple);
  waiting_ = false;
}

inline void Connection::limit_time(Phase phase, Clock::duration time) {
  phase_ = phase;
  limit_ = worker_->now + time;
}

inline void Connection::check_time() {
  if (worker_->now < limit_) return;
  if (phase_ != Phase::reading || over_capacity_) return stop();
  // It is told why: the reading ends, the writing is still to come.
  timed_out_ = true;
  limit_ = Clock::time_point::max();
  error_code ignored;
  socket_.cancel(ignored);
}

inline void Connection::drain() {
  if (phase_ == Phase::idle) return stop();
  if (answered_.load(std::memory_order_acquire) && queue_) queue_->close();
  woken();
}

inline void Connection::stop() {
  stopped_ = true;
  error_code ignored;
  socket_.close(ignored);
  if (waiting_) wake_.cancel();
}

inline Task<void> Connection::serve() {
  worker_->connections.insert(this);
  try {
    co_await serve_requests();
  } catch (const std::exception& error) {
    site_.log.trouble(noted_.id, error.what());
  }
  stop();
  // A stream that is asked for at this moment sees one of the two, or is seen here.
  ended_.store(true);
  if (answered_.load() && queue_) {
    queue_->close();
    response_.kept.reset();
  }
  counted_.reset();
  of_peer_.reset();
  worker_->connections.erase(this);
  if (worker_->drained_by && worker_->connections.empty()) worker_->ticker.cancel();
}

inline Task<void> Connection::serve_requests() {
  if (tls_) {
    limit_time(Phase::other, site_.options.request_timeout);
    const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, as_tuple);
    if (error) co_return;
  }
  bool more = true;
  while (more) {
    more = co_await read_request();
    if (more) more = co_await answer();
  }
  if (!stopped_) co_await finish();
}

/// 0 when nothing more comes.
inline Task<std::size_t> Connection::read_some(asio::mutable_buffer space) {
  std::tuple<error_code, std::size_t> got;
  if (tls_) {
    got = co_await tls_->async_read_some(space, as_tuple);
  } else {
    got = co_await socket_.async_read_some(space, as_tuple);
  }
  co_return std::get<0>(got) ? 0 : std::get<1>(got);
}

/// Plain sockets mostly take a response at once, which saves the coroutine its suspension. True when all is
/// written.
inline bool Connection::write_at_once(std::span<asio::const_buffer>& parts) {
  if (tls_) return false;
  error_code error;
  skip(parts, socket_.write_some(parts, error));
  return parts.empty();
}

inline Task<bool> Connection::write(std::span<asio::const_buffer> parts) {
  limit_time(Phase::other,
             site_.options.idle_timeout + std::chrono::seconds{total(parts) / slowest_bytes_per_second});
  while (!parts.empty() && !stopped_) {
    std::tuple<error_code, std::size_t> done;
    if (tls_) {
      done = co_await tls_->async_write_some(parts, as_tuple);
    } else {
      done = co_await socket_.async_write_some(parts, as_tuple);
    }
    if (std::get<0>(done)) {
      stop();
      break;
    }
    skip(parts, std::get<1>(done));
  }
  limit_ = Clock::time_point::max();
  co_return parts.empty();
}

/// False when there is none: the client is done, or was told what is wrong.
inline Task<bool> Connection::read_request() {
  if (buffer_.size() == 0 && site_.draining.load(std::memory_order_relaxed)) co_return false;
  if (buffer_.size() == 0 && buffer_.capacity() > 4 * read_bytes) buffer_.shrink_to_fit();
  parser_.emplace(site_.options);
  noted_ = {};
  limit_time(Phase::idle, over_capacity_ ? linger : site_.options.idle_timeout);
  bool continued = false;
  bool admitted = false;
  error_code error;
  for (;;) {
    // Empty lines before a request are left from an old client's last one (RFC 9112, 2.2).
    const auto begins = [this](std::string_view with) {
      return std::string_view(static_cast<const char*>(buffer_.data().data()), buffer_.size())
          .starts_with(with);
    };
    while (phase_ == Phase::idle && begins("\r\n")) buffer_.consume(2);
    const bool half_empty_line = phase_ == Phase::idle && buffer_.size() == 1 && begins("\r");
    if (buffer_.size() > 0 && !half_empty_line) {
      if (phase_ == Phase::idle) {
        limit_time(Phase::reading, over_capacity_ ? linger : site_.options.request_timeout);
        begun_ = Clock::now();
      }
      buffer_.consume(parser_->take(buffer_.data(), error));
      if (error && error != boost::beast::http::error::need_more)
        co_return co_await refuse(to_problem(parser_->refused(error)));
      if (parser_->is_header_done() && parser_->has_large_body() && !std::exchange(admitted, true)) {
        if (const auto refusal = co_await admit_large_body()) co_return co_await refuse(*refusal);
        if (stopped_) co_return false;
      }
      if (parser_->is_done()) co_return true;
      if (parser_->is_header_done() && parser_->expects_continue() && !std::exchange(continued, true)) {
        std::array<asio::const_buffer, 1> go_on{
            asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n"))};
        const auto limit = limit_;
        if (!co_await write(go_on)) co_return false;
        phase_ = Phase::reading;
        limit_ = limit;
      }
    }
    const std::size_t bytes =
        co_await read_some(buffer_.prepare(parser_->is_header_done() ? body_read_bytes : read_bytes));
    if (stopped_) co_return false;
    if (timed_out_) co_return co_await refuse(to_problem(parser_->too_late()));
    if (bytes == 0 && phase_ == Phase::idle) co_return false;
    if (bytes == 0)
      co_return co_await refuse(to_problem(parser_->refused(boost::beast::http::error::partial_message)));
    buffer_.commit(bytes);
  }
}

/// Answers what is no request, and no more after it: false.
inline Task<bool> Connection::refuse(const Problem& problem) {
  begin_request(parser_->request());
  keep_alive_ = false;
  response_ = to_response(problem, noted_.id);
  refused_ = true;
  co_await write_response();
  co_return false;
}

/// Nothing more of the body is read meanwhile.
inline Task<std::optional<Problem>> Connection::admit_large_body() {
  struct Decision {
    std::atomic<bool> made{false};
    std::optional<Problem> refusal{};
  };
  const auto decision = std::make_shared<Decision>();
  begin_request(parser_->request());
  site_.options.admit_large_body(parser_->request(),
                                 [decision, self = shared_from_this()](std::optional<Problem> refusal) {
                                   decision->refusal = std::move(refusal);
                                   decision->made.store(true, std::memory_order_release);
                                   self->tell();
                                 });
  while (!decision->made.load(std::memory_order_acquire) && !stopped_) co_await wait();
  if (stopped_) co_return std::nullopt;
  co_return std::move(decision->refusal);
}

/// Gives the request its ids, and notes what is needed of it when its handler has it.
inline void Connection::begin_request(Request& request) {
  request.peer = peer_;
  if (const std::string_view id = request.header("X-Request-Id"); fit_request_id(id)) request.id = id;
  if (request.id.empty()) request.id = worker_->ids.request_id();
  if (const std::string_view trace = request.header("traceparent"); fit_traceparent(trace))
    request.traceparent = trace;
  if (request.traceparent.empty()) request.traceparent = worker_->ids.traceparent(request.id);
  noted_.id = request.id;
  noted_.method = request.method;
  if (!site_.log.on()) return;
  noted_.path = request.path;
  noted_.peer = request.peer;
  noted_.traceparent = request.traceparent;
}

inline Task<bool> Connection::answer() {
  phase_ = Phase::other;
  limit_ = Clock::time_point::max();
  begin_request(parser_->request());
  keep_alive_ = parser_->keep_alive() && !over_capacity_;
  std::optional<Counted> in_flight(std::in_place, site_.load->requests);
  if (over_capacity_ || in_flight->number() > site_.options.requests_in_flight) {
    site_.sheds.add();
    response_ = to_response(
        make_problem("overloaded", "the server has more to do than it can; try again in a second"),
        noted_.id);
  } else {
    answered_.store(false, std::memory_order_relaxed);
    try {
      site_.handler(std::move(parser_->request()), Reply(shared_from_this()));
    } catch (const std::exception& error) {
      site_.log.trouble(noted_.id, error.what());
    } catch (...) {
      site_.log.trouble(noted_.id, "the handler threw what is no std::exception");
    }
    while (!answered_.load(std::memory_order_acquire) && !stopped_) co_await wait();
    if (stopped_) co_return false;
  }
  if (queue_) {
    in_flight.reset();
    co_await write_stream();
    co_return false;
  }
  const bool written = co_await write_response();
  co_return written&& keep_alive_;
}

inline Response Connection::internal_error() const {
  return to_response(make_problem("internal_error", "something went wrong inside the server"), noted_.id);
}

inline bool Connection::make_head(bool body_goes_on) {
  if (!response_.fixed_headers) response_.fixed_headers = site_.options.fixed_headers;
  const HeadOptions options{.date_line = worker_->date_line,
                            .request_id = noted_.id,
                            .http_1_0 = parser_->http_1_0(),
                            .keep_alive = keep_alive_,
                            .body_goes_on = body_goes_on};
  return write_head(response_, options, head_);
}

inline Task<bool> Connection::write_response() {
  if (site_.draining.load(std::memory_order_relaxed)) keep_alive_ = false;
  if (response_.status == 500 && body_of(response_).empty()) response_ = internal_error();
  if (!make_head(false)) {
    site_.log.trouble(noted_.id, "a response header has characters that no header may have");
    response_ = internal_error();
    std::ignore = make_head(false);
  }
  const std::string_view body = noted_.method == "HEAD" ? std::string_view{} : body_of(response_);
  std::array<asio::const_buffer, 2> parts{asio::buffer(head_), asio::buffer(body)};
  std::span<asio::const_buffer> rest(parts);
  bool written = write_at_once(rest);
  if (!written) written = co_await write(rest);
  record(body.size());
  response_ = {};
  co_return written;
}

inline void Connection::record(std::uint64_t bytes) {
  const auto took = Clock::now() - begun_;
  site_.requests.count(noted_.method, response_.status);
  if (!queue_) site_.durations.observe(std::chrono::duration<double>(took).count());
  if (site_.log.on())
    site_.log.write(noted_, response_.status, bytes,
                    std::chrono::duration_cast<std::chrono::microseconds>(took));
}

/// The chunks of a stream, and its end. No request follows on that connection.
inline Task<void> Connection::write_stream() {
  keep_alive_ = false;
  std::uint64_t bytes = 0;
  if (!make_head(true)) {
    site_.log.trouble(noted_.id, "a response header has characters that no header may have");
    co_return;
  }
  std::array<asio::const_buffer, 1> head{asio::buffer(head_)};
  bool open = co_await write(head);
  if (noted_.method == "HEAD") open = false;
  if (open) {
    listening_ = true;  // So that it hears when the client goes.
    asio::co_spawn(
        worker_->context,
        [](std::shared_ptr<Connection> self) -> Task<void> { co_await self->discard(); }(shared_from_this()),
        asio::detached);
  }
  while (open && !stopped_ && !client_gone_) {
    const StreamQueue::Batch batch = queue_->take();
    if (!batch.parts.empty()) {
      open = co_await write_parts(batch.parts);
      std::size_t sent = 0;
      for (const auto& part : batch.parts) sent += part->size();
      queue_->sent(sent);
      bytes += sent;
    } else if (batch.closed) {
      std::array<asio::const_buffer, 1> end{asio::buffer(std::string_view("0\r\n\r\n"))};
      if (!parser_->http_1_0()) co_await write(end);
      break;
    } else {
      co_await wait();
    }
  }
  queue_->close();
  record(bytes);
}

inline Task<bool> Connection::write_parts(const std::vector<StreamQueue::Bytes>& parts) {
  // Chunks' sizes in hexadecimal lie side by side here; parts are sent from where they lie.
  std::vector<std::array<char, 20>> sizes(parts.size());
  std::vector<asio::const_buffer> buffers;
  buffers.reserve(parts.size() * 3);
  for (std::size_t index = 0; index < parts.size(); ++index) {
    char* const begin = sizes[index].data();
    char* end = std::to_chars(begin, begin + 16, parts[index]->size(), 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    if (!parser_->http_1_0()) buffers.emplace_back(begin, static_cast<std::size_t>(end - begin));
    buffers.push_back(asio::buffer(*parts[index]));
    if (!parser_->http_1_0()) buffers.push_back(asio::buffer(std::string_view("\r\n")));
  }
  co_return co_await write(buffers);
}

/// Reads what still comes, for nothing: closing a socket with unread bytes resets it, and the client may lose
/// what it was sent.
inline Task<void> Connection::discard() {
  std::array<char, 4096> nothing{};
  std::size_t bytes = 1;
  while (bytes > 0 && !stopped_) bytes = co_await read_some(asio::buffer(nothing));
  client_gone_ = true;
  if (waiting_) wake_.cancel();
}

/// Closes so that the client gets all that was sent.
inline Task<void> Connection::finish() {
  limit_time(Phase::other, linger);
  if (!tls_) {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }
  if (listening_) {
    while (!client_gone_ && !stopped_) co_await wait();  // A stream's discard() is under way.
  } else if (!tls_ || refused_) {
    co_await discard();
  }
  if (tls_ && !stopped_) co_await tls_->async_shutdown(as_tuple);
}

}  // namespace server
