#include "redis_peer.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

[[nodiscard]] std::string output_of(const std::string& command) {
  FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("can't run " + command);
  std::string text;
  std::array<char, 4096> buffer;
  while (const std::size_t got = fread(buffer.data(), 1, buffer.size(), pipe))
    text.append(buffer.data(), got);
  pclose(pipe);
  return text;
}

// Two keys drawn at random from ten million, so that nearly every hold is granted, as it is for ours.
constexpr const char* hold_script =
    "if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 0 end "
    "redis.call('SET', KEYS[1], ARGV[1], 'EX', 600) redis.call('SET', KEYS[2], ARGV[1], 'EX', 600) return 1";

}  // namespace

RedisPeer::RedisPeer() {
  if (output_of("command -v redis-server").empty() || output_of("command -v redis-benchmark").empty()) {
    why_ = "redis-server or redis-benchmark is not installed";
    return;
  }
  port_ = 20'000 + static_cast<int>(getpid()) % 20'000;
  const std::string port = std::to_string(port_);
  const pid_t child = fork();
  if (child == 0) {
    const int null = open("/dev/null", O_RDWR);
    dup2(null, STDOUT_FILENO);
    execlp("redis-server", "redis-server", "--port", port.c_str(), "--bind", "127.0.0.1", "--save", "",
           "--appendonly", "no", static_cast<char*>(nullptr));
    _exit(127);
  }
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (ask("ping").starts_with("PONG")) {
      pid_ = child;
      script_ = ask(std::string("script load \"") + hold_script + "\"");
      while (!script_.empty() && (script_.back() == '\n' || script_.back() == '\r')) script_.pop_back();
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  kill(child, SIGTERM);
  waitpid(child, nullptr, 0);
  why_ = "redis-server did not start on port " + port;
}

RedisPeer::~RedisPeer() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

std::string RedisPeer::ask(const std::string& command) const {
  return output_of("redis-cli -p " + std::to_string(port_) + " " + command);
}

double RedisPeer::holds_per_second() {
  (void)ask("flushall");
  const std::string text = output_of("redis-benchmark -p " + std::to_string(port_) +
                                     " -n 200000 -c 50 -P 16 -r 10000000 --csv evalsha " + script_ +
                                     " 2 seat:__rand_int__ seat:1__rand_int__ cart:__rand_int__");
  // The last line is: "name","rps",...
  const std::size_t line = text.rfind("\n\"");
  const std::size_t comma = text.find("\",\"", line == std::string::npos ? 0 : line);
  if (comma == std::string::npos) throw std::runtime_error("redis-benchmark answered: " + text);
  return std::strtod(text.c_str() + comma + 3, nullptr);
}

}  // namespace bench
