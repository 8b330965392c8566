#pragma once
// The network between a client and a PostgreSQL server, in the test's hands: it tells what the client sends
// in one go, keeps answers back, and freezes connections as a firewall does that forgot them. Connections
// must be unencrypted.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ticketcore::testing {

class TcpProxy {
 public:
  /// change may rewrite what the server sends first to each client.
  explicit TcpProxy(int server_port, std::function<void(std::string&)> change = {})
      : server_port_(server_port), change_(std::move(change)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = local(0);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 64) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("the proxy can't listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~TcpProxy() {
    stop_ = true;
    thread_.join();
    close(listener_);
  }
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  [[nodiscard]] std::string url(const std::string& parameters = "") const {
    return "postgresql://postgres@127.0.0.1:" + std::to_string(port_) +
           "/postgres?sslmode=disable&gssencmode=disable" + (parameters.empty() ? "" : "&" + parameters);
  }
  /// What was sent up to each Sync since the last call: the prepared statements run, "tc_begin tc_lock
  /// tc_unseen". Waits a while for so many.
  [[nodiscard]] std::vector<std::string> take_batches(std::size_t count = 0) {
    for (const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);;
         std::this_thread::sleep_for(std::chrono::milliseconds(1))) {
      const std::lock_guard lock(mutex_);
      if (batches_.size() >= count || std::chrono::steady_clock::now() > deadline)
        return std::exchange(batches_, {});
    }
  }
  /// From now on nobody gets an answer to a batch that runs this statement, nor anything after it on that
  /// connection, until release().
  void hold_answers_to(const std::string& statement) {
    const std::lock_guard lock(mutex_);
    held_statement_ = statement;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held_statement_.clear();
    released_ = true;
  }
  /// From now on the connections there are carry nothing more; new ones do.
  void freeze() {
    freeze_ = true;
    while (freeze_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  /// How many frozen connections a client still tried.
  [[nodiscard]] int frozen_tried() const { return frozen_tried_; }

 private:
  struct Link {
    int client = -1;
    int server = -1;
    std::string from_client{};  // not yet a whole message
    std::string batch{};
    bool started = false;
    bool answered = false;
    bool held = false;
    bool frozen = false;
    bool tried = false;
    bool over = false;
    Link() = default;
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    ~Link() {
      close(client);
      if (server >= 0) close(server);
    }
  };

  [[nodiscard]] static sockaddr_in local(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
  }

  void run() {
    while (!stop_) {
      if (freeze_) {
        for (const auto& link : links_) link->frozen = true;
        freeze_ = false;
      }
      {
        const std::lock_guard lock(mutex_);
        if (std::exchange(released_, false)) {
          for (const auto& link : links_) link->held = false;
        }
      }
      std::vector<pollfd> sockets{{listener_, POLLIN, 0}};
      for (const auto& link : links_) {
        sockets.push_back({link->client, static_cast<short>(link->frozen && link->tried ? 0 : POLLIN), 0});
        sockets.push_back({link->server, static_cast<short>(link->frozen || link->held ? 0 : POLLIN), 0});
      }
      if (poll(sockets.data(), sockets.size(), 2) <= 0) continue;
      for (std::size_t index = 0; index < links_.size(); ++index) {
        if ((sockets[1 + 2 * index].revents & (POLLIN | POLLHUP)) != 0) from_client(*links_[index]);
        if ((sockets[2 + 2 * index].revents & POLLIN) != 0) from_server(*links_[index]);
      }
      std::erase_if(links_, [](const auto& link) { return link->over; });
      if ((sockets[0].revents & POLLIN) != 0) accept_one();
    }
    links_.clear();
  }

  void accept_one() {
    auto link = std::make_unique<Link>();
    link->client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    link->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = local(server_port_);
    const int now = 1;
    for (const int handle : {link->client, link->server})
      setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &now, sizeof now);
    if (connect(link->server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
      links_.push_back(std::move(link));
  }

  void from_client(Link& link) {
    std::array<char, 65'536> bytes;
    const ssize_t count = recv(link.client, bytes.data(), bytes.size(), 0);
    if (count <= 0) {
      link.over = true;
      return;
    }
    if (link.frozen) {
      const bool farewell = bytes[0] == 'X';
      if (!farewell && !std::exchange(link.tried, true)) ++frozen_tried_;
      return;
    }
    link.from_client.append(bytes.data(), static_cast<std::size_t>(count));
    while (take_message(link)) {
    }
    link.over = link.over || !send_all(link.server, bytes.data(), static_cast<std::size_t>(count));
  }

  /// False when there is no whole message. The first has no type.
  [[nodiscard]] bool take_message(Link& link) {
    std::string& text = link.from_client;
    const std::size_t type_size = link.started ? 1 : 0;
    if (text.size() < type_size + 4) return false;
    std::uint32_t length = 0;
    for (std::size_t at = 0; at < 4; ++at)
      length = length << 8 | static_cast<std::uint8_t>(text[type_size + at]);
    if (text.size() < type_size + length) return false;
    const std::lock_guard lock(mutex_);
    if (link.started && text[0] == 'B') {  // Bind: portal, statement, ...
      const std::size_t portal_end = text.find('\0', 5);
      const std::string statement =
          text.substr(portal_end + 1, text.find('\0', portal_end + 1) - portal_end - 1);
      link.batch += (link.batch.empty() ? "" : " ") + (statement.empty() ? "-" : statement);
      link.held = link.held || (!held_statement_.empty() && statement == held_statement_);
    }
    if (link.started && text[0] == 'S') batches_.push_back(std::exchange(link.batch, {}));
    link.started = true;
    text.erase(0, type_size + length);
    return true;
  }

  void from_server(Link& link) {
    std::string bytes(65'536, '\0');
    const ssize_t count = recv(link.server, bytes.data(), bytes.size(), 0);
    if (count <= 0) {
      link.over = true;
      return;
    }
    bytes.resize(static_cast<std::size_t>(count));
    if (!std::exchange(link.answered, true) && change_) change_(bytes);
    link.over = !send_all(link.client, bytes.data(), bytes.size());
  }

  [[nodiscard]] static bool send_all(int handle, const char* bytes, std::size_t count) {
    while (count > 0) {
      const ssize_t sent = send(handle, bytes, count, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes += sent;
      count -= static_cast<std::size_t>(sent);
    }
    return true;
  }

  const int server_port_;
  const std::function<void(std::string&)> change_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> freeze_ = false;
  std::atomic<int> frozen_tried_ = 0;
  std::mutex mutex_;
  std::vector<std::string> batches_;          // guarded by mutex_
  std::string held_statement_;                // guarded by mutex_
  bool released_ = false;                     // guarded by mutex_
  std::vector<std::unique_ptr<Link>> links_;  // of the thread
  std::thread thread_;
};

}  // namespace ticketcore::testing
