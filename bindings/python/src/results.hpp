#pragma once
// To Python: plain conversions, and the classes of values that box offices answer with. The interpreter's
// lock is held.

#include <pybind11/pybind11.h>

#include <memory>
#include <string>
#include <string_view>

#include "ticketcore/base/result.hpp"
#include "ticketcore/engine/answers.hpp"
#include "ticketcore/engine/availability.hpp"
#include "ticketcore/sale/hold_outcome.hpp"
#include "ticketcore/storage/storage.hpp"
#include "ticketcore/tickets/signing.hpp"

namespace ticketcore::python {

namespace py = pybind11;

[[nodiscard]] py::object to_str(std::string_view text);
/// A text that a log or a file may have damaged: what is not UTF-8 is replaced.
[[nodiscard]] py::object to_str_lossy(std::string_view text);
/// A datetime in UTC.
[[nodiscard]] py::object to_datetime(Timestamp time);
[[nodiscard]] py::object to_timedelta(std::chrono::microseconds time);
[[nodiscard]] py::object to_decimal(const Money& money);
[[nodiscard]] py::object to_bytes(BytesView bytes);
[[nodiscard]] py::object to_tuple(const std::vector<std::string>& texts);

/// datetime(1970, 1, 1, tzinfo=timezone.utc), decimal.Decimal, uuid.UUID.
[[nodiscard]] py::handle epoch();
[[nodiscard]] py::handle decimal_type();
[[nodiscard]] py::handle uuid_type();
/// Something of the package's own Python modules: package("_errors", "refusal").
[[nodiscard]] py::object package(const char* module, const char* name);

/// An instance of the subclass of Refused that the reason calls for.
[[nodiscard]] py::object to_exception(const Refusal& refusal);
/// Throws it.
[[noreturn]] void raise_refusal(const Refusal& refusal);

/// A hold whose text is made when somebody asks for it: of thousands in one call, few are looked at.
struct HoldValue {
  HoldId id{};
  HoldPlaced placed{};
  std::shared_ptr<const SeatMap> seat_map{};
};
/// What a ticket needs besides its own data to draw itself.
struct TicketContext {
  std::shared_ptr<const Availability> at{};
  std::shared_ptr<const SigningKey> signing_key{};
};
struct TicketValue {
  Ticket ticket{};
  std::uint32_t order_number = 0;
  HolderId holder{};
  TicketContext context{};
};
struct OrderValue {
  Order order{};
  TicketContext context{};
};

void add_results(py::module_& module);
void add_refusals(py::module_& module);

}  // namespace ticketcore::python
