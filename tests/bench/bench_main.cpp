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

}  // namespace

bool wanted(const std::string& name) {
  return wanted_names.empty() || std::any_of(wanted_names.begin(), wanted_names.end(), [&](const std::string& wish) {
           return name == wish || (name.starts_with(wish) && name[wish.size()] == '.') || (wish.starts_with(name) && wish[name.size()] == '.');
         });
}

void report(const Figure& figure) {
  if (!wanted(figure.name)) return;
  const double ratio = figure.peer.empty() ? 0 : figure.more_is_better ? figure.value / figure.peer_value : figure.peer_value / figure.value;
  if (figure.peer.empty()) {
    std::printf("%-24s %14.4g %-8s\n", figure.name.c_str(), figure.value, figure.unit.c_str());
  } else {
    std::printf("%-24s %14.4g %-8s  %-44s %14.4g  %8.1fx\n", figure.name.c_str(), figure.value, figure.unit.c_str(), figure.peer.c_str(), figure.peer_value,
                ratio);
  }
  std::fflush(stdout);
  json << "{\"name\":\"" << figure.name << "\",\"value\":" << figure.value << ",\"unit\":\"" << figure.unit << "\"";
  if (!figure.peer.empty()) json << ",\"peer\":\"" << figure.peer << "\",\"peer_value\":" << figure.peer_value << ",\"ratio\":" << ratio;
  json << "}\n" << std::flush;
}

void skip(const std::string& name, const std::string& why) { std::printf("%-24s not measured: %s\n", name.c_str(), why.c_str()); }

}  // namespace bench

int main(int count, char** arguments) {
  for (int index = 1; index < count; ++index) bench::wanted_names.emplace_back(arguments[index]);
  std::filesystem::create_directories("out");
  bench::json.open("out/bench.jsonl", std::ios::app);
  std::printf("%-24s %14s %-8s  %-44s %14s  %9s\n", "name", "value", "unit", "beside", "value", "ratio");
  try {
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
