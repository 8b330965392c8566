#pragma once
// The bodies of SeatMap. Include ticketcore/venue/seat_map.hpp, not this.

#include <algorithm>
#include <bit>

#include "ticketcore/base/detail/control_characters.hpp"
#include "ticketcore/venue/seat_map.hpp"

namespace ticketcore {
namespace detail {

/// The part before the seat's own label, with its '-' when both sides are there.
[[nodiscard]] inline std::string row_prefix(const Section& section, const Row& row) {
  std::string text = section.label;
  if (!text.empty() && !row.label.empty()) text += '-';
  return text += row.label;
}

/// Whether it is one of its enum's values, which run from 0 to last.
template <class Enum>
[[nodiscard]] constexpr bool is_up_to(Enum value, Enum last) noexcept {
  return static_cast<unsigned>(value) <= static_cast<unsigned>(last);
}

[[nodiscard]] inline bool is_color(std::string_view color) {
  return color.size() == 7 && color[0] == '#' && std::all_of(color.begin() + 1, color.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

/// Whether it names each of the places once. An empty one stands for 0, 1, 2, ...
[[nodiscard]] inline bool orders_every_place(const SeatMapData& map) {
  if (map.order.empty()) return true;
  if (map.order.size() != map.places.size()) return false;
  std::vector<bool> named(map.places.size());
  return std::all_of(map.order.begin(), map.order.end(), [&named](std::uint32_t place) {
    const bool is_new = place < named.size() && !named[place];
    if (is_new) named[place] = true;
    return is_new;
  });
}

/// The place that stands at a position in the order of the rows, which has been checked.
[[nodiscard]] inline const Place& place_in_order(const SeatMapData& map, std::uint32_t at) noexcept {
  return map.places[map.order.empty() ? at : map.order[at]];
}

/// Collects the problems of one map's contents.
class SeatMapCheck {
 public:
  SeatMapCheck(const SeatMapData& data, std::vector<SeatMapProblem>& problems)
      : data_(data), problems_(problems) {}

  void run() {
    sizes();
    if (!problems_.empty()) return;
    names();
    categories();
    sections();
    rows();
    areas();
    shapes();
    if (data_.places.empty() && data_.areas.empty())
      report("map", "has no place and no area; a map needs at least one");
  }

 private:
  void report(std::string where, std::string what) {
    if (problems_.size() < limits::listed_problems) problems_.push_back({std::move(where), std::move(what)});
  }
  void at_most(std::string_view what, std::size_t count, std::size_t limit) {
    if (count > limit)
      report("map", "has " + std::to_string(count) + " " + std::string(what) + "; at most " +
                        std::to_string(limit) + " are possible");
  }
  [[nodiscard]] static bool beyond(std::int64_t coordinate) {
    return (coordinate < 0 ? -coordinate : coordinate) > std::int64_t{limits::coordinate} * 1'000;
  }
  [[nodiscard]] static bool is_plain(std::string_view label) {
    return label.size() <= limits::label_bytes && fault_of_text(label).empty();
  }
  void outline(const std::string& where, const std::vector<Point>& points) {
    if (points.size() > limits::outline_points) {
      report(where, "has an outline of " + std::to_string(points.size()) + " points; at most " +
                        std::to_string(limits::outline_points) + " are possible");
    }
    if (std::any_of(points.begin(), points.end(),
                    [](Point point) { return beyond(point.x) || beyond(point.y); }))
      too_far(where);
  }
  void too_far(const std::string& where) {
    report(where, "reaches further than " + std::to_string(limits::coordinate) + " from the chart's origin");
  }
  void text(const std::string& where, std::string_view label, bool needed) {
    if (needed && label.empty())
      report(where, "has no label; it needs one of 1 to " + std::to_string(limits::label_bytes) + " bytes");
    if (label.size() > limits::label_bytes) {
      report(where, "has a label of " + std::to_string(label.size()) + " bytes; at most " +
                        std::to_string(limits::label_bytes) + " are possible");
    }
    if (has_control_character(label)) report(where, "has a control character in its label");
    if (!is_utf8(label)) report(where, "has a label that is not UTF-8");
  }

  void sizes() {
    at_most("places", data_.places.size(), limits::places);
    at_most("areas", data_.areas.size(), limits::areas);
    at_most("categories", data_.categories.size(), limits::categories);
    at_most("sections", data_.sections.size(), limits::sections);
    at_most("floors", data_.floors.size(), limits::floors);
    at_most("zones", data_.zones.size(), limits::zones);
    at_most("shapes", data_.shapes.size(), limits::shapes);
  }
  void names() {
    text("map", data_.name, false);
    for (const Floor& floor : data_.floors) text("floor " + floor.name, floor.name, false);
    for (const Zone& zone : data_.zones) {
      text("zone " + zone.key, zone.key, false);
      text("zone " + zone.key, zone.name, false);
      if (zone.focal_point) outline("zone " + zone.key, {*zone.focal_point});
    }
    if (data_.focal_point) outline("map", {*data_.focal_point});
  }
  void shapes() {
    for (const Shape& shape : data_.shapes) {
      const std::string where = "shape " + shape.label.substr(0, limits::label_bytes);
      outline(where, shape.outline);
      if (!is_up_to(shape.kind, ShapeKind::text)) report(where, "is of no kind that there is");
      // It may have several lines.
      if (!is_utf8(shape.label)) report(where, "has a text that is not UTF-8");
      if (shape.label.size() > limits::shape_text_bytes) {
        report(where, "has a text of " + std::to_string(shape.label.size()) + " bytes; at most " +
                          std::to_string(limits::shape_text_bytes) + " are possible");
      }
    }
  }
  void categories() {
    std::vector<std::string_view> keys;
    for (const Category& category : data_.categories) {
      text("category " + category.key, category.key, true);
      text("category " + category.key, category.name, true);
      if (!is_color(category.color))
        report("category " + category.key,
               "has the color \"" + category.color + "\"; it must read like #1F77B4");
      keys.push_back(category.key);
    }
    std::sort(keys.begin(), keys.end());
    for (auto at = std::adjacent_find(keys.begin(), keys.end()); at != keys.end();
         at = std::adjacent_find(at + 1, keys.end())) {
      report("category " + std::string(*at), "stands twice; keys must be unique");
    }
  }
  void sections() {
    for (const Zone& zone : data_.zones) text("zone " + zone.name, zone.key, true);
    for (const Section& section : data_.sections) {
      text("section " + section.label, section.label, false);
      text("section " + section.label, section.entrance, false);
      outline("section " + section.label, section.outline);
      if (section.floor && *section.floor >= data_.floors.size())
        report("section " + section.label, "names a floor that does not exist");
      if (section.zone && *section.zone >= data_.zones.size())
        report("section " + section.label, "names a zone that does not exist");
    }
  }
  void rows() {
    if (!orders_every_place(data_)) return report("map", "has an order that is none of its places");
    std::uint32_t next_place = 0;
    bool retired = false;
    for (std::uint32_t index = 0; index < data_.rows.size(); ++index) {
      const Row& row = data_.rows[index];
      if (row.section.value >= data_.sections.size()) {
        report("row " + row.label, "stands in a section that does not exist");
        return;
      }
      const std::string where = "row " + row_prefix(data_.sections[row.section.value], row);
      text(where, row.label, row.kind != RowKind::row);
      if (!is_up_to(row.kind, RowKind::booth)) report(where, "is of no kind that there is");
      if (row.place_count == 0) report(where, "has no seats; leave it out or give it some");
      if (row.first_place != next_place || row.place_count > data_.places.size() - next_place) {
        report(where, "does not take up the places after the row before it");
        return;
      }
      next_place += row.place_count;
      places_of(index, row, where);
      if (row.place_count == 0) continue;
      const bool was_retired =
          std::exchange(retired, has(place_in_order(data_, row.first_place).flags, PlaceFlags::retired));
      if (was_retired && !retired) report(where, "stands behind a row of retired places");
    }
    if (next_place != data_.places.size()) report("map", "has places that stand in no row");
  }
  void places_of(std::uint32_t index, const Row& row, const std::string& where) {
    const PlaceKind kind = row.kind == RowKind::whole_table ? PlaceKind::table
                           : row.kind == RowKind::booth     ? PlaceKind::booth
                                                            : PlaceKind::seat;
    if (kind != PlaceKind::seat && row.place_count > 1)
      report(where, "is sold as one and has several places; it needs a row of its own");
    const std::uint32_t end = row.first_place + row.place_count;
    if (row.place_count > 0 && place_in_order(data_, end - 1).slot >= limits::row_slots)
      report(where, "has more than " + std::to_string(limits::row_slots) + " positions");
    for (std::uint32_t at = row.first_place; at < end; ++at) {
      const Place& place = place_in_order(data_, at);
      const Place& before = place_in_order(data_, at > row.first_place ? at - 1 : at);
      if (place.label >= data_.labels.size()) {
        report(where, "has a seat whose label does not exist");
        continue;
      }
      const std::string& label = data_.labels[place.label];
      const auto seat = [&] { return label.empty() ? where : where + ", seat " + label; };
      if (place.row.value != index) report(seat(), "names another row");
      if (at > row.first_place && place.slot <= before.slot && place.slot < limits::row_slots) {
        report(seat(), "has a slot that is not above that of the seat before it");
      }
      if (has(place.flags, PlaceFlags::retired) != has(before.flags, PlaceFlags::retired))
        report(seat(), "stands in one row with retired and other places");
      if (place.category >= data_.categories.size()) report(seat(), "has no category; every place needs one");
      if (place.kind != kind) report(seat(), "is of another kind than its row");
      if (!is_up_to(place.flags, PlaceFlags::accessible | PlaceFlags::companion |
                                     PlaceFlags::restricted_view | PlaceFlags::retired))
        report(seat(), "has flags that there are not");
      if (place.seats == 0) report(seat(), "has no chair");
      if (place.kind == PlaceKind::seat && place.seats > 1)
        report(seat(), "is one seat with " + std::to_string(place.seats) + " chairs");
      if (beyond(place.position.x) || beyond(place.position.y)) {
        report(seat(),
               "stands further than " + std::to_string(limits::coordinate) + " from the chart's origin");
      }
      if (!is_plain(label) || (label.empty() && kind == PlaceKind::seat))
        text(seat(), label, kind == PlaceKind::seat);
    }
  }
  void areas() {
    std::vector<std::string> labels;
    for (const Area& area : data_.areas) {
      const std::string where = "area " + area.label;
      text(where, area.label, true);
      outline(where, area.outline);
      if (beyond(area.center.x) || beyond(area.center.y)) too_far(where);
      if (area.section.value >= data_.sections.size()) {
        report(where, "stands in a section that does not exist");
        continue;
      }
      if (area.category.value >= data_.categories.size())
        report(where, "has no category; every area needs one");
      if (area.retired != (area.capacity == 0) || area.capacity > limits::area_capacity) {
        report(where, "has a capacity of " + std::to_string(area.capacity) + "; 1 to " +
                          std::to_string(limits::area_capacity) + " are possible");
      }
      const std::string& section = data_.sections[area.section.value].label;
      labels.push_back(section.empty() ? area.label : section + "-" + area.label);
    }
    std::sort(labels.begin(), labels.end());
    for (auto at = std::adjacent_find(labels.begin(), labels.end()); at != labels.end();
         at = std::adjacent_find(at + 1, labels.end())) {
      report("area " + *at, "stands twice; labels must be unique");
    }
  }

  const SeatMapData& data_;
  std::vector<SeatMapProblem>& problems_;
};

}  // namespace detail

inline SeatMap::SeatMap(SeatMapData data, const HashKey& key) : key_(key), data_(std::move(data)) { check(); }

inline void SeatMap::check() {
  std::vector<SeatMapProblem> problems;
  detail::SeatMapCheck(data_, problems).run();
  if (can_join_labels()) index_labels(problems);
  if (!problems.empty()) throw SeatMapError(std::move(problems));
  count();
}

inline void SeatMap::count() {
  retired_count_ = static_cast<std::uint32_t>(
      std::count_if(data_.places.begin(), data_.places.end(),
                    [](const Place& place) { return has(place.flags, PlaceFlags::retired); }));
  const auto is_live = [this](const Row& row) { return !is_retired(place_at(row, 0)); };
  live_row_count_ = static_cast<std::size_t>(
      std::partition_point(data_.rows.begin(), data_.rows.end(), is_live) - data_.rows.begin());
  capacity_ = data_.places.size() - retired_count_;
  for (const Area& area : data_.areas) capacity_ += area.capacity;
}

inline bool SeatMap::can_join_labels() const {
  std::size_t next_place = 0;
  for (const Area& area : data_.areas) {
    if (area.section.value >= data_.sections.size()) return false;
  }
  for (const Row& row : data_.rows) {
    if (row.section.value >= data_.sections.size() || row.first_place != next_place ||
        row.place_count > data_.places.size() - next_place)
      return false;
    next_place += row.place_count;
  }
  return next_place == data_.places.size() && data_.places.size() <= limits::places &&
         detail::orders_every_place(data_) &&
         std::all_of(data_.places.begin(), data_.places.end(), [this](const Place& place) {
           return place.label < data_.labels.size() && place.row.value < data_.rows.size();
         });
}

inline void SeatMap::index_labels(std::vector<SeatMapProblem>& problems) {
  label_table_.assign(std::bit_ceil(data_.places.size() * 2 + 2), 0);
  const std::size_t mask = label_table_.size() - 1;
  std::string whole;
  for (const Row& row : data_.rows) {
    const std::string prefix = detail::row_prefix(data_.sections[row.section.value], row);
    for (std::uint32_t nth = 0; nth < row.place_count; ++nth) {
      const std::uint32_t index = place_at(row, nth).value;
      const std::string& seat = data_.labels[data_.places[index].label];
      whole = prefix;
      if (!prefix.empty() && !seat.empty()) whole += '-';
      whole += seat;
      const std::uint64_t hash = keyed_hash(key_, whole);
      std::size_t at = hash & mask;
      for (; label_table_[at] != 0; at = (at + 1) & mask) {
        const PlaceIndex other{label_table_[at] - 1};
        // Within one row only the seats' own labels can differ.
        const bool same = data_.places[other.value].row == data_.places[index].row ? seat_label(other) == seat
                                                                                   : same_label(other, whole);
        if (!same) continue;
        problems.push_back({whole, "stands twice; whole labels must be unique in the map"});
        break;  // Left out of the table: a chart of nothing but doubles must not make each search longer than
                // the last.
      }
      if (label_table_[at] == 0) label_table_[at] = index + 1;
    }
  }
  for (const Area& area : data_.areas) {
    const std::string text = label(AreaIndex{static_cast<std::uint32_t>(&area - data_.areas.data())});
    if (!area.retired && find_place(text))
      problems.push_back({text, "is a place and an area; whole labels must be unique in the map"});
  }
}

inline bool SeatMap::same_label(PlaceIndex place, std::string_view text) const {
  const Row& row = data_.rows[data_.places[place.value].row.value];
  const auto skip = [&text](std::string_view part) {
    if (!text.starts_with(part)) return false;
    text.remove_prefix(part.size());
    return true;
  };
  const std::string& section = data_.sections[row.section.value].label;
  const std::string_view seat = seat_label(place);
  if (!skip(section)) return false;
  if (!section.empty() && !row.label.empty() && !skip("-")) return false;
  if (!skip(row.label)) return false;
  if (!seat.empty() && !(section.empty() && row.label.empty()) && !skip("-")) return false;
  return text == seat;
}

inline std::string SeatMap::label(PlaceIndex place) const {
  const Row& row = data_.rows[data_.places[place.value].row.value];
  std::string text = detail::row_prefix(data_.sections[row.section.value], row);
  const std::string_view seat = seat_label(place);
  if (!text.empty() && !seat.empty()) text += '-';
  return text += seat;
}

inline std::string SeatMap::label(AreaIndex area) const {
  const Area& named = data_.areas[area.value];
  const std::string& section = data_.sections[named.section.value].label;
  return section.empty() ? named.label : section + "-" + named.label;
}

inline std::optional<PlaceIndex> SeatMap::find_place(std::string_view label) const {
  const auto place = find_place_ever(label);
  return place && is_retired(*place) ? std::nullopt : place;
}

inline std::optional<PlaceIndex> SeatMap::find_place_ever(std::string_view label) const {
  const std::size_t mask = label_table_.size() - 1;
  for (std::size_t at = keyed_hash(key_, label) & mask; label_table_[at] != 0; at = (at + 1) & mask) {
    const PlaceIndex place{label_table_[at] - 1};
    if (same_label(place, label)) return place;
  }
  return std::nullopt;
}

inline std::optional<AreaIndex> SeatMap::find_area(std::string_view label) const {
  for (std::uint32_t index = 0; index < data_.areas.size(); ++index) {
    if (!data_.areas[index].retired && this->label(AreaIndex{index}) == label) return AreaIndex{index};
  }
  return std::nullopt;
}

inline std::optional<CategoryIndex> SeatMap::find_category(std::string_view key) const {
  for (std::uint32_t index = 0; index < data_.categories.size(); ++index) {
    if (data_.categories[index].key == key) return CategoryIndex{index};
  }
  return std::nullopt;
}

inline std::optional<Point> SeatMap::focal_point_of(SectionIndex section) const {
  const auto zone = data_.sections[section.value].zone;
  if (zone && data_.zones[*zone].focal_point) return data_.zones[*zone].focal_point;
  return data_.focal_point;
}

}  // namespace ticketcore
