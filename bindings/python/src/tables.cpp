// Availability, orders and tickets as columns of numbers.

#include "arguments.hpp"
#include "buffer.hpp"
#include "event.hpp"
#include "ticketcore/tickets/seat_map_svg.hpp"

namespace ticketcore::python {
namespace {

[[nodiscard]] std::int64_t micros(Timestamp time) { return time.time_since_epoch().count(); }
/// NumPy's "no time".
constexpr std::int64_t no_time = INT64_MIN;

/// One row of the table of orders; _tables.py has the same as a dtype.
struct OrderRow {
  std::uint64_t id_high, id_low;
  std::int64_t placed_at;
  std::int64_t total, tax, refunded, fee_per_ticket, fee_per_order;
  std::uint32_t number, tickets, live_tickets, holder, payment_method, first_ticket;
};
static_assert(sizeof(OrderRow) == 88);

/// One row of the table of tickets.
struct TicketRow {
  std::int64_t price;
  std::int64_t admitted_at;
  std::uint32_t order, number;
  std::int32_t place, area;
  std::int32_t gate;
  std::uint16_t ticket_type;
  std::uint8_t refunded, admitted;
};
static_assert(sizeof(TicketRow) == 40);

struct Books {
  std::vector<OrderRow> orders{};
  std::vector<TicketRow> tickets{};
  std::vector<std::string> holders{};
  std::vector<std::string> short_names{};
  std::shared_ptr<const SeatMap> seat_map{};
  std::shared_ptr<const EventSettings> settings{};
};

[[nodiscard]] Books read_books(const EventState& state) {
  Books books;
  books.seat_map = state.seat_map();
  books.settings = state.shared_settings();
  books.orders.reserve(state.orders().size());
  books.tickets.reserve(state.orders().tickets().size());
  for (const HolderRecord& holder : state.holders()) books.holders.push_back(holder.name);
  books.short_names.assign(state.short_names().begin(), state.short_names().end());
  for (const OrderRecord& order : state.orders()) {
    const auto index = static_cast<std::uint32_t>(books.orders.size());
    books.orders.push_back({order.id.high, order.id.low, micros(order.placed_at), order.total, order.tax,
                            order.refunded, order.fee_per_ticket, order.fee_per_order, index + 1,
                            order.ticket_count, order.live_tickets, order.holder, order.payment_method,
                            order.first_ticket});
    std::uint32_t number = 0;
    for (const TicketRecord& ticket : state.orders().tickets_of(order)) {
      const bool admitted = ticket.admitted_at != 0;
      books.tickets.push_back(
          {ticket.price, admitted ? micros(from_epoch(ticket.admitted_at)) : no_time, index, ++number,
           ticket.in_area() ? -1 : static_cast<std::int32_t>(ticket.place().value),
           ticket.in_area() ? static_cast<std::int32_t>(ticket.area().value) : -1,
           ticket.gate == TicketRecord::no_gate || ticket.refunded() ? -1
                                                                     : static_cast<std::int32_t>(ticket.gate),
           ticket.ticket_type, static_cast<std::uint8_t>(ticket.refunded()),
           static_cast<std::uint8_t>(admitted)});
    }
  }
  return books;
}

/// Everything at once, so that orders and tickets are of one moment.
[[nodiscard]] py::tuple books_of(const EventValue& self) {
  Books books = unlocked(*self.office, [&](const Office::Call&) {
    Books read;
    const auto look = [&] {
      self.event.inspect([&](const EventState& state) {
        if (state.seat_map() && state.shared_settings()) read = read_books(state);
      });
      return read.settings != nullptr;
    };
    if (look()) return read;
    // A reading that failed left no event behind: read again, or say why that can't be.
    self.event.refresh();
    if (!look()) throw StorageUnavailable("the event's log has not been read since it was opened again");
    return read;
  });
  return py::make_tuple(
      Buffer(std::move(books.orders)), Buffer(std::move(books.tickets)), to_tuple(books.holders),
      to_tuple(books.short_names), to_tuple(books.settings->prices.ticket_types()),
      to_str(books.settings->prices.currency().code()), books.settings->prices.currency().exponent(),
      std::const_pointer_cast<SeatMap>(books.seat_map));
}

using SharedAvailability = std::shared_ptr<const Availability>;

[[nodiscard]] py::tuple counts_to_tuple(const StatusCounts& counts) {
  return py::make_tuple(counts.free, counts.held, counts.sold, counts.killed);
}

[[nodiscard]] AreaIndex need_area(const Availability& at, const py::object& label) {
  const auto area = at.seat_map().find_area(text_view(label, "label"));
  if (!area) throw py::key_error(std::string(text_view(label, "label")));
  return *area;
}

[[nodiscard]] std::string draw(const Availability& at, Timestamp now, const std::string& title, int width) {
  const SeatMap& map = at.seat_map();
  const PriceList& prices = at.settings().prices;
  SeatMapPicture picture;
  picture.title = title;
  picture.width_px = width;
  picture.status = [&](PlaceIndex place) { return at.status(place, now); };
  picture.area_use = [&](AreaIndex area) {
    const StatusCounts counts = at.area(area, now);
    return AreaUse{static_cast<std::uint32_t>(counts.free), static_cast<std::uint32_t>(counts.held),
                   static_cast<std::uint32_t>(counts.sold), static_cast<std::uint32_t>(counts.killed)};
  };
  picture.price = [&](CategoryIndex category) {
    const auto first = prices.price_of(map.categories()[category.value].key, 0);
    return first ? Money{*first, prices.currency()}.to_string() : std::string();
  };
  return seat_map_svg(map, picture);
}

}  // namespace

void add_availability(py::module_& module) {
  py::class_<Buffer>(module, "Buffer", "Memory that can be looked at and not be changed.",
                     py::buffer_protocol())
      .def_buffer([](Buffer& self) { return self.info(); });

  py::class_<Availability, std::shared_ptr<Availability>>(module, "Availability",
                                                          "An event's places at one revision.")
      .def_property_readonly("revision", &Availability::revision)
      .def_property_readonly(
          "seat_map",
          [](const Availability& self) { return std::const_pointer_cast<SeatMap>(self.shared_seat_map()); })
      .def_property_readonly("time", [](const Availability& self) { return to_datetime(self.time()); })
      .def(
          "status",
          [](const Availability& self, const py::object& label, const py::object& now) -> py::object {
            const auto place = self.seat_map().find_place(text_view(label, "label"));
            if (!place) throw py::key_error(std::string(text_view(label, "label")));
            return to_str(to_string(self.status(*place, moment(now, "now"))));
          },
          py::arg("label"), py::arg("now"))
      .def(
          "total",
          [](const Availability& self, const py::object& now) {
            return counts_to_tuple(self.total(moment(now, "now")));
          },
          py::arg("now"))
      .def(
          "area",
          [](const Availability& self, const py::object& label, const py::object& now) {
            return counts_to_tuple(self.area(need_area(self, label), moment(now, "now")));
          },
          py::arg("label"), py::arg("now"))
      .def(
          "category",
          [](const Availability& self, const py::object& key, const py::object& now) {
            const auto category = self.seat_map().find_category(text_view(key, "key"));
            if (!category) throw py::key_error(std::string(text_view(key, "key")));
            return counts_to_tuple(self.category(*category, moment(now, "now")));
          },
          py::arg("key"), py::arg("now"))
      .def(
          "codes",
          [](const Availability& self, const py::object& now) {
            const Timestamp at = moment(now, "now");
            std::vector<std::uint8_t> codes(self.seat_map().place_count());
            for (std::uint32_t place = 0; place < codes.size(); ++place)
              codes[place] = static_cast<std::uint8_t>(self.status({place}, at));
            return Buffer(std::move(codes));
          },
          py::arg("now"))
      .def(
          "svg",
          [](const Availability& self, const py::object& now, const py::object& title, int width) {
            return to_str(draw(self, moment(now, "now"), text(title, "title"), width));
          },
          py::arg("now"), py::arg("title"), py::arg("width"));
}

void add_tables(py::class_<EventValue>& event) { event.def("books", &books_of); }

}  // namespace ticketcore::python
