#pragma once
// Text that comes from outside may be no UTF-8: what walks over it here sees only what Unicode allows.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ticketcore::detail::utf8 {

inline constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

struct Sequence {
  std::size_t length = 0;  ///< Bytes at the front of the text; 1 for a byte that begins nothing.
  char32_t code = 0;
  bool valid = false;
};

/// The sequence at the front of a text that is not empty. Overlong forms, surrogates, what lies past U+10FFFF
/// and what is cut short are not valid (RFC 3629).
[[nodiscard]] constexpr Sequence first(std::string_view text) noexcept {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {1, lead, true};
  const std::size_t length = lead >= 0xC2 && lead < 0xE0   ? 2
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
  if (length == 0 || length > text.size()) return {1, 0, false};
  char32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xC0) != 0x80) return {1, 0, false};
    code = code << 6 | (byte(at) & 0x3FU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {1, 0, false};
  return {length, code, true};
}

}  // namespace ticketcore::detail::utf8
