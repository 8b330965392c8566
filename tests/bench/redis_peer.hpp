#pragma once
// The peer: a redis-server of the benchmark's own, holding two seats with a Lua script if both are free,
// driven by redis-benchmark with 50 clients and a pipeline of 16.

#include <string>

namespace bench {

class RedisPeer {
 public:
  /// Starts a server on a free port, without persistence. running() says whether that worked.
  RedisPeer();
  ~RedisPeer();
  RedisPeer(const RedisPeer&) = delete;
  RedisPeer& operator=(const RedisPeer&) = delete;

  [[nodiscard]] bool running() const noexcept { return pid_ > 0; }
  [[nodiscard]] const std::string& why() const noexcept { return why_; }
  /// One round of 200,000 holds.
  [[nodiscard]] double holds_per_second();

 private:
  [[nodiscard]] std::string ask(const std::string& command) const;

  int pid_ = 0;
  int port_ = 0;
  std::string script_;
  std::string why_;
};

}  // namespace bench
