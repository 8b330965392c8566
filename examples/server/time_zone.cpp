#include "time_zone.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "options.hpp"

namespace server {
namespace {

std::string current = "UTC";

}  // namespace

void use_time_zone(const std::string& name) {
  const bool fit =
      !name.empty() && name.front() != '/' && name.find("..") == std::string::npos &&
      std::all_of(name.begin(), name.end(), [](unsigned char letter) {
        return std::isalnum(letter) != 0 || letter == '/' || letter == '_' || letter == '-' || letter == '+';
      });
  if (name != "UTC" && (!fit || !std::filesystem::is_regular_file("/usr/share/zoneinfo/" + name)))
    throw UsageError("--time-zone needs a name of the time zone database, such as Europe/Kyiv, not \"" +
                     name + "\"");
  setenv("TZ", name.c_str(), 1);
  tzset();
  current = name;
}

const std::string& time_zone() { return current; }

std::string people_time(ticketcore::Timestamp time) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[80];
  return {text, std::strftime(text, sizeof text, "%A, %e %B %Y, %H:%M", &local)};
}

}  // namespace server
