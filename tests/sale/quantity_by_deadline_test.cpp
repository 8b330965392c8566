#include "ticketcore/sale/detail/quantity_by_deadline.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>

using namespace ticketcore;

namespace {

[[nodiscard]] std::uint32_t until(const std::map<std::uint32_t, std::uint32_t>& model, std::uint32_t now) {
  std::uint32_t sum = 0;
  for (auto at = model.begin(); at != model.end() && at->first <= now; ++at) sum += at->second;
  return sum;
}

}  // namespace

TEST_CASE("what comes free until when is the sum of what was added and not taken back") {
  std::mt19937 random(20'270'131);
  for (const std::uint32_t deadlines : {1U, 7U, 300U, 100'000U}) {
    QuantityByDeadline quantities;
    std::map<std::uint32_t, std::uint32_t> model;
    for (int step = 0; step < 4'000; ++step) {
      const std::uint32_t deadline = 1'000 + static_cast<std::uint32_t>(random() % deadlines);
      // Many at first, and then ever fewer.
      const auto at = model.lower_bound(deadline);
      if (at != model.end() && static_cast<int>(random() % 4'000) < step) {
        const std::uint32_t back = 1 + static_cast<std::uint32_t>(random() % at->second);
        quantities.add(at->first, -static_cast<std::int32_t>(back));
        at->second -= back;
        if (at->second == 0) model.erase(at);
      } else {
        const std::uint32_t more = 1 + static_cast<std::uint32_t>(random() % 1'000);
        quantities.add(deadline, static_cast<std::int32_t>(more));
        model[deadline] += more;
      }
      if (step % 17 != 0) continue;
      for (const std::uint32_t now : {0U, 999U, deadline - 1, deadline, deadline + 1, UINT32_MAX})
        REQUIRE(quantities.until(now) == until(model, now));
      REQUIRE(quantities.total() == until(model, UINT32_MAX));
    }
  }
}

TEST_CASE("a copy of the deadlines shares them, and stays as it is") {
  QuantityByDeadline quantities;
  constexpr std::uint32_t count = 10'000;
  for (std::uint32_t deadline = count; deadline > 0; --deadline) quantities.add(deadline, 2);
  const QuantityByDeadline before = quantities;
  for (std::uint32_t deadline = 1; deadline <= count; ++deadline) quantities.add(deadline, -1);
  CHECK(before.until(count / 2) == count);
  CHECK(before.total() == 2 * count);
  CHECK(quantities.until(count / 2) == count / 2);
  CHECK(quantities.total() == count);
}

TEST_CASE("deadlines whose holds are gone take no room") {
  QuantityByDeadline quantities;
  for (std::uint32_t round = 0; round < 5; ++round) {
    for (std::uint32_t deadline = 0; deadline < 1'000; ++deadline)
      quantities.add(deadline * 7'919 % 10'000, 1);
    CHECK(quantities.memory_bytes() < 20'000);
    for (std::uint32_t deadline = 0; deadline < 1'000; ++deadline)
      quantities.add(deadline * 7'919 % 10'000, -1);
    CHECK(quantities.total() == 0);
    CHECK(quantities.memory_bytes() < 1'000);
  }
}
