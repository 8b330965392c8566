#pragma once
// What happens when a fact contradicts the state.

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ticketcore {

/// Thrown by apply when a fact contradicts the state: a place sold twice, money that does not add up. The
/// state must not be used afterwards.
class InvariantBroken : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

namespace detail {

inline void ensure(bool holds, std::string_view what) {
  if (!holds) [[unlikely]] {
    throw InvariantBroken(std::string(what));
  }
}

[[nodiscard]] inline std::int64_t add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  ensure(!__builtin_add_overflow(a, b, &sum), "money overflows 64 bits");
  return sum;
}

/// What the array has room for, in bytes.
template <class Array>
[[nodiscard]] std::size_t bytes_of(const Array& array) noexcept {
  return array.capacity() * sizeof(array[0]);
}

}  // namespace detail
}  // namespace ticketcore
