#include "live/clock_watch.hpp"

#include <doctest/doctest.h>

using server::ClockWatch;
using namespace std::chrono_literals;

TEST_CASE("a store's clock that differs is told of once, and once when it agrees again") {
  ClockWatch watch;
  CHECK(watch.look(std::nullopt).empty());
  CHECK(watch.look(4s).empty());
  CHECK(watch.look(-4s).empty());
  CHECK(watch.look(-90s) ==
        "the store's clock is 90 s behind this host's: holds end by the store's; set the wrong one right");
  CHECK(watch.look(-91s).empty());
  CHECK(watch.look(std::nullopt).empty());
  CHECK(watch.look(1s) == "the store's clock agrees with this host's again");
  CHECK(watch.look(1s).empty());
  CHECK(watch.look(3min) ==
        "the store's clock is 180 s ahead of this host's: holds end by the store's; set the wrong one right");
}
