#pragma once
// SeatMap: the immutable chart of a venue. Floors, zones, sections, rows, seats, tables, booths and standing
// areas with their labels, categories and positions. Built once (SeatMapBuilder, or an importer in formats),
// then shared freely between threads and events.

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ticketcore/base/detail/keyed_hash.hpp"
#include "ticketcore/base/limits.hpp"

namespace ticketcore {

/// A number into one of the map's arrays. Each array has its own type.
template <class Tag>
struct Index {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(const Index&, const Index&) = default;
};
using PlaceIndex = Index<struct PlaceIndexTag>;
using RowIndex = Index<struct RowIndexTag>;
using AreaIndex = Index<struct AreaIndexTag>;
using CategoryIndex = Index<struct CategoryIndexTag>;
using SectionIndex = Index<struct SectionIndexTag>;

/// A position on the chart in thousandths of its unit, x to the right, y down, as screens and SVG have it.
struct Point {
  std::int32_t x = 0;
  std::int32_t y = 0;
  friend constexpr bool operator==(const Point&, const Point&) = default;
};

/// A price level of places.
struct Category {
  std::string key{};    ///< What price lists and requests call it: "stalls". Unique in the map.
  std::string name{};   ///< What people read: "Stalls".
  std::string color{};  ///< "#RRGGBB".
  friend bool operator==(const Category&, const Category&) = default;
};

struct Floor {
  std::string name{};
  friend bool operator==(const Floor&, const Floor&) = default;
};

struct Zone {
  std::string key{};
  std::string name{};
  std::optional<Point> focal_point{};  ///< Overrides the map's for the zone's sections.
  friend bool operator==(const Zone&, const Zone&) = default;
};

struct Section {
  std::string label{};                   ///< Empty for the one section of places that stand in none.
  std::optional<std::uint32_t> floor{};  ///< Into floors().
  std::optional<std::uint32_t> zone{};   ///< Into zones().
  std::string entrance{};                ///< Empty when the chart names none.
  std::vector<Point> outline{};          ///< Empty when the chart draws none.
  friend bool operator==(const Section&, const Section&) = default;
};

/// A seat, or a table or booth that is sold as one.
enum class PlaceKind : std::uint8_t { seat, table, booth };

/// What is special about a place; several may hold. retired: it was taken away when the map was replaced
/// (merge_seat_maps.hpp). Its index and label stay, and nobody draws, lists or sells it.
enum class PlaceFlags : std::uint8_t {
  none = 0,
  accessible = 1,
  companion = 2,
  restricted_view = 4,
  retired = 8
};
[[nodiscard]] constexpr PlaceFlags operator|(PlaceFlags a, PlaceFlags b) noexcept {
  return static_cast<PlaceFlags>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
[[nodiscard]] constexpr bool has(PlaceFlags flags, PlaceFlags flag) noexcept {
  return (static_cast<unsigned>(flags) & static_cast<unsigned>(flag)) != 0;
}

/// One bookable place. Two places adjoin when they share a row and their slots differ by one: slots count
/// positions along the row, and an aisle, pillar or gap takes slots that no place has. Printed labels say
/// nothing about who sits beside whom.
struct Place {
  Point position{};
  std::uint32_t label = 0;  ///< Into the map's labels; SeatMap::label gives the whole text.
  RowIndex row{};
  std::uint16_t slot = 0;      ///< Strictly rising along the row.
  std::uint16_t seats = 1;     ///< Chairs: 1 for a seat, more for a table or booth sold as one.
  std::uint16_t category = 0;  ///< Into categories().
  PlaceKind kind = PlaceKind::seat;
  PlaceFlags flags = PlaceFlags::none;
  friend bool operator==(const Place&, const Place&) = default;
};

/// What a run of places with one label is: a row of seats, a table whose chairs are sold singly, a table or
/// booth sold as one.
enum class RowKind : std::uint8_t { row, table, whole_table, booth };

/// place_count places in their order along the row (round a table: in seating order). SeatMap::place_at says
/// which: first_place counts in the order of the rows, which is that of the places unless the map was
/// replaced.
struct Row {
  std::string label{};
  SectionIndex section{};
  std::uint32_t first_place = 0;
  std::uint32_t place_count = 0;
  RowKind kind = RowKind::row;
  friend bool operator==(const Row&, const Row&) = default;
};

/// A standing (general admission) area: capacity admissions without a place of their own.
struct Area {
  std::string label{};
  SectionIndex section{};
  CategoryIndex category{};
  std::uint32_t capacity = 0;
  Point center{};
  std::vector<Point> outline{};  ///< Empty when the chart draws none.
  bool retired = false;  ///< Taken away when the map was replaced, as a retired place is: its capacity is 0.
  friend bool operator==(const Area&, const Area&) = default;
};

enum class ShapeKind : std::uint8_t { stage, outline, text };

/// Something drawn for orientation that can't be booked.
struct Shape {
  ShapeKind kind = ShapeKind::outline;
  std::string label{};
  std::vector<Point> outline{};  ///< A text has one point: its middle.
  friend bool operator==(const Shape&, const Shape&) = default;
};

/// The map's plain contents, as builders and codecs hand them over.
struct SeatMapData {
  std::string name{};
  std::optional<Point> focal_point{};  ///< What the audience looks at.
  std::vector<Category> categories{};
  std::vector<Floor> floors{};
  std::vector<Zone> zones{};
  std::vector<Section> sections{};
  std::vector<Row> rows{};
  std::vector<Place> places{};
  std::vector<std::string> labels{};  ///< The places' own labels, each text once: "1", "2", ...
  std::vector<Area> areas{};
  std::vector<Shape> shapes{};
  /// The places' indices row after row. Empty where they are 0, 1, 2, ...: in every map that was never
  /// replaced.
  std::vector<std::uint32_t> order{};
  friend bool operator==(const SeatMapData&, const SeatMapData&) = default;
};

/// One thing wrong with a chart, and where.
struct SeatMapProblem {
  std::string
      where{};  ///< A JSON pointer for files ("/sections/3/rows/0"), a label path otherwise ("Stalls-C-11").
  std::string what{};  ///< What is wrong and what would be right.
};

/// Thrown for a chart that can't be used. Lists every problem found, not just the first.
class SeatMapError : public std::runtime_error {
 public:
  explicit SeatMapError(std::vector<SeatMapProblem> problems)
      : std::runtime_error(summary(problems)), problems_(std::move(problems)) {}
  [[nodiscard]] std::span<const SeatMapProblem> problems() const noexcept { return problems_; }

 private:
  static std::string summary(const std::vector<SeatMapProblem>& problems) {
    std::string text = "the seat map has " + std::to_string(problems.size()) +
                       (problems.size() == 1 ? " problem:" : " problems:");
    for (const auto& problem : problems) text += "\n  " + problem.where + ": " + problem.what;
    return text;
  }
  std::vector<SeatMapProblem> problems_{};
};

class SeatMap {
 public:
  /// Checks everything that the rest of the library relies on (indices in range, rising slots, unique labels,
  /// limits) and throws SeatMapError with every problem. O(places). key is the hash key of the table of
  /// labels; no answer depends on it. Draw one (new_hash_key) for a chart that comes from outside.
  explicit SeatMap(SeatMapData data, const HashKey& key = {});

  [[nodiscard]] const std::string& name() const noexcept { return data_.name; }
  [[nodiscard]] std::optional<Point> focal_point() const noexcept { return data_.focal_point; }
  [[nodiscard]] std::span<const Category> categories() const noexcept { return data_.categories; }
  [[nodiscard]] std::span<const Floor> floors() const noexcept { return data_.floors; }
  [[nodiscard]] std::span<const Zone> zones() const noexcept { return data_.zones; }
  [[nodiscard]] std::span<const Section> sections() const noexcept { return data_.sections; }
  /// Those of retired places stand behind all others.
  [[nodiscard]] std::span<const Row> rows() const noexcept { return data_.rows; }
  /// The rows that there are, without those of retired places.
  [[nodiscard]] std::span<const Row> live_rows() const noexcept { return rows().first(live_row_count_); }
  [[nodiscard]] std::span<const Place> places() const noexcept { return data_.places; }
  [[nodiscard]] std::span<const Area> areas() const noexcept { return data_.areas; }
  [[nodiscard]] std::span<const Shape> shapes() const noexcept { return data_.shapes; }
  [[nodiscard]] const SeatMapData& data() const noexcept { return data_; }
  [[nodiscard]] const HashKey& hash_key() const noexcept { return key_; }

  [[nodiscard]] std::uint32_t place_count() const noexcept {
    return static_cast<std::uint32_t>(data_.places.size());
  }
  /// The place that stands nth in its row, from 0; below row.place_count.
  [[nodiscard]] PlaceIndex place_at(const Row& row, std::uint32_t nth) const noexcept {
    const std::uint32_t at = row.first_place + nth;
    return {data_.order.empty() ? at : data_.order[at]};
  }
  [[nodiscard]] bool is_retired(PlaceIndex place) const noexcept {
    return has(data_.places[place.value].flags, PlaceFlags::retired);
  }
  [[nodiscard]] std::uint32_t retired_count() const noexcept { return retired_count_; }
  /// Places that are not retired, plus the capacities of all areas.
  [[nodiscard]] std::uint64_t capacity() const noexcept { return capacity_; }

  /// Section, row and seat joined by '-', leaving out what is empty: "Stalls-C-11", "A-1"; a whole table
  /// "T1".
  [[nodiscard]] std::string label(PlaceIndex place) const;
  [[nodiscard]] std::string label(AreaIndex area) const;
  /// The seat's own part of the label: "11".
  [[nodiscard]] std::string_view seat_label(PlaceIndex place) const {
    return data_.labels[data_.places[place.value].label];
  }

  /// Finds by the whole label what is not retired. Constant time for places, linear in areas and categories.
  [[nodiscard]] std::optional<PlaceIndex> find_place(std::string_view label) const;
  /// The same, also among retired places.
  [[nodiscard]] std::optional<PlaceIndex> find_place_ever(std::string_view label) const;
  [[nodiscard]] std::optional<AreaIndex> find_area(std::string_view label) const;
  [[nodiscard]] std::optional<CategoryIndex> find_category(std::string_view key) const;

  /// The zone's focal point if it has one, else the map's.
  [[nodiscard]] std::optional<Point> focal_point_of(SectionIndex section) const;

 private:
  void check();
  /// Whether the contents are sound enough to compare whole labels.
  [[nodiscard]] bool can_join_labels() const;
  void count();
  void index_labels(std::vector<SeatMapProblem>& problems);
  [[nodiscard]] bool same_label(PlaceIndex place, std::string_view label) const;

  HashKey key_;
  SeatMapData data_;
  std::uint64_t capacity_ = 0;
  std::uint32_t retired_count_ = 0;
  std::size_t live_row_count_ = 0;
  std::vector<std::uint32_t> label_table_{};  ///< Open addressing by label hash; place index + 1, 0 is empty.
};

/// Whether both are the same map or maps of the same contents. Linear in the map if they are two.
[[nodiscard]] inline bool same_value(const std::shared_ptr<const SeatMap>& one,
                                     const std::shared_ptr<const SeatMap>& other) {
  return one == other || (one != nullptr && other != nullptr && one->data() == other->data());
}

}  // namespace ticketcore

#include "ticketcore/venue/detail/seat_map_body.hpp"
