// machine: what any figure here depends on and no code of ours can change: how long a load that misses every
// cache takes, and how long the disk takes to say that eight kilobytes are safe.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <random>
#include <system_error>

#include "bench.hpp"

namespace bench {
namespace {

/// Nanoseconds of one load whose address is what the load before it brought, over far more memory than any
/// cache holds.
[[nodiscard]] Spread memory_latency_ns() {
  constexpr std::size_t line_bytes = 64;
  constexpr std::size_t lines = (std::size_t{256} << 20) / line_bytes;
  constexpr std::size_t loads = 1'000'000;
  struct alignas(line_bytes) Line {
    std::size_t next = 0;
  };
  std::vector<std::uint32_t> order(lines);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), std::mt19937_64(1));
  std::vector<Line> memory(lines);
  for (std::size_t at = 0; at < lines; ++at) memory[order[at]].next = order[(at + 1) % lines];
  std::vector<double> rounds;
  std::size_t line = 0;
  for (int round = 0; round < 9; ++round) {
    const double taken = seconds([&] {
      for (std::size_t load = 0; load < loads; ++load) line = memory[line].next;
    });
    rounds.push_back(1e9 * taken / static_cast<double>(loads));
  }
  if (line >= lines) std::abort();  // the loads must have been done
  return Spread(std::move(rounds));
}

/// Microseconds to append 8 KiB to a file where the benchmarks keep theirs, and to have them safe.
[[nodiscard]] Spread fdatasync_us() {
  const std::filesystem::path path =
      std::filesystem::path("out") / ("bench-" + std::to_string(getpid()) + ".sync");
  const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) throw std::system_error(errno, std::generic_category(), path.string());
  const std::vector<char> block(8192, 'x');
  std::vector<double> rounds;
  bool written = true;
  for (int round = 0; round < 200; ++round) {
    rounds.push_back(1e6 * seconds([&] {
                       written =
                           written &&
                           write(file, block.data(), block.size()) == static_cast<ssize_t>(block.size()) &&
                           fdatasync(file) == 0;
                     }));
  }
  close(file);
  std::filesystem::remove(path);
  if (!written) throw std::runtime_error(path.string() + ": can't be written");
  return Spread(std::move(rounds));
}

}  // namespace

void machine() {
  report({"machine.memory", memory_latency_ns(), "ns", "", 0, false});
  report({"machine.fdatasync", fdatasync_us(), "us", "", 0, false});
}

}  // namespace bench
