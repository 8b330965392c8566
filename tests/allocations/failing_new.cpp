#include "failing_new.hpp"

#include <cstdlib>

namespace ticketcore::testing {

thread_local long until_failure = -1;
thread_local bool failed = false;

}  // namespace ticketcore::testing

namespace {

[[nodiscard]] void* allocate(std::size_t size) {
  using namespace ticketcore::testing;
  if (until_failure == 0) {
    failed = true;
    until_failure = -1;
    throw std::bad_alloc();
  }
  if (until_failure > 0) --until_failure;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
