#pragma once
// Memory for NumPy: read-only, alive as long as somebody looks at it.

#include <pybind11/pybind11.h>

#include <memory>
#include <vector>

namespace ticketcore::python {

namespace py = pybind11;

class Buffer {
 public:
  /// Of memory that owner keeps, without copying it.
  Buffer(std::shared_ptr<const void> owner, const void* data, std::size_t size)
      : owner_(std::move(owner)), data_(data), size_(size) {}
  template <class T>
  explicit Buffer(std::vector<T> values) {
    auto kept = std::make_shared<const std::vector<T>>(std::move(values));
    data_ = kept->data();
    size_ = kept->size() * sizeof(T);
    owner_ = std::move(kept);
  }

  [[nodiscard]] py::buffer_info info() const {
    static const std::uint8_t nothing = 0;
    const void* data = data_ == nullptr ? &nothing : data_;
    return {const_cast<void*>(data),
            1,
            py::format_descriptor<std::uint8_t>::format(),
            1,
            {static_cast<py::ssize_t>(size_)},
            {1},
            true};
  }

 private:
  std::shared_ptr<const void> owner_;
  const void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ticketcore::python
