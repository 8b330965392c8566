// Our own seat map format. Rows may be written seat by seat, or many at once along lines or arcs.

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/drawn_hash_key.hpp"
#include "seat_map_reading.hpp"

namespace ticketcore {
namespace {

constexpr std::int64_t venue_version = 1;

/// "A", "A-T", "1-12" or a list of them as single labels.
[[nodiscard]] std::vector<std::string> expand_labels(const JsonValue& node) {
  std::vector<std::string> labels;
  if (node.is_array()) {
    for (const JsonValue& element : node.elements()) labels.push_back(element.text());
    return labels;
  }
  const std::string text = node.text();
  const std::size_t dash = text.find('-');
  const std::string from = text.substr(0, dash);
  const std::string to = dash == std::string::npos ? from : text.substr(dash + 1);
  const auto is_number = [](const std::string& part) {
    return !part.empty() && part.size() <= 4 &&
           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (is_number(from) && is_number(to) && std::stoi(from) <= std::stoi(to)) {
    for (int number = std::stoi(from); number <= std::stoi(to); ++number)
      labels.push_back(std::to_string(number));
  } else if (from.size() == 1 && to.size() == 1 && from[0] >= 'A' && to[0] <= 'Z' && from[0] <= to[0]) {
    for (char letter = from[0]; letter <= to[0]; ++letter) labels.emplace_back(1, letter);
  } else {
    node.problem("\"" + text + "\" must be a range of letters or numbers, such as A-T or 1-12, or a list");
  }
  return labels;
}

class VenueReader {
 public:
  explicit VenueReader(JsonDocument& venue) : document_(venue), root_(venue.root()) {}

  SeatMap read() {
    builder_ = SeatMapBuilder(root_.text("name"), drawn_hash_key());
    root_.only({"$schema", "format", "version", "name", "focal_point", "categories", "floors", "zones",
                "shapes", "sections"});
    if (root_.text("format") != "ticketcore/seat-map")
      root_.problem("\"format\" must be \"ticketcore/seat-map\"");
    if (const auto version = root_.need("version");
        version && version->integer(1, INT32_MAX) > venue_version) {
      version->problem("is newer than this library, which reads version " + std::to_string(venue_version) +
                       ": update it");
    }
    if (const auto focal = root_.find("focal_point")) builder_.focal_point(point_of(*focal));
    for (const JsonValue& node : root_.list("categories")) read_category(node);
    for (const JsonValue& node : root_.list("floors")) {
      node.only({"name"});
      floors_[node.text("name")] = builder_.add_floor({node.text("name")});
    }
    for (const JsonValue& node : root_.list("zones")) read_zone(node);
    for (const JsonValue& node : root_.list("shapes")) read_shape(node);
    if (const auto sections = root_.need("sections")) {
      for (const JsonValue& node : sections->elements()) read_section(node);
    }
    return build(builder_, document_);
  }

 private:
  void read_category(const JsonValue& node) {
    node.only({"key", "name", "color"});
    const auto key = node.need("key");
    const auto color = node.need("color");
    if (!key || !color) return;
    const std::string name = node.text("name");
    categories_[key->text()] =
        builder_.add_category({key->text(), name.empty() ? key->text() : name, color->text()});
  }

  void read_zone(const JsonValue& node) {
    node.only({"key", "name", "focal_point"});
    Zone zone{node.text("key"), node.text("name"), std::nullopt};
    if (const auto focal = node.find("focal_point")) zone.focal_point = point_of(*focal);
    const std::string key = zone.key;
    zones_[key] = builder_.add_zone(std::move(zone));
  }

  void read_shape(const JsonValue& node) {
    node.only({"kind", "label", "outline"});
    const std::string kind = node.text("kind");
    if (kind != "stage" && kind != "outline" && kind != "text")
      node.problem("\"kind\" must be stage, outline or text");
    builder_.add_shape({kind == "stage"  ? ShapeKind::stage
                        : kind == "text" ? ShapeKind::text
                                         : ShapeKind::outline,
                        node.text("label"), outline_of(node)});
  }

  [[nodiscard]] static std::vector<Point> outline_of(const JsonValue& node) {
    std::vector<Point> outline;
    for (const JsonValue& point : node.list("outline")) outline.push_back(point_of(point));
    return outline;
  }

  void read_section(const JsonValue& node) {
    node.only({"label", "floor", "zone", "entrance", "outline", "category", "rows", "areas"});
    Section section;
    section.label = node.text("label");
    section.entrance = node.text("entrance");
    section.outline = outline_of(node);
    section.floor = look_up(node, "floor", floors_);
    section.zone = look_up(node, "zone", zones_);
    section_ = builder_.add_section(std::move(section));
    section_category_ = find_category(node);
    for (const JsonValue& row : node.list("rows")) read_rows(row);
    for (const JsonValue& area : node.list("areas")) read_area(area);
  }

  [[nodiscard]] static std::optional<std::uint32_t> look_up(
      const JsonValue& node, std::string_view key, const std::map<std::string, std::uint32_t>& known) {
    const auto named = node.find(key);
    if (!named) return std::nullopt;
    const auto found = known.find(named->text());
    if (found != known.end()) return found->second;
    named->problem("there is no " + std::string(key) + " \"" + named->text() + "\" in this file");
    return std::nullopt;
  }

  [[nodiscard]] std::optional<CategoryIndex> find_category(const JsonValue& node) {
    const auto named = node.find("category");
    if (!named) return std::nullopt;
    const auto found = categories_.find(named->text());
    if (found != categories_.end()) return found->second;
    named->problem("there is no category \"" + named->text() + "\" in this file");
    return CategoryIndex{0};
  }
  /// The node's own category, or the one around it.
  [[nodiscard]] CategoryIndex need_category(const JsonValue& node, std::optional<CategoryIndex> around) {
    if (const auto own = find_category(node)) return *own;
    if (around) return *around;
    node.problem("has no category, and nothing around it has one");
    return {0};
  }

  void read_area(const JsonValue& node) {
    node.only({"label", "capacity", "category", "center", "outline"});
    Area area;
    area.label = node.text("label");
    area.section = section_;
    area.category = need_category(node, section_category_);
    if (const auto capacity = node.need("capacity"))
      area.capacity = static_cast<std::uint32_t>(capacity->integer(1, limits::area_capacity));
    if (const auto center = node.need("center")) area.center = point_of(*center);
    area.outline = outline_of(node);
    builder_.add_area(std::move(area));
  }

  [[nodiscard]] static PlaceFlags flags_of(const JsonValue& node) {
    PlaceFlags flags = PlaceFlags::none;
    for (const JsonValue& flag : node.list("flags")) {
      const std::string name = flag.text();
      if (name == "accessible") {
        flags = flags | PlaceFlags::accessible;
      } else if (name == "companion") {
        flags = flags | PlaceFlags::companion;
      } else if (name == "restricted_view") {
        flags = flags | PlaceFlags::restricted_view;
      } else {
        flag.problem("\"" + name + "\" must be accessible, companion or restricted_view");
      }
    }
    return flags;
  }

  void read_rows(const JsonValue& node) {
    if (node.find("seats")) return read_seats(node);
    if (node.find("labels")) return generate_rows(node);
    const std::string kind = node.text("kind");
    if (kind == "whole_table" || kind == "booth")
      return read_whole(node, kind == "booth" ? PlaceKind::booth : PlaceKind::table);
    node.problem(
        "a row needs \"seats\", or \"labels\" with an \"arc\" or a \"line\", or \"kind\" whole_table or "
        "booth");
  }

  void read_whole(const JsonValue& node, PlaceKind kind) {
    node.only({"label", "kind", "x", "y", "chairs", "category", "flags"});
    const auto chairs = node.find("chairs");
    builder_.add_whole(section_, node.text("label"), kind,
                       static_cast<std::uint16_t>(chairs ? chairs->integer(1, UINT16_MAX) : 1),
                       point_of(node), need_category(node, section_category_), flags_of(node));
  }

  void read_seats(const JsonValue& node) {
    node.only({"label", "kind", "category", "seats"});
    const std::string kind = node.text("kind");
    if (!kind.empty() && kind != "row" && kind != "table")
      node.problem("\"kind\" of a row with seats must be row or table");
    const std::optional<CategoryIndex> own = find_category(node);
    const std::optional<CategoryIndex> around = own ? own : section_category_;
    builder_.add_row(section_, node.text("label"), kind == "table" ? RowKind::table : RowKind::row);
    for (const JsonValue& seat : node.list("seats")) {
      seat.only({"label", "x", "y", "category", "flags", "gap_before"});
      const std::string label = seat.text("label");
      const auto gap = seat.find("gap_before");
      builder_.add_seat(
          {.label = label,
           .position = point_of(seat),
           .category = need_category(seat, around),
           .flags = flags_of(seat),
           .gap_before = static_cast<std::uint16_t>(gap ? gap->integer(0, limits::row_slots) : 0)});
    }
  }

  /// Where the slots of a generated row lie.
  struct Course {
    bool is_arc = false;
    Point origin{};     // an arc's centre, a line's first slot
    double radius = 0;  // of the first row
    double radius_step = 0;
    double facing = 0;  // radians
    double pitch = 0;   // along the arc
    Point step{};       // a line's slot by slot
    Point row_step{};   // a line's row by row

    [[nodiscard]] Point at(std::size_t row, double slot, double slots) const {
      const auto index = static_cast<double>(row);
      if (!is_arc)
        return {round(origin.x + step.x * slot + row_step.x * index),
                round(origin.y + step.y * slot + row_step.y * index)};
      const double distance = radius + radius_step * index;
      // Seat one is at the left of those who look at the stage from their seats' side of it.
      const double angle = facing + ((slots - 1) / 2 - slot) * pitch / distance;
      return {round(origin.x + distance * std::cos(angle)), round(origin.y + distance * std::sin(angle))};
    }
    [[nodiscard]] static std::int32_t round(double value) {
      return static_cast<std::int32_t>(std::lround(std::clamp(value, -2e9, 2e9)));
    }
  };

  [[nodiscard]] std::optional<Course> course_of(const JsonValue& node) {
    Course course;
    const auto number = [](const JsonValue& from, const char* key) {
      const auto found = from.need(key);
      return found ? static_cast<double>(coordinate(*found)) : 0.0;
    };
    if (const auto arc = node.find("arc")) {
      arc->only({"center", "radius", "radius_step", "facing", "pitch"});
      course.is_arc = true;
      if (const auto center = arc->need("center")) course.origin = point_of(*center);
      course.radius = number(*arc, "radius");
      course.radius_step = arc->find("radius_step") ? number(*arc, "radius_step") : 0;
      course.facing = number(*arc, "facing") / 1000 * 3.14159265358979323846 / 180;
      course.pitch = number(*arc, "pitch");
      if (course.radius <= 0 || course.pitch <= 0 || course.radius_step < 0)
        arc->problem("radius and pitch must be above zero, radius_step not below");
      return course.radius > 0 ? std::optional(course) : std::nullopt;
    }
    const auto line = node.need("line");
    if (!line) return std::nullopt;
    line->only({"from", "step", "row_step"});
    if (const auto from = line->need("from")) course.origin = point_of(*from);
    if (const auto step = line->need("step")) course.step = point_of(*step);
    if (const auto row_step = line->find("row_step")) course.row_step = point_of(*row_step);
    return course;
  }

  /// The seats between aisles: [8, 12, 8], once for all rows, or one such list per row.
  [[nodiscard]] static std::vector<std::vector<std::int64_t>> blocks_of(const JsonValue& node,
                                                                        std::size_t rows) {
    std::vector<std::vector<std::int64_t>> blocks;
    const auto found = node.need("blocks");
    if (!found) return blocks;
    const auto read = [&](const std::vector<JsonValue>& nodes) {
      std::vector<std::int64_t> counts;
      if (nodes.size() > limits::row_slots) {
        found->problem("lists " + std::to_string(nodes.size()) + " blocks in a row; at most " +
                       std::to_string(limits::row_slots) + " positions are possible");
        return counts;
      }
      for (const JsonValue& count : nodes) counts.push_back(count.integer(1, limits::row_slots));
      return counts;
    };
    const std::vector<JsonValue> elements = found->elements();
    if (elements.empty() || !elements.front().is_array()) return {read(elements)};
    if (elements.size() != rows) {
      found->problem("lists " + std::to_string(elements.size()) + " rows' blocks for " +
                     std::to_string(rows) + " rows");
      return blocks;
    }
    for (const JsonValue& element : elements) blocks.push_back(read(element.elements()));
    return blocks;
  }

  [[nodiscard]] static std::set<std::string> seats_named(const JsonValue& node, std::string_view key) {
    std::set<std::string> names;
    for (const JsonValue& name : node.list(key)) names.insert(name.text());
    return names;
  }

  void generate_rows(const JsonValue& node) {
    node.only({"labels", "category", "blocks", "aisle", "arc", "line", "accessible", "companion",
               "restricted_view"});
    const std::vector<std::string> labels = expand_labels(*node.find("labels"));
    const auto blocks = blocks_of(node, labels.size());
    const auto course = course_of(node);
    const auto aisle_node = node.find("aisle");
    const auto aisle = static_cast<std::uint16_t>(aisle_node ? aisle_node->integer(1, 100) : 1);
    const CategoryIndex category = need_category(node, section_category_);
    const std::pair<PlaceFlags, std::set<std::string>> special[] = {
        {PlaceFlags::accessible, seats_named(node, "accessible")},
        {PlaceFlags::companion, seats_named(node, "companion")},
        {PlaceFlags::restricted_view, seats_named(node, "restricted_view")}};
    std::set<std::string_view> placed;
    if (!course || blocks.empty()) return;
    const auto blocks_in = [&](std::size_t row) -> const std::vector<std::int64_t>& {
      return blocks[blocks.size() == 1 ? 0 : row];
    };
    // A short text can ask for more seats than memory holds: counted before any is made.
    std::uint64_t seats = builder_.place_count();
    for (std::size_t row = 0; row < labels.size(); ++row) {
      for (const std::int64_t count : blocks_in(row)) seats += static_cast<std::uint64_t>(count);
    }
    if (seats > limits::places)
      return node.problem("brings the map to " + std::to_string(seats) + " places; at most " +
                          std::to_string(limits::places) + " are possible");
    for (std::size_t row = 0; row < labels.size(); ++row) {
      const std::vector<std::int64_t>& row_blocks = blocks_in(row);
      std::int64_t slots =
          static_cast<std::int64_t>(aisle) * (static_cast<std::int64_t>(row_blocks.size()) - 1);
      for (const std::int64_t count : row_blocks) slots += count;
      if (slots > limits::row_slots)
        return node.problem("row " + labels[row] + " has " + std::to_string(slots) + " positions; at most " +
                            std::to_string(limits::row_slots) + " are possible");
      builder_.add_row(section_, labels[row]);
      std::int64_t slot = 0;
      int number = 0;
      for (std::size_t block = 0; block < row_blocks.size(); ++block) {
        for (std::int64_t seat = 0; seat < row_blocks[block]; ++seat, ++slot) {
          const std::string label = std::to_string(++number);
          const std::string name = labels[row] + "-" + label;
          PlaceFlags flags = PlaceFlags::none;
          // Named with their row ("C-4"), or in every row ("4").
          for (const auto& [flag, names] : special) {
            for (const std::string* written : {&name, &label}) {
              const auto found = names.find(*written);
              if (found == names.end()) continue;
              flags = flags | flag;
              placed.insert(*found);
            }
          }
          builder_.add_seat(
              {.label = label,
               .position = course->at(row, static_cast<double>(slot), static_cast<double>(slots)),
               .category = category,
               .flags = flags,
               .gap_before = static_cast<std::uint16_t>(block > 0 && seat == 0 ? aisle : 0)});
        }
        slot += aisle;
      }
    }
    for (const auto& [flag, names] : special) {
      for (const std::string& name : names) {
        if (!placed.contains(name)) node.problem("names seat \"" + name + "\", which none of these rows has");
      }
    }
  }

  SeatMapBuilder builder_{""};
  const JsonDocument& document_;
  JsonValue root_;
  std::map<std::string, CategoryIndex> categories_;
  std::map<std::string, std::uint32_t> floors_;
  std::map<std::string, std::uint32_t> zones_;
  SectionIndex section_{};
  std::optional<CategoryIndex> section_category_;
};

}  // namespace

SeatMap read_venue(JsonDocument& venue) { return VenueReader(venue).read(); }

}  // namespace ticketcore
