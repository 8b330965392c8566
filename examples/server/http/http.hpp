#pragma once
// What the rest of the server knows of HTTP: a request in, one reply out, at once or later and from any
// thread. How bytes come and go is http_server.cpp's business.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server {

struct Header {
  std::string name{};
  std::string value{};
};

/// A whole request, already within the limits of HttpOptions.
struct Request {
  std::string method{};                                      ///< "GET", in capitals.
  std::string path{};                                        ///< As sent, without the query.
  std::vector<std::string> segments{};                       ///< The path's parts, percent-decoded.
  std::vector<std::pair<std::string, std::string>> query{};  ///< Decoded, in the order sent.
  std::vector<Header> headers{};
  std::string body{};
  std::string peer{};         ///< The client's address, without the port.
  std::string id{};           ///< X-Request-Id, the client's if it is fit, made otherwise.
  std::string traceparent{};  ///< W3C trace context to pass on.

  /// The first header of that name, in any case of letters; empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  /// The first of that name; null if there is none.
  [[nodiscard]] const std::string* parameter(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::shared_ptr<const std::string>
      fixed_headers{};  ///< Whole lines, each with its CRLF, that many responses have.
  std::vector<Header>
      headers{};  ///< Without Content-Length, Date, Connection and X-Request-Id, which are added.
  std::string body{};
  std::shared_ptr<const std::string>
      shared_body{};             ///< Sent instead of body if there: one copy for any number of clients.
  std::shared_ptr<void> kept{};  ///< Lives until a stream's connection ends, or the response is sent.
};

/// A response whose body goes on: server-sent events. May be used from any thread.
class Stream {
 public:
  virtual ~Stream() = default;
  /// False, and nothing sent, when the client is gone, or was closed because it reads too slowly.
  virtual bool write(std::shared_ptr<const std::string> bytes) = 0;
  virtual void close() = 0;
};

/// The one chance to answer a request. Move it to wherever the answer is made. Destroyed unused, it answers
/// 500.
class Reply {
 public:
  /// What the connection does for it.
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void send(Response response) = 0;
    [[nodiscard]] virtual std::shared_ptr<Stream> stream(Response head) = 0;
  };

  explicit Reply(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}
  Reply(Reply&&) noexcept = default;
  Reply& operator=(Reply&&) = delete;
  ~Reply() {
    if (sink_) sink_->send({.status = 500});
  }

  void send(Response response) { std::exchange(sink_, nullptr)->send(std::move(response)); }
  [[nodiscard]] std::shared_ptr<Stream> stream(Response head) {
    return std::exchange(sink_, nullptr)->stream(std::move(head));
  }

 private:
  std::shared_ptr<Sink> sink_;
};

/// Fills path, segments and query from a request's target ("/a/b?c=d", RFC 9112, 3.2). Says what is wrong
/// with it; nothing if it is fit. Segments and query are valid UTF-8 without control characters, and no
/// segment is "." or ".."; one may hold a decoded "/". "/" has no segments, "/a/" has two.
[[nodiscard]] std::string_view parse_target(std::string_view target, Request& request);

/// Called on a thread of the server; must not block for long. What it throws becomes a 500, and is logged.
using Handler = std::function<void(Request request, Reply reply)>;

}  // namespace server
