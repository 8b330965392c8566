#include "ticketcore/base/id_generator.hpp"

#include <pthread.h>
#include <sodium.h>

#include <atomic>
#include <chrono>

#include "ticketcore/base/errors.hpp"

namespace ticketcore {
namespace {

/// Counts the forks that led to this process: what a thread drew before one must not serve after it.
std::atomic<std::uint32_t> forks{0};

struct Random {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};

/// In one call: each goes to the kernel.
[[nodiscard]] Random random_bits() {
  Random bits;
  randombytes_buf(&bits, sizeof bits);
  return bits;
}

/// One thread's ids. high is 48 bits of Unix milliseconds, the version and 12 random bits; low the variant
/// and 62 random bits.
struct ThreadIds {
  std::uint64_t milliseconds = 0;
  std::uint64_t high_random = 0;
  std::uint64_t low_random = 0;
  std::uint32_t born_after_forks = UINT32_MAX;

  [[nodiscard]] Id128 next() {
    const auto now = static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())
            .time_since_epoch()
            .count());
    const std::uint32_t forked = forks.load(std::memory_order_relaxed);
    if (now > milliseconds || forked != born_after_forks) {
      milliseconds = std::max(now, milliseconds);
      born_after_forks = forked;
      const Random bits = random_bits();
      high_random = bits.high & 0x0FFF;
      // The top bit stays free, so that counting on within the millisecond does not run over.
      low_random = bits.low >> 3;
    } else if (low_random += 1 + (low_random & 0xFF); (low_random >> 62) != 0) {
      ++milliseconds;
      low_random = random_bits().low >> 3;
    }
    return {milliseconds << 16 | 0x7000 | high_random, 0x8000'0000'0000'0000ULL | low_random};
  }
};

void prepare() {
  static const bool ready = [] {
    if (sodium_init() < 0) throw Error("libsodium could not be initialized");
    pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
    return true;
  }();
  (void)ready;
}

}  // namespace

HashKey new_hash_key() {
  prepare();
  const Random bits = random_bits();
  return {bits.low, bits.high};
}

RequestId new_request_id() {
  prepare();
  thread_local ThreadIds ids;
  return RequestId{ids.next()};
}

}  // namespace ticketcore
