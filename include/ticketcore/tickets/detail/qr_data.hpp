#pragma once
// A QR code's data: from text to interleaved codewords (ISO/IEC 18004, sections 7.3 to 7.6). Include
// ticketcore/tickets/qr.hpp, not this.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "ticketcore/tickets/qr.hpp"

namespace ticketcore::detail {

inline constexpr int qr_codewords_max = 3706;

/// Table 9: error correction codewords in each block, and blocks, by level and version.
inline constexpr std::uint8_t qr_block_correction[4][40] = {
    {7,  10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28,
     28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30},
    {10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26,
     26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28},
    {13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30,
     28, 30, 30, 30, 30, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30},
    {17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28,
     30, 24, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30}};
inline constexpr std::uint8_t qr_blocks[4][40] = {
    {1, 1, 1, 1,  1,  2,  2,  2,  2,  4,  4,  4,  4,  4,  6,  6,  6,  6,  7,  8,
     8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25},
    {1,  1,  1,  2,  2,  4,  4,  4,  5,  5,  5,  8,  9,  9,  10, 10, 11, 13, 14, 16,
     17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49},
    {1,  1,  2,  2,  4,  4,  6,  6,  8,  8,  8,  10, 12, 16, 12, 17, 16, 18, 21, 20,
     23, 23, 25, 27, 29, 34, 34, 35, 38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68},
    {1,  1,  2,  4,  4,  4,  5,  6,  8,  8,  11, 11, 16, 16, 18, 16, 19, 21, 25, 25,
     25, 34, 30, 32, 35, 37, 40, 42, 45, 48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81}};

/// Modules left for data and error correction.
[[nodiscard]] constexpr int qr_raw_modules(int version) noexcept {
  int modules = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const int aligned = version / 7 + 2;
    modules -= (25 * aligned - 10) * aligned - 55;
    if (version >= 7) modules -= 36;
  }
  return modules;
}

[[nodiscard]] constexpr int qr_data_codewords(int version, QrLevel level) noexcept {
  const auto row = static_cast<std::size_t>(level);
  const auto column = static_cast<std::size_t>(version - 1);
  return qr_raw_modules(version) / 8 - qr_block_correction[row][column] * qr_blocks[row][column];
}

// ---- Segmentation ----

enum class QrMode : std::uint8_t { numeric, alphanumeric, byte };

/// Place in the alphanumeric alphabet, or -1.
[[nodiscard]] constexpr int qr_alphanumeric(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  constexpr std::string_view others = " $%*+-./:";
  const std::size_t at = others.find(c);
  return at == std::string_view::npos ? -1 : 36 + static_cast<int>(at);
}

/// Bits of a segment's character count, by mode and version.
[[nodiscard]] constexpr int qr_count_bits(QrMode mode, int version) noexcept {
  constexpr int bits[3][3] = {{10, 12, 14}, {9, 11, 13}, {8, 16, 16}};
  return bits[static_cast<int>(mode)][version <= 9 ? 0 : version <= 26 ? 1 : 2];
}

inline constexpr std::size_t qr_text_max = 7089;  // what version 40-L holds in digits

/// The mode of each character such that the whole takes the fewest bits in the version's class. O(length).
class QrSegmentation {
 public:
  QrSegmentation(std::string_view text, int version) : text_(text) {
    // Costs in sixths of a bit: a digit takes 20, an alphanumeric character 33, a byte 48.
    constexpr std::uint32_t never = UINT32_MAX / 2;
    std::uint32_t header[3];
    for (int mode = 0; mode < 3; ++mode)
      header[mode] = static_cast<std::uint32_t>(4 + qr_count_bits(static_cast<QrMode>(mode), version)) * 6;
    std::array<std::uint32_t, 3> cost = {header[0], header[1], header[2]};
    for (std::size_t at = 0; at < text.size(); ++at) {
      const char c = text[at];
      std::array<std::uint32_t, 3> next = {c >= '0' && c <= '9' ? cost[0] + 20 : never,
                                           qr_alphanumeric(c) >= 0 ? cost[1] + 33 : never, cost[2] + 48};
      std::array<std::uint8_t, 3> from = {0, 1, 2};
      // After this character the segment may end, on a whole bit, and one of another mode begin.
      const std::array<std::uint32_t, 3> ended = next;
      for (std::size_t to = 0; to < 3; ++to) {
        for (std::size_t mode = 0; mode < 3; ++mode) {
          const std::uint32_t switched = (ended[mode] + 5) / 6 * 6 + header[to];
          if (mode != to && ended[mode] < never && switched < next[to]) {
            next[to] = switched;
            from[to] = static_cast<std::uint8_t>(mode);
          }
        }
      }
      steps_[at] = static_cast<std::uint8_t>(from[0] | from[1] << 2 | from[2] << 4);
      cost = next;
    }
    std::uint8_t mode = 0;
    for (std::uint8_t other = 1; other < 3; ++other) {
      if (cost[other] < cost[mode]) mode = other;
    }
    bits_ = (cost[mode] + 5) / 6;
    for (std::size_t at = text.size(); at-- > 0;) {
      mode = static_cast<std::uint8_t>(steps_[at] >> (2 * mode) & 3U);
      steps_[at] = mode;
    }
    if (text.empty()) bits_ = 0;
  }

  [[nodiscard]] std::uint32_t bits() const noexcept { return bits_; }

  /// Calls write(mode, part of the text) for each segment in turn.
  template <class Write>
  void each(Write&& write) const {
    for (std::size_t first = 0; first < text_.size();) {
      std::size_t last = first + 1;
      while (last < text_.size() && steps_[last] == steps_[first]) ++last;
      write(static_cast<QrMode>(steps_[first]), text_.substr(first, last - first));
      first = last;
    }
  }

 private:
  std::string_view text_;
  std::uint32_t bits_ = 0;
  std::array<std::uint8_t, qr_text_max>
      steps_;  // where each mode came from; in the end each character's mode
};

/// Bits from the most significant down.
class QrBits {
 public:
  explicit QrBits(std::uint8_t* to) : at_(to) {}
  void add(std::uint32_t value, int count) {
    held_ = held_ << count | value;
    for (held_bits_ += count; held_bits_ >= 8; held_bits_ -= 8)
      *at_++ = static_cast<std::uint8_t>(held_ >> (held_bits_ - 8));
  }
  /// Fills up to whole bytes with zeros and says where the next goes.
  std::uint8_t* flush() {
    if (held_bits_ > 0) add(0, 8 - held_bits_);
    return at_;
  }

 private:
  std::uint8_t* at_;
  std::uint64_t held_ = 0;
  int held_bits_ = 0;
};

inline void write_qr_segment(QrBits& bits, QrMode mode, std::string_view part, int version) {
  bits.add(1U << static_cast<unsigned>(mode), 4);
  bits.add(static_cast<std::uint32_t>(part.size()), qr_count_bits(mode, version));
  switch (mode) {
    case QrMode::numeric:
      for (std::size_t at = 0; at < part.size(); at += 3) {
        const std::string_view group = part.substr(at, 3);
        std::uint32_t value = 0;
        for (const char digit : group) value = value * 10 + static_cast<std::uint32_t>(digit - '0');
        bits.add(value, static_cast<int>(group.size()) * 3 + 1);
      }
      break;
    case QrMode::alphanumeric:
      for (std::size_t at = 0; at + 1 < part.size(); at += 2)
        bits.add(static_cast<std::uint32_t>(qr_alphanumeric(part[at]) * 45 + qr_alphanumeric(part[at + 1])),
                 11);
      if (part.size() % 2 != 0) bits.add(static_cast<std::uint32_t>(qr_alphanumeric(part.back())), 6);
      break;
    case QrMode::byte:
      for (const char c : part) bits.add(static_cast<std::uint8_t>(c), 8);
      break;
  }
}

// ---- Error correction ----

/// GF(256) with x^8 + x^4 + x^3 + x^2 + 1.
struct QrField {
  std::array<std::uint8_t, 512> power{};
  std::array<std::uint8_t, 256> logarithm{};
  constexpr QrField() {
    unsigned value = 1;
    for (std::size_t exponent = 0; exponent < 255; ++exponent) {
      power[exponent] = power[exponent + 255] = static_cast<std::uint8_t>(value);
      logarithm[value] = static_cast<std::uint8_t>(exponent);
      value = value << 1 ^ (value >= 128 ? 0x11DU : 0U);
    }
  }
};
inline constexpr QrField qr_field{};

/// Logarithms of the generator polynomials' coefficients without the leading one, for every degree in use.
struct QrGenerators {
  std::array<std::array<std::uint8_t, 30>, 31> logarithms{};
  constexpr QrGenerators() {
    std::array<std::uint8_t, 31> polynomial{};
    polynomial[0] = 1;
    for (std::size_t degree = 1; degree <= 30; ++degree) {
      // Multiplied by (x - a^(degree - 1)); coefficients from the highest power down.
      for (std::size_t at = degree; at > 0; --at) {
        const std::uint8_t scaled =
            polynomial[at - 1] == 0 ? std::uint8_t{0}
                                    : qr_field.power[qr_field.logarithm[polynomial[at - 1]] + (degree - 1)];
        polynomial[at] = static_cast<std::uint8_t>(polynomial[at] ^ scaled);
      }
      for (std::size_t at = 0; at < degree; ++at)
        logarithms[degree][at] = qr_field.logarithm[polynomial[at + 1]];
    }
  }
};
inline constexpr QrGenerators qr_generators{};

/// The remainder of data by the generator of that degree, into correction[0, degree).
inline void qr_remainder(const std::uint8_t* data, std::size_t size, std::size_t degree,
                         std::uint8_t* correction) {
  const auto& generator = qr_generators.logarithms[degree];
  constexpr std::size_t block_data_max = 123;
  std::array<std::uint8_t, block_data_max + 30> rest{};
  std::copy_n(data, size, rest.begin());
  for (std::size_t at = 0; at < size; ++at) {
    if (rest[at] == 0) continue;
    const std::uint8_t* scaled = qr_field.power.data() + qr_field.logarithm[rest[at]];
    for (std::size_t index = 0; index < degree; ++index)
      rest[at + 1 + index] = static_cast<std::uint8_t>(rest[at + 1 + index] ^ scaled[generator[index]]);
  }
  std::copy_n(rest.begin() + static_cast<std::ptrdiff_t>(size), degree, correction);
}

/// Data and correction codewords in the order in which they are placed.
inline void qr_interleave(const std::uint8_t* data, int version, QrLevel level, std::uint8_t* out) {
  const auto row = static_cast<std::size_t>(level);
  const auto column = static_cast<std::size_t>(version - 1);
  const std::size_t blocks = qr_blocks[row][column];
  const std::size_t degree = qr_block_correction[row][column];
  const auto total = static_cast<std::size_t>(qr_raw_modules(version) / 8);
  const std::size_t short_data = total / blocks - degree;
  const std::size_t short_blocks = blocks - total % blocks;
  std::array<std::uint8_t, 30> correction{};
  const std::uint8_t* from = data;
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t size = short_data + (block < short_blocks ? 0 : 1);
    for (std::size_t at = 0; at < short_data; ++at) out[at * blocks + block] = from[at];
    if (size > short_data) out[short_data * blocks + block - short_blocks] = from[short_data];
    qr_remainder(from, size, degree, correction.data());
    for (std::size_t at = 0; at < degree; ++at) out[total - (degree - at) * blocks + block] = correction[at];
    from += size;
  }
}

}  // namespace ticketcore::detail
