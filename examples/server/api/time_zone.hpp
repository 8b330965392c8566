#pragma once
// Which time zone an event's times are told in: its own, or the house's where it names none.

#include <string>

#include "ticketcore/sale/facts.hpp"

namespace server {

/// The house's from now on. Throws UsageError for a name that the machine's time zone database (tzdata) does
/// not have.
void use_time_zone(const std::string& name);
/// An IANA name: "Europe/Kyiv".
[[nodiscard]] const std::string& house_time_zone();
[[nodiscard]] const std::string& time_zone_of(const ticketcore::EventSettings& settings);

}  // namespace server
