// A map of so many seats whose labels collide under a hash without a key, as a chart from outside may have
// them, and each of them looked up: for growth.py, which counts the instructions of that.

#include <valgrind/callgrind.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "ticketcore/venue/seat_map_builder.hpp"

using namespace ticketcore;

namespace {

/// FNV-1a, with its upper half folded in.
[[nodiscard]] std::uint64_t plain_hash(std::string_view text) {
  std::uint64_t state = 0xCBF2'9CE4'8422'2325ULL;
  for (const char letter : text)
    state = (state ^ static_cast<unsigned char>(letter)) * 0x0000'0100'0000'01B3ULL;
  state ^= state >> 32;
  state *= 0xD6E8'FEB8'6659'FD93ULL;
  return state ^ (state >> 32);
}

/// All of them in one place of a table of 4,096 or less.
[[nodiscard]] std::vector<std::string> colliding_labels(std::size_t count) {
  std::vector<std::string> labels;
  for (std::uint64_t number = 0; labels.size() < count; ++number) {
    std::string label = std::to_string(number);
    if (plain_hash("A-" + label) % 4'096 == 0) labels.push_back(std::move(label));
  }
  return labels;
}

[[nodiscard]] bool finds_all(const std::vector<std::string>& labels) {
  SeatMapBuilder builder("Chosen");
  const CategoryIndex category = builder.add_category({"all", "All", "#1F77B4"});
  builder.add_row(builder.no_section(), "A");
  for (const std::string& label : labels) builder.add_seat({.label = label, .category = category});
  const SeatMap map = builder.build();
  for (std::uint32_t index = 0; index < labels.size(); ++index) {
    if (map.find_place("A-" + labels[index]) != PlaceIndex{index}) return false;
  }
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  CALLGRIND_STOP_INSTRUMENTATION;
  if (count != 2) return 2;
  const std::vector<std::string> labels = colliding_labels(static_cast<std::size_t>(std::atoi(arguments[1])));
  CALLGRIND_START_INSTRUMENTATION;
  const bool found = finds_all(labels);
  CALLGRIND_STOP_INSTRUMENTATION;
  if (found) return 0;
  std::cerr << "a label is not found\n";
  return 1;
}
