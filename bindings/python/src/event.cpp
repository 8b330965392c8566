#include "event.hpp"

#include "arguments.hpp"
#include "ticketcore/base/id_generator.hpp"

namespace ticketcore::python {
namespace {

[[nodiscard]] RequestId or_new(RequestId request) { return request.is_zero() ? new_request_id() : request; }

/// The event as it was last seen. Throws Closed, ForkedError.
[[nodiscard]] std::shared_ptr<const Availability> availability_of(const EventValue& self) {
  const Office::Call call(*self.office);
  return self.event.availability();
}

/// None where nothing was looked at yet.
[[nodiscard]] py::object age_of(const EventValue& self) {
  const Office::Call call(*self.office);
  const std::chrono::microseconds age = self.event.age();
  return age == std::chrono::microseconds::max() ? py::object(py::none()) : to_timedelta(age);
}

/// The command, or raises why there is none.
[[nodiscard]] Command need(Result<Command> command) {
  if (!command) raise_refusal(command.refusal());
  return std::move(command).value();
}

[[nodiscard]] HoldOptions hold_options(const py::object& holder, const py::object& ttl,
                                       const py::object& request_id) {
  return {
      .holder = HolderId(text(holder, "holder")), .ttl = seconds(ttl, "ttl"), .request = request(request_id)};
}

[[nodiscard]] std::vector<AreaAdmissions> areas_of(const py::object& areas) {
  if (areas.is_none()) return {};
  if (!PyMapping_Check(areas.ptr()) || PyUnicode_Check(areas.ptr()) || !py::hasattr(areas, "items"))
    wrong_type("areas", areas, "a mapping from an area's label to a number of admissions");
  std::vector<AreaAdmissions> result;
  for (const py::handle item : areas.attr("items")()) {
    const auto pair = py::reinterpret_borrow<py::tuple>(item);
    const std::string label = text(pair[0], "a label in areas");
    result.push_back({label, count(pair[1], "areas['" + label + "']", 1)});
  }
  return result;
}

/// Adds places by the labels in a tuple or list; name says what an item is called in errors. False when the
/// map lacks one.
template <class Name>
[[nodiscard]] bool add_places(PlaceList& places, const SeatMap& map, py::handle labels, Name name) {
  const Py_ssize_t size = PySequence_Fast_GET_SIZE(labels.ptr());
  for (Py_ssize_t at = 0; at < size; ++at) {
    const std::string_view label =
        text_view(PySequence_Fast_GET_ITEM(labels.ptr(), at), [&] { return name(at); });
    const std::optional<PlaceIndex> place = map.find_place_ever(label);
    if (!place) return false;
    places.push_back(*place);
  }
  return true;
}

[[nodiscard]] std::shared_ptr<const SeatMap> map_now(const EventValue& self) {
  return unlocked(*self.office, [&](const Office::Call&) { return self.event.seat_map(); });
}

/// Why there are not all of these places, in the event's own words.
[[nodiscard]] Refusal unknown_places(const EventValue& self, py::handle labels, const std::string& name) {
  Selection selection;
  selection.places = texts(labels, name);
  return unlocked(*self.office,
                  [&](const Office::Call&) { return self.event.hold_command(selection, {}).refusal(); });
}

[[nodiscard]] Command hold_command(const EventValue& self, const py::tuple& places, const py::object& areas,
                                   const py::object& holder, const py::object& ttl,
                                   const py::object& request_id) {
  if (areas.is_none()) {
    PlaceHold hold;
    const bool known = add_places(hold.places, *map_now(self), places,
                                  [](Py_ssize_t at) { return "places[" + std::to_string(at) + "]"; });
    const HoldOptions options = hold_options(holder, ttl, request_id);
    if (!known) raise_refusal(unknown_places(self, places, "places"));
    hold.holder = options.holder;
    hold.ttl = options.ttl;
    return {or_new(options.request), std::move(hold)};
  }
  Selection selection;
  selection.places = texts(places, "places");
  selection.areas = areas_of(areas);
  const HoldOptions options = hold_options(holder, ttl, request_id);
  return need(unlocked(*self.office,
                       [&](const Office::Call&) { return self.event.hold_command(selection, options); }));
}

[[nodiscard]] Command hold_best_command(const EventValue& self, const py::object& places,
                                        const py::object& categories, const py::object& accessible,
                                        const py::object& restricted_view, const py::object& together,
                                        const py::object& holder, const py::object& ttl,
                                        const py::object& request_id) {
  BestPlaces wish;
  wish.count = count(places, "count", 1);
  wish.categories = texts(categories, "categories");
  wish.accessible = count(accessible, "accessible");
  wish.restricted_view =
      truth(restricted_view, "restricted_view") ? RestrictedView::allow : RestrictedView::avoid;
  wish.together = truth(together, "together") ? Together::required : Together::preferred;
  const HoldOptions options = hold_options(holder, ttl, request_id);
  return need(unlocked(*self.office,
                       [&](const Office::Call&) { return self.event.hold_best_command(wish, options); }));
}

/// {"adult": 2, ("child", "stalls"): 1}: by ticket type, or by ticket type and category.
[[nodiscard]] Command quote_command(const EventValue&, const py::object& hold, const py::object& tickets,
                                    const py::object& request_id) {
  constexpr const char* wanted =
      "a mapping such as {'adult': 2, ('child', 'stalls'): 1}: numbers by ticket type, or by ticket type and "
      "category";
  if (PyUnicode_Check(tickets.ptr()) || !py::hasattr(tickets, "items"))
    wrong_type("tickets", tickets, wanted);
  QuoteHold command;
  command.hold = HoldId{id(hold, "hold")};
  for (const py::handle item : tickets.attr("items")()) {
    const auto pair = py::reinterpret_borrow<py::tuple>(item);
    TicketChoice choice;
    if (PyUnicode_Check(pair[0].ptr())) {
      choice.ticket_type = text(pair[0], "a ticket type in tickets");
    } else if (PyTuple_Check(pair[0].ptr()) && py::len(pair[0]) == 2) {
      const auto key = py::reinterpret_borrow<py::tuple>(pair[0]);
      choice.ticket_type = text(key[0], "a ticket type in tickets");
      choice.category = text(key[1], "a category in tickets");
    } else {
      wrong_type("tickets", tickets, wanted);
    }
    choice.count = count(pair[1], "tickets[" + py::repr(pair[0]).cast<std::string>() + "]");
    if (choice.count > 0) command.choices.push_back(std::move(choice));
  }
  return {or_new(request(request_id)), std::move(command)};
}

[[nodiscard]] Command check_out_command(const EventValue& self, const py::object& hold,
                                        const py::object& amount, const py::object& method,
                                        const py::object& reference, const py::object& currency_code,
                                        const py::object& request_id) {
  const Currency own = availability_of(self)->settings().prices.currency();
  const Currency paid = currency_code.is_none() ? own : currency(currency_code, "currency");
  CheckOutOptions options;
  options.payment = {text(method, "method"), text(reference, "reference"), {}};
  if (!amount.is_none()) options.payment.amount = money(amount, paid, "amount");
  if (amount.is_none() && !currency_code.is_none())
    wrong_value("currency", currency_code, "None where there is no amount");
  options.request = request(request_id);
  const Office::Call call(*self.office);
  return need(self.event.check_out_command(HoldId{id(hold, "hold")}, options));
}

[[nodiscard]] Command refund_command(const EventValue& self, const py::object& order,
                                     const py::object& tickets, const py::object& reference,
                                     const py::object& request_id) {
  RefundOptions options;
  if (!tickets.is_none()) {
    if (PyUnicode_Check(tickets.ptr()) || !py::isinstance<py::iterable>(tickets))
      wrong_type("tickets", tickets, "a sequence of tickets or their ids, or None for all");
    for (const py::handle ticket : tickets)
      options.tickets.push_back(ticket_id(ticket, "tickets[" + std::to_string(options.tickets.size()) + "]"));
    if (options.tickets.empty())
      wrong_value("tickets", tickets, "at least one ticket, or None for all that are left");
  }
  options.reference = text(reference, "reference");
  options.request = request(request_id);
  return need(self.event.refund_command(OrderId{id(order, "order")}, options));
}

[[nodiscard]] Command check_in_command(const EventValue& self, const py::object& code, const py::object& gate,
                                       const py::object& request_id) {
  CheckInOptions options{.gate = text(gate, "gate"), .request = request(request_id)};
  const Office::Call call(*self.office);
  return need(self.event.check_in_command(text_view(code, "code"), options));
}

[[nodiscard]] Command note_command(const EventValue&, const py::object& order, const py::object& note,
                                   const py::object& request_id) {
  return {or_new(request(request_id)), NoteOrder{OrderId{id(order, "order")}, text(note, "text")}};
}

/// exchanges: pairs of whole labels.
[[nodiscard]] Command replace_map_command(const EventValue&, const std::shared_ptr<SeatMap>& map,
                                          const py::list& exchanges, const py::object& request_id) {
  ReplaceMap command{map, {}};
  for (const py::handle pair : exchanges)
    command.exchanges.push_back({text(pair[py::int_(0)], "exchanges"), text(pair[py::int_(1)], "exchanges")});
  return {or_new(request(request_id)), std::move(command)};
}

[[nodiscard]] std::vector<Answer> ask(const EventValue& self, std::vector<Command> commands) {
  return unlocked(*self.office, [&](const Office::Call&) { return self.event.ask(std::move(commands)); });
}

/// Raises a refusal.
[[nodiscard]] py::object ask_one(const EventValue& self, const Command& command) {
  const py::object answer = to_object(self, ask(self, {command}).front());
  if (PyExceptionInstance_Check(answer.ptr())) {
    PyErr_SetObject(py::type::of(answer).ptr(), answer.ptr());
    throw py::error_already_set();
  }
  return answer;
}

/// Each item a Command, or an exception that takes its own place among the answers.
[[nodiscard]] py::list ask_many(const EventValue& self, const py::list& items) {
  std::vector<Command> commands;
  std::vector<std::size_t> asked;
  py::list result(items.size());
  for (std::size_t index = 0; index < items.size(); ++index) {
    const py::object item = items[index];
    if (!py::isinstance<Command>(item)) {
      result[index] = item;
      continue;
    }
    commands.push_back(item.cast<const Command&>());
    asked.push_back(index);
  }
  const std::vector<Answer> answers = ask(self, std::move(commands));
  for (std::size_t index = 0; index < answers.size(); ++index)
    result[asked[index]] = to_object(self, answers[index]);
  return result;
}

/// The straight way for thousands of holds: nothing of Python is made for a command but its answer.
[[nodiscard]] py::list hold_many(const EventValue& self, const py::object& places, const py::object& holder,
                                 const py::object& ttl) {
  const std::shared_ptr<const SeatMap> map = map_now(self);
  const std::chrono::seconds wanted = seconds(ttl, "ttl");
  const py::object selections = py::reinterpret_steal<py::object>(
      PySequence_Fast(places.ptr(), "places must be a sequence of sequences of labels"));
  if (!selections) throw py::error_already_set();
  const bool one_holder = PyUnicode_Check(holder.ptr()) != 0;
  const py::object holders =
      one_holder ? py::object()
                 : py::reinterpret_steal<py::object>(PySequence_Fast(
                       holder.ptr(), "holder must be a str, or a sequence of as many as there are places"));
  if (!one_holder && !holders) throw py::error_already_set();
  const Py_ssize_t size = PySequence_Fast_GET_SIZE(selections.ptr());
  if (!one_holder && PySequence_Fast_GET_SIZE(holders.ptr()) != size)
    wrong_value("holder", holder,
                "a str, or a sequence of " + std::to_string(size) + ", one for each of places");
  const HolderId shared = one_holder ? HolderId(text(holder, "holder")) : HolderId{};

  py::list result(static_cast<std::size_t>(size));
  std::vector<Command> commands;
  std::vector<Py_ssize_t> asked;
  commands.reserve(static_cast<std::size_t>(size));
  asked.reserve(static_cast<std::size_t>(size));
  for (Py_ssize_t index = 0; index < size; ++index) {
    const auto item_name = [&](Py_ssize_t = 0) { return "places[" + std::to_string(index) + "]"; };
    const py::handle item = PySequence_Fast_GET_ITEM(selections.ptr(), index);
    if (!PyTuple_Check(item.ptr()) && !PyList_Check(item.ptr()))
      wrong_type(item_name(), item, "a tuple or list of labels");
    PlaceHold& hold = commands.emplace_back().body.emplace<PlaceHold>();
    hold.ttl = wanted;
    hold.holder = one_holder ? shared
                             : HolderId(text_view(PySequence_Fast_GET_ITEM(holders.ptr(), index),
                                                  [&] { return "holder[" + std::to_string(index) + "]"; }));
    if (add_places(hold.places, *map, item, item_name)) {
      commands.back().request = new_request_id();
      asked.push_back(index);
    } else {
      commands.pop_back();
      result[static_cast<std::size_t>(index)] = to_exception(unknown_places(self, item, item_name()));
    }
  }
  const std::vector<Answer> answers = ask(self, std::move(commands));
  for (std::size_t index = 0; index < answers.size(); ++index)
    result[static_cast<std::size_t>(asked[index])] = to_object(self, answers[index]);
  return result;
}

[[nodiscard]] py::object find_order(const EventValue& self, const py::object& order) {
  const OrderId wanted{id(order, "order")};
  std::shared_ptr<const Availability> at;
  std::optional<Order> found = unlocked(*self.office, [&](const Office::Call&) {
    at = self.event.availability();
    return self.event.find_order(wanted);
  });
  if (!found) return py::none();
  return py::cast(OrderValue{std::move(*found), {std::move(at), self.office->signing_key()}});
}

[[nodiscard]] py::object find_hold(const EventValue& self, const py::object& hold) {
  const HoldId wanted{id(hold, "hold")};
  std::shared_ptr<const Availability> at;
  const std::optional<Hold> found = unlocked(*self.office, [&](const Office::Call&) {
    auto hold_found = self.event.find_hold(wanted);
    at = self.event.availability();  // of the hold's map, or of one after it
    return hold_found;
  });
  if (!found) return py::none();
  HoldValue value{found->id, {}, at->shared_seat_map()};
  value.placed.holder = found->holder;
  value.placed.expires_at = found->expires_at;
  for (const std::string& label : found->places)
    value.placed.places.push_back(value.seat_map->find_place_ever(label).value());
  for (const AreaAdmissions& area : found->areas) {
    const auto index = value.seat_map->find_area(area.area);
    // It was let go, and its area taken away, while it was looked for.
    if (!index) return find_hold(self, hold);
    value.placed.areas.push_back({*index, area.quantity});
  }
  return py::cast(std::move(value));
}

[[nodiscard]] py::object hold_outcome_of(const EventValue& self, const py::object& hold) {
  const HoldId wanted{id(hold, "hold")};
  auto outcome = unlocked(*self.office, [&](const Office::Call&) { return self.event.hold_outcome(wanted); });
  return outcome ? py::cast(std::move(*outcome)) : py::object(py::none());
}

/// True when something new was read.
[[nodiscard]] bool wait_for_news(const EventValue& self, const py::object& timeout) {
  const std::chrono::milliseconds most = milliseconds(timeout, "timeout");
  return unlocked(*self.office, [&](const Office::Call& call) {
    const Position known{stream_of(self.event.id()), self.event.availability()->revision()};
    if (!call.storage().wait_for_news({&known, 1}, most)) return false;
    self.event.refresh();
    return true;
  });
}

/// What a fact that grants a command is to Python: what AnswerFor makes of it.
struct Granted {
  const EventValue& self;
  const Answer& answer;

  template <class Fact>
  [[nodiscard]] py::object operator()(const Fact&) const {
    auto value = self.event.to<typename AnswerFor<Fact>::type>(answer);
    return value ? convert(std::move(value).value()) : to_exception(value.refusal());
  }
  [[nodiscard]] py::object operator()(const HoldPlaced& placed) const {
    return py::cast(HoldValue{HoldId{answer.request}, placed, answer.event->shared_seat_map()});
  }

 private:
  template <class Value>
  [[nodiscard]] py::object convert(Value value) const {
    return py::cast(std::move(value));
  }
  [[nodiscard]] py::object convert(Done) const { return py::none(); }
  [[nodiscard]] py::object convert(std::chrono::sys_seconds at) const { return to_datetime(at); }
  [[nodiscard]] py::object convert(Order order) const {
    return py::cast(OrderValue{std::move(order), {answer.event, self.office->signing_key()}});
  }
};

}  // namespace

py::object to_object(const EventValue& self, const Answer& answer) {
  const Fact* fact = answer.fact();
  if (fact == nullptr) return to_exception(self.event.to<Done>(answer).refusal());
  return std::visit(Granted{self, answer}, fact->body);
}

void add_event(py::module_& module) {
  py::class_<Command>(module, "Command", "A command ready to be sent to its event, as often as need be.")
      .def_property_readonly("request", [](const Command& self) { return to_str(to_string(self.request)); });

  py::class_<EventValue> event(module, "Event", "An event of the core.");
  const auto at = [](const EventValue& self) { return availability_of(self); };
  event.def_property_readonly("id", [](const EventValue& self) { return to_str(self.event.id().text()); })
      .def_property_readonly("name",
                             [at](const EventValue& self) { return to_str(at(self)->settings().name); })
      .def_property_readonly("venue",
                             [at](const EventValue& self) { return to_str(at(self)->settings().venue); })
      .def_property_readonly(
          "starts_at", [at](const EventValue& self) { return to_datetime(at(self)->settings().starts_at); })
      .def_property_readonly("time_zone",
                             [at](const EventValue& self) { return to_str(at(self)->settings().time_zone); })
      .def_property_readonly("prices", [at](const EventValue& self) { return at(self)->settings().prices; })
      .def_property_readonly("policy", [at](const EventValue& self) { return at(self)->settings().policy; })
      .def_property_readonly(
          "on_sale", [at](const EventValue& self) { return at(self)->sale_status() == SaleStatus::on_sale; })
      .def_property_readonly("revision", [at](const EventValue& self) { return at(self)->revision(); })
      .def_property_readonly("seat_map",
                             [at](const EventValue& self) {
                               return std::const_pointer_cast<SeatMap>(at(self)->shared_seat_map());
                             })
      .def("availability", [at](const EventValue& self) {
        return py::make_tuple(std::const_pointer_cast<Availability>(at(self)),
                              to_datetime(self.office->now()));
      });

  event.def("age", &age_of);
  event
      .def("hold_command", &hold_command, py::arg("places"), py::arg("areas"), py::arg("holder"),
           py::arg("ttl"), py::arg("request"))
      .def("hold_best_command", &hold_best_command, py::arg("count"), py::arg("categories"),
           py::arg("accessible"), py::arg("restricted_view"), py::arg("together"), py::arg("holder"),
           py::arg("ttl"), py::arg("request"))
      .def(
          "extend_command",
          [](const EventValue&, const py::object& hold, const py::object& ttl, const py::object& request_id) {
            return Command{or_new(request(request_id)),
                           ExtendHold{HoldId{id(hold, "hold")}, seconds(ttl, "ttl")}};
          },
          py::arg("hold"), py::arg("ttl"), py::arg("request"))
      .def(
          "release_command",
          [](const EventValue&, const py::object& hold, const py::object& request_id) {
            return Command{or_new(request(request_id)), ReleaseHold{HoldId{id(hold, "hold")}}};
          },
          py::arg("hold"), py::arg("request"))
      .def("quote_command", &quote_command, py::arg("hold"), py::arg("tickets"), py::arg("request"))
      .def("check_out_command", &check_out_command, py::arg("hold"), py::arg("amount"), py::arg("method"),
           py::arg("reference"), py::arg("currency"), py::arg("request"))
      .def("refund_command", &refund_command, py::arg("order"), py::arg("tickets"), py::arg("reference"),
           py::arg("request"))
      .def("check_in_command", &check_in_command, py::arg("code"), py::arg("gate"), py::arg("request"))
      .def("note_command", &note_command, py::arg("order"), py::arg("text"), py::arg("request"))
      .def("replace_map_command", &replace_map_command, py::arg("seat_map"), py::arg("exchanges"),
           py::arg("request"))
      .def(
          "sale_command",
          [](const EventValue&, bool on_sale, const py::object& request_id) {
            return Command{or_new(request(request_id)),
                           SetSaleStatus{on_sale ? SaleStatus::on_sale : SaleStatus::off_sale}};
          },
          py::arg("on_sale"), py::arg("request"))
      .def(
          "configure_command",
          [](const EventValue&, const EventSettings& settings, const py::object& request_id) {
            return Command{or_new(request(request_id)), ConfigureEvent{settings}};
          },
          py::arg("settings"), py::arg("request"));

  event.def("ask", &ask_one, py::arg("command"))
      .def("ask_many", &ask_many, py::arg("commands"))
      .def("hold_many", &hold_many, py::arg("places"), py::arg("holder"), py::arg("ttl"))
      .def("find_order", &find_order, py::arg("order"))
      .def("find_hold", &find_hold, py::arg("hold"))
      .def("hold_outcome", &hold_outcome_of, py::arg("hold"))
      .def("refresh",
           [](const EventValue& self) {
             unlocked(*self.office, [&](const Office::Call&) { self.event.refresh(); });
           })
      .def("wait_for_news", &wait_for_news, py::arg("timeout"))
      .def("reopen",
           [](const EventValue& self) {
             unlocked(*self.office, [&](const Office::Call&) { self.event.reopen(); });
           })
      .def("save_snapshot", [](const EventValue& self) {
        unlocked(*self.office, [&](const Office::Call&) { self.event.save_snapshot(); });
      });
  add_tables(event);
  add_change_feed(module, event);
  add_completions(module);
}

}  // namespace ticketcore::python
