// The core's exceptions as those of ticketcore/_errors.py.

#include "results.hpp"
#include "ticketcore/base/errors.hpp"
#include "ticketcore/base/money.hpp"
#include "ticketcore/tickets/qr.hpp"
#include "ticketcore/venue/seat_map.hpp"

namespace ticketcore::python {
namespace {

void raise(const char* name, const char* what) {
  PyErr_SetObject(package("_errors", name).ptr(), to_str_lossy(what).ptr());
}

void raise_problems(const SeatMapError& error) {
  py::list problems;
  for (const SeatMapProblem& problem : error.problems())
    problems.append(py::make_tuple(to_str_lossy(problem.where), to_str_lossy(problem.what)));
  const py::object type = package("_errors", "SeatMapError");
  PyErr_SetObject(type.ptr(), type(to_str_lossy(error.what()), py::tuple(problems)).ptr());
}

}  // namespace

void add_refusals(py::module_&) {
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const Refused& refused) {
      const py::object exception = to_exception(refused.refusal());
      PyErr_SetObject(py::type::of(exception).ptr(), exception.ptr());
    } catch (const StorageUnavailable& error) {
      raise("StorageUnavailable", error.what());
    } catch (const CommitOutcomeUnknown& error) {
      raise("CommitOutcomeUnknown", error.what());
    } catch (const HistoryReplaced& error) {
      raise("HistoryReplaced", error.what());
    } catch (const StorageDamaged& error) {
      raise("StorageDamaged", error.what());
    } catch (const StorageNewer& error) {
      raise("StorageNewer", error.what());
    } catch (const StorageError& error) {
      raise("StorageError", error.what());
    } catch (const SeatMapError& error) {
      raise_problems(error);
    } catch (const MoneyError& error) {
      PyErr_SetString(PyExc_ValueError, error.what());
    } catch (const QrTooLong& error) {
      PyErr_SetString(PyExc_ValueError, error.what());
    } catch (const Error& error) {
      raise("Error", error.what());
    }
  });
}

}  // namespace ticketcore::python
