#pragma once
// A fiber: a function with a stack of its own that gives control back in its middle, so that many nodes take
// their turns in any order that the simulator wants, on one thread.

#include <ucontext.h>

#include <array>
#include <functional>
#include <memory>

namespace ticketcore::sim {

class Fiber {
 public:
  /// Thrown by suspend() in a fiber that is being killed, each time anew: the library takes what a storage
  /// throws, be it no std::exception, for the storage's end.
  struct Killed {};

  /// Nothing runs until the first resume(). body must not throw anything but Killed.
  explicit Fiber(std::function<void()> body);
  /// Kills what still runs.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Runs the body until it suspends or ends. Not from inside a fiber.
  void resume();
  /// Unwinds the body from where it is suspended: a process that dies, as far as the program under test can
  /// tell.
  void kill();
  [[nodiscard]] bool done() const noexcept { return done_; }

  /// Gives control back to whoever resumed the fiber that runs now.
  static void suspend();
  /// Throws Killed in a fiber that is being killed.
  static void end_if_killed();
  /// Null outside every fiber.
  [[nodiscard]] static Fiber* current() noexcept;

 private:
  static void enter();
  void switch_in();

  static constexpr std::size_t stack_bytes = 512U << 10;
  std::function<void()> body_;
  std::unique_ptr<char[]> stack_;
  ucontext_t inside_{};
  ucontext_t outside_{};
  std::array<void*, 2> exceptions_{};
  bool started_ = false;
  bool killed_ = false;
  bool done_ = false;
};

}  // namespace ticketcore::sim
