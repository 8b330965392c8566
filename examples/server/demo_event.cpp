#include "demo_event.hpp"

#include <algorithm>

#include "api/time_zone.hpp"
#include "ticketcore/formats/seat_map_json.hpp"

namespace server {
namespace {

using namespace ticketcore;

/// Dearer towards the front of the list, as charts name their categories.
[[nodiscard]] PriceList prices_for(const SeatMap& map) {
  std::vector<Price> prices;
  const std::size_t count = map.categories().size();
  for (std::size_t index = 0; index < count; ++index) {
    const std::size_t hryvnias = 1200 - 1000 * index / std::max<std::size_t>(count, 1) / 50 * 50;
    prices.push_back({map.categories()[index].key, "adult", std::to_string(hryvnias) + ".00"});
    prices.push_back({map.categories()[index].key, "child", std::to_string(hryvnias / 2) + ".00"});
  }
  return {"UAH", prices, {"15.00", "0", 2000}};
}

}  // namespace

void make_demo_event(BoxOffice& office, const std::string& chart) {
  NewEvent gala;
  gala.id = "gala";
  if (const auto ids = office.events(); std::find(ids.begin(), ids.end(), gala.id) != ids.end()) return;
  gala.name = "Gala night";
  gala.seat_map = std::make_shared<const SeatMap>(load_seat_map(chart));
  gala.prices = prices_for(*gala.seat_map);
  gala.time_zone = house_time_zone();
  gala.starts_at = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()) +
                   std::chrono::days(60) + std::chrono::hours(17);
  // Another server on the store may be as fast: the event is there, which is what was wanted.
  if (const auto created = office.create_event(gala);
      !created && created.refusal().reason != Reason::event_exists)
    throw Error("the demo event can't be created: " + created.refusal().message);
}

}  // namespace server
