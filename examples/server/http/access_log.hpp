#pragma once
// The access log: one JSON object a line for each request. Paths only, of at most 512 bytes, never queries,
// bodies or headers that may carry secrets; of an answer 429 no path either.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "http/http.hpp"

namespace server {

class AccessLog {
 public:
  /// "" writes nothing, "-" to standard output. Throws std::runtime_error that names a file that can't be
  /// written.
  explicit AccessLog(const std::string& file);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  [[nodiscard]] bool on() const noexcept { return body_ != nullptr; }
  void write(const Request& request, int status, std::uint64_t bytes, std::chrono::microseconds took);
  /// What went wrong inside, with the request's id; on standard error if there is no log.
  void trouble(const std::string& request_id, const std::string& what);

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace server
