#include "http/http_text.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <random>

namespace server {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

char lower(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + ('a' - 'A')) : letter;
}

bool letter_or_digit(char character) noexcept {
  return (character >= '0' && character <= '9') || (lower(character) >= 'a' && lower(character) <= 'z');
}

bool all_lower_hex(std::string_view text) noexcept {
  return text.find_first_not_of(hex_digits) == std::string_view::npos;
}
bool all_zero(std::string_view text) noexcept {
  return text.find_first_not_of('0') == std::string_view::npos;
}
bool has_body(int status) noexcept { return status != 204 && status != 304; }

bool fit_header(const Header& header) noexcept {
  const auto in_name = [](char character) {
    return letter_or_digit(character) ||
           std::string_view("!#$%&'*+-.^_`|~").find(character) != std::string_view::npos;
  };
  const auto in_value = [](char character) {
    return character == '\t' || (static_cast<unsigned char>(character) >= ' ' && character != '\x7f');
  };
  return !header.name.empty() && std::ranges::all_of(header.name, in_name) &&
         std::ranges::all_of(header.value, in_value);
}

void append_number(std::string& text, std::uint64_t number) {
  std::array<char, 20> digits{};
  text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

}  // namespace

bool equal_in_any_case(std::string_view left, std::string_view right) noexcept {
  return std::ranges::equal(left, right, [](char one, char other) { return lower(one) == lower(other); });
}

std::string shortened(const std::string& text, std::size_t bytes_most) {
  if (text.size() <= bytes_most) return text;
  return text.substr(0, bytes_most) + "...";
}

std::string_view status_text(int status) noexcept {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "";
  }
}

bool fit_request_id(std::string_view id) noexcept {
  return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, [](char character) {
    return letter_or_digit(character) ||
           std::string_view("-._~:+/=").find(character) != std::string_view::npos;
  });
}

bool fit_traceparent(std::string_view value) noexcept {
  // 00-TRACE-PARENT-FLAGS
  if (value.size() != 55 || !value.starts_with("00-") || value[35] != '-' || value[52] != '-') return false;
  const std::string_view trace = value.substr(3, 32), parent = value.substr(36, 16), flags = value.substr(53);
  return all_lower_hex(trace) && !all_zero(trace) && all_lower_hex(parent) && !all_zero(parent) &&
         all_lower_hex(flags);
}

IdMaker::IdMaker() {
  std::random_device random;
  // Odd, so that the generator never stands at its one fixed point, zero.
  for (std::uint64_t& word : state_) word = (std::uint64_t{random()} << 32U) | random() | 1U;
}

void IdMaker::append_hex(std::string& text) {
  // xoroshiro128++, by Blackman and Vigna.
  const std::uint64_t first = state_[0], mixed = state_[1] ^ first;
  const std::uint64_t value = std::rotl(first + state_[1], 17) + first;
  state_ = {std::rotl(first, 49) ^ mixed ^ (mixed << 21U), std::rotl(mixed, 28)};
  for (unsigned shift = 64; shift > 0; shift -= 4) text.push_back(hex_digits[(value >> (shift - 4)) & 0xFU]);
}

std::string IdMaker::request_id() {
  std::string id;
  id.reserve(32);
  append_hex(id);
  append_hex(id);
  return id;
}

std::string IdMaker::traceparent(std::string_view request_id) {
  std::string value;
  value.reserve(55);
  value.append("00-");
  if (request_id.size() == 32 && all_lower_hex(request_id) && !all_zero(request_id)) {
    value.append(request_id);
  } else {
    append_hex(value);
    append_hex(value);
  }
  value.push_back('-');
  append_hex(value);
  return value.append("-00");
}

bool write_head(const Response& response, const HeadOptions& options, std::string& head) {
  head.assign(options.http_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ");
  append_number(head, static_cast<std::uint64_t>(response.status));
  head.append(" ").append(status_text(response.status)).append("\r\n").append(options.date_line);
  if (response.fixed_headers) head.append(*response.fixed_headers);
  for (const Header& header : response.headers) {
    if (!fit_header(header)) return false;
    head.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  if (!options.request_id.empty()) head.append("X-Request-Id: ").append(options.request_id).append("\r\n");
  if (options.body_goes_on) {
    if (!options.http_1_0) head.append("Transfer-Encoding: chunked\r\n");
  } else if (has_body(response.status)) {
    head.append("Content-Length: ");
    append_number(head, body_of(response).size());
    head.append("\r\n");
  }
  if (!options.keep_alive) {
    head.append("Connection: close\r\n");
  } else if (options.http_1_0) {
    head.append("Connection: keep-alive\r\n");
  }
  head.append("\r\n");
  return true;
}

std::string_view body_of(const Response& response) noexcept {
  if (!has_body(response.status)) return {};
  return response.shared_body ? std::string_view(*response.shared_body) : std::string_view(response.body);
}

}  // namespace server
