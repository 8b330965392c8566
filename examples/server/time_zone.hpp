#pragma once
// The house's time zone: what stands on a ticket, and what a page shows, is what the clock in the foyer says.

#include <string>

#include "ticketcore/base/time.hpp"

namespace server {

/// Makes it the process's own, as TZ would. Throws UsageError for a name that the machine's time zone
/// database (tzdata) does not have.
void use_time_zone(const std::string& name);
/// An IANA name: "Europe/Kyiv".
[[nodiscard]] const std::string& time_zone();
/// "Sunday, 31 January 2027, 19:30", in that zone.
[[nodiscard]] std::string people_time(ticketcore::Timestamp time);

}  // namespace server
