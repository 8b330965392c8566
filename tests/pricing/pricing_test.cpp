#include "ticketcore/pricing/pricing.hpp"

#include <doctest/doctest.h>

using namespace ticketcore;

TEST_CASE("prices are found by category and ticket type") {
  const PriceList list("JPY", {{"a", "adult", "1200"}, {"b", "adult", "900"}, {"a", "child", "600"}},
                       {.per_ticket = "50"});
  CHECK(list.ticket_types() == std::vector<std::string>{"adult", "child"});
  CHECK(list.price_of("a", 1) == 600);
  CHECK_FALSE(list.price_of("b", 1).has_value());
  CHECK_FALSE(list.find_ticket_type("senior").has_value());
  CHECK(list.per_ticket() == 50);
}

TEST_CASE("a price list that can't be meant is refused with the line at fault") {
  const auto make = [](const char* currency, const std::vector<Price>& prices, const Fees& fees = {}) {
    return PriceList(currency, prices, fees);
  };
  CHECK_THROWS_WITH_AS((void)make("UHA", {}), doctest::Contains("UHA"), std::invalid_argument);
  CHECK_THROWS_WITH_AS((void)make("UAH", {{"a", "adult", "12,50"}}), doctest::Contains("price of a, adult"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS((void)make("UAH", {{"a", "adult", "-1"}}), doctest::Contains("negative"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS((void)make("UAH", {{"a", "adult", "1"}, {"a", "adult", "2"}}),
                       doctest::Contains("stands twice"), std::invalid_argument);
  CHECK_THROWS_WITH_AS((void)make("UAH", {{"", "adult", "1"}}), doctest::Contains("1 to 100 bytes"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS((void)make("UAH", {{"a", "b", "1"}, {"a", "\xFF", "1"}}),
                       "price 2: a category or ticket type is not UTF-8", std::invalid_argument);
  CHECK_THROWS_WITH_AS((void)make("UAH", {{"a", "adult", "99999999999999"}}),
                       doctest::Contains("minor units"), std::invalid_argument);
  CHECK_THROWS_WITH_AS((void)make("UAH", {}, {.per_order = "x"}), doctest::Contains("fee per order"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS((void)make("UAH", {}, {.tax_basis_points = 100'001}),
                       doctest::Contains("basis points"), std::invalid_argument);
}
