#pragma once
// A server in a test's own process, and what tests need around it.

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "http/access_log.hpp"
#include "http/http_server.hpp"
#include "http/metrics.hpp"

namespace server_test {

/// A folder of its own, gone with it.
struct Folder {
  std::filesystem::path path{};
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "ticketcore-http-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
};

inline std::string contents(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

/// Things handed from the server's threads to the test's.
template <class Thing>
class Handed {
 public:
  void put(Thing thing) {
    const std::lock_guard lock(mutex_);
    things_.push_back(std::move(thing));
    came_.notify_all();
  }
  Thing take() {
    std::unique_lock lock(mutex_);
    if (!came_.wait_for(lock, std::chrono::seconds{10}, [this] { return !things_.empty(); }))
      throw std::runtime_error("nothing came within ten seconds");
    Thing thing = std::move(things_.front());
    things_.pop_front();
    return thing;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<Thing> things_;
};

/// What holds sooner or later; false if not within ten seconds.
inline bool becomes_true(const std::function<bool()>& condition) {
  for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
       std::chrono::steady_clock::now() < end;) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return false;
}

/// A server that runs until the end of the block.
class Running {
 public:
  Running(server::HttpOptions options, server::Handler handler, const std::string& log_file = {})
      : log_(log_file), server_(at_free_port(options), std::move(handler), metrics_, log_) {
    thread_ = std::jthread([this] { server_.run(); });
  }
  ~Running() { server_.drain(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  server::HttpServer& operator*() noexcept { return server_; }
  server::Metrics& metrics() noexcept { return metrics_; }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  void join() { thread_.join(); }

 private:
  static server::HttpOptions at_free_port(server::HttpOptions options) {
    options.port = 0;
    return options;
  }
  server::Metrics metrics_;
  server::AccessLog log_;
  server::HttpServer server_;
  std::jthread thread_;
};

}  // namespace server_test
