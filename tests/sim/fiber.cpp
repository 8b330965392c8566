#include "fiber.hpp"

#include <cxxabi.h>

#include <cstring>
#include <stdexcept>
#include <utility>

namespace ticketcore::sim {
namespace {

Fiber* running = nullptr;

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)) {}

Fiber::~Fiber() { kill(); }

Fiber* Fiber::current() noexcept { return running; }

void Fiber::enter() {
  Fiber& self = *running;
  try {
    if (!self.killed_) self.body_();
  } catch (const Killed&) {
    self.killed_ = true;  // the end that was asked for
  }
  self.done_ = true;
  swapcontext(&self.inside_, &self.outside_);
}

void Fiber::switch_in() {
  if (running != nullptr) throw std::logic_error("a fiber is resumed from inside a fiber");
  // Which exceptions are in flight is known per thread, in a pointer and a count; each fiber has its own.
  abi::__cxa_eh_globals* const globals = abi::__cxa_get_globals();
  std::array<void*, 2> before;
  std::memcpy(before.data(), globals, sizeof before);
  std::memcpy(globals, exceptions_.data(), sizeof before);
  running = this;
  swapcontext(&outside_, &inside_);
  running = nullptr;
  std::memcpy(exceptions_.data(), globals, sizeof before);
  std::memcpy(globals, before.data(), sizeof before);
}

void Fiber::resume() {
  if (done_) return;
  if (!started_) {
    started_ = true;
    stack_ = std::make_unique_for_overwrite<char[]>(stack_bytes);
    getcontext(&inside_);
    inside_.uc_stack.ss_sp = stack_.get();
    inside_.uc_stack.ss_size = stack_bytes;
    inside_.uc_link = nullptr;
    makecontext(&inside_, &Fiber::enter, 0);
  }
  switch_in();
}

void Fiber::kill() {
  killed_ = true;
  if (started_ && !done_) switch_in();
  done_ = true;
}

void Fiber::end_if_killed() {
  if (running->killed_) throw Killed{};
}

void Fiber::suspend() {
  end_if_killed();
  Fiber& self = *running;
  swapcontext(&self.inside_, &self.outside_);
  end_if_killed();
}

}  // namespace ticketcore::sim
