#pragma once
// SipHash (Aumasson, Bernstein, "SipHash: a fast short-input PRF", 2012): 64 bits of any bytes under a
// key of 128 bits. Whoever does not know the key can't choose bytes that collide.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ticketcore {

/// The key's bytes 0 to 7 and 8 to 15, each as a little-endian number.
struct SipKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

namespace detail {

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  constexpr void round() noexcept {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }
  constexpr explicit SipState(const SipKey& key) noexcept
      : v0(key.low ^ 0x736F6D6570736575ULL),
        v1(key.high ^ 0x646F72616E646F6DULL),
        v2(key.low ^ 0x6C7967656E657261ULL),
        v3(key.high ^ 0x7465646279746573ULL) {}
  template <int rounds>
  constexpr void take(std::uint64_t word) noexcept {
    v3 ^= word;
    for (int done = 0; done < rounds; ++done) round();
    v0 ^= word;
  }
  template <int rounds>
  [[nodiscard]] constexpr std::uint64_t finish() noexcept {
    v2 ^= 0xFF;
    for (int done = 0; done < rounds; ++done) round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

/// Of each word, then at the end, so many rounds.
template <int each, int last>
[[nodiscard]] constexpr std::uint64_t siphash(const SipKey& key,
                                              std::span<const std::uint8_t> bytes) noexcept {
  SipState state(key);
  // Little-endian, whatever the machine is. Compilers make one load of it, written out as it is and not as a
  // loop.
  const auto word = [](const std::uint8_t* from) {
    return std::uint64_t{from[0]} | std::uint64_t{from[1]} << 8 | std::uint64_t{from[2]} << 16 |
           std::uint64_t{from[3]} << 24 | std::uint64_t{from[4]} << 32 | std::uint64_t{from[5]} << 40 |
           std::uint64_t{from[6]} << 48 | std::uint64_t{from[7]} << 56;
  };
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) state.take<each>(word(at));
  std::uint64_t rest = static_cast<std::uint64_t>(bytes.size()) << 56;
  for (std::size_t byte = 0; byte < left; ++byte) rest |= std::uint64_t{at[byte]} << (8 * byte);
  state.take<each>(rest);
  return state.finish<last>();
}

}  // namespace detail

/// SipHash-2-4: the same value on every machine. A nanosecond or so for each eight bytes.
[[nodiscard]] constexpr std::uint64_t siphash24(const SipKey& key,
                                                std::span<const std::uint8_t> bytes) noexcept {
  return detail::siphash<2, 4>(key, bytes);
}

}  // namespace ticketcore
