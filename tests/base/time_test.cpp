#include "ticketcore/base/time.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>

using namespace ticketcore;
using namespace std::chrono_literals;

namespace {

constexpr Timestamp at_micros(std::int64_t micros) { return Timestamp{std::chrono::microseconds{micros}}; }
constexpr Timestamp evening{std::chrono::sys_days{std::chrono::year{2027} / 1 / 31} + 19h + 30min};
constexpr Timestamp last_moment{std::chrono::sys_days{std::chrono::year{10'000} / 1 / 1} - 1us};

static_assert(parse_rfc3339("2027-01-31T19:30:00Z") == evening);

}  // namespace

TEST_CASE("a moment is written as RFC 3339, with decimals only where it needs them") {
  CHECK(to_rfc3339(evening) == "2027-01-31T19:30:00Z");
  CHECK(to_rfc3339(evening + 1us) == "2027-01-31T19:30:00.000001Z");
  CHECK(to_rfc3339(evening + 250ms) == "2027-01-31T19:30:00.250000Z");
  CHECK(to_rfc3339(evening - 1us) == "2027-01-31T19:29:59.999999Z");
  CHECK(to_rfc3339(Timestamp{}) == "1970-01-01T00:00:00Z");
  CHECK(to_rfc3339(last_moment) == "9999-12-31T23:59:59.999999Z");
  CHECK(to_rfc3339(std::chrono::sys_seconds{951'782'400s}) == "2000-02-29T00:00:00Z");
}

TEST_CASE("a moment that RFC 3339 has no room for is still shown") {
  CHECK(to_rfc3339(at_micros(-1)) == "@-1");
  CHECK(to_rfc3339(last_moment + 1us) == "@253402300800000000");
  CHECK(to_rfc3339(Timestamp::min()) == "@-9223372036854775808");
  CHECK(to_rfc3339(Timestamp::max()) == "@9223372036854775807");
  CHECK(!parse_rfc3339("@-1"));
}

TEST_CASE("a moment is read with any offset and one to six decimals") {
  CHECK(parse_rfc3339("2027-01-31T19:30:00Z") == evening);
  CHECK(parse_rfc3339("2027-01-31T21:30:00+02:00") == evening);
  CHECK(parse_rfc3339("2027-01-31T12:00:00-07:30") == evening);
  CHECK(parse_rfc3339("2027-02-01T01:15:00+05:45") == evening);
  CHECK(parse_rfc3339("2027-01-31T19:30:00-00:00") == evening);
  CHECK(parse_rfc3339("2027-01-31T19:30:00.0Z") == evening);
  CHECK(parse_rfc3339("2027-01-31T19:30:00.25Z") == evening + 250ms);
  CHECK(parse_rfc3339("2027-01-31T19:30:00.000001+00:00") == evening + 1us);
  CHECK(parse_rfc3339("1970-01-01T00:00:00Z") == Timestamp{});
  CHECK(parse_rfc3339("9999-12-31T23:59:59.999999Z") == last_moment);
  CHECK(parse_rfc3339("2000-02-29T00:00:00Z") == std::chrono::sys_seconds{951'782'400s});
}

TEST_CASE("the examples of RFC 3339 are read, save those with a leap second") {
  CHECK(parse_rfc3339("1985-04-12T23:20:50.52Z") == at_micros(482'196'050'520'000));
  CHECK(parse_rfc3339("1996-12-19T16:39:57-08:00") == parse_rfc3339("1996-12-20T00:39:57Z"));
  CHECK(!parse_rfc3339("1990-12-31T23:59:60Z"));
  CHECK(!parse_rfc3339("1990-12-31T15:59:60-08:00"));
  CHECK(!parse_rfc3339("1937-01-01T12:00:27.87+00:20"));
}

TEST_CASE("what is not strictly RFC 3339 is refused") {
  for (const std::string_view text : {"",
                                      "2027",
                                      "2027-01-31",
                                      "2027-01-31T19:30:00",
                                      "2027-01-31T19:30Z",
                                      "2027-01-31 19:30:00Z",
                                      "2027-01-31t19:30:00Z",
                                      "2027-01-31T19:30:00z",
                                      "2027-01-31T19:30:00ZZ",
                                      "2027-01-31T19:30:00Z ",
                                      " 2027-01-31T19:30:00Z",
                                      "2027-1-31T19:30:00Z",
                                      "27-01-31T19:30:00Z",
                                      "+2027-01-31T19:30:00Z",
                                      "2027/01/31T19:30:00Z",
                                      "20270131T193000Z",
                                      "2027-01-31T19:30:00.Z",
                                      "2027-01-31T19:30:00.0000001Z",
                                      "2027-01-31T19:30:00,5Z",
                                      "2027-01-31T19:30:00+0200",
                                      "2027-01-31T19:30:00+02",
                                      "2027-01-31T19:30:00+2:00",
                                      "2027-01-31T19:30:00 +02:00",
                                      "2027-01-31T19:30:00+24:00",
                                      "2027-01-31T19:30:00+02:60",
                                      "2027-01-31T19:30:00+-2:00",
                                      "2027-01-31T19:30:00-+2:00",
                                      "2027-00-31T19:30:00Z",
                                      "2027-13-31T19:30:00Z",
                                      "2027-01-00T19:30:00Z",
                                      "2027-01-32T19:30:00Z",
                                      "2027-02-29T19:30:00Z",
                                      "2100-02-29T19:30:00Z",
                                      "2027-04-31T19:30:00Z",
                                      "2027-01-31T24:00:00Z",
                                      "2027-01-31T19:60:00Z",
                                      "2027-01-31T19:30:60Z",
                                      "1969-12-31T23:59:59Z",
                                      "0000-01-01T00:00:00Z",
                                      "10000-01-01T00:00:00Z",
                                      "1970-01-01T00:59:59+01:00",
                                      "9999-12-31T23:00:00-01:00",
                                      "-027-01-31T19:30:00Z",
                                      "2027-01-31T-9:30:00Z",
                                      "2027-01-31T19:30:00Zulu",
                                      "2027-W04-7T19:30:00Z"}) {
    CAPTURE(text);
    CHECK(!parse_rfc3339(text));
  }
}

TEST_CASE("a text with any one character missing or replaced is another moment or none, never an accident") {
  constexpr std::string_view good = "2027-01-31T19:30:00.250000+02:00";
  for (std::size_t at = 0; at < good.size(); ++at) {
    CHECK(!parse_rfc3339(good.substr(0, at)));
    for (int replacement = 0; replacement < 256; ++replacement) {
      std::string text(good);
      text[at] = static_cast<char>(replacement);
      const auto time = parse_rfc3339(text);
      if (text != good) CHECK(time != parse_rfc3339(good));
      if (time) CHECK(parse_rfc3339(to_rfc3339(*time)) == time);
    }
  }
}

TEST_CASE("what is read is what was written, and the C library's calendar says the same") {
  std::mt19937_64 random(1);
  const auto span = static_cast<std::uint64_t>(last_moment.time_since_epoch().count()) + 1;
  for (int round = 0; round < 20'000; ++round) {
    Timestamp time = at_micros(static_cast<std::int64_t>(random() % span));
    if (round % 2 == 0) time = std::chrono::floor<std::chrono::seconds>(time);
    const std::string text = to_rfc3339(time);
    REQUIRE(parse_rfc3339(text) == time);

    const auto seconds =
        static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
    std::tm calendar{};
    REQUIRE(gmtime_r(&seconds, &calendar) != nullptr);
    char expected[32];
    REQUIRE(std::strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S", &calendar) == 19);
    REQUIRE(text.substr(0, 19) == expected);
  }
}

TEST_CASE("a deadline is rounded up to the whole second") {
  CHECK(ceil_to_seconds(evening) == evening);
  CHECK(ceil_to_seconds(evening + 1us) == evening + 1s);
  CHECK(ceil_to_seconds(evening + 999'999us) == evening + 1s);
  CHECK(ceil_to_seconds(at_micros(-1)) == Timestamp{});
  CHECK(ceil_to_seconds(at_micros(-1'000'000)) == at_micros(-1'000'000));
}
