#pragma once
// An HTTP/1.1 server on Boost.Beast: keep-alive, TLS by option, a limit on everything, and a cheap 503 past
// capacity.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/http.hpp"
#include "http/problem.hpp"

namespace server {

class Metrics;
class AccessLog;

struct HttpOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;  ///< 0: any that is free.
  unsigned threads = 1;
  std::string tls_certificate{};  ///< PEM file; with tls_key: HTTPS.
  std::string tls_key{};
  std::size_t body_bytes = 64U << 10;
  std::size_t large_body_bytes =
      8U
      << 20;  ///< What a request may bring past body_bytes, if it says so by Content-Length and is admitted.
  /// Decides by a request's head alone whether its large body may come: nullopt for yes. Called on a thread
  /// of the server, with a head that is good only for the call; decides on any thread, at once or later.
  /// Null: none may come.
  using Decide = std::function<void(std::optional<Problem>)>;
  std::function<void(const Request& head, Decide decide)> admit_large_body{};
  std::size_t header_bytes = 16U << 10;
  std::size_t connections = 10'000;
  /// Of them, that a peer of this address may have; 0 for as many as there are. Past it a connection is
  /// closed unanswered.
  std::function<std::size_t(const std::string& peer)> connections_of{};
  std::size_t requests_in_flight = 10'000;   ///< Past it: 503 with Retry-After, at once.
  std::chrono::seconds request_timeout{15};  ///< From a request's first byte to its last.
  std::chrono::seconds idle_timeout{60};
  std::chrono::seconds drain_timeout{10};
  std::size_t stream_backlog_bytes = 1U << 20;  ///< A stream's client that is further behind is cut off.
  std::shared_ptr<const std::string> fixed_headers{};  ///< Of every answer that brings none of its own.
};

class HttpServer {
 public:
  /// Binds; throws std::runtime_error that names address and port, or the file that is no certificate.
  /// Metrics and log outlive it.
  HttpServer(const HttpOptions& options, Handler handler, Metrics& metrics, AccessLog& log);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// Calls back on a thread of the server, again and again, until it drains. Before run().
  void every(std::chrono::milliseconds period, std::function<void()> callback);
  /// Serves until drain() is done: no new connections, requests under way are answered, streams are closed.
  void run();
  /// From any thread, and from a signal's handler thread.
  void drain();
  [[nodiscard]] bool draining() const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace server
