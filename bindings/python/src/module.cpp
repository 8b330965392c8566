// ticketcore._core: the compiled part of the Python package.

#include "event.hpp"
#include "storages.hpp"

PYBIND11_MODULE(_core_of_main_interpreter, module) {
  namespace binding = ticketcore::python;
  module.doc() = "The compiled part of ticketcore. Use the package, not this.";
  module.attr("__version__") = TICKETCORE_VERSION;
  binding::add_results(module);
  binding::add_refusals(module);
  binding::add_settings(module);
  binding::add_seat_map(module);
  binding::add_storages(module);
  binding::add_availability(module);
  binding::add_office(module);
  binding::add_event(module);
  binding::add_log(module);
}

/// What Python calls. A subinterpreter is told no before pybind11 takes the interpreter's lock, for which it
/// would wait for ever.
extern "C" PYBIND11_EXPORT PyObject* PyInit__core() {
  if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
    PyErr_SetString(PyExc_ImportError,
                    "ticketcore can't be used in a subinterpreter; import it in the main interpreter, or in "
                    "another process");
    return nullptr;
  }
  return PyInit__core_of_main_interpreter();
}
