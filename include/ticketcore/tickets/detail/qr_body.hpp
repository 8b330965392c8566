#pragma once
// encode_qr, put together from data and matrix. Include ticketcore/tickets/qr.hpp, not this.

#include <climits>

#include "ticketcore/tickets/detail/qr_matrix.hpp"

namespace ticketcore {
namespace detail {

/// The smallest version that holds the text, and the text's data codewords, padded.
[[nodiscard]] inline int qr_codewords(std::string_view text, const QrOptions& options,
                                      std::uint8_t* codewords) {
  constexpr int class_end[3] = {9, 26, 40};
  std::uint32_t bits = 0;
  for (int version = options.version_min; version <= options.version_max;) {
    // Within a class of versions the segmentation is the same.
    const int last =
        std::min(*std::find_if(class_end, class_end + 3, [&](int end) { return version <= end; }),
                 options.version_max);
    if (text.size() > qr_text_max) break;
    const QrSegmentation segments(text, version);
    bits = segments.bits();
    for (; version <= last; ++version) {
      const auto capacity = static_cast<std::size_t>(qr_data_codewords(version, options.level));
      if (bits > capacity * 8) continue;
      QrBits out(codewords);
      segments.each([&](QrMode mode, std::string_view part) { write_qr_segment(out, mode, part, version); });
      out.add(0, static_cast<int>(std::min<std::size_t>(4, capacity * 8 - bits)));
      std::uint8_t* at = out.flush();
      for (std::uint8_t pad = 0xEC; at < codewords + capacity; pad ^= 0xEC ^ 0x11) *at++ = pad;
      return version;
    }
  }
  const int capacity = qr_data_codewords(options.version_max, options.level) * 8;
  throw QrTooLong("a text of " + std::to_string(text.size()) + " bytes takes " +
                  (bits == 0 ? std::string("more than 23648") : std::to_string(bits)) + " bits; version " +
                  std::to_string(options.version_max) + " at this level holds " + std::to_string(capacity));
}

/// Masks base into out.
inline void qr_apply_mask(const QrLines& base, const QrLines& data, const std::array<QrLine, 12>& mask,
                          int size, QrLines& out) {
  const std::size_t words = static_cast<std::size_t>(size + 63) / 64;
  for (std::size_t line = 0, phase = 0; line < static_cast<std::size_t>(size);
       ++line, phase = phase == 11 ? 0 : phase + 1) {
    for (std::size_t word = 0; word < words; ++word)
      out[line][word] = base[line][word] ^ (mask[phase][word] & data[line][word]);
  }
}

}  // namespace detail

inline QrCode encode_qr(std::string_view text, const QrOptions& options) {
  using namespace detail;
  if (options.version_min < 1 || options.version_min > options.version_max || options.version_max > 40)
    throw std::invalid_argument("QR versions run from 1 to 40");
  if (options.mask && (*options.mask < 0 || *options.mask > 7))
    throw std::invalid_argument("QR masks run from 0 to 7");
  std::array<std::uint8_t, qr_codewords_max + 8> data;
  const int version = qr_codewords(text, options, data.data());
  std::array<std::uint8_t, qr_codewords_max> codewords;
  qr_interleave(data.data(), version, options.level, codewords.data());

  const QrLayout& layout = qr_layout(version);
  QrLines rows = layout.dark;
  QrLines columns = layout.dark_turned;
  const auto bit_count = static_cast<std::size_t>(qr_raw_modules(version) / 8) * 8;
  for (std::size_t bit = 0; bit < bit_count; ++bit) {
    const std::uint64_t value = codewords[bit / 8] >> (7 - bit % 8) & 1U;
    const unsigned x = layout.places[bit] & 0xFFU;
    const unsigned y = layout.places[bit] >> 8U;
    rows[y][x / 64] |= value << (x % 64);
    columns[x][y / 64] |= value << (y % 64);
  }

  const int size = layout.size;
  const QrPenalty penalty = qr_penalty_for(size);
  QrLines masked{};
  int best = options.mask.value_or(0);
  if (!options.mask) {
    QrLines masked_columns{};
    int fewest = INT_MAX;
    for (int mask = 0; mask < 8; ++mask) {
      qr_apply_mask(rows, layout.data, qr_masks.rows[static_cast<std::size_t>(mask)], size, masked);
      qr_apply_mask(columns, layout.data_turned, qr_masks.columns[static_cast<std::size_t>(mask)], size,
                    masked_columns);
      qr_format(masked, size, options.level, mask, false);
      qr_format(masked_columns, size, options.level, mask, true);
      const int points = penalty(masked, masked_columns, size, fewest);
      if (points < fewest) {
        fewest = points;
        best = mask;
      }
    }
  }
  qr_apply_mask(rows, layout.data, qr_masks.rows[static_cast<std::size_t>(best)], size, masked);
  qr_format(masked, size, options.level, best, false);
  return QrCode(version, options.level, best, masked);
}

}  // namespace ticketcore
