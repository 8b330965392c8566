// libFuzzer's entry: TICKETCORE_FUZZ_TARGET names the target.

#include <algorithm>

#include "fuzz.hpp"

namespace {

[[nodiscard]] const ticketcore::fuzz::Target& chosen() {
  const auto all = ticketcore::fuzz::targets();
  const char* name = std::getenv("TICKETCORE_FUZZ_TARGET");
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const auto& target) { return name != nullptr && target.name == name; });
  if (found != all.end()) return *found;
  std::fprintf(stderr, "TICKETCORE_FUZZ_TARGET must be one of");
  for (const auto& target : all)
    std::fprintf(stderr, " %.*s", static_cast<int>(target.name.size()), target.name.data());
  std::fprintf(stderr, "\n");
  std::exit(2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ticketcore::fuzz::Target& target = chosen();
  target.run({data, size});
  return 0;
}
