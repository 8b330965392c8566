#include "results.hpp"

#include <datetime.h>

#include "ticketcore/tickets/ticket_code.hpp"
#include "ticketcore/tickets/ticket_svg.hpp"
#include "value_class.hpp"

namespace ticketcore::python {
namespace {

/// A Python object that is looked up once and kept for as long as the interpreter lives.
template <class Find>
[[nodiscard]] py::handle keep(Find find) {
  PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<py::object> kept;
  return kept.call_once_and_store_result(find).get_stored();
}

[[nodiscard]] py::object ids_to_tuple(const std::vector<TicketId>& ids) {
  py::tuple result(ids.size());
  for (std::size_t index = 0; index < ids.size(); ++index) result[index] = to_str(to_string(ids[index]));
  return result;
}

[[nodiscard]] py::object id_to_str(const Id128& id) { return to_str(to_string(id)); }

[[nodiscard]] std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

void add_row(std::string& out, std::initializer_list<std::string> cells) {
  out += "<tr>";
  for (const std::string& cell : cells) out += "<td>" + escaped(cell) + "</td>";
  out += "</tr>";
}

[[nodiscard]] std::string quote_html(const Quote& quote) {
  std::string out =
      "<table><caption>Quote</caption><tr><th>Category</th><th>Type</th><th>Count</th><th>Each</"
      "th><th>Amount</th></tr>";
  for (const PricedLine& line : quote.lines)
    add_row(out, {line.category, line.ticket_type, std::to_string(line.count), line.unit_price.to_string(),
                  line.amount.to_string()});
  add_row(out, {"Fees", "", "", "", (quote.ticket_fees + quote.order_fee).to_string()});
  add_row(out, {"Total", "", "", "tax " + quote.tax.to_string(), quote.total.to_string()});
  return out + "</table>";
}

[[nodiscard]] std::string order_html(const Order& order) {
  std::string out = "<table><caption>Order " + std::to_string(order.number) + " for " +
                    escaped(order.holder.text()) +
                    "</caption><tr><th>Place</th><th>Category</th><th>Type</th><th>Price</th></tr>";
  for (const Ticket& ticket : order.tickets)
    add_row(out, {ticket.place, ticket.category, ticket.ticket_type, ticket.price.to_string()});
  add_row(out, {"Fees", "", "", (order.ticket_fees + order.order_fee).to_string()});
  add_row(out, {"Total", "", "tax " + order.tax.to_string(), order.total.to_string()});
  return out + "</table>";
}

[[nodiscard]] std::string code_of(const TicketValue& value) {
  if (!value.context.signing_key) {
    PyErr_SetString(package("_errors", "Error").ptr(),
                    "this ticket has no code: its box office was opened without a signing_key");
    throw py::error_already_set();
  }
  return ticket_code({value.ticket.event, value.ticket.id}, *value.context.signing_key);
}

/// Python's zoneinfo.ZoneInfo of that name; None for UTC. Raises ZoneInfoNotFoundError.
[[nodiscard]] py::object zone_of(const EventSettings& settings) {
  if (settings.time_zone.empty()) return py::none();
  return py::module_::import("zoneinfo").attr("ZoneInfo")(settings.time_zone);
}

/// "Sunday, 31 January 2027, 19:30 UTC", or in the zone given.
[[nodiscard]] std::string people_date(Timestamp time, py::handle zone) {
  py::object moment = to_datetime(time);
  if (!zone.is_none()) moment = moment.attr("astimezone")(zone);
  const std::string day = std::to_string(moment.attr("day").cast<int>());
  return (moment.attr("strftime")("%A, ").cast<std::string>() + day +
          moment.attr("strftime")(" %B %Y, %H:%M").cast<std::string>()) +
         (zone.is_none() ? " UTC" : "");
}

[[nodiscard]] std::string draw(const TicketValue& value, py::handle zone) {
  const Ticket& ticket = value.ticket;
  const Availability& at = *value.context.at;
  const auto category = at.seat_map().find_category(ticket.category);
  TicketPicture picture;
  picture.event = at.settings().name;
  picture.venue = at.settings().venue;
  picture.starts_at = people_date(at.settings().starts_at, zone.is_none() ? zone_of(at.settings()) : zone);
  picture.section = ticket.section;
  picture.row = ticket.row;
  picture.seat = ticket.seat;
  if (ticket.row.empty()) picture.area = ticket.place;
  picture.category = category ? at.seat_map().categories()[category->value].name : ticket.category;
  if (category) picture.category_color = at.seat_map().categories()[category->value].color;
  picture.ticket_type = ticket.ticket_type;
  picture.price = ticket.price.to_string();
  picture.holder = value.holder.text();
  picture.order_number = std::to_string(value.order_number);
  picture.ticket_id = to_string(ticket.id);
  picture.code = code_of(value);
  return ticket_svg(picture);
}

void add_hold(py::module_& module) {
  ValueClass<HoldValue>(module, "Hold", "Places reserved for a holder until a deadline.")
      .field(
          "id", [](const HoldValue& hold) { return id_to_str(hold.id); },
          "The request that placed it: a UUID of version 7, as text.")
      .field(
          "holder", [](const HoldValue& hold) { return to_str(hold.placed.holder.text()); },
          "Whom it is for: a cart, a session, an account.")
      .field(
          "places",
          [](const HoldValue& hold) -> py::object {
            py::tuple labels(hold.placed.places.size());
            for (std::size_t index = 0; index < labels.size(); ++index)
              labels[index] = to_str(hold.seat_map->label(hold.placed.places[index]));
            return labels;
          },
          "Whole labels, in the order chosen.")
      .field(
          "areas",
          [](const HoldValue& hold) -> py::object {
            py::dict areas;
            for (const AreaQuantity& held : hold.placed.areas)
              areas[to_str(hold.seat_map->label(held.area))] = held.quantity;
            return areas;
          },
          "Admissions to standing areas, by label.")
      .field(
          "expires_at", [](const HoldValue& hold) { return to_datetime(hold.placed.expires_at); },
          "When the places come free, in UTC, whole seconds.")
      .finish();
}

void add_hold_outcome(py::module_& module) {
  ValueClass<HoldOutcome>(module, "HoldOutcome", "Whether a hold is open, or how it ended.")
      .field(
          "end", [](const HoldOutcome& outcome) { return to_str(to_string(outcome.end)); },
          "'open', 'expired', 'released' or 'checked_out'.")
      .field(
          "order",
          [](const HoldOutcome& outcome) {
            return outcome.order ? id_to_str(outcome.order->id) : py::object(py::none());
          },
          "The id of the order that it became; None unless it was checked out.")
      .field(
          "order_number",
          [](const HoldOutcome& outcome) -> py::object {
            return outcome.order ? py::int_(outcome.order->number) : py::object(py::none());
          },
          "That order's number.")
      .finish();
}

void add_quote(py::module_& module) {
  ValueClass<PricedLine>(module, "PricedLine", "Admissions of one category, ticket type and price.")
      .field(
          "category", [](const PricedLine& line) { return to_str(line.category); }, "The category's key.")
      .field(
          "ticket_type", [](const PricedLine& line) { return to_str(line.ticket_type); },
          "'adult', 'child', ...")
      .field(
          "count", [](const PricedLine& line) -> py::object { return py::int_(line.count); }, "How many.")
      .field(
          "unit_price", [](const PricedLine& line) { return to_decimal(line.unit_price); },
          "What each costs, without fees.")
      .field(
          "amount", [](const PricedLine& line) { return to_decimal(line.amount); }, "count times unit_price.")
      .finish();
  ValueClass<Quote>(module, "Quote", "A hold priced, line by line. The price is fixed until the hold ends.")
      .field(
          "hold", [](const Quote& quote) { return id_to_str(quote.hold); }, "The hold's id.")
      .field(
          "lines",
          [](const Quote& quote) -> py::object {
            py::tuple lines(quote.lines.size());
            for (std::size_t index = 0; index < quote.lines.size(); ++index)
              lines[index] = py::cast(quote.lines[index]);
            return lines;
          },
          "One for each category and ticket type, in the order of the hold's places.")
      .field(
          "ticket_fees", [](const Quote& quote) { return to_decimal(quote.ticket_fees); },
          "The fee per ticket times the tickets.")
      .field(
          "order_fee", [](const Quote& quote) { return to_decimal(quote.order_fee); }, "The fee per order.")
      .field(
          "total", [](const Quote& quote) { return to_decimal(quote.total); }, "What is to be paid.")
      .field(
          "tax", [](const Quote& quote) { return to_decimal(quote.tax); }, "Contained in total.")
      .field(
          "currency", [](const Quote& quote) { return to_str(quote.total.currency().code()); },
          "A code of ISO 4217.")
      .def("_repr_html_", &quote_html, "The quote as a table, for notebooks.")
      .finish();
}

void add_ticket(py::module_& module) {
  ValueClass<TicketValue>(module, "Ticket", "The right to one admission.")
      .field(
          "id", [](const TicketValue& value) { return to_str(to_string(value.ticket.id)); },
          "'<order id>-<number>'.")
      .field(
          "event", [](const TicketValue& value) { return to_str(value.ticket.event.text()); },
          "The event's id.")
      .field(
          "place", [](const TicketValue& value) { return to_str(value.ticket.place); },
          "The whole label of the place, or of the area.")
      .field(
          "section", [](const TicketValue& value) { return to_str(value.ticket.section); },
          "The section's label.")
      .field(
          "row", [](const TicketValue& value) { return to_str(value.ticket.row); }, "Empty in an area.")
      .field(
          "seat", [](const TicketValue& value) { return to_str(value.ticket.seat); },
          "Empty in an area, and for a whole table or booth.")
      .field(
          "category", [](const TicketValue& value) { return to_str(value.ticket.category); },
          "The category's key.")
      .field(
          "ticket_type", [](const TicketValue& value) { return to_str(value.ticket.ticket_type); },
          "'adult', 'child', ...")
      .field(
          "price", [](const TicketValue& value) { return to_decimal(value.ticket.price); }, "Without fees.")
      .field(
          "currency", [](const TicketValue& value) { return to_str(value.ticket.price.currency().code()); },
          "A code of ISO 4217.")
      .property(
          "code", [](const TicketValue& value) { return to_str(code_of(value)); },
          "What the barcode carries, signed with the box office's key. Raises Error where it has none.")
      .def(
          "svg", [](const TicketValue& value, const py::object& tz) { return to_str(draw(value, tz)); },
          py::kw_only(), py::arg("tz") = py::none(),
          "The ticket as a picture with its QR code: an SVG document. tz is the time zone in which the "
          "beginning is written; the event's own if None.")
      .def(
          "_repr_svg_",
          [](const TicketValue& value) -> py::object {
            return value.context.signing_key ? to_str(draw(value, py::none())) : py::none();
          },
          "The ticket as a picture, for notebooks; None where there is no signing key.")
      .finish();
}

void add_order(py::module_& module) {
  ValueClass<OrderValue>(module, "Order", "What was bought, as it was placed.")
      .field(
          "id", [](const OrderValue& value) { return id_to_str(value.order.id); },
          "The request that checked the hold out.")
      .field(
          "number", [](const OrderValue& value) -> py::object { return py::int_(value.order.number); },
          "Counts the event's orders from 1.")
      .field(
          "holder", [](const OrderValue& value) { return to_str(value.order.holder.text()); },
          "Whose hold it was.")
      .field(
          "placed_at", [](const OrderValue& value) { return to_datetime(value.order.placed_at); }, "In UTC.")
      .field(
          "tickets",
          [](const OrderValue& value) -> py::object {
            const Order& order = value.order;
            py::tuple tickets(order.tickets.size());
            for (std::size_t index = 0; index < order.tickets.size(); ++index)
              tickets[index] =
                  py::cast(TicketValue{order.tickets[index], order.number, order.holder, value.context});
            return tickets;
          },
          "All that the order began with, refunded ones too.")
      .field(
          "ticket_fees", [](const OrderValue& value) { return to_decimal(value.order.ticket_fees); },
          "The fee per ticket times the tickets.")
      .field(
          "order_fee", [](const OrderValue& value) { return to_decimal(value.order.order_fee); },
          "The fee per order.")
      .field(
          "total", [](const OrderValue& value) { return to_decimal(value.order.total); }, "What was paid.")
      .field(
          "tax", [](const OrderValue& value) { return to_decimal(value.order.tax); }, "Contained in total.")
      .field(
          "currency", [](const OrderValue& value) { return to_str(value.order.total.currency().code()); },
          "A code of ISO 4217.")
      .field(
          "payment_method", [](const OrderValue& value) { return to_str(value.order.payment_method); },
          "'card', 'cash', ...")
      .field(
          "payment_reference", [](const OrderValue& value) { return to_str(value.order.payment_reference); },
          "The payment provider's; may be empty.")
      .field(
          "note", [](const OrderValue& value) { return to_str(value.order.note); },
          "What staff noted; may be empty.")
      .def(
          "_repr_html_", [](const OrderValue& value) { return to_str(order_html(value.order)); },
          "The order as a table, for notebooks.")
      .finish();
  ValueClass<Refund>(module, "Refund", "Tickets that are void from now on, and what is owed for them.")
      .field(
          "order", [](const Refund& refund) { return id_to_str(refund.order); }, "The order's id.")
      .field(
          "tickets", [](const Refund& refund) { return ids_to_tuple(refund.tickets); }, "The tickets' ids.")
      .field(
          "amount", [](const Refund& refund) { return to_decimal(refund.amount); }, "Owed to the buyer.")
      .field(
          "currency", [](const Refund& refund) { return to_str(refund.amount.currency().code()); },
          "A code of ISO 4217.")
      .finish();
  ValueClass<Admission>(module, "Admission", "A ticket that was let in.")
      .field(
          "ticket", [](const Admission& admission) { return to_str(to_string(admission.ticket)); },
          "The ticket's id.")
      .field(
          "place", [](const Admission& admission) { return to_str(admission.place); },
          "The whole label of its place or area.")
      .field(
          "gate", [](const Admission& admission) { return to_str(admission.gate); }, "Where.")
      .field(
          "at", [](const Admission& admission) { return to_datetime(admission.at); }, "When, in UTC.")
      .finish();
}

}  // namespace

py::object to_str(std::string_view text) {
  PyObject* result = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "strict");
  if (result != nullptr) return py::reinterpret_steal<py::object>(result);
  PyErr_Clear();
  return to_str_lossy(text);
}

py::object to_str_lossy(std::string_view text) {
  PyObject* result = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
  if (result == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(result);
}

py::object to_datetime(Timestamp time) {
  if (PyDateTimeAPI == nullptr) PyDateTime_IMPORT;
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  const int year = static_cast<int>(date.year());
  if (year < 1 || year > 9'999) throw py::value_error("a time outside the years 1 to 9999");
  PyObject* result = PyDateTimeAPI->DateTime_FromDateAndTime(
      year, static_cast<int>(static_cast<unsigned>(date.month())),
      static_cast<int>(static_cast<unsigned>(date.day())), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
      static_cast<int>(clock.subseconds().count()), PyDateTimeAPI->TimeZone_UTC, PyDateTimeAPI->DateTimeType);
  if (result == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(result);
}

py::object to_timedelta(std::chrono::microseconds time) {
  if (PyDateTimeAPI == nullptr) PyDateTime_IMPORT;
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss rest(time - days);
  const auto seconds = rest.hours() + rest.minutes() + rest.seconds();
  PyObject* result = PyDelta_FromDSU(static_cast<int>(days.count()), static_cast<int>(seconds.count()),
                                     static_cast<int>(rest.subseconds().count()));
  if (result == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(result);
}

py::object to_decimal(const Money& money) { return decimal_type()(to_str(money.amount_string())); }

py::object to_bytes(BytesView bytes) {
  return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

py::object to_tuple(const std::vector<std::string>& texts) {
  py::tuple result(texts.size());
  for (std::size_t index = 0; index < texts.size(); ++index) result[index] = to_str(texts[index]);
  return result;
}

py::handle epoch() {
  return keep([] { return to_datetime(Timestamp{}); });
}
py::handle decimal_type() {
  return keep([]() -> py::object { return py::module_::import("decimal").attr("Decimal"); });
}
py::handle uuid_type() {
  return keep([]() -> py::object { return py::module_::import("uuid").attr("UUID"); });
}

py::object package(const char* module, const char* name) {
  return py::module_::import((std::string("ticketcore.") + module).c_str()).attr(name);
}

py::object to_exception(const Refusal& refusal) {
  const py::handle make = keep([] { return package("_errors", "refusal"); });
  const auto number = [](const std::optional<std::int64_t>& value) -> py::object {
    return value ? py::int_(*value) : py::object(py::none());
  };
  return make(to_str(to_string(refusal.reason)), to_str_lossy(refusal.message), to_tuple(refusal.places),
              number(refusal.limit), number(refusal.asked), number(refusal.available),
              refusal.at ? to_datetime(*refusal.at) : py::object(py::none()), to_str_lossy(refusal.where),
              refusal.order ? to_str(to_string(refusal.order->id)) : py::object(py::none()),
              refusal.order ? py::int_(refusal.order->number) : py::object(py::none()));
}

void raise_refusal(const Refusal& refusal) {
  const py::object exception = to_exception(refusal);
  PyErr_SetObject(py::type::of(exception).ptr(), exception.ptr());
  throw py::error_already_set();
}

void add_results(py::module_& module) {
  PyDateTime_IMPORT;
  if (PyDateTimeAPI == nullptr) throw py::error_already_set();
  add_hold(module);
  add_hold_outcome(module);
  add_quote(module);
  add_ticket(module);
  add_order(module);
}

}  // namespace ticketcore::python
