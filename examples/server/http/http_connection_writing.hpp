#pragma once
// How a connection writes responses and streams. Included by http_connection.hpp alone.

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <charconv>
#include <chrono>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

#include "http/http_connection.hpp"
#include "http/problem.hpp"

namespace server {

/// Past idle_timeout, a client that reads a response more slowly is cut off.
inline constexpr std::size_t slowest_bytes_per_second = 4096;

inline void skip(std::span<asio::const_buffer>& parts, std::size_t bytes) {
  while (!parts.empty() && bytes >= parts.front().size()) {
    bytes -= parts.front().size();
    parts = parts.subspan(1);
  }
  if (bytes > 0) parts.front() += bytes;
}

inline std::size_t total(std::span<const asio::const_buffer> parts) {
  std::size_t bytes = 0;
  for (const asio::const_buffer& part : parts) bytes += part.size();
  return bytes;
}

/// Plain sockets mostly take a response at once, which saves the coroutine its suspension. True when all is
/// written.
inline bool Connection::write_at_once(std::span<asio::const_buffer>& parts) {
  if (tls_) return false;
  error_code error;
  skip(parts, socket_.write_some(parts, error));
  return parts.empty();
}

inline Task<bool> Connection::write(std::span<asio::const_buffer> parts) {
  limit_time(Phase::other,
             site_.options.idle_timeout + std::chrono::seconds{total(parts) / slowest_bytes_per_second});
  while (!parts.empty() && !stopped_) {
    std::tuple<error_code, std::size_t> done;
    if (tls_) {
      done = co_await tls_->async_write_some(parts, as_tuple);
    } else {
      done = co_await socket_.async_write_some(parts, as_tuple);
    }
    if (std::get<0>(done)) {
      stop();
      break;
    }
    skip(parts, std::get<1>(done));
  }
  limit_ = Clock::time_point::max();
  co_return parts.empty();
}

inline Response Connection::internal_error() const {
  return to_response(make_problem("internal_error", "something went wrong inside the server"), noted_.id);
}

inline bool Connection::make_head(bool body_goes_on) {
  if (!response_.fixed_headers) response_.fixed_headers = site_.options.fixed_headers;
  const HeadOptions options{.date_line = worker_->date_line,
                            .request_id = noted_.id,
                            .http_1_0 = parser_->http_1_0(),
                            .keep_alive = keep_alive_,
                            .body_goes_on = body_goes_on};
  return write_head(response_, options, head_);
}

inline Task<bool> Connection::write_response() {
  if (site_.draining.load(std::memory_order_relaxed)) keep_alive_ = false;
  if (response_.status == 500 && body_of(response_).empty()) response_ = internal_error();
  if (!make_head(false)) {
    site_.log.trouble(noted_.id, "a response header has characters that no header may have");
    response_ = internal_error();
    std::ignore = make_head(false);
  }
  const std::string_view body = noted_.method == "HEAD" ? std::string_view{} : body_of(response_);
  std::array<asio::const_buffer, 2> parts{asio::buffer(head_), asio::buffer(body)};
  std::span<asio::const_buffer> rest(parts);
  bool written = write_at_once(rest);
  if (!written) written = co_await write(rest);
  record(body.size());
  response_ = {};
  co_return written;
}

inline void Connection::record(std::uint64_t bytes) {
  const auto took = Clock::now() - begun_;
  site_.requests.count(noted_.method, response_.status);
  if (!queue_) site_.durations.observe(std::chrono::duration<double>(took).count());
  if (site_.log.on())
    site_.log.write(noted_, response_.status, bytes,
                    std::chrono::duration_cast<std::chrono::microseconds>(took));
}

/// The chunks of a stream, and its end. No request follows on that connection.
inline Task<void> Connection::write_stream() {
  keep_alive_ = false;
  std::uint64_t bytes = 0;
  if (!make_head(true)) {
    site_.log.trouble(noted_.id, "a response header has characters that no header may have");
    co_return;
  }
  std::array<asio::const_buffer, 1> head{asio::buffer(head_)};
  bool open = co_await write(head);
  if (noted_.method == "HEAD") open = false;
  if (open) {
    listening_ = true;  // So that it hears when the client goes.
    asio::co_spawn(
        worker_->context,
        [](std::shared_ptr<Connection> self) -> Task<void> { co_await self->discard(); }(shared_from_this()),
        asio::detached);
  }
  while (open && !stopped_ && !client_gone_) {
    const StreamQueue::Batch batch = queue_->take();
    if (!batch.parts.empty()) {
      open = co_await write_parts(batch.parts);
      std::size_t sent = 0;
      for (const auto& part : batch.parts) sent += part->size();
      queue_->sent(sent);
      bytes += sent;
    } else if (batch.closed) {
      std::array<asio::const_buffer, 1> end{asio::buffer(std::string_view("0\r\n\r\n"))};
      if (!parser_->http_1_0()) co_await write(end);
      break;
    } else {
      co_await wait();
    }
  }
  queue_->close();
  record(bytes);
}

inline Task<bool> Connection::write_parts(const std::vector<StreamQueue::Bytes>& parts) {
  // Chunks' sizes in hexadecimal lie side by side here; parts are sent from where they lie.
  std::vector<std::array<char, 20>> sizes(parts.size());
  std::vector<asio::const_buffer> buffers;
  buffers.reserve(parts.size() * 3);
  for (std::size_t index = 0; index < parts.size(); ++index) {
    char* const begin = sizes[index].data();
    char* end = std::to_chars(begin, begin + 16, parts[index]->size(), 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    if (!parser_->http_1_0()) buffers.emplace_back(begin, static_cast<std::size_t>(end - begin));
    buffers.push_back(asio::buffer(*parts[index]));
    if (!parser_->http_1_0()) buffers.push_back(asio::buffer(std::string_view("\r\n")));
  }
  co_return co_await write(buffers);
}

}  // namespace server
