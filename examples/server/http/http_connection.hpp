#pragma once
// One client's connection, from its first byte to its last. Included by http_server.cpp alone. How it reads
// requests is in http_connection_reading.hpp, how it writes responses in http_connection_writing.hpp.

#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/addresses.hpp"
#include "http/http_worker.hpp"
#include "http/request_parser.hpp"
#include "http/stream_queue.hpp"

namespace server {

inline constexpr std::chrono::seconds linger{2};  ///< How long a refused client may take to read why.

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

#include "http/http_connection_reading.hpp"
#include "http/http_connection_writing.hpp"
