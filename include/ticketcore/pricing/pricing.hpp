#pragma once
// Prices of an event: what a place of a category costs for a type of ticket, and the fees on top. All amounts
// are minor units of the price list's one currency; prices include tax.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ticketcore/base/detail/control_characters.hpp"
#include "ticketcore/base/fields.hpp"
#include "ticketcore/base/limits.hpp"
#include "ticketcore/base/money.hpp"

namespace ticketcore {

/// One line of a price list: a place of this category costs this much for this type of ticket.
struct Price {
  std::string category{};     ///< A category's key in the seat map.
  std::string ticket_type{};  ///< "adult", "child": any name of 1 to limits::label_bytes bytes of UTF-8.
  std::string amount{};       ///< "1200.00", read with the list's currency.
};

/// Fees and tax of an event; amounts as in Price.
struct Fees {
  std::string per_ticket = "0";
  std::string per_order = "0";
  std::uint32_t tax_basis_points = 0;  ///< 2000 is 20 %, contained in every price and fee. 0 to 100,000.
};

/// Immutable once made. Ticket types are numbered in the order in which they first appear.
class PriceList {
 public:
  struct Line {
    std::string category{};
    std::uint16_t ticket_type = 0;
    std::int64_t amount = 0;

    static constexpr auto fields =
        declare(field(1, "category", &Line::category),
                field(2, "ticket_type", &Line::ticket_type, {.most = limits::ticket_types - 1}),
                field(3, "amount", &Line::amount, {.most = limits::amount}));
  };

  PriceList() = default;

  /// Throws std::invalid_argument that names the line and what would be right: an amount that is not one or
  /// is negative, a name that is empty, too long, not UTF-8 or has a control character, a price given twice,
  /// too many ticket types.
  PriceList(Currency currency, const std::vector<Price>& prices, const Fees& fees = {});
  PriceList(std::string_view currency, const std::vector<Price>& prices, const Fees& fees = {})
      : PriceList(parse_currency(currency), prices, fees) {}

  /// From parts that were checked before: a log's.
  PriceList(Currency currency, std::vector<std::string> ticket_types, std::vector<Line> lines,
            std::int64_t per_ticket, std::int64_t per_order, std::uint32_t tax_basis_points)
      : currency_(currency),
        ticket_types_(std::move(ticket_types)),
        lines_(std::move(lines)),
        per_ticket_(per_ticket),
        per_order_(per_order),
        tax_basis_points_(tax_basis_points) {}

  [[nodiscard]] Currency currency() const noexcept { return currency_; }
  [[nodiscard]] const std::vector<std::string>& ticket_types() const noexcept { return ticket_types_; }
  [[nodiscard]] const std::vector<Line>& lines() const noexcept { return lines_; }
  [[nodiscard]] std::int64_t per_ticket() const noexcept { return per_ticket_; }
  [[nodiscard]] std::int64_t per_order() const noexcept { return per_order_; }
  [[nodiscard]] std::uint32_t tax_basis_points() const noexcept { return tax_basis_points_; }

  [[nodiscard]] std::optional<std::uint16_t> find_ticket_type(std::string_view name) const {
    for (std::size_t index = 0; index < ticket_types_.size(); ++index) {
      if (ticket_types_[index] == name) return static_cast<std::uint16_t>(index);
    }
    return std::nullopt;
  }

  /// Linear in the list, which is short.
  [[nodiscard]] std::optional<std::int64_t> price_of(std::string_view category,
                                                     std::uint16_t ticket_type) const {
    for (const Line& line : lines_) {
      if (line.ticket_type == ticket_type && line.category == category) return line.amount;
    }
    return std::nullopt;
  }

  friend bool operator==(const PriceList&, const PriceList&) = default;

 private:
  static Currency parse_currency(std::string_view code) {
    const auto currency = Currency::parse(code);
    if (!currency)
      throw std::invalid_argument("\"" + std::string(code) +
                                  "\" is no currency; it must be a code of ISO 4217 such as UAH or EUR");
    return *currency;
  }
  std::int64_t parse_amount(std::string_view text, const std::string& what) const {
    std::int64_t minor = 0;
    try {
      minor = Money::parse(text, currency_).minor();
    } catch (const std::exception& error) {
      throw std::invalid_argument(what + ": " + error.what());
    }
    if (minor < 0)
      throw std::invalid_argument(what + ": " + std::string(text) + " is negative; it must be zero or more");
    if (minor > limits::amount)
      throw std::invalid_argument(what + ": " + std::string(text) + " is more than " +
                                  std::to_string(limits::amount) + " minor units");
    return minor;
  }

  Currency currency_{};
  std::vector<std::string> ticket_types_{};
  std::vector<Line> lines_{};
  std::int64_t per_ticket_ = 0;
  std::int64_t per_order_ = 0;
  std::uint32_t tax_basis_points_ = 0;
};

inline PriceList::PriceList(Currency currency, const std::vector<Price>& prices, const Fees& fees)
    : currency_(currency), tax_basis_points_(fees.tax_basis_points) {
  per_ticket_ = parse_amount(fees.per_ticket, "fee per ticket");
  per_order_ = parse_amount(fees.per_order, "fee per order");
  if (tax_basis_points_ > limits::tax_basis_points)
    throw std::invalid_argument("tax of " + std::to_string(tax_basis_points_) + " basis points; 0 to " +
                                std::to_string(limits::tax_basis_points) + " are possible");
  if (prices.size() > limits::prices)
    throw std::invalid_argument("a list of " + std::to_string(prices.size()) + " prices; at most " +
                                std::to_string(limits::prices) + " are possible");
  for (const Price& price : prices) {
    const std::string what = "price of " + price.category + ", " + price.ticket_type;
    for (const std::string* name : {&price.category, &price.ticket_type}) {
      if (name->empty() || name->size() > limits::label_bytes)
        throw std::invalid_argument(what + ": category and ticket type need 1 to " +
                                    std::to_string(limits::label_bytes) + " bytes");
      if (const std::string_view fault = detail::fault_of_text(*name); !fault.empty())
        throw std::invalid_argument("price " + std::to_string(lines_.size() + 1) +
                                    ": a category or ticket type " + std::string(fault));
    }
    auto type = find_ticket_type(price.ticket_type);
    if (!type) {
      if (ticket_types_.size() == limits::ticket_types)
        throw std::invalid_argument(what + ": at most " + std::to_string(limits::ticket_types) +
                                    " ticket types are possible");
      ticket_types_.push_back(price.ticket_type);
      type = static_cast<std::uint16_t>(ticket_types_.size() - 1);
    }
    if (price_of(price.category, *type)) throw std::invalid_argument(what + " stands twice");
    lines_.push_back({price.category, *type, parse_amount(price.amount, what)});
  }
}

/// All that a price list is made of, as it is written.
struct PriceListParts {
  std::string currency{};
  std::vector<std::string> ticket_types{};
  std::vector<PriceList::Line> lines{};
  std::int64_t per_ticket = 0;
  std::int64_t per_order = 0;
  std::uint32_t tax_basis_points = 0;

  static constexpr auto fields = declare(
      field(1, "currency", &PriceListParts::currency),
      field(2, "ticket_types", &PriceListParts::ticket_types, {.most = limits::ticket_types}),
      field(3, "lines", &PriceListParts::lines, {.most = limits::prices}),
      field(4, "per_ticket", &PriceListParts::per_ticket, {.most = limits::amount}),
      field(5, "per_order", &PriceListParts::per_order, {.most = limits::amount}),
      field(6, "tax_basis_points", &PriceListParts::tax_basis_points, {.most = limits::tax_basis_points}));
};

[[nodiscard]] inline PriceListParts parts_of(const PriceList& prices) {
  return {std::string(prices.currency().code()),
          prices.ticket_types(),
          prices.lines(),
          prices.per_ticket(),
          prices.per_order(),
          prices.tax_basis_points()};
}

}  // namespace ticketcore
