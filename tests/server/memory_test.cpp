// What a client costs in memory, in bytes that malloc counts: limits of connections and clients are limits of
// memory only because of this.

#include <malloc.h>

#include <doctest/doctest.h>

#include <chrono>
#include <list>
#include <memory>
#include <string>

#include "api/rate_limit.hpp"
#include "client.hpp"
#include "http/shares.hpp"
#include "running.hpp"

namespace {

using namespace server;
using namespace server_test;

/// Bytes handed out and not given back. Sanitizers have a malloc of their own, which says 0.
std::size_t bytes_in_use() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

}  // namespace

TEST_CASE("a connection that has been answered and waits costs a few kilobytes") {
  Running server({}, [](const Request&, Reply reply) { reply.send({.body = "x"}); });
  std::list<Client> clients;
  const auto open_more = [&](int count) {
    for (int index = 0; index < count; ++index) {
      clients.emplace_back(server.port());
      CHECK(clients.back().get("/").status == 200);
    }
  };
  open_more(20);
  const std::size_t before = bytes_in_use();
  constexpr int count = 200;
  open_more(count);
  const std::size_t each = (bytes_in_use() - before) / count;
  MESSAGE("bytes for each connection, its client's in this process included: " << each);
  // With limits of 10,000 connections: at most a quarter of a gigabyte.
  CHECK(each < 24'000);
}

TEST_CASE("a stream whose client does not read costs its connection, and what it is sent is shared") {
  Handed<std::shared_ptr<Stream>> streams;
  Running server({}, [&](const Request&, Reply reply) { streams.put(reply.stream({})); });
  const auto text = std::make_shared<const std::string>(500'000, 'x');
  std::list<Client> clients;
  std::list<std::shared_ptr<Stream>> open;
  const auto open_more = [&](int count) {
    for (int index = 0; index < count; ++index) {
      clients.emplace_back(server.port());
      clients.back().send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      open.push_back(streams.take());
      CHECK(open.back()->write(text));
    }
  };
  open_more(20);
  const std::size_t before = bytes_in_use();
  constexpr int count = 100;
  open_more(count);
  const std::size_t each = (bytes_in_use() - before) / count;
  MESSAGE("bytes for each stream: " << each);
  CHECK(each < 24'000);
  for (const auto& stream : open) stream->close();
}

TEST_CASE("however many clients are limited, the memory is bounded") {
  RateLimit limit(100);
  const auto now = RateLimit::Clock::now();
  const auto ask = [&](int from, int to) {
    for (int client = from; client < to; ++client)
      CHECK(limit.take("2001:db8::" + std::to_string(client) + "/64", 1, now) == 0);
  };
  ask(0, 300'000);
  const std::size_t full = bytes_in_use();
  ask(300'000, 600'000);
  const std::size_t after = bytes_in_use();
  MESSAGE("bytes for all clients: " << full);
  CHECK(after < full + (1U << 20U));
}

TEST_CASE("shares are forgotten with the last that has one") {
  Shares shares;
  {
    std::list<std::unique_ptr<Shares::Place>> places;
    for (int name = 0; name < 1'000; ++name) places.push_back(shares.take(std::to_string(name), 2, 2'000));
    CHECK(shares.names() == 1'000);
    CHECK(shares.take("7", 2, 2'000) != nullptr);
    places.push_back(shares.take("7", 2, 2'000));
    CHECK(shares.take("7", 2, 2'000) == nullptr);
    CHECK(shares.take("8", 2, 1'001) == nullptr);
  }
  CHECK(shares.names() == 0);
}
