#include "fork.hpp"

#include <pthread.h>

#include <atomic>

namespace ticketcore::python {
namespace {

std::atomic<unsigned> generation{0};

}  // namespace

unsigned fork_generation() noexcept {
  static const int registered = pthread_atfork(nullptr, nullptr, [] { ++generation; });
  (void)registered;
  return generation;
}

}  // namespace ticketcore::python
