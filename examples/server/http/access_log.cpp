#include "http/access_log.hpp"

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

#include "http/http_text.hpp"
#include "ticketcore/base/json_writer.hpp"

namespace server {
namespace {

using SystemClock = std::chrono::system_clock;
using ticketcore::JsonWriter;

/// Past it, while the disk stands still, lines are dropped and counted rather than kept in memory without
/// end.
constexpr std::size_t buffered_bytes_max = 8U << 20U;
constexpr std::size_t buffered_bytes_wake = 64U << 10U;
constexpr std::size_t method_bytes_most = 16;
constexpr std::size_t path_bytes_most = 512;

/// A line that says when it was begun: {"time":"2027-03-01T18:30:00.123Z"
[[nodiscard]] JsonWriter begin_line() {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(SystemClock::now());
  const std::time_t second = SystemClock::to_time_t(now);
  std::tm parts{};
  gmtime_r(&second, &parts);
  std::array<char, 32> text{};
  std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.", &parts);
  const auto milliseconds = static_cast<unsigned>(now.time_since_epoch().count() % 1000);
  for (const unsigned digit : {milliseconds / 100, milliseconds / 10 % 10, milliseconds % 10})
    text[length++] = static_cast<char>('0' + digit);
  text[length++] = 'Z';
  JsonWriter line(512);
  line.open_object().key("time").text({text.data(), length});
  return line;
}

[[nodiscard]] std::string end_line(JsonWriter& line) { return line.close_object().take() + "\n"; }

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

  void add(JsonWriter& line) {
    const std::string text = end_line(line);
    std::unique_lock lock(mutex);
    if (lines.size() > buffered_bytes_max) {
      ++dropped;
      return;
    }
    lines.append(text);
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
          JsonWriter line = begin_line();
          line.key("dropped_lines").number(static_cast<std::int64_t>(std::exchange(dropped, 0)));
          taken.append(end_line(line));
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
  JsonWriter line = begin_line();
  line.key("peer").text(request.peer);
  line.key("method").text(shortened(request.method, method_bytes_most));
  // Of the many lines of a client past its share there is nothing to learn but how many they are.
  if (status != 429) line.key("path").text(shortened(request.path, path_bytes_most));
  line.key("status").number(status);
  line.key("bytes").number(static_cast<std::int64_t>(bytes));
  line.key("microseconds").number(took.count());
  line.key("id").text(request.id);
  line.key("traceparent").text(request.traceparent);
  body_->add(line);
}

void AccessLog::trouble(const std::string& request_id, const std::string& what) {
  JsonWriter line = begin_line();
  line.key("id").text(request_id).key("trouble").text(what);
  if (body_) return body_->add(line);
  std::fputs(end_line(line).c_str(), stderr);
}

}  // namespace server
