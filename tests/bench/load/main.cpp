// The generator of ./dev spike: ticketcore_spike PORT EVENT BUYERS:SECONDS... prints what came of it as JSON.
// ticketcore_spike --house SEATS prints the chart of an arena to sell.

#include <charconv>
#include <cstdio>
#include <iostream>
#include <string_view>

#include "../houses.hpp"
#include "spike.hpp"
#include "ticketcore/formats/seat_map_json.hpp"

namespace {

template <class Number>
[[nodiscard]] Number number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw std::runtime_error("\"" + std::string(text) + "\" is not a number in range");
  return value;
}

[[nodiscard]] load::Stretch stretch(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos)
    throw std::runtime_error("\"" + std::string(text) + "\" must be BUYERS_PER_SECOND:SECONDS, as 10:60");
  return {number<double>(text.substr(0, colon)),
          std::chrono::seconds(number<std::uint32_t>(text.substr(colon + 1)))};
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count == 3 && std::string_view(arguments[1]) == "--house") {
      std::cout << ticketcore::seat_map_to_json(*bench::big_house(number<std::uint32_t>(arguments[2])));
      return 0;
    }
    if (count < 4) {
      std::cerr << "Usage: ticketcore_spike PORT EVENT BUYERS_PER_SECOND:SECONDS...\n       ticketcore_spike "
                   "--house SEATS\n";
      return 2;
    }
    load::SpikeOptions options;
    options.port = number<std::uint16_t>(arguments[1]);
    options.event = arguments[2];
    for (int at = 3; at < count; ++at) options.stretches.push_back(stretch(arguments[at]));
    std::cout << load::to_json(load::run_spike(options)) << "\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "ticketcore_spike: " << error.what() << "\n";
    return 1;
  }
}
