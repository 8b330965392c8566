#include "options.hpp"

#include <charconv>
#include <map>

namespace server {
namespace {

[[nodiscard]] unsigned number(const std::string& option, const std::string& text, unsigned most) {
  unsigned value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || value > most)
    throw UsageError(option + " needs a whole number from 0 to " + std::to_string(most) + ", not \"" + text + "\"");
  return value;
}

}  // namespace

std::string usage() {
  return R"(Usage: ticketcore_server [OPTION...]

  --storage URL            sqlite:///FILE, postgresql://USER@HOST/DATABASE, or memory:  (sqlite:///boxoffice.db)
  --address ADDRESS        to listen on  (127.0.0.1)
  --port PORT              0 picks one that is free  (8080)
  --threads N              that speak HTTP  (one for each core)
  --web DIR                the built pages
  --demo CHART             creates the event "gala" with this seat map, unless it is there
  --print-admin-key        prints an API key with the scope admin
  --admin-key-file FILE    reads the admin key from the file; makes both where there is none
  --signing-key FILE       signs tickets; made where there is none  (a key that the store keeps)
  --tls-certificate FILE   PEM; with --tls-key: HTTPS
  --tls-key FILE
  --cors ORIGIN            lets pages of this origin use the API; may be repeated
  --trusted-proxy ADDRESS  whose X-Forwarded-For is believed; may be repeated
  --rate-limit N           requests a second of one client address or API key; 0: no limit  (200)
  --access-log FILE        a line of JSON for each request; - for standard output
  --no-fake-payments       takes no payments online
  --payment-secret FILE    what the pretended provider signs its notices with  (a secret that the store keeps)
  --drain-seconds N        between SIGTERM, when /readyz says no, and the end of listening  (0)
  --time-zone NAME         of the house, on tickets and pages: Europe/Kyiv  (UTC)
  --print-routes           prints the API's routes, and does nothing else
  --help
)";
}

Options parse_options(const std::vector<std::string>& arguments) {
  Options options;
  const std::map<std::string, std::string*> texts = {{"--storage", &options.storage},
                                                     {"--address", &options.address},
                                                     {"--web", &options.web},
                                                     {"--demo", &options.demo},
                                                     {"--admin-key-file", &options.admin_key_file},
                                                     {"--tls-certificate", &options.tls_certificate},
                                                     {"--tls-key", &options.tls_key},
                                                     {"--payment-secret", &options.payment_secret_file},
                                                     {"--access-log", &options.access_log},
                                                     {"--signing-key", &options.signing_key},
                                                     {"--time-zone", &options.time_zone}};
  const std::map<std::string, bool*> flags = {
      {"--print-admin-key", &options.print_admin_key}, {"--print-routes", &options.print_routes}, {"--help", &options.help}};
  const std::map<std::string, std::vector<std::string>*> lists = {{"--cors", &options.cors_origins}, {"--trusted-proxy", &options.trusted_proxies}};
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const std::string& option = arguments[at];
    if (const auto flag = flags.find(option); flag != flags.end()) {
      *flag->second = true;
      continue;
    }
    if (option == "--no-fake-payments") {
      options.fake_payments = false;
      continue;
    }
    const auto value = [&]() -> const std::string& {
      if (at + 1 == arguments.size()) throw UsageError(option + " needs a value");
      return arguments[++at];
    };
    if (const auto text = texts.find(option); text != texts.end()) {
      *text->second = value();
    } else if (const auto list = lists.find(option); list != lists.end()) {
      list->second->push_back(value());
    } else if (option == "--port") {
      options.port = static_cast<std::uint16_t>(number(option, value(), 65'535));
    } else if (option == "--threads") {
      options.threads = number(option, value(), 256);
    } else if (option == "--rate-limit") {
      options.requests_per_second = number(option, value(), 1'000'000);
    } else if (option == "--drain-seconds") {
      options.drain_seconds = number(option, value(), 3'600);
    } else {
      throw UsageError("there is no option \"" + option + "\"");
    }
  }
  if (options.tls_certificate.empty() != options.tls_key.empty()) throw UsageError("--tls-certificate and --tls-key go together");
  return options;
}

}  // namespace server
