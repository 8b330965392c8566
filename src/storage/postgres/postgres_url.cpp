#include "postgres_url.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace ticketcore {
namespace {

[[nodiscard]] int hex_digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  return -1;
}

[[nodiscard]] std::string percent_decoded(std::string_view text, std::string_view name) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      plain += text[at];
      continue;
    }
    const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
    const int low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
    if (high < 0 || low < 0 || high * 16 + low == 0)
      throw StorageError("the PostgreSQL URL's " + std::string(name) +
                         " has a % that two hex digits (not 00) must follow");
    plain += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return plain;
}

void check_schema(const std::string& schema) {
  if (schema.empty() || schema.size() > 63 || schema.find('\0') != std::string::npos)
    throw StorageError("PostgreSQL storage: a schema's name has 1 to 63 bytes, not " +
                       std::to_string(schema.size()));
  if (schema.starts_with("pg_"))
    throw StorageError("PostgreSQL storage: the schema \"" + schema +
                       "\" can't be ours: pg_ is PostgreSQL's own prefix");
}

void check_connections(int connections) {
  if (connections < 1 || connections > 1'000)
    throw StorageError("PostgreSQL storage: connections are 1 to 1000, not " + std::to_string(connections));
}

/// True if the parameter was ours.
[[nodiscard]] bool take_parameter(std::string_view name, std::string_view value, PostgresOptions& options) {
  if (name == "schema") {
    options.schema = percent_decoded(value, name);
  } else if (name == "connections") {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), options.connections);
    if (error != std::errc() || end != value.data() + value.size())
      throw StorageError("the PostgreSQL URL's connections must be a whole number, 1 to 1000");
  } else if (name == "pooler") {
    if (value != "transaction" && value != "none")
      throw StorageError("the PostgreSQL URL's pooler must be \"transaction\" or \"none\"");
    options.transaction_pooler = value == "transaction";
  } else {
    return false;
  }
  return true;
}

[[nodiscard]] std::string password_in(std::string_view url) {
  const std::size_t start = url.find("://");
  if (start == std::string_view::npos) {
    const std::size_t key = url.find("password=");
    return key == std::string_view::npos
               ? std::string()
               : std::string(url.substr(key + 9, url.find(' ', key) - std::min(url.find(' ', key), key + 9)));
  }
  const std::string_view authority = url.substr(start + 3, url.find_first_of("/?", start + 3) - (start + 3));
  const std::size_t at = authority.rfind('@');
  const std::size_t colon = authority.find(':');
  if (at == std::string_view::npos || colon == std::string_view::npos || colon > at) return {};
  return std::string(authority.substr(colon + 1, at - colon - 1));
}

}  // namespace

PostgresUrl parse_postgres_url(std::string_view url, PostgresOptions options) {
  PostgresUrl parsed;
  if (url.find('\0') != std::string_view::npos)
    throw StorageError("the PostgreSQL URL has a zero byte in it");
  const bool is_uri = url.starts_with("postgresql://") || url.starts_with("postgres://");
  if (!is_uri && (url.find("://") != std::string_view::npos ||
                  (!url.empty() && url.find('=') == std::string_view::npos))) {
    throw StorageError(
        "a PostgreSQL URL begins with postgresql://, as in postgresql://user@host:5432/database");
  }
  parsed.conninfo = url;
  parsed.password = password_in(url);
  if (const std::size_t query = url.find('?'); is_uri && query != std::string_view::npos) {
    parsed.conninfo = url.substr(0, query);
    char joint = '?';
    for (std::size_t at = query + 1; at <= url.size();) {
      const std::size_t end = std::min(url.find('&', at), url.size());
      const std::string_view parameter = url.substr(at, end - at);
      at = end + 1;
      const std::size_t equals = std::min(parameter.find('='), parameter.size());
      const std::string_view value = parameter.substr(std::min(equals + 1, parameter.size()));
      if (parameter.substr(0, equals) == "password") parsed.password = value;
      if (parameter.empty() || take_parameter(parameter.substr(0, equals), value, options)) continue;
      (parsed.conninfo += std::exchange(joint, '&')) += parameter;
    }
  }
  check_schema(options.schema);
  check_connections(options.connections);
  parsed.options = std::move(options);
  return parsed;
}

}  // namespace ticketcore
