#pragma once
// Base45 (RFC 9285): bytes as text of the 45 characters that a QR code packs into 5.5 bits each.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ticketcore {
namespace detail {

inline constexpr std::string_view base45_alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
inline constexpr std::uint8_t base45_no_digit = 255;

/// What each character is worth.
inline constexpr auto base45_digits = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(base45_no_digit);
  for (std::size_t digit = 0; digit < base45_alphabet.size(); ++digit) {
    digits[static_cast<unsigned char>(base45_alphabet[digit])] = static_cast<std::uint8_t>(digit);
  }
  return digits;
}();

}  // namespace detail

/// Three characters for every two bytes, two for a last single one; the least significant digit comes first.
[[nodiscard]] inline std::string base45_encode(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve(bytes.size() / 2 * 3 + bytes.size() % 2 * 2);
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    const bool pair = bytes.size() - at > 1;
    const unsigned value = pair ? bytes[at] * 256U + bytes[at + 1] : bytes[at];
    text.push_back(detail::base45_alphabet[value % 45]);
    text.push_back(detail::base45_alphabet[value / 45 % 45]);
    if (pair) text.push_back(detail::base45_alphabet[value / (45 * 45)]);
  }
  return text;
}

/// The bytes that base45_encode turns into exactly this text; nullopt when there are none: another character
/// (small letters too), a length of 1 mod 3, a group worth more than its bytes hold.
[[nodiscard]] inline std::optional<std::vector<std::uint8_t>> base45_decode(std::string_view text) {
  if (text.size() % 3 == 1) return std::nullopt;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(text.size() / 3 * 2 + text.size() % 3 / 2);
  while (!text.empty()) {
    const std::string_view group = text.substr(0, 3);
    text.remove_prefix(group.size());
    unsigned value = 0;
    for (std::size_t at = group.size(); at-- > 0;) {
      const std::uint8_t digit = detail::base45_digits[static_cast<unsigned char>(group[at])];
      if (digit == detail::base45_no_digit) return std::nullopt;
      value = value * 45 + digit;
    }
    const bool pair = group.size() == 3;
    if (value > (pair ? 0xFFFFU : 0xFFU)) return std::nullopt;
    if (pair) bytes.push_back(static_cast<std::uint8_t>(value >> 8));
    bytes.push_back(static_cast<std::uint8_t>(value & 0xFF));
  }
  return bytes;
}

}  // namespace ticketcore
