#pragma once
// CRC32C (Castagnoli, as in iSCSI, RFC 3720 appendix B.4): the checksum of log entries and snapshots.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#if defined(__x86_64__) && defined(__GNUC__)
#include <nmmintrin.h>
#define TICKETCORE_CRC32C_X86 1
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <arm_acle.h>
#define TICKETCORE_CRC32C_ARM 1
#endif

namespace ticketcore {
namespace detail {

// Three roads to one result. All take the inverted running value and give it back inverted.

/// table[k][b]: what byte b does to the checksum when k bytes follow it.
inline constexpr auto crc32c_tables = [] {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte)
      tables[k][byte] = (tables[k - 1][byte] >> 8) ^ tables[0][tables[k - 1][byte] & 0xFF];
  }
  return tables;
}();

/// On any machine: eight bytes at a step.
[[nodiscard]] constexpr std::uint32_t crc32c_portable(std::uint32_t crc, const std::uint8_t* at,
                                                      std::size_t size) noexcept {
  const auto& tables = crc32c_tables;
  for (; size >= 8; at += 8, size -= 8) {
    crc ^= static_cast<std::uint32_t>(at[0]) | static_cast<std::uint32_t>(at[1]) << 8 |
           static_cast<std::uint32_t>(at[2]) << 16 | static_cast<std::uint32_t>(at[3]) << 24;
    crc = tables[7][crc & 0xFF] ^ tables[6][(crc >> 8) & 0xFF] ^ tables[5][(crc >> 16) & 0xFF] ^
          tables[4][crc >> 24] ^ tables[3][at[4]] ^ tables[2][at[5]] ^ tables[1][at[6]] ^ tables[0][at[7]];
  }
  for (; size > 0; ++at, --size) crc = (crc >> 8) ^ tables[0][(crc ^ *at) & 0xFF];
  return crc;
}

#if defined(TICKETCORE_CRC32C_X86)
[[nodiscard]] inline bool crc32c_sse42_available() noexcept { return __builtin_cpu_supports("sse4.2") != 0; }

/// For processors that crc32c_sse42_available() is true of.
[[nodiscard]] __attribute__((target("sse4.2"))) inline std::uint32_t crc32c_sse42(std::uint32_t crc,
                                                                                  const std::uint8_t* at,
                                                                                  std::size_t size) noexcept {
  std::uint64_t wide = crc;
  for (; size >= 8; at += 8, size -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (; size > 0; ++at, --size) crc = _mm_crc32_u8(crc, *at);
  return crc;
}
#elif defined(TICKETCORE_CRC32C_ARM)
[[nodiscard]] inline std::uint32_t crc32c_arm(std::uint32_t crc, const std::uint8_t* at,
                                              std::size_t size) noexcept {
  for (; size >= 8; at += 8, size -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    crc = __crc32cd(crc, word);
  }
  for (; size > 0; ++at, --size) crc = __crc32cb(crc, *at);
  return crc;
}
#endif

}  // namespace detail

/// Continues from seed, the checksum of what came before: crc32c(b, crc32c(a)) is that of a and b joined.
/// Uses the processor's own instruction where there is one (several GB/s), tables elsewhere.
[[nodiscard]] inline std::uint32_t crc32c(std::span<const std::uint8_t> bytes,
                                          std::uint32_t seed = 0) noexcept {
#if defined(TICKETCORE_CRC32C_X86)
  if (detail::crc32c_sse42_available()) return ~detail::crc32c_sse42(~seed, bytes.data(), bytes.size());
#elif defined(TICKETCORE_CRC32C_ARM)
  return ~detail::crc32c_arm(~seed, bytes.data(), bytes.size());
#endif
  return ~detail::crc32c_portable(~seed, bytes.data(), bytes.size());
}

}  // namespace ticketcore
