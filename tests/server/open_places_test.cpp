#include "api/open_places.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

using server::OpenPlaces;
using ticketcore::HoldId;
using Answer = OpenPlaces::Answer;

namespace {

HoldId hold(std::uint64_t number) { return HoldId{{1, number}}; }

/// Asks for a hold and is granted it.
Answer place(OpenPlaces& open, const std::string& owner, std::uint64_t number, std::uint32_t places,
             std::int64_t now, std::int64_t until) {
  const auto [answer, reserved] = open.reserve(owner, hold(number), places, 10, now);
  if (reserved) reserved->keep(until);
  return answer;
}

}  // namespace

TEST_CASE("whoever asks from one place holds only so much, however many carts are named") {
  OpenPlaces open;
  const auto first = open.reserve("gala\n192.0.2.7", hold(1), 6, 10, 100);
  CHECK(first.answer == Answer::reserved);
  CHECK(open.reserve("gala\n192.0.2.7", hold(2), 5, 10, 100).answer == Answer::past_limit);
  const auto rest = open.reserve("gala\n192.0.2.7", hold(3), 4, 10, 100);
  CHECK(rest.answer == Answer::reserved);
  // The same request again is no other hold.
  CHECK(open.reserve("gala\n192.0.2.7", hold(1), 6, 10, 100).answer == Answer::counted);
  CHECK(open.holds() == 2);
  CHECK(open.reserve("gala\n192.0.2.8", hold(4), 10, 10, 100).answer == Answer::reserved);
  CHECK(open.reserve("gala\n192.0.2.9", hold(5), 11, 10, 100).answer == Answer::past_limit);
}

TEST_CASE("places that are let go, refused or run out count no more") {
  OpenPlaces open;
  CHECK(open.reserve("x", hold(1), 10, 10, 100).answer == Answer::reserved);
  CHECK(open.holds() == 0);  // Refused: its reservation is gone.
  CHECK(place(open, "x", 2, 10, 100, 400) == Answer::reserved);
  CHECK(place(open, "x", 3, 1, 399, 500) == Answer::past_limit);
  CHECK(open.kept("x") == std::vector<HoldId>{hold(2)});
  open.reserve_again(hold(2), 399)->keep(500);
  CHECK(place(open, "x", 3, 1, 400, 500) == Answer::past_limit);
  CHECK(open.reserve_again(hold(2), 500) == nullptr);
  CHECK(place(open, "x", 3, 10, 500, 600) == Answer::reserved);
  open.drop(hold(3));
  CHECK(place(open, "x", 4, 10, 500, 600) == Answer::reserved);
}

TEST_CASE("no refusal of a request that comes again lets go what the first one holds") {
  OpenPlaces open;
  CHECK(place(open, "x", 1, 10, 100, 400) == Answer::reserved);
  // Its key again, with another body: refused as a request that was reused.
  CHECK(open.reserve("x", hold(1), 1, 10, 100).answer == Answer::counted);
  CHECK(open.reserve("x", hold(1), 10, 10, 100).answer == Answer::counted);
  // From elsewhere it is still the first one's.
  CHECK(open.reserve("y", hold(1), 1, 10, 100).answer == Answer::counted);
  CHECK(open.reserve("x", hold(2), 1, 10, 100).answer == Answer::past_limit);
  CHECK(place(open, "y", 2, 10, 100, 400) == Answer::reserved);
}

TEST_CASE("two requests of one key that are under way count as the larger, until both have ended") {
  OpenPlaces open;
  auto small = open.reserve("x", hold(1), 1, 10, 100);
  CHECK(open.reserve("x", hold(1), 11, 10, 100).answer == Answer::past_limit);
  const auto large = open.reserve("x", hold(1), 10, 10, 100);
  CHECK(large.answer == Answer::counted);
  small.reservation.reset();  // Refused.
  CHECK(open.reserve("x", hold(2), 1, 10, 100).answer == Answer::past_limit);
  large.reservation->keep(400);
  CHECK(open.reserve("x", hold(2), 1, 10, 399).answer == Answer::past_limit);
}

TEST_CASE("a hold counts for whom it was counted first, whoever extends it") {
  OpenPlaces open;
  CHECK(place(open, "x", 1, 10, 100, 400) == Answer::reserved);
  for (std::int64_t now = 350; now < 5'000; now += 100) {
    const auto again = open.reserve_again(hold(1), now);
    REQUIRE(again != nullptr);
    again->keep(now + 200);
    CHECK(open.reserve("x", hold(2), 1, 10, now + 100).answer == Answer::past_limit);
    CHECK(open.reserve("y", hold(3), 10, 10, now + 100).answer == Answer::reserved);
  }
}

TEST_CASE("a hold that waits for its turn counts, however long the store takes") {
  OpenPlaces open;
  const auto waits = open.reserve("x", hold(1), 10, 10, 100);
  CHECK(open.reserve("x", hold(2), 1, 10, 100'000).answer == Answer::past_limit);
  CHECK(open.holds() == 1);
}

TEST_CASE("whatever is asked, granted, refused, extended and let go, nobody holds past the limit") {
  struct Held {
    std::string owner;
    std::uint32_t places;
    std::int64_t until;
  };
  struct UnderWay {
    HoldId id;
    std::string owner;
    std::uint32_t places;
    std::shared_ptr<OpenPlaces::Reservation> reserved;
  };
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    const auto up_to = [&](unsigned most) { return static_cast<unsigned>(random() % most); };
    OpenPlaces open;
    std::unordered_map<HoldId, Held> held;
    std::unordered_set<HoldId> granted;  // An event's desk grants one body of a key, once.
    std::vector<UnderWay> under_way;
    std::int64_t now = 100;
    for (int step = 0; step < 3'000; ++step) {
      now += up_to(3);
      std::erase_if(held, [&](const auto& one) { return one.second.until <= now; });
      const HoldId id = hold(static_cast<unsigned>(step) / 50 + up_to(8));
      const std::string owner = up_to(2) == 0 ? "x" : "y";
      if (up_to(2) == 0) {
        const std::uint32_t places = 1 + up_to(6);
        auto reserved = open.reserve(owner, id, places, 10, now);
        if (reserved.reservation) under_way.push_back({id, owner, places, std::move(reserved.reservation)});
      } else if (!under_way.empty()) {
        const auto chosen = under_way.begin() + up_to(static_cast<unsigned>(under_way.size()));
        if (up_to(2) == 0 && granted.insert(chosen->id).second) {
          held[chosen->id] = {chosen->owner, chosen->places, now + 20};
          chosen->reserved->keep(now + 20);
        }
        under_way.erase(chosen);
      } else if (held.contains(id) && up_to(3) == 0) {
        held.erase(id);
        open.drop(id);
      } else if (held.contains(id)) {
        const auto again = open.reserve_again(id, now);
        REQUIRE(again != nullptr);
        held[id].until = now + 20;
        again->keep(now + 20);
      }
      std::uint32_t all = 0;
      for (const auto& [of, hold_of] : held) all += hold_of.places;
      CHECK(all <= 20);  // Of the two together: a key that both use counts for one of them.
    }
  }
}

TEST_CASE("what is counted is bounded, and shrinks with the holds") {
  OpenPlaces open(1'000);
  // A hundred rounds of clients that never come again, each holding for a minute.
  std::uint64_t number = 0;
  for (std::int64_t round = 0; round < 100; ++round) {
    const std::int64_t now = 1'000 + round * 100;
    for (int client = 0; client < 2'000; ++client) {
      ++number;
      const Answer answer = place(open, "gala\n" + std::to_string(number), number, 2, now, now + 60);
      CHECK(answer == (client < 1'000 ? Answer::reserved : Answer::full));
    }
    CHECK(open.holds() == 1'000);
  }
  CHECK(place(open, "x", ++number, 2, 20'000, 20'060) == Answer::reserved);
  CHECK(open.holds() == 1);
}
