#pragma once
// Events, the commands that they are sent, and asyncio's way to their answers.

#include "office.hpp"

namespace ticketcore::python {

struct EventValue {
  std::shared_ptr<Office> office{};
  Event event;
};

/// The value that the fact grants, or an instance of Refused.
[[nodiscard]] py::object to_object(const EventValue& event, const Answer& answer);

/// An event's settings (create_event, configure): PriceList and SalePolicy, name, venue, begin.
void add_settings(py::module_& module);
void add_event(py::module_& module);
void add_availability(py::module_& module);
/// Orders and tickets as columns.
void add_tables(py::class_<EventValue>& event);
/// Seating lists, and the feed of changes in availability.
void add_change_feed(py::module_& module, py::class_<EventValue>& event);
void add_completions(py::module_& module);
void add_seat_map(py::module_& module);
void add_log(py::module_& module);

[[nodiscard]] py::object prices_to_dict(const PriceList& prices);

}  // namespace ticketcore::python
