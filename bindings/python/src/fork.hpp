#pragma once
// Tells a process that it is the child of a fork: locks, files and connections made before are then its
// parent's.

#include <atomic>
#include <memory>
#include <utility>

namespace ticketcore::python {

/// How many forks lie between this process and the one that loaded the module.
[[nodiscard]] unsigned fork_generation() noexcept;

/// The process that made something.
class Origin {
 public:
  [[nodiscard]] bool is_here() const noexcept { return generation_ == fork_generation(); }

 private:
  unsigned generation_ = fork_generation();
};

/// Lets go without destroying: destroying would close the parent's connections for it.
template <class T>
void leak(T&& thing) {
  (void)new std::decay_t<T>(std::forward<T>(thing));
}

}  // namespace ticketcore::python
