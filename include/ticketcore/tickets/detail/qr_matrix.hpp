#pragma once
// A QR code's modules: function patterns, placement, masks and their penalties (ISO/IEC 18004,
// sections 6.3, 7.7 and 7.8), a line of modules at a time in 64-bit words. Include ticketcore/tickets/qr.hpp,
// not this.

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "ticketcore/tickets/detail/qr_data.hpp"

// What is inlined takes on the instructions of its caller: how one source serves processors with and without
// bit counting.
#define TICKETCORE_ALWAYS_INLINE __attribute__((always_inline)) inline

namespace ticketcore::detail {

using QrLine = QrCode::Line;
using QrLines = std::array<QrLine, QrCode::size_max>;

inline void qr_set(QrLines& rows, int x, int y) {
  rows[static_cast<std::size_t>(y)][static_cast<unsigned>(x) / 64] |= std::uint64_t{1}
                                                                      << (static_cast<unsigned>(x) % 64);
}
[[nodiscard]] inline bool qr_get(const QrLines& rows, int x, int y) {
  return (rows[static_cast<std::size_t>(y)][static_cast<unsigned>(x) / 64] >>
              (static_cast<unsigned>(x) % 64) &
          1U) != 0;
}

/// What is the same in every symbol of a version. Rows and, for scoring, the same turned: columns as lines.
struct QrLayout {
  int size = 0;
  QrLines dark{};  ///< Dark function modules, format information left light.
  QrLines dark_turned{};
  QrLines data{};  ///< Modules that data and masks may touch.
  QrLines data_turned{};
  std::vector<std::uint16_t> places{};  ///< Of each data bit in turn: x | y << 8.

  explicit QrLayout(int version);

 private:
  void function(int x, int y, bool is_dark);
  void finder(int center_x, int center_y);
  void alignment(int version);
  void version_information(int version);
  void place_data();
};

inline void QrLayout::function(int x, int y, bool is_dark) {
  if (x < 0 || y < 0 || x >= size || y >= size) return;
  const auto clear = ~(std::uint64_t{1} << (static_cast<unsigned>(x) % 64));
  data[static_cast<std::size_t>(y)][static_cast<unsigned>(x) / 64] &= clear;
  dark[static_cast<std::size_t>(y)][static_cast<unsigned>(x) / 64] &= clear;
  if (is_dark) qr_set(dark, x, y);
}

inline void QrLayout::finder(int center_x, int center_y) {
  for (int y = -4; y <= 4; ++y) {
    for (int x = -4; x <= 4; ++x) {
      const int ring = std::max(std::abs(x), std::abs(y));
      function(center_x + x, center_y + y, ring != 2 && ring != 4);
    }
  }
}

inline void QrLayout::alignment(int version) {
  if (version == 1) return;
  const int count = version / 7 + 2;
  const int step = version == 32 ? 26 : (version * 4 + count * 2 + 1) / (count * 2 - 2) * 2;
  const auto position = [&](int index) { return index == 0 ? 6 : size - 7 - (count - 1 - index) * step; };
  for (int row = 0; row < count; ++row) {
    for (int column = 0; column < count; ++column) {
      if ((row == 0 && (column == 0 || column == count - 1)) || (row == count - 1 && column == 0)) continue;
      for (int y = -2; y <= 2; ++y) {
        for (int x = -2; x <= 2; ++x)
          function(position(column) + x, position(row) + y, std::max(std::abs(x), std::abs(y)) != 1);
      }
    }
  }
}

inline void QrLayout::version_information(int version) {
  if (version < 7) return;
  unsigned rest = static_cast<unsigned>(version);
  for (int bit = 0; bit < 12; ++bit) rest = rest << 1 ^ (rest >> 11) * 0x1F25U;
  const unsigned bits = static_cast<unsigned>(version) << 12 | rest;
  for (int bit = 0; bit < 18; ++bit) {
    const int far = size - 11 + bit % 3;
    function(far, bit / 3, (bits >> bit & 1U) != 0);
    function(bit / 3, far, (bits >> bit & 1U) != 0);
  }
}

inline void QrLayout::place_data() {
  for (int right = size - 1; right >= 1; right -= 2) {
    if (right == 6) right = 5;
    const bool upward = ((right + 1) & 2) == 0;
    for (int step = 0; step < size; ++step) {
      const int y = upward ? size - 1 - step : step;
      for (int x = right; x > right - 2; --x) {
        if (qr_get(data, x, y)) places.push_back(static_cast<std::uint16_t>(x | y << 8));
      }
    }
  }
}

inline QrLayout::QrLayout(int version) : size(17 + 4 * version) {
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) qr_set(data, x, y);
  }
  for (int at = 0; at < size; ++at) {
    function(6, at, at % 2 == 0);
    function(at, 6, at % 2 == 0);
  }
  finder(3, 3);
  finder(size - 4, 3);
  finder(3, size - 4);
  alignment(version);
  for (int at = 0; at < 9; ++at) {
    if (at != 6) {
      function(8, at, false);
      function(at, 8, false);
    }
  }
  for (int at = 0; at < 8; ++at) {
    function(size - 1 - at, 8, false);
    function(8, size - 1 - at, false);
  }
  function(8, size - 8, true);
  version_information(version);
  place_data();
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      if (qr_get(dark, x, y)) qr_set(dark_turned, y, x);
      if (qr_get(data, x, y)) qr_set(data_turned, y, x);
    }
  }
}

/// Made at a version's first use and kept for good. Threads that race for it make it twice and keep one.
[[nodiscard]] inline const QrLayout& qr_layout(int version) {
  static std::array<std::atomic<const QrLayout*>, 40> layouts{};
  std::atomic<const QrLayout*>& slot = layouts[static_cast<std::size_t>(version - 1)];
  if (const QrLayout* made = slot.load(std::memory_order_acquire)) return *made;
  auto fresh = std::make_unique<const QrLayout>(version);
  const QrLayout* expected = nullptr;
  if (slot.compare_exchange_strong(expected, fresh.get(), std::memory_order_acq_rel)) return *fresh.release();
  return *expected;
}

/// The eight masks' lines; all repeat every 12 rows. Turned: the columns.
struct QrMasks {
  std::array<std::array<QrLine, 12>, 8> rows{};
  std::array<std::array<QrLine, 12>, 8> columns{};
  constexpr QrMasks() {
    for (unsigned y = 0; y < 12; ++y) {
      for (unsigned x = 0; x < 192; ++x) {
        const bool at_row[8] = {inverts(0, x, y), inverts(1, x, y), inverts(2, x, y), inverts(3, x, y),
                                inverts(4, x, y), inverts(5, x, y), inverts(6, x, y), inverts(7, x, y)};
        const bool at_column[8] = {inverts(0, y, x), inverts(1, y, x), inverts(2, y, x), inverts(3, y, x),
                                   inverts(4, y, x), inverts(5, y, x), inverts(6, y, x), inverts(7, y, x)};
        for (std::size_t mask = 0; mask < 8; ++mask) {
          if (at_row[mask]) rows[mask][y][x / 64] |= std::uint64_t{1} << (x % 64);
          if (at_column[mask]) columns[mask][y][x / 64] |= std::uint64_t{1} << (x % 64);
        }
      }
    }
  }
  static constexpr bool inverts(int mask, unsigned x, unsigned y) {
    switch (mask) {
      case 0: return (x + y) % 2 == 0;
      case 1: return y % 2 == 0;
      case 2: return x % 3 == 0;
      case 3: return (x + y) % 3 == 0;
      case 4: return (x / 3 + y / 2) % 2 == 0;
      case 5: return x * y % 2 + x * y % 3 == 0;
      case 6: return (x * y % 2 + x * y % 3) % 2 == 0;
      default: return ((x + y) % 2 + x * y % 3) % 2 == 0;
    }
  }
};
inline const QrMasks qr_masks{};

/// Format information (section 7.9) into the rows, or, with x and y changed about, into the turned lines.
inline void qr_format(QrLines& lines, int size, QrLevel level, int mask, bool turned) {
  constexpr unsigned level_bits[4] = {1, 0, 3, 2};
  const unsigned data = level_bits[static_cast<std::size_t>(level)] << 3 | static_cast<unsigned>(mask);
  unsigned rest = data;
  for (int bit = 0; bit < 10; ++bit) rest = rest << 1 ^ (rest >> 9) * 0x537U;
  const unsigned bits = (data << 10 | rest) ^ 0x5412U;
  const auto put = [&](int x, int y, int bit) {
    if ((bits >> bit & 1U) != 0) qr_set(lines, turned ? y : x, turned ? x : y);
  };
  for (int bit = 0; bit <= 5; ++bit) put(8, bit, bit);
  put(8, 7, 6);
  put(8, 8, 7);
  put(7, 8, 8);
  for (int bit = 9; bit < 15; ++bit) put(14 - bit, 8, bit);
  for (int bit = 0; bit < 8; ++bit) put(size - 1 - bit, 8, bit);
  for (int bit = 8; bit < 15; ++bit) put(8, size - 15 + bit, bit);
}

// ---- Penalties ----

/// A line of up to 64 * words modules as one number: bit 0 is the first. What is shifted in is light.
template <int words>
struct QrBitLine {
  std::array<std::uint64_t, words> word;

  [[nodiscard]] TICKETCORE_ALWAYS_INLINE static QrBitLine from(const QrLine& line) {
    QrBitLine result;
    for (std::size_t index = 0; index < words; ++index) result.word[index] = line[index];
    return result;
  }
  [[nodiscard]] TICKETCORE_ALWAYS_INLINE QrBitLine down(unsigned count) const {
    QrBitLine result;
    for (std::size_t index = 0; index < words; ++index)
      result.word[index] = word[index] >> count | (index + 1 < words ? word[index + 1] << (64 - count) : 0);
    return result;
  }
  [[nodiscard]] TICKETCORE_ALWAYS_INLINE QrBitLine up(unsigned count) const {
    QrBitLine result;
    for (std::size_t index = 0; index < words; ++index)
      result.word[index] = word[index] << count | (index > 0 ? word[index - 1] >> (64 - count) : 0);
    return result;
  }
  friend TICKETCORE_ALWAYS_INLINE QrBitLine operator&(QrBitLine a, const QrBitLine& b) {
    for (std::size_t index = 0; index < words; ++index) a.word[index] &= b.word[index];
    return a;
  }
  friend TICKETCORE_ALWAYS_INLINE QrBitLine operator|(QrBitLine a, const QrBitLine& b) {
    for (std::size_t index = 0; index < words; ++index) a.word[index] |= b.word[index];
    return a;
  }
  friend TICKETCORE_ALWAYS_INLINE QrBitLine operator^(QrBitLine a, const QrBitLine& b) {
    for (std::size_t index = 0; index < words; ++index) a.word[index] ^= b.word[index];
    return a;
  }
  friend TICKETCORE_ALWAYS_INLINE QrBitLine operator~(QrBitLine a) {
    for (std::uint64_t& part : a.word) part = ~part;
    return a;
  }
  [[nodiscard]] TICKETCORE_ALWAYS_INLINE int count() const {
    int bits = 0;
    for (const std::uint64_t part : word) bits += std::popcount(part);
    return bits;
  }
  [[nodiscard]] TICKETCORE_ALWAYS_INLINE bool any() const {
    std::uint64_t all = 0;
    for (const std::uint64_t part : word) all |= part;
    return all != 0;
  }
};

/// Finder-like runs 1:1:3:1:1 of any scale, counted run by run: the plain way, for the rare line with a scale
/// above one.
[[nodiscard]] inline int qr_finders_by_runs(const QrLine& line, int size) {
  std::array<int, 7> runs{};
  int found = 0;
  const auto end_run = [&](int length) {
    if (runs[0] == 0) length += size;  // the light border before the line
    std::copy_backward(runs.begin(), runs.end() - 1, runs.end());
    runs[0] = length;
  };
  const auto count = [&] {
    const int n = runs[1];
    const bool core = n > 0 && runs[2] == n && runs[3] == 3 * n && runs[4] == n && runs[5] == n;
    return (core && runs[0] >= 4 * n && runs[6] >= n ? 1 : 0) +
           (core && runs[6] >= 4 * n && runs[0] >= n ? 1 : 0);
  };
  bool is_dark = false;
  int length = 0;
  for (int at = 0; at < size; ++at) {
    const bool next = (line[static_cast<unsigned>(at) / 64] >> (static_cast<unsigned>(at) % 64) & 1U) != 0;
    if (next == is_dark) {
      ++length;
      continue;
    }
    end_run(length);
    if (!is_dark) found += count();
    is_dark = next;
    length = 1;
  }
  if (is_dark) {
    end_run(length);
    length = 0;
  }
  end_run(length + size);
  return found + count();
}

/// Points of one line for long runs (N1) and finder-like patterns (N3).
template <int words>
[[nodiscard]] TICKETCORE_ALWAYS_INLINE int qr_line_penalty(const QrLine& raw, const QrBitLine<words>& inside,
                                                           int size) {
  using Line = QrBitLine<words>;
  const Line dark = Line::from(raw);
  const Line light = ~dark & inside;
  const auto runs_of_5 = [](const Line& line) __attribute__((always_inline)) {
    const Line pairs = line & line.down(1);
    return pairs & pairs.down(2) & line.down(4);
  };
  const Line dark_5 = runs_of_5(dark);
  const Line light_5 = runs_of_5(light);
  // Dark and light runs never share a bit, so one count serves both.
  const int longs =
      (dark_5 | light_5).count() + 2 * ((dark_5 & ~dark_5.up(1)) | (light_5 & ~light_5.up(1))).count();

  // Outside the line all is light, and so are the bits shifted in; not-dark therefore stands for light here.
  const Line d2 = dark.down(2);
  const Line core = dark & ~dark.down(1) & d2 & d2.down(1) & d2.down(2) & ~dark.down(5) & dark.down(6);
  int finders = 0;
  if (core.any()) {
    // A bit of core is the pattern's first dark module; the light modules before it and after it decide.
    const Line before = core & ~dark.up(1);
    const Line after = before & ~dark.down(7);
    const Line four_before = after & ~dark.up(2) & ~dark.up(3) & ~dark.up(4);
    const Line four_after = after & ~dark.down(8) & ~dark.down(9) & ~dark.down(10);
    finders = four_before.count() + four_after.count();
  }
  // A larger scale needs a dark run of exactly six or more between light pairs.
  const Line six = dark_5 & dark.down(5);
  if (six.any() && (six & ~dark.up(1) & ~dark.up(2) & dark.up(3) & dark.up(4)).any())
    finders = qr_finders_by_runs(raw, size);
  if (six.any() && (six & six.down(3)).any()) finders = qr_finders_by_runs(raw, size);
  return longs + 40 * finders;
}

/// A whole symbol's points, or any number above limit as soon as it is passed.
template <int words>
[[nodiscard]] TICKETCORE_ALWAYS_INLINE int qr_penalty_body(const QrLines& rows, const QrLines& columns,
                                                           int size, int limit) {
  using Line = QrBitLine<words>;
  Line inside{};
  for (unsigned at = 0; at < static_cast<unsigned>(size); ++at)
    inside.word[at / 64] |= std::uint64_t{1} << (at % 64);
  const Line pairs_inside = inside & inside.down(1);
  int points = 0;
  int dark = 0;
  Line last{};
  for (std::size_t y = 0; y < static_cast<std::size_t>(size); ++y) {
    points +=
        qr_line_penalty<words>(rows[y], inside, size) + qr_line_penalty<words>(columns[y], inside, size);
    const Line row = Line::from(rows[y]);
    dark += row.count();
    if (y > 0) {
      const Line same_above = ~(row ^ last);
      points += 3 * (same_above & same_above.down(1) & ~(row ^ row.down(1)) & pairs_inside).count();
    }
    last = row;
    if (points > limit) return points;
  }
  const int total = size * size;
  return points + 10 * ((std::abs(dark * 20 - total * 10) + total - 1) / total - 1);
}

using QrPenalty = int (*)(const QrLines& rows, const QrLines& columns, int size, int limit);

template <int words>
[[nodiscard]] int qr_penalty_portable(const QrLines& rows, const QrLines& columns, int size, int limit) {
  return qr_penalty_body<words>(rows, columns, size, limit);
}
#if defined(__x86_64__)
template <int words>
[[nodiscard]] __attribute__((target("popcnt,bmi"))) int qr_penalty_counting(const QrLines& rows,
                                                                            const QrLines& columns, int size,
                                                                            int limit) {
  return qr_penalty_body<words>(rows, columns, size, limit);
}
#endif

/// The penalty function for symbols of this size on this processor.
[[nodiscard]] inline QrPenalty qr_penalty_for(int size) {
#if defined(__x86_64__)
  static const bool counts_bits = __builtin_cpu_supports("popcnt") != 0 && __builtin_cpu_supports("bmi") != 0;
  if (counts_bits)
    return size <= 64    ? qr_penalty_counting<1>
           : size <= 128 ? qr_penalty_counting<2>
                         : qr_penalty_counting<3>;
#endif
  return size <= 64 ? qr_penalty_portable<1> : size <= 128 ? qr_penalty_portable<2> : qr_penalty_portable<3>;
}

}  // namespace ticketcore::detail

#undef TICKETCORE_ALWAYS_INLINE
