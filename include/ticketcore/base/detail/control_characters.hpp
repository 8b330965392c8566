#pragma once
// What a text must be free of: what terminals and printers obey rather than show, and what is no UTF-8.

#include <string_view>

#include "ticketcore/base/detail/utf8.hpp"

namespace ticketcore::detail {

/// Of Unicode (category Cc): U+0000 to U+001F, and U+007F to U+009F.
[[nodiscard]] constexpr bool is_control_character(char32_t code) noexcept {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F);
}

/// Of a text in UTF-8, which spells U+0080 to U+009F as C2 80 to C2 9F.
[[nodiscard]] constexpr bool has_control_character(std::string_view text) noexcept {
  unsigned char before = 0;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < 0x20 || byte == 0x7F || (before == 0xC2 && byte >= 0x80 && byte <= 0x9F)) return true;
    before = byte;
  }
  return false;
}

[[nodiscard]] constexpr bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const utf8::Sequence character = utf8::first(text);
    if (!character.valid) return false;
    text.remove_prefix(character.length);
  }
  return true;
}

/// Why a text can't be kept and printed, as the end of a sentence; empty when it can.
[[nodiscard]] constexpr std::string_view fault_of_text(std::string_view text) noexcept {
  if (has_control_character(text)) return "carries a control character";
  return is_utf8(text) ? "" : "is not UTF-8";
}

}  // namespace ticketcore::detail
