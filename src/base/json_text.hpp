#pragma once
// A text as JSON spells it.

#include <cstdio>
#include <string>
#include <string_view>

#include "ticketcore/base/detail/control_characters.hpp"
#include "ticketcore/base/detail/utf8.hpp"

namespace ticketcore {

/// In quotes; always valid JSON, and without a control character, which a terminal that shows it would obey:
/// those are escaped. Bytes that are no UTF-8 become U+FFFD.
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

}  // namespace ticketcore
