#include "ticketcore/fact_json.hpp"

#include <doctest/doctest.h>

#include "little_house.hpp"
#include "ticketcore/log.hpp"
#include "ticketcore/storage/memory.hpp"

using namespace ticketcore;
using namespace std::chrono_literals;

TEST_CASE("a fact is written with labels and amounts where the event is known, with numbers where it is not") {
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  BoxOffice office(storage);
  const Event event = office.create_event(little::event()).value();
  const Hold hold = event.hold({{"Hall-A-3"}, {{"Hall-Standing", 2}}}, {.holder = "cart \"17\"", .ttl = 10min, .request = little::request(2)}).value();
  (void)event.quote(hold.id, {{"adult", 3, ""}}, little::request(3)).value();
  const std::vector<Entry> entries = storage.read("event/premiere", 0, 1U << 20);
  REQUIRE(entries.size() == 3);
  const auto line = [&](std::size_t entry, const EventState& state) {
    const LogEntry read = decode_entry(entries[entry].bytes, "the entry");
    return fact_json(read.facts.at(0), entries[entry].revision, read.header.turn, state);
  };
  event.inspect([&](const EventState& state) {
    CHECK(line(1, state) ==
          "{\"revision\":2,\"turn\":\"2027-01-10T10:00:00Z\",\"fact\":\"hold_placed\",\"request\":\"01930000-0000-7000-8000-000000000002\","
          "\"holder\":\"cart \\\"17\\\"\",\"places\":[\"Hall-A-3\"],\"areas\":{\"Hall-Standing\":2},\"expires_at\":\"2027-01-10T10:10:00Z\"}");
    CHECK(line(2, state).find("\"unit_price\":\"300.00 UAH\"") != std::string::npos);
  });
  const EventState unknown;
  CHECK(line(1, unknown).find("\"places\":[\"2\"]") != std::string::npos);
  CHECK(line(2, unknown).find("\"unit_price\":\"30000\"") != std::string::npos);
}
