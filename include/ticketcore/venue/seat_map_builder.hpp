#pragma once
// SeatMapBuilder: puts a SeatMap together piece by piece, in code or from a file. It keeps going past
// mistakes and reports them all at the end, each with the place the caller gave for it.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ticketcore/venue/seat_map.hpp"

namespace ticketcore {

/// What add_seat needs to know of a seat.
struct SeatSpec {
  std::string_view label{};
  Point position{};
  CategoryIndex category{};
  PlaceFlags flags = PlaceFlags::none;
  std::uint16_t gap_before =
      0;  ///< Empty slots between the seat before it and this one: 1 for a narrow aisle.
};

class SeatMapBuilder {
 public:
  /// The key is the map's (SeatMap).
  explicit SeatMapBuilder(std::string name, const HashKey& key = {})
      : key_(key), label_index_(0, LabelHash{key}) {
    data_.name = std::move(name);
  }

  void focal_point(Point point) { data_.focal_point = point; }
  CategoryIndex add_category(Category category);
  std::uint32_t add_floor(Floor floor);
  std::uint32_t add_zone(Zone zone);
  SectionIndex add_section(Section section);
  /// The section without a label, made on first use, for places that stand in none.
  SectionIndex no_section();
  /// Starts a row (RowKind::row) or a table whose chairs are sold singly (RowKind::table); the seats added
  /// next are its seats.
  RowIndex add_row(SectionIndex section, std::string_view label, RowKind kind = RowKind::row);
  PlaceIndex add_seat(const SeatSpec& seat);
  /// A table or booth that is sold as one, with this many chairs.
  PlaceIndex add_whole(SectionIndex section, std::string_view label, PlaceKind kind, std::uint16_t seats,
                       Point position, CategoryIndex category, PlaceFlags flags = PlaceFlags::none);
  AreaIndex add_area(Area area);
  void add_shape(Shape shape);

  /// Reports a mistake that the caller found, to be listed with the others: with the first few hundred of
  /// them.
  void problem(std::string where, std::string what) {
    if (problems_.size() < limits::listed_problems) problems_.push_back({std::move(where), std::move(what)});
  }
  [[nodiscard]] bool has_problems() const noexcept { return !problems_.empty(); }
  /// So far.
  [[nodiscard]] std::size_t place_count() const noexcept { return data_.places.size(); }

  /// The finished map. Throws SeatMapError with the reported problems and those that SeatMap's own check
  /// adds. The builder is empty afterwards.
  [[nodiscard]] SeatMap build();

 private:
  struct LabelHash {
    HashKey key;
    [[nodiscard]] std::size_t operator()(const std::string& label) const noexcept {
      return keyed_hash(key, label);
    }
  };

  std::uint32_t intern(std::string_view label);

  HashKey key_;
  SeatMapData data_;
  std::vector<SeatMapProblem> problems_;
  std::unordered_map<std::string, std::uint32_t, LabelHash> label_index_;
  std::optional<SectionIndex> no_section_;
};

inline CategoryIndex SeatMapBuilder::add_category(Category category) {
  data_.categories.push_back(std::move(category));
  return {static_cast<std::uint32_t>(data_.categories.size() - 1)};
}

inline std::uint32_t SeatMapBuilder::add_floor(Floor floor) {
  data_.floors.push_back(std::move(floor));
  return static_cast<std::uint32_t>(data_.floors.size() - 1);
}

inline std::uint32_t SeatMapBuilder::add_zone(Zone zone) {
  data_.zones.push_back(std::move(zone));
  return static_cast<std::uint32_t>(data_.zones.size() - 1);
}

inline SectionIndex SeatMapBuilder::add_section(Section section) {
  data_.sections.push_back(std::move(section));
  return {static_cast<std::uint32_t>(data_.sections.size() - 1)};
}

inline SectionIndex SeatMapBuilder::no_section() {
  if (!no_section_) no_section_ = add_section({});
  return *no_section_;
}

inline RowIndex SeatMapBuilder::add_row(SectionIndex section, std::string_view label, RowKind kind) {
  data_.rows.push_back(
      {std::string(label), section, static_cast<std::uint32_t>(data_.places.size()), 0, kind});
  return {static_cast<std::uint32_t>(data_.rows.size() - 1)};
}

inline PlaceIndex SeatMapBuilder::add_seat(const SeatSpec& seat) {
  if (data_.rows.empty()) throw std::logic_error("add_seat before add_row: a seat stands in a row");
  Row& row = data_.rows.back();
  // A slot past the limit stays just past it, for SeatMap's check to report.
  const std::uint32_t slot =
      std::min(limits::row_slots,
               row.place_count == 0 ? seat.gap_before : data_.places.back().slot + 1U + seat.gap_before);
  Place place;
  place.position = seat.position;
  place.label = intern(seat.label);
  place.row = {static_cast<std::uint32_t>(data_.rows.size() - 1)};
  place.slot = static_cast<std::uint16_t>(slot);
  place.category = static_cast<std::uint16_t>(std::min(seat.category.value, limits::categories));
  place.flags = seat.flags;
  data_.places.push_back(place);
  ++row.place_count;
  return {static_cast<std::uint32_t>(data_.places.size() - 1)};
}

inline PlaceIndex SeatMapBuilder::add_whole(SectionIndex section, std::string_view label, PlaceKind kind,
                                            std::uint16_t seats, Point position, CategoryIndex category,
                                            PlaceFlags flags) {
  add_row(section, label, kind == PlaceKind::booth ? RowKind::booth : RowKind::whole_table);
  const PlaceIndex index =
      add_seat({.label = "", .position = position, .category = category, .flags = flags});
  data_.places.back().kind = kind;
  data_.places.back().seats = seats;
  return index;
}

inline AreaIndex SeatMapBuilder::add_area(Area area) {
  data_.areas.push_back(std::move(area));
  return {static_cast<std::uint32_t>(data_.areas.size() - 1)};
}

inline void SeatMapBuilder::add_shape(Shape shape) { data_.shapes.push_back(std::move(shape)); }

inline std::uint32_t SeatMapBuilder::intern(std::string_view label) {
  const auto [at, added] =
      label_index_.try_emplace(std::string(label), static_cast<std::uint32_t>(data_.labels.size()));
  if (added) data_.labels.emplace_back(label);
  return at->second;
}

inline SeatMap SeatMapBuilder::build() {
  SeatMapData data = std::exchange(data_, {});
  std::vector<SeatMapProblem> problems = std::exchange(problems_, {});
  label_index_.clear();
  no_section_.reset();
  if (problems.empty()) return SeatMap(std::move(data), key_);
  try {
    const SeatMap checked(std::move(data), key_);
  } catch (const SeatMapError& more) {
    problems.insert(problems.end(), more.problems().begin(), more.problems().end());
  }
  throw SeatMapError(std::move(problems));
}

}  // namespace ticketcore
