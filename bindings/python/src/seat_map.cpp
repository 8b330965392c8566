// Seat maps: reading, looking into, drawing, building.

#include <filesystem>
#include <map>

#include "arguments.hpp"
#include "buffer.hpp"
#include "event.hpp"
#include "ticketcore/base/id_generator.hpp"
#include "ticketcore/formats/seat_map_json.hpp"
#include "ticketcore/tickets/seat_map_svg.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"
#include "value_class.hpp"

namespace ticketcore::python {
namespace {

using SharedMap = std::shared_ptr<SeatMap>;

/// One place with its texts: its map and its number in it.
struct PlaceValue {
  std::shared_ptr<const SeatMap> map{};
  std::uint32_t index = 0;

  [[nodiscard]] const Place& place() const { return map->places()[index]; }
  [[nodiscard]] const Row& row() const { return map->rows()[place().row.value]; }
};
struct AreaValue {
  std::shared_ptr<const SeatMap> map{};
  std::uint32_t index = 0;

  [[nodiscard]] const Area& area() const { return map->areas()[index]; }
};

[[nodiscard]] py::object units(std::int32_t thousandths) { return py::float_(thousandths / 1'000.0); }

[[nodiscard]] py::object point_or_none(const std::optional<Point>& point) {
  return point ? py::object(py::make_tuple(units(point->x), units(point->y))) : py::object(py::none());
}

[[nodiscard]] Point point_of(const py::object& point, const std::string& name) {
  if (!PySequence_Check(point.ptr()) || PyUnicode_Check(point.ptr()) || py::len(point) != 2)
    wrong_type(name, point, "a pair (x, y) of numbers");
  return {coordinate(point[py::int_(0)], name + "[0]"), coordinate(point[py::int_(1)], name + "[1]")};
}

[[nodiscard]] std::vector<Point> outline_of(const py::object& outline, const std::string& name) {
  if (!py::isinstance<py::iterable>(outline)) wrong_type(name, outline, "a sequence of points (x, y)");
  std::vector<Point> points;
  for (const py::handle point : outline)
    points.push_back(point_of(py::reinterpret_borrow<py::object>(point),
                              name + "[" + std::to_string(points.size()) + "]"));
  return points;
}

[[nodiscard]] py::object kind_of(PlaceKind kind) {
  return to_str(kind == PlaceKind::seat ? "seat" : kind == PlaceKind::table ? "table" : "booth");
}

void add_values(py::module_& module) {
  ValueClass<Category>(module, "Category", "A price level of places.")
      .field(
          "key", [](const Category& category) { return to_str(category.key); },
          "What price lists and requests call it.")
      .field(
          "name", [](const Category& category) { return to_str(category.name); }, "What people read.")
      .field(
          "color", [](const Category& category) { return to_str(category.color); }, "'#RRGGBB'.")
      .finish();
  const auto flag = [](PlaceFlags wanted) {
    return [wanted](const PlaceValue& value) -> py::object {
      return py::bool_(has(value.place().flags, wanted));
    };
  };
  ValueClass<PlaceValue>(module, "Place", "A seat, or a table or booth that is sold as one.")
      .field(
          "label", [](const PlaceValue& value) { return to_str(value.map->label(PlaceIndex{value.index})); },
          "Whole: section, row and seat joined by '-'.")
      .field(
          "section",
          [](const PlaceValue& value) {
            return to_str(value.map->sections()[value.row().section.value].label);
          },
          "The section's label.")
      .field(
          "row", [](const PlaceValue& value) { return to_str(value.row().label); },
          "The row's label, or the table's.")
      .field(
          "seat", [](const PlaceValue& value) { return to_str(value.map->seat_label({value.index})); },
          "The seat's own label; empty for a whole table or booth.")
      .field(
          "kind", [](const PlaceValue& value) { return kind_of(value.place().kind); },
          "'seat', 'table' or 'booth'.")
      .field(
          "category",
          [](const PlaceValue& value) { return to_str(value.map->categories()[value.place().category].key); },
          "The category's key.")
      .field(
          "x", [](const PlaceValue& value) { return units(value.place().position.x); },
          "To the right, in units of the chart.")
      .field(
          "y", [](const PlaceValue& value) { return units(value.place().position.y); }, "Down.")
      .field(
          "slot", [](const PlaceValue& value) -> py::object { return py::int_(value.place().slot); },
          "Position along the row: places adjoin when their slots differ by one.")
      .field(
          "seats", [](const PlaceValue& value) -> py::object { return py::int_(value.place().seats); },
          "Chairs: 1 for a seat.")
      .field("accessible", flag(PlaceFlags::accessible), "A wheelchair place.")
      .field("companion", flag(PlaceFlags::companion), "For the companion of a wheelchair user beside it.")
      .field("restricted_view", flag(PlaceFlags::restricted_view), "One sees less from here.")
      .field("retired", flag(PlaceFlags::retired),
             "It was taken away when the event's map was replaced; its index and label stay.")
      .finish();
  ValueClass<AreaValue>(module, "Area", "Standing room: so many admissions without places of their own.")
      .field(
          "label", [](const AreaValue& value) { return to_str(value.map->label(AreaIndex{value.index})); },
          "Whole: section and area joined by '-'.")
      .field(
          "section",
          [](const AreaValue& value) {
            return to_str(value.map->sections()[value.area().section.value].label);
          },
          "The section's label.")
      .field(
          "category",
          [](const AreaValue& value) {
            return to_str(value.map->categories()[value.area().category.value].key);
          },
          "The category's key.")
      .field(
          "capacity", [](const AreaValue& value) -> py::object { return py::int_(value.area().capacity); },
          "Admissions.")
      .field(
          "center", [](const AreaValue& value) { return point_or_none(value.area().center); },
          "Its middle (x, y), in units of the chart.")
      .finish();
}

[[nodiscard]] py::object find(const SharedMap& map, const py::object& label) {
  const std::string_view wanted = text_view(label, "label");
  if (const auto place = map->find_place(wanted)) return py::cast(PlaceValue{map, place->value});
  if (const auto area = map->find_area(wanted)) return py::cast(AreaValue{map, area->value});
  return py::none();
}

/// Labels of all places, for columns.
[[nodiscard]] py::tuple place_labels(const SeatMap& map) {
  py::tuple labels(map.place_count());
  for (std::uint32_t place = 0; place < map.place_count(); ++place)
    labels[place] = to_str(map.label(PlaceIndex{place}));
  return labels;
}

[[nodiscard]] py::tuple area_labels(const SeatMap& map) {
  py::tuple labels(map.areas().size());
  for (std::uint32_t area = 0; area < map.areas().size(); ++area)
    labels[area] = to_str(map.label(AreaIndex{area}));
  return labels;
}

void add_map(py::module_& module) {
  py::class_<SeatMap, SharedMap> map(module, "SeatMap", "The immutable chart of a venue.");
  map.def_static(
         "load",
         [](const py::object& path) {
           const std::string file = python::path(path);
           const py::gil_scoped_release release;
           return std::make_shared<SeatMap>(load_seat_map(file));
         },
         py::arg("path"))
      .def_static(
          "parse",
          [](const py::object& json) {
            const std::string content = text(json, "text");
            const py::gil_scoped_release release;
            return std::make_shared<SeatMap>(parse_seat_map(content));
          },
          py::arg("text"))
      .def("to_json", [](const SeatMap& self) { return to_str(seat_map_to_json(self)); })
      .def(
          "svg",
          [](const SeatMap& self, const py::object& title, int width) {
            SeatMapPicture picture;
            picture.title = text(title, "title");
            picture.width_px = width;
            return to_str(seat_map_svg(self, picture));
          },
          py::arg("title"), py::arg("width"))
      .def_property_readonly("name", [](const SeatMap& self) { return to_str(self.name()); })
      .def_property_readonly("capacity", &SeatMap::capacity)
      .def_property_readonly("place_count", &SeatMap::place_count)
      .def_property_readonly("focal_point",
                             [](const SeatMap& self) { return point_or_none(self.focal_point()); })
      .def_property_readonly("categories",
                             [](const SeatMap& self) {
                               py::tuple result(self.categories().size());
                               for (std::size_t index = 0; index < self.categories().size(); ++index)
                                 result[index] = py::cast(self.categories()[index]);
                               return result;
                             })
      .def_property_readonly("sections",
                             [](const SeatMap& self) {
                               py::list result;
                               for (const Section& section : self.sections()) {
                                 if (!section.label.empty()) result.append(to_str(section.label));
                               }
                               return py::tuple(result);
                             })
      .def_property_readonly("areas",
                             [](const SharedMap& self) {
                               py::list result;
                               for (std::uint32_t index = 0; index < self->areas().size(); ++index) {
                                 if (!self->areas()[index].retired) result.append(AreaValue{self, index});
                               }
                               return py::tuple(result);
                             })
      .def(
          "place",
          [](const SharedMap& self, std::uint32_t index) {
            if (index >= self->place_count())
              throw py::index_error("place " + std::to_string(index) + " of " +
                                    std::to_string(self->place_count()));
            return PlaceValue{self, index};
          },
          py::arg("index"))
      .def("find", &find, py::arg("label"))
      .def("place_labels", &place_labels)
      .def("area_labels", &area_labels)
      .def("places_buffer",
           [](const SharedMap& self) {
             return Buffer(self, self->places().data(), self->places().size_bytes());
           })
      .def("rows",
           [](const SeatMap& self) {
             py::list labels;
             std::vector<std::uint32_t> sections;
             for (const Row& row : self.rows()) {
               labels.append(to_str(row.label));
               sections.push_back(row.section.value);
             }
             return py::make_tuple(labels, Buffer(std::move(sections)));
           })
      .def("all_sections",
           [](const SeatMap& self) {
             py::list labels;
             for (const Section& section : self.sections()) labels.append(to_str(section.label));
             return labels;
           })
      .def("seat_labels", [](const SeatMap& self) { return to_tuple(self.data().labels); });
  // What _tables.py says about the layout of a place.
  module.attr("PLACE_LAYOUT") =
      py::make_tuple(sizeof(Place), offsetof(Place, position), offsetof(Place, label), offsetof(Place, row),
                     offsetof(Place, slot), offsetof(Place, seats), offsetof(Place, category),
                     offsetof(Place, kind), offsetof(Place, flags));
}

/// The builder, with names in the place of numbers.
class MapBuilder {
 public:
  explicit MapBuilder(const py::object& name) : builder_(text(name, "name"), new_hash_key()) {}

  void focal_point(const py::object& point) { builder_.focal_point(point_of(point, "focal_point")); }
  void category(const py::object& key, const py::object& name, const py::object& color) {
    const std::string known = text(key, "key");
    if (categories_.contains(known)) wrong_value("key", key, "a category's key that was not given before");
    categories_[known] = builder_.add_category({known, text(name, "name"), text(color, "color")});
  }
  void section(const py::object& label, const py::object& entrance) {
    const std::string known = text(label, "label");
    if (known.empty() || sections_.contains(known))
      wrong_value("label", label, "a section's label that was not given before");
    Section made;
    made.label = known;
    made.entrance = text(entrance, "entrance");
    sections_[known] = builder_.add_section(std::move(made));
  }
  void row(const py::object& label, const py::object& section, bool table) {
    builder_.add_row(section_of(section), text_view(label, "label"), table ? RowKind::table : RowKind::row);
  }
  void seat(const py::object& label, const py::object& x, const py::object& y, const py::object& category,
            PlaceFlags flags, const py::object& gap_before) {
    const std::uint32_t gap = count(gap_before, "gap_before");
    if (gap > limits::row_slots)
      wrong_value("gap_before", gap_before, "0 to " + std::to_string(limits::row_slots));
    builder_.add_seat({.label = text_view(label, "label"),
                       .position = {coordinate(x, "x"), coordinate(y, "y")},
                       .category = category_of(category),
                       .flags = flags,
                       .gap_before = static_cast<std::uint16_t>(gap)});
  }
  void whole(const py::object& label, const py::object& section, bool booth, const py::object& seats,
             const py::object& x, const py::object& y, const py::object& category, PlaceFlags flags) {
    const std::uint32_t chairs = count(seats, "seats", 1);
    if (chairs > UINT16_MAX) wrong_value("seats", seats, "1 to 65535");
    builder_.add_whole(section_of(section), text_view(label, "label"),
                       booth ? PlaceKind::booth : PlaceKind::table, static_cast<std::uint16_t>(chairs),
                       {coordinate(x, "x"), coordinate(y, "y")}, category_of(category), flags);
  }
  void area(const py::object& label, const py::object& section, const py::object& category,
            const py::object& capacity, const py::object& center, const py::object& outline) {
    Area made;
    made.label = text(label, "label");
    made.section = section_of(section);
    made.category = category_of(category);
    made.capacity = count(capacity, "capacity", 1);
    made.center = point_of(center, "center");
    made.outline = outline_of(outline, "outline");
    builder_.add_area(std::move(made));
  }
  void shape(const py::object& kind, const py::object& label, const py::object& outline) {
    const std::string_view word = text_view(kind, "kind");
    if (word != "stage" && word != "outline" && word != "text")
      wrong_value("kind", kind, "'stage', 'outline' or 'text'");
    builder_.add_shape({word == "stage"  ? ShapeKind::stage
                        : word == "text" ? ShapeKind::text
                                         : ShapeKind::outline,
                        text(label, "label"), outline_of(outline, "outline")});
  }
  [[nodiscard]] SharedMap build() {
    categories_.clear();
    sections_.clear();
    return std::make_shared<SeatMap>(builder_.build());
  }

 private:
  [[nodiscard]] CategoryIndex category_of(const py::object& key) const {
    const auto found = categories_.find(text(key, "category"));
    if (found == categories_.end())
      wrong_value("category", key, "the key of a category that the builder was told of" + known(categories_));
    return found->second;
  }
  [[nodiscard]] SectionIndex section_of(const py::object& label) {
    const std::string wanted = text(label, "section");
    if (wanted.empty()) return builder_.no_section();
    const auto found = sections_.find(wanted);
    if (found == sections_.end())
      wrong_value("section", label,
                  "the label of a section that the builder was told of, or '' for none" + known(sections_));
    return found->second;
  }
  template <class Map>
  [[nodiscard]] static std::string known(const Map& map) {
    std::string text;
    for (const auto& [name, index] : map) text += (text.empty() ? ": " : ", ") + name;
    return text;
  }

  SeatMapBuilder builder_;
  std::map<std::string, CategoryIndex> categories_;
  std::map<std::string, SectionIndex> sections_;
};

[[nodiscard]] PlaceFlags flags_of(bool accessible, bool companion, bool restricted_view) {
  return (accessible ? PlaceFlags::accessible : PlaceFlags::none) |
         (companion ? PlaceFlags::companion : PlaceFlags::none) |
         (restricted_view ? PlaceFlags::restricted_view : PlaceFlags::none);
}

}  // namespace

void add_seat_map(py::module_& module) {
  add_values(module);
  add_map(module);
  py::class_<MapBuilder>(module, "SeatMapBuilder", "Puts a seat map together.")
      .def(py::init<const py::object&>(), py::arg("name"))
      .def("focal_point", &MapBuilder::focal_point, py::arg("point"))
      .def("category", &MapBuilder::category, py::arg("key"), py::arg("name"), py::arg("color"))
      .def("section", &MapBuilder::section, py::arg("label"), py::arg("entrance"))
      .def("row", &MapBuilder::row, py::arg("label"), py::arg("section"), py::arg("table"))
      .def(
          "seat",
          [](MapBuilder& self, const py::object& label, const py::object& x, const py::object& y,
             const py::object& category, bool accessible, bool companion, bool restricted_view,
             const py::object& gap_before) {
            self.seat(label, x, y, category, flags_of(accessible, companion, restricted_view), gap_before);
          },
          py::arg("label"), py::arg("x"), py::arg("y"), py::arg("category"), py::arg("accessible"),
          py::arg("companion"), py::arg("restricted_view"), py::arg("gap_before"))
      .def(
          "whole",
          [](MapBuilder& self, const py::object& label, const py::object& section, bool booth,
             const py::object& seats, const py::object& x, const py::object& y, const py::object& category,
             bool accessible) {
            self.whole(label, section, booth, seats, x, y, category, flags_of(accessible, false, false));
          },
          py::arg("label"), py::arg("section"), py::arg("booth"), py::arg("seats"), py::arg("x"),
          py::arg("y"), py::arg("category"), py::arg("accessible"))
      .def("area", &MapBuilder::area, py::arg("label"), py::arg("section"), py::arg("category"),
           py::arg("capacity"), py::arg("center"), py::arg("outline"))
      .def("shape", &MapBuilder::shape, py::arg("kind"), py::arg("label"), py::arg("outline"))
      .def("build", &MapBuilder::build);
}

}  // namespace ticketcore::python
