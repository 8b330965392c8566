#pragma once
// Bytes of HTTP that need no socket: response heads, identifiers of requests.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/http.hpp"

namespace server {

[[nodiscard]] bool equal_in_any_case(std::string_view left, std::string_view right) noexcept;

[[nodiscard]] std::string_view status_text(int status) noexcept;

/// A client chooses how long its texts are: they are cut, and marked, before they are written down.
[[nodiscard]] std::string shortened(const std::string& text, std::size_t bytes_most);

/// 1 to 128 letters, digits and "-._~:+/=".
[[nodiscard]] bool fit_request_id(std::string_view id) noexcept;
/// As W3C Trace Context, version 00, has it.
[[nodiscard]] bool fit_traceparent(std::string_view value) noexcept;

/// Random identifiers: unique, not secret. For one thread.
class IdMaker {
 public:
  IdMaker();
  /// 32 hexadecimal digits.
  [[nodiscard]] std::string request_id();
  /// Of a trace that begins here: its id is the request's if that is one, as those of request_id() are.
  [[nodiscard]] std::string traceparent(std::string_view request_id);

 private:
  void append_hex(std::string& text);
  std::array<std::uint64_t, 2> state_{};
};

struct HeadOptions {
  std::string_view date_line{};  ///< "Date: ...\r\n".
  std::string_view request_id{};
  bool http_1_0 = false;
  bool keep_alive = true;
  bool body_goes_on = false;  ///< A stream: chunked, without Content-Length.
};

/// Replaces `head` by the status line and headers. False when a header could break out of its line: nothing
/// of that response may be sent.
[[nodiscard]] bool write_head(const Response& response, const HeadOptions& options, std::string& head);

/// What goes over the wire after the head; none for 204 and 304.
[[nodiscard]] std::string_view body_of(const Response& response) noexcept;

}  // namespace server
