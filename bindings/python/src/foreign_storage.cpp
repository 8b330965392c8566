#include "foreign_storage.hpp"

#include "arguments.hpp"
#include "results.hpp"

namespace ticketcore::python {
namespace {

/// What an exception that is none of ours says about the call that it came from.
enum class Otherwise { nothing_was_written, outcome_unknown };

[[nodiscard]] bool is_a(const py::error_already_set& error, const char* name) {
  return error.matches(package("_errors", name));
}

/// "KeyError: 'x'" without the traceback, which goes to sys.unraisablehook.
[[nodiscard]] std::string text_of(const py::error_already_set& error) {
  return py::str(error.value()).cast<std::string>();
}

[[noreturn]] void rethrow(py::error_already_set& error, const char* method, Otherwise otherwise) {
  if (is_a(error, "StorageUnavailable")) throw StorageUnavailable(text_of(error));
  if (is_a(error, "CommitOutcomeUnknown")) throw CommitOutcomeUnknown(text_of(error));
  if (is_a(error, "HistoryReplaced")) throw HistoryReplaced(text_of(error));
  if (is_a(error, "StorageDamaged")) throw StorageDamaged(text_of(error));
  if (is_a(error, "StorageNewer")) throw StorageNewer(text_of(error));
  if (is_a(error, "StorageError")) throw StorageError(text_of(error));
  if (error.matches(PyExc_ValueError)) throw std::invalid_argument(text_of(error));
  const std::string what = "the storage's " + std::string(method) + "() raised " +
                           py::type::of(error.value()).attr("__name__").cast<std::string>() + ": " +
                           text_of(error);
  report_unraisable(error, method);
  if (otherwise == Otherwise::outcome_unknown) throw CommitOutcomeUnknown(what);
  throw StorageUnavailable(what);
}

/// Runs work with the interpreter's lock held, and turns what it raises into what storage.hpp has.
template <class Work>
auto in_python(const char* method, Work work, Otherwise otherwise = Otherwise::nothing_was_written) {
  const py::gil_scoped_acquire lock;
  try {
    return work();
  } catch (py::error_already_set& error) {
    rethrow(error, method, otherwise);
  } catch (const py::builtin_exception& error) {
    // An answer of the wrong type.
    const std::string what = "the storage's " + std::string(method) + "(): " + error.what();
    if (otherwise == Otherwise::outcome_unknown) throw CommitOutcomeUnknown(what);
    throw StorageError(what);
  }
}

[[nodiscard]] py::object name_of(std::string_view stream) { return py::bytes(stream.data(), stream.size()); }

[[nodiscard]] py::object to_position(const Position& position) {
  return package("_storage", "Position")(
      name_of(position.stream), position.known,
      position.checksum ? py::object(py::int_(*position.checksum)) : py::object(py::none()));
}

[[nodiscard]] py::list positions(std::span<const Position> streams) {
  py::list result;
  for (const Position& position : streams) result.append(to_position(position));
  return result;
}

[[nodiscard]] py::list appends(std::span<const Append> entries) {
  const py::object make = package("_storage", "Append");
  py::list result;
  for (const Append& append : entries)
    result.append(make(name_of(append.stream), append.checksum, to_bytes(append.bytes)));
  return result;
}

[[nodiscard]] std::vector<Entry> entries_of(const py::object& answer, const char* method) {
  const std::string what = "what " + std::string(method) + "() returned";
  if (!py::isinstance<py::iterable>(answer)) wrong_type(what, answer, "a sequence of Entry");
  std::vector<Entry> entries;
  for (const py::handle item : answer) {
    if (!py::isinstance<py::tuple>(item) || py::len(item) != 3)
      wrong_type(what, item, "a sequence of Entry(revision, checksum, data)");
    const auto fields = py::reinterpret_borrow<py::tuple>(item);
    entries.push_back({whole_number(fields[0], "revision"), checksum(fields[1]), bytes(fields[2], "data")});
  }
  return entries;
}

class ForeignTurn final : public Turn {
 public:
  explicit ForeignTurn(py::object turn) : turn_(hold_object(std::move(turn))) {}
  ~ForeignTurn() override {
    const py::gil_scoped_acquire lock;
    try {
      turn_->attr("close")();
    } catch (py::error_already_set& error) {
      report_unraisable(error, "ticketcore: Turn.close");
    }
  }

  [[nodiscard]] std::vector<Entry> unseen(const StreamId& stream) override {
    return in_python("unseen", [&] { return entries_of(turn_->attr("unseen")(name_of(stream)), "unseen"); });
  }
  [[nodiscard]] Timestamp now() override {
    return in_python("now", [&] { return moment(turn_->attr("now")(), "what now() returned"); });
  }
  void add(std::span<const Append> entries) override {
    in_python("add", [&] { turn_->attr("add")(appends(entries)); });
  }
  void commit(std::span<const Append> entries) override {
    in_python(
        "commit", [&] { turn_->attr("commit")(appends(entries)); }, Otherwise::outcome_unknown);
  }

 private:
  HeldObject turn_;
};

}  // namespace

std::unique_ptr<Turn> ForeignStorage::take_turn(std::span<const Position> streams) {
  return in_python("take_turn", [&]() -> std::unique_ptr<Turn> {
    py::object turn = storage_->attr("take_turn")(positions(streams));
    for (const char* method : {"unseen", "now", "add", "commit", "close"}) {
      if (!py::hasattr(turn, method)) wrong_type("what take_turn() returned", turn, "a Turn");
    }
    return std::make_unique<ForeignTurn>(std::move(turn));
  });
}

std::vector<Entry> ForeignStorage::read(const StreamId& stream, Revision after, std::size_t max_bytes) {
  return in_python(
      "read", [&] { return entries_of(storage_->attr("read")(name_of(stream), after, max_bytes), "read"); });
}

std::optional<Snapshot> ForeignStorage::load_snapshot(const StreamId& stream) {
  return in_python("load_snapshot", [&]() -> std::optional<Snapshot> {
    const py::object found = storage_->attr("load_snapshot")(name_of(stream));
    if (found.is_none()) return std::nullopt;
    if (!py::isinstance<py::tuple>(found) || py::len(found) != 2)
      wrong_type("what load_snapshot() returned", found, "a Snapshot(revision, data) or None");
    const auto pair = py::reinterpret_borrow<py::tuple>(found);
    return Snapshot{whole_number(pair[0], "revision"), bytes(pair[1], "data")};
  });
}

void ForeignStorage::save_snapshot(const Position& at, BytesView bytes) {
  in_python("save_snapshot", [&] { storage_->attr("save_snapshot")(to_position(at), to_bytes(bytes)); });
}

std::vector<StreamId> ForeignStorage::list_streams(std::string_view prefix) {
  return in_python("list_streams", [&] {
    const py::object found = storage_->attr("list_streams")(name_of(prefix));
    if (!py::isinstance<py::iterable>(found))
      wrong_type("what list_streams() returned", found, "a sequence of bytes");
    std::vector<StreamId> streams;
    for (const py::handle name : found) streams.push_back(byte_name(name, "a stream's name"));
    return streams;
  });
}

void ForeignStorage::remove_stream(const Position& end) {
  in_python("remove_stream", [&] { storage_->attr("remove_stream")(to_position(end)); });
}

bool ForeignStorage::wait_for_news(std::span<const Position> streams, std::chrono::milliseconds timeout) {
  return in_python("wait_for_news", [&] {
    const double seconds = std::chrono::duration<double>(timeout).count();
    const py::object wait = py::module_::import("datetime").attr("timedelta")(py::arg("seconds") = seconds);
    return truth(storage_->attr("wait_for_news")(positions(streams), wait), "what wait_for_news() returned");
  });
}

void ForeignStorage::vault_put(std::string_view id, BytesView bytes) {
  in_python("vault_put", [&] { storage_->attr("vault_put")(name_of(id), to_bytes(bytes)); });
}

std::optional<Bytes> ForeignStorage::vault_get(std::string_view id) {
  return in_python("vault_get", [&]() -> std::optional<Bytes> {
    const py::object found = storage_->attr("vault_get")(name_of(id));
    if (found.is_none()) return std::nullopt;
    return bytes(found, "what vault_get() returned");
  });
}

void ForeignStorage::vault_erase(std::string_view id) {
  in_python("vault_erase", [&] { storage_->attr("vault_erase")(name_of(id)); });
}

void ForeignStorage::scrub_vault() {
  in_python("scrub_vault", [&] { storage_->attr("scrub_vault")(); });
}

std::string ForeignStorage::describe() const {
  return in_python("describe",
                   [&] { return text(storage_->attr("describe")(), "what describe() returned"); });
}

}  // namespace ticketcore::python
