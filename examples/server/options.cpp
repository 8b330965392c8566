#include "options.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace server {
namespace {

[[nodiscard]] unsigned number(const std::string& option, const std::string& text, unsigned least,
                              unsigned most) {
  unsigned value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || value < least || value > most)
    throw UsageError(option + " needs a whole number from " + std::to_string(least) + " to " +
                     std::to_string(most) + ", not \"" + text + "\"");
  return value;
}

[[nodiscard]] Network network(const std::string& option, const std::string& text) {
  if (const auto parsed = Network::parse(text)) return *parsed;
  throw UsageError(option +
                   " needs an address or a network, such as 10.0.0.7, 10.0.0.0/8 or 2001:db8::/32, not \"" +
                   text + "\"");
}

struct Number {
  unsigned* value;
  unsigned least;
  unsigned most;
};

/// Where each option's value goes.
struct Places {
  explicit Places(Options& options)
      : flags{{"--print-admin-key", &options.print_admin_key},
              {"--print-routes", &options.print_routes},
              {"--fake-payments", &options.fake_payments},
              {"--help", &options.help}},
        texts{{"--storage", &options.storage},
              {"--address", &options.address},
              {"--web", &options.web},
              {"--demo", &options.demo},
              {"--admin-key-file", &options.admin_key_file},
              {"--tls-certificate", &options.tls_certificate},
              {"--tls-key", &options.tls_key},
              {"--payment-secret", &options.payment_secret_file},
              {"--access-log", &options.access_log},
              {"--signing-key", &options.signing_key},
              {"--time-zone", &options.time_zone}},
        lists{{"--cors", &options.cors_origins}},
        networks{{"--trusted-proxy", &options.trusted_proxies},
                 {"--shared-network", &options.shared_networks}},
        numbers{{"--threads", {&options.threads, 0, 256}},
                {"--rate-limit", {&options.requests_per_second, 0, 1'000'000}},
                {"--open-places-per-address", {&options.open_places_per_address, 0, 1'000'000}},
                {"--open-places-per-key", {&options.open_places_per_key, 0, 1'000'000}},
                {"--public-hold-seconds", {&options.public_hold_seconds, 1, 86'400}},
                {"--open-events", {&options.open_events, 1, 1'000'000}},
                {"--connections", {&options.connections, 10, 1'000'000}},
                {"--connections-per-address", {&options.connections_per_address, 0, 1'000'000}},
                {"--streams", {&options.streams, 0, 1'000'000}},
                {"--streams-per-address", {&options.streams_per_address, 0, 1'000'000}},
                {"--provider-timeout", {&options.provider_timeout_seconds, 1, 60}},
                {"--fake-payments-seconds", {&options.fake_payments_seconds, 0, 3'600}},
                {"--drain-seconds", {&options.drain_seconds, 0, 3'600}},
                {"--drain-limit", {&options.drain_limit_seconds, 1, 3'600}}} {}

  std::map<std::string, bool*> flags;
  std::map<std::string, std::string*> texts;
  std::map<std::string, std::vector<std::string>*> lists;
  std::map<std::string, std::vector<Network>*> networks;
  std::map<std::string, Number> numbers;
};

/// "https://shop.example", as browsers write it (RFC 6454, 6.1): no path, no slash at the end, small letters.
[[nodiscard]] bool is_origin(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return false;
  const std::string_view host = text.substr(scheme + 3);
  const auto fits = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
           std::string_view("-._:[]+").find(letter) != std::string_view::npos;
  };
  return !host.empty() && std::all_of(host.begin(), host.end(), fits) &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(scheme), fits);
}

[[nodiscard]] const std::string& origin(const std::string& option, const std::string& text) {
  if (is_origin(text)) return text;
  throw UsageError(
      option +
      " needs an origin as browsers send it, such as https://shop.example or http://localhost:5173, not \"" +
      text + "\"");
}

/// What one client may have, unless it is said: more than a browser or ten need, and a small part of the
/// whole.
constexpr unsigned connections_part = 20, connections_least = 20;
constexpr unsigned streams_part = 50, streams_least = 10;

void check_share(const std::string& option, unsigned share, const std::string& of, unsigned whole) {
  if (share > whole)
    throw UsageError(option + " may be at most " + of + ", which are " + std::to_string(whole) +
                     "; 0 is no limit");
}

void check(const Options& options) {
  if (options.tls_certificate.empty() != options.tls_key.empty())
    throw UsageError("--tls-certificate and --tls-key go together");
  if (options.streams > options.connections / 2)
    throw UsageError("--streams may be at most half of --connections, which are " +
                     std::to_string(options.connections) + ": the others are the buyers'");
}

}  // namespace

std::string usage() {
  return R"(Usage: ticketcore_server [OPTION...]

A default stands in brackets. A NETWORK is an address or a range: 10.0.0.7, 10.0.0.0/8.

Store and keys:
  --storage URL            sqlite:///FILE, postgresql://USER@HOST/DATABASE or memory:
                           (sqlite:///boxoffice.db)
  --signing-key FILE       signs tickets with the key in FILE, which is made if it is not
                           there  (a key that the store keeps)
  --admin-key-file FILE    takes the admin's API key from FILE; makes key and file if FILE
                           is not there
  --print-admin-key        prints an API key with the scope admin
  --demo CHART             creates the event "gala" with the seat map in CHART, such as
                           examples/venues/opera_house.json, unless the event is there
  --time-zone NAME         zone of events that name none, such as Europe/Kyiv  (UTC)

Listening:
  --address ADDRESS        IP address to listen on; :: is all of them  (127.0.0.1)
  --port PORT              0 picks a free port  (8080)
  --threads N              threads that speak HTTP  (one for each core)
  --tls-certificate FILE   certificate chain in PEM; with --tls-key: HTTPS
  --tls-key FILE           its private key in PEM
  --web DIR                serves the pages built in DIR, such as build/web/dist
  --cors ORIGIN            lets pages of ORIGIN use the API, such as https://shop.example;
                           may be repeated
  --trusted-proxy NETWORK  believes X-Forwarded-For from there; may be repeated
  --shared-network NETWORK gives each address there ten times the limits of one address,
                           for networks with many buyers behind one; may be repeated
  --access-log FILE        writes a line of JSON for each request; - is standard output
  --drain-seconds N        seconds to go on listening after SIGTERM, while /readyz says
                           no  (0)
  --drain-limit N          seconds after that until requests under way are given up  (30)

Limits:
  --rate-limit N           requests a second of one address or API key; 0: no limit  (200)
  --open-places-per-address N
                           places that buyers at one address hold of one event at a
                           time; 0: no limit  (60)
  --open-places-per-key N  the same of one API key  (400)
  --public-hold-seconds N  seconds that a hold lasts at most that was asked for without a
                           key  (600)
  --open-events N          events kept in memory; the one asked for longest ago goes
                           first  (512)
  --connections N          open connections  (10000)
  --connections-per-address N
                           of one address, proxies aside; 0: no limit
                           (a twentieth of --connections)
  --streams N              streams of live changes, at most half of --connections
                           (that half)
  --streams-per-address N  of one address; 0: no limit  (a fiftieth of --streams)

Payments:
  --fake-payments          takes payments online from a pretended provider; anybody may
                           tell it to approve
  --fake-payments-seconds N
                           seconds that it takes for each answer  (0)
  --payment-secret FILE    it signs its notices with the first line of FILE, 16 bytes or
                           more  (a secret that the store keeps)
  --provider-timeout N     seconds that a provider may take for an answer  (10)

  --print-routes           prints the API's routes, and does nothing else
  --help                   prints this
)";
}

Options parse_options(const std::vector<std::string>& arguments) {
  Options options;
  const Places places(options);
  std::set<std::string> given;
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const std::string& option = arguments[at];
    if (const auto flag = places.flags.find(option); flag != places.flags.end()) {
      *flag->second = true;
      continue;
    }
    const auto value = [&]() -> const std::string& {
      if (at + 1 == arguments.size()) throw UsageError(option + " needs a value");
      return arguments[++at];
    };
    if (const auto text = places.texts.find(option); text != places.texts.end()) {
      *text->second = value();
    } else if (const auto list = places.lists.find(option); list != places.lists.end()) {
      list->second->push_back(origin(option, value()));
    } else if (const auto list_of_networks = places.networks.find(option);
               list_of_networks != places.networks.end()) {
      list_of_networks->second->push_back(network(option, value()));
    } else if (const auto known = places.numbers.find(option); known != places.numbers.end()) {
      *known->second.value = number(option, value(), known->second.least, known->second.most);
      given.insert(option);
    } else if (option == "--port") {
      options.port = static_cast<std::uint16_t>(number(option, value(), 0, 65'535));
    } else {
      throw UsageError("there is no option \"" + option + "\"");
    }
  }
  if (!given.contains("--streams")) options.streams = options.connections / 2;
  if (given.contains("--connections-per-address")) {
    check_share("--connections-per-address", options.connections_per_address, "--connections",
                options.connections);
  } else {
    options.connections_per_address = std::max(connections_least, options.connections / connections_part);
  }
  if (given.contains("--streams-per-address")) {
    check_share("--streams-per-address", options.streams_per_address, "--streams", options.streams);
  } else {
    options.streams_per_address = std::max(streams_least, options.streams / streams_part);
  }
  check(options);
  return options;
}

}  // namespace server
