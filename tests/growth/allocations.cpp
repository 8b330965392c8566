// Counts what operator new hands out.

#include <cstdlib>
#include <new>

#include "play.hpp"

namespace {

struct alignas(std::max_align_t) Header {
  std::size_t size = 0;
  bool counted = false;
};

growth::Allocations counts;
int apart = 0;

[[nodiscard]] void* allocate(std::size_t size) {
  void* memory = std::malloc(sizeof(Header) + size);
  if (memory == nullptr) throw std::bad_alloc();
  auto* header = new (memory) Header{size, apart == 0};
  if (header->counted) {
    ++counts.count;
    counts.live_bytes += static_cast<std::int64_t>(size);
  }
  return header + 1;
}

void release(void* memory) noexcept {
  if (memory == nullptr) return;
  Header* header = static_cast<Header*>(memory) - 1;
  if (header->counted) counts.live_bytes -= static_cast<std::int64_t>(header->size);
  std::free(header);
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }

namespace growth {

Allocations allocations() { return counts; }
Apart::Apart() { ++apart; }
Apart::~Apart() { --apart; }

}  // namespace growth
