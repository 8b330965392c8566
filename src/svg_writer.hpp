#pragma once
// What our pictures share: escaped text, short numbers, and a guess at how wide a text will be.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace ticketcore::svg {

inline constexpr std::string_view fonts = "'Helvetica Neue',Helvetica,Arial,'Noto Sans','DejaVu Sans',sans-serif";

/// Text for content and attributes. Control characters, which XML can't carry, become spaces.
[[nodiscard]] inline std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    }
  }
  return out;
}

/// Thousandths as a decimal without superfluous zeros: 1500 is "1.5".
[[nodiscard]] inline std::string number(std::int64_t thousandths) {
  std::string text = thousandths < 0 ? "-" : "";
  const std::int64_t size = std::abs(thousandths);
  text += std::to_string(size / 1000);
  if (const std::int64_t rest = size % 1000; rest != 0) {
    char decimals[8];
    std::snprintf(decimals, sizeof decimals, ".%03d", static_cast<int>(rest));
    text += decimals;
    while (text.back() == '0') text.pop_back();
  }
  return text;
}

/// A text's width in thousandths of its font size, generously: capitals and wide scripts count more.
[[nodiscard]] inline std::int64_t width(std::string_view text) {
  std::int64_t sum = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if ((c & 0xC0) == 0x80) continue;  // counted with its first byte
    if (c >= 0xE2) {
      sum += 1050;
    } else if (c >= 0x80 || (c >= 'A' && c <= 'Z') || c == '@' || c == '%' || c == 'm' || c == 'w') {
      sum += 740;
    } else if (c == ' ' || c == 'i' || c == 'l' || c == 'j' || c == '.' || c == ',' || c == ':' || c == '\'' || c == '|' || c == 't' || c == 'f' || c == 'r') {
      sum += 340;
    } else {
      sum += 580;
    }
  }
  return sum;
}

/// The text cut to fit the width (in the unit of size) at this font size, with an ellipsis where something was cut.
[[nodiscard]] inline std::string fit(std::string_view text, std::int64_t size, std::int64_t room) {
  if (width(text) * size <= room * 1000) return std::string(text);
  std::string cut(text);
  while (!cut.empty() && (width(cut) + 1050) * size > room * 1000) {
    while (!cut.empty() && (static_cast<unsigned char>(cut.back()) & 0xC0) == 0x80) cut.pop_back();
    if (!cut.empty()) cut.pop_back();
  }
  return cut + "\xE2\x80\xA6";
}

}  // namespace ticketcore::svg
