#pragma once
// From Python: each function takes an object and the name of the argument that it came as, and raises
// TypeError or ValueError that says the name, what came, and what would be right.

#include <pybind11/pybind11.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ticketcore/base/ids.hpp"
#include "ticketcore/base/money.hpp"
#include "ticketcore/base/time.hpp"
#include "ticketcore/storage/storage.hpp"

namespace ticketcore::python {

namespace py = pybind11;

/// "ttl must be a timedelta, not 600 (int)".
[[noreturn]] void wrong_type(const std::string& name, py::handle got, const std::string& wanted);
/// "ttl is timedelta(0); it must be longer than that".
[[noreturn]] void wrong_value(const std::string& name, py::handle got, const std::string& wanted);

/// A str's UTF-8, valid as long as the object.
[[nodiscard]] std::string_view text_view(py::handle value, const std::string& name);
/// The same where an argument is one of thousands: its name is made when it is wrong, by a function.
template <std::invocable Name>
[[nodiscard]] std::string_view text_view(py::handle value, Name name) {
  if (PyUnicode_Check(value.ptr())) {
    Py_ssize_t size = 0;
    if (const char* data = PyUnicode_AsUTF8AndSize(value.ptr(), &size))
      return {data, static_cast<std::size_t>(size)};
    PyErr_Clear();
  }
  return text_view(value, std::string(name()));
}
[[nodiscard]] std::string text(py::handle value, const std::string& name);
/// A sequence of str, but not a str itself: "A-1" in the place of ["A-1"] would be three places.
[[nodiscard]] std::vector<std::string> texts(py::handle value, const std::string& name);
[[nodiscard]] std::uint32_t count(py::handle value, const std::string& name, std::uint32_t least = 0);
[[nodiscard]] std::uint64_t whole_number(py::handle value, const std::string& name);
/// A number of 32 bits.
[[nodiscard]] std::uint32_t checksum(py::handle value);
[[nodiscard]] bool truth(py::handle value, const std::string& name);
/// A timedelta above zero, rounded up to whole seconds.
[[nodiscard]] std::chrono::seconds seconds(py::handle value, const std::string& name);
[[nodiscard]] std::chrono::milliseconds milliseconds(py::handle value, const std::string& name);
/// A datetime with a time zone.
[[nodiscard]] Timestamp moment(py::handle value, const std::string& name);
/// A Decimal, str or int. A float is refused.
[[nodiscard]] Money money(py::handle value, Currency currency, const std::string& name);
/// The text that Money::parse takes; a float is refused.
[[nodiscard]] std::string amount_text(py::handle value, const std::string& name);
[[nodiscard]] Currency currency(py::handle value, const std::string& name);
/// Text of a UUID, a uuid.UUID, or anything with an id of that kind (a Hold, an Order).
[[nodiscard]] Id128 id(py::handle value, const std::string& name);
/// The same; None is zero: a new one will be made.
[[nodiscard]] RequestId request(py::handle value);
[[nodiscard]] TicketId ticket_id(py::handle value, const std::string& name);
/// bytes, or what has a buffer of them.
[[nodiscard]] Bytes bytes(py::handle value, const std::string& name);
/// A stream's name or a vault id: bytes, or str as UTF-8.
[[nodiscard]] std::string byte_name(py::handle value, const std::string& name);
/// A file's path: str, bytes or os.PathLike.
[[nodiscard]] std::string path(py::handle value);
/// A number of chart units as thousandths.
[[nodiscard]] std::int32_t coordinate(py::handle value, const std::string& name);

}  // namespace ticketcore::python
