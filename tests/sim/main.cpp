// The simulator: seeds in, findings out. A failing seed is played again smaller and smaller, and printed so
// that it can be played by hand.
//
//   ticketcore_sim --seconds N [--from SEED]   fresh seeds for so long, from a random one unless told
//   ticketcore_sim --seeds N [--from SEED]     so many, from 1
//   ticketcore_sim --seed S [--asks LIST] [--troubles LIST] [--trace]   one, or what is left of it
//   ticketcore_sim --planted                   each planted bug must be found (only where they are built in)

#include <chrono>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "run.hpp"

#ifdef TICKETCORE_PLANTED
#include "planted.hpp"
#endif

namespace {

using namespace ticketcore::sim;

struct Arguments {
  std::optional<std::uint64_t> seed{};
  std::optional<std::uint64_t> seeds{};
  std::optional<std::uint64_t> seconds{};
  std::optional<std::uint64_t> from{};
  std::optional<std::string> asks{};
  std::optional<std::string> troubles{};
  bool trace = false;
  bool planted = false;
};

[[nodiscard]] std::optional<Arguments> read_arguments(int count, char** values) {
  Arguments arguments;
  const std::vector<std::string> words(values + 1, values + count);
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    if (word == "--trace") {
      arguments.trace = true;
    } else if (word == "--planted") {
      arguments.planted = true;
    } else if (at + 1 == words.size()) {
      return std::nullopt;
    } else if (const std::string& value = words[++at]; word == "--asks") {
      arguments.asks = value;
    } else if (word == "--troubles") {
      arguments.troubles = value;
    } else {
      char* end = nullptr;
      const std::uint64_t number = std::strtoull(value.c_str(), &end, 10);
      if (end == value.c_str() || *end != '\0') return std::nullopt;
      if (word == "--seed") {
        arguments.seed = number;
      } else if (word == "--seeds") {
        arguments.seeds = number;
      } else if (word == "--seconds") {
        arguments.seconds = number;
      } else if (word == "--from") {
        arguments.from = number;
      } else {
        return std::nullopt;
      }
    }
  }
  return arguments;
}

[[nodiscard]] bool fails(const Plan& plan) { return !run(plan).failure.empty(); }

void print_failure(const Plan& plan, const Outcome& outcome) {
  std::cout << "seed " << plan.seed << " FAILED: " << outcome.failure << "\n  again: ./dev sim "
            << to_arguments(plan) << "\n"
            << std::flush;
  const Plan small = shrink(plan, fails, 600);
  const Outcome again = run(small, Tracing::on);
  std::cout << "  made smaller, " << plan.asks.size() << " asks and " << plan.troubles.size()
            << " troubles to " << small.asks.size() << " and " << small.troubles.size() << ": "
            << again.failure << "\n  again: ./dev sim " << to_arguments(small) << " --trace\n";
  for (const std::string& line : again.trace) std::cout << "    " << line << "\n";
}

[[nodiscard]] int play_one(const Arguments& arguments) {
  Plan plan = make_plan(*arguments.seed);
  keep_only(plan, arguments.asks ? &*arguments.asks : nullptr,
            arguments.troubles ? &*arguments.troubles : nullptr);
  const Outcome outcome = run(plan, arguments.trace ? Tracing::on : Tracing::off);
  for (const std::string& line : outcome.trace) std::cout << line << "\n";
  std::cout << "seed " << plan.seed << ": " << plan.nodes << " nodes, " << plan.clients << " clients, "
            << plan.asks.size() << " asks, " << plan.troubles.size() << " troubles; " << outcome.entries
            << " entries, " << outcome.answers << " answers, " << outcome.granted << " granted, "
            << outcome.ended_at / second << " s of their time\n"
            << (outcome.failure.empty() ? "nothing wrong" : "FAILED: " + outcome.failure) << "\n";
  return outcome.failure.empty() ? 0 : 1;
}

[[nodiscard]] int play_many(const Arguments& arguments) {
  const auto begin = std::chrono::steady_clock::now();
  const auto passed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  const std::uint64_t first = arguments.from    ? *arguments.from
                              : arguments.seeds ? 1
                                                : std::uint64_t{std::random_device{}()} << 16;
  std::uint64_t count = 0;
  std::uint64_t entries = 0;
  std::uint64_t answers = 0;
  std::uint64_t granted = 0;
  double simulated = 0;
  for (; arguments.seeds ? count < *arguments.seeds : passed() < static_cast<double>(*arguments.seconds);
       ++count) {
    const Plan plan = make_plan(first + count);
    const Outcome outcome = run(plan);
    if (!outcome.failure.empty()) {
      print_failure(plan, outcome);
      return 1;
    }
    entries += outcome.entries;
    answers += outcome.answers;
    granted += outcome.granted;
    simulated += static_cast<double>(outcome.ended_at) / second;
  }
  std::cout << "seeds " << first << " to " << first + count - 1 << ": " << count << " simulations of "
            << std::fixed << std::setprecision(1) << simulated / 3'600 << " hours in " << passed() << " s, "
            << entries << " entries, " << answers << " answers (" << granted << " granted), nothing wrong\n";
  // A simulation in which nothing happens finds nothing.
  return granted > count ? 0 : 1;
}

#ifdef TICKETCORE_PLANTED
/// What a person would do with a failing seed: play it again, make it smaller, and play that by what is
/// printed. What went wrong with that, or nothing.
[[nodiscard]] std::string replay(const Plan& plan, const Outcome& outcome) {
  const Outcome first = run(plan, Tracing::on);
  const Outcome second = run(plan, Tracing::on);
  if (first.failure != outcome.failure || second.failure != outcome.failure || first.trace != second.trace ||
      first.trace.empty())
    return "is not the same when it is played again";
  const Plan small = shrink(plan, fails, 200);
  std::istringstream words(to_arguments(small));
  std::string asks;
  std::string troubles;
  for (std::string word; words >> word;) {
    if (word == "--asks") words >> asks;
    if (word == "--troubles") words >> troubles;
  }
  Plan printed = make_plan(plan.seed);
  keep_only(printed, asks.empty() ? nullptr : &asks, troubles.empty() ? nullptr : &troubles);
  if (printed.asks.size() + printed.troubles.size() >= plan.asks.size() + plan.troubles.size())
    return "can't be made smaller";
  return fails(printed) ? "" : "does not fail when what is left of it is played as printed";
}

[[nodiscard]] int find_planted() {
  constexpr std::uint64_t seeds_at_most = 20'000;
  int missed = 0;
  for (std::size_t bug = 1; bug <= std::size(ticketcore_planted_names); ++bug) {
    const auto begin = std::chrono::steady_clock::now();
    ticketcore_planted = static_cast<int>(bug);
    std::uint64_t seed = 1;
    Outcome outcome;
    for (; seed <= seeds_at_most && outcome.failure.empty(); ++seed) outcome = run(make_plan(seed));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::cout << std::left << std::setw(52) << ticketcore_planted_names[bug - 1];
    if (outcome.failure.empty()) {
      std::cout << "NOT FOUND in " << seeds_at_most << " seeds\n";
      ++missed;
    } else {
      std::cout << "seed " << std::setw(6) << seed - 1 << std::fixed << std::setprecision(2) << std::setw(7)
                << seconds << " s  " << outcome.failure << "\n"
                << std::flush;
      if (const std::string wrong = replay(make_plan(seed - 1), outcome); !wrong.empty()) {
        std::cout << "  seed " << seed - 1 << " " << wrong << "\n";
        ++missed;
      }
    }
  }
  ticketcore_planted = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    if (const Outcome outcome = run(make_plan(seed)); !outcome.failure.empty()) {
      std::cout << "without any bug seed " << seed << " FAILED: " << outcome.failure << "\n";
      ++missed;
    }
  }
  std::cout << std::size(ticketcore_planted_names) - static_cast<std::size_t>(missed) << " of "
            << std::size(ticketcore_planted_names) << " planted bugs found, played again and made smaller\n";
  return missed == 0 ? 0 : 1;
}
#endif

}  // namespace

int main(int count, char** values) {
  const auto arguments = read_arguments(count, values);
  if (arguments && arguments->seed) return play_one(*arguments);
  if (arguments && (arguments->seeds || arguments->seconds)) return play_many(*arguments);
#ifdef TICKETCORE_PLANTED
  if (arguments && arguments->planted) return find_planted();
#endif
  std::cerr << "usage: sim --seconds N | --seeds N [--from SEED] | --seed SEED [--asks LIST] [--troubles "
               "LIST] [--trace]\n";
  return 2;
}
