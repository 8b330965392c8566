#include "live/watchlist.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <map>
#include <string>

using server::Watchlist;
using namespace std::chrono_literals;

TEST_CASE("of more than can be looked at, each has its turn") {
  Watchlist list;
  const Watchlist::Clock::time_point start{};
  for (int number = 0; number < 1'000; ++number)
    list.add("payment " + std::to_string(1'000 + number), {}, start);
  std::map<std::string, int> looked_at;
  // Fifty a second: a thousand are due every three.
  for (auto now = start; now < start + 60s; now += 1s) {
    for (int count = 0; count < 50; ++count) {
      if (const std::string id = list.take_due(now); !id.empty()) ++looked_at[id];
    }
  }
  CHECK(looked_at.size() == 1'000);
  for (const auto& [id, times] : looked_at) CHECK(times >= 2);
}

TEST_CASE("what is watched is due in a second, then less and less often, until it is over") {
  Watchlist list;
  const Watchlist::Clock::time_point start{};
  list.add("a", {}, start);
  CHECK(list.take_due(start).empty());
  CHECK(list.take_due(start + 1s) == "a");
  list.add("a", {}, start + 2s);  // Read of again; watched already.
  CHECK(list.of("a").first == start);
  CHECK(list.take_due(start + 3s).empty());
  CHECK(list.take_due(start + 4s) == "a");
  CHECK(list.take_due(start + 3600s) == "a");
  CHECK(list.take_due(start + 3600s + 449s).empty());
  CHECK(list.take_due(start + 3600s + 450s) == "a");
  list.remove("a");
  CHECK(list.take_due(start + 100'000s).empty());
}
