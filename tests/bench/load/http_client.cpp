#include "http_client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http.hpp>
#include <utility>

namespace load {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

HttpClient::HttpClient(asio::io_context& context, const std::string& host, std::uint16_t port,
                       std::chrono::seconds timeout)
    : context_(context),
      server_(asio::ip::make_address(host), port),
      host_(host + ":" + std::to_string(port)),
      timeout_(timeout) {}

asio::awaitable<Reply> HttpClient::ask(Question question) {
  if (!idle_.empty()) {
    auto kept = std::move(idle_.back());
    idle_.pop_back();
    Reply reply = co_await ask_once(std::move(kept), question);
    if (reply.status != 0) co_return reply;
  }
  auto fresh = std::make_unique<Connection>(context_);
  fresh->stream.expires_after(timeout_);
  const auto [error] = co_await fresh->stream.async_connect(server_, as_values);
  if (error) co_return Reply{};
  fresh->stream.socket().set_option(asio::ip::tcp::no_delay(true));
  co_return co_await ask_once(std::move(fresh), question);
}

asio::awaitable<Reply> HttpClient::ask_once(std::unique_ptr<Connection> connection,
                                            const Question& question) {
  http::request<http::string_body> request{question.method == "GET" ? http::verb::get : http::verb::post,
                                           question.target, 11, question.body};
  request.set(http::field::host, host_);
  if (!question.body.empty()) request.set(http::field::content_type, "application/json");
  if (!question.idempotency_key.empty()) request.set("Idempotency-Key", question.idempotency_key);
  if (!question.token.empty()) request.set("X-Access-Token", question.token);
  if (!question.accept.empty()) request.set(http::field::accept, question.accept);
  request.prepare_payload();
  connection->stream.expires_after(timeout_);
  const auto [write_error, written] = co_await http::async_write(connection->stream, request, as_values);
  if (write_error) co_return Reply{};
  http::response_parser<http::string_body> parser;
  parser.body_limit(64U << 20);
  const auto [read_error, read] =
      co_await http::async_read(connection->stream, connection->buffer, parser, as_values);
  if (read_error) co_return Reply{};
  Reply reply{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
  if (parser.get().keep_alive()) idle_.push_back(std::move(connection));
  co_return reply;
}

}  // namespace load
