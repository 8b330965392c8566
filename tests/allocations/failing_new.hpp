#pragma once
// The program's operator new, which fails where a test says.

#include <functional>
#include <new>

namespace ticketcore::testing {

/// Allocations of this thread until one fails, and none after it; below zero none does.
extern thread_local long until_failure;
/// Whether one has failed.
extern thread_local bool failed;

/// Runs something with its nth allocation failing; whether it came that far.
[[nodiscard]] inline bool fails_at(long nth, const std::function<void()>& what) {
  failed = false;
  until_failure = nth;
  try {
    what();
  } catch (const std::bad_alloc&) {
  } catch (...) {
    until_failure = -1;
    throw;
  }
  until_failure = -1;
  return failed;
}

}  // namespace ticketcore::testing
