#pragma once
// A TCP proxy that breaks what goes through it: connections are cut, or swallowed in silence, when the test
// says so.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <list>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace ticketcore::testing {

class CutProxy {
 public:
  explicit CutProxy(int target_port) : target_port_(target_port) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 64) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("the proxy can't listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~CutProxy() {
    stop_ = true;
    thread_.join();
    close(listener_);
  }
  CutProxy(const CutProxy&) = delete;
  CutProxy& operator=(const CutProxy&) = delete;

  [[nodiscard]] int port() const { return port_; }
  /// Ends every connection now, in the middle of whatever it carries.
  void cut() { cut_ = true; }
  /// While on, nothing gets through either way, and nobody is told.
  void swallow(bool on) { swallowing_ = on; }
  /// While on, new connections are refused at once.
  void refuse(bool on) { refusing_ = on; }
  [[nodiscard]] int connections_seen() const { return seen_; }

 private:
  struct Link {
    int client;
    int server;
    std::string to_server{};
    std::string to_client{};
    bool dead = false;
  };

  [[nodiscard]] static sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
  }

  void run() {
    while (!stop_) {
      if (cut_.exchange(false)) {
        for (Link& link : links_) link.dead = true;
      }
      std::vector<pollfd> sockets{{listener_, POLLIN, 0}};
      for (Link& link : links_) {
        const bool quiet = swallowing_;
        sockets.push_back({link.client,
                           static_cast<short>((quiet || !link.to_server.empty() ? 0 : POLLIN) |
                                              (quiet || link.to_client.empty() ? 0 : POLLOUT)),
                           0});
        sockets.push_back({link.server,
                           static_cast<short>((quiet || !link.to_client.empty() ? 0 : POLLIN) |
                                              (quiet || link.to_server.empty() ? 0 : POLLOUT)),
                           0});
      }
      poll(sockets.data(), sockets.size(), 5);
      std::size_t at = 1;
      for (Link& link : links_) {
        const short from_client = sockets[at++].revents;
        const short from_server = sockets[at++].revents;
        if (swallowing_) continue;
        move(link, link.client, from_client, link.to_server, link.to_client);
        move(link, link.server, from_server, link.to_client, link.to_server);
      }
      if ((sockets[0].revents & POLLIN) != 0) accept_one();
      for (auto link = links_.begin(); link != links_.end();) {
        if (!link->dead) {
          ++link;
          continue;
        }
        reset(link->client);
        reset(link->server);
        link = links_.erase(link);
      }
    }
    for (Link& link : links_) {
      reset(link.client);
      reset(link.server);
    }
  }

  /// Reads from a side into one buffer, writes another to it.
  static void move(Link& link, int side, short ready, std::string& in, std::string& out) {
    if ((ready & POLLIN) != 0 && in.empty()) {
      char block[16384];
      const ssize_t count = recv(side, block, sizeof block, MSG_DONTWAIT);
      if (count > 0) {
        in.assign(block, static_cast<std::size_t>(count));
      } else if (count == 0 || errno != EAGAIN) {
        link.dead = true;
      }
    } else if ((ready & (POLLHUP | POLLERR)) != 0) {
      link.dead = true;
    }
    if (!out.empty() && (ready & POLLOUT) != 0) {
      const ssize_t count = send(side, out.data(), out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count > 0) {
        out.erase(0, static_cast<std::size_t>(count));
      } else if (errno != EAGAIN) {
        link.dead = true;
      }
    }
  }

  void accept_one() {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(target_port_);
    if (refusing_ || connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close(server);
      reset(client);
      return;
    }
    const int on = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++seen_;
    links_.push_back({client, server});
  }

  static void reset(int handle) {
    const linger now{1, 0};
    setsockopt(handle, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(handle);
  }

  int target_port_;
  int port_ = 0;
  int listener_ = -1;
  std::list<Link> links_;
  std::thread thread_;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> cut_ = false;
  std::atomic<bool> swallowing_ = false;
  std::atomic<bool> refusing_ = false;
  std::atomic<int> seen_ = 0;
};

}  // namespace ticketcore::testing
