// asyncio's way to answers: whoever takes the turn puts them into a queue and writes one byte into a pipe
// that the event loop watches. It never needs the interpreter's lock, so that turns don't wait for Python.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <vector>

#include "event.hpp"

namespace ticketcore::python {
namespace {

/// An answer for a future. The references belong to whoever has the completion; they are given back with the
/// interpreter's lock held.
struct Completion {
  PyObject* future = nullptr;
  PyObject* event = nullptr;  ///< An EventValue, and through it the office.
  Answer answer{};
};

class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_, O_CLOEXEC | O_NONBLOCK) != 0)
      throw std::runtime_error(std::string("no pipe for answers: ") + std::strerror(errno));
  }
  ~Pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] int reading_end() const noexcept { return ends_[0]; }
  /// A full pipe has news enough.
  void ring() noexcept { (void)!::write(ends_[1], "!", 1); }
  void empty() noexcept {
    char bytes[64];
    while (::read(ends_[0], bytes, sizeof bytes) > 0) {
    }
  }

 private:
  int ends_[2] = {-1, -1};
};

/// Shared between Python and the commands under way, which may outlive each other.
class Queue {
 public:
  Queue() = default;
  ~Queue() {
    // After the interpreter's end there is nobody to give them back to.
    if (ready_.empty() || Py_IsInitialized() == 0) return;
    const py::gil_scoped_acquire lock;
    for (const Completion& completion : ready_) {
      Py_DECREF(completion.future);
      Py_DECREF(completion.event);
    }
  }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  void add(Completion completion) {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      first = ready_.empty();
      ready_.push_back(std::move(completion));
    }
    if (first) pipe_.ring();
  }
  [[nodiscard]] std::vector<Completion> take() {
    pipe_.empty();
    const std::lock_guard lock(mutex_);
    return std::exchange(ready_, {});
  }
  [[nodiscard]] int fileno() const noexcept { return pipe_.reading_end(); }

 private:
  std::mutex mutex_;
  std::vector<Completion> ready_;
  Pipe pipe_;
};

/// Methods of futures, their names made once.
struct Names {
  py::object done = py::str("done");
  py::object set_result = py::str("set_result");
  py::object set_exception = py::str("set_exception");
};

template <class... Arguments>
[[nodiscard]] py::object call(const py::object& self, const py::object& method,
                              const Arguments&... arguments) {
  PyObject* result = PyObject_CallMethodObjArgs(self.ptr(), method.ptr(), arguments.ptr()..., nullptr);
  if (result == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(result);
}

class Completions {
 public:
  Completions() : queue_(std::make_shared<Queue>()) {}

  [[nodiscard]] int fileno() const noexcept { return queue_->fileno(); }

  void submit(const py::object& event, const Command& command, const py::object& future) {
    const EventValue& value = event.cast<const EventValue&>();
    const Office::Call call(*value.office);
    Completion completion{future.inc_ref().ptr(), event.inc_ref().ptr(), {}};
    const py::gil_scoped_release release;
    value.event.submit(command, [queue = queue_, completion](const Answer& answer) mutable {
      completion.answer = answer;
      queue->add(std::move(completion));
    });
  }

  /// Gives every future whose answer has come its answer, unless it was cancelled meanwhile. How many there
  /// were.
  std::size_t deliver() {
    const std::vector<Completion> ready = queue_->take();
    for (const Completion& completion : ready) {
      const py::object future = py::reinterpret_steal<py::object>(completion.future);
      const py::object event = py::reinterpret_steal<py::object>(completion.event);
      try {
        if (call(future, names_.done).is(py::bool_(true))) continue;
        const py::object value = to_object(event.cast<const EventValue&>(), completion.answer);
        (void)call(future,
                   PyExceptionInstance_Check(value.ptr()) != 0 ? names_.set_exception : names_.set_result,
                   value);
      } catch (py::error_already_set& error) {
        // A loop that was closed with calls under way; the others shall have their answers all the same.
        report_unraisable(error, "ticketcore: an answer for asyncio");
      }
    }
    return ready.size();
  }

 private:
  Names names_{};
  std::shared_ptr<Queue> queue_;
};

}  // namespace

void add_completions(py::module_& module) {
  py::class_<Completions>(module, "Completions", "Answers on their way to the futures of one event loop.")
      .def(py::init<>())
      .def("fileno", &Completions::fileno)
      .def("submit", &Completions::submit, py::arg("event"), py::arg("command"), py::arg("future"))
      .def("deliver", &Completions::deliver);
}

}  // namespace ticketcore::python
