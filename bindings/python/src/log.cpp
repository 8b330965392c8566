// Reading the log, proving it, projecting it.

#include "ticketcore/log/log.hpp"
#include "arguments.hpp"
#include "event.hpp"
#include "storages.hpp"
#include "ticketcore/log/archive.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/log/fact_json.hpp"
#include "ticketcore/projections/open_projection.hpp"
#include "ticketcore/projections/projection.hpp"

namespace ticketcore::python {
namespace {

/// Walks through one event's log. Labels need its seat map alone: the log is shown as it stands, also where
/// it contradicts itself.
class LogReader {
 public:
  LogReader(const py::object& storage, const py::object& event)
      : storage_(storage_of(storage)), stream_(stream_of(EventId(text(event, "event")))) {}

  /// The facts of the next entries from a revision on, each as a JSON text; None at the end of the log.
  [[nodiscard]] py::object next(std::uint64_t from) {
    if (!origin_.is_here()) raise_forked("this log");
    std::vector<std::string> lines;
    bool any = false;
    {
      const py::gil_scoped_release release;
      do {
        const std::vector<Entry> entries = storage_->read(stream_, at_, 1U << 20);
        if (!(any = !entries.empty())) break;
        for (const Entry& entry : entries) read(entry, from, lines);
      } while (lines.empty());
    }
    if (!any && lines.empty()) return py::none();
    py::list result;
    for (const std::string& line : lines) result.append(to_str_lossy(line));
    return result;
  }

 private:
  void read(const Entry& entry, std::uint64_t from, std::vector<std::string>& lines) {
    const LogEntry decoded =
        decode_entry(entry.bytes, "entry " + std::to_string(entry.revision) + " of " + stream_, *storage_);
    for (const Fact& fact : decoded.facts) {
      learn_labels(state_, fact, {entry.revision, decoded.header.turn});
      if (entry.revision >= from)
        lines.push_back(fact_json(fact, entry.revision, decoded.header.turn, state_));
    }
    at_ = entry.revision;
  }

  std::shared_ptr<Storage> storage_;
  StreamId stream_;
  EventState state_{};
  Revision at_ = 0;
  Origin origin_;
};

[[nodiscard]] py::dict audit_event(const py::object& storage, const py::object& event) {
  const StreamId stream = stream_of(EventId(text(event, "event")));
  const std::shared_ptr<Storage> from = storage_of(storage);
  const AuditReport report = [&] {
    const py::gil_scoped_release release;
    return audit(*from, stream);
  }();
  const Currency currency = report.state.exists() ? report.state.settings().prices.currency() : Currency{};
  const auto amount = [&](std::int64_t minor) { return to_decimal(Money{minor, currency}); };
  py::dict facts;
  for (const auto& [name, number] : report.facts) facts[to_str(name)] = number;
  py::dict takings;
  for (const auto& [name, taking] : report.takings)
    takings[to_str(name)] = py::make_tuple(taking.tickets, amount(taking.amount));
  py::list problems;
  for (const std::string& problem : report.problems) problems.append(to_str_lossy(problem));
  py::dict result;
  result["event"] = event;
  result["revision"] = report.revision;
  result["bytes"] = report.bytes;
  result["facts"] = facts;
  result["takings"] = takings;
  result["orders"] = report.orders;
  result["fees"] = amount(report.fees);
  result["paid"] = amount(report.paid);
  result["refunded"] = amount(report.refunded);
  result["currency"] = report.state.exists() ? to_str(currency.code()) : py::object(py::none());
  result["problems"] = py::tuple(problems);
  return result;
}

/// Fills the tables for SQL: entries projected, and the revision that the tables are at.
[[nodiscard]] py::tuple project(const py::object& storage, const py::object& url, const py::object& event,
                                bool rebuild) {
  const EventId id(text(event, "event"));
  const std::string tables = storage_url(url);
  const std::shared_ptr<Storage> from = storage_of(storage);
  const py::gil_scoped_release release;
  const std::unique_ptr<ProjectionSink> sink = open_projection(tables);
  Projector projector(*from, *sink);
  const std::uint64_t entries = rebuild ? projector.rebuild(id) : projector.catch_up(id);
  const Revision at = sink->cursor(stream_of(id)).known;
  const py::gil_scoped_acquire lock;
  return py::make_tuple(entries, at);
}

}  // namespace

void add_log(py::module_& module) {
  py::class_<LogReader>(module, "LogReader", "Walks through one event's log.")
      .def(py::init<const py::object&, const py::object&>(), py::arg("storage"), py::arg("event"))
      .def("next", &LogReader::next, py::arg("from_revision"));
  module.def(
      "is_archive", [](const py::object& path) { return is_archive(python::path(path)); }, py::arg("path"),
      "Whether the file begins as an archive does.");
  module.def("audit", &audit_event, py::arg("storage"), py::arg("event"),
             "Replays an event's log and proves it.");
  module.def("project", &project, py::arg("storage"), py::arg("url"), py::arg("event"), py::arg("rebuild"),
             "Fills the tables for SQL.");
}

}  // namespace ticketcore::python
