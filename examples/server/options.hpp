#pragma once
// The command line.

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "http/addresses.hpp"

namespace server {

struct Options {
  std::string storage = "sqlite:///boxoffice.db";
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  unsigned threads = 0;  ///< 0: as many as the machine has.
  std::string web{};
  std::string demo{};
  bool print_admin_key = false;
  std::string admin_key_file{};
  std::string tls_certificate{};
  std::string tls_key{};
  bool fake_payments = false;
  unsigned fake_payments_seconds = 0;  ///< That the pretended provider takes for each answer.
  std::string payment_secret_file{};
  unsigned provider_timeout_seconds = 10;
  unsigned requests_per_second = 200;
  unsigned open_places_per_address = 60;
  unsigned open_places_per_key = 400;
  unsigned public_hold_seconds = 600;
  unsigned open_events = 512;
  unsigned connections = 10'000;
  unsigned connections_per_address = 500;
  unsigned streams = 5'000;
  unsigned streams_per_address = 100;
  std::vector<Network> shared_networks{};
  std::string access_log{};
  std::vector<std::string> cors_origins{};
  std::vector<Network> trusted_proxies{};
  std::string signing_key{};
  unsigned drain_seconds = 0;
  unsigned drain_limit_seconds = 30;
  std::string time_zone = "UTC";
  bool print_routes = false;
  bool help = false;
};

/// What the command line says wrong.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws UsageError that names the option.
[[nodiscard]] Options parse_options(const std::vector<std::string>& arguments);
[[nodiscard]] std::string usage();

}  // namespace server
