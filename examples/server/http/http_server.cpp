#include "http/http_server.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <ctime>
#include <exception>
#include <list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "http/http_connection.hpp"
#include "http/http_worker.hpp"

namespace server {
namespace {

constexpr std::chrono::milliseconds tick_period{100};  ///< How exactly time limits are kept.
constexpr std::array<double, 14> duration_bounds{.0001, .00025, .0005, .001, .0025, .005, .01,
                                                 .025,  .05,    .1,    .25,  .5,    1,    5};

/// HTTP/1.1 is all there is to agree on.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr std::array<unsigned char, 9> ours{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_size, ours.data(), ours.size(), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

asio::ssl::context tls_context(const HttpOptions& options) {
  if (options.tls_certificate.empty() || options.tls_key.empty())
    throw std::runtime_error("TLS needs both a certificate and its key");
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

/// A coroutine that must not fail takes the process with it rather than leave a server that looks alive.
void end_with_failure(const std::exception_ptr& failure) noexcept {
  if (failure) std::rethrow_exception(failure);
}

std::string date_line() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  // Not by strftime's names, which change with the locale.
  constexpr std::string_view days = "SunMonTueWedThuFriSat", months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  std::array<char, 32> rest{};
  std::string line("Date: ");
  line.append(days.substr(static_cast<std::size_t>(parts.tm_wday) * 3, 3))
      .append(rest.data(), std::strftime(rest.data(), rest.size(), ", %d ", &parts));
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
             .durations =
                 metrics.histogram("http_request_duration_seconds",
                                   "From a request's first byte to its response's last.", duration_bounds),
             .sheds =
                 metrics.counter("http_sheds_total", "Requests and connections turned away past capacity.")} {
    metrics.gauge("http_connections", "Open connections.",
                  [load = site.load] { return static_cast<double>(load->connections.load()); });
    metrics.gauge("http_requests_in_flight", "Requests being answered.",
                  [load = site.load] { return static_cast<double>(load->requests.load()); });
    if (!options.tls_certificate.empty() || !options.tls_key.empty()) site.tls.emplace(tls_context(options));
    for (unsigned index = 0; index < std::max(1U, options.threads); ++index)
      workers.push_back(std::make_shared<Worker>());
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
      // Somewhat past the limit a connection is still told why it is turned away; further past it there is no
      // room for that either.
      if (site.load->connections.load() >= site.options.connections + site.options.connections / 4 + 1) {
        site.sheds.add();
        continue;
      }
      auto connection = std::make_shared<Connection>(site, worker, std::move(socket));
      if (!connection->within_share()) {
        site.sheds.add();
        continue;
      }
      asio::co_spawn(worker->context, serve(std::move(connection)), end_with_failure);
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
    for (const auto& worker : workers) asio::co_spawn(worker->context, tick(worker), end_with_failure);
    for (Periodic& work : periodic) asio::co_spawn(workers.front()->context, repeat(work), end_with_failure);
    asio::co_spawn(workers.front()->context, accept(), end_with_failure);
    std::vector<std::jthread> threads;
    try {
      for (std::size_t index = 1; index < workers.size(); ++index)
        threads.emplace_back([worker = workers[index].get()] { worker->run(); });
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
