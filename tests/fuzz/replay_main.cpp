// Runs every target over its corpus, and over bytes near it: replay_main CORPUS. Needs no libFuzzer.

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "fuzz.hpp"

namespace {

using ticketcore::Bytes;

[[nodiscard]] Bytes content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The same with a few bytes changed, taken out or doubled; cut off now and then.
[[nodiscard]] Bytes near(Bytes bytes, std::mt19937& random) {
  for (std::size_t changes = 1 + random() % 4; changes > 0 && !bytes.empty(); --changes) {
    const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(random() % bytes.size());
    switch (random() % 5) {
      case 0: *at = static_cast<std::uint8_t>(random()); break;
      case 1: *at = static_cast<std::uint8_t>(*at ^ (1U << random() % 8)); break;
      case 2: bytes.erase(at); break;
      case 3: bytes.insert(at, *at); break;
      default:
        if (random() % 8 == 0) bytes.erase(at, bytes.end());
    }
  }
  return bytes;
}

}  // namespace

int main(int count, char** arguments) {
  constexpr int neighbours = 50;
  if (count != 2) {
    std::fprintf(stderr, "usage: %s CORPUS\n", arguments[0]);
    return 2;
  }
  for (const ticketcore::fuzz::Target& target : ticketcore::fuzz::targets()) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(arguments[1]) / target.name))
      files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const std::filesystem::path& file : files) {
      const Bytes bytes = content(file);
      std::mt19937 random(static_cast<std::mt19937::result_type>(bytes.size()));
      for (int round = 0; round <= neighbours; ++round) {
        const Bytes input = round == 0 ? bytes : near(bytes, random);
        try {
          target.run(input);
        } catch (const std::exception& error) {
          std::fprintf(stderr, "%s, neighbour %d: thrown: %s\n", file.c_str(), round, error.what());
          return 1;
        }
      }
    }
    std::printf("%-14.*s %zu inputs\n", static_cast<int>(target.name.size()), target.name.data(),
                files.size());
    if (files.empty()) return 1;
  }
  return 0;
}
