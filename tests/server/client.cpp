#include "client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace server_test {

std::string Answer::header(std::string_view name) const {
  std::string_view rest(head);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(std::min(rest.size(), line.size() + 2));
    if (line.size() > name.size() && line[name.size()] == ':' &&
        strncasecmp(line.data(), name.data(), name.size()) == 0) {
      return std::string(line.substr(name.size() + 2));
    }
  }
  return {};
}

Client::Client(std::uint16_t port, Security security) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const int at_once = 1;  // So that portions stay portions.
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int reason = errno;
    ::close(socket_);
    throw std::system_error(reason, std::generic_category(), "connect");
  }
  if (security == Security::none) return;
  context_.reset(SSL_CTX_new(TLS_client_method()));
  tls_.reset(SSL_new(context_.get()));
  SSL_set_fd(tls_.get(), socket_);
  SSL_set_connect_state(tls_.get());
}

Client::~Client() {
  tls_.reset();
  ::close(socket_);
}

void Client::send(std::string_view bytes) {
  if (tls_) {
    SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));
    return;
  }
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Client::half_close() { ::shutdown(socket_, SHUT_WR); }

bool Client::receive() {
  std::array<char, 16384> some{};
  errno = 0;
  const auto got =
      tls_ ? SSL_read(tls_.get(), some.data(), some.size()) : ::recv(socket_, some.data(), some.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    throw std::runtime_error("the server neither answered nor closed within ten seconds");
  if (got <= 0) return false;
  received_.append(some.data(), static_cast<std::size_t>(got));
  return true;
}

std::string Client::read_until(std::string_view mark) {
  std::size_t end = received_.find(mark);
  while (end == std::string::npos && receive()) end = received_.find(mark);
  std::string taken = received_.substr(0, end == std::string::npos ? end : end + mark.size());
  received_.erase(0, taken.size());
  return taken;
}

std::string Client::read_to_end() {
  while (receive()) {
  }
  return std::exchange(received_, {});
}

Answer Client::read(std::string_view method) {
  Answer answer;
  answer.head = read_until("\r\n\r\n");
  if (!answer.head.starts_with("HTTP/1.")) return answer;
  answer.status = std::stoi(answer.head.substr(9, 3));
  if (method == "HEAD" || answer.status < 200 || answer.status == 204 || answer.status == 304) return answer;
  if (answer.header("Transfer-Encoding") == "chunked") {
    for (;;) {
      const std::string line = read_until("\r\n");
      const std::size_t size = line.empty() ? 0 : std::stoul(line, nullptr, 16);
      while (received_.size() < size + 2 && receive()) {
      }
      answer.body += received_.substr(0, size);
      received_.erase(0, size + 2);
      if (size == 0) return answer;
    }
  }
  const std::size_t size = std::stoul(answer.header("Content-Length"));
  while (received_.size() < size && receive()) {
  }
  answer.body = received_.substr(0, size);
  received_.erase(0, size);
  return answer;
}

Answer Client::get(std::string_view target) {
  send("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  return read();
}

void make_certificate(const std::string& folder) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"),
                             -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0)
    throw std::runtime_error("no certificate could be made");
  const auto write = [&](const std::string& file, auto&& put) {
    const std::unique_ptr<FILE, int (*)(FILE*)> out(std::fopen((folder + file).c_str(), "w"), std::fclose);
    if (!out || put(out.get()) == 0) throw std::runtime_error("cannot write " + folder + file);
  };
  write("/certificate.pem", [&](FILE* out) { return PEM_write_X509(out, certificate.get()); });
  write("/key.pem", [&](FILE* out) {
    return PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

}  // namespace server_test
