// Ids, times, amounts, currencies and names as people and programs write them.

#include "fuzz.hpp"
#include "ticketcore/base/ids.hpp"
#include "ticketcore/base/money.hpp"
#include "ticketcore/base/time.hpp"
#include "ticketcore/pricing/pricing.hpp"

namespace ticketcore::fuzz {
namespace {

[[nodiscard]] std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

void check_money(std::string_view text, Currency currency) {
  try {
    const Money money = Money::parse(text, currency);
    require(Money::parse(money.amount_string(), currency) == money, "an amount survives as text");
    const PriceList prices(currency, {{"parquet", "adult", std::string(text)}});
    require(prices.lines().front().amount == money.minor(), "a price is its amount");
  } catch (const MoneyError&) {
  } catch (const std::invalid_argument&) {
  }
}

}  // namespace

void values(BytesView bytes) {
  const std::string_view text = text_of(bytes);
  if (const auto id = parse_id(text)) require(to_string(*id) == lower(text), "an id is one text");
  if (const auto ticket = parse_ticket_id(text))
    require(to_string(*ticket) == lower(text), "a ticket's id is one text");
  if (const auto time = parse_rfc3339(text))
    require(parse_rfc3339(to_rfc3339(*time)) == time, "a time survives as text");
  if (const auto currency = Currency::parse(text))
    require(currency->code() == text, "a currency is its code");
  for (const char* code : {"UAH", "JPY", "KWD", "CLF"}) check_money(text, Currency(code));
  try {
    require(EventId(text).text() == text, "an id is its text");
  } catch (const std::invalid_argument&) {
  }
  try {
    require(HolderId(text).text() == text, "a holder is its text");
  } catch (const std::invalid_argument&) {
  }
  if (bytes.size() >= sizeof(std::int64_t)) {
    std::int64_t number = 0;
    std::copy_n(bytes.begin(), sizeof number, reinterpret_cast<std::uint8_t*>(&number));
    const Timestamp time{std::chrono::microseconds{number}};
    const std::string shown = to_rfc3339(time);
    require(shown.starts_with('@') || parse_rfc3339(shown) == time, "a time survives as text");
    const Money money{number, Currency("KWD")};
    require(Money::parse(money.amount_string(), money.currency()) == money, "an amount survives as text");
  }
}

}  // namespace ticketcore::fuzz
