// A feed of changes in availability, and seating lists.

#include "ticketcore/engine/change_feed.hpp"

#include <mutex>

#include "arguments.hpp"
#include "event.hpp"
#include "value_class.hpp"

namespace ticketcore::python {
namespace {

/// A feed and the event that it is shown. Python's threads share it: the mutex guards the feed, and is never
/// waited for with the interpreter's lock held, since a storage written in Python needs that.
struct FeedValue {
  explicit FeedValue(EventValue shown) : event(std::move(shown)) {}

  EventValue event;
  std::mutex mutex{};
  ChangeFeed feed{};
};

[[nodiscard]] bool show(FeedValue& self) {
  return unlocked(*self.event.office, [&](const Office::Call&) {
    const std::lock_guard lock(self.mutex);
    return self.feed.show(self.event.event);
  });
}

/// Waits for what the feed has not been shown, then reads and shows it.
[[nodiscard]] bool wait(FeedValue& self, const py::object& timeout) {
  const std::chrono::milliseconds most = milliseconds(timeout, "timeout");
  return unlocked(*self.event.office, [&](const Office::Call& call) {
    Position shown{stream_of(self.event.event.id())};
    {
      const std::lock_guard lock(self.mutex);
      if (self.feed.now()) shown.known = self.feed.now()->event->revision();
    }
    (void)call.storage().wait_for_news({&shown, 1}, most);
    self.event.event.refresh();
    const std::lock_guard lock(self.mutex);
    return self.feed.show(self.event.event);
  });
}

[[nodiscard]] py::object counts_of(const StatusCounts& counts) {
  return py::make_tuple(counts.free, counts.held, counts.sold, counts.killed);
}

/// Position, whether it is the whole, whether it is on sale, places by label, areas by label.
[[nodiscard]] py::object since(FeedValue& self, const py::object& position) {
  std::optional<FeedPosition> known;
  if (!position.is_none()) known = parse_feed_position(text(position, "position"));
  const Changes changes = unlocked(*self.event.office, [&](const Office::Call&) {
    const std::lock_guard lock(self.mutex);
    if (!self.feed.now()) self.feed.show(self.event.event);
    return self.feed.since(known);
  });
  const AvailabilityAt& now = *changes.now;
  const SeatMap& map = now.event->seat_map();
  py::dict places;
  py::dict areas;
  const auto add_place = [&](PlaceIndex place) {
    places[to_str(map.label(place))] = to_str(to_string(now.places[place.value]));
  };
  const auto add_area = [&](AreaIndex area) {
    areas[to_str(map.label(area))] = counts_of(now.areas[area.value]);
  };
  if (changes.whole) {
    for (std::uint32_t place = 0; place < now.places.size(); ++place) {
      if (!map.is_retired({place})) add_place({place});
    }
    for (std::uint32_t area = 0; area < now.areas.size(); ++area) {
      if (!map.areas()[area].retired) add_area({area});
    }
  }
  for (const PlaceIndex place : changes.places) add_place(place);
  for (const AreaIndex area : changes.areas) add_area(area);
  return py::make_tuple(to_str(to_string(changes.position())), changes.whole,
                        now.event->sale_status() == SaleStatus::on_sale, places, areas);
}

[[nodiscard]] py::object or_none(const std::optional<Timestamp>& time) {
  return time ? to_datetime(*time) : py::object(py::none());
}

/// A page at a time, so that turns need not wait for the whole list.
[[nodiscard]] py::list seating_of(const EventValue& self) {
  std::vector<Occupant> all = unlocked(*self.office, [&](const Office::Call&) {
    std::vector<Occupant> found;
    SeatingOptions options;
    options.at = self.event.known_until();
    do {
      SeatingPage page = self.event.seating(options);
      options.after = page.next;
      std::move(page.occupants.begin(), page.occupants.end(), std::back_inserter(found));
    } while (options.after);
    return found;
  });
  py::list result(all.size());
  for (std::size_t index = 0; index < all.size(); ++index) result[index] = py::cast(std::move(all[index]));
  return result;
}

void add_occupant(py::module_& module) {
  const auto text_field = [](std::string Occupant::*member) {
    return [member](const Occupant& occupant) { return to_str(occupant.*member); };
  };
  ValueClass<Occupant>(module, "Occupant",
                       "Whose a place is. A hold's admissions to one area stand together, those of tickets "
                       "one by one.")
      .field("place", text_field(&Occupant::place), "The whole label of the place, or of the area.")
      .field("section", text_field(&Occupant::section), "The section's label.")
      .field("row", text_field(&Occupant::row), "Empty in an area.")
      .field("seat", text_field(&Occupant::seat), "Empty in an area, and for a whole table or booth.")
      .field("category", text_field(&Occupant::category), "The category's key.")
      .field(
          "status", [](const Occupant& occupant) { return to_str(to_string(occupant.status)); },
          "'held', 'sold' or 'admitted'.")
      .field(
          "quantity", [](const Occupant& occupant) -> py::object { return py::int_(occupant.quantity); },
          "Admissions.")
      .field("ticket_type", text_field(&Occupant::ticket_type), "'adult', 'child', ...; empty for a hold.")
      .field(
          "order_number",
          [](const Occupant& occupant) -> py::object {
            return occupant.ticket ? py::int_(occupant.order_number) : py::object(py::none());
          },
          "The number of the ticket's order; None for a hold.")
      .field(
          "ticket",
          [](const Occupant& occupant) -> py::object {
            return occupant.ticket ? to_str(to_string(*occupant.ticket)) : py::object(py::none());
          },
          "The ticket's id; None for a hold.")
      .field(
          "holder", [](const Occupant& occupant) { return to_str(occupant.holder.text()); },
          "Whose hold it is or was.")
      .field(
          "held_until", [](const Occupant& occupant) { return or_none(occupant.held_until); },
          "When the hold ends, in UTC; None for a ticket.")
      .field(
          "admitted_at", [](const Occupant& occupant) { return or_none(occupant.admitted_at); },
          "When, in UTC; None before.")
      .field("gate", text_field(&Occupant::gate), "Where; empty before.")
      .finish();
}

}  // namespace

void add_change_feed(py::module_& module, py::class_<EventValue>& event) {
  add_occupant(module);
  event.def("seating", &seating_of);
  py::class_<FeedValue>(module, "ChangeFeed", "A feed of the core.")
      .def(py::init<EventValue>(), py::arg("event"))
      .def("show", &show)
      .def("wait", &wait, py::arg("timeout"))
      .def("since", &since, py::arg("position"));
}

}  // namespace ticketcore::python
