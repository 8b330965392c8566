#include "ticketcore/tickets/seat_map_svg.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "svg_writer.hpp"
#include "venue/by_section.hpp"

namespace ticketcore {
namespace {

using svg::number;

struct Box {
  std::int64_t left = INT64_MAX;
  std::int64_t top = INT64_MAX;
  std::int64_t right = INT64_MIN;
  std::int64_t bottom = INT64_MIN;

  void add(Point point, std::int64_t margin = 0) {
    left = std::min(left, point.x - margin);
    top = std::min(top, point.y - margin);
    right = std::max(right, point.x + margin);
    bottom = std::max(bottom, point.y + margin);
  }
};

class SeatMapDrawing {
 public:
  SeatMapDrawing(const SeatMap& map, const SeatMapPicture& picture)
      : map_(map), picture_(picture), rows_of_(map.sections().size(), map.live_rows()) {
    pitch_ = usual_pitch();
    counts_.resize(map.categories().size());
    for (const Place& place : map.places()) {
      if (!has(place.flags, PlaceFlags::retired))
        box_.add(place.position, pitch_ * (place.kind == PlaceKind::seat ? 1 : 2));
    }
    for (const Area& area : map.areas()) {
      if (area.retired) continue;
      box_.add(area.center, 3 * pitch_);
      for (const Point point : area.outline) box_.add(point);
    }
    for (const Shape& shape : map.shapes()) {
      for (const Point point : shape.outline) box_.add(point, shape.kind == ShapeKind::text ? 2 * pitch_ : 0);
    }
    for (const Section& section : map.sections()) {
      for (const Point point : section.outline) box_.add(point);
    }
    if (map.focal_point()) box_.add(*map.focal_point());
    // Everything beside the seats is sized by the picture, so that it reads the same on a hall and on a race
    // track.
    unit_ = std::max<std::int64_t>({(box_.right - box_.left) / 70, (box_.bottom - box_.top) / 70, 1});
  }

  std::string draw() {
    std::string body;
    for (const Shape& shape : map_.shapes()) draw_shape(body, shape);
    for (std::uint32_t section = 0; section < map_.sections().size(); ++section) draw_section(body, section);
    for (std::uint32_t area = 0; area < map_.areas().size(); ++area) {
      if (!map_.areas()[area].retired) draw_area(body, {area});
    }
    for (const Row& row : map_.live_rows()) draw_row(body, row);
    return frame(body);
  }

 private:
  /// The distance between neighbours that most rows have.
  [[nodiscard]] std::int64_t usual_pitch() const {
    std::vector<std::int64_t> steps;
    for (const Row& row : map_.live_rows()) {
      for (std::uint32_t nth = 1; nth < row.place_count; ++nth) {
        if (const std::int64_t step = distance(place(row, nth - 1), place(row, nth)); step > 0)
          steps.push_back(step);
      }
    }
    if (steps.empty()) return 20'000;
    std::nth_element(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2),
                     steps.end());
    return steps[steps.size() / 2];
  }
  [[nodiscard]] const Place& place(const Row& row, std::uint32_t nth) const {
    return map_.places()[map_.place_at(row, nth).value];
  }
  [[nodiscard]] static std::int64_t distance(const Place& a, const Place& b) {
    const int slots = std::max(1, b.slot - a.slot);
    return std::llround(std::hypot(static_cast<double>(a.position.x) - b.position.x,
                                   static_cast<double>(a.position.y) - b.position.y) /
                        slots);
  }

  static void points(std::string& out, const std::vector<Point>& outline) {
    for (const Point point : outline) out += number(point.x) + "," + number(point.y) + " ";
  }
  void text(std::string& out, std::int64_t x, std::int64_t y, std::int64_t size, std::string_view content,
            std::string_view attributes = "") const {
    out += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" font-size=\"" + number(size) + "\" " +
           std::string(attributes) + ">" + svg::escape(content) + "</text>\n";
  }

  void draw_shape(std::string& out, const Shape& shape) const {
    if (shape.outline.empty()) return;
    Box box;
    for (const Point point : shape.outline) box.add(point);
    if (shape.kind != ShapeKind::text) {
      out += shape.kind == ShapeKind::stage ? "<polygon class=\"stage\" points=\""
                                            : "<polygon class=\"shape\" points=\"";
      points(out, shape.outline);
      out += "\"/>\n";
    }
    if (shape.label.empty()) return;
    const std::int64_t room =
        shape.kind == ShapeKind::text ? INT64_MAX / 4000 : (box.right - box.left) * 8 / 10;
    const std::int64_t wide = std::max<std::int64_t>(svg::width(shape.label), 1);
    const std::int64_t size = std::min({unit_ * 7 / 4, room * 1000 / wide,
                                        shape.kind == ShapeKind::text ? unit_ : (box.bottom - box.top) / 2});
    text(out, (box.left + box.right) / 2, (box.top + box.bottom) / 2 + size / 3, size, shape.label,
         "text-anchor=\"middle\" class=\"big\"");
  }

  void draw_section(std::string& out, std::uint32_t index) const {
    const Section& section = map_.sections()[index];
    Box box;
    for (const std::uint32_t number : rows_of_.in(index)) {
      const Row& row = map_.rows()[number];
      for (std::uint32_t nth = 0; nth < row.place_count; ++nth) box.add(place(row, nth).position, pitch_);
    }
    if (!section.outline.empty()) {
      out += "<polygon class=\"section\" points=\"";
      points(out, section.outline);
      out += "\"/>\n";
    }
    if (section.label.empty() || box.left > box.right) return;
    // Above the seats in the middle: where rows are curved, the ends reach higher.
    const std::int64_t middle = (box.left + box.right) / 2;
    std::int64_t top = INT64_MAX;
    for (const std::uint32_t number : rows_of_.in(index)) {
      const Row& row = map_.rows()[number];
      for (std::uint32_t nth = 0; nth < row.place_count; ++nth) {
        const Point seat = place(row, nth).position;
        if (std::abs(seat.x - middle) <= std::max((box.right - box.left) / 5, pitch_))
          top = std::min(top, seat.y - pitch_);
      }
    }
    if (top == INT64_MAX) top = box.top;
    const std::int64_t room = std::max<std::int64_t>((box.right - box.left) * 14 / 10, unit_ * 4);
    const std::int64_t size = std::min(unit_, room * 1000 / svg::width(section.label));
    text(out, middle, top - size * 3 / 10, size, section.label, "text-anchor=\"middle\" class=\"name\"");
  }

  void draw_area(std::string& out, AreaIndex index) {
    const Area& area = map_.areas()[index.value];
    const AreaUse use = picture_.area_use ? picture_.area_use(index) : AreaUse{area.capacity, 0, 0, 0};
    counts_[area.category.value][0] += use.free;
    counts_[area.category.value][1] += use.held;
    counts_[area.category.value][2] += use.sold;
    counts_[area.category.value][3] += use.killed;
    out += "<g class=\"area c" + std::to_string(area.category.value) + (use.free == 0 ? " full" : "") +
           "\"><title>" + svg::escape(map_.label(index)) + ", " + std::to_string(use.free) + " of " +
           std::to_string(area.capacity) + " free</title>";
    Box box;
    if (area.outline.empty()) {
      box.add(area.center, 3 * pitch_);
      out += "<circle cx=\"" + number(area.center.x) + "\" cy=\"" + number(area.center.y) + "\" r=\"" +
             number(3 * pitch_) + "\"/>";
    } else {
      for (const Point point : area.outline) box.add(point);
      out += "<polygon points=\"";
      points(out, area.outline);
      out += "\"/>";
    }
    const std::string shown =
        area.label + "  " + std::to_string(use.free) + "/" + std::to_string(area.capacity);
    const std::int64_t size = std::min(
        {unit_ * 5 / 4, (box.right - box.left) * 850 / svg::width(shown), (box.bottom - box.top) / 2});
    text(out, area.center.x, area.center.y + size / 3, size, shown, "text-anchor=\"middle\" class=\"big\"");
    out += "</g>\n";
  }

  void draw_row(std::string& out, const Row& row) {
    if (row.kind == RowKind::table || row.kind == RowKind::whole_table) draw_table_top(out, row);
    out += "<g>";
    for (std::uint32_t nth = 0; nth < row.place_count; ++nth) draw_place(out, map_.place_at(row, nth), row);
    if (row.kind == RowKind::row && !row.label.empty() && row.place_count > 1) {
      row_label(out, row, 0, 1);
      row_label(out, row, row.place_count - 1, row.place_count - 2);
    }
    out += "</g>\n";
  }

  /// Beyond the row's end, in the direction that leads away from its neighbour.
  void row_label(std::string& out, const Row& row, std::uint32_t end, std::uint32_t neighbour) const {
    const Point at = place(row, end).position;
    const Point from = place(row, neighbour).position;
    const double length = std::hypot(static_cast<double>(at.x) - from.x, static_cast<double>(at.y) - from.y);
    if (length == 0) return;
    const double reach = static_cast<double>(pitch_) * 0.95 / length;
    text(out, at.x + std::llround((at.x - from.x) * reach),
         at.y + std::llround((at.y - from.y) * reach) + pitch_ / 5, pitch_ * 11 / 20, row.label,
         "text-anchor=\"middle\" class=\"row\"");
  }

  void draw_table_top(std::string& out, const Row& row) const {
    std::int64_t x = 0;
    std::int64_t y = 0;
    for (std::uint32_t nth = 0; nth < row.place_count; ++nth) {
      x += place(row, nth).position.x;
      y += place(row, nth).position.y;
    }
    x /= row.place_count;
    y /= row.place_count;
    out += "<circle class=\"table\" cx=\"" + number(x) + "\" cy=\"" + number(y) + "\" r=\"" +
           number(pitch_ * 7 / 10) + "\"/>";
    if (row.kind == RowKind::table)
      text(out, x, y + pitch_ / 5, pitch_ / 2, row.label, "text-anchor=\"middle\" class=\"row\"");
  }

  void draw_place(std::string& out, PlaceIndex index, const Row& row) {
    const Place& place = map_.places()[index.value];
    const PlaceStatus status = picture_.status ? picture_.status(index) : PlaceStatus::free;
    ++counts_[place.category][static_cast<std::size_t>(status)];
    constexpr const char* classes[] = {"", " h", " s", " k"};
    const bool is_whole = place.kind != PlaceKind::seat;
    const std::int64_t radius = is_whole ? pitch_ * 13 / 10 : pitch_ * 42 / 100;
    const std::string x = number(place.position.x);
    const std::string y = number(place.position.y);
    out += "<g class=\"p c" + std::to_string(place.category) + classes[static_cast<std::size_t>(status)] +
           "\"><title>" + svg::escape(map_.label(index)) + ", " +
           svg::escape(map_.categories()[place.category].name) + flags_text(place.flags) + ", " +
           std::string(to_string(status)) + "</title>";
    if (has(place.flags, PlaceFlags::accessible) || place.kind == PlaceKind::booth) {
      out += "<rect x=\"" + number(place.position.x - radius) + "\" y=\"" +
             number(place.position.y - radius) + "\" width=\"" + number(2 * radius) + "\" height=\"" +
             number(2 * radius) + "\" rx=\"" + number(radius / 4) + "\"/>";
    } else {
      out += "<circle cx=\"" + x + "\" cy=\"" + y + "\" r=\"" + number(radius) + "\"/>";
    }
    const std::string_view shown = is_whole ? std::string_view(row.label)
                                   : has(place.flags, PlaceFlags::accessible)
                                       ? std::string_view("\xE2\x99\xBF")
                                       : map_.seat_label(index);
    if (map_.place_count() <= seats_with_numbers && !shown.empty()) {
      const std::int64_t size =
          std::min(radius, 2 * radius * 850 / std::max<std::int64_t>(svg::width(shown), 1));
      text(out, place.position.x, place.position.y + size * 36 / 100, size, shown);
    }
    if (has(place.flags, PlaceFlags::restricted_view)) {
      out += "<path class=\"view\" d=\"M" + number(place.position.x - radius) + " " +
             number(place.position.y + radius) + "h" + number(2 * radius) + "\"/>";
    }
    out += "</g>";
  }

  [[nodiscard]] static std::string flags_text(PlaceFlags flags) {
    std::string text;
    if (has(flags, PlaceFlags::accessible)) text += ", wheelchair place";
    if (has(flags, PlaceFlags::companion)) text += ", companion";
    if (has(flags, PlaceFlags::restricted_view)) text += ", restricted view";
    return text;
  }

  [[nodiscard]] std::string styles() const {
    std::string css = "text{font-family:" + std::string(svg::fonts) +
                      ";fill:#26323d}.p "
                      "text{fill:#fff;text-anchor:middle}.row{fill:#7b8794}.name{fill:#52606d;font-weight:"
                      "600}.big{font-weight:600}"
                      ".stage{fill:#26323d}.stage+text{fill:#fff}.shape{fill:#e4e7eb}.section{fill:#fff;"
                      "stroke:#cbd2d9;stroke-width:" +
                      number(unit_ / 12) +
                      "}.table{fill:#d9cbb8}"
                      ".area polygon,.area circle{fill-opacity:.22;stroke-width:" +
                      number(unit_ / 8) +
                      "}.area.full polygon,.area.full circle{fill:#9aa5b1;stroke:#9aa5b1}"
                      ".h circle,.h rect{fill-opacity:.25;stroke-width:" +
                      number(pitch_ / 12) +
                      "}.p.h text{fill:#26323d}"
                      ".p.s circle,.p.s rect{fill:#cbd2d9;stroke:none}.p.s text{fill:#8a96a3}.p.k "
                      "circle,.p.k rect{fill:#fff;stroke:#cbd2d9;stroke-width:" +
                      number(pitch_ / 12) +
                      "}"
                      ".view{fill:none;stroke:#26323d;stroke-width:" +
                      number(pitch_ / 14) + "}";
    for (std::size_t category = 0; category < map_.categories().size(); ++category) {
      const std::string& color = map_.categories()[category].color;
      css += ".c" + std::to_string(category) + " circle,.c" + std::to_string(category) + " rect,.c" +
             std::to_string(category) + " polygon{fill:" + color + ";stroke:" + color + "}";
    }
    return css + ".p circle,.p rect{stroke-width:0}";
  }

  /// Title above, legend below, everything in one view box.
  [[nodiscard]] std::string frame(const std::string& body) const {
    const std::int64_t margin = 2 * unit_;
    const std::int64_t left = box_.left - margin;
    const std::int64_t width = std::max(box_.right - box_.left, 40 * unit_) + 2 * margin;
    const std::int64_t head = 6 * unit_;
    const std::int64_t top = box_.top - margin - head;
    std::string legend;
    const std::int64_t bottom =
        draw_legend(legend, left + margin, width - 2 * margin, box_.bottom + 3 * unit_);
    const std::int64_t height = bottom - top;
    const std::string title = picture_.title.empty() ? map_.name() : picture_.title;
    std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"" + number(left) +
                      " " + number(top) + " " + number(width) + " " + number(height) + "\" width=\"" +
                      std::to_string(picture_.width_px) + "\" height=\"" +
                      std::to_string(picture_.width_px * height / width) + "\">\n<title>" +
                      svg::escape(title) + "</title>\n<style>" + styles() + "</style>\n<rect x=\"" +
                      number(left) + "\" y=\"" + number(top) + "\" width=\"" + number(width) +
                      "\" height=\"" + number(height) + "\" fill=\"#f7f8fa\"/>\n";
    text(out, left + margin, top + 3 * unit_, 2 * unit_, svg::fit(title, 2 * unit_, width - 2 * margin),
         "font-weight=\"700\"");
    if (title != map_.name())
      text(out, left + margin, top + 5 * unit_, unit_ * 5 / 4,
           svg::fit(map_.name(), unit_ * 5 / 4, width - 2 * margin), "class=\"name\"");
    return out + body + legend + "</svg>\n";
  }

  /// Returns where it ends.
  [[nodiscard]] std::int64_t draw_legend(std::string& out, std::int64_t left, std::int64_t width,
                                         std::int64_t y) const {
    const std::int64_t size = unit_ * 11 / 10;
    std::array<std::uint64_t, 4> totals{};
    std::int64_t x = left;
    const auto entry = [&](const std::string& group, const std::string& shown) {
      const std::int64_t wide = svg::width(shown) * size / 1000 + 3 * size;
      if (x > left && x + wide > left + width) {
        x = left;
        y += 2 * size;
      }
      out += group + "<circle cx=\"" + number(x + size / 2) + "\" cy=\"" + number(y - size * 35 / 100) +
             "\" r=\"" + number(size / 2) + "\"/></g>";
      text(out, x + size * 3 / 2, y, size, shown);
      x += wide;
    };
    for (std::uint32_t category = 0; category < map_.categories().size(); ++category) {
      std::string shown = map_.categories()[category].name;
      if (const std::string price = picture_.price ? picture_.price({category}) : ""; !price.empty())
        shown += "  " + price;
      shown += "  \xC2\xB7  " + std::to_string(counts_[category][0]) + " free";
      entry("<g class=\"p c" + std::to_string(category) + "\">", shown);
      for (std::size_t status = 0; status < 4; ++status) totals[status] += counts_[category][status];
    }
    x = left;
    y += 2 * size;
    constexpr const char* names[] = {"free", "held", "sold", "off sale"};
    constexpr const char* classes[] = {"p c0", "p c0 h", "p c0 s", "p c0 k"};
    for (std::size_t status = 0; status < 4; ++status) {
      if (totals[status] > 0 || status == 0)
        entry("<g class=\"" + std::string(classes[status]) + "\">",
              std::to_string(totals[status]) + " " + names[status]);
    }
    return y + 2 * unit_;
  }

  static constexpr std::uint32_t seats_with_numbers = 3'000;

  const SeatMap& map_;
  const SeatMapPicture& picture_;
  const BySection rows_of_;
  Box box_;
  std::int64_t pitch_ = 0;
  std::int64_t unit_ = 0;
  std::vector<std::array<std::uint64_t, 4>> counts_;  // by category and status
};

}  // namespace

std::string seat_map_svg(const SeatMap& map, const SeatMapPicture& picture) {
  return SeatMapDrawing(map, picture).draw();
}

}  // namespace ticketcore
