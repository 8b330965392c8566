#include "ticketcore/base/money.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

using namespace ticketcore;

namespace {

constexpr Currency uah{"UAH"};
constexpr Currency eur{"EUR"};
constexpr Currency jpy{"JPY"};
constexpr Currency kwd{"KWD"};
constexpr Currency clf{"CLF"};
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::array all_roundings{Rounding::half_even, Rounding::half_up, Rounding::down, Rounding::up};

static_assert(std::is_trivially_copyable_v<Currency> && std::is_trivially_copyable_v<Money> &&
              sizeof(Money) == 16);
static_assert(!std::is_constructible_v<Money, double, Currency> &&
              !std::is_constructible_v<Money, float, Currency>);

template <class Factor>
concept can_multiply_money = requires(Money money, Factor factor) {
  money* factor;
}
|| requires(Money money, Factor factor) { factor* money; };
static_assert(can_multiply_money<int> && can_multiply_money<std::int64_t> && !can_multiply_money<double> &&
              !can_multiply_money<float>);

std::vector<std::int64_t> minors(const std::vector<Money>& parts) {
  std::vector<std::int64_t> result;
  for (const Money& part : parts) result.push_back(part.minor());
  return result;
}

std::vector<std::int64_t> split(std::int64_t total, const std::vector<std::int64_t>& weights) {
  return minors(allocate(Money{total, uah}, weights));
}

/// By trying every quotient: the nearest one that the rounding allows.
std::int64_t naive_quotient(std::int64_t numerator, std::int64_t denominator, Rounding rounding) {
  std::int64_t best = 0;
  bool found = false;
  for (std::int64_t candidate = -200; candidate <= 200; ++candidate) {
    // The sign of (candidate - exact) * exact says whether the candidate lies further from zero than the
    // exact value.
    const std::int64_t error = (candidate * denominator - numerator) * (denominator < 0 ? -1 : 1);
    const std::int64_t exact_sign = (numerator < 0 ? -1 : 1) * (denominator < 0 ? -1 : 1);
    if (rounding == Rounding::down && error * exact_sign > 0) continue;
    if (rounding == Rounding::up && error * exact_sign < 0) continue;
    const std::int64_t best_error = (best * denominator - numerator) * (denominator < 0 ? -1 : 1);
    const bool nearer = !found || std::abs(error) < std::abs(best_error);
    const bool wins_tie =
        found && error != best_error && std::abs(error) == std::abs(best_error) &&
        (rounding == Rounding::half_even ? candidate % 2 == 0 : std::abs(candidate) > std::abs(best));
    if (nearer || wins_tie) best = candidate;
    found = true;
  }
  return best;
}

/// By definition: shares rounded down, then one unit at a time to the largest remainder that has had none,
/// the first of equals.
std::vector<std::int64_t> naive_split(std::int64_t total, const std::vector<std::int64_t>& weights) {
  const std::int64_t sum = std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
  std::vector<std::int64_t> parts;
  std::vector<std::int64_t> remainders;
  for (const std::int64_t weight : weights) {
    parts.push_back(total * weight / sum);
    remainders.push_back(total * weight % sum);
  }
  while (std::accumulate(parts.begin(), parts.end(), std::int64_t{0}) < total) {
    const auto largest = std::max_element(remainders.begin(), remainders.end());
    ++parts[static_cast<std::size_t>(largest - remainders.begin())];
    *largest = -1;
  }
  return parts;
}

}  // namespace

TEST_CASE("a currency is an active code of ISO 4217 with its number of decimals") {
  CHECK(uah.code() == "UAH");
  CHECK(uah.exponent() == 2);
  CHECK(jpy.exponent() == 0);
  CHECK(Currency{"ISK"}.exponent() == 0);
  CHECK(kwd.exponent() == 3);
  CHECK(Currency{"TND"}.exponent() == 3);
  CHECK(clf.exponent() == 4);
  CHECK(Currency{"UYW"}.exponent() == 4);
  CHECK(Currency{"AED"}.code() == "AED");
  CHECK(Currency{"ZWG"}.code() == "ZWG");
  CHECK(Currency{"XCG"}.exponent() == 2);
  CHECK(Currency{}.code() == "XXX");
  CHECK(Currency{} == Currency{"XXX"});
  CHECK(Currency{}.exponent() == 0);
  CHECK(uah != eur);
}

TEST_CASE("the table of currencies has what ISO 4217 lists with a minor unit, and no currency") {
  std::map<int, int> count_by_exponent;
  std::string code = "AAA";
  for (code[0] = 'A'; code[0] <= 'Z'; ++code[0]) {
    for (code[1] = 'A'; code[1] <= 'Z'; ++code[1]) {
      for (code[2] = 'A'; code[2] <= 'Z'; ++code[2]) {
        const auto currency = Currency::parse(code);
        if (!currency) continue;
        CHECK(currency->code() == code);
        ++count_by_exponent[currency->exponent()];
      }
    }
  }
  CHECK(count_by_exponent == std::map<int, int>{{0, 18}, {2, 139}, {3, 7}, {4, 2}});
}

TEST_CASE("what is no active currency is refused by name") {
  for (const char* code : {"", "U", "UA", "UAHH", "uah", "Uah", "UA ", " UA", "ZZZ", "DEM", "HRK", "XAU",
                           "XTS", "XDR", "AH ", "H U", "2 A", "D2 "}) {
    CAPTURE(code);
    CHECK(!Currency::parse(code));
    CHECK_THROWS_AS(Currency{code}, std::invalid_argument);
  }
  CHECK_THROWS_WITH(Currency{"uah"},
                    "\"uah\" is no currency; it must be a code of ISO 4217 in capitals, such as UAH or EUR");
}

TEST_CASE("money without more is nothing, in no currency") {
  CHECK(Money{} == Money{0, Currency{"XXX"}});
  CHECK(Money{}.to_string() == "0 XXX");
}

TEST_CASE("an amount is written with all decimals of its currency") {
  CHECK(Money{120'000, uah}.amount_string() == "1200.00");
  CHECK(Money{120'000, uah}.to_string() == "1200.00 UAH");
  CHECK(Money{5, uah}.to_string() == "0.05 UAH");
  CHECK(Money{-5, uah}.to_string() == "-0.05 UAH");
  CHECK(Money{0, uah}.to_string() == "0.00 UAH");
  CHECK(Money{-1200, jpy}.to_string() == "-1200 JPY");
  CHECK(Money{1, kwd}.to_string() == "0.001 KWD");
  CHECK(Money{12'345, clf}.to_string() == "1.2345 CLF");
  CHECK(Money{most, uah}.to_string() == "92233720368547758.07 UAH");
  CHECK(Money{least, uah}.to_string() == "-92233720368547758.08 UAH");
}

TEST_CASE("an amount is read with up to as many decimals as its currency has") {
  CHECK(Money::parse("1200.00", uah) == Money{120'000, uah});
  CHECK(Money::parse("1200.5", uah) == Money{120'050, uah});
  CHECK(Money::parse("1200", uah) == Money{120'000, uah});
  CHECK(Money::parse("0", uah) == Money{0, uah});
  CHECK(Money::parse("-0.50", uah) == Money{-50, uah});
  CHECK(Money::parse("-0", uah) == Money{0, uah});
  CHECK(Money::parse("007", uah) == Money{700, uah});
  CHECK(Money::parse("1200", jpy) == Money{1200, jpy});
  CHECK(Money::parse("1.001", kwd) == Money{1001, kwd});
  CHECK(Money::parse("0.0001", clf) == Money{1, clf});
  CHECK(Money::parse("92233720368547758.07", uah) == Money{most, uah});
  CHECK(Money::parse("-92233720368547758.08", uah) == Money{least, uah});
  CHECK(Money::parse("00000000000000000000000000000000000000000000001", jpy) == Money{1, jpy});
}

TEST_CASE("what is read is what was written, in every number of decimals") {
  std::mt19937_64 random(1);
  for (const Currency currency : {jpy, uah, kwd, clf}) {
    for (int round = 0; round < 5'000; ++round) {
      const Money money{static_cast<std::int64_t>(random()) >> (random() % 64), currency};
      CHECK(Money::parse(money.amount_string(), currency) == money);
    }
    for (const std::int64_t minor : {least, least + 1, std::int64_t{-1}, std::int64_t{0}, most}) {
      CHECK(Money::parse(Money{minor, currency}.amount_string(), currency) == Money{minor, currency});
    }
  }
}

TEST_CASE("a text that is no amount is refused, saying what, where, and what would be right") {
  for (const char* text : {"",
                           "-",
                           ".",
                           "-.",
                           ".5",
                           "5.",
                           "+5",
                           " 5",
                           "5 ",
                           "--5",
                           "5-",
                           "1,5",
                           "1 200",
                           "1_200",
                           "1'200",
                           "1.2.3",
                           "1e3",
                           "0x10",
                           "nan",
                           "12.345",
                           "5.0 UAH",
                           "92233720368547758.08",
                           "-92233720368547758.09",
                           "99999999999999999999999999999999999999999999999999999999999"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(static_cast<void>(Money::parse(text, uah)), MoneyError);
  }
  CHECK_THROWS_AS(static_cast<void>(Money::parse(std::string_view("5\0", 2), uah)), MoneyError);
  CHECK_THROWS_AS(static_cast<void>(Money::parse("1.", jpy)), MoneyError);

  const auto why = [](std::string_view text, Currency currency) -> std::string {
    try {
      return Money::parse(text, currency).to_string();
    } catch (const MoneyError& error) {
      return error.what();
    }
  };
  CHECK(why("", uah) ==
        "\"\" is no amount of UAH: at character 1 there must be a digit; write it like 1200.00");
  CHECK(why("1,200", uah) ==
        "\"1,200\" is no amount of UAH: at character 2 there must be a digit; write it like 1200.00");
  CHECK(why("12.", uah) ==
        "\"12.\" is no amount of UAH: at character 4 there must be a digit; write it like 1200.00");
  CHECK(why("12.345", uah) ==
        "\"12.345\" is no amount of UAH: at character 6 stands one decimal too many (2 are possible); write "
        "it like 1200.00");
  CHECK(why("12.00", jpy) ==
        "\"12.00\" is no amount of JPY: at character 3 stands a point, but this currency has no decimals; "
        "write it like 120000");
  CHECK(why("1000000000000000000", uah) ==
        "\"1000000000000000000\" is no amount of UAH: it is beyond 92233720368547758.07 UAH, the limit of 64 "
        "bits; write it like 1200.00");
  CHECK(why("5\xE2\x82\xAC", eur) ==
        "\"5???\" is no amount of EUR: at character 2 there must be a digit; write it like 1200.00");
}

TEST_CASE("amounts of one currency add, subtract, multiply and compare") {
  const Money price{1250, uah};
  CHECK(price + Money{50, uah} == Money{1300, uah});
  CHECK(price - Money{2000, uah} == Money{-750, uah});
  CHECK(-price == Money{-1250, uah});
  CHECK(price * 3 == Money{3750, uah});
  CHECK(-3 * price == Money{-3750, uah});
  Money total;
  total = price;
  total += price;
  total -= Money{1, uah};
  CHECK(total == Money{2499, uah});
  CHECK(Money{-1, uah} < Money{1, uah});
  CHECK(Money{2, uah} >= Money{2, uah});
}

TEST_CASE("a result beyond 64 bits is refused instead of wrapping around") {
  CHECK(Money{most - 1, uah} + Money{1, uah} == Money{most, uah});
  CHECK(Money{least / 2, uah} * 2 == Money{least, uah});
  CHECK_THROWS_AS((Money{most, uah} + Money{1, uah}), MoneyError);
  CHECK_THROWS_AS((Money{least, uah} - Money{1, uah}), MoneyError);
  CHECK_THROWS_AS((Money{least, uah} + Money{-1, uah}), MoneyError);
  CHECK_THROWS_AS((-Money{least, uah}), MoneyError);
  CHECK_THROWS_AS((Money{most, uah} * 2), MoneyError);
  CHECK_THROWS_AS((Money{least, uah} * -1), MoneyError);
  CHECK_THROWS_AS((Money{least, uah} * least), MoneyError);
  CHECK_THROWS_WITH((Money{most, jpy} * most),
                    "the result is above 9223372036854775807 JPY, the limit of 64 bits");
  CHECK_THROWS_WITH((Money{most, jpy} * least),
                    "the result is below -9223372036854775808 JPY, the limit of 64 bits");
  Money untouched{most, uah};
  CHECK_THROWS_AS((untouched += Money{1, uah}), MoneyError);
  CHECK(untouched == Money{most, uah});
}

TEST_CASE("two currencies are never reckoned together, though they may be found unequal") {
  CHECK(Money{5, uah} != Money{5, eur});
  CHECK_FALSE(Money{} == Money{0, uah});
  CHECK_THROWS_WITH((Money{500, uah} + Money{500, eur}),
                    "5.00 UAH and 5.00 EUR are of different currencies and can't be reckoned together");
  CHECK_THROWS_AS((Money{5, uah} - Money{5, eur}), MoneyError);
  CHECK_THROWS_AS(static_cast<void>(Money{5, uah} < Money{5, eur}), MoneyError);
  CHECK_THROWS_AS(static_cast<void>(Money{5, uah} <=> Money{}), MoneyError);
}

TEST_CASE("a ratio is rounded once, in the way asked for") {
  const auto half_of = [](std::int64_t minor, Rounding rounding) {
    return Money{minor, uah}.times_ratio(1, 2, rounding).minor();
  };
  CHECK(half_of(5, Rounding::half_even) == 2);
  CHECK(half_of(7, Rounding::half_even) == 4);
  CHECK(half_of(5, Rounding::half_up) == 3);
  CHECK(half_of(5, Rounding::down) == 2);
  CHECK(half_of(5, Rounding::up) == 3);
  CHECK(half_of(-5, Rounding::half_even) == -2);
  CHECK(half_of(-5, Rounding::half_up) == -3);
  CHECK(half_of(-5, Rounding::down) == -2);
  CHECK(half_of(-5, Rounding::up) == -3);
  for (const Rounding rounding : all_roundings) {
    for (std::int64_t numerator = -100; numerator <= 100; ++numerator) {
      for (const std::int64_t denominator : {-12, -7, -2, -1, 1, 2, 3, 8, 10}) {
        CAPTURE(numerator);
        CAPTURE(denominator);
        CHECK(Money{1, uah}.times_ratio(numerator, denominator, rounding).minor() ==
              naive_quotient(numerator, denominator, rounding));
      }
    }
  }
}

TEST_CASE("a ratio stays exact over the whole range of 64 bits") {
  for (const Rounding rounding : all_roundings) {
    CHECK(Money{most, uah}.times_ratio(most, most, rounding) == Money{most, uah});
    CHECK(Money{least, uah}.times_ratio(least, least, rounding) == Money{least, uah});
    CHECK(Money{most - 1, uah}.times_ratio(-1, 2, rounding) == Money{-(most / 2), uah});
    CHECK_THROWS_AS(static_cast<void>(Money{least, uah}.times_ratio(1, -1, rounding)), MoneyError);
    CHECK_THROWS_AS(static_cast<void>(Money{most, uah}.times_ratio(3, 2, rounding)), MoneyError);
  }
  CHECK(Money{1, uah}.times_ratio(1, least, Rounding::up) == Money{-1, uah});
  CHECK(Money{1, uah}.times_ratio(least, most, Rounding::up) == Money{-2, uah});
  CHECK_THROWS_WITH(static_cast<void>(Money{500, uah}.times_ratio(1, 0, Rounding::down)),
                    "5.00 UAH can't be divided by zero");
}

TEST_CASE("the tax within a gross amount is what the net and its tax add up to") {
  CHECK(included_tax(Money{120'000, uah}, 2'000, Rounding::half_even) == Money{20'000, uah});
  CHECK(included_tax(Money{11'900, eur}, 1'900, Rounding::half_even) == Money{1'900, eur});
  CHECK(included_tax(Money{1'000, eur}, 700, Rounding::half_even) == Money{65, eur});
  CHECK(included_tax(Money{1'000, eur}, 700, Rounding::up) == Money{66, eur});
  CHECK(included_tax(Money{-1'000, eur}, 700, Rounding::half_even) == Money{-65, eur});
  CHECK(included_tax(Money{1'000, eur}, 0, Rounding::up) == Money{0, eur});
  CHECK(included_tax(Money{most, eur}, std::numeric_limits<std::uint32_t>::max(), Rounding::up) <
        Money{most, eur});
}

TEST_CASE("an amount is split to the last unit, the left-over units going to the largest remainders") {
  CHECK(split(100, {1, 1, 1}) == std::vector<std::int64_t>{34, 33, 33});
  CHECK(split(101, {1, 1, 1}) == std::vector<std::int64_t>{34, 34, 33});
  CHECK(split(10, {5, 3, 2}) == std::vector<std::int64_t>{5, 3, 2});
  CHECK(split(7, {1, 2, 4}) == std::vector<std::int64_t>{1, 2, 4});
  CHECK(split(5, {1, 2, 4}) == std::vector<std::int64_t>{1, 1, 3});
  CHECK(split(1, {1, 0, 1}) == std::vector<std::int64_t>{1, 0, 0});
  CHECK(split(2, {0, 0, 9}) == std::vector<std::int64_t>{0, 0, 2});
  CHECK(split(0, {1, 2}) == std::vector<std::int64_t>{0, 0});
  CHECK(split(-100, {1, 1, 1}) == std::vector<std::int64_t>{-34, -33, -33});
  CHECK(split(most, {most, most, most}) == std::vector<std::int64_t>{most / 3 + 1, most / 3, most / 3});
  CHECK(split(least, {most, 0}) == std::vector<std::int64_t>{least, 0});
  CHECK(allocate(Money{1, eur}, std::vector<std::int64_t>{1}).front().currency() == eur);
}

TEST_CASE("any split equals the naive one, and mirrors for the negative total") {
  std::mt19937_64 random(2);
  for (int round = 0; round < 5'000; ++round) {
    std::vector<std::int64_t> weights(1 + random() % 12);
    const std::uint64_t bound = 1 + random() % 40;
    for (std::int64_t& weight : weights) weight = static_cast<std::int64_t>(random() % bound);
    weights[random() % weights.size()] += 1;
    const auto total = static_cast<std::int64_t>(random() % 3'000);
    std::vector<std::int64_t> parts = split(total, weights);
    CHECK(parts == naive_split(total, weights));
    for (std::int64_t& part : parts) part = -part;
    CHECK(split(-total, weights) == parts);
  }
}

TEST_CASE("weights that divide nothing are refused") {
  CHECK_THROWS_WITH(split(100, {}), "1.00 UAH can't be split: at least one weight must be more than zero");
  CHECK_THROWS_AS(split(100, {0, 0}), MoneyError);
  CHECK_THROWS_WITH(split(100, {2, -1}), "weight 2 is -1; weights must be zero or more");
}
