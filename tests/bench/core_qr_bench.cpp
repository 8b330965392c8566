// core.qr: a QR code of 120 bytes at level M with the best mask, beside libqrencode and libqrcodegen.

#include <random>
#include <stdexcept>

#include "bench.hpp"
#include "ticketcore/tickets/qr.hpp"

#if defined(TICKETCORE_HAVE_QRCODEGEN)
#include <qrcodegen/qrcodegen.hpp>
#endif
#if defined(TICKETCORE_HAVE_QRENCODE)
#include <qrencode.h>
#endif

namespace bench {
namespace {

[[nodiscard]] const std::vector<std::string>& payloads() {
  static const std::vector<std::string> texts = [] {
    std::mt19937_64 random(1);
    std::vector<std::string> made(256);
    for (std::string& text : made) {
      for (int at = 0; at < 120; ++at) text += static_cast<char>(random());
    }
    return made;
  }();
  return texts;
}

/// Microseconds per symbol.
template <class Encode>
[[nodiscard]] double per_symbol(int symbols, Encode&& encode) {
  (void)payloads();
  int dark = 0;
  const double taken = seconds([&] {
    for (int symbol = 0; symbol < symbols; ++symbol)
      dark += encode(payloads()[static_cast<std::size_t>(symbol) % payloads().size()]) ? 1 : 0;
  });
  if (dark == 0) throw std::logic_error("no symbol has a dark first module");
  return taken * 1e6 / symbols;
}

[[nodiscard]] double ours() {
  return per_symbol(2'000, [](const std::string& text) { return ticketcore::encode_qr(text).module(0, 0); });
}

}  // namespace

void core_qr() {
#if defined(TICKETCORE_HAVE_QRENCODE)
  const Pair qrencode = in_turn(7, ours, [] {
    return per_symbol(500, [](const std::string& text) {
      QRcode* code = QRcode_encodeData(static_cast<int>(text.size()),
                                       reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_M);
      const bool dark = (code->data[0] & 1) != 0;
      QRcode_free(code);
      return dark;
    });
  });
  report({"core.qr.qrencode", qrencode.ours, "us", "libqrencode", qrencode.peer, false});
#else
  skip("core.qr.qrencode", "libqrencode is not installed");
#endif
#if defined(TICKETCORE_HAVE_QRCODEGEN)
  const Pair qrcodegen = in_turn(7, ours, [] {
    return per_symbol(100, [](const std::string& text) {
      return qrcodegen::QrCode::encodeSegments({qrcodegen::QrSegment::makeBytes({text.begin(), text.end()})},
                                               qrcodegen::QrCode::Ecc::MEDIUM, 1, 40, -1, false)
          .getModule(0, 0);
    });
  });
  report({"core.qr.qrcodegen", qrcodegen.ours, "us", "libqrcodegen", qrcodegen.peer, false});
#else
  skip("core.qr.qrcodegen", "libqrcodegencpp is not installed");
#endif
}

}  // namespace bench
