#pragma once
// What connections share: the thread that they run on, and the site that they serve. Included by
// http_server.cpp alone, as all that is Asio.

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "http/access_log.hpp"
#include "http/http_server.hpp"
#include "http/http_text.hpp"
#include "http/metrics.hpp"
#include "http/shares.hpp"

namespace server {

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

class Connection;

/// Each thread has its own io_context, and a connection stays with one: what a connection does needs no lock
/// and no strand.
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

inline thread_local Worker* this_threads_worker = nullptr;

/// Read by gauges too, which may live longer than the server.
struct Load {
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> requests{0};
};

/// One more for as long as it lives.
class Counted {
 public:
  explicit Counted(std::atomic<std::size_t>& count)
      : count_(count), number_(count.fetch_add(1, std::memory_order_relaxed) + 1) {}
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
      counter = &metrics_.counter(
          "http_requests_total", "Requests answered.",
          "method=\"" + std::string(methods[row]) + "\",status=\"" + std::to_string(status) + "\"");
      place.store(counter, std::memory_order_release);
    }
    counter->add();
  }

 private:
  /// Others share a row: a client must not be able to make up labels.
  static constexpr std::array<std::string_view, 8> methods{"GET",    "HEAD",    "POST",  "PUT",
                                                           "DELETE", "OPTIONS", "PATCH", "other"};
  Metrics& metrics_;
  std::array<std::array<std::atomic<Counter*>, 500>, methods.size()> counters_{};
};

/// What all connections share.
struct Site {
  HttpOptions options;
  Handler handler;
  AccessLog& log;
  std::shared_ptr<Load> load = std::make_shared<Load>();
  Shares peers{};
  RequestCounters requests;
  Histogram& durations;
  Counter& sheds;
  std::optional<asio::ssl::context> tls{};
  std::atomic<bool> draining{false};
};

}  // namespace server
