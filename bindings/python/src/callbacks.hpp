#pragma once
// Objects of Python that core threads hold and call: they take the interpreter's lock for that, and only for
// that.

#include <pybind11/pybind11.h>

#include <functional>
#include <memory>
#include <string>

#include "ticketcore/base/ids.hpp"
#include "ticketcore/base/time.hpp"

namespace ticketcore::python {

namespace py = pybind11;

/// Kept alive until the last copy goes, on whatever thread that is.
using HeldObject = std::shared_ptr<py::object>;
[[nodiscard]] HeldObject hold_object(py::object object);

/// Hands the current exception to sys.unraisablehook, as exceptions are that nobody can catch. The lock is
/// held.
void report_unraisable(py::error_already_set& error, const char* where);

/// Null for None. What the callable raises, or an answer that is no datetime, becomes StorageUnavailable: the
/// turn that wanted to know the time does not take place.
[[nodiscard]] std::function<Timestamp()> clock_of(const py::object& callable);
/// Null for None. What it raises goes to sys.unraisablehook.
[[nodiscard]] std::function<void(const EventId&, const std::string&)> trouble_handler_of(
    const py::object& callable);

}  // namespace ticketcore::python
