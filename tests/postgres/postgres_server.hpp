#pragma once
// A PostgreSQL server of the test's own: made in a temporary folder, started, crashed, promoted, and removed
// at the end.

#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../scratch_folder.hpp"

namespace ticketcore::testing {

/// A port that nobody listens on now.
[[nodiscard]] inline int free_port() {
  const int handle = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(handle, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(handle, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    close(handle);
    throw std::runtime_error("no free port");
  }
  close(handle);
  return ntohs(address.sin_port);
}

/// True as soon as somebody accepts connections there, false when timeout has passed.
[[nodiscard]] inline bool wait_for_port(int port, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  do {
    const int handle = socket(AF_INET, SOCK_STREAM, 0);
    const bool accepted = connect(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(handle);
    if (accepted) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  } while (std::chrono::steady_clock::now() < deadline);
  return false;
}

/// One word to a shell, whatever is in it.
[[nodiscard]] inline std::string quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// A path as a URL's parameter has it.
[[nodiscard]] inline std::string in_url(const std::string& path) {
  std::string out;
  for (const char c : path) out += c == ' ' ? std::string("%20") : std::string(1, c);
  return out;
}

class PostgresServer {
 public:
  /// The folder of initdb, postgres and pg_ctl; empty when PostgreSQL's server is not installed.
  [[nodiscard]] static std::string binaries() {
    if (const char* given = std::getenv("TICKETCORE_POSTGRES_BIN")) return given;
    std::vector<std::string> found;
    if (std::filesystem::is_directory("/usr/lib/postgresql")) {
      for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql")) {
        if (std::filesystem::exists(version.path() / "bin/postgres"))
          found.push_back((version.path() / "bin").string());
      }
    }
    return found.empty() ? std::string() : *std::max_element(found.begin(), found.end());
  }

  /// Crashing a server, but never the machine, loses nothing that was handed to the system: tests see the
  /// same without waiting for the disk, and sooner. Measurements do not.
  static constexpr const char* without_fsync = "fsync = off";

  /// Makes and starts a server; settings are lines of postgresql.conf.
  explicit PostgresServer(const std::string& settings = "") : port_(free_port()) {
    run_as("initdb", "-D " + quoted(data()) + " -A trust -U postgres -E UTF8 --locale=C --no-sync");
    std::ofstream(data() + "/postgresql.conf", std::ios::app) << common_settings() << settings << "\n";
    std::ofstream(data() + "/pg_hba.conf", std::ios::app) << "host replication postgres 127.0.0.1/32 trust\n";
    start();
  }

  /// Copies a running server as its standby, called name in synchronous_standby_names.
  PostgresServer(const PostgresServer& primary, const std::string& name) : port_(free_port()) {
    run_as("pg_basebackup",
           "-D " + quoted(data()) +
               " -R -X stream -c fast --no-sync -d 'host=127.0.0.1 user=postgres application_name=" + name +
               " port=" + std::to_string(primary.port_) + "'");
    std::ofstream(data() + "/postgresql.conf", std::ios::app)
        << common_settings() << without_fsync << "\nsynchronous_standby_names = ''\n";
    start();
  }

  ~PostgresServer() {
    if (running_)
      (void)std::system(
          command("pg_ctl", "stop -m immediate -D " + quoted(data()) + " >/dev/null 2>&1").c_str());
  }
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  void start() {
    run_as("pg_ctl", "start -w -t 60 -D " + quoted(data()) + " -l " + quoted(folder_ + "/log"));
    running_ = true;
  }
  void start_without_waiting() {
    run_as("pg_ctl", "start -W -D " + quoted(data()) + " -l " + quoted(folder_ + "/log"));
    running_ = true;
  }
  /// "fast" ends sessions, "immediate" is a crash.
  void stop(const std::string& how) {
    run_as("pg_ctl", "stop -w -m " + how + " -D " + quoted(data()));
    running_ = false;
  }
  void promote() { run_as("pg_ctl", "promote -w -D " + quoted(data())); }
  void reload() { run_as("pg_ctl", "reload -D " + quoted(data())); }
  void set(const std::string& setting) {
    std::ofstream(data() + "/postgresql.conf", std::ios::app) << setting << "\n";
  }

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string folder() const { return folder_; }
  [[nodiscard]] std::string url(const std::string& parameters = "") const {
    return "postgresql://postgres@127.0.0.1:" + std::to_string(port_) + "/postgres" +
           (parameters.empty() ? "" : "?" + parameters);
  }
  /// Through the socket in the server's folder, as pgbench uses it, too.
  [[nodiscard]] std::string socket_url(const std::string& parameters = "") const {
    return "postgresql://postgres@/postgres?host=" + in_url(folder_) + "&port=" + std::to_string(port_) +
           (parameters.empty() ? "" : "&" + parameters);
  }
  /// Runs SQL by psql and answers what it prints.
  std::string sql(const std::string& text) const {
    const std::string file = folder_ + "/psql." + std::to_string(getpid());
    std::ofstream(file + ".sql") << text;
    const int status =
        std::system((quoted(binaries() + "/psql") + " -X -A -t -q -v ON_ERROR_STOP=1 -h " + quoted(folder_) +
                     " -p " + std::to_string(port_) + " -U postgres postgres -f " + quoted(file + ".sql") +
                     " >" + quoted(file + ".out") + " 2>&1")
                        .c_str());
    std::ifstream out(file + ".out");
    std::string said((std::istreambuf_iterator<char>(out)), {});
    while (!said.empty() && said.back() == '\n') said.pop_back();
    if (status != 0) throw std::runtime_error("psql: " + said);
    return said;
  }
  /// Runs a shell command as the user who owns the server.
  void run_as(const std::string& program, const std::string& arguments) const {
    const std::string line =
        command(program, arguments + " >>" + quoted(folder_ + "/commands.log") + " 2>&1");
    if (std::system(line.c_str()) == 0) return;
    std::ifstream log(folder_ + "/commands.log");
    throw std::runtime_error("failed: " + line + "\n" +
                             std::string((std::istreambuf_iterator<char>(log)), {}));
  }

 private:
  [[nodiscard]] std::string data() const { return folder_ + "/data"; }
  [[nodiscard]] std::string common_settings() const {
    return "listen_addresses = '127.0.0.1'\nport = " + std::to_string(port_) +
           "\nunix_socket_directories = '" + folder_ +
           "'\nmax_connections = 150\nfsync = on\nsynchronous_commit = on\nlog_min_messages = warning\n";
  }
  [[nodiscard]] static std::string command(const std::string& program, const std::string& arguments) {
    // PostgreSQL does not run as root.
    const std::string line = quoted(binaries() + "/" + program) + " " + arguments;
    return geteuid() == 0 ? "cd / && runuser -u postgres -- " + line : line;
  }
  /// Where the server's user may write.
  class Folder : public ScratchFolder {
   public:
    Folder() {
      if (geteuid() != 0) return;
      const passwd* postgres = getpwnam("postgres");
      if (postgres == nullptr || chown(path().c_str(), postgres->pw_uid, postgres->pw_gid) != 0)
        throw std::runtime_error("there is no user postgres to run the server");
      std::ofstream(file("commands.log")).close();
      std::filesystem::permissions(path(), std::filesystem::perms::all);
      std::filesystem::permissions(file("commands.log"), std::filesystem::perms::all);
    }
  };

  Folder scratch_{};
  std::string folder_ = scratch_.path().string();
  int port_;
  bool running_ = false;
};

}  // namespace ticketcore::testing
