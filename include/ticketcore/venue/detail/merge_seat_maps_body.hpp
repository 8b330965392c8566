#pragma once
// The bodies of merge_seat_maps. Include ticketcore/venue/merge_seat_maps.hpp, not this.

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ticketcore/venue/merge_seat_maps.hpp"

namespace ticketcore {
namespace detail {

class SeatMapMerge {
 public:
  SeatMapMerge(const SeatMap& before, const SeatMap& next) : before_(before), next_(next) {
    map_.name = next.name();
    map_.focal_point = next.focal_point();
    map_.floors = next.data().floors;
    map_.zones = next.data().zones;
    map_.sections = next.data().sections;
    map_.shapes = next.data().shapes;
    map_.labels = next.data().labels;
    for (std::uint32_t index = 0; index < map_.sections.size(); ++index)
      section_called_.try_emplace(map_.sections[index].label, index);
  }

  [[nodiscard]] SeatMapData run() {
    categories();
    live_rows();
    retired_rows();
    areas();
    if (std::is_sorted(map_.order.begin(), map_.order.end())) map_.order.clear();
    return std::move(map_);
  }

 private:
  void categories() {
    map_.categories = before_.data().categories;
    std::map<std::string_view, std::uint32_t> numbers;
    for (std::uint32_t number = 0; number < before_.categories().size(); ++number)
      numbers.emplace(before_.categories()[number].key, number);
    for (const Category& category : next_.categories()) {
      const auto known = numbers.find(category.key);
      const bool is_new = known == numbers.end();
      category_of_next_.push_back(is_new ? static_cast<std::uint32_t>(map_.categories.size())
                                         : known->second);
      if (is_new) {
        map_.categories.push_back(category);
      } else {
        map_.categories[known->second] = category;
      }
    }
  }

  void add_row(const Row& row, std::uint32_t place_count) {
    map_.rows.push_back(row);
    map_.rows.back().first_place = static_cast<std::uint32_t>(map_.order.size());
    map_.rows.back().place_count = place_count;
  }
  void put_place(std::uint32_t index, Place place) {
    place.row = {static_cast<std::uint32_t>(map_.rows.size() - 1)};
    map_.places[index] = place;
    map_.order.push_back(index);
  }

  void live_rows() {
    map_.places.resize(before_.place_count());
    is_live_.resize(before_.place_count());
    for (const Row& row : next_.live_rows()) {
      add_row(row, row.place_count);
      for (std::uint32_t nth = 0; nth < row.place_count; ++nth) {
        const PlaceIndex in_next = next_.place_at(row, nth);
        const auto known = before_.find_place_ever(next_.label(in_next));
        const std::uint32_t index = known ? known->value : static_cast<std::uint32_t>(map_.places.size());
        if (!known) map_.places.emplace_back();
        if (known) is_live_[index] = true;
        Place place = next_.places()[in_next.value];
        // A map of more categories than there may be is refused as a whole.
        place.category = static_cast<std::uint16_t>(category_of_next_[place.category]);
        put_place(index, place);
      }
    }
  }

  void retired_rows() {
    std::map<std::string, std::uint32_t> labels;
    for (std::uint32_t index = 0; index < map_.labels.size(); ++index)
      labels.try_emplace(map_.labels[index], index);
    for (const Row& row : before_.rows()) {
      std::vector<std::uint32_t> gone;
      for (std::uint32_t nth = 0; nth < row.place_count; ++nth) {
        if (const std::uint32_t index = before_.place_at(row, nth).value; !is_live_[index])
          gone.push_back(index);
      }
      if (gone.empty()) continue;
      add_row(row, static_cast<std::uint32_t>(gone.size()));
      map_.rows.back().section = section_like(row.section);
      for (const std::uint32_t index : gone) {
        const std::string label(before_.seat_label({index}));
        const auto [known, is_new] =
            labels.try_emplace(label, static_cast<std::uint32_t>(map_.labels.size()));
        if (is_new) map_.labels.push_back(label);
        Place place = before_.places()[index];
        place.label = known->second;
        place.flags = place.flags | PlaceFlags::retired;
        put_place(index, place);
      }
    }
  }

  void areas() {
    map_.areas = before_.data().areas;
    std::map<std::string, std::uint32_t> known;
    for (std::uint32_t index = 0; index < before_.areas().size(); ++index)
      known.emplace(before_.label(AreaIndex{index}), index);
    std::vector<bool> is_live(before_.areas().size());
    for (std::uint32_t index = 0; index < next_.areas().size(); ++index) {
      Area area = next_.areas()[index];
      if (area.retired) continue;
      area.category = {category_of_next_[area.category.value]};
      const auto [at, is_new] =
          known.try_emplace(next_.label(AreaIndex{index}), static_cast<std::uint32_t>(map_.areas.size()));
      if (is_new) map_.areas.emplace_back();
      if (!is_new) is_live[at->second] = true;
      map_.areas[at->second] = std::move(area);
    }
    for (std::uint32_t index = 0; index < before_.areas().size(); ++index) {
      if (is_live[index]) continue;
      Area& area = map_.areas[index];
      area.section = section_like(area.section);
      area.capacity = 0;
      area.outline.clear();
      area.retired = true;
    }
  }

  /// The first of the new map's sections that is called like this one of the map before; where there is none,
  /// one that bears its label and entrance.
  [[nodiscard]] SectionIndex section_like(SectionIndex of_before) {
    const Section& section = before_.sections()[of_before.value];
    const auto [known, is_new] =
        section_called_.try_emplace(section.label, static_cast<std::uint32_t>(map_.sections.size()));
    if (is_new) map_.sections.push_back({.label = section.label, .entrance = section.entrance});
    return {known->second};
  }

  const SeatMap& before_;
  const SeatMap& next_;
  SeatMapData map_{};
  std::map<std::string, std::uint32_t> section_called_{};
  std::vector<std::uint32_t> category_of_next_{};  ///< By number there: the number here.
  std::vector<bool> is_live_{};                    ///< By index of the map before.
};

}  // namespace detail

inline SeatMap merge_seat_maps(const SeatMap& before, const SeatMap& next) {
  return SeatMap(detail::SeatMapMerge(before, next).run(), next.hash_key());
}

inline bool keeps_indices(const SeatMap& before, const SeatMap& after) {
  if (before.place_count() > after.place_count() || before.areas().size() > after.areas().size() ||
      before.categories().size() > after.categories().size())
    return false;
  for (std::uint32_t index = 0; index < before.categories().size(); ++index) {
    if (before.categories()[index].key != after.categories()[index].key) return false;
  }
  for (std::uint32_t index = 0; index < before.areas().size(); ++index) {
    if (before.label(AreaIndex{index}) != after.label(AreaIndex{index})) return false;
  }
  for (std::uint32_t index = 0; index < before.place_count(); ++index) {
    if (before.label(PlaceIndex{index}) != after.label(PlaceIndex{index})) return false;
  }
  return true;
}

}  // namespace ticketcore
