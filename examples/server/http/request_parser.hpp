#pragma once
// Turns bytes into a Request by Beast's parser, and closes the gaps that it leaves. Included by
// http_server.cpp alone, as all that is Beast.

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "http/http.hpp"
#include "http/http_server.hpp"
#include "http/http_text.hpp"

namespace server {

/// Why a request is refused before anybody has seen it.
struct Refused {
  int status = 400;
  std::string_view reason = "invalid_request";
  std::string detail{};
};

class RequestParser final : public boost::beast::http::basic_parser<true> {
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;
  using field = boost::beast::http::field;
  using error = boost::beast::http::error;

 public:
  explicit RequestParser(const HttpOptions& options) : options_(options) {
    header_limit(static_cast<std::uint32_t>(
        std::min<std::size_t>(options.header_bytes, std::numeric_limits<std::uint32_t>::max())));
    body_limit(options.admit_large_body ? options.large_body_bytes : options.body_bytes);
    eager(true);
  }

  /// put(), with two gaps closed. Fails by need_more as long as what it has taken and what it has left is the
  /// beginning of a request.
  std::size_t take(const boost::asio::const_buffer& bytes, error_code& result) {
    // Beast asserts that the end of a chunked body comes in no smaller portions; at least that much of one is
    // always still to come.
    constexpr std::size_t shortest_end = std::string_view("0\r\n\r\n").size();
    if (is_header_done() && chunked() && bytes.size() < shortest_end) {
      result = error::need_more;
      return 0;
    }
    const std::size_t taken = put(bytes, result);
    // Beast limits what it has not yet taken of the head, and lines in a chunked body not at all.
    const std::size_t waiting = (is_header_done() ? 0 : head_bytes_) + bytes.size() - taken;
    if (result == error::need_more && waiting > options_.header_bytes) result = error::header_limit;
    return taken;
  }

  [[nodiscard]] Request& request() noexcept { return request_; }
  [[nodiscard]] bool http_1_0() const noexcept { return version_ == 10; }
  /// The body that is to come is so large that admit_large_body must allow it.
  [[nodiscard]] bool has_large_body() const noexcept { return large_body_; }
  /// The client waits for "100 Continue" before it sends the body.
  [[nodiscard]] bool expects_continue() const noexcept { return expects_continue_ && !http_1_0(); }

  /// What put() failed by, as the client is told.
  [[nodiscard]] Refused refused(const error_code& failure) const {
    if (!refused_.detail.empty()) return refused_;
    if (failure == error::header_limit) {
      return {431, "header_too_large",
              "the request's line and headers must be at most " + std::to_string(options_.header_bytes) +
                  " bytes long"};
    }
    if (failure == error::body_limit) {
      return {413, "body_too_large",
              "the body must be at most " + std::to_string(body_limit_now()) + " bytes long"};
    }
    if (failure == error::bad_version)
      return {.detail = "the request's first line must end with HTTP/1.1 or HTTP/1.0 and CR LF"};
    if (failure == error::partial_message) return {.detail = "the connection ended before the request did"};
    return {.detail = "the request is not HTTP: " + failure.message()};
  }
  [[nodiscard]] Refused too_late() const {
    return {
        408, "request_timeout",
        "the request must be whole within " + std::to_string(options_.request_timeout.count()) + " seconds"};
  }

 private:
  [[nodiscard]] std::size_t body_limit_now() const {
    return options_.admit_large_body && !(is_header_done() && chunked()) ? options_.large_body_bytes
                                                                         : options_.body_bytes;
  }
  void refuse(Refused refused, error_code& result) {
    refused_ = std::move(refused);
    result = error::bad_value;
  }

  void on_request_impl(boost::beast::http::verb, string_view method, string_view target, int version,
                       error_code& result) override {
    request_.method = method;
    version_ = version;
    head_bytes_ = method.size() + target.size();
    if (const std::string_view wrong = server::parse_target({target.data(), target.size()}, request_);
        !wrong.empty()) {
      refuse({.detail = std::string(wrong)}, result);
    }
  }

  void on_field_impl(field name, string_view name_text, string_view value, error_code& result) override {
    // Trailers come here too; a header that comes behind the body, where no proxy looked for it, must not
    // count.
    if (is_header_done()) return;
    head_bytes_ += name_text.size() + value.size() + 4;
    if (head_bytes_ > options_.header_bytes) {
      result = error::header_limit;
      return;
    }
    if (name == field::host) ++hosts_;
    if (name == field::expect && equal_in_any_case({value.data(), value.size()}, "100-continue"))
      expects_continue_ = true;
    // Beast takes any other coding for no body at all: the body would then be read as the next request.
    if (name == field::transfer_encoding && !equal_in_any_case({value.data(), value.size()}, "chunked")) {
      return refuse({501, "not_implemented", "the only Transfer-Encoding understood is chunked"}, result);
    }
    request_.headers.push_back({std::string(name_text), std::string(value)});
  }

  void on_header_impl(error_code& result) override {
    if (!http_1_0() && hosts_ != 1) refuse({.detail = "the request must have one Host header"}, result);
    if (http_1_0() && chunked()) refuse({.detail = "HTTP/1.0 has no Transfer-Encoding"}, result);
    if (chunked()) body_limit(options_.body_bytes);
    large_body_ = options_.admit_large_body && content_length().value_or(0) > options_.body_bytes;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    // What is only announced takes no memory yet.
    request_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(length.value_or(0), 64U << 10U)));
  }
  std::size_t on_body_impl(string_view part, error_code&) override {
    request_.body.append(part.data(), part.size());
    return part.size();
  }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view part, error_code& result) override {
    return on_body_impl(part, result);
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  void on_finish_impl(error_code&) override {}
  void on_response_impl(int, string_view, int, error_code&) override {}

  const HttpOptions& options_;
  Request request_{};
  Refused refused_{.detail = {}};
  std::size_t head_bytes_ = 0;  ///< Taken of the head so far.
  int version_ = 11;
  int hosts_ = 0;
  bool expects_continue_ = false;
  bool large_body_ = false;
};

}  // namespace server
