// Every call to the disk fails, one after another, over a whole sale.

#include <doctest/doctest.h>

#include <cstdlib>

#include "sale.hpp"

using namespace ticketcore;
using namespace ticketcore::fault;

namespace {

/// What a sale on a sound disk comes to.
struct Sound {
  std::map<RequestId, Answered> answers;
  std::vector<Bytes> facts;
  int calls = 0;  ///< Of the kinds asked for.
};

[[nodiscard]] Sound sound_sale(std::uint32_t calls) {
  install();
  const Folder folder;
  Sound sound;
  vfs.follow({.calls = calls});
  Sale sale(folder.file(), {.vfs = vfs_name});
  sale.run();
  sale.close();
  sound.calls = vfs.count;
  sound.answers = sale.answers();
  sound.facts = facts_of(*SqliteStorage::open(folder.file()));
  REQUIRE(shown(check_end(folder.file(), sale, sale.attempts(), sound.facts)) == "");
  REQUIRE(sale.retries() == 0);
  REQUIRE(sound.answers.size() == 21);
  return sound;
}

/// One sale for each call that the sound sale makes, which fails as planned. Ends at the first sale with
/// findings.
[[nodiscard]] std::string sweep(Plan plan, Planted planted = Planted::none) {
  const Sound sound = sound_sale(plan.calls);
  const Folder folder;
  int retries = 0;
  for (plan.call = 1; plan.call <= sound.calls; ++plan.call) {
    folder.empty();
    vfs.follow(plan);
    Sale sale(folder.file(),
              {.vfs = vfs_name, .planted = planted, .look = SaleOptions::Look::when_a_step_failed});
    sale.expect(sound.answers);
    sale.run();
    sale.close();
    vfs.follow({});
    retries += sale.retries();
    if (const Findings findings = check_end(folder.file(), sale, sale.attempts(), sound.facts);
        !findings.empty())
      return "call " + std::to_string(plan.call) + " of " + std::to_string(sound.calls) + " (kind " +
             std::to_string(vfs.last_failed) + "):\n" + shown(findings);
  }
  MESSAGE(sound.calls << " sales, in which a step was tried again " << retries << " times");
  return retries > 0 ? "" : "no step ever had to be tried again: did anything fail?";
}

}  // namespace

TEST_CASE("whichever call to the disk fails once, the sale goes on and its log is right") {
  CHECK(sweep({}) == "");
}

TEST_CASE(
    "from whichever call on the disk fails for good, the sale goes on where it stood once the store is "
    "opened anew") {
  CHECK(sweep({.times = for_good}) == "");
}

TEST_CASE("whenever the disk is full, the sale goes on when there is space again") {
  CHECK(sweep({.code = SQLITE_FULL, .calls = writing_calls}) == "");
  CHECK(sweep({.times = for_good, .code = SQLITE_FULL, .calls = writing_calls}) == "");
}

TEST_CASE("whichever lock is somebody else's for longer than anybody waits, the sale goes on after it") {
  CHECK(sweep({.times = for_good, .code = SQLITE_BUSY, .calls = call_lock | call_shm_lock}) == "");
}

TEST_CASE("a store that takes a failed commit for a good one, or for none, is found out") {
  CHECK(sweep({.calls = call_sync}, Planted::unknown_is_answered)
            .find("what was told to be durable is not entry") != std::string::npos);
  CHECK(sweep({.calls = call_sync}, Planted::unknown_is_refused)
            .find("what was told not to be written is entry") != std::string::npos);
}
