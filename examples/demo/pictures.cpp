#include <fstream>

#include "demo.hpp"

namespace demo {
namespace {

using namespace ticketcore;

void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush()) throw Error(file.string() + " can't be written");
}

/// "Sun 31 January 2027, 19:30".
[[nodiscard]] std::string people_date(Timestamp time) {
  constexpr const char* months[] = {"January", "February", "March",     "April",   "May",      "June",
                                    "July",    "August",   "September", "October", "November", "December"};
  constexpr const char* days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                  "Thursday", "Friday", "Saturday"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::string clock = to_rfc3339(time).substr(11, 5);
  return std::string(days[std::chrono::weekday(day).c_encoding()]) + ", " +
         std::to_string(static_cast<unsigned>(date.day())) + " " +
         months[static_cast<unsigned>(date.month()) - 1] + " " +
         std::to_string(static_cast<int>(date.year())) + ", " + clock;
}

}  // namespace

void draw_house(const Event& event, Timestamp now, const std::filesystem::path& file) {
  const auto seen = event.availability();
  SeatMapPicture picture;
  picture.title = seen->settings().name;
  picture.status = [&](PlaceIndex place) { return seen->status(place, now); };
  picture.area_use = [&](AreaIndex area) {
    const StatusCounts counts = seen->area(area, now);
    return AreaUse{static_cast<std::uint32_t>(counts.free), static_cast<std::uint32_t>(counts.held),
                   static_cast<std::uint32_t>(counts.sold), static_cast<std::uint32_t>(counts.killed)};
  };
  const PriceList& prices = seen->settings().prices;
  picture.price = [&](CategoryIndex category) {
    const auto adult = prices.price_of(event.seat_map()->categories()[category.value].key, 0);
    return adult ? Money{*adult, prices.currency()}.to_string() : std::string();
  };
  write(file, seat_map_svg(*event.seat_map(), picture));
}

int draw_tickets(const BoxOffice& office, const Event& event, const std::vector<Order>& orders,
                 const std::filesystem::path& folder) {
  const auto seen = event.availability();
  int drawn = 0;
  for (const Order& order : orders) {
    for (const Ticket& ticket : order.tickets) {
      const auto category = event.seat_map()->find_category(ticket.category);
      TicketPicture picture;
      picture.event = seen->settings().name;
      picture.venue = seen->settings().venue;
      picture.starts_at = people_date(seen->settings().starts_at);
      picture.section = ticket.section;
      picture.row = ticket.row;
      picture.seat = ticket.seat;
      if (ticket.row.empty()) picture.area = ticket.place;
      picture.category = category ? event.seat_map()->categories()[category->value].name : ticket.category;
      picture.category_color = category ? event.seat_map()->categories()[category->value].color : "#444444";
      picture.ticket_type = ticket.ticket_type;
      picture.price = ticket.price.to_string();
      picture.holder = order.holder.text();
      picture.order_number = std::to_string(order.number);
      picture.ticket_id = to_string(ticket.id);
      picture.code = office.code(ticket);
      write(folder /
                ("ticket-" + std::to_string(order.number) + "-" + std::to_string(ticket.id.number) + ".svg"),
            ticket_svg(picture));
      ++drawn;
    }
  }
  return drawn;
}

}  // namespace demo
