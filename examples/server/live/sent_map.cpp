#include "live/sent_map.hpp"

#include <map>
#include <mutex>

#include "api/secrets.hpp"
#include "ticketcore/base/json_writer.hpp"
#include "ticketcore/formats/seat_map_json.hpp"

namespace server {
namespace {

using namespace ticketcore;

void write_point(JsonWriter& json, Point point) {
  json.open_array().thousandths(point.x).thousandths(point.y).close_array();
}

void write_points(JsonWriter& json, std::span<const Point> points) {
  json.open_array();
  for (const Point& point : points) write_point(json, point);
  json.close_array();
}

template <class Write>
void write_column(JsonWriter& json, std::string_view name, const SentMap& sent, const Write& write) {
  json.key(name).open_array();
  for (const PlaceIndex place : sent.places) write(place, sent.map->places()[place.value]);
  json.close_array();
}

void write_places(JsonWriter& json, const SentMap& sent) {
  const SeatMap& map = *sent.map;
  constexpr std::string_view kind_names[] = {"seat", "table", "booth"};
  const auto row_of = [&](const Place& place) -> const Row& { return map.rows()[place.row.value]; };
  const auto has_flag = [&](PlaceFlags flag) {
    return [&json, flag](PlaceIndex, const Place& place) { json.number(has(place.flags, flag) ? 1 : 0); };
  };
  write_column(json, "labels", sent, [&](PlaceIndex index, const Place&) { json.text(map.label(index)); });
  write_column(json, "x", sent, [&](PlaceIndex, const Place& place) { json.thousandths(place.position.x); });
  write_column(json, "y", sent, [&](PlaceIndex, const Place& place) { json.thousandths(place.position.y); });
  write_column(json, "category", sent,
               [&](PlaceIndex, const Place& place) { json.number(sent.number_of_category[place.category]); });
  write_column(json, "kind", sent, [&](PlaceIndex, const Place& place) {
    json.text(kind_names[static_cast<std::size_t>(place.kind)]);
  });
  write_column(json, "section", sent, [&](PlaceIndex, const Place& place) {
    json.text(map.sections()[row_of(place).section.value].label);
  });
  write_column(json, "row", sent, [&](PlaceIndex, const Place& place) { json.text(row_of(place).label); });
  write_column(json, "seat", sent, [&](PlaceIndex index, const Place&) { json.text(map.seat_label(index)); });
  write_column(json, "seats", sent, [&](PlaceIndex, const Place& place) { json.number(place.seats); });
  write_column(json, "accessible", sent, has_flag(PlaceFlags::accessible));
  write_column(json, "companion", sent, has_flag(PlaceFlags::companion));
  write_column(json, "restricted_view", sent, has_flag(PlaceFlags::restricted_view));
}

void write_category(JsonWriter& json, const Category& category, bool accessible) {
  json.open_object()
      .key("key")
      .text(category.key)
      .key("label")
      .text(category.name.empty() ? category.key : category.name);
  json.key("color").text(category.color).key("accessible").flag(accessible).close_object();
}

[[nodiscard]] std::string drawing_json(const SentMap& sent) {
  const SeatMap& map = *sent.map;
  constexpr std::string_view shapes[] = {"stage", "outline", "text"};
  JsonWriter json(std::size_t{map.place_count()} * 90 + 4096);
  json.open_object().key("name").text(map.name());
  if (const auto focal = map.focal_point()) write_point(json.key("focal_point"), *focal);
  write_categories(json, sent);
  json.key("places").open_object();
  write_places(json, sent);
  json.close_object().key("areas").open_array();
  for (const AreaIndex index : sent.areas) {
    const Area& area = map.areas()[index.value];
    json.open_object()
        .key("label")
        .text(map.label(index))
        .key("category")
        .number(sent.number_of_category[area.category.value])
        .key("capacity")
        .number(area.capacity);
    write_point(json.key("center"), area.center);
    write_points(json.key("outline"), area.outline);
    json.close_object();
  }
  json.close_array().key("sections").open_array();
  for (const Section& section : map.sections()) {
    json.open_object().key("label").text(section.label).key("entrance").text(section.entrance);
    json.key("floor").text(section.floor ? map.floors()[*section.floor].name : "").key("outline");
    write_points(json, section.outline);
    json.close_object();
  }
  json.close_array().key("shapes").open_array();
  for (const Shape& shape : map.shapes()) {
    json.open_object()
        .key("kind")
        .text(shapes[static_cast<std::size_t>(shape.kind)])
        .key("label")
        .text(shape.label)
        .key("outline");
    write_points(json, shape.outline);
    json.close_object();
  }
  return json.close_array().close_object().take();
}

}  // namespace

void write_categories(JsonWriter& json, const SentMap& sent) {
  const SeatMap& map = *sent.map;
  std::vector<bool> accessible(map.categories().size());
  for (const PlaceIndex index : sent.places) {
    const Place& place = map.places()[index.value];
    if (has(place.flags, PlaceFlags::accessible)) accessible[place.category] = true;
  }
  json.key("categories").open_array();
  for (std::size_t index = 0; index < map.categories().size(); ++index) {
    if (sent.number_of_category[index] != SentMap::not_sent)
      write_category(json, map.categories()[index], accessible[index]);
  }
  json.close_array();
}

SentMap::SentMap(std::shared_ptr<const SeatMap> shown) : map(std::move(shown)) {
  number_of_place.assign(map->place_count(), not_sent);
  for (const Row& row : map->live_rows()) {
    for (std::uint32_t nth = 0; nth < row.place_count; ++nth) {
      const PlaceIndex place = map->place_at(row, nth);
      number_of_place[place.value] = static_cast<std::uint32_t>(places.size());
      places.push_back(place);
    }
  }
  const std::size_t categories = map->categories().size();
  std::vector<bool> used(categories);
  for (const PlaceIndex place : places) used[map->places()[place.value].category] = true;
  number_of_area.assign(map->areas().size(), not_sent);
  for (std::uint32_t area = 0; area < map->areas().size(); ++area) {
    if (map->areas()[area].retired) continue;
    number_of_area[area] = static_cast<std::uint32_t>(areas.size());
    areas.push_back({area});
    used[map->areas()[area].category.value] = true;
  }
  number_of_category.assign(categories, not_sent);
  for (std::uint32_t category = 0, number = 0; category < categories; ++category) {
    if (used[category]) number_of_category[category] = number++;
  }
  json = std::make_shared<const std::string>(seat_map_to_json(*map));
  std::string drawn = drawing_json(*this);
  id = to_base64url(hash_of_secret(*json + drawn)).substr(0, 22);
  drawn.back() = ',';
  drawing = std::make_shared<const std::string>(drawn + "\"id\":\"" + id + "\"}");
}

std::shared_ptr<const SentMap> sent_map(const std::shared_ptr<const SeatMap>& map) {
  static std::mutex mutex;
  static std::map<const SeatMap*, std::weak_ptr<const SentMap>> sent;
  const auto known = [&]() -> std::shared_ptr<const SentMap> {
    const auto found = sent.find(map.get());
    return found == sent.end() ? nullptr : found->second.lock();
  };
  {
    const std::lock_guard lock(mutex);
    if (auto one = known()) return one;
  }
  auto made = std::make_shared<const SentMap>(map);
  const std::lock_guard lock(mutex);
  if (auto one = known()) return one;
  std::erase_if(sent, [](const auto& other) { return other.second.expired(); });
  sent[map.get()] = made;
  return made;
}

}  // namespace server
