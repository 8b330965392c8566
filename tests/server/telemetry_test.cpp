#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>

#include "client.hpp"
#include "http/access_log.hpp"
#include "http/http_server.hpp"
#include "http/metrics.hpp"
#include "running.hpp"

using namespace std::chrono_literals;
using namespace server;
using namespace server_test;

TEST_CASE("metrics are written as Prometheus reads them") {
  Metrics metrics;
  Counter& holds = metrics.counter("holds_total", "Holds made.\nBy \\channel.", "channel=\"web\"");
  holds.add();
  holds.add(2);
  CHECK(&metrics.counter("holds_total", "", "channel=\"web\"") == &holds);
  metrics.counter("holds_total", "", "channel=\"till\"");
  metrics.gauge("open", "Open.", [] { return 0.5; });
  metrics.gauge("open", "Open.", [] { return 1.5; });
  metrics.gauge("spare", "Spare.", [] { return std::numeric_limits<double>::infinity(); });
  constexpr std::array bounds{0.0001, 0.5};
  Histogram& took = metrics.histogram("took_seconds", "Time.", bounds, "kind=\"hold\"");
  took.observe(0);
  took.observe(0.25);
  took.observe(2);
  CHECK(
      metrics.text() ==
      "# HELP holds_total Holds made.\\nBy \\\\channel.\n# TYPE holds_total counter\n"
      "holds_total{channel=\"till\"} 0\nholds_total{channel=\"web\"} 3\n"
      "# HELP open Open.\n# TYPE open gauge\nopen 1.5\n"
      "# HELP spare Spare.\n# TYPE spare gauge\nspare +Inf\n"
      "# HELP took_seconds Time.\n# TYPE took_seconds histogram\n"
      "took_seconds_bucket{kind=\"hold\",le=\"0.0001\"} 1\ntook_seconds_bucket{kind=\"hold\",le=\"0.5\"} 2\n"
      "took_seconds_bucket{kind=\"hold\",le=\"+Inf\"} 3\ntook_seconds_sum{kind=\"hold\"} "
      "2.25\ntook_seconds_count{kind=\"hold\"} 3\n");
  CHECK_THROWS_AS(metrics.gauge("holds_total", "", [] { return 1.0; }), std::logic_error);
}

TEST_CASE("the server counts what it answers, by known methods only") {
  Running server({}, [](const Request& request, Reply reply) {
    reply.send({.status = request.path == "/" ? 200 : 404});
  });
  Client client(server.port());
  client.get();
  client.get();
  client.get("/none");
  client.send("BREW / HTTP/1.1\r\nHost: h\r\n\r\n");
  client.read();
  client.get("/%zz");
  CHECK(client.read_to_end().empty());
  CHECK(becomes_true(
      [&] { return server.metrics().text().find("http_connections 0\n") != std::string::npos; }));
  const std::string text = server.metrics().text();
  for (const char* line :
       {"http_requests_total{method=\"GET\",status=\"200\"} 2\n",
        "http_requests_total{method=\"GET\",status=\"404\"} 1\n",
        "http_requests_total{method=\"GET\",status=\"400\"} 1\n",
        "http_requests_total{method=\"other\",status=\"200\"} 1\n", "http_request_duration_seconds_count 5\n",
        "http_requests_in_flight 0\n", "http_sheds_total 0\n"}) {
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  }
}

TEST_CASE("the access log has a line for each request, soon, without what may be secret") {
  Folder folder;
  const auto file = folder.path / "access.log";
  Running server(
      {}, [](const Request&, Reply reply) { reply.send({.body = "12345"}); }, file);
  Client client(server.port());
  client.send(
      "GET /orders?token=secret HTTP/1.1\r\nHost: h\r\nX-Request-Id: cart-17\r\nAuthorization: Bearer "
      "secret\r\n\r\n");
  client.read();
  client.send("nonsense\r\n\r\n");
  client.read();
  // The server still runs: nobody has closed the log.
  CHECK(becomes_true([&] { return contents(file).find("\"status\":400") != std::string::npos; }));
  const std::string log = contents(file);
  CHECK(log.find(
            R"("peer":"127.0.0.1","method":"GET","path":"/orders","status":200,"bytes":5,"microseconds":)") !=
        std::string::npos);
  CHECK(log.find(R"("id":"cart-17","traceparent":"00-)") != std::string::npos);
  CHECK(log.find("secret") == std::string::npos);
  CHECK(log.starts_with("{\"time\":\"20"));
  CHECK(log.ends_with("\"}\n"));
}

TEST_CASE("whatever stands in a request, its line in the log is JSON in UTF-8") {
  Folder folder;
  const auto file = folder.path / "access.log";
  {
    AccessLog log(file);
    CHECK(log.on());
    log.write({.method = "GET",
               .path = "/\"\\\n\x01\x7f\xc2\x9b\xff\xc3\xa9\xe2\x82\xed\xa0\x80\xf0\x9f\x8e\xab",
               .id = "a"},
              200, 1, 2us);
    log.trouble("a", "line\none");
  }
  const std::string log = contents(file);
  CHECK(log.find(R"("path":"/\"\\\u000a\u0001\u007f\u009b�é�����🎫",)"
                 R"("status":200,"bytes":1,"microseconds":2,"id":"a")") != std::string::npos);
  CHECK(log.find(R"("id":"a","trouble":"line\u000aone"})") != std::string::npos);
  CHECK_FALSE(AccessLog("").on());
  CHECK_THROWS_WITH(AccessLog("/none/access.log"), "access log /none/access.log: No such file or directory");
}

TEST_CASE("no line of the log is as long as who asks would have it") {
  Folder folder;
  const auto file = folder.path / "access.log";
  {
    AccessLog log(file);
    const std::string longest = "/" + std::string(511, 'p');
    log.write({.method = "GET", .path = longest, .id = "whole"}, 200, 1, 2us);
    log.write({.method = std::string(17, 'M'), .path = longest + "q", .id = "cut"}, 400, 1, 2us);
    log.write({.method = "GET", .path = "/v1/me", .id = "limited"}, 429, 1, 2us);
  }
  const std::string log = contents(file);
  CHECK(log.find("\"path\":\"/" + std::string(511, 'p') + "\"") != std::string::npos);
  CHECK(log.find("\"method\":\"" + std::string(16, 'M') + "...\",\"path\":\"/" + std::string(511, 'p') +
                 "...\"") != std::string::npos);
  CHECK(log.find(R"("method":"GET","status":429)") != std::string::npos);
  CHECK(log.find("/v1/me") == std::string::npos);
}

TEST_CASE("what the server shall do again and again is done until it drains, even past a failure") {
  Metrics metrics;
  Folder folder;
  AccessLog log(folder.path / "log");
  HttpServer server(
      {.port = 0}, [](const Request&, Reply reply) { reply.send({}); }, metrics, log);
  int times = 0;
  server.every(1ms, [&] {
    if (++times == 2) throw std::runtime_error("once");
    if (times == 4) server.drain();
  });
  server.run();
  CHECK(times == 4);
}
