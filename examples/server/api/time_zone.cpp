#include "api/time_zone.hpp"

#include "options.hpp"
#include "ticketcore/base/time_zone.hpp"

namespace server {
namespace {

std::string house = "UTC";

}  // namespace

void use_time_zone(const std::string& name) {
  if (name.empty() || !ticketcore::is_known_time_zone(name))
    throw UsageError("--time-zone needs a name of the time zone database, such as Europe/Kyiv, not \"" +
                     name + "\"");
  house = name;
}

const std::string& house_time_zone() { return house; }

const std::string& time_zone_of(const ticketcore::EventSettings& settings) {
  return settings.time_zone.empty() ? house : settings.time_zone;
}

}  // namespace server
