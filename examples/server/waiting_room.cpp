#include "waiting_room.hpp"

#include <csignal>
#include <iostream>
#include <mutex>
#include <thread>

#include "http/access_log.hpp"
#include "http/answer_headers.hpp"
#include "http/http_server.hpp"
#include "http/metrics.hpp"
#include "http/problem.hpp"

namespace server {
namespace {

/// Answers everybody from its own thread until it is destroyed.
class WaitingRoom {
 public:
  WaitingRoom(const Options& options, std::string why)
      : log_(options.access_log),
        why_(std::move(why)),
        http_(
            http_options(options),
            [this](const Request& request, Reply reply) { reply.send(answer_to(request)); }, metrics_, log_),
        thread_([this] { http_.run(); }) {}
  ~WaitingRoom() {
    http_.drain();
    thread_.join();
  }
  WaitingRoom(const WaitingRoom&) = delete;
  WaitingRoom& operator=(const WaitingRoom&) = delete;

  [[nodiscard]] std::uint16_t port() const { return http_.port(); }
  void say(std::string why) {
    const std::lock_guard lock(mutex_);
    why_ = std::move(why);
  }

 private:
  [[nodiscard]] static HttpOptions http_options(const Options& options) {
    HttpOptions http;
    http.address = options.address;
    http.port = options.port;
    http.tls_certificate = options.tls_certificate;
    http.tls_key = options.tls_key;
    http.fixed_headers =
        AnswerHeaders({.secure = !options.tls_certificate.empty(), .other_origins = false}).strict;
    http.connections = 1'000;
    http.drain_timeout = std::chrono::seconds(1);
    return http;
  }

  [[nodiscard]] Response answer_to(const Request& request) {
    if (request.path != "/healthz" && request.path != "/readyz") {
      Problem problem = make_problem("storage_unavailable", "the store is not there yet");
      problem.retry_after_seconds = 1;
      return to_response(problem, request.id);
    }
    Response response;
    response.headers = {{"Cache-Control", "no-store"}, {"Content-Type", "text/plain; charset=utf-8"}};
    response.body = "alive\n";
    if (request.path == "/readyz") {
      const std::lock_guard lock(mutex_);
      response.status = 503;
      response.body = "waiting for the store: " + why_ + "\n";
    }
    return response;
  }

  Metrics metrics_;
  AccessLog log_;
  std::mutex mutex_;
  std::string why_;
  HttpServer http_;
  std::thread thread_;
};

/// True when a signal to end came within half a second.
[[nodiscard]] bool told_to_end() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  const timespec pause{0, 500'000'000};
  return sigtimedwait(&signals, nullptr, &pause) > 0;
}

}  // namespace

std::unique_ptr<ticketcore::Storage> wait_for_store(Options& options, const TryOpen& open) {
  std::string why;
  if (auto storage = open(why)) return storage;
  WaitingRoom room(options, why);
  options.port = room.port();
  std::cout << "waiting on port " << room.port() << " for the store: " << why << std::endl;
  while (!told_to_end()) {
    if (auto storage = open(why)) return storage;
    room.say(why);
  }
  return nullptr;
}

}  // namespace server
