// PriceList, SalePolicy and an event's settings.

#include "arguments.hpp"
#include "event.hpp"
#include "value_class.hpp"

namespace ticketcore::python {
namespace {

/// {"stalls": {"adult": "1200.00", "child": "600.00"}}
[[nodiscard]] std::vector<Price> prices_of(const py::object& prices) {
  constexpr const char* wanted = "a mapping such as {'stalls': {'adult': '1200.00', 'child': '600.00'}}";
  const auto is_mapping = [](py::handle value) {
    return !PyUnicode_Check(value.ptr()) && py::hasattr(value, "items");
  };
  if (!is_mapping(prices)) wrong_type("prices", prices, wanted);
  std::vector<Price> result;
  for (const py::handle item : prices.attr("items")()) {
    const auto [category, types] = item.cast<std::pair<py::object, py::object>>();
    const std::string key = text(category, "a category in prices");
    if (!is_mapping(types))
      wrong_type("prices['" + key + "']", types, "a mapping from ticket types to amounts");
    for (const py::handle price : types.attr("items")()) {
      const auto [type, amount] = price.cast<std::pair<py::object, py::object>>();
      const std::string name = text(type, "a ticket type in prices['" + key + "']");
      result.push_back({key, name, amount_text(amount, "prices['" + key + "']['" + name + "']")});
    }
  }
  return result;
}

/// Percent with up to two decimals as basis points.
[[nodiscard]] std::uint32_t basis_points(const py::object& percent) {
  const py::object exact = decimal_type()(to_str(amount_text(percent, "tax_percent"))) * py::int_(100);
  const py::object whole = exact.attr("to_integral_value")();
  if (!exact.equal(whole) || whole < py::int_(0) || whole > py::int_(100'000))
    wrong_value("tax_percent", percent, "0 to 1000, with at most two decimals");
  return whole.attr("__int__")().cast<std::uint32_t>();
}

[[nodiscard]] py::object percent_of(std::uint32_t points) {
  return decimal_type()(py::int_(points)) / decimal_type()(py::int_(100));
}

[[nodiscard]] PriceList make_prices(const py::object& code, const py::object& prices,
                                    const py::object& per_ticket, const py::object& per_order,
                                    const py::object& tax_percent) {
  const Currency money_of = currency(code, "currency");
  const Fees fees{amount_text(per_ticket, "per_ticket"), amount_text(per_order, "per_order"),
                  basis_points(tax_percent)};
  return {money_of, prices_of(prices), fees};
}

[[nodiscard]] SalePolicy make_policy(const py::object& places_per_hold, const py::object& holds_per_holder,
                                     const py::object& places_per_holder, const py::object& hold_lifetime) {
  return {count(places_per_hold, "places_per_hold", 1), count(holds_per_holder, "holds_per_holder", 1),
          count(places_per_holder, "places_per_holder", 1), seconds(hold_lifetime, "hold_lifetime")};
}

}  // namespace

py::object prices_to_dict(const PriceList& prices) {
  py::dict result;
  for (const PriceList::Line& line : prices.lines()) {
    const py::object key = to_str(line.category);
    if (!result.contains(key)) result[key] = py::dict();
    result[key].cast<py::dict>()[to_str(prices.ticket_types()[line.ticket_type])] =
        to_decimal(Money{line.amount, prices.currency()});
  }
  return result;
}

void add_settings(py::module_& module) {
  const auto per = [](std::int64_t amount, const PriceList& list) {
    return to_decimal(Money{amount, list.currency()});
  };
  ValueClass<PriceList>(module, "PriceList",
                        "What an event's places cost: prices by category and ticket type, fees, and the tax "
                        "that all of them contain.")
      .def(py::init(&make_prices), py::arg("currency"), py::arg("prices"), py::kw_only(),
           py::arg("per_ticket") = 0, py::arg("per_order") = 0, py::arg("tax_percent") = 0,
           "currency is a code of ISO 4217. prices maps a category's key to a mapping from ticket type to "
           "amount: Decimal, str or int, never float.")
      .field(
          "currency", [](const PriceList& list) { return to_str(list.currency().code()); },
          "A code of ISO 4217.")
      .field(
          "prices", [](const PriceList& list) { return prices_to_dict(list); },
          "Amounts by category and ticket type.")
      .field(
          "per_ticket", [per](const PriceList& list) { return per(list.per_ticket(), list); },
          "The fee per ticket.")
      .field(
          "per_order", [per](const PriceList& list) { return per(list.per_order(), list); },
          "The fee per order.")
      .field(
          "tax_percent", [](const PriceList& list) { return percent_of(list.tax_basis_points()); },
          "Contained in every price and fee.")
      .finish();
  ValueClass<SalePolicy>(
      module, "SalePolicy",
      "What an event allows its buyers. Every number is a limit that is met with a refusal.")
      .def(py::init(&make_policy), py::kw_only(), py::arg("places_per_hold") = 50,
           py::arg("holds_per_holder") = 10, py::arg("places_per_holder") = 1'000,
           py::arg("hold_lifetime") = to_timedelta(std::chrono::hours(1)),
           "Limits that are not given are those of a usual sale.")
      .field(
          "places_per_hold",
          [](const SalePolicy& policy) -> py::object { return py::int_(policy.places_per_hold); },
          "Places and admissions of one hold.")
      .field(
          "holds_per_holder",
          [](const SalePolicy& policy) -> py::object { return py::int_(policy.holds_per_holder); },
          "Open at one time.")
      .field(
          "places_per_holder",
          [](const SalePolicy& policy) -> py::object { return py::int_(policy.places_per_holder); },
          "Held and bought together.")
      .field(
          "hold_lifetime", [](const SalePolicy& policy) { return to_timedelta(policy.hold_lifetime); },
          "However often it is extended, a hold ends this long after it began.")
      .finish();
  py::class_<EventSettings>(module, "Settings",
                            "What an event is called, when it begins, what it costs and what it allows.")
      .def(py::init([](const py::object& name, const py::object& venue, const py::object& starts_at,
                       const py::object& time_zone, const PriceList& prices, const SalePolicy& policy) {
             return EventSettings{text(name, "name"),
                                  text(venue, "venue"),
                                  moment(starts_at, "starts_at"),
                                  prices,
                                  policy,
                                  text(time_zone, "time_zone")};
           }),
           py::arg("name"), py::arg("venue"), py::arg("starts_at"), py::arg("time_zone"), py::arg("prices"),
           py::arg("policy"));
}

}  // namespace ticketcore::python
