#pragma once
// What most programs need, in one include: the box office with its calls and answers, the seat map and its
// builder, money and time, tickets as pictures, and the stores. What stands in a target of its own is only
// declared here: a program links ticketcore::sqlite, ticketcore::postgres or ticketcore::formats where it
// uses them. The rest has headers of its own: archives, audits and erasure (log/), tables for SQL
// (projections/), the state machine by itself (sale/).

#include "ticketcore/base/currency.hpp"
#include "ticketcore/base/errors.hpp"
#include "ticketcore/base/ids.hpp"
#include "ticketcore/base/money.hpp"
#include "ticketcore/base/result.hpp"
#include "ticketcore/base/time.hpp"
#include "ticketcore/base/time_zone.hpp"
#include "ticketcore/engine/answers.hpp"
#include "ticketcore/engine/availability.hpp"
#include "ticketcore/engine/box_office.hpp"
#include "ticketcore/engine/change_feed.hpp"
#include "ticketcore/engine/seating.hpp"
#include "ticketcore/formats/seat_map_json.hpp"
#include "ticketcore/pricing/pricing.hpp"
#include "ticketcore/storage/memory.hpp"
#include "ticketcore/storage/open_storage.hpp"
#include "ticketcore/storage/postgres.hpp"
#include "ticketcore/storage/sqlite.hpp"
#include "ticketcore/tickets/seat_map_svg.hpp"
#include "ticketcore/tickets/signing.hpp"
#include "ticketcore/tickets/ticket_code.hpp"
#include "ticketcore/tickets/ticket_svg.hpp"
#include "ticketcore/venue/seat_map.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"
