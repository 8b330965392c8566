#include "live/view.hpp"

#include <algorithm>
#include <limits>

#include "api/time_zone.hpp"
#include "ticketcore/base/json_writer.hpp"

namespace server {
namespace {

using namespace ticketcore;

[[nodiscard]] std::string availability_json(const View& view) {
  const SeatMap& map = view.event->seat_map();
  std::string letters;
  letters.reserve(view.places.size());
  for (const PlaceIndex place : view.map->places) letters += letter_of(view.places[place.value]);
  JsonWriter json(view.places.size() + 256 + view.areas.size() * 64);
  json.open_object()
      .key("revision")
      .number(static_cast<std::int64_t>(view.event->revision()))
      .key("at")
      .time(view.second);
  json.key("sale_status")
      .text(name_of(view.event->sale_status()))
      .key("seat_map")
      .text(view.map->id)
      .key("places")
      .text(letters)
      .key("areas")
      .open_array();
  for (const AreaIndex area : view.map->areas) {
    const StatusCounts& counts = view.areas[area.value];
    json.open_object()
        .key("label")
        .text(map.label(area))
        .key("free")
        .number(static_cast<std::int64_t>(counts.free))
        .key("held")
        .number(static_cast<std::int64_t>(counts.held));
    json.key("sold").number(static_cast<std::int64_t>(counts.sold)).close_object();
  }
  return json.close_array().close_object().take();
}

void append_number(std::string& bytes, std::uint64_t number, unsigned size) {
  for (unsigned byte = 0; byte < size; ++byte) bytes += static_cast<char>(number >> (8 * byte) & 0xFFU);
}

// "TCA1"; revision (8), second (8), 1 if on sale (4), places (4), areas (4), all little endian; two bits for
// each place from the lowest up, 0 free, 1 held, 2 sold, 3 killed, filled up to four bytes; then free, held
// and sold (4 each) of each area.
[[nodiscard]] std::string availability_binary(const View& view) {
  std::string bytes = "TCA1";
  bytes.reserve(64 + view.places.size() / 4 + view.areas.size() * 12);
  append_number(bytes, view.event->revision(), 8);
  append_number(bytes, static_cast<std::uint64_t>(view.second.time_since_epoch().count()), 8);
  append_number(bytes, view.event->sale_status() == SaleStatus::on_sale ? 1 : 0, 4);
  const std::vector<PlaceIndex>& places = view.map->places;
  append_number(bytes, places.size(), 4);
  append_number(bytes, view.map->areas.size(), 4);
  for (std::size_t first = 0; first < places.size(); first += 16) {
    std::uint32_t word = 0;
    for (std::size_t at = first; at < std::min(first + 16, places.size()); ++at)
      word |= static_cast<std::uint32_t>(view.places[places[at].value]) << (2 * (at - first));
    append_number(bytes, word, 4);
  }
  for (const AreaIndex index : view.map->areas) {
    const StatusCounts& area = view.areas[index.value];
    append_number(bytes, area.free, 4);
    append_number(bytes, area.held, 4);
    append_number(bytes, area.sold, 4);
  }
  return bytes;
}

void add(StatusCounts& counts, const StatusCounts& more) {
  counts.free += more.free;
  counts.held += more.held;
  counts.sold += more.sold;
  counts.killed += more.killed;
}

[[nodiscard]] std::vector<StatusCounts> count_categories(const View& view) {
  constexpr StatusCounts one[] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};
  const SeatMap& map = view.event->seat_map();
  std::vector<StatusCounts> counts(map.categories().size());
  for (const PlaceIndex place : view.map->places)
    add(counts[map.places()[place.value].category], one[static_cast<std::size_t>(view.places[place.value])]);
  for (const AreaIndex area : view.map->areas)
    add(counts[map.areas()[area.value].category.value], view.areas[area.value]);
  return counts;
}

void write_counts(JsonWriter& json, const StatusCounts& counts) {
  json.open_object()
      .key("free")
      .number(static_cast<std::int64_t>(counts.free))
      .key("held")
      .number(static_cast<std::int64_t>(counts.held));
  json.key("sold")
      .number(static_cast<std::int64_t>(counts.sold))
      .key("killed")
      .number(static_cast<std::int64_t>(counts.killed))
      .close_object();
}

void write_summary(JsonWriter& json, const EventId& id, const View& view,
                   const std::vector<StatusCounts>& categories) {
  const EventSettings& settings = view.event->settings();
  std::uint64_t free = 0;
  for (const StatusCounts& counts : categories) free += counts.free;
  json.key("id")
      .text(id.text())
      .key("name")
      .text(settings.name)
      .key("venue")
      .text(settings.venue)
      .key("starts_at")
      .time(settings.starts_at)
      .key("time_zone")
      .text(time_zone_of(settings));
  json.key("sale_status")
      .text(name_of(view.event->sale_status()))
      .key("currency")
      .text(settings.prices.currency().code());
  std::optional<std::int64_t> least;
  for (const PriceList::Line& line : settings.prices.lines())
    least = std::min(least.value_or(line.amount), line.amount);
  if (least) json.key("from_price").money({*least, settings.prices.currency()});
  json.key("free")
      .number(static_cast<std::int64_t>(free))
      .key("capacity")
      .number(static_cast<std::int64_t>(view.event->seat_map().capacity()));
}

void write_prices(JsonWriter& json, const PriceList& prices) {
  const auto money = [&](std::int64_t minor) { return Money{minor, prices.currency()}; };
  json.key("ticket_types").open_array();
  for (const std::string& type : prices.ticket_types()) json.text(type);
  json.close_array().key("prices").open_array();
  for (const PriceList::Line& line : prices.lines()) {
    json.open_object()
        .key("category")
        .text(line.category)
        .key("ticket_type")
        .text(prices.ticket_types()[line.ticket_type]);
    json.key("price").money(money(line.amount)).close_object();
  }
  json.close_array()
      .key("fees")
      .open_object()
      .key("per_ticket")
      .money(money(prices.per_ticket()))
      .key("per_order")
      .money(money(prices.per_order()));
  json.key("tax_basis_points").number(prices.tax_basis_points()).close_object();
}

}  // namespace

std::string_view letter_of(PlaceStatus status) { return to_string(status).substr(0, 1); }

std::string_view name_of(SaleStatus status) { return status == SaleStatus::on_sale ? "on_sale" : "off_sale"; }

View::View(std::shared_ptr<const Availability> seen, std::chrono::sys_seconds at,
           std::shared_ptr<const SentMap> shown)
    : AvailabilityAt(std::move(seen), at), map(std::move(shown)), etag("\"" + to_string(position()) + "\"") {}

const SharedText& View::json() const {
  std::call_once(json_.written,
                 [this] { json_.text = std::make_shared<const std::string>(availability_json(*this)); });
  return json_.text;
}

const SharedText& View::binary() const {
  std::call_once(binary_.written,
                 [this] { binary_.text = std::make_shared<const std::string>(availability_binary(*this)); });
  return binary_.text;
}

std::string summary_json(const EventId& id, const View& view) {
  JsonWriter json;
  json.open_object();
  write_summary(json, id, view, count_categories(view));
  return json.close_object().take();
}

std::string event_json(const EventId& id, const View& view) {
  const SeatMap& map = view.event->seat_map();
  const EventSettings& settings = view.event->settings();
  const std::vector<StatusCounts> counts = count_categories(view);
  JsonWriter json(2048);
  json.open_object();
  write_summary(json, id, view, counts);
  write_prices(json, settings.prices);
  json.key("seat_map").text(view.map->id);
  json.key("policy").open_object().key("places_per_hold").number(settings.policy.places_per_hold);
  json.key("holds_per_holder")
      .number(settings.policy.holds_per_holder)
      .key("places_per_holder")
      .number(settings.policy.places_per_holder);
  json.key("hold_lifetime_seconds").number(settings.policy.hold_lifetime.count()).close_object();
  write_categories(json, *view.map);
  StatusCounts total;
  for (const StatusCounts& category : counts) add(total, category);
  json.key("counts");
  write_counts(json, total);
  json.key("counts_by_category").open_object();
  for (std::size_t index = 0; index < counts.size(); ++index) {
    if (view.map->number_of_category[index] == SentMap::not_sent) continue;
    json.key(map.categories()[index].key);
    write_counts(json, counts[index]);
  }
  return json.close_object().close_object().take();
}

}  // namespace server
