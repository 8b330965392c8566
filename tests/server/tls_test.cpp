#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <array>
#include <chrono>
#include <fstream>
#include <string>
#include <utility>

#include "client.hpp"
#include "http/http_server.hpp"
#include "running.hpp"

using namespace std::chrono_literals;
using namespace server;
using namespace server_test;

namespace {

void answer(const Request& request, Reply reply) {
  if (request.path == "/stream") {
    const auto stream = reply.stream({});
    stream->write(std::make_shared<const std::string>("one"));
    return stream->close();
  }
  reply.send({.body = request.method + " " + request.path + " " + request.body});
}

HttpOptions secure(const Folder& folder) {
  make_certificate(folder.path);
  return {.tls_certificate = folder.path / "certificate.pem",
          .tls_key = folder.path / "key.pem",
          .body_bytes = 1U << 20U};
}

}  // namespace

TEST_CASE("over TLS the server speaks HTTP/1.1, keeps connections and streams") {
  Folder folder;
  Running server(secure(folder), answer);
  Client client(server.port(), Security::tls);
  static constexpr std::array<unsigned char, 12> offered{2,   'h', '2', 8,   'h', 't',
                                                         't', 'p', '/', '1', '.', '1'};
  SSL_set_alpn_protos(client.tls(), offered.data(), offered.size());
  CHECK(client.get("/one").body == "GET /one ");
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(client.tls(), &chosen, &size);
  CHECK(std::string(reinterpret_cast<const char*>(chosen), size) == "http/1.1");
  const std::string large(300'000, 'x');
  client.send("POST /two HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + large);
  CHECK(client.read().body == "POST /two " + large);
  CHECK(client.get("/stream").body == "one");
  Client refused(server.port(), Security::tls);
  refused.send("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(refused.read().status == 400);
}

TEST_CASE(
    "neither old TLS, nor another protocol, nor plain HTTP gets an answer on a TLS port, and slow clients "
    "are told so") {
  Folder folder;
  HttpOptions options = secure(folder);
  options.request_timeout = 1s;
  Running server(options, answer);
  Client old(server.port(), Security::tls);
  SSL_set_security_level(old.tls(), 0);
  REQUIRE(SSL_set_max_proto_version(old.tls(), TLS1_1_VERSION) == 1);
  CHECK(old.get().status == 0);
  Client other(server.port(), Security::tls);
  static constexpr std::array<unsigned char, 3> only_h2{2, 'h', '2'};
  SSL_set_alpn_protos(other.tls(), only_h2.data(), only_h2.size());
  CHECK(other.get().status == 0);
  Client plain(server.port());
  CHECK(plain.get().status == 0);
  Client silent(server.port());
  CHECK(silent.read_to_end().empty());
  Client slow(server.port(), Security::tls);
  slow.send("GET / HTTP/1.1\r\nHo");
  CHECK(slow.read().status == 408);
  CHECK(Client(server.port(), Security::tls).get().status == 200);
}

TEST_CASE("what can't be served by is named when the server starts") {
  Folder folder;
  Metrics metrics;
  AccessLog log("");
  const auto trouble = [&](const HttpOptions& options) {
    try {
      HttpServer server(options, answer, metrics, log);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const HttpOptions good = secure(folder);
  HttpOptions options = good;
  options.tls_certificate = folder.path / "none.pem";
  CHECK(trouble(options).find("none.pem") != std::string::npos);
  options = good;
  std::ofstream(folder.path / "other.pem") << "no key";
  options.tls_key = folder.path / "other.pem";
  CHECK(trouble(options).find("other.pem") != std::string::npos);
  options = good;
  options.tls_key.clear();
  CHECK(trouble(options) == "TLS needs both a certificate and its key");
  Folder elsewhere;
  make_certificate(elsewhere.path);
  options = good;
  options.tls_key = elsewhere.path / "key.pem";
  CHECK(trouble(options).find("key.pem") != std::string::npos);
  CHECK(trouble({.address = "localhost.."}).find("localhost..") != std::string::npos);
  Running running({}, answer);
  CHECK(trouble({.port = running.port()}).find(std::to_string(running.port())) != std::string::npos);
}
