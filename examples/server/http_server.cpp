#include "http_server.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <charconv>
#include <ctime>
#include <exception>
#include <list>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

#include "access_log.hpp"
#include "http_text.hpp"
#include "metrics.hpp"
#include "request_parser.hpp"
#include "stream_queue.hpp"

namespace server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
// Named in full, not by way of any_io_executor, whose copies cost at every step.
using Executor = asio::io_context::executor_type;
template <class Result>
using Task = asio::awaitable<Result, Executor>;
using Socket = asio::basic_stream_socket<tcp, Executor>;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;
constexpr auto as_tuple = asio::as_tuple(asio::deferred);

constexpr std::chrono::milliseconds tick_period{100};   ///< How exactly time limits are kept.
constexpr std::chrono::seconds linger{2};               ///< How long a refused client may take to read why.
constexpr std::size_t slowest_bytes_per_second = 4096;  ///< Past idle_timeout, a client that reads a response more slowly is cut off.
constexpr std::size_t read_bytes = 4096;
constexpr std::size_t body_read_bytes = 64U << 10U;
constexpr std::array<double, 14> duration_bounds{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5};

class Connection;

/// Each thread has its own io_context, and a connection stays with one: what a connection does needs no lock and no strand.
struct Worker {
  asio::io_context context{1};
  Timer ticker{context};
  IdMaker ids{};
  std::unordered_set<Connection*> connections{};
  Clock::time_point now = Clock::now();  ///< As of the last tick: good enough for time limits, and free.
  std::string date_line{};
  std::optional<Clock::time_point> drained_by{};

  /// Has the worker's thread call that connection's woken(). From any thread; after the end nothing happens.
  void wake(std::shared_ptr<Connection> connection);
  void run();

 private:
  void deliver();

  std::mutex mutex_{};
  std::vector<std::shared_ptr<Connection>> woken_{};
  bool ended_ = false;
};

thread_local Worker* this_threads_worker = nullptr;

/// Read by gauges too, which may live longer than the server.
struct Load {
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> requests{0};
};

/// One more for as long as it lives.
class Counted {
 public:
  explicit Counted(std::atomic<std::size_t>& count) : count_(count), number_(count.fetch_add(1, std::memory_order_relaxed) + 1) {}
  ~Counted() { count_.fetch_sub(1, std::memory_order_relaxed); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  [[nodiscard]] std::size_t number() const noexcept { return number_; }

 private:
  std::atomic<std::size_t>& count_;
  std::size_t number_;
};

/// http_requests_total by method and status, found again without a lock or a string.
class RequestCounters {
 public:
  explicit RequestCounters(Metrics& metrics) : metrics_(metrics) {}

  void count(std::string_view method, int status) {
    const auto known = static_cast<std::size_t>(std::ranges::find(methods, method) - methods.begin());
    const std::size_t row = std::min(known, methods.size() - 1);
    const auto column = static_cast<std::size_t>(std::clamp(status, 100, 599) - 100);
    std::atomic<Counter*>& place = counters_[row][column];
    Counter* counter = place.load(std::memory_order_acquire);
    if (counter == nullptr) {
      counter = &metrics_.counter("http_requests_total", "Requests answered.",
                                  "method=\"" + std::string(methods[row]) + "\",status=\"" + std::to_string(status) + "\"");
      place.store(counter, std::memory_order_release);
    }
    counter->add();
  }

 private:
  /// Others share a row: a client must not be able to make up labels.
  static constexpr std::array<std::string_view, 8> methods{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "other"};
  Metrics& metrics_;
  std::array<std::array<std::atomic<Counter*>, 500>, methods.size()> counters_{};
};

/// What all connections share.
struct Site {
  HttpOptions options;
  Handler handler;
  AccessLog& log;
  std::shared_ptr<Load> load = std::make_shared<Load>();
  RequestCounters requests;
  Histogram& durations;
  Counter& sheds;
  std::optional<asio::ssl::context> tls{};
  std::atomic<bool> draining{false};
};

void skip(std::span<asio::const_buffer>& parts, std::size_t bytes) {
  while (!parts.empty() && bytes >= parts.front().size()) {
    bytes -= parts.front().size();
    parts = parts.subspan(1);
  }
  if (bytes > 0) parts.front() += bytes;
}

std::size_t total(std::span<const asio::const_buffer> parts) {
  std::size_t bytes = 0;
  for (const asio::const_buffer& part : parts) bytes += part.size();
  return bytes;
}

/// A connection's life: serve() is a coroutine on its worker's thread, and everything else here runs on that thread too, but for send() and
/// stream(), which leave what they bring in response_ and queue_ before they say so by answered_.
class Connection final : public Reply::Sink, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Site& site, std::shared_ptr<Worker> worker, Socket socket);

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
  Task<bool> refuse(Refused refused);
  Task<bool> answer();
  Task<bool> write_response();
  Task<void> write_stream();
  Task<bool> write_parts(const std::vector<StreamQueue::Bytes>& parts);
  Task<void> discard();
  Task<void> finish();
  Task<std::size_t> read_some(asio::mutable_buffer space);
  Task<bool> write(std::span<asio::const_buffer> parts);
  bool write_at_once(std::span<asio::const_buffer>& parts);
  void tell_answered();
  Task<void> wait();
  void limit_time(Phase phase, Clock::duration time);
  void begin_request(Request& request);
  bool make_head(bool body_goes_on);
  void record(std::uint64_t bytes);

  // The worker is named first, so that the socket dies before the io_context.
  std::shared_ptr<Worker> worker_;
  Site& site_;
  Counted counted_;
  Socket socket_;
  std::optional<asio::ssl::stream<Socket&>> tls_{};
  Timer wake_;
  bool waiting_ = false;
  bool stopped_ = false;
  bool timed_out_ = false;
  bool refused_ = false;
  bool client_gone_ = false;  ///< Of a stream: its client sends nothing more, so it reads nothing either.
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
  Response response_{};
  std::shared_ptr<StreamQueue> queue_{};
};

void Worker::wake(std::shared_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  woken_.push_back(std::move(connection));
  // One post for all that come before it is served: an engine answers its callers in batches.
  if (woken_.size() == 1) asio::post(context, [this] { deliver(); });
}

void Worker::deliver() {
  std::vector<std::shared_ptr<Connection>> woken;
  {
    const std::lock_guard lock(mutex_);
    woken.swap(woken_);
  }
  for (const auto& connection : woken) connection->woken();
}

void Worker::run() {
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
  LiveStream(std::shared_ptr<StreamQueue> queue, std::shared_ptr<Connection> connection) : queue_(std::move(queue)), connection_(std::move(connection)) {}
  ~LiveStream() override { close(); }
  LiveStream(const LiveStream&) = delete;
  LiveStream& operator=(const LiveStream&) = delete;

  bool write(std::shared_ptr<const std::string> bytes) override {
    const StreamQueue::Written written = queue_->write(std::move(bytes));
    if (written == StreamQueue::Written::and_wake) connection_->tell_answered();
    return written != StreamQueue::Written::no && !queue_->cut();
  }
  void close() override {
    queue_->close();
    connection_->tell_answered();
  }

 private:
  std::shared_ptr<StreamQueue> queue_;
  std::shared_ptr<Connection> connection_;
};

Connection::Connection(Site& site, std::shared_ptr<Worker> worker, Socket socket)
    : worker_(std::move(worker)),
      site_(site),
      counted_(site.load->connections),
      socket_(std::move(socket)),
      wake_(worker_->context, Clock::time_point::max()),
      over_capacity_(counted_.number() > site.options.connections) {
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

void Connection::send(Response response) {
  response_ = std::move(response);
  answered_.store(true, std::memory_order_release);
  tell_answered();
}

std::shared_ptr<Stream> Connection::stream(Response head) {
  response_ = std::move(head);
  queue_ = std::make_shared<StreamQueue>(site_.options.stream_backlog_bytes);
  auto stream = std::make_shared<LiveStream>(queue_, shared_from_this());
  answered_.store(true, std::memory_order_release);
  tell_answered();
  return stream;
}

void Connection::tell_answered() {
  if (this_threads_worker == worker_.get()) {
    woken();
  } else {
    worker_->wake(shared_from_this());
  }
}

void Connection::woken() {
  if (answered_.load(std::memory_order_acquire) && queue_ && queue_->cut()) stop();
  if (waiting_) wake_.cancel();
}

Task<void> Connection::wait() {
  waiting_ = true;
  co_await wake_.async_wait(as_tuple);
  waiting_ = false;
}

void Connection::limit_time(Phase phase, Clock::duration time) {
  phase_ = phase;
  limit_ = worker_->now + time;
}

void Connection::check_time() {
  if (worker_->now < limit_) return;
  if (phase_ != Phase::reading) return stop();
  // It is told why: the reading ends, the writing is still to come.
  timed_out_ = true;
  limit_ = Clock::time_point::max();
  error_code ignored;
  socket_.cancel(ignored);
}

void Connection::drain() {
  if (phase_ == Phase::idle) return stop();
  if (answered_.load(std::memory_order_acquire) && queue_) queue_->close();
  woken();
}

void Connection::stop() {
  stopped_ = true;
  error_code ignored;
  socket_.close(ignored);
  if (waiting_) wake_.cancel();
}

Task<void> Connection::serve() {
  worker_->connections.insert(this);
  try {
    co_await serve_requests();
  } catch (const std::exception& error) {
    site_.log.trouble(noted_.id, error.what());
  }
  if (queue_) queue_->close();
  stop();
  worker_->connections.erase(this);
  if (worker_->drained_by && worker_->connections.empty()) worker_->ticker.cancel();
}

Task<void> Connection::serve_requests() {
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
Task<std::size_t> Connection::read_some(asio::mutable_buffer space) {
  std::tuple<error_code, std::size_t> got;
  if (tls_) {
    got = co_await tls_->async_read_some(space, as_tuple);
  } else {
    got = co_await socket_.async_read_some(space, as_tuple);
  }
  co_return std::get<0>(got) ? 0 : std::get<1>(got);
}

/// Plain sockets mostly take a response at once, which saves the coroutine its suspension. True when all is written.
bool Connection::write_at_once(std::span<asio::const_buffer>& parts) {
  if (tls_) return false;
  error_code error;
  skip(parts, socket_.write_some(parts, error));
  return parts.empty();
}

Task<bool> Connection::write(std::span<asio::const_buffer> parts) {
  limit_time(Phase::other, site_.options.idle_timeout + std::chrono::seconds{total(parts) / slowest_bytes_per_second});
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
Task<bool> Connection::read_request() {
  if (buffer_.size() == 0 && site_.draining.load(std::memory_order_relaxed)) co_return false;
  if (buffer_.size() == 0 && buffer_.capacity() > 4 * read_bytes) buffer_.shrink_to_fit();
  parser_.emplace(site_.options);
  noted_ = {};
  limit_time(Phase::idle, over_capacity_ ? linger : site_.options.idle_timeout);
  bool continued = false;
  error_code error;
  for (;;) {
    // Empty lines before a request are left from an old client's last one (RFC 9112, 2.2).
    while (phase_ == Phase::idle && buffer_.size() >= 2 && std::string_view(static_cast<const char*>(buffer_.data().data()), 2) == "\r\n") buffer_.consume(2);
    if (buffer_.size() > 0) {
      if (phase_ == Phase::idle) {
        limit_time(Phase::reading, over_capacity_ ? linger : site_.options.request_timeout);
        begun_ = Clock::now();
      }
      buffer_.consume(parser_->put(buffer_.data(), error));
      if (error && error != boost::beast::http::error::need_more) co_return co_await refuse(parser_->refused(error));
      if (parser_->is_done()) co_return true;
      // Lines without an end: of the head, or in a chunked body.
      if (buffer_.size() > site_.options.header_bytes) co_return co_await refuse(parser_->header_too_large());
      if (parser_->is_header_done() && parser_->expects_continue() && !std::exchange(continued, true)) {
        std::array<asio::const_buffer, 1> go_on{asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n"))};
        const auto limit = limit_;
        if (!co_await write(go_on)) co_return false;
        phase_ = Phase::reading;
        limit_ = limit;
      }
    }
    const std::size_t bytes = co_await read_some(buffer_.prepare(parser_->is_header_done() ? body_read_bytes : read_bytes));
    if (stopped_) co_return false;
    if (timed_out_) {
      co_return co_await refuse(
          {408, "request_timeout", "the request must be whole within " + std::to_string(site_.options.request_timeout.count()) + " seconds"});
    }
    if (bytes == 0 && phase_ == Phase::idle) co_return false;
    if (bytes == 0) co_return co_await refuse(parser_->refused(boost::beast::http::error::partial_message));
    buffer_.commit(bytes);
  }
}

/// Answers what is no request, and no more after it: false.
Task<bool> Connection::refuse(Refused refused) {
  begin_request(parser_->request());
  keep_alive_ = false;
  response_ = problem(refused.status, refused.reason, refused.detail, noted_.id);
  refused_ = true;
  co_await write_response();
  co_return false;
}

/// Gives the request its ids, and notes what is needed of it when its handler has it.
void Connection::begin_request(Request& request) {
  request.peer = peer_;
  if (const std::string_view id = request.header("X-Request-Id"); fit_request_id(id)) request.id = id;
  if (request.id.empty()) request.id = worker_->ids.request_id();
  if (const std::string_view trace = request.header("traceparent"); fit_traceparent(trace)) request.traceparent = trace;
  if (request.traceparent.empty()) request.traceparent = worker_->ids.traceparent(request.id);
  noted_.id = request.id;
  noted_.method = request.method;
  if (!site_.log.on()) return;
  noted_.path = request.path;
  noted_.peer = request.peer;
  noted_.traceparent = request.traceparent;
}

Task<bool> Connection::answer() {
  phase_ = Phase::other;
  limit_ = Clock::time_point::max();
  begin_request(parser_->request());
  keep_alive_ = parser_->keep_alive() && !over_capacity_;
  std::optional<Counted> in_flight(std::in_place, site_.load->requests);
  if (over_capacity_ || in_flight->number() > site_.options.requests_in_flight) {
    site_.sheds.add();
    response_ = problem(503, "overloaded", "the server has more to do than it can; try again in a second", noted_.id);
    response_.headers.push_back({"Retry-After", "1"});
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

bool Connection::make_head(bool body_goes_on) {
  const HeadOptions options{
      .date_line = worker_->date_line, .request_id = noted_.id, .http_1_0 = parser_->http_1_0(), .keep_alive = keep_alive_, .body_goes_on = body_goes_on};
  return write_head(response_, options, head_);
}

Task<bool> Connection::write_response() {
  if (site_.draining.load(std::memory_order_relaxed)) keep_alive_ = false;
  if (response_.status == 500 && body_of(response_).empty()) response_ = problem(500, "internal_error", "something went wrong inside the server", noted_.id);
  if (!make_head(false)) {
    site_.log.trouble(noted_.id, "a response header has characters that no header may have");
    response_ = problem(500, "internal_error", "something went wrong inside the server", noted_.id);
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

void Connection::record(std::uint64_t bytes) {
  const auto took = Clock::now() - begun_;
  site_.requests.count(noted_.method, response_.status);
  if (!queue_) site_.durations.observe(std::chrono::duration<double>(took).count());
  if (site_.log.on()) site_.log.write(noted_, response_.status, bytes, std::chrono::duration_cast<std::chrono::microseconds>(took));
}

/// The chunks of a stream, and its end. No request follows on that connection.
Task<void> Connection::write_stream() {
  keep_alive_ = false;
  std::uint64_t bytes = 0;
  if (!make_head(true)) {
    site_.log.trouble(noted_.id, "a response header has characters that no header may have");
    co_return;
  }
  std::array<asio::const_buffer, 1> head{asio::buffer(head_)};
  bool open = co_await write(head);
  if (noted_.method == "HEAD") open = false;
  // Reads on, so that it hears when the client goes.
  if (open) {
    asio::co_spawn(
        worker_->context, [](std::shared_ptr<Connection> self) -> Task<void> { co_await self->discard(); }(shared_from_this()), asio::detached);
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

Task<bool> Connection::write_parts(const std::vector<StreamQueue::Bytes>& parts) {
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

/// Reads what still comes, for nothing: closing a socket with unread bytes resets it, and the client may lose what it was sent.
Task<void> Connection::discard() {
  std::array<char, 4096> nothing{};
  std::size_t bytes = 1;
  while (bytes > 0 && !stopped_) bytes = co_await read_some(asio::buffer(nothing));
  client_gone_ = true;
  if (waiting_) wake_.cancel();
}

/// Closes so that the client gets all that was sent.
Task<void> Connection::finish() {
  limit_time(Phase::other, linger);
  if (!tls_) {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }
  if (queue_) {
    while (!client_gone_ && !stopped_) co_await wait();  // A stream's discard() is under way.
  } else if (!tls_ || refused_) {
    co_await discard();
  }
  if (tls_ && !stopped_) co_await tls_->async_shutdown(as_tuple);
}

/// HTTP/1.1 is all there is to agree on.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr std::array<unsigned char, 9> ours{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_size, ours.data(), ours.size(), offered, offered_size) != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

asio::ssl::context tls_context(const HttpOptions& options) {
  if (options.tls_certificate.empty() || options.tls_key.empty()) throw std::runtime_error("TLS needs both a certificate and its key");
  asio::ssl::context context(asio::ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.native_handle(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context.native_handle(), choose_protocol, nullptr);
  error_code error;
  context.use_certificate_chain_file(options.tls_certificate, error);
  if (error) throw std::runtime_error("TLS certificate " + options.tls_certificate + ": " + error.message());
  context.use_private_key_file(options.tls_key, asio::ssl::context::pem, error);
  if (error) throw std::runtime_error("TLS key " + options.tls_key + ": " + error.message());
  return context;
}

std::string date_line() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  // Not by strftime's names, which change with the locale.
  constexpr std::string_view days = "SunMonTueWedThuFriSat", months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  std::array<char, 32> rest{};
  std::string line("Date: ");
  line.append(days.substr(static_cast<std::size_t>(parts.tm_wday) * 3, 3)).append(rest.data(), std::strftime(rest.data(), rest.size(), ", %d ", &parts));
  line.append(months.substr(static_cast<std::size_t>(parts.tm_mon) * 3, 3))
      .append(rest.data(), std::strftime(rest.data(), rest.size(), " %Y %H:%M:%S", &parts));
  return line.append(" GMT\r\n");
}

}  // namespace

struct HttpServer::Body {
  Site site;
  std::vector<std::shared_ptr<Worker>> workers{};
  std::optional<asio::basic_socket_acceptor<tcp, Executor>> acceptor{};
  std::uint16_t port = 0;
  struct Periodic {
    std::chrono::milliseconds period;
    std::function<void()> callback;
    Timer timer;
  };
  std::list<Periodic> periodic{};

  Body(const HttpOptions& options, Handler handler, Metrics& metrics, AccessLog& log)
      : site{.options = options,
             .handler = std::move(handler),
             .log = log,
             .requests = RequestCounters(metrics),
             .durations = metrics.histogram("http_request_duration_seconds", "From a request's first byte to its response's last.", duration_bounds),
             .sheds = metrics.counter("http_sheds_total", "Requests and connections turned away past capacity.")} {
    metrics.gauge("http_connections", "Open connections.", [load = site.load] { return static_cast<double>(load->connections.load()); });
    metrics.gauge("http_requests_in_flight", "Requests being answered.", [load = site.load] { return static_cast<double>(load->requests.load()); });
    if (!options.tls_certificate.empty() || !options.tls_key.empty()) site.tls.emplace(tls_context(options));
    for (unsigned index = 0; index < std::max(1U, options.threads); ++index) workers.push_back(std::make_shared<Worker>());
    bind();
  }

  void bind() {
    const std::string where = site.options.address + " port " + std::to_string(site.options.port);
    error_code error;
    const auto address = asio::ip::make_address(site.options.address, error);
    if (error) throw std::runtime_error("cannot listen on " + where + ": " + error.message());
    try {
      acceptor.emplace(workers.front()->context, tcp::endpoint(address, site.options.port));
      port = acceptor->local_endpoint().port();
    } catch (const boost::system::system_error& failure) {
      throw std::runtime_error("cannot listen on " + where + ": " + failure.code().message());
    }
  }

  Task<void> accept() {
    Timer pause(workers.front()->context);
    for (std::size_t next = 0; acceptor->is_open(); next = (next + 1) % workers.size()) {
      const std::shared_ptr<Worker> worker = workers[next];
      auto [error, socket] = co_await acceptor->async_accept(worker->context, as_tuple);
      if (error && acceptor->is_open()) {
        // Mostly for want of file descriptors, of which some will be free in a moment.
        pause.expires_after(tick_period);
        co_await pause.async_wait(as_tuple);
      }
      if (error) continue;
      // Somewhat past the limit a connection is still told why it is turned away; further past it there is no room for that either.
      if (site.load->connections.load() >= site.options.connections + site.options.connections / 4 + 1) {
        site.sheds.add();
        continue;
      }
      auto connection = std::make_shared<Connection>(site, worker, std::move(socket));
      asio::co_spawn(worker->context, serve(std::move(connection)), asio::detached);
    }
  }

  static Task<void> serve(std::shared_ptr<Connection> connection) { co_await connection->serve(); }

  /// Watches over the time limits of one worker's connections, until it is drained.
  Task<void> tick(std::shared_ptr<Worker> worker) {
    while (!worker->drained_by || !worker->connections.empty()) {
      worker->now = Clock::now();
      worker->date_line = date_line();
      const bool end = worker->drained_by && worker->now >= *worker->drained_by;
      for (Connection* connection : worker->connections) end ? connection->stop() : connection->check_time();
      worker->ticker.expires_after(tick_period);
      co_await worker->ticker.async_wait(as_tuple);
    }
  }

  Task<void> repeat(Periodic& work) {
    while (!site.draining) {
      work.timer.expires_after(work.period);
      const auto [stopped] = co_await work.timer.async_wait(as_tuple);
      if (stopped || site.draining) break;
      try {
        work.callback();
      } catch (const std::exception& error) {
        site.log.trouble("", error.what());
      }
    }
  }

  void run() {
    for (const auto& worker : workers) asio::co_spawn(worker->context, tick(worker), asio::detached);
    for (Periodic& work : periodic) asio::co_spawn(workers.front()->context, repeat(work), asio::detached);
    asio::co_spawn(workers.front()->context, accept(), asio::detached);
    std::vector<std::jthread> threads;
    try {
      for (std::size_t index = 1; index < workers.size(); ++index) threads.emplace_back([worker = workers[index].get()] { worker->run(); });
    } catch (...) {
      drain();
      workers.front()->run();
      throw;
    }
    workers.front()->run();
  }

  void drain() {
    if (site.draining.exchange(true)) return;
    asio::post(workers.front()->context, [this] {
      error_code ignored;
      acceptor->close(ignored);
      for (Periodic& work : periodic) work.timer.cancel();
      // Only now, so that no worker ends before it has had the last connection that was accepted for it.
      for (const auto& worker : workers) {
        asio::post(worker->context, [this, worker = worker.get()] {
          worker->drained_by = Clock::now() + site.options.drain_timeout;
          for (Connection* connection : worker->connections) connection->drain();
          worker->ticker.cancel();
        });
      }
    });
  }
};

HttpServer::HttpServer(const HttpOptions& options, Handler handler, Metrics& metrics, AccessLog& log)
    : body_(std::make_unique<Body>(options, std::move(handler), metrics, log)) {}

HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return body_->port; }

void HttpServer::every(std::chrono::milliseconds period, std::function<void()> callback) {
  body_->periodic.push_back({period, std::move(callback), Timer(body_->workers.front()->context)});
}

void HttpServer::run() { body_->run(); }

void HttpServer::drain() { body_->drain(); }

bool HttpServer::draining() const { return body_->site.draining; }

}  // namespace server
