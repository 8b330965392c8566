#pragma once
// A box office as Python holds it: it can be closed while others use it, forked away from, and called back
// into by mistake, and each of these ends in a clear error.

#include <pybind11/pybind11.h>

#include <condition_variable>
#include <memory>
#include <mutex>

#include "callbacks.hpp"
#include "fork.hpp"
#include "results.hpp"
#include "ticketcore/engine/box_office.hpp"

namespace ticketcore::python {

class Office {
 public:
  Office(std::shared_ptr<Storage> storage, BoxOfficeOptions options);
  ~Office();
  Office(const Office&) = delete;
  Office& operator=(const Office&) = delete;

  /// A call under way: close() waits for it. The constructor throws Closed, ForkedError, and RuntimeError
  /// where this thread is in a call of the same office already: a callback that would wait for itself.
  class Call {
   public:
    explicit Call(Office& office);
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    [[nodiscard]] BoxOffice& office() const { return *office_.box_office_; }
    [[nodiscard]] Storage& storage() const { return *office_.storage_; }

   private:
    Office& office_;
  };

  /// Waits for calls under way, with the interpreter's lock released. What was submitted and not taken is
  /// answered. Does nothing the second time.
  void close();
  /// Takes turns for what is submitted, until close().
  void run();

  [[nodiscard]] bool closed() const;
  /// What readers of availability take for now.
  [[nodiscard]] Timestamp now() const;
  [[nodiscard]] const std::shared_ptr<const SigningKey>& signing_key() const noexcept { return signing_key_; }

 private:
  Origin origin_;
  std::shared_ptr<Storage> storage_;
  std::function<Timestamp()> clock_;
  std::shared_ptr<const SigningKey> signing_key_;
  std::unique_ptr<BoxOffice> box_office_;

  mutable std::mutex mutex_;
  std::condition_variable idle_;
  std::size_t calls_ = 0;
  bool closing_ = false;
};

/// Runs work(call) as a call of the office, with the interpreter's lock released.
template <class Work>
auto unlocked(Office& office, Work work) {
  const Office::Call call(office);
  const py::gil_scoped_release release;
  return work(call);
}

void add_office(py::module_& module);

}  // namespace ticketcore::python
