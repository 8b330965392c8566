#pragma once
// Writes JSON (RFC 8259) straight into one string: no tree, no copies. Texts of any bytes give valid JSON.

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "ticketcore/base/detail/control_characters.hpp"
#include "ticketcore/base/detail/utf8.hpp"
#include "ticketcore/base/ids.hpp"
#include "ticketcore/base/money.hpp"
#include "ticketcore/base/time.hpp"

namespace ticketcore {

/// A text in its quotes. Control characters, which a terminal that shows them would obey, are escaped; bytes
/// that are no UTF-8 become U+FFFD.
[[nodiscard]] inline std::string json_text(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const detail::utf8::Sequence sequence = detail::utf8::first(text);
    const char letter = text[0];
    if (!sequence.valid) {
      out += detail::utf8::replacement;
    } else if (letter == '"' || letter == '\\') {
      out += {'\\', letter};
    } else if (detail::is_control_character(sequence.code)) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(sequence.code));
      out += escape;
    } else {
      out += text.substr(0, sequence.length);
    }
    text.remove_prefix(sequence.length);
  }
  return out + "\"";
}

/// Commas come by themselves; the caller closes what it opens, and gives each member of an object its key.
class JsonWriter {
 public:
  explicit JsonWriter(std::size_t expected_bytes = 256) { out_.reserve(expected_bytes); }

  JsonWriter& open_object() { return open('{'); }
  JsonWriter& close_object() { return close('}'); }
  JsonWriter& open_array() { return open('['); }
  JsonWriter& close_array() { return close(']'); }
  JsonWriter& key(std::string_view name) {
    text(name);
    out_ += ':';
    return *this;
  }
  JsonWriter& text(std::string_view value) {
    separate();
    if (is_plain(value)) {
      out_ += '"';
      out_ += value;
      out_ += '"';
    } else {
      out_ += json_text(value);
    }
    return *this;
  }
  JsonWriter& number(std::int64_t value) {
    separate();
    char digits[24];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    return *this;
  }
  /// As a decimal number, with no more digits than it needs: 12500 is 12.5.
  JsonWriter& thousandths(std::int32_t value) {
    const std::int64_t magnitude = value < 0 ? -std::int64_t{value} : value;
    // A leading 1 keeps the zeros after the point.
    std::string decimals = std::to_string(1'000 + magnitude % 1'000);
    decimals.front() = '.';
    decimals.erase(decimals.find_last_not_of("0.") + 1);
    separate();
    if (value < 0) out_ += '-';
    out_ += std::to_string(magnitude / 1'000) + decimals;
    return *this;
  }
  JsonWriter& flag(bool value) {
    separate();
    out_ += value ? "true" : "false";
    return *this;
  }
  /// JSON that is written already, and not empty.
  JsonWriter& raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
  }
  JsonWriter& id(const Id128& value) { return raw("\"" + to_string(value) + "\""); }
  JsonWriter& time(Timestamp value) { return raw("\"" + to_rfc3339(value) + "\""); }
  /// {"amount":"1200.00","currency":"UAH"}
  JsonWriter& money(const Money& value) {
    return open_object()
        .key("amount")
        .text(value.amount_string())
        .key("currency")
        .text(value.currency().code())
        .close_object();
  }

  /// What was written; the writer is empty then.
  [[nodiscard]] std::string take() { return std::exchange(out_, {}); }

 private:
  JsonWriter& open(char bracket) {
    separate();
    out_ += bracket;
    return *this;
  }
  JsonWriter& close(char bracket) {
    out_ += bracket;
    return *this;
  }
  // What ends in a bracket or a colon is no value yet: a text always ends in its quote.
  void separate() {
    if (!out_.empty() && out_.back() != '{' && out_.back() != '[' && out_.back() != ':') out_ += ',';
  }
  [[nodiscard]] static bool is_plain(std::string_view text) {
    for (const char letter : text) {
      if (letter < 0x20 || letter >= 0x7F || letter == '"' || letter == '\\') return false;
    }
    return true;
  }

  std::string out_;
};

}  // namespace ticketcore
