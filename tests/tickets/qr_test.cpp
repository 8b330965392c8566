#include "ticketcore/tickets/qr.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

#if defined(TICKETCORE_HAVE_QRCODEGEN)
#include <qrcodegen/qrcodegen.hpp>
#endif

using namespace ticketcore;

TEST_CASE("the standard's example 01234567 at 1-M has its codewords") {
  // ISO/IEC 18004, annex I.2: data codewords 10 20 0C 56 61 80 EC 11 ... and their ten correction codewords.
  std::array<std::uint8_t, 64> data{};
  REQUIRE(detail::qr_codewords("01234567", {.level = QrLevel::M, .version_max = 1}, data.data()) == 1);
  const std::array<std::uint8_t, 16> expected = {0x10, 0x20, 0x0C, 0x56, 0x61, 0x80, 0xEC, 0x11,
                                                 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11};
  CHECK(std::equal(expected.begin(), expected.end(), data.begin()));
  std::array<std::uint8_t, 26> whole{};
  detail::qr_interleave(data.data(), 1, QrLevel::M, whole.data());
  const std::array<std::uint8_t, 10> correction = {0xA5, 0x24, 0xD4, 0xC1, 0xED,
                                                   0x36, 0xC7, 0x87, 0x2C, 0x55};
  CHECK(std::equal(correction.begin(), correction.end(), whole.begin() + 16));
}

TEST_CASE("digits, capitals and bytes are packed into the fewest bits") {
  CHECK(detail::QrSegmentation("0123456789", 1).bits() == 4 + 10 + 34);
  CHECK(detail::QrSegmentation("TC1:ABC", 1).bits() == 4 + 9 + 39);
  CHECK(detail::QrSegmentation("abc", 1).bits() == 4 + 8 + 24);
  // Twelve digits after letters pay for a segment of their own; two do not.
  CHECK(detail::QrSegmentation("ABC123456789012", 1).bits() == (4 + 9 + 17) + (4 + 10 + 40));
  CHECK(detail::QrSegmentation("ABC12", 1).bits() == 4 + 9 + 28);
}

TEST_CASE("a text that does not fit is refused with both sizes") {
  CHECK_THROWS_WITH_AS((void)encode_qr(std::string(200, 'x'), {.level = QrLevel::H, .version_max = 5}),
                       doctest::Contains("holds 368"), QrTooLong);
  CHECK_THROWS_AS((void)encode_qr(std::string(8000, '1')), QrTooLong);
  CHECK_THROWS_AS((void)encode_qr("x", {.version_min = 0}), std::invalid_argument);
  CHECK_THROWS_AS((void)encode_qr("x", {.mask = 8}), std::invalid_argument);
  CHECK(encode_qr(std::string(7089, '7'), {.level = QrLevel::L}).version() == 40);
  CHECK(encode_qr("").version() == 1);
}

#if defined(TICKETCORE_HAVE_QRCODEGEN)

namespace {

[[nodiscard]] bool equal(const QrCode& ours, const qrcodegen::QrCode& theirs) {
  if (ours.size() != theirs.getSize()) return false;
  for (int y = 0; y < ours.size(); ++y) {
    for (int x = 0; x < ours.size(); ++x) {
      if (ours.module(x, y) != theirs.getModule(x, y)) return false;
    }
  }
  return true;
}

/// A text of one mode, so that both libraries segment it alike.
[[nodiscard]] std::string random_text(std::mt19937_64& random, int kind, std::size_t length) {
  std::string text;
  for (std::size_t at = 0; at < length; ++at) {
    if (kind == 0) text += static_cast<char>('0' + random() % 10);
    if (kind == 1) text += "ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"[random() % 35];
    if (kind == 2) text += static_cast<char>(128 + random() % 128);
  }
  return text;
}

[[nodiscard]] qrcodegen::QrSegment segment_of(const std::string& text, int kind) {
  if (kind == 0) return qrcodegen::QrSegment::makeNumeric(text.c_str());
  if (kind == 1) return qrcodegen::QrSegment::makeAlphanumeric(text.c_str());
  return qrcodegen::QrSegment::makeBytes({text.begin(), text.end()});
}

}  // namespace

TEST_CASE("every module equals libqrcodegen's, for every version, level and mask") {
  constexpr qrcodegen::QrCode::Ecc levels[] = {qrcodegen::QrCode::Ecc::LOW, qrcodegen::QrCode::Ecc::MEDIUM,
                                               qrcodegen::QrCode::Ecc::QUARTILE,
                                               qrcodegen::QrCode::Ecc::HIGH};
  std::mt19937_64 random(18004);
  int compared = 0;
  for (int version = 1; version <= 40; ++version) {
    for (int level = 0; level < 4; ++level) {
      const auto bytes =
          static_cast<std::size_t>(detail::qr_data_codewords(version, static_cast<QrLevel>(level)));
      for (int round = 0; round < (version <= 10 ? 24 : 10); ++round) {
        const int kind = static_cast<int>(random() % 3);
        const std::string text = random_text(random, kind, 1 + random() % (bytes - 3));
        // Every mask in turn, and the automatic choice each third time.
        const int mask = round % 3 == 0 ? -1 : static_cast<int>(random() % 8);
        const auto theirs = qrcodegen::QrCode::encodeSegments({segment_of(text, kind)}, levels[level],
                                                              version, version, mask, false);
        const QrCode ours = encode_qr(text, {.level = static_cast<QrLevel>(level),
                                             .version_min = version,
                                             .version_max = version,
                                             .mask = mask < 0 ? std::nullopt : std::optional<int>(mask)});
        INFO("version ", version, " level ", level, " mask ", mask, " kind ", kind, " length ", text.size(),
             " ours ", ours.mask(), " theirs ", theirs.getMask());
        REQUIRE(equal(ours, theirs));
        ++compared;
      }
    }
  }
  MESSAGE(compared << " symbols compared");
}

#else

TEST_CASE("every module equals libqrcodegen's") {
  MESSAGE("not compared: libqrcodegencpp-dev is not installed");
}

#endif
