#pragma once
// A text as a field of CSV (RFC 4180).

#include <string>
#include <string_view>

namespace ticketcore {

/// Quoted where it must be.
[[nodiscard]] inline std::string csv_text(std::string_view field) {
  if (field.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(field);
  std::string out = "\"";
  for (const char c : field) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

}  // namespace ticketcore
