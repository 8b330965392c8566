#include "ticketcore/base/time_zone.hpp"

#include <array>
#include <cstdio>

// The standard library's own database where it has one, which is the same work: the one became the other.
#if defined(__cpp_lib_chrono) && __cpp_lib_chrono >= 201907L
namespace zones = std::chrono;
#else
#include <date/tz.h>
namespace zones = date;
#endif

namespace ticketcore {
namespace {

[[nodiscard]] const zones::time_zone& find_zone(std::string_view name) {
  if (name.empty()) name = "UTC";
  // A name may become a path in there.
  if (is_time_zone_name(name)) {
    try {
      return *zones::locate_zone(name);
    } catch (const std::runtime_error&) {
      (void)zones::locate_zone("UTC");  // throws where there is no database at all
    }
  }
  throw UnknownTimeZone("\"" + std::string(name.substr(0, 64)) +
                        "\" is no time zone that this machine's database (tzdata) has; one is called by its "
                        "IANA name, such as Europe/Kyiv");
}

template <class... Parts>
[[nodiscard]] std::string formatted(const char* format, Parts... parts) {
  char text[96];
  return {text, static_cast<std::size_t>(std::snprintf(text, sizeof text, format, parts...))};
}

}  // namespace

bool is_known_time_zone(std::string_view name) {
  try {
    (void)find_zone(name);
    return true;
  } catch (const UnknownTimeZone&) {
    return false;
  }
}

LocalTime local_time(Timestamp time, std::string_view zone) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const std::chrono::seconds offset = find_zone(zone).get_info(second).offset;
  const auto local = second + offset;
  const auto day = std::chrono::floor<std::chrono::days>(local);
  return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss(local - day), offset};
}

std::string people_time(Timestamp time, std::string_view zone) {
  constexpr std::array days{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  constexpr std::array months{"January", "February", "March",     "April",   "May",      "June",
                              "July",    "August",   "September", "October", "November", "December"};
  const LocalTime at = local_time(time, zone);
  const std::chrono::weekday day{std::chrono::sys_days{at.date}};
  return formatted("%s, %u %s %d, %02d:%02d%s", days[day.c_encoding()], static_cast<unsigned>(at.date.day()),
                   months[static_cast<unsigned>(at.date.month()) - 1], static_cast<int>(at.date.year()),
                   static_cast<int>(at.clock.hours().count()), static_cast<int>(at.clock.minutes().count()),
                   zone.empty() ? " UTC" : "");
}

std::string to_rfc3339(Timestamp time, std::string_view zone) {
  const LocalTime at = local_time(time, zone);
  const std::string local =
      formatted("%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(at.date.year()),
                static_cast<unsigned>(at.date.month()), static_cast<unsigned>(at.date.day()),
                static_cast<int>(at.clock.hours().count()), static_cast<int>(at.clock.minutes().count()),
                static_cast<int>(at.clock.seconds().count()));
  if (zone.empty()) return local + "Z";
  // RFC 3339 has no seconds in an offset; before 1900 local clocks had them.
  const auto minutes = static_cast<int>(std::chrono::floor<std::chrono::minutes>(at.offset).count());
  const int ahead = minutes < 0 ? -minutes : minutes;
  return local + formatted("%c%02d:%02d", minutes < 0 ? '-' : '+', ahead / 60, ahead % 60);
}

}  // namespace ticketcore
