#pragma once
// What a benchmark needs: a clock, medians, and a place to report to. Each figure is the median of several
// rounds with their least and most; a peer is measured in the same run, its rounds in turn with ours.

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

/// The median of several rounds, and the least and the most of them.
struct Spread {
  double median = 0;
  double least = 0;
  double most = 0;

  Spread() = default;
  Spread(double single) : median(single), least(single), most(single) {}  // NOLINT: a figure taken once
  explicit Spread(std::vector<double> rounds) {
    std::sort(rounds.begin(), rounds.end());
    const std::size_t middle = rounds.size() / 2;
    median = rounds.size() % 2 == 1 ? rounds[middle] : (rounds[middle - 1] + rounds[middle]) / 2;
    least = rounds.front();
    most = rounds.back();
  }
};

struct Figure {
  std::string name;  ///< "core.hold2": the part before the first dot is the group.
  Spread value{};
  std::string unit;
  std::string peer{};  ///< Empty when the figure stands alone.
  Spread peer_value{};
  bool more_is_better = true;
};

/// Reports one figure: a line of the table, a line of JSON.
void report(const Figure& figure);

/// Says why something was not measured.
void skip(const std::string& name, const std::string& why);

/// Whether the user asked for this group or figure.
[[nodiscard]] bool wanted(const std::string& name);

/// Seconds that work takes.
template <class Work>
[[nodiscard]] double seconds(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Ours and the peer's, measured in turn.
struct Pair {
  Spread ours{};
  Spread peer{};
};
[[nodiscard]] inline Pair in_turn(int rounds, const std::function<double()>& ours,
                                  const std::function<double()>& peer) {
  std::vector<double> a;
  std::vector<double> b;
  for (int round = 0; round < rounds; ++round) {
    a.push_back(ours());
    b.push_back(peer());
  }
  return {Spread(std::move(a)), Spread(std::move(b))};
}

// The machine itself, printed before all else: what a reader needs to judge the figures by.
void machine();

// The groups. Each measures what wanted() names.
void core_hold();
void core_sqlite();
void core_best();
void core_qr();
void core_reopen();
void postgres();

}  // namespace bench
