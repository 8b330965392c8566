#include "http/http.hpp"

#include <algorithm>

#include "http/http_text.hpp"
#include "ticketcore/base/text.hpp"

namespace server {
namespace {

int hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

enum class Plus { itself, space };

/// Says what is wrong, or nothing.
std::string_view percent_decode(std::string_view text, Plus plus, std::string& decoded) {
  decoded.clear();
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+' && plus == Plus::space) {
      decoded.push_back(' ');
    } else if (text[at] != '%') {
      decoded.push_back(text[at]);
    } else {
      const int high = at + 2 < text.size() ? hex_value(text[at + 1]) : -1;
      const int low = high >= 0 ? hex_value(text[at + 2]) : -1;
      if (low < 0) return "in the request's target, % must be followed by two hexadecimal digits";
      decoded.push_back(static_cast<char>(high * 16 + low));
      at += 2;
    }
  }
  if (!ticketcore::is_utf8(decoded))
    return "the request's target is not UTF-8 once its percent-encoding is undone";
  if (ticketcore::has_control_character(decoded)) return "the request's target has a control character";
  return {};
}

std::string_view parse_path(std::string_view path, std::vector<std::string>& segments) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(part.size());
    std::string& segment = segments.emplace_back();
    if (const std::string_view wrong = percent_decode(part, Plus::itself, segment); !wrong.empty())
      return wrong;
    if (segment == "." || segment == "..") return "the request's path must not have . or .. as a part";
  }
  return {};
}

std::string_view parse_query(std::string_view text, std::vector<std::pair<std::string, std::string>>& query) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto& [name, value] = query.emplace_back();
    if (const std::string_view wrong = percent_decode(pair.substr(0, equals), Plus::space, name);
        !wrong.empty())
      return wrong;
    if (const std::string_view wrong =
            percent_decode(pair.substr(std::min(equals + 1, pair.size())), Plus::space, value);
        !wrong.empty())
      return wrong;
  }
  return {};
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (equal_in_any_case(header.name, name)) return header.value;
  }
  return {};
}

const std::string* Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string_view parse_target(std::string_view target, Request& request) {
  for (const char character : target) {
    if (character <= ' ' || character >= '\x7f')
      return "the request's target must be of printable ASCII characters";
  }
  target = target.substr(0, target.find('#'));
  // The form that proxies send.
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_in_any_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
    if (!target.starts_with('/')) {
      request.path = "/";
      return target.empty() ? std::string_view{} : parse_query(target.substr(1), request.query);
    }
    break;
  }
  if (target == "*") {
    request.path = target;
    return {};
  }
  if (!target.starts_with('/')) return "the request's target must be a path that begins with /";
  const std::size_t end = std::min(target.find('?'), target.size());
  request.path = target.substr(0, end);
  if (request.path != "/") {
    if (const std::string_view wrong = parse_path(target.substr(0, end), request.segments); !wrong.empty())
      return wrong;
  }
  return parse_query(target.substr(std::min(end + 1, target.size())), request.query);
}

}  // namespace server
