// seats.io's chart JSON, as its published samples have it. A section's seats are placed relative to the
// section's top left corner; a seat without a category takes its section's. Members that say nothing about
// places are not looked at.

#include <algorithm>
#include <cmath>
#include <map>

#include "base/drawn_hash_key.hpp"
#include "seat_map_reading.hpp"

namespace ticketcore {
namespace {

class SeatsioReader {
 public:
  explicit SeatsioReader(JsonDocument& chart) : document_(chart), chart_(chart.root()) {}

  SeatMap read() {
    builder_ = SeatMapBuilder(chart_.text("name").empty() ? "Chart" : chart_.text("name"), drawn_hash_key());
    if (const auto categories = chart_.need("categories")) {
      for (const JsonValue& node : categories->list("list")) read_category(node);
    }
    if (const auto zones = chart_.find("zones")) {
      for (const JsonValue& node : zones->list("list")) read_zone(node);
    }
    if (const auto floor = chart_.find("subChart")) read_floor(*floor, std::nullopt);
    for (const JsonValue& floor : chart_.list("subChartFloors")) {
      const std::string shown = floor.text("floorDisplayName");
      read_floor(floor, builder_.add_floor({shown.empty() ? floor.text("floorName") : shown}));
    }
    return build(builder_, document_);
  }

 private:
  /// A key is a number in older charts and a text in newer ones.
  [[nodiscard]] static std::optional<std::string> key_text(const std::optional<JsonValue>& node) {
    if (!node) return std::nullopt;
    if (node->is_text()) return node->text();
    return std::to_string(node->integer(INT64_MIN, INT64_MAX));
  }

  void read_category(const JsonValue& node) {
    const auto key = key_text(node.need("key"));
    if (!key) return;
    const std::string name = node.text("label");
    const std::string color = node.text("color");
    categories_[*key] =
        builder_.add_category({*key, name.empty() ? *key : name, color.empty() ? "#808080" : color});
  }

  void read_zone(const JsonValue& node) {
    const std::string key = node.text("key");
    Zone zone{key, node.text("label"), std::nullopt};
    if (const auto focal = node.find("focalPoint")) zone.focal_point = point_of(*focal);
    zones_[key] = builder_.add_zone(std::move(zone));
  }

  void read_floor(const JsonValue& floor, std::optional<std::uint32_t> index) {
    floor_ = index;
    if (const auto focal = floor.find("focalPoint")) builder_.focal_point(point_of(*focal));
    section_.reset();
    section_category_.reset();
    read_objects(floor, {0, 0});
    for (const JsonValue& node : floor.list("sections")) read_section(node);
  }

  void read_section(const JsonValue& node) {
    Section section;
    section.label = node.text("label");
    section.entrance = node.text("entrance");
    section.floor = floor_;
    if (const std::string zone = node.text("zone"); !zone.empty()) {
      if (zones_.contains(zone)) {
        section.zone = zones_[zone];
      } else {
        node.problem("names zone \"" + zone + "\", which the chart does not have");
      }
    }
    for (const JsonValue& point : node.list("points")) section.outline.push_back(point_of(point));
    section_ = builder_.add_section(std::move(section));
    section_category_ = category_of(node);
    const auto corner = node.find("topLeft");
    if (const auto inner = node.need("subChart"))
      read_objects(*inner, corner ? point_of(*corner) : Point{0, 0});
    section_.reset();
    section_category_.reset();
  }

  /// What stands on a floor or in a section.
  void read_objects(const JsonValue& node, Point corner) {
    corner_ = corner;
    for (const JsonValue& row : node.list("rows")) read_row(row);
    for (const JsonValue& table : node.list("tables")) read_table(table);
    for (const JsonValue& booth : node.list("booths")) read_booth(booth);
    for (const JsonValue& area : node.list("generalAdmissionAreas")) read_area(area);
    for (const JsonValue& shape : node.list("shapes")) read_shape(shape);
    for (const JsonValue& text : node.list("texts")) read_text(text);
  }

  [[nodiscard]] SectionIndex section() {
    if (section_) return *section_;
    if (!floor_) return builder_.no_section();
    // Places that stand on a floor but in no section still know their floor.
    auto& index = floor_sections_[*floor_];
    if (!index) index = builder_.add_section({.label = "", .floor = floor_});
    return *index;
  }

  [[nodiscard]] std::optional<CategoryIndex> category_of(const JsonValue& node) {
    const auto key = key_text(node.find("categoryKey"));
    if (!key) return std::nullopt;
    const auto found = categories_.find(*key);
    if (found != categories_.end()) return found->second;
    node.problem("names category " + *key + ", which the chart does not have");
    return CategoryIndex{0};
  }
  /// Its own category, or the section's.
  [[nodiscard]] CategoryIndex need_category(const JsonValue& node) {
    const auto own = category_of(node);
    if (own) return *own;
    if (section_category_) return *section_category_;
    node.problem("has no category, and its section has none either");
    return {0};
  }

  /// Out of range stays out of range, for SeatMap's check to report.
  [[nodiscard]] static std::int32_t sum_of(std::int32_t a, double b) {
    return static_cast<std::int32_t>(std::llround(std::clamp<double>(a + b, INT32_MIN, INT32_MAX)));
  }
  [[nodiscard]] Point shifted(Point point) const {
    return {sum_of(point.x, corner_.x), sum_of(point.y, corner_.y)};
  }

  [[nodiscard]] static PlaceFlags flags_of(const JsonValue& seat) {
    PlaceFlags flags = PlaceFlags::none;
    if (seat.flag("accessible")) flags = flags | PlaceFlags::accessible;
    if (seat.flag("companionSeat")) flags = flags | PlaceFlags::companion;
    if (seat.flag("restrictedView")) flags = flags | PlaceFlags::restricted_view;
    return flags;
  }

  struct Seat {
    JsonValue node;
    Point position;
  };

  [[nodiscard]] static double distance(Point a, Point b) {
    return std::hypot(static_cast<double>(a.x) - b.x, static_cast<double>(a.y) - b.y);
  }

  /// Seats with the gaps that their distances show: half as far again as is usual in the row is an aisle.
  void add_seats(const std::vector<Seat>& seats) {
    std::vector<double> steps;
    for (std::size_t index = 1; index < seats.size(); ++index)
      steps.push_back(distance(seats[index - 1].position, seats[index].position));
    double usual = 0;
    if (!steps.empty()) {
      std::vector<double> sorted = steps;
      std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>((sorted.size() - 1) / 2),
                       sorted.end());
      usual = sorted[(sorted.size() - 1) / 2];
    }
    for (std::size_t index = 0; index < seats.size(); ++index) {
      std::uint16_t gap = 0;
      if (index > 0 && usual > 0 && steps[index - 1] > 1.5 * usual)
        gap = static_cast<std::uint16_t>(std::clamp(std::lround(steps[index - 1] / usual) - 1, 1L, 100L));
      const JsonValue& node = seats[index].node;
      const std::string label = node.text("label");
      builder_.add_seat({.label = label,
                         .position = seats[index].position,
                         .category = need_category(node),
                         .flags = flags_of(node),
                         .gap_before = gap});
    }
  }

  [[nodiscard]] std::vector<Seat> seats_of(const JsonValue& node) {
    std::vector<Seat> seats;
    for (const JsonValue& seat : node.list("seats")) seats.push_back({seat, shifted(point_of(seat))});
    return seats;
  }

  void read_row(const JsonValue& node) {
    const std::vector<Seat> seats = seats_of(node);
    if (seats.empty()) return;
    builder_.add_row(section(), node.text("label"));
    add_seats(seats);
  }

  void read_table(const JsonValue& node) {
    const std::vector<Seat> chairs = seats_of(node);
    if (!node.flag("bookAsAWhole")) {
      if (chairs.empty()) return;
      builder_.add_row(section(), node.text("label"), RowKind::table);
      add_seats(chairs);
      return;
    }
    const auto own = category_of(node);
    const CategoryIndex category = own              ? *own
                                   : chairs.empty() ? need_category(node)
                                                    : need_category(chairs.front().node);
    const auto center = node.find("center");
    const Point position = center           ? shifted(point_of(*center))
                           : chairs.empty() ? corner_
                                            : chairs.front().position;
    builder_.add_whole(section(), node.text("label"), PlaceKind::table,
                       static_cast<std::uint16_t>(std::clamp<std::size_t>(chairs.size(), 1, UINT16_MAX)),
                       position, category);
  }

  void read_booth(const JsonValue& node) {
    const auto center = node.need("center");
    builder_.add_whole(section(), node.text("label"), PlaceKind::booth, 1,
                       center ? shifted(point_of(*center)) : corner_, need_category(node));
  }

  /// Corners of a rectangle, polygon or ellipse; empty for other kinds.
  [[nodiscard]] std::vector<Point> outline_of(const JsonValue& node) {
    std::vector<Point> outline;
    for (const JsonValue& point : node.list("points")) outline.push_back(shifted(point_of(point)));
    const auto center_node = node.find("center");
    if (!outline.empty() || !center_node) return outline;
    const Point center = shifted(point_of(*center_node));
    constexpr double pi = 3.14159265358979323846;
    const auto length = [&](const char* key) {
      const auto found = node.find(key);
      return found ? static_cast<double>(coordinate(*found)) : 0.0;
    };
    const double turn = length("rotationAngle") / 1000 * pi / 180;
    const auto add = [&](double x, double y) {
      outline.push_back({sum_of(center.x, x * std::cos(turn) - y * std::sin(turn)),
                         sum_of(center.y, x * std::sin(turn) + y * std::cos(turn))});
    };
    if (const double radius_x = length("radius1"); radius_x > 0) {
      const double radius_y = length("radius2");
      for (int corner = 0; corner < 32; ++corner)
        add(radius_x * std::cos(corner * pi / 16), radius_y * std::sin(corner * pi / 16));
    } else if (const double half_width = length("width") / 2; half_width > 0) {
      const double half_height = length("height") / 2;
      for (const auto& [x, y] : {std::pair{-1, -1}, {1, -1}, {1, 1}, {-1, 1}})
        add(x * half_width, y * half_height);
    }
    return outline;
  }

  [[nodiscard]] static Point middle_of(const std::vector<Point>& outline) {
    std::int64_t x = 0;
    std::int64_t y = 0;
    for (const Point point : outline) {
      x += point.x;
      y += point.y;
    }
    const auto count = static_cast<std::int64_t>(std::max<std::size_t>(outline.size(), 1));
    return {static_cast<std::int32_t>(x / count), static_cast<std::int32_t>(y / count)};
  }

  void read_area(const JsonValue& node) {
    Area area;
    area.label = node.text("label");
    area.section = section();
    area.category = need_category(node);
    if (const auto capacity = node.need("capacity"))
      area.capacity = static_cast<std::uint32_t>(capacity->integer(1, limits::area_capacity));
    area.outline = outline_of(node);
    const auto center = node.find("center");
    area.center = center ? shifted(point_of(*center)) : middle_of(area.outline);
    builder_.add_area(std::move(area));
  }

  void read_shape(const JsonValue& node) {
    std::vector<Point> outline = outline_of(node);
    if (outline.empty()) return;
    builder_.add_shape({node.text("smartType") == "stage" ? ShapeKind::stage : ShapeKind::outline,
                        node.text("label"), std::move(outline)});
  }

  void read_text(const JsonValue& node) {
    std::string text = node.text("text");
    if (text.empty()) text = node.text("label");
    if (const auto center = node.find("center"); center && !text.empty())
      builder_.add_shape({ShapeKind::text, text, {shifted(point_of(*center))}});
  }

  SeatMapBuilder builder_{""};
  const JsonDocument& document_;
  JsonValue chart_;
  std::map<std::string, CategoryIndex> categories_;
  std::map<std::string, std::uint32_t> zones_;
  std::map<std::uint32_t, std::optional<SectionIndex>> floor_sections_;
  std::optional<std::uint32_t> floor_;
  std::optional<SectionIndex> section_;
  std::optional<CategoryIndex> section_category_;
  Point corner_;
};

}  // namespace

SeatMap read_seatsio(JsonDocument& chart) { return SeatsioReader(chart).read(); }

}  // namespace ticketcore
