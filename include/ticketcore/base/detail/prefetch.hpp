#pragma once
// Asking for memory before it is needed.

#include <cstddef>

namespace ticketcore {

/// Asks for the memory there and does not wait for it. Any address will do.
inline void prefetch(const void* at) noexcept {
  __builtin_prefetch(at);
  // GCC takes a function that does nothing but prefetch for one without effect, and drops calls of it.
  asm volatile("");
}

/// Asks for all that the object itself takes.
template <class Object>
void prefetch_all(const Object& object) noexcept {
  const auto* bytes = reinterpret_cast<const char*>(&object);
  for (std::size_t at = 0; at < sizeof(Object); at += 64) prefetch(bytes + at);
}

}  // namespace ticketcore
