#include "arguments.hpp"

#include <datetime.h>

#include <cmath>
#include <limits>
#include <optional>

#include "results.hpp"
#include "ticketcore/base/limits.hpp"

namespace ticketcore::python {
namespace {

constexpr std::int64_t micros_per_second = 1'000'000;

[[nodiscard]] std::string shown(py::handle value) {
  constexpr std::size_t most = 80;
  std::string text = py::repr(value).cast<std::string>();
  if (text.size() > most) text = text.substr(0, most) + "...";
  return text;
}

[[nodiscard]] std::int64_t micros_of(PyObject* delta) {
  return (PyDateTime_DELTA_GET_DAYS(delta) * std::int64_t{86'400} + PyDateTime_DELTA_GET_SECONDS(delta)) *
             micros_per_second +
         PyDateTime_DELTA_GET_MICROSECONDS(delta);
}

/// How long, in microseconds: a timedelta goes so far that these can't count it.
[[nodiscard]] std::int64_t micros_within(py::handle value, const std::string& name, std::int64_t least,
                                         const std::string& wanted) {
  constexpr std::int64_t most = std::chrono::microseconds(limits::hold_ttl_max).count();
  constexpr int most_days = limits::hold_ttl_max.count() / 24;
  const int days = PyDateTime_DELTA_GET_DAYS(value.ptr());
  const bool countable = days >= 0 && days <= most_days;
  const std::int64_t micros = countable ? micros_of(value.ptr()) : -1;
  if (micros < least || micros > most)
    wrong_value(name, value, wanted + " " + std::to_string(most_days) + " days");
  return micros;
}

/// datetime.h keeps its table of functions in a variable of each source file.
void need_datetime() {
  if (PyDateTimeAPI == nullptr) PyDateTime_IMPORT;
  if (PyDateTimeAPI == nullptr) throw py::error_already_set();
}

[[nodiscard]] std::optional<py::object> attribute(py::handle value, const char* name) {
  PyObject* found = PyObject_GetAttrString(value.ptr(), name);
  if (found != nullptr) return py::reinterpret_steal<py::object>(found);
  if (!PyErr_ExceptionMatches(PyExc_AttributeError)) throw py::error_already_set();
  PyErr_Clear();
  return std::nullopt;
}

}  // namespace

void wrong_type(const std::string& name, py::handle got, const std::string& wanted) {
  throw py::type_error(name + " must be " + wanted + ", not " + shown(got) + " (" +
                       Py_TYPE(got.ptr())->tp_name + ")");
}

void wrong_value(const std::string& name, py::handle got, const std::string& wanted) {
  throw py::value_error(name + " is " + shown(got) + "; it must be " + wanted);
}

std::string_view text_view(py::handle value, const std::string& name) {
  if (!PyUnicode_Check(value.ptr())) wrong_type(name, value, "a str");
  Py_ssize_t size = 0;
  const char* data = PyUnicode_AsUTF8AndSize(value.ptr(), &size);
  if (data == nullptr) {
    PyErr_Clear();
    wrong_value(name, value, "text that can be written as UTF-8, without lone surrogates");
  }
  return {data, static_cast<std::size_t>(size)};
}

std::string text(py::handle value, const std::string& name) { return std::string(text_view(value, name)); }

std::vector<std::string> texts(py::handle value, const std::string& name) {
  if (PyUnicode_Check(value.ptr()) || PyBytes_Check(value.ptr()) || !py::isinstance<py::iterable>(value))
    wrong_type(name, value, "a sequence of str");
  std::vector<std::string> result;
  for (const py::handle item : value)
    result.push_back(text(item, name + "[" + std::to_string(result.size()) + "]"));
  return result;
}

std::uint32_t count(py::handle value, const std::string& name, std::uint32_t least) {
  if (!PyLong_Check(value.ptr()) || PyBool_Check(value.ptr())) wrong_type(name, value, "an int");
  int overflow = 0;
  const long long number = PyLong_AsLongLongAndOverflow(value.ptr(), &overflow);
  if (overflow != 0 || number < least || number > std::numeric_limits<std::uint32_t>::max())
    wrong_value(name, value,
                std::to_string(least) + " to " + std::to_string(std::numeric_limits<std::uint32_t>::max()));
  return static_cast<std::uint32_t>(number);
}

std::uint64_t whole_number(py::handle value, const std::string& name) {
  if (!PyLong_Check(value.ptr()) || PyBool_Check(value.ptr())) wrong_type(name, value, "an int");
  const unsigned long long number = PyLong_AsUnsignedLongLong(value.ptr());
  if (PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    wrong_value(name, value, "0 to 2**64 - 1");
  }
  return number;
}

std::uint32_t checksum(py::handle value) {
  const std::uint64_t number = whole_number(value, "checksum");
  if (number > std::numeric_limits<std::uint32_t>::max()) wrong_value("checksum", value, "0 to 2**32 - 1");
  return static_cast<std::uint32_t>(number);
}

bool truth(py::handle value, const std::string& name) {
  if (!PyBool_Check(value.ptr())) wrong_type(name, value, "True or False");
  return value.ptr() == Py_True;
}

std::chrono::seconds seconds(py::handle value, const std::string& name) {
  need_datetime();
  if (!PyDelta_Check(value.ptr())) wrong_type(name, value, "a timedelta such as timedelta(minutes=10)");
  const std::int64_t micros = micros_within(value, name, 1, "longer than zero and at most");
  return std::chrono::ceil<std::chrono::seconds>(std::chrono::microseconds(micros));
}

std::chrono::milliseconds milliseconds(py::handle value, const std::string& name) {
  need_datetime();
  if (!PyDelta_Check(value.ptr())) wrong_type(name, value, "a timedelta such as timedelta(seconds=10)");
  const std::int64_t micros = micros_within(value, name, 0, "zero to");
  return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::microseconds(micros));
}

Timestamp moment(py::handle value, const std::string& name) {
  need_datetime();
  if (!PyDateTime_Check(value.ptr())) wrong_type(name, value, "a datetime with a time zone");
  if (value.attr("tzinfo").is_none() || value.attr("utcoffset")().is_none())
    wrong_value(name, value,
                "a datetime with a time zone, such as datetime(2027, 1, 31, 19, 30, tzinfo=timezone.utc)");
  const py::object since = value - epoch();
  const std::int64_t micros = micros_of(since.ptr());
  if (micros < 0) wrong_value(name, value, "in 1970 or later");
  return Timestamp{std::chrono::microseconds(micros)};
}

std::string amount_text(py::handle value, const std::string& name) {
  if (PyUnicode_Check(value.ptr())) return text(value, name);
  if (PyLong_Check(value.ptr()) && !PyBool_Check(value.ptr())) return py::str(value).cast<std::string>();
  if (py::isinstance(value, decimal_type())) {
    if (!value.attr("is_finite")().cast<bool>()) wrong_value(name, value, "a finite amount");
    return py::str(value.attr("__format__")("f")).cast<std::string>();
  }
  if (PyFloat_Check(value.ptr()))
    wrong_type(name, value, "a Decimal, str or int, since a float can't hold money exactly");
  wrong_type(name, value, "a Decimal, str or int");
}

Money money(py::handle value, Currency currency, const std::string& name) {
  try {
    return Money::parse(amount_text(value, name), currency);
  } catch (const MoneyError& error) {
    throw py::value_error(name + ": " + error.what());
  }
}

Currency currency(py::handle value, const std::string& name) {
  const auto parsed = Currency::parse(text_view(value, name));
  if (!parsed) wrong_value(name, value, "a code of ISO 4217 in capitals, such as 'UAH' or 'EUR'");
  return *parsed;
}

Id128 id(py::handle value, const std::string& name) {
  constexpr const char* wanted = "an id such as '0193a5b0-7c1e-7d53-9a41-0f6b2c88e1d7'";
  if (PyUnicode_Check(value.ptr())) {
    const auto parsed = parse_id(text_view(value, name));
    if (!parsed) wrong_value(name, value, wanted);
    return *parsed;
  }
  if (py::isinstance(value, uuid_type())) return *parse_id(py::str(value).cast<std::string>());
  if (const auto inner = attribute(value, "id"); inner && PyUnicode_Check(inner->ptr()))
    return id(*inner, name + ".id");
  wrong_type(name, value, std::string(wanted) + ", a uuid.UUID, or an object that has one as its id");
}

RequestId request(py::handle value) {
  return value.is_none() ? RequestId{} : RequestId{id(value, "request")};
}

TicketId ticket_id(py::handle value, const std::string& name) {
  constexpr const char* wanted = "a ticket's id such as '0193a5b0-7c1e-7d53-9a41-0f6b2c88e1d7-1'";
  if (PyUnicode_Check(value.ptr())) {
    const auto parsed = parse_ticket_id(text_view(value, name));
    if (!parsed) wrong_value(name, value, wanted);
    return *parsed;
  }
  if (const auto inner = attribute(value, "id"); inner && PyUnicode_Check(inner->ptr()))
    return ticket_id(*inner, name + ".id");
  wrong_type(name, value, std::string(wanted) + " or a Ticket");
}

Bytes bytes(py::handle value, const std::string& name) {
  Py_buffer view;
  if (PyUnicode_Check(value.ptr()) || PyObject_GetBuffer(value.ptr(), &view, PyBUF_SIMPLE) != 0) {
    PyErr_Clear();
    wrong_type(name, value, "bytes");
  }
  const auto* data = static_cast<const std::uint8_t*>(view.buf);
  Bytes copy(data, data + view.len);
  PyBuffer_Release(&view);
  return copy;
}

std::string byte_name(py::handle value, const std::string& name) {
  if (PyUnicode_Check(value.ptr())) return text(value, name);
  if (!PyBytes_Check(value.ptr())) wrong_type(name, value, "bytes or a str");
  return {PyBytes_AS_STRING(value.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(value.ptr()))};
}

std::string path(py::handle value) {
  if (!PyUnicode_Check(value.ptr()) && !PyBytes_Check(value.ptr()) && !py::hasattr(value, "__fspath__"))
    wrong_type("path", value, "a str or a path");
  const std::string encoded = py::module_::import("os").attr("fsencode")(value).cast<py::bytes>();
  if (encoded.empty() || encoded.find('\0') != std::string::npos)
    wrong_value("path", value, "a path that is not empty and has no NUL in it");
  return encoded;
}

std::int32_t coordinate(py::handle value, const std::string& name) {
  if (PyBool_Check(value.ptr())) wrong_type(name, value, "a number");
  const double number = PyFloat_AsDouble(value.ptr());
  if (PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    wrong_type(name, value, "a number");
  }
  if (!(std::abs(number) <= limits::coordinate))
    wrong_value(
        name, value,
        "between -" + std::to_string(limits::coordinate) + " and " + std::to_string(limits::coordinate));
  return static_cast<std::int32_t>(std::lround(number * 1'000));
}

}  // namespace ticketcore::python
