#include "storages.hpp"

#include "arguments.hpp"
#include "callbacks.hpp"
#include "foreign_storage.hpp"
#include "results.hpp"
#include "ticketcore/log/archive.hpp"
#include "ticketcore/projections/postgres_projection.hpp"
#include "ticketcore/projections/sqlite_projection.hpp"
#include "ticketcore/storage/memory.hpp"
#include "ticketcore/storage/open_storage.hpp"
#include "ticketcore/storage/postgres.hpp"
#include "ticketcore/storage/sqlite.hpp"

namespace ticketcore::python {
namespace {

/// A turn that Python took. The storage outlives it.
class TurnHandle {
 public:
  TurnHandle(std::shared_ptr<Storage> storage, std::unique_ptr<Turn> turn)
      : storage_(std::move(storage)), turn_(std::move(turn)) {}
  ~TurnHandle() {
    if (!origin_.is_here()) {
      leak(std::move(turn_));
      leak(std::move(storage_));
      return;
    }
    close();
  }
  TurnHandle(TurnHandle&&) = default;

  [[nodiscard]] Turn& get() const {
    if (!origin_.is_here()) raise_forked("this turn");
    if (!turn_) raise_closed("this turn");
    return *turn_;
  }
  void close() {
    if (!origin_.is_here()) return;
    const py::gil_scoped_release release;
    turn_.reset();
  }

 private:
  std::shared_ptr<Storage> storage_;
  std::unique_ptr<Turn> turn_;
  Origin origin_;
};

[[nodiscard]] Position position_of(const py::tuple& item) {
  Position position{byte_name(item[0], "stream"), whole_number(item[1], "known")};
  if (!item[2].is_none()) position.checksum = checksum(item[2]);
  return position;
}

[[nodiscard]] Position need_position(const py::object& item, const char* name) {
  if (!py::isinstance<py::tuple>(item) || py::len(item) != 3)
    wrong_type(name, item, "a Position(stream, known, checksum)");
  return position_of(py::reinterpret_borrow<py::tuple>(item));
}

[[nodiscard]] std::vector<Position> positions_of(const py::object& streams) {
  if (!py::isinstance<py::iterable>(streams)) wrong_type("streams", streams, "a sequence of Position");
  std::vector<Position> positions;
  for (const py::handle item : streams) {
    if (!py::isinstance<py::tuple>(item) || py::len(item) != 3)
      wrong_type("streams", item, "a sequence of Position(stream, known, checksum)");
    positions.push_back(position_of(py::reinterpret_borrow<py::tuple>(item)));
  }
  return positions;
}

[[nodiscard]] py::list entries_to_list(const std::vector<Entry>& entries) {
  const py::object make = package("_storage", "Entry");
  py::list result;
  for (const Entry& entry : entries)
    result.append(make(entry.revision, entry.checksum, to_bytes(entry.bytes)));
  return result;
}

/// Runs what may wait with the interpreter's lock released.
template <class Work>
auto unlocked(Work work) {
  const py::gil_scoped_release release;
  return work();
}

/// Does with the entries what is to be done with them, without the interpreter's lock.
void with_entries(const TurnHandle& self, const py::object& entries,
                  void (Turn::*act)(std::span<const Append>)) {
  struct Kept {
    std::string stream;
    std::uint32_t checksum;
    Bytes data;
  };
  std::vector<Kept> kept;
  if (!py::isinstance<py::iterable>(entries)) wrong_type("entries", entries, "a sequence of Append");
  for (const py::handle item : entries) {
    if (!py::isinstance<py::tuple>(item) || py::len(item) != 3)
      wrong_type("entries", item, "a sequence of Append(stream, checksum, data)");
    const auto fields = py::reinterpret_borrow<py::tuple>(item);
    kept.push_back({byte_name(fields[0], "stream"), checksum(fields[1]), bytes(fields[2], "data")});
  }
  std::vector<Append> appends;
  for (const auto& [stream, checksum, data] : kept) appends.push_back({stream, checksum, data});
  Turn& turn = self.get();
  try {
    unlocked([&] { (turn.*act)(appends); });
  } catch (const std::logic_error& error) {
    throw py::value_error(error.what());  // what ticketcore.Turn says of a caller's mistake
  }
}

[[nodiscard]] StorageAccess access_of(const std::string& name) {
  return name == "read_only"    ? StorageAccess::read_only
         : name == "read_write" ? StorageAccess::read_write
                                : StorageAccess::read_write_create;
}

[[nodiscard]] StorageHandle open_sqlite(const py::object& path, const std::string& access,
                                        const std::string& synchronous, const py::object& busy_timeout,
                                        const py::object& clock) {
  SqliteOptions options;
  options.access = access_of(access);
  options.sync = synchronous == "normal" ? SqliteOptions::Sync::normal : SqliteOptions::Sync::full;
  options.busy_timeout = milliseconds(busy_timeout, "busy_timeout");
  options.clock = clock_of(clock);
  const std::string file = python::path(path);
  return StorageHandle(
      unlocked([&]() -> std::shared_ptr<Storage> { return SqliteStorage::open(file, std::move(options)); }));
}

[[nodiscard]] StorageHandle open_postgres(const py::object& url, const std::string& access,
                                          const py::object& clock) {
  PostgresOptions options;
  options.access = access_of(access);
  options.clock = clock_of(clock);
  const std::string where = text(url, "url");
  return StorageHandle(unlocked(
      [&]() -> std::shared_ptr<Storage> { return PostgresStorage::open(where, std::move(options)); }));
}

/// A URL that can't be read is the caller's mistake.
template <class Work>
auto reading_url(Work work) {
  try {
    return work();
  } catch (const StorageUrlError& error) {
    throw py::value_error(error.what());
  }
}

[[nodiscard]] StorageHandle open_url(const py::object& url, const std::string& access,
                                     const py::object& clock) {
  const OpenOptions options{access_of(access), clock_of(clock)};
  const std::string where = storage_url(url);
  return StorageHandle(reading_url(
      [&] { return unlocked([&]() -> std::shared_ptr<Storage> { return open_storage(where, options); }); }));
}

}  // namespace

std::string storage_url(const py::object& url) {
  const std::string encoded = py::module_::import("os").attr("fsencode")(url).cast<py::bytes>();
  if (encoded.find('\0') != std::string::npos) wrong_value("url", url, "one without a NUL in it");
  return encoded;
}

void raise_forked(const std::string& what) {
  PyErr_SetString(package("_errors", "ForkedError").ptr(),
                  (what + " was opened before a fork, in another process; open one in this process").c_str());
  throw py::error_already_set();
}

void raise_closed(const std::string& what) {
  PyErr_SetString(package("_errors", "Closed").ptr(), (what + " is closed").c_str());
  throw py::error_already_set();
}

StorageHandle::~StorageHandle() {
  if (!origin_.is_here()) {
    leak(std::move(storage_));
    return;
  }
  close();
}

std::shared_ptr<Storage> StorageHandle::get() const {
  if (!origin_.is_here()) raise_forked("this storage");
  if (!storage_) raise_closed("this storage");
  return storage_;
}

void StorageHandle::close() {
  if (!origin_.is_here() || !storage_) return;
  std::shared_ptr<Storage> last = std::move(storage_);
  const py::gil_scoped_release release;
  last.reset();
}

std::shared_ptr<Storage> storage_of(const py::object& object) {
  if (py::isinstance<StorageHandle>(object)) return object.cast<const StorageHandle&>().get();
  return std::make_shared<ForeignStorage>(object);
}

void add_storages(py::module_& module) {
  register_sqlite();
  register_sqlite_projection();
  register_postgres();
  register_postgres_projection();
  module.def(
      "read_storage_url",
      [](const py::object& url) {
        const std::string encoded = storage_url(url);
        const StorageUrl read = reading_url([&] { return read_storage_url(encoded); });
        py::object file = py::none();
        if (!read.file.empty())
          file = py::module_::import("os").attr("fsdecode")(py::bytes(read.file.string()));
        return py::make_tuple(to_str(read.scheme), file);
      },
      py::arg("url"), "A store's scheme, and its file if it is one.");
  py::class_<TurnHandle>(module, "Turn", "A turn on one of the core's own storages.")
      .def(
          "unseen",
          [](const TurnHandle& self, const py::object& stream) {
            const std::string name = byte_name(stream, "stream");
            Turn& turn = self.get();
            return entries_to_list(unlocked([&] { return turn.unseen(name); }));
          },
          py::arg("stream"))
      .def("now",
           [](const TurnHandle& self) {
             Turn& turn = self.get();
             return to_datetime(unlocked([&] { return turn.now(); }));
           })
      .def(
          "add",
          [](const TurnHandle& self, const py::object& entries) { with_entries(self, entries, &Turn::add); },
          py::arg("entries"))
      .def(
          "commit",
          [](const TurnHandle& self, const py::object& entries) {
            with_entries(self, entries, &Turn::commit);
          },
          py::arg("entries"))
      .def("close", &TurnHandle::close);

  py::class_<StorageHandle>(module, "Storage", "One of the core's own storages.")
      .def_static(
          "memory",
          [](const py::object& clock) {
            return StorageHandle(std::make_shared<MemoryStorage>(clock_of(clock)));
          },
          py::arg("clock"))
      .def_static("sqlite", &open_sqlite, py::arg("path"), py::arg("access"), py::arg("synchronous"),
                  py::arg("busy_timeout"), py::arg("clock"))
      .def_static("postgres", &open_postgres, py::arg("url"), py::arg("access"), py::arg("clock"))
      .def_static("open", &open_url, py::arg("url"), py::arg("access"), py::arg("clock"))
      .def_static(
          "archive",
          [](const py::object& path) {
            const std::string file = python::path(path);
            return StorageHandle(unlocked([&]() -> std::shared_ptr<Storage> { return open_archive(file); }));
          },
          py::arg("path"))
      .def("close", &StorageHandle::close)
      .def(
          "take_turn",
          [](const StorageHandle& self, const py::object& streams) {
            const std::vector<Position> positions = positions_of(streams);
            const std::shared_ptr<Storage> storage = self.get();
            return TurnHandle(storage, unlocked([&] { return storage->take_turn(positions); }));
          },
          py::arg("streams"))
      .def(
          "read",
          [](const StorageHandle& self, const py::object& stream, const py::object& after,
             const py::object& max_bytes) {
            const std::string name = byte_name(stream, "stream");
            const Revision known = whole_number(after, "after");
            const std::size_t most = whole_number(max_bytes, "max_bytes");
            const std::shared_ptr<Storage> storage = self.get();
            return entries_to_list(unlocked([&] { return storage->read(name, known, most); }));
          },
          py::arg("stream"), py::arg("after"), py::arg("max_bytes"))
      .def(
          "load_snapshot",
          [](const StorageHandle& self, const py::object& stream) -> py::object {
            const std::string name = byte_name(stream, "stream");
            const std::shared_ptr<Storage> storage = self.get();
            const std::optional<Snapshot> snapshot = unlocked([&] { return storage->load_snapshot(name); });
            if (!snapshot) return py::none();
            return package("_storage", "Snapshot")(snapshot->revision, to_bytes(snapshot->bytes));
          },
          py::arg("stream"))
      .def(
          "save_snapshot",
          [](const StorageHandle& self, const py::object& at, const py::object& data) {
            const Position position = need_position(at, "at");
            const Bytes snapshot = bytes(data, "data");
            const std::shared_ptr<Storage> storage = self.get();
            unlocked([&] { storage->save_snapshot(position, snapshot); });
          },
          py::arg("at"), py::arg("data"))
      .def(
          "list_streams",
          [](const StorageHandle& self, const py::object& prefix) {
            const std::string begin = byte_name(prefix, "prefix");
            const std::shared_ptr<Storage> storage = self.get();
            py::list result;
            for (const StreamId& stream : unlocked([&] { return storage->list_streams(begin); }))
              result.append(py::bytes(stream));
            return result;
          },
          py::arg("prefix"))
      .def(
          "remove_stream",
          [](const StorageHandle& self, const py::object& end) {
            const Position position = need_position(end, "end");
            const std::shared_ptr<Storage> storage = self.get();
            unlocked([&] { storage->remove_stream(position); });
          },
          py::arg("end"))
      .def(
          "wait_for_news",
          [](const StorageHandle& self, const py::object& streams, const py::object& timeout) {
            const std::vector<Position> positions = positions_of(streams);
            const std::chrono::milliseconds most = milliseconds(timeout, "timeout");
            const std::shared_ptr<Storage> storage = self.get();
            return unlocked([&] { return storage->wait_for_news(positions, most); });
          },
          py::arg("streams"), py::arg("timeout"))
      .def(
          "vault_put",
          [](const StorageHandle& self, const py::object& key, const py::object& data) {
            const std::string name = byte_name(key, "key");
            const Bytes secret = bytes(data, "data");
            const std::shared_ptr<Storage> storage = self.get();
            unlocked([&] { storage->vault_put(name, secret); });
          },
          py::arg("key"), py::arg("data"))
      .def(
          "vault_get",
          [](const StorageHandle& self, const py::object& key) -> py::object {
            const std::string name = byte_name(key, "key");
            const std::shared_ptr<Storage> storage = self.get();
            const std::optional<Bytes> secret = unlocked([&] { return storage->vault_get(name); });
            return secret ? to_bytes(*secret) : py::object(py::none());
          },
          py::arg("key"))
      .def(
          "vault_erase",
          [](const StorageHandle& self, const py::object& key) {
            const std::string name = byte_name(key, "key");
            const std::shared_ptr<Storage> storage = self.get();
            unlocked([&] { storage->vault_erase(name); });
          },
          py::arg("key"))
      .def("scrub_vault",
           [](const StorageHandle& self) {
             const std::shared_ptr<Storage> storage = self.get();
             unlocked([&] { storage->scrub_vault(); });
           })
      .def("describe", [](const StorageHandle& self) { return to_str_lossy(self.get()->describe()); });
}

}  // namespace ticketcore::python
