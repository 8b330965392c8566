#include "open_places.hpp"

#include <doctest/doctest.h>

#include <string>

using server::OpenPlaces;
using ticketcore::HoldId;

namespace {

HoldId hold(std::uint64_t number) { return HoldId{{1, number}}; }

}  // namespace

TEST_CASE("whoever asks from one place holds only so much, however many carts are named") {
  OpenPlaces open;
  CHECK(open.reserve("gala\n192.0.2.7", hold(1), 6, 10, 100) == OpenPlaces::Answer::granted);
  CHECK(open.reserve("gala\n192.0.2.7", hold(2), 5, 10, 100) == OpenPlaces::Answer::past_limit);
  CHECK(open.reserve("gala\n192.0.2.7", hold(3), 4, 10, 100) == OpenPlaces::Answer::granted);
  // The same request again is no other hold.
  CHECK(open.reserve("gala\n192.0.2.7", hold(1), 6, 10, 100) == OpenPlaces::Answer::granted);
  CHECK(open.holds() == 2);
  CHECK(open.reserve("gala\n192.0.2.8", hold(4), 10, 10, 100) == OpenPlaces::Answer::granted);
  CHECK(open.reserve("gala\n192.0.2.9", hold(5), 11, 10, 100) == OpenPlaces::Answer::past_limit);
}

TEST_CASE("places that are let go, refused or run out count no more") {
  OpenPlaces open;
  CHECK(open.reserve("x", hold(1), 10, 10, 100) == OpenPlaces::Answer::granted);
  open.drop("x", hold(1));
  CHECK(open.reserve("x", hold(2), 10, 10, 100) == OpenPlaces::Answer::granted);
  open.keep("x", hold(2), 10, 400);
  CHECK(open.reserve("x", hold(3), 1, 10, 399) == OpenPlaces::Answer::past_limit);
  CHECK(open.kept("x") == std::vector<HoldId>{hold(2)});
  open.keep("x", hold(2), 10, 500);
  CHECK(open.reserve("x", hold(3), 1, 10, 400) == OpenPlaces::Answer::past_limit);
  CHECK(open.reserve("x", hold(3), 10, 10, 500) == OpenPlaces::Answer::granted);
  // A hold from before the start is learnt of.
  open.keep("y", hold(9), 10, 900);
  CHECK(open.reserve("y", hold(10), 1, 10, 600) == OpenPlaces::Answer::past_limit);
}

TEST_CASE("what is counted is bounded, and shrinks with the holds") {
  OpenPlaces open(1'000);
  // A hundred rounds of clients that never come again, each holding for a minute.
  std::uint64_t number = 0;
  for (std::int64_t round = 0; round < 100; ++round) {
    const std::int64_t now = 1'000 + round * 100;
    for (int client = 0; client < 2'000; ++client) {
      const std::string owner = "gala\n" + std::to_string(++number);
      const auto answer = open.reserve(owner, hold(number), 2, 10, now);
      CHECK((answer == OpenPlaces::Answer::granted) == (client < 1'000));
      if (answer == OpenPlaces::Answer::granted) open.keep(owner, hold(number), 2, now + 60);
    }
    CHECK(open.holds() == 1'000);
  }
  CHECK(open.reserve("x", hold(++number), 2, 10, 20'000) == OpenPlaces::Answer::granted);
  CHECK(open.holds() == 1);
}
