#include "ticketcore/base/time_zone.hpp"

#include <doctest/doctest.h>

#include <string>

namespace ticketcore {
namespace {

[[nodiscard]] Timestamp at(const char* text) { return parse_rfc3339(text).value(); }

TEST_CASE("a zone's name has a form, and nothing that could be a path elsewhere") {
  for (const char* name : {"UTC", "Europe/Kyiv", "America/Argentina/Buenos_Aires", "Etc/GMT+3", "GMT0"})
    CHECK(is_time_zone_name(name));
  const std::string longest = "A" + std::string(63, 'b');
  CHECK(is_time_zone_name(longest));
  for (const std::string& name :
       {std::string(), longest + "b", std::string("/etc/passwd"), std::string("../x"),
        std::string("Europe/../Kyiv"), std::string("Europe Kyiv"), std::string("Київ"),
        std::string("A\0B", 3), std::string("+3")})
    CHECK_FALSE(is_time_zone_name(name));
}

TEST_CASE("a moment is told as the clocks of the place show it") {
  CHECK(people_time(at("2027-01-31T17:30:00Z"), "Europe/Kyiv") == "Sunday, 31 January 2027, 19:30");
  CHECK(people_time(at("2027-07-01T17:30:00Z"), "Europe/Kyiv") == "Thursday, 1 July 2027, 20:30");
  CHECK(people_time(at("2027-01-01T01:00:00Z"), "America/New_York") == "Thursday, 31 December 2026, 20:00");
  CHECK(people_time(at("2027-01-31T17:30:00Z"), "") == "Sunday, 31 January 2027, 17:30 UTC");
  CHECK(to_rfc3339(at("2027-01-31T17:30:00.25Z"), "Europe/Kyiv") == "2027-01-31T19:30:00+02:00");
  CHECK(to_rfc3339(at("2027-01-31T17:30:00Z"), "Asia/Kolkata") == "2027-01-31T23:00:00+05:30");
  CHECK(to_rfc3339(at("2027-01-31T02:10:00Z"), "America/St_Johns") == "2027-01-30T22:40:00-03:30");
  CHECK(to_rfc3339(at("2027-01-31T17:30:00Z"), "") == "2027-01-31T17:30:00Z");
  CHECK(to_rfc3339(at("2027-01-31T17:30:00Z"), "UTC") == "2027-01-31T17:30:00+00:00");
}

TEST_CASE("the hour that clocks show twice, and the one that they leave out") {
  CHECK(to_rfc3339(at("2026-10-25T00:30:00Z"), "Europe/Berlin") == "2026-10-25T02:30:00+02:00");
  CHECK(to_rfc3339(at("2026-10-25T01:30:00Z"), "Europe/Berlin") == "2026-10-25T02:30:00+01:00");
  CHECK(to_rfc3339(at("2027-03-28T00:59:59Z"), "Europe/Berlin") == "2027-03-28T01:59:59+01:00");
  CHECK(to_rfc3339(at("2027-03-28T01:00:00Z"), "Europe/Berlin") == "2027-03-28T03:00:00+02:00");
}

TEST_CASE("what is written with an offset is read as the same moment") {
  for (const char* zone : {"Europe/Kyiv", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia", "UTC", ""}) {
    for (int day = 0; day < 400; day += 3) {
      const Timestamp moment = at("2026-11-30T12:34:56Z") + std::chrono::hours(24 * day + day % 24);
      CHECK(parse_rfc3339(to_rfc3339(moment, zone)) == moment);
    }
  }
}

TEST_CASE("a zone that nobody has is named, with what one is called") {
  CHECK(is_known_time_zone(""));
  CHECK(is_known_time_zone("Europe/Kyiv"));
  for (const char* name : {"Europe/Atlantis", "../../etc/passwd", "Europe", "/usr/share/zoneinfo/UTC"}) {
    CHECK_FALSE(is_known_time_zone(name));
    try {
      (void)local_time(at("2027-01-31T17:30:00Z"), name);
      FAIL("a time was told in a zone that there is not");
    } catch (const UnknownTimeZone& error) {
      CHECK(std::string(error.what()).find(std::string("\"") + name + "\"") != std::string::npos);
      CHECK(std::string(error.what()).find("Europe/Kyiv") != std::string::npos);
    }
  }
}

}  // namespace
}  // namespace ticketcore
