#pragma once
// QR codes: ISO/IEC 18004 model 2, versions 1 to 40, all four levels, with the shortest segmentation into
// numeric, alphanumeric and byte mode, and the best of the eight masks. Pure and allocation-free but for
// tables made once per version.

#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ticketcore {

/// How much of a symbol may be lost and still be read: about 7, 15, 25 and 30 percent.
enum class QrLevel : std::uint8_t { L, M, Q, H };

/// Thrown when a text does not fit the versions allowed; says how many bits it takes and how many there are.
class QrTooLong : public std::length_error {
 public:
  using std::length_error::length_error;
};

struct QrOptions {
  QrLevel level = QrLevel::M;
  int version_min = 1;  ///< 1 to 40: the smallest that fits is taken.
  int version_max = 40;
  std::optional<int> mask{};  ///< 0 to 7; the one with the lowest penalty if not given.
};

/// A symbol: size() by size() modules, without the quiet zone of four light modules that belongs around it.
class QrCode {
 public:
  static constexpr int size_max = 177;
  using Line = std::array<std::uint64_t, 3>;  ///< Module x is bit x % 64 of word x / 64; set is dark.

  QrCode(int version, QrLevel level, int mask, const std::array<Line, size_max>& rows)
      : rows_(rows), version_(version), mask_(mask), level_(level) {}

  [[nodiscard]] int version() const noexcept { return version_; }
  [[nodiscard]] QrLevel level() const noexcept { return level_; }
  [[nodiscard]] int mask() const noexcept { return mask_; }
  [[nodiscard]] int size() const noexcept { return 17 + 4 * version_; }
  /// Whether the module is dark. Outside the symbol all is light.
  [[nodiscard]] bool module(int x, int y) const noexcept {
    if (x < 0 || y < 0 || x >= size() || y >= size()) return false;
    const auto column = static_cast<unsigned>(x);
    return ((rows_[static_cast<std::size_t>(y)][column / 64] >> (column % 64)) & 1U) != 0;
  }

 private:
  std::array<Line, size_max> rows_;
  int version_;
  int mask_;
  QrLevel level_;
};

/// Throws QrTooLong when the text does not fit, std::invalid_argument for a version or mask out of range.
[[nodiscard]] QrCode encode_qr(std::string_view text, const QrOptions& options = {});

}  // namespace ticketcore

#include "ticketcore/tickets/detail/qr_body.hpp"
