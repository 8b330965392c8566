#include "access_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "base/json_text.hpp"
#include "http_text.hpp"

namespace server {
namespace {

using SystemClock = std::chrono::system_clock;

/// Past it, while the disk stands still, lines are dropped and counted rather than kept in memory without
/// end.
constexpr std::size_t buffered_bytes_max = 8U << 20U;
constexpr std::size_t buffered_bytes_wake = 64U << 10U;
constexpr std::size_t method_bytes_most = 16;
constexpr std::size_t path_bytes_most = 512;

void append_member(std::string& line, std::string_view name, std::string_view text) {
  line.append(",\"").append(name).append("\":").append(ticketcore::json_text(text));
}

void append_member(std::string& line, std::string_view name, std::uint64_t number) {
  line.append(",\"").append(name).append("\":").append(std::to_string(number));
}

/// `{"time":"2027-03-01T18:30:00.123Z"`
void append_time(std::string& line) {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(SystemClock::now());
  const std::time_t second = SystemClock::to_time_t(now);
  std::tm parts{};
  gmtime_r(&second, &parts);
  std::array<char, 48> text{};
  const std::size_t length =
      std::strftime(text.data(), text.size(), "{\"time\":\"%Y-%m-%dT%H:%M:%S.", &parts);
  const auto milliseconds = static_cast<unsigned>(now.time_since_epoch().count() % 1000);
  line.append(text.data(), length);
  line.push_back(static_cast<char>('0' + milliseconds / 100));
  line.push_back(static_cast<char>('0' + milliseconds / 10 % 10));
  line.push_back(static_cast<char>('0' + milliseconds % 10));
  line.append("Z\"");
}

/// False, with errno set, when not all of it could be written.
bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

struct AccessLog::Body {
  int file = -1;
  std::string name{};
  std::mutex mutex{};
  std::condition_variable_any full{};
  std::string lines{};
  std::uint64_t dropped = 0;
  bool failing =
      false;  ///< So that a full disk is told of once, not every second. Of the writer's thread alone.
  std::jthread writer{};

  Body(int to, std::string named)
      : file(to), name(std::move(named)), writer([this](const std::stop_token& stop) { run(stop); }) {}
  ~Body() {
    writer.request_stop();
    writer.join();
    if (file != STDOUT_FILENO) ::close(file);
  }
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  /// Makes the line under the lock, straight into what is written next.
  template <class Fill>
  void add(Fill fill) {
    std::unique_lock lock(mutex);
    if (lines.size() > buffered_bytes_max) {
      ++dropped;
      return;
    }
    append_time(lines);
    fill(lines);
    lines.append("}\n");
    const bool wake = lines.size() > buffered_bytes_wake;
    lock.unlock();
    if (wake) full.notify_one();
  }

  void run(const std::stop_token& stop) {
    std::string taken;
    for (bool last = false; !last;) {
      {
        std::unique_lock lock(mutex);
        full.wait_for(lock, stop, std::chrono::milliseconds{500},
                      [this] { return lines.size() > buffered_bytes_wake; });
        last = stop.stop_requested();
        taken.clear();
        taken.swap(lines);
        if (dropped > 0) {
          append_time(taken);
          append_member(taken, "dropped_lines", std::exchange(dropped, 0));
          taken.append("}\n");
        }
      }
      const bool failed = !write_all(file, taken);
      if (failed && !failing)
        std::fprintf(stderr, "access log %s: %s\n", name.c_str(),
                     std::generic_category().message(errno).c_str());
      failing = failed;
    }
  }
};

AccessLog::AccessLog(const std::string& file) {
  if (file.empty()) return;
  const int opened =
      file == "-" ? STDOUT_FILENO : ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (opened < 0)
    throw std::runtime_error("access log " + file + ": " + std::generic_category().message(errno));
  body_ = std::make_unique<Body>(opened, file);
}

AccessLog::~AccessLog() = default;

void AccessLog::write(const Request& request, int status, std::uint64_t bytes,
                      std::chrono::microseconds took) {
  if (!body_) return;
  body_->add([&](std::string& line) {
    append_member(line, "peer", request.peer);
    append_member(line, "method", shortened(request.method, method_bytes_most));
    // Of the many lines of a client past its share there is nothing to learn but how many they are.
    if (status != 429) append_member(line, "path", shortened(request.path, path_bytes_most));
    append_member(line, "status", static_cast<std::uint64_t>(status));
    append_member(line, "bytes", bytes);
    append_member(line, "microseconds", static_cast<std::uint64_t>(took.count()));
    append_member(line, "id", request.id);
    append_member(line, "traceparent", request.traceparent);
  });
}

void AccessLog::trouble(const std::string& request_id, const std::string& what) {
  const auto fill = [&](std::string& line) {
    append_member(line, "id", request_id);
    append_member(line, "trouble", what);
  };
  if (body_) return body_->add(fill);
  std::string line;
  append_time(line);
  fill(line);
  std::fprintf(stderr, "%s}\n", line.c_str());
}

}  // namespace server
