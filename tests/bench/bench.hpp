#pragma once
// What a benchmark needs: a clock, medians, and a place to report to. Each figure is the median of several rounds; a peer
// is measured in the same run, its rounds in turn with ours.

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace bench {

struct Figure {
  std::string name;  ///< "core.hold2": the part before the first dot is the group.
  double value = 0;
  std::string unit;
  std::string peer{};  ///< Empty when the figure stands alone.
  double peer_value = 0;
  bool more_is_better = true;
};

/// Reports one figure: a line of the table, a line of JSON.
void report(const Figure& figure);

/// Says why something was not measured.
void skip(const std::string& name, const std::string& why);

/// Whether the user asked for this group or figure.
[[nodiscard]] bool wanted(const std::string& name);

[[nodiscard]] inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.size() % 2 == 1 ? values[values.size() / 2] : (values[values.size() / 2 - 1] + values[values.size() / 2]) / 2;
}

/// Seconds that work takes.
template <class Work>
[[nodiscard]] double seconds(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Medians of ours and of the peer's, measured in turn.
struct Pair {
  double ours = 0;
  double peer = 0;
};
[[nodiscard]] inline Pair in_turn(int rounds, const std::function<double()>& ours, const std::function<double()>& peer) {
  std::vector<double> a;
  std::vector<double> b;
  for (int round = 0; round < rounds; ++round) {
    a.push_back(ours());
    b.push_back(peer());
  }
  return {median(a), median(b)};
}

// The groups. Each measures what wanted() names.
void core_hold();
void core_sqlite();
void core_best();
void core_qr();
void core_reopen();
void postgres();

}  // namespace bench
