#include "callbacks.hpp"

#include "arguments.hpp"
#include "results.hpp"
#include "ticketcore/base/errors.hpp"

namespace ticketcore::python {

HeldObject hold_object(py::object object) {
  return HeldObject(new py::object(std::move(object)), [](py::object* held) {
    // After the interpreter's end there is nobody to give it back to.
    if (Py_IsInitialized() == 0) return;
    const py::gil_scoped_acquire lock;
    delete held;
  });
}

void report_unraisable(py::error_already_set& error, const char* where) {
  error.discard_as_unraisable(where);
}

std::function<Timestamp()> clock_of(const py::object& callable) {
  if (callable.is_none()) return {};
  if (PyCallable_Check(callable.ptr()) == 0)
    wrong_type("clock", callable, "a function that returns a datetime with a time zone");
  return [held = hold_object(callable)] {
    const py::gil_scoped_acquire lock;
    try {
      return moment((*held)(), "what clock() returned");
    } catch (py::error_already_set& error) {
      const std::string what = error.what();
      report_unraisable(error, "ticketcore: the clock");
      throw StorageUnavailable("the clock failed: " + what);
    } catch (const py::builtin_exception& error) {
      throw StorageUnavailable(std::string("the clock failed: ") + error.what());
    }
  };
}

std::function<void(const EventId&, const std::string&)> trouble_handler_of(const py::object& callable) {
  if (callable.is_none()) return {};
  if (PyCallable_Check(callable.ptr()) == 0)
    wrong_type("on_trouble", callable, "a function that takes an event's id and a text");
  return [held = hold_object(callable)](const EventId& event, const std::string& what) {
    const py::gil_scoped_acquire lock;
    try {
      (*held)(to_str(event.text()), to_str_lossy(what));
    } catch (py::error_already_set& error) {
      report_unraisable(error, "ticketcore: on_trouble");
    }
  };
}

}  // namespace ticketcore::python
