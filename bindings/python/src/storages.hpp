#pragma once
// Storages as Python holds them.

#include <pybind11/pybind11.h>

#include <memory>

#include "fork.hpp"
#include "ticketcore/storage/storage.hpp"

namespace ticketcore::python {

namespace py = pybind11;

/// Throw ForkedError and Closed (ticketcore/_errors.py).
[[noreturn]] void raise_forked(const std::string& what);
[[noreturn]] void raise_closed(const std::string& what);

/// One of the core's own storages. Box offices that use it share it: closing lets go of this handle's part
/// only.
class StorageHandle {
 public:
  explicit StorageHandle(std::shared_ptr<Storage> storage) : storage_(std::move(storage)) {}
  ~StorageHandle();
  StorageHandle(StorageHandle&&) = default;

  /// Throws Closed, ForkedError.
  [[nodiscard]] std::shared_ptr<Storage> get() const;
  void close();

 private:
  std::shared_ptr<Storage> storage_;
  Origin origin_;
};

/// A StorageHandle's storage, or a storage written in Python.
[[nodiscard]] std::shared_ptr<Storage> storage_of(const py::object& object);

/// A store's URL, or its path, as the file system has it. Throws ValueError for a NUL in it.
[[nodiscard]] std::string storage_url(const py::object& url);

void add_storages(py::module_& module);

}  // namespace ticketcore::python
