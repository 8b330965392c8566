#pragma once
// Money: an amount in minor units of a currency. Whole numbers only, at every step; what does not fit or does
// not match throws instead of going wrong.

#include <algorithm>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ticketcore/base/currency.hpp"

namespace ticketcore {

/// Two currencies in one calculation, an amount beyond 64 bits, a text that is no amount, weights that divide
/// nothing.
class MoneyError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What becomes of the part smaller than a minor unit.
enum class Rounding : std::uint8_t {
  half_even,  ///< To the nearest; ties to the even one.
  half_up,    ///< To the nearest; ties away from zero.
  down,       ///< Toward zero.
  up,         ///< Away from zero.
};

namespace detail {

/// Holds the product of any two 64-bit numbers.
__extension__ using Wide = __int128;

/// numerator / denominator, rounded. denominator > 0, and 2 * denominator fits.
[[nodiscard]] constexpr Wide divide_rounded(Wide numerator, Wide denominator, Rounding rounding) noexcept {
  const Wide whole = numerator / denominator;
  const Wide rest = numerator % denominator;
  if (rest == 0) return whole;
  const Wide next = numerator < 0 ? whole - 1 : whole + 1;
  const Wide twice = 2 * (rest < 0 ? -rest : rest);
  switch (rounding) {
    case Rounding::down: return whole;
    case Rounding::up: return next;
    case Rounding::half_up: return twice >= denominator ? next : whole;
    case Rounding::half_even: break;
  }
  return twice > denominator || (twice == denominator && whole % 2 != 0) ? next : whole;
}

}  // namespace detail

/// An amount of one currency, negative ones too. A value of 16 bytes: copyable, safe to use from any thread.
/// Calculations throw MoneyError where the currencies differ (XXX is one like any other) or the result does
/// not fit.
class Money {
 public:
  /// Nothing, in no currency (XXX).
  constexpr Money() noexcept = default;
  constexpr Money(std::int64_t minor, Currency currency) noexcept : minor_(minor), currency_(currency) {}
  template <std::floating_point F>
  Money(F minor, Currency currency) = delete;

  /// "1200", "1200.5", "-0.50": an optional minus, digits, and a point with one to exponent() more digits if
  /// there are any. No plus, spaces or grouping. Throws MoneyError that quotes the text and says what is
  /// wrong, at which character, and what would be right.
  [[nodiscard]] static Money parse(std::string_view text, Currency currency);

  [[nodiscard]] constexpr std::int64_t minor() const noexcept { return minor_; }
  [[nodiscard]] constexpr Currency currency() const noexcept { return currency_; }

  friend constexpr Money operator+(const Money& a, const Money& b) {
    a.require_same_currency(b);
    return fit(detail::Wide{a.minor_} + b.minor_, a.currency_);
  }
  friend constexpr Money operator-(const Money& a, const Money& b) {
    a.require_same_currency(b);
    return fit(detail::Wide{a.minor_} - b.minor_, a.currency_);
  }
  friend constexpr Money operator-(const Money& a) { return fit(-detail::Wide{a.minor_}, a.currency_); }
  friend constexpr Money operator*(const Money& a, std::int64_t factor) {
    return fit(detail::Wide{a.minor_} * factor, a.currency_);
  }
  friend constexpr Money operator*(std::int64_t factor, const Money& a) { return a * factor; }
  template <std::floating_point F>
  friend Money operator*(const Money& a, F factor) = delete;
  template <std::floating_point F>
  friend Money operator*(F factor, const Money& a) = delete;
  constexpr Money& operator+=(const Money& other) { return *this = *this + other; }
  constexpr Money& operator-=(const Money& other) { return *this = *this - other; }

  /// Equal in amount and currency; amounts of two currencies are merely unequal.
  friend constexpr bool operator==(const Money&, const Money&) noexcept = default;
  /// Which is more can be asked within one currency only; otherwise throws MoneyError.
  friend constexpr std::strong_ordering operator<=>(const Money& a, const Money& b) {
    a.require_same_currency(b);
    return a.minor_ <=> b.minor_;
  }

  /// This times numerator / denominator, exact before it is rounded once. A denominator of zero throws
  /// MoneyError.
  [[nodiscard]] constexpr Money times_ratio(std::int64_t numerator, std::int64_t denominator,
                                            Rounding rounding) const {
    if (denominator == 0) throw MoneyError(to_string() + " can't be divided by zero");
    const int sign = denominator < 0 ? -1 : 1;
    return fit(detail::divide_rounded(detail::Wide{minor_} * numerator * sign,
                                      detail::Wide{denominator} * sign, rounding),
               currency_);
  }

  /// "1200.00": what parse reads, with all decimals of the currency.
  [[nodiscard]] std::string amount_string() const;
  /// "1200.00 UAH".
  [[nodiscard]] std::string to_string() const {
    return amount_string() + " " + std::string(currency_.code());
  }

 private:
  constexpr void require_same_currency(const Money& other) const {
    if (currency_ != other.currency_)
      throw MoneyError(to_string() + " and " + other.to_string() +
                       " are of different currencies and can't be reckoned together");
  }
  [[nodiscard]] static constexpr Money fit(detail::Wide minor, Currency currency) {
    if (minor < INT64_MIN || minor > INT64_MAX) {
      throw MoneyError(std::string("the result is ") + (minor < 0 ? "below " : "above ") +
                       Money{minor < 0 ? INT64_MIN : INT64_MAX, currency}.to_string() +
                       ", the limit of 64 bits");
    }
    return {static_cast<std::int64_t>(minor), currency};
  }

  std::int64_t minor_ = 0;
  Currency currency_{};
};

/// The tax that a gross amount contains at this rate: gross * rate / (10000 + rate). A rate of 2000 basis
/// points is 20 %. Throws nothing for any gross and rate.
[[nodiscard]] constexpr Money included_tax(const Money& gross, std::uint32_t rate_basis_points,
                                           Rounding rounding) {
  return gross.times_ratio(rate_basis_points, 10'000 + std::int64_t{rate_basis_points}, rounding);
}

/// Splits total in proportion to the weights so that the parts sum to it exactly (largest remainder,
/// Hamilton's method): each weight gets its share rounded toward zero, and the units left over go one each to
/// those that lost most, ties to the earlier. A negative total gives the mirror image of the positive one; a
/// weight of zero gets nothing. Throws MoneyError when a weight is negative or none is positive. O(n log n).
[[nodiscard]] inline std::vector<Money> allocate(const Money& total, std::span<const std::int64_t> weights) {
  detail::Wide sum = 0;
  for (std::size_t index = 0; index < weights.size(); ++index) {
    if (weights[index] < 0)
      throw MoneyError("weight " + std::to_string(index + 1) + " is " + std::to_string(weights[index]) +
                       "; weights must be zero or more");
    sum += weights[index];
  }
  if (sum == 0)
    throw MoneyError(total.to_string() + " can't be split: at least one weight must be more than zero");

  const int sign = total.minor() < 0 ? -1 : 1;
  const detail::Wide amount = detail::Wide{total.minor()} * sign;
  detail::Wide left = amount;
  std::vector<detail::Wide> shares;
  std::vector<std::pair<detail::Wide, std::size_t>> losses;
  shares.reserve(weights.size());
  losses.reserve(weights.size());
  for (std::size_t index = 0; index < weights.size(); ++index) {
    const detail::Wide product = amount * weights[index];
    shares.push_back(product / sum);
    losses.emplace_back(product % sum, index);
    left -= shares.back();
  }
  // The losses add up to left * sum and each is below sum, so more than left of them are above zero, unless
  // left is 0.
  std::ranges::sort(losses, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  for (std::size_t at = 0; left > 0; ++at, --left) ++shares[losses[at].second];

  std::vector<Money> parts;
  parts.reserve(shares.size());
  for (const detail::Wide share : shares)
    parts.emplace_back(static_cast<std::int64_t>(share * sign), total.currency());
  return parts;
}

inline Money Money::parse(std::string_view text, Currency currency) {
  const auto exponent = static_cast<std::size_t>(currency.exponent());
  const auto error = [&](const std::string& why) {
    return MoneyError(detail::quoted(text) + " is no amount of " + std::string(currency.code()) + ": " + why +
                      "; write it like " + Money{120'000, currency}.amount_string());
  };
  const auto error_at = [&](std::size_t at, const std::string& why) {
    return error("at character " + std::to_string(at + 1) + " " + why);
  };

  const bool negative = text.starts_with('-');
  const std::size_t first = negative ? 1 : 0;
  const detail::Wide most = negative ? -detail::Wide{INT64_MIN} : detail::Wide{INT64_MAX};
  constexpr std::size_t no_point = std::string_view::npos;
  std::size_t point = no_point;
  detail::Wide minor = 0;
  const auto add_digit = [&](int digit) {
    minor = minor * 10 + digit;
    if (minor > most)
      throw error("it is beyond " + Money{negative ? INT64_MIN : INT64_MAX, currency}.to_string() +
                  ", the limit of 64 bits");
  };
  for (std::size_t at = first; at < text.size(); ++at) {
    if (text[at] == '.' && at > first && point == no_point) {
      if (exponent == 0) throw error_at(at, "stands a point, but this currency has no decimals");
      point = at;
    } else if (text[at] < '0' || text[at] > '9') {
      throw error_at(at, "there must be a digit");
    } else if (point != no_point && at - point > exponent) {
      throw error_at(at, "stands one decimal too many (" + std::to_string(exponent) + " are possible)");
    } else {
      add_digit(text[at] - '0');
    }
  }
  if (text.size() == first || point == text.size() - 1) throw error_at(text.size(), "there must be a digit");
  for (std::size_t decimals = point == no_point ? 0 : text.size() - 1 - point; decimals < exponent;
       ++decimals)
    add_digit(0);
  return {static_cast<std::int64_t>(negative ? -minor : minor), currency};
}

inline std::string Money::amount_string() const {
  const auto exponent = static_cast<std::size_t>(currency_.exponent());
  const auto magnitude = static_cast<std::uint64_t>(minor_);
  std::string text = std::to_string(minor_ < 0 ? 0 - magnitude : magnitude);
  if (text.size() <= exponent) text.insert(0, exponent + 1 - text.size(), '0');
  if (exponent > 0) text.insert(text.size() - exponent, ".");
  return minor_ < 0 ? "-" + text : text;
}

}  // namespace ticketcore
