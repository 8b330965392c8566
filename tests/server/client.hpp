#pragma once
// A client that can misbehave: it sends any bytes, in any portions, over TLS or not, and says what came back.

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace server_test {

struct Answer {
  int status = 0;  ///< 0: the connection ended without an answer.
  std::string head{};
  std::string body{};

  /// Empty if there is none.
  [[nodiscard]] std::string header(std::string_view name) const;
};

enum class Security { none, tls };

class Client {
 public:
  explicit Client(std::uint16_t port, Security security = Security::none);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// As far as the server takes it: one that has closed already is no error here.
  void send(std::string_view bytes);
  /// Nothing more will be sent; what comes is still read.
  void half_close();
  /// One answer with Content-Length, or with chunks, put together again.
  Answer read(std::string_view method = "GET");
  Answer get(std::string_view target = "/");
  /// Up to that mark, with it. Shorter if the connection ends first.
  std::string read_until(std::string_view mark);
  /// All until the server closes. Throws when it doesn't within ten seconds.
  std::string read_to_end();

  [[nodiscard]] SSL* tls() const noexcept { return tls_.get(); }
  [[nodiscard]] int socket() const noexcept { return socket_; }

 private:
  bool receive();

  int socket_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_{nullptr, SSL_free};
  std::string received_{};
};

/// Certificate and key of a server "localhost", made by itself, as PEM files in that folder: certificate.pem
/// and key.pem.
void make_certificate(const std::string& folder);

}  // namespace server_test
