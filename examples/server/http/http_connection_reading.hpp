#pragma once
// How a connection reads requests, refuses what is none, and has the handler answer the others. Included by
// http_connection.hpp alone.

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "http/http_connection.hpp"
#include "http/problem.hpp"

namespace server {

inline constexpr std::size_t read_bytes = 4096;
inline constexpr std::size_t body_read_bytes = 64U << 10U;

inline Problem to_problem(const Refused& refused) {
  Problem problem = make_problem(refused.reason, refused.detail);
  problem.status = refused.status;
  return problem;
}

/// 0 when nothing more comes.
inline Task<std::size_t> Connection::read_some(asio::mutable_buffer space) {
  std::tuple<error_code, std::size_t> got;
  if (tls_) {
    got = co_await tls_->async_read_some(space, as_tuple);
  } else {
    got = co_await socket_.async_read_some(space, as_tuple);
  }
  co_return std::get<0>(got) ? 0 : std::get<1>(got);
}

/// False when there is none: the client is done, or was told what is wrong.
inline Task<bool> Connection::read_request() {
  if (buffer_.size() == 0 && site_.draining.load(std::memory_order_relaxed)) co_return false;
  if (buffer_.size() == 0 && buffer_.capacity() > 4 * read_bytes) buffer_.shrink_to_fit();
  parser_.emplace(site_.options);
  noted_ = {};
  limit_time(Phase::idle, over_capacity_ ? linger : site_.options.idle_timeout);
  bool continued = false;
  bool admitted = false;
  error_code error;
  for (;;) {
    // Empty lines before a request are left from an old client's last one (RFC 9112, 2.2).
    const auto begins = [this](std::string_view with) {
      return std::string_view(static_cast<const char*>(buffer_.data().data()), buffer_.size())
          .starts_with(with);
    };
    while (phase_ == Phase::idle && begins("\r\n")) buffer_.consume(2);
    const bool half_empty_line = phase_ == Phase::idle && buffer_.size() == 1 && begins("\r");
    if (buffer_.size() > 0 && !half_empty_line) {
      if (phase_ == Phase::idle) {
        limit_time(Phase::reading, over_capacity_ ? linger : site_.options.request_timeout);
        begun_ = Clock::now();
      }
      buffer_.consume(parser_->take(buffer_.data(), error));
      if (error && error != boost::beast::http::error::need_more)
        co_return co_await refuse(to_problem(parser_->refused(error)));
      if (parser_->is_header_done() && parser_->has_large_body() && !std::exchange(admitted, true)) {
        if (const auto refusal = co_await admit_large_body()) co_return co_await refuse(*refusal);
        if (stopped_) co_return false;
      }
      if (parser_->is_done()) co_return true;
      if (parser_->is_header_done() && parser_->expects_continue() && !std::exchange(continued, true)) {
        std::array<asio::const_buffer, 1> go_on{
            asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n"))};
        const auto limit = limit_;
        if (!co_await write(go_on)) co_return false;
        phase_ = Phase::reading;
        limit_ = limit;
      }
    }
    const std::size_t bytes =
        co_await read_some(buffer_.prepare(parser_->is_header_done() ? body_read_bytes : read_bytes));
    if (stopped_) co_return false;
    if (timed_out_) co_return co_await refuse(to_problem(parser_->too_late()));
    if (bytes == 0 && phase_ == Phase::idle) co_return false;
    if (bytes == 0)
      co_return co_await refuse(to_problem(parser_->refused(boost::beast::http::error::partial_message)));
    buffer_.commit(bytes);
  }
}

/// Answers what is no request, and no more after it: false.
inline Task<bool> Connection::refuse(const Problem& problem) {
  begin_request(parser_->request());
  keep_alive_ = false;
  response_ = to_response(problem, noted_.id);
  refused_ = true;
  co_await write_response();
  co_return false;
}

/// Nothing more of the body is read meanwhile.
inline Task<std::optional<Problem>> Connection::admit_large_body() {
  struct Decision {
    std::atomic<bool> made{false};
    std::optional<Problem> refusal{};
  };
  const auto decision = std::make_shared<Decision>();
  begin_request(parser_->request());
  site_.options.admit_large_body(parser_->request(),
                                 [decision, self = shared_from_this()](std::optional<Problem> refusal) {
                                   decision->refusal = std::move(refusal);
                                   decision->made.store(true, std::memory_order_release);
                                   self->tell();
                                 });
  while (!decision->made.load(std::memory_order_acquire) && !stopped_) co_await wait();
  if (stopped_) co_return std::nullopt;
  co_return std::move(decision->refusal);
}

/// Gives the request its ids, and notes what is needed of it when its handler has it.
inline void Connection::begin_request(Request& request) {
  request.peer = peer_;
  if (const std::string_view id = request.header("X-Request-Id"); fit_request_id(id)) request.id = id;
  if (request.id.empty()) request.id = worker_->ids.request_id();
  if (const std::string_view trace = request.header("traceparent"); fit_traceparent(trace))
    request.traceparent = trace;
  if (request.traceparent.empty()) request.traceparent = worker_->ids.traceparent(request.id);
  noted_.id = request.id;
  noted_.method = request.method;
  if (!site_.log.on()) return;
  noted_.path = request.path;
  noted_.peer = request.peer;
  noted_.traceparent = request.traceparent;
}

inline Task<bool> Connection::answer() {
  phase_ = Phase::other;
  limit_ = Clock::time_point::max();
  begin_request(parser_->request());
  keep_alive_ = parser_->keep_alive() && !over_capacity_;
  std::optional<Counted> in_flight(std::in_place, site_.load->requests);
  if (over_capacity_ || in_flight->number() > site_.options.requests_in_flight) {
    site_.sheds.add();
    response_ = to_response(
        make_problem("overloaded", "the server has more to do than it can; try again in a second"),
        noted_.id);
  } else {
    answered_.store(false, std::memory_order_relaxed);
    try {
      site_.handler(std::move(parser_->request()), Reply(shared_from_this()));
    } catch (const std::exception& error) {
      site_.log.trouble(noted_.id, error.what());
    } catch (...) {
      site_.log.trouble(noted_.id, "the handler threw what is no std::exception");
    }
    while (!answered_.load(std::memory_order_acquire) && !stopped_) co_await wait();
    if (stopped_) co_return false;
  }
  if (queue_) {
    in_flight.reset();
    co_await write_stream();
    co_return false;
  }
  const bool written = co_await write_response();
  co_return written&& keep_alive_;
}

}  // namespace server
