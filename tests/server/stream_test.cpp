#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "client.hpp"
#include "http/http_server.hpp"
#include "running.hpp"

using namespace std::chrono_literals;
using namespace server;
using namespace server_test;

namespace {

std::shared_ptr<const std::string> bytes(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

constexpr std::string_view subscribe = "GET /changes HTTP/1.1\r\nHost: h\r\n\r\n";

/// A server that hands every stream that is asked for to the test.
struct Streaming {
  Handed<std::shared_ptr<Stream>> streams{};
  Running server;
  explicit Streaming(HttpOptions options = {})
      : server(std::move(options), [this](const Request&, Reply reply) {
          streams.put(reply.stream({.headers = {{"Content-Type", "text/event-stream"}}}));
        }) {}
};

}  // namespace

TEST_CASE("a stream's parts reach its client one by one, as they are written") {
  Streaming streaming;
  Client client(streaming.server.port());
  client.send(subscribe);
  const auto stream = streaming.streams.take();
  const std::string head = client.read_until("\r\n\r\n");
  CHECK(head.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
  CHECK(head.find("Content-Type: text/event-stream\r\n") != std::string::npos);
  CHECK(head.find("Content-Length") == std::string::npos);
  CHECK(stream->write(bytes("data: one\n\n")));
  CHECK(client.read_until("one\n\n\r\n") == "b\r\ndata: one\n\n\r\n");
  CHECK(stream->write(bytes("")));
  CHECK(stream->write(bytes(std::string(300, 'x'))));
  CHECK(client.read_until("x\r\n") == "12c\r\n" + std::string(300, 'x') + "\r\n");
  CHECK(stream->write(bytes("last")));
  stream->close();
  CHECK_FALSE(stream->write(bytes("later")));
  CHECK(client.read_to_end() == "4\r\nlast\r\n0\r\n\r\n");
}

TEST_CASE("a stream that is dropped ends") {
  Streaming streaming;
  Client client(streaming.server.port());
  client.send(subscribe);
  streaming.streams.take()->write(bytes("only"));
  CHECK(client.read().body == "only");
}

TEST_CASE("HTTP/1.0 clients get a stream without chunks, HEAD only its head") {
  Streaming streaming;
  Client old(streaming.server.port());
  old.send("GET / HTTP/1.0\r\n\r\n");
  const auto stream = streaming.streams.take();
  CHECK(stream->write(bytes("one")));
  stream->close();
  CHECK(old.read_to_end().ends_with("\r\n\r\none"));
  Client head(streaming.server.port());
  head.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(head.read_to_end().ends_with("\r\n\r\n"));
  const auto unheard = streaming.streams.take();
  CHECK(becomes_true([&] { return !unheard->write(bytes("one")); }));
}

TEST_CASE("a stream hears that its client is gone, with nothing written to it") {
  Streaming streaming;
  auto client = std::make_unique<Client>(streaming.server.port());
  client->send(subscribe);
  const auto stream = streaming.streams.take();
  CHECK(client->read_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
  client.reset();
  CHECK(becomes_true(
      [&] { return streaming.server.metrics().text().find("http_connections 0\n") != std::string::npos; }));
  CHECK_FALSE(stream->write(bytes("to nobody")));
}

TEST_CASE("a client that reads its stream too slowly is cut off, and others are not") {
  Streaming streaming({.stream_backlog_bytes = 100'000});
  Client slow(streaming.server.port()), quick(streaming.server.port());
  slow.send(subscribe);
  const auto to_slow = streaming.streams.take();
  quick.send(subscribe);
  const auto to_quick = streaming.streams.take();
  CHECK(quick.read_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
  const auto part = bytes(std::string(50'000, 'x'));
  int parts = 0;
  // The sockets' buffers take some megabytes before the backlog grows.
  while (parts < 10'000 && to_slow->write(part)) {
    ++parts;
    REQUIRE(to_quick->write(part));
    REQUIRE(quick.read_until("x\r\n").size() == part->size() + 8);
  }
  CHECK(parts > 1);
  CHECK(parts < 10'000);
  CHECK_FALSE(to_slow->write(bytes("more")));
  CHECK(slow.read_to_end().find("\r\n0\r\n") == std::string::npos);  // Cut off, it must not look whole.
  CHECK(to_quick->write(bytes("more")));
  CHECK(quick.read_until("more\r\n") == "4\r\nmore\r\n");
}

TEST_CASE("draining ends streams properly") {
  Streaming streaming({.threads = 2});
  Client one(streaming.server.port()), two(streaming.server.port());
  one.send(subscribe);
  const auto to_one = streaming.streams.take();
  two.send(subscribe);
  const auto to_two = streaming.streams.take();
  CHECK(to_one->write(bytes("one")));
  CHECK(one.read_until("one\r\n").ends_with("one\r\n"));
  (*streaming.server).drain();
  CHECK(one.read_to_end() == "0\r\n\r\n");
  CHECK(two.read_to_end().ends_with("0\r\n\r\n"));
  CHECK_FALSE(to_one->write(bytes("more")));
  streaming.server.join();
}

TEST_CASE("many threads write to many streams at once") {
  Streaming streaming({.threads = 2});
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::shared_ptr<Stream>> streams;
  for (int count = 0; count < 8; ++count) {
    clients.push_back(std::make_unique<Client>(streaming.server.port()));
    clients.back()->send(subscribe);
    streams.push_back(streaming.streams.take());
  }
  {
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < 3; ++writer) {
      writers.emplace_back([&] {
        for (int count = 0; count < 100; ++count) {
          for (const auto& stream : streams) stream->write(bytes("12345"));
        }
      });
    }
  }
  for (const auto& stream : streams) stream->close();
  for (const auto& client : clients) CHECK(client->read().body.size() == 3 * 100 * 5);
}
