#pragma once
// Currencies of ISO 4217 (list one, as published on 2026-01-01): the active codes and how many decimals their
// amounts have.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ticketcore {
namespace detail {

// Each code with its number of decimals, in alphabetical order. Left out are the codes that have no minor
// unit and so can't price anything (metals, bond units, XDR, XSU, XTS, XUA); XXX is in as "no currency". A
// code that ISO 4217 withdraws stays here once a release has had it, because a log that names it must open
// for ever.
inline constexpr std::string_view currency_table =
    "AED2 AFN2 ALL2 AMD2 AOA2 ARS2 AUD2 AWG2 AZN2 BAM2 BBD2 BDT2 BHD3 BIF0 BMD2 BND2 BOB2 BOV2 BRL2 BSD2 "
    "BTN2 BWP2 BYN2 BZD2 "
    "CAD2 CDF2 CHE2 CHF2 CHW2 CLF4 CLP0 CNY2 COP2 COU2 CRC2 CUP2 CVE2 CZK2 DJF0 DKK2 DOP2 DZD2 EGP2 ERN2 "
    "ETB2 EUR2 FJD2 FKP2 "
    "GBP2 GEL2 GHS2 GIP2 GMD2 GNF0 GTQ2 GYD2 HKD2 HNL2 HTG2 HUF2 IDR2 ILS2 INR2 IQD3 IRR2 ISK0 JMD2 JOD3 "
    "JPY0 KES2 KGS2 KHR2 "
    "KMF0 KPW2 KRW0 KWD3 KYD2 KZT2 LAK2 LBP2 LKR2 LRD2 LSL2 LYD3 MAD2 MDL2 MGA2 MKD2 MMK2 MNT2 MOP2 MRU2 "
    "MUR2 MVR2 MWK2 MXN2 "
    "MXV2 MYR2 MZN2 NAD2 NGN2 NIO2 NOK2 NPR2 NZD2 OMR3 PAB2 PEN2 PGK2 PHP2 PKR2 PLN2 PYG0 QAR2 RON2 RSD2 "
    "RUB2 RWF0 SAR2 SBD2 "
    "SCR2 SDG2 SEK2 SGD2 SHP2 SLE2 SOS2 SRD2 SSP2 STN2 SVC2 SYP2 SZL2 THB2 TJS2 TMT2 TND3 TOP2 TRY2 TTD2 "
    "TWD2 TZS2 UAH2 UGX0 "
    "USD2 USN2 UYI0 UYU2 UYW4 UZS2 VED2 VES2 VND0 VUV0 WST2 XAD2 XAF0 XCD2 XCG2 XOF0 XPF0 XXX0 YER2 ZAR2 "
    "ZMW2 ZWG2 ";
inline constexpr std::size_t currency_table_step = 5;

/// Where in the table the code stands; nothing for a code that it does not have.
[[nodiscard]] constexpr std::optional<std::uint16_t> find_currency(std::string_view code) noexcept {
  if (code.size() != 3) return std::nullopt;
  std::size_t first = 0;
  std::size_t last = currency_table.size() / currency_table_step;
  while (first < last) {
    const std::size_t middle = (first + last) / 2;
    const int order = currency_table.substr(middle * currency_table_step, 3).compare(code);
    if (order == 0) return static_cast<std::uint16_t>(middle * currency_table_step);
    (order < 0 ? first : last) = order < 0 ? middle + 1 : middle;
  }
  return std::nullopt;
}

/// What someone typed, for an error message: in quotes, at most 40 characters, what is not plain ASCII as
/// '?'.
[[nodiscard]] inline std::string quoted(std::string_view text) {
  constexpr std::size_t shown = 40;
  std::string result = "\"";
  for (const char c : text.substr(0, shown)) result.push_back(c >= 0x20 && c < 0x7F ? c : '?');
  return result + (text.size() > shown ? "...\"" : "\"");
}

}  // namespace detail

/// A currency that ISO 4217 knows: a value of two bytes, not meant to be stored as such; what is written down
/// is its code(). Default: XXX, "no currency".
class Currency {
 public:
  constexpr Currency() noexcept = default;
  /// Throws std::invalid_argument for what is not an active code in capitals; in a constant expression it
  /// does not compile.
  constexpr explicit Currency(std::string_view code) {
    const std::optional<std::uint16_t> entry = detail::find_currency(code);
    if (!entry)
      throw std::invalid_argument(
          detail::quoted(code) +
          " is no currency; it must be a code of ISO 4217 in capitals, such as UAH or EUR");
    entry_ = *entry;
  }
  /// The same without throwing: nullopt for what is not an active code in capitals.
  [[nodiscard]] static constexpr std::optional<Currency> parse(std::string_view code) noexcept {
    Currency currency;
    const std::optional<std::uint16_t> entry = detail::find_currency(code);
    if (!entry) return std::nullopt;
    currency.entry_ = *entry;
    return currency;
  }

  /// Three capitals, valid for as long as the program runs.
  [[nodiscard]] constexpr std::string_view code() const noexcept {
    return detail::currency_table.substr(entry_, 3);
  }
  /// Decimals of an amount, 0 to 4: 2 for EUR, 0 for JPY, 3 for KWD.
  [[nodiscard]] constexpr int exponent() const noexcept { return detail::currency_table[entry_ + 3U] - '0'; }
  friend constexpr bool operator==(const Currency&, const Currency&) = default;

 private:
  static constexpr std::uint16_t no_currency = detail::find_currency("XXX").value();

  std::uint16_t entry_ = no_currency;
};

}  // namespace ticketcore
