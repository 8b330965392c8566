#pragma once
// What our pictures share: escaped text, short numbers, and a guess at how wide a text will be.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ticketcore/base/detail/control_characters.hpp"
#include "ticketcore/base/detail/utf8.hpp"

namespace ticketcore::svg {

inline constexpr std::string_view fonts =
    "'Helvetica Neue',Helvetica,Arial,'Noto Sans','DejaVu Sans',sans-serif";

/// Text for content and attributes. What XML can't carry does not get through: control characters become
/// spaces, bytes that are no UTF-8 and the two that are no characters become U+FFFD.
[[nodiscard]] inline std::string escape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const detail::utf8::Sequence sequence = detail::utf8::first(text);
    const std::string_view bytes = text.substr(0, sequence.length);
    text.remove_prefix(sequence.length);
    if (!sequence.valid || sequence.code == 0xFFFE || sequence.code == 0xFFFF) {
      out += detail::utf8::replacement;
      continue;
    }
    switch (sequence.code) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default:
        if (detail::is_control_character(sequence.code)) {
          out += ' ';
        } else {
          out += bytes;
        }
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

/// What one character is wide, in thousandths of the font size, generously: capitals and wide scripts count
/// more.
[[nodiscard]] inline std::int64_t width_of(const detail::utf8::Sequence& character) {
  const char32_t code = character.code;
  if (!character.valid || code >= 0x2000) return 1050;
  if (code >= 0x80 || (code >= 'A' && code <= 'Z') || code == '@' || code == '%' || code == 'm' ||
      code == 'w')
    return 740;
  return std::u32string_view(U" iljtfr.,:'|").find(code) != std::u32string_view::npos ? 340 : 580;
}

/// A text's width in thousandths of its font size.
[[nodiscard]] inline std::int64_t width(std::string_view text) {
  std::int64_t sum = 0;
  while (!text.empty()) {
    const detail::utf8::Sequence character = detail::utf8::first(text);
    sum += width_of(character);
    text.remove_prefix(character.length);
  }
  return sum;
}

/// The text cut to fit the width (in the unit of size) at this font size, with an ellipsis where something
/// was cut.
[[nodiscard]] inline std::string fit(std::string_view text, std::int64_t size, std::int64_t room) {
  if (width(text) * size <= room * 1000) return std::string(text);
  constexpr std::int64_t ellipsis = 1050;
  std::int64_t used = ellipsis;
  std::size_t kept = 0;
  while (kept < text.size()) {
    const detail::utf8::Sequence character = detail::utf8::first(text.substr(kept));
    used += width_of(character);
    if (used * size > room * 1000) break;
    kept += character.length;
  }
  return std::string(text.substr(0, kept)) + "\xE2\x80\xA6";
}

}  // namespace ticketcore::svg
