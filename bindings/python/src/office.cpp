#include "office.hpp"

#include <algorithm>
#include <vector>

#include "arguments.hpp"
#include "event.hpp"
#include "storages.hpp"
#include "ticketcore/base/id_generator.hpp"
#include "ticketcore/log/archive.hpp"
#include "ticketcore/log/erasure.hpp"

namespace ticketcore::python {
namespace {

/// The offices that this thread is in a call of.
thread_local std::vector<const Office*> in_call;

}  // namespace

Office::Office(std::shared_ptr<Storage> storage, BoxOfficeOptions options)
    : storage_(std::move(storage)), clock_(options.clock) {
  if (options.signing_key) signing_key_ = std::make_shared<const SigningKey>(*options.signing_key);
  box_office_ = std::make_unique<BoxOffice>(*storage_, std::move(options));
}

Office::~Office() {
  if (!origin_.is_here()) {
    leak(std::move(box_office_));
    leak(std::move(storage_));
    leak(std::move(clock_));
    return;
  }
  // Nobody can be in a call any more: callers hold a reference.
  const py::gil_scoped_release release;
  box_office_.reset();
  storage_.reset();
}

Office::Call::Call(Office& office) : office_(office) {
  if (!office.origin_.is_here()) raise_forked("this box office");
  if (std::find(in_call.begin(), in_call.end(), &office) != in_call.end()) {
    throw std::runtime_error(
        "a callback of the box office (its clock, its storage, on_trouble) called the same box office, which "
        "would wait for itself for ever");
  }
  const std::lock_guard lock(office.mutex_);
  if (office.closing_) raise_closed("this box office");
  in_call.push_back(&office);
  ++office.calls_;
}

Office::Call::~Call() {
  in_call.pop_back();
  const std::lock_guard lock(office_.mutex_);
  if (--office_.calls_ == 0) office_.idle_.notify_all();
}

void Office::close() {
  if (!origin_.is_here()) return;
  if (std::find(in_call.begin(), in_call.end(), this) != in_call.end())
    throw std::runtime_error("a callback of the box office can't close it");
  const py::gil_scoped_release release;
  {
    std::unique_lock lock(mutex_);
    closing_ = true;
    // A run() that has not begun yet would not hear one stop().
    while (!idle_.wait_for(lock, std::chrono::milliseconds(5), [&] { return calls_ == 0; }))
      box_office_->stop();
  }
  std::unique_ptr<BoxOffice> last;
  std::shared_ptr<Storage> last_storage;
  {
    const std::lock_guard lock(mutex_);
    last.swap(box_office_);
    last_storage.swap(storage_);
  }
  last.reset();
}

void Office::run() {
  unlocked(*this, [&](const Call& call) {
    for (;;) {
      {
        const std::lock_guard lock(mutex_);
        if (closing_) return;
      }
      call.office().run();
    }
  });
}

bool Office::closed() const {
  const std::lock_guard lock(mutex_);
  return closing_;
}

Timestamp Office::now() const {
  return clock_ ? clock_() : std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

namespace {

[[nodiscard]] std::shared_ptr<Office> make_office(const py::object& storage, const py::object& signing_key,
                                                  const py::object& trusted_keys, const py::object& clock,
                                                  const py::object& on_trouble) {
  BoxOfficeOptions options;
  if (!signing_key.is_none()) options.signing_key = signing_key.cast<const SigningKey&>();
  for (const py::handle key : trusted_keys) options.trusted_keys.push_back(key.cast<const VerifyKey&>());
  options.clock = clock_of(clock);
  options.on_trouble = trouble_handler_of(on_trouble);
  return std::make_shared<Office>(storage_of(storage), std::move(options));
}

[[nodiscard]] EventValue opened(const std::shared_ptr<Office>& office, const Result<Event>& event) {
  if (!event) raise_refusal(event.refusal());
  return {office, event.value()};
}

[[nodiscard]] EventValue create_event(const std::shared_ptr<Office>& self, const py::object& id,
                                      const std::shared_ptr<const SeatMap>& seat_map,
                                      const EventSettings& settings, bool on_sale,
                                      const py::object& request_id) {
  NewEvent event;
  event.id = EventId(text(id, "id"));
  event.name = settings.name;
  event.venue = settings.venue;
  event.starts_at = settings.starts_at;
  event.time_zone = settings.time_zone;
  event.seat_map = seat_map;
  event.prices = settings.prices;
  event.policy = settings.policy;
  event.sale = on_sale ? SaleStatus::on_sale : SaleStatus::off_sale;
  event.request = request(request_id);
  return opened(self,
                unlocked(*self, [&](const Office::Call& call) { return call.office().create_event(event); }));
}

[[nodiscard]] py::tuple report(const ArchiveReport& archive) {
  return py::make_tuple(to_str(archive.event.text()), archive.revision, archive.bytes);
}

void add_keys(py::module_& module) {
  py::class_<VerifyKey>(module, "VerifyKey",
                        "The public half of a SigningKey: all that it takes to check a ticket's code.")
      .def(py::init([](const py::object& hex) {
             const auto key = VerifyKey::parse(text_view(hex, "text"));
             if (!key) wrong_value("text", hex, "64 hexadecimal digits, as str(key) writes them");
             return *key;
           }),
           py::arg("text"))
      .def("__str__", [](const VerifyKey& key) { return key.to_string(); })
      .def("__repr__", [](const VerifyKey& key) { return "VerifyKey('" + key.to_string() + "')"; })
      .def(
          "__eq__",
          [](const VerifyKey& key, const py::object& other) -> py::object {
            if (!py::isinstance<VerifyKey>(other))
              return py::reinterpret_borrow<py::object>(Py_NotImplemented);
            return py::bool_(key == other.cast<const VerifyKey&>());
          },
          py::arg("other"))
      .def("__hash__", [](const VerifyKey& key) { return py::hash(py::str(key.to_string())); })
      .attr("__module__") = "ticketcore";
  py::class_<SigningKey> signing(
      module, "SigningKey", "The secret half of a pair of Ed25519 keys: signs what tickets' barcodes carry.");
  signing.def_static("generate", &SigningKey::generate, "A new key from the system's random numbers.")
      .def_static(
          "load", [](const py::object& path) { return SigningKey::load(python::path(path)); },
          py::arg("path"),
          "Reads what save wrote. Raises Error for a file that is missing, no key, or readable by others.")
      .def_static(
          "load_or_create",
          [](const py::object& path) { return SigningKey::load_or_create(python::path(path)); },
          py::arg("path"), "Loads the key, or makes one and saves it where there is no file yet.")
      .def(
          "save", [](const SigningKey& key, const py::object& path) { key.save(python::path(path)); },
          py::arg("path"),
          "Writes a file that only its owner may read. Raises Error where there is one already.")
      .def_property_readonly("verify_key", &SigningKey::verify_key, "The public half.")
      .def("__repr__", [](const SigningKey& key) {
        return "<SigningKey for VerifyKey('" + key.verify_key().to_string() + "')>";
      });
  signing.attr("__module__") = "ticketcore";
}

}  // namespace

void add_office(py::module_& module) {
  (void)fork_generation();
  add_keys(module);
  module.def(
      "new_request_id", [] { return to_str(to_string(new_request_id())); },
      "A new id for a request: a UUID of version 7, as text. Keep it to be able to repeat a call whose "
      "answer was lost.");
  py::class_<Office, std::shared_ptr<Office>>(module, "Office", "A box office of the core.")
      .def(py::init(&make_office), py::arg("storage"), py::arg("signing_key"), py::arg("trusted_keys"),
           py::arg("clock"), py::arg("on_trouble"))
      .def("close", &Office::close)
      .def("run", &Office::run)
      .def_property_readonly("closed", &Office::closed)
      .def("now", [](Office& self) { return to_datetime(self.now()); })
      .def("create_event", &create_event, py::arg("id"), py::arg("seat_map"), py::arg("settings"),
           py::arg("on_sale"), py::arg("request"))
      .def(
          "event",
          [](const std::shared_ptr<Office>& self, const py::object& id) {
            const EventId wanted(text(id, "id"));
            return opened(
                self, unlocked(*self, [&](const Office::Call& call) { return call.office().event(wanted); }));
          },
          py::arg("id"))
      .def("events",
           [](Office& self) {
             py::list result;
             for (const EventId& id :
                  unlocked(self, [](const Office::Call& call) { return call.office().events(); }))
               result.append(to_str(id.text()));
             return result;
           })
      .def(
          "archive",
          [](Office& self, const py::object& id, const py::object& path, bool remove) {
            const EventId wanted(text(id, "id"));
            const std::string file = python::path(path);
            return report(unlocked(self, [&](const Office::Call& call) {
              const ArchiveReport archive = archive_event(call.storage(), wanted, file);
              if (remove)
                call.storage().remove_stream({stream_of(wanted), archive.revision, archive.checksum});
              return archive;
            }));
          },
          py::arg("id"), py::arg("path"), py::arg("remove"))
      .def(
          "restore",
          [](Office& self, const py::object& path) {
            const std::string file = python::path(path);
            return report(unlocked(
                self, [&](const Office::Call& call) { return restore_event(call.storage(), file); }));
          },
          py::arg("path"))
      .def(
          "erase_person",
          [](Office& self, const py::object& id) {
            const std::string person = byte_name(id, "id");
            const ErasureReport erased = unlocked(
                self, [&](const Office::Call& call) { return erase_person(call.storage(), person); });
            return py::make_tuple(erased.was_there, erased.pieces.size(), erased.bytes_searched,
                                  to_tuple(erased.traces));
          },
          py::arg("id"));
}

}  // namespace ticketcore::python
