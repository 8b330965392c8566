// ticketcore._conformance: the conformance suite of the core, tests/conformance/storage_conformance.hpp, over
// a storage written in Python.

#include "plain_checks.hpp"
// Between them: the suite takes its checks from the former.
#include "conformance/storage_conformance.hpp"

#include "foreign_storage.hpp"
#include "storages.hpp"

namespace {

namespace py = pybind11;
using namespace ticketcore;

/// Closes what open() made when the suite lets go of it.
class ClosingStorage final : public Storage {
 public:
  explicit ClosingStorage(py::object storage)
      : object_(python::hold_object(storage)), storage_(python::storage_of(*object_)) {}
  ~ClosingStorage() override {
    const py::gil_scoped_acquire lock;
    storage_.reset();
    try {
      object_->attr("close")();
    } catch (py::error_already_set& error) {
      python::report_unraisable(error, "ticketcore.conformance: close()");
    }
  }
  std::unique_ptr<Turn> take_turn(std::span<const Position> streams) override {
    return storage_->take_turn(streams);
  }
  std::vector<Entry> read(const StreamId& stream, Revision after, std::size_t max_bytes) override {
    return storage_->read(stream, after, max_bytes);
  }
  std::optional<Snapshot> load_snapshot(const StreamId& stream) override {
    return storage_->load_snapshot(stream);
  }
  void save_snapshot(const Position& at, BytesView bytes) override { storage_->save_snapshot(at, bytes); }
  std::vector<StreamId> list_streams(std::string_view prefix) override {
    return storage_->list_streams(prefix);
  }
  void remove_stream(const Position& end) override { storage_->remove_stream(end); }
  bool wait_for_news(std::span<const Position> streams, std::chrono::milliseconds timeout) override {
    return storage_->wait_for_news(streams, timeout);
  }
  void vault_put(std::string_view id, BytesView bytes) override { storage_->vault_put(id, bytes); }
  std::optional<Bytes> vault_get(std::string_view id) override { return storage_->vault_get(id); }
  void vault_erase(std::string_view id) override { storage_->vault_erase(id); }
  void scrub_vault() override { storage_->scrub_vault(); }
  void show_files(const std::function<void(std::string_view file, BytesView block)>& show) override {
    storage_->show_files(show);
  }
  std::string describe() const override { return storage_->describe(); }

 private:
  python::HeldObject object_;
  std::shared_ptr<Storage> storage_;
};

}  // namespace

PYBIND11_MODULE(_conformance, module) {
  module.doc() = "The conformance suite for storages. Use ticketcore.conformance.";
  module.def(
      "run",
      [](py::object open, py::object reset) {
        if (plain_checks::run != nullptr)
          throw std::runtime_error("the suite is running already; it can't run twice at once");
        plain_checks::Run run;
        plain_checks::run = &run;
        std::pair<bool, std::string> found;
        {
          const py::gil_scoped_release release;
          found = run.of([&] {
            {
              const py::gil_scoped_acquire lock;
              reset();
            }
            conformance::check_storage([&] {
              const py::gil_scoped_acquire lock;
              return std::make_unique<ClosingStorage>(open());
            });
          });
        }
        plain_checks::run = nullptr;
        return found;
      },
      py::arg("open"), py::arg("reset"), "Whether every check passed, and what the suite says.");
}
