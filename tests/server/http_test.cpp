#include "http/http.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "client.hpp"
#include "http/http_server.hpp"
#include "running.hpp"

using namespace std::chrono_literals;
using namespace server;
using namespace server_test;

namespace {

void echo(Request request, Reply reply) {
  reply.send({.headers = {{"Content-Type", "text/plain"}},
              .body = request.method + " " + request.path + " " + request.body});
}

std::string post(std::string_view body) {
  return "POST /holds HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

constexpr std::string_view whole_get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

void check_problem(const Answer& answer, int status, std::string_view reason) {
  CHECK(answer.status == status);
  CHECK(answer.header("Content-Type") == "application/problem+json");
  CHECK(answer.body.find("\"type\":\"/problems/" + std::string(reason) + "\"") != std::string::npos);
  CHECK(answer.body.find("\"request_id\":\"" + answer.header("X-Request-Id") + "\"") != std::string::npos);
}

}  // namespace

TEST_CASE("a connection serves one request after the other until the client wants no more") {
  Running server({}, echo);
  Client client(server.port());
  CHECK(client.get("/one").body == "GET /one ");
  CHECK(client.get("/two").header("Connection").empty());
  client.send("GET /three HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const Answer last = client.read();
  CHECK(last.body == "GET /three ");
  CHECK(last.header("Connection") == "close");
  CHECK(client.read_to_end().empty());
}

TEST_CASE("HTTP/1.0 clients are served once, or on if they ask for that") {
  Running server({}, echo);
  Client once(server.port());
  once.send("GET /a HTTP/1.0\r\n\r\n");
  CHECK(once.read_to_end().starts_with("HTTP/1.0 200 OK\r\n"));
  Client on(server.port());
  on.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(on.read().header("Connection") == "keep-alive");
  on.send("GET /b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(on.read().body == "GET /b ");
}

TEST_CASE("pipelined requests are answered in their order, however late the first answer is") {
  Handed<Reply> late;
  Running server({}, [&](Request request, Reply reply) {
    if (request.path == "/late") return late.put(std::move(reply));
    echo(std::move(request), std::move(reply));
  });
  Client client(server.port());
  client.send("GET /late HTTP/1.1\r\nHost: h\r\n\r\n\r\n" + post("two") +
              "GET /three HTTP/1.1\r\nHost: h\r\n\r\n");
  late.take().send({.body = "one"});
  CHECK(client.read().body == "one");
  CHECK(client.read().body == "POST /holds two");
  CHECK(client.read().body == "GET /three ");
}

TEST_CASE("an empty line before a request may come in two portions") {
  Running server({}, echo);
  Client client(server.port());
  client.send("GET /one HTTP/1.1\r\nHost: h\r\n\r\n\r");
  CHECK(client.read().body == "GET /one ");
  client.send("\nGET /two HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(client.read().body == "GET /two ");
}

TEST_CASE("requests are the same in whatever portions they come") {
  Running server({}, echo);
  const std::string requests = post("one") +
                               "POST /two HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
                               "chunked\r\n\r\n2\r\ntw\r\n1\r\no\r\n0\r\n\r\n\r\n" +
                               std::string(whole_get);
  for (const std::size_t portion : {1U, 2U, 3U, 7U, 50U}) {
    CAPTURE(portion);
    Client client(server.port());
    for (std::size_t at = 0; at < requests.size(); at += portion)
      client.send(std::string_view(requests).substr(at, portion));
    CHECK(client.read().body == "POST /holds one");
    CHECK(client.read().body == "POST /two two");
    CHECK(client.read().body == "GET / ");
  }
}

TEST_CASE("a request's parts reach the handler as they were meant") {
  Handed<Request> requests;
  Running server({}, [&](const Request& request, Reply reply) {
    requests.put(request);
    reply.send({.status = 204});
  });
  Client client(server.port());
  client.send(
      "PUT /v1/caf%C3%A9/a%2Fb?q=A+B%2B&empty&q=2 HTTP/1.1\r\nhost: h\r\nX-Request-Id: cart-17\r\nX-Thing:  "
      "padded \r\n"
      "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nTransfer-Encoding: "
      "chunked\r\n\r\n"
      "4\r\nwhol\r\n1;why=not\r\ne\r\n0\r\nX-Thing: trailer\r\nX-More: trailer\r\n\r\n");
  const Answer answer = client.read();
  CHECK(answer.status == 204);
  CHECK(answer.header("Content-Length").empty());
  CHECK(answer.header("X-Request-Id") == "cart-17");
  CHECK(answer.header("Date").ends_with(" GMT"));
  const Request request = requests.take();
  CHECK(request.method == "PUT");
  CHECK(request.path == "/v1/caf%C3%A9/a%2Fb");
  CHECK(request.segments == std::vector<std::string>{"v1", "café", "a/b"});
  CHECK(request.query ==
        std::vector<std::pair<std::string, std::string>>{{"q", "A B+"}, {"empty", ""}, {"q", "2"}});
  CHECK(*request.parameter("q") == "A B+");
  CHECK(request.parameter("none") == nullptr);
  CHECK(request.header("x-thing") == "padded");
  CHECK(request.header("X-More").empty());
  CHECK(request.body == "whole");
  CHECK(request.peer == "127.0.0.1");
  CHECK(request.id == "cart-17");
  CHECK(request.traceparent == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

  client.send(
      "GET / HTTP/1.1\r\nHost: h\r\nX-Request-Id: a\"b\r\ntraceparent: "
      "00-00000000000000000000000000000000-b7ad6b7169203331-01\r\n\r\n");
  const std::string made = client.read().header("X-Request-Id");
  CHECK(made.size() == 32);
  const Request second = requests.take();
  CHECK(second.id == made);
  CHECK(second.traceparent.starts_with("00-" + made + "-"));
  CHECK(second.traceparent.size() == 55);
}

TEST_CASE("targets are taken apart, or refused with the reason") {
  const auto parsed = [](std::string_view target) {
    Request request;
    REQUIRE(parse_target(target, request).empty());
    return request;
  };
  CHECK(parsed("/").segments.empty());
  CHECK(parsed("/a/").segments == std::vector<std::string>{"a", ""});
  CHECK(parsed("http://localhost:8080/a?b=c").path == "/a");
  CHECK(parsed("HTTPS://localhost").path == "/");
  CHECK(*parsed("http://localhost?b=c").parameter("b") == "c");
  CHECK(parsed("*").path == "*");
  CHECK(parsed("/a#part?x=y").query.empty());
  CHECK(*parsed("/?a==&&").parameter("a") == "=");
  for (const std::string_view bad :
       {"",      "a",     "?a=b",    "/%",         "/%4",           "/%zz",        "/%00",      "/%0a",
        "/%7F",  "/%ff",  "/%c0%af", "/%ed%a0%80", "/%f4%90%80%80", "/../a",       "/a/%2e%2E", "/.",
        "/?a=%", "/?%=a", "/?a=%00", "/\xc3\xa9",  "/a b",          "localhost:80"}) {
    CAPTURE(bad);
    Request request;
    CHECK_FALSE(parse_target(bad, request).empty());
  }
}

TEST_CASE("what is no request is refused with a problem, and the connection is closed") {
  Running server({}, echo);
  struct Case {
    std::string bytes;
    int status = 400;
    std::string reason = "invalid_request";
  };
  const std::vector<Case> cases{
      {"nonsense\r\n\r\n"},
      {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"GET / HTTP/1.1\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost : h\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: a\001b\r\n\r\n"},
      {"GET / HTTP/1.1\nHost: h\n\n\r\n\r\n"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551617\r\n\r\na"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "not_implemented"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 501,
       "not_implemented"},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
  };
  for (const Case& bad : cases) {
    CAPTURE(bad.bytes);
    Client client(server.port());
    client.send(bad.bytes);
    const Answer answer = client.read();
    check_problem(answer, bad.status, bad.reason);
    CHECK(answer.header("Connection") == "close");
    CHECK(client.read_to_end().empty());
  }
  CHECK(Client(server.port()).get().status == 200);
}

TEST_CASE("a head past its limit is refused, sent at once or bit by bit, and one within is not") {
  Running server({.header_bytes = 2000}, echo);
  const std::string start = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (const std::string& rest : {"X: " + std::string(3000, 'x') + "\r\n\r\n", std::string(3000, 'x')}) {
    Client client(server.port());
    client.send(start + rest);
    check_problem(client.read(), 431, "header_too_large");
    CHECK(client.read_to_end().empty());
  }
  Client slowly(server.port());
  slowly.send(start);
  for (int line = 0; line < 60; ++line) slowly.send("X: " + std::string(45, 'x') + "\r\n");
  check_problem(slowly.read(), 431, "header_too_large");
  Client within(server.port());
  within.send(start + "X: " + std::string(1900, 'x') + "\r\n\r\n");
  CHECK(within.read().status == 200);
}

TEST_CASE("a body past its limit is refused before it is read, and one at the limit is not") {
  Running server({.body_bytes = 1000}, echo);
  Client at_limit(server.port());
  at_limit.send(post(std::string(1000, 'b')));
  CHECK(at_limit.read().body.size() == 1000 + std::string("POST /holds ").size());
  Client announced(server.port());
  announced.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
  check_problem(announced.read(), 413, "body_too_large");
  CHECK(announced.read_to_end().empty());
  Client sent(server.port());
  sent.send(post(std::string(3'000'000, 'b')));
  check_problem(sent.read(), 413, "body_too_large");
  Client chunked(server.port());
  chunked.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" +
               std::string(1000, 'b') + "\r\n1\r\nb\r\n");
  check_problem(chunked.read(), 413, "body_too_large");
  Client endless_line(server.port());
  endless_line.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
                    std::string(100'000, 'x'));
  CHECK(endless_line.read().status == 431);
}

TEST_CASE("a client that asks is told to go on before it sends the body") {
  Running server({}, echo);
  Client client(server.port());
  client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.read().status == 100);
  client.send("bo");
  client.send("dy");
  CHECK(client.read().body == "POST /a body");
  CHECK(client.get("/b").status == 200);
}

TEST_CASE("slow clients are told so and closed, idle ones just closed") {
  Running server({.request_timeout = 1s, .idle_timeout = 1s}, echo);
  Client idle(server.port()), used(server.port()), in_head(server.port()), in_body(server.port());
  CHECK(used.get().status == 200);
  in_head.send("GET / HTTP/1.1\r\nHo");
  in_body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nbo");
  for (Client* slow : {&in_head, &in_body}) {
    check_problem(slow->read(), 408, "request_timeout");
    CHECK(slow->read_to_end().empty());
  }
  CHECK(idle.read_to_end().empty());
  CHECK(used.read_to_end().empty());
}

TEST_CASE(
    "a client that has closed its half still gets its answers, and hears of a request that it broke off") {
  Handed<Reply> late;
  Running server({}, [&](const Request&, Reply reply) { late.put(std::move(reply)); });
  Client whole(server.port());
  whole.send(std::string(whole_get) + std::string(whole_get));
  whole.half_close();
  late.take().send({.body = "one"});
  late.take().send({.body = "two"});
  CHECK(whole.read().body == "one");
  CHECK(whole.read().body == "two");
  CHECK(whole.read_to_end().empty());
  Client broken(server.port());
  broken.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nbo");
  broken.half_close();
  check_problem(broken.read(), 400, "invalid_request");
  CHECK(broken.read_to_end().empty());
}

TEST_CASE(
    "a handler that throws, or drops its reply, or answers with a header that breaks its line, gives a 500") {
  Folder folder;
  {
    Running server(
        {},
        [](const Request& request, Reply reply) {
          if (request.path == "/throws") throw std::runtime_error("the till is jammed");
          if (request.path == "/throws-anything") throw 1;
          if (request.path == "/splits")
            reply.send({.headers = {{"Location", "/\r\nSet-Cookie: a=b"}}, .body = "no"});
        },
        folder.path / "log");
    Client client(server.port());
    for (const char* path : {"/throws", "/throws-anything", "/drops", "/splits"})
      check_problem(client.get(path), 500, "internal_error");
  }
  const std::string log = contents(folder.path / "log");
  CHECK(log.find("\"trouble\":\"the till is jammed\"") != std::string::npos);
  CHECK(log.find("\"trouble\":\"a response header") != std::string::npos);
}

TEST_CASE("past its requests in flight the server answers 503 at once, and serves on when there is room") {
  Handed<Reply> held;
  Running server({.requests_in_flight = 1}, [&](const Request& request, Reply reply) {
    if (request.path == "/held") return held.put(std::move(reply));
    reply.send({.body = "served"});
  });
  Client first(server.port()), second(server.port());
  first.send("GET /held HTTP/1.1\r\nHost: h\r\n\r\n");
  Reply reply = held.take();
  const Answer shed = second.get();
  check_problem(shed, 503, "overloaded");
  CHECK(shed.header("Retry-After") == "1");
  CHECK(server.metrics().text().find("http_sheds_total 1\n") != std::string::npos);
  CHECK(becomes_true(
      [&] { return server.metrics().text().find("http_requests_in_flight 1\n") != std::string::npos; }));
  reply.send({.body = "held"});
  CHECK(first.read().body == "held");
  CHECK(becomes_true([&] { return second.get().body == "served"; }));
}

TEST_CASE("past its connections the server turns a few away with 503, and more without a word") {
  Running server({.connections = 4}, echo);
  std::vector<std::unique_ptr<Client>> within;
  for (int count = 0; count < 4; ++count)
    CHECK(within.emplace_back(std::make_unique<Client>(server.port()))->get().status == 200);
  {
    Client past(server.port());
    const Answer shed = past.get();
    check_problem(shed, 503, "overloaded");
    CHECK(shed.header("Connection") == "close");
    CHECK(past.read_to_end().empty());
  }
  std::vector<std::unique_ptr<Client>> crowd;
  for (int count = 0; count < 8; ++count) crowd.push_back(std::make_unique<Client>(server.port()));
  int wordless = 0;
  for (const auto& client : crowd) wordless += client->read_to_end().empty();
  CHECK(wordless == 8);  // None has asked; those told why are given two seconds to.
  within.pop_back();
  CHECK(becomes_true([&] { return Client(server.port()).get().status == 200; }));
}

TEST_CASE("HEAD gets the head alone, and bodies that must not be are not sent") {
  Running server({}, [](const Request& request, Reply reply) {
    if (request.path == "/304")
      return reply.send({.status = 304, .headers = {{"ETag", "\"1\""}}, .body = "none"});
    reply.send({.shared_body = std::make_shared<const std::string>("twelve bytes")});
  });
  Client client(server.port());
  client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(client.read("HEAD").header("Content-Length") == "12");
  CHECK(client.get("/304").header("Content-Length").empty());
  CHECK(client.get().body == "twelve bytes");
}

TEST_CASE("a large body reaches a client that is slow to read, whole") {
  const auto body = std::make_shared<const std::string>(std::string(20'000'000, 'a') + "end");
  Running server({}, [&](const Request&, Reply reply) { reply.send({.shared_body = body}); });
  Client client(server.port());
  client.send(std::string(whole_get) + std::string(whole_get));
  CHECK(client.read().body == *body);
  CHECK(client.read().body == *body);
}

TEST_CASE("replies come from any thread, on any of the server's threads") {
  std::mutex mutex;
  std::vector<std::jthread> answering;
  Running server({.threads = 3}, [&](Request request, Reply reply) {
    if (request.path.ends_with("0")) return echo(std::move(request), std::move(reply));
    const std::lock_guard lock(mutex);
    answering.emplace_back([request = std::move(request), reply = std::make_shared<Reply>(std::move(reply))] {
      reply->send({.body = "later " + request.path});
    });
  });
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> clients;
    for (int number = 0; number < 6; ++number) {
      clients.emplace_back([&, number] {
        Client client(server.port());
        for (int index = 0; index < 50; ++index) {
          const std::string path = "/" + std::to_string(number) + "/" + std::to_string(index);
          right += client.get(path).body == (index % 10 == 0 ? "GET " + path + " " : "later " + path);
        }
      });
    }
  }
  CHECK(right == 300);
  // Before the server goes: its handler must not add to what is being joined.
  (*server).drain();
  server.join();
}

TEST_CASE("a draining server answers what is under way, closes what is idle, and takes nothing new") {
  Handed<Reply> held;
  Running server({.threads = 2}, [&](const Request& request, Reply reply) {
    if (request.path == "/held") return held.put(std::move(reply));
    reply.send({.body = "served"});
  });
  Client idle(server.port()), fresh(server.port()), under_way(server.port()), in_body(server.port());
  CHECK(idle.get().status == 200);
  under_way.send("GET /held HTTP/1.1\r\nHost: h\r\n\r\n" + std::string(whole_get));
  in_body.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  CHECK(in_body.read().status == 100);
  Reply reply = held.take();
  CHECK_FALSE((*server).draining());
  (*server).drain();
  CHECK((*server).draining());
  CHECK(idle.read_to_end().empty());
  CHECK(fresh.read_to_end().empty());
  CHECK_THROWS_AS(Client(server.port()).get(), std::system_error);
  reply.send({.body = "held"});
  const Answer answer = under_way.read();
  CHECK(answer.body == "held");
  CHECK(answer.header("Connection") == "close");
  CHECK(under_way.read_to_end().empty());
  in_body.send("body");
  CHECK(in_body.read().body == "served");
  server.join();
}

TEST_CASE("a reply that comes after the server's end goes nowhere, and does no harm") {
  Handed<Reply> held;
  Handed<std::shared_ptr<Stream>> streams;
  {
    Running server({.drain_timeout = 0s}, [&](const Request& request, Reply reply) {
      if (request.path == "/stream") return streams.put(reply.stream({}));
      held.put(std::move(reply));
    });
    Client client(server.port()), another(server.port()), streaming(server.port());
    client.send(whole_get);
    another.send(whole_get);
    streaming.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(streaming.read_until("\r\n\r\n").find("chunked") != std::string::npos);
    Reply one = held.take(), two = held.take();
    (*server).drain();
    CHECK(client.read_to_end().empty());
    CHECK(another.read_to_end().empty());
    server.join();
    held.put(std::move(one));
    held.put(std::move(two));
  }
  held.take().send({.body = "too late"});
  CHECK_FALSE(held.take().stream({})->write(std::make_shared<const std::string>("too late")));
  const auto stream = streams.take();
  CHECK_FALSE(stream->write(std::make_shared<const std::string>("too late")));
  stream->close();
}
