#pragma once
// Classes of immutable values: read-only properties, and what follows from them (repr, ==, hash, copying,
// pickling refused, to_dict).

#include <pybind11/pybind11.h>

#include <string>
#include <utility>

#include "results.hpp"

namespace ticketcore::python {

template <class T>
class ValueClass {
 public:
  ValueClass(py::module_& module, const char* name, const char* doc)
      : class_(module, name, doc, py::is_final()) {}

  /// A property by a function of const T& that returns a py::object.
  template <class Getter>
  ValueClass& field(const char* name, Getter getter, const char* doc) {
    class_.def_property_readonly(
        name, [getter](const T& self) -> py::object { return getter(self); }, doc);
    names_.append(py::str(name));
    return *this;
  }

  template <class... Arguments>
  ValueClass& def(Arguments&&... arguments) {
    class_.def(std::forward<Arguments>(arguments)...);
    return *this;
  }
  template <class Getter>
  ValueClass& property(const char* name, Getter getter, const char* doc) {
    class_.def_property_readonly(name, getter, doc);
    return *this;
  }

  void finish() {
    const py::tuple names(names_);
    class_.attr("__match_args__") = names;
    class_.attr("__module__") = "ticketcore";
    class_.def("__repr__", [names](const py::object& self) {
      std::string text = py::type::of(self).attr("__name__").template cast<std::string>() + "(";
      for (const py::handle name : names) {
        if (text.back() != '(') text += ", ";
        text += name.cast<std::string>() + "=" + py::repr(self.attr(name)).template cast<std::string>();
      }
      return text + ")";
    });
    class_.def(
        "__eq__",
        [names](const py::object& self, const py::object& other) -> py::object {
          if (!py::type::of(self).is(py::type::of(other)))
            return py::reinterpret_borrow<py::object>(Py_NotImplemented);
          for (const py::handle name : names) {
            if (!self.attr(name).equal(other.attr(name))) return py::bool_(false);
          }
          return py::bool_(true);
        },
        py::arg("other"), "Whether all fields are equal.");
    class_.def("__hash__", [](const py::object& self) { return py::hash(py::repr(self)); });
    class_.def("__copy__", [](const py::object& self) { return self; });
    class_.def(
        "__deepcopy__", [](const py::object& self, const py::object&) { return self; }, py::arg("memo"));
    class_.def(
        "to_dict",
        [names](const py::object& self) {
          py::dict result;
          for (const py::handle name : names) result[name] = plain(self.attr(name));
          return result;
        },
        "The fields by name, values within values as dicts too: for JSON, for data frames.");
  }

 private:
  [[nodiscard]] static py::object plain(const py::object& value) {
    if (py::isinstance<py::tuple>(value)) {
      py::list result;
      for (const py::handle item : value) result.append(plain(py::reinterpret_borrow<py::object>(item)));
      return result;
    }
    return py::hasattr(value, "to_dict") ? value.attr("to_dict")() : value;
  }

  py::class_<T> class_;
  py::list names_;
};

}  // namespace ticketcore::python
