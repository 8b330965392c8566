// ticketcore_bench [GROUP...]: prints a table of figures and appends them as JSON lines to out/bench.jsonl.

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "bench.hpp"

namespace bench {
namespace {

std::vector<std::string> wanted_names;
std::ofstream json;

/// How many times better than the peer: the medians' ratio, and what the rounds furthest apart would make of
/// it.
[[nodiscard]] Spread ratio_of(const Figure& figure) {
  const Spread& better = figure.more_is_better ? figure.value : figure.peer_value;
  const Spread& worse = figure.more_is_better ? figure.peer_value : figure.value;
  Spread ratio(better.median / worse.median);
  ratio.least = better.least / worse.most;
  ratio.most = better.most / worse.least;
  return ratio;
}

}  // namespace

bool wanted(const std::string& name) {
  return wanted_names.empty() ||
         std::any_of(wanted_names.begin(), wanted_names.end(), [&](const std::string& wish) {
           return name == wish || (name.starts_with(wish) && name[wish.size()] == '.') ||
                  (wish.starts_with(name) && wish[name.size()] == '.');
         });
}

void report(const Figure& figure) {
  if (!figure.name.starts_with("machine.") && !wanted(figure.name)) return;
  const Spread& ours = figure.value;
  std::printf("%-24s %11.4g  %9.4g - %-9.4g  %-8s", figure.name.c_str(), ours.median, ours.least, ours.most,
              figure.unit.c_str());
  json << "{\"name\":\"" << figure.name << "\",\"value\":" << ours.median << ",\"least\":" << ours.least
       << ",\"most\":" << ours.most << ",\"unit\":\"" << figure.unit << "\"";
  if (!figure.peer.empty()) {
    const Spread ratio = ratio_of(figure);
    std::printf("  %-44s %11.4g  %7.1fx  (%.1f - %.1f)", figure.peer.c_str(), figure.peer_value.median,
                ratio.median, ratio.least, ratio.most);
    json << ",\"peer\":\"" << figure.peer << "\",\"peer_value\":" << figure.peer_value.median
         << ",\"ratio\":" << ratio.median << ",\"ratio_least\":" << ratio.least
         << ",\"ratio_most\":" << ratio.most;
  }
  std::printf("\n");
  std::fflush(stdout);
  json << "}\n" << std::flush;
}

void skip(const std::string& name, const std::string& why) {
  std::printf("%-24s not measured: %s\n", name.c_str(), why.c_str());
}

}  // namespace bench

int main(int count, char** arguments) {
  for (int index = 1; index < count; ++index) bench::wanted_names.emplace_back(arguments[index]);
  std::filesystem::create_directories("out");
  bench::json.open("out/bench.jsonl", std::ios::app);
  std::printf("%-24s %11s  %9s - %-9s  %-8s  %-44s %11s  %8s  %s\n", "name", "median", "least", "most",
              "unit", "beside", "median", "ratio", "(least - most)");
  try {
    bench::machine();
    if (bench::wanted("core.hold2")) bench::core_hold();
    if (bench::wanted("core.sqlite")) bench::core_sqlite();
    if (bench::wanted("core.best4")) bench::core_best();
    if (bench::wanted("core.qr")) bench::core_qr();
    if (bench::wanted("core.reopen") || bench::wanted("core.memory")) bench::core_reopen();
    if (bench::wanted("postgres")) bench::postgres();
  } catch (const std::exception& error) {
    std::cerr << "the benchmark failed: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
