#pragma once
// Asks one HTTP server over keep-alive connections, as many at once as there are questions under way. For one
// thread.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace load {

struct Question {
  std::string method = "GET";
  std::string target{};
  std::string body{};             ///< JSON.
  std::string idempotency_key{};  ///< Sent if not empty, as the two below.
  std::string token{};
  std::string accept{};
};

struct Reply {
  int status = 0;  ///< 0: no answer came.
  std::string body{};
};

class HttpClient {
 public:
  HttpClient(boost::asio::io_context& context, const std::string& host, std::uint16_t port,
             std::chrono::seconds timeout);

  /// One answer, or status 0 after the time-out or a broken connection. A kept connection that the server
  /// closed before the first byte of an answer is replaced by a new one, once.
  [[nodiscard]] boost::asio::awaitable<Reply> ask(Question question);

 private:
  struct Connection {
    explicit Connection(boost::asio::io_context& context) : stream(context) {}
    boost::beast::tcp_stream stream;
    boost::beast::flat_buffer buffer{};
  };

  [[nodiscard]] boost::asio::awaitable<Reply> ask_once(std::unique_ptr<Connection> connection,
                                                       const Question& question);

  boost::asio::io_context& context_;
  boost::asio::ip::tcp::endpoint server_;
  std::string host_;
  std::chrono::seconds timeout_;
  std::vector<std::unique_ptr<Connection>> idle_{};
};

}  // namespace load
