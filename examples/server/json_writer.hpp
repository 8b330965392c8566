#pragma once
// Writes JSON straight into one string: no tree, no copies. The caller closes what it opens; commas come by
// themselves.

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json_text.hpp"
#include "ticketcore/base/ids.hpp"
#include "ticketcore/base/money.hpp"
#include "ticketcore/base/time.hpp"

namespace server {

class JsonWriter {
 public:
  explicit JsonWriter(std::size_t expected_bytes = 256) { out_.reserve(expected_bytes); }

  JsonWriter& open_object() { return open('{'); }
  JsonWriter& close_object() { return close('}'); }
  JsonWriter& open_array() { return open('['); }
  JsonWriter& close_array() { return close(']'); }
  JsonWriter& key(std::string_view name) {
    separate();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return *this;
  }
  JsonWriter& text(std::string_view value) {
    separate();
    append_text(value);
    return *this;
  }
  JsonWriter& number(std::int64_t value) {
    separate();
    char digits[24];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    return *this;
  }
  JsonWriter& flag(bool value) {
    separate();
    out_ += value ? "true" : "false";
    return *this;
  }
  /// JSON that is written already.
  JsonWriter& raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
  }
  JsonWriter& id(const ticketcore::Id128& value) { return raw("\"" + ticketcore::to_string(value) + "\""); }
  JsonWriter& time(ticketcore::Timestamp value) { return raw("\"" + ticketcore::to_rfc3339(value) + "\""); }
  JsonWriter& money(const ticketcore::Money& value) {
    separate();
    out_ += R"({"amount":")";
    out_ += value.amount_string();
    out_ += R"(","currency":")";
    out_ += value.currency().code();
    out_ += "\"}";
    return *this;
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

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
  void append_text(std::string_view value) {
    for (const char letter : value) {
      if (letter < 0x20 || letter >= 0x7F || letter == '"' || letter == '\\') {
        out_ += ticketcore::json_text(value);
        return;
      }
    }
    out_ += '"';
    out_ += value;
    out_ += '"';
  }

  std::string out_;
};

}  // namespace server
