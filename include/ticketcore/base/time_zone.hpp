#pragma once
// Time zones by their IANA names, "Europe/Kyiv". An event keeps a name and no offset: when clocks change is
// for governments to say, so a time is told by the machine's own time zone database (tzdata).
// is_time_zone_name is all that a decision needs. The other functions stand in ticketcore::zones.

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

#include "ticketcore/base/time.hpp"

namespace ticketcore {

/// Whether the text has the form of a zone's name: 1 to 64 letters, digits and "/_+-", a letter first. Says
/// nothing of whether there is such a zone, since one host's database may be older than another's.
[[nodiscard]] constexpr bool is_time_zone_name(std::string_view name) noexcept {
  const auto is_letter = [](char at) { return (at >= 'a' && at <= 'z') || (at >= 'A' && at <= 'Z'); };
  const auto fits = [&](char at) {
    return is_letter(at) || (at >= '0' && at <= '9') || at == '/' || at == '_' || at == '+' || at == '-';
  };
  return !name.empty() && name.size() <= 64 && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), fits);
}

/// Thrown for a name that the machine's time zone database does not have.
class UnknownTimeZone : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// Whether the machine's time zone database has it. An empty name is UTC. Throws std::runtime_error where
/// there is no database.
[[nodiscard]] bool is_known_time_zone(std::string_view name);

/// What a clock on the wall shows.
struct LocalTime {
  std::chrono::year_month_day date{};
  std::chrono::hh_mm_ss<std::chrono::seconds> clock{};
  std::chrono::seconds offset{};  ///< Ahead of UTC.
};

/// The moment in a zone; an empty name is UTC. Throws UnknownTimeZone, and std::runtime_error where there is
/// no database.
[[nodiscard]] LocalTime local_time(Timestamp time, std::string_view zone);
/// "Sunday, 31 January 2027, 19:30"; with " UTC" behind it where the zone's name is empty. Throws as
/// local_time.
[[nodiscard]] std::string people_time(Timestamp time, std::string_view zone);
/// "2027-01-31T19:30:00+02:00", without parts of a second; "Z" at the end where the zone's name is empty.
/// Throws as local_time.
[[nodiscard]] std::string to_rfc3339(Timestamp time, std::string_view zone);

}  // namespace ticketcore
