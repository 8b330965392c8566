#include "ticketcore/base/crc32c.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <numeric>
#include <random>
#include <span>
#include <string_view>
#include <vector>

using namespace ticketcore;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() & 0xFF);
  return bytes;
}

std::uint32_t portable(std::span<const std::uint8_t> bytes) {
  return ~detail::crc32c_portable(0xFFFFFFFF, bytes.data(), bytes.size());
}

/// The polynomial division itself, bit by bit.
std::uint32_t naive(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
  }
  return ~crc;
}

}  // namespace

TEST_CASE("CRC32C of the examples of RFC 3720 is as printed there") {
  const Bytes zeros(32, 0x00);
  const Bytes ones(32, 0xFF);
  Bytes rising(32);
  std::iota(rising.begin(), rising.end(), std::uint8_t{0});
  const Bytes falling(rising.rbegin(), rising.rend());
  const Bytes scsi_read{0x01, 0xC0, 0, 0, 0, 0, 0,    0, 0,    0, 0, 0,    0, 0, 0, 0,
                        0x14, 0,    0, 0, 0, 0, 0x04, 0, 0,    0, 0, 0x14, 0, 0, 0, 0x18,
                        0x28, 0,    0, 0, 0, 0, 0,    0, 0x02, 0, 0, 0,    0, 0, 0, 0};
  REQUIRE(scsi_read.size() == 48);
  for (const auto& sum : {crc32c, +[](std::span<const std::uint8_t> bytes, std::uint32_t) noexcept {
                            return portable(bytes);
                          }}) {
    CHECK(sum(zeros, 0) == 0x8A9136AA);
    CHECK(sum(ones, 0) == 0x62A8AB43);
    CHECK(sum(rising, 0) == 0x46DD794E);
    CHECK(sum(falling, 0) == 0x113FDB5C);
    CHECK(sum(scsi_read, 0) == 0xD9963A56);
  }
}

TEST_CASE("CRC32C of the customary check text is E3069283, and of nothing is zero") {
  constexpr std::string_view digits = "123456789";
  CHECK(crc32c(Bytes(digits.begin(), digits.end())) == 0xE3069283);
  CHECK(crc32c({}) == 0);
  CHECK(crc32c({}, 0x12345678) == 0x12345678);
}

TEST_CASE("the processor's instruction, the tables and the definition agree at every length and alignment") {
  const Bytes bytes = random_bytes(400, 1);
  for (std::size_t first = 0; first < 17; ++first) {
    for (std::size_t size = 0; first + size <= bytes.size(); ++size) {
      const std::span<const std::uint8_t> part = std::span(bytes).subspan(first, size);
      const std::uint32_t wanted = naive(part);
      REQUIRE(portable(part) == wanted);
      REQUIRE(crc32c(part) == wanted);
    }
  }
#if defined(TICKETCORE_CRC32C_X86)
  if (!detail::crc32c_sse42_available()) MESSAGE("this processor lacks SSE4.2: only the tables were tested");
#elif !defined(TICKETCORE_CRC32C_ARM)
  MESSAGE("no instruction for CRC32C in this build: only the tables were tested");
#endif
}

TEST_CASE("a checksum goes on from where the last one ended") {
  const Bytes bytes = random_bytes(100'000, 2);
  const std::span<const std::uint8_t> all(bytes);
  const std::uint32_t whole = crc32c(all);
  CHECK(whole == portable(all));
  for (const std::size_t cut : std::initializer_list<std::size_t>{0, 1, 7, 8, 9, 4'096, 99'999, 100'000})
    CHECK(crc32c(all.subspan(cut), crc32c(all.first(cut))) == whole);
  std::uint32_t bytewise = 0;
  for (std::size_t at = 0; at < all.size(); ++at) bytewise = crc32c(all.subspan(at, 1), bytewise);
  CHECK(bytewise == whole);
}

TEST_CASE("any one flipped bit changes the checksum") {
  Bytes bytes = random_bytes(256, 3);
  const std::uint32_t whole = crc32c(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    CHECK(crc32c(bytes) != whole);
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  }
}
