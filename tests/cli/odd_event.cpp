// Sells one ticket of an event whose texts are all awkward: ticketcore_odd_event FILE

#include "ticketcore/engine/box_office.hpp"
#include "ticketcore/storage/sqlite.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

using namespace ticketcore;

int main(int count, char** arguments) {
  if (count != 2) return 2;
  SeatMapBuilder builder("Far, \"far\" away");
  const CategoryIndex category = builder.add_category({"a, \"b\"", "A", "#123456"});
  builder.add_row(builder.no_section(), "A");
  builder.add_seat({.label = "1, \"left\"", .position = {12'345'678, -1'234'567'891}, .category = category});
  const auto storage = SqliteStorage::open(arguments[1]);
  BoxOffice office(*storage);
  const Event event = office
                          .create_event({.id = "odd",
                                         .name = "Odd \"quoted\"",
                                         .seat_map = std::make_shared<const SeatMap>(builder.build()),
                                         .prices = {"JPY", {{"a, \"b\"", "member, \"gold\"", "1200"}}}})
                          .value();
  const Hold hold = event.hold({"A-1, \"left\""}, {.holder = "cart, \"x\""}).value();
  const Quote quote = event.quote(hold.id, {{"member, \"gold\"", 1, ""}}).value();
  return event.check_out(hold.id, {.payment = {"card", "ref, \"1\"", quote.total}}).ok() ? 0 : 1;
}
