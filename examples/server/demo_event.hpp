#pragma once
// An evening to try the server with.

#include <string>

#include "ticketcore/engine/box_office.hpp"

namespace server {

/// Creates the event "gala" with the chart, in about two months, unless it is there. Throws Error for a chart
/// that can't be read.
void make_demo_event(ticketcore::BoxOffice& office, const std::string& chart);

}  // namespace server
