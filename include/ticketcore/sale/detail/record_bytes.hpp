#pragma once
// The parts of facts and commands as bytes: lists of places and an event's settings. docs/log-format.md
// describes them.

#include "ticketcore/base/detail/wire_writer.hpp"
#include "ticketcore/sale/facts.hpp"

namespace ticketcore::detail {

/// Each number as the difference to the one before it.
template <class Numbers>
void write_rising(wire::Writer& out, std::uint32_t field, const Numbers& numbers) {
  out.group(field, [&] {
    std::int64_t last = 0;
    for (const auto& number : numbers) {
      const auto value = static_cast<std::int64_t>(number);
      out.signed_varint(value - last);
      last = value;
    }
  });
}

inline void write_places(wire::Writer& out, std::uint32_t field, const PlaceList& places) {
  out.group(field, [&] {
    std::int64_t last = 0;
    for (const PlaceIndex place : places) {
      out.signed_varint(std::int64_t{place.value} - last);
      last = place.value;
    }
  });
}

inline void write_area_quantities(wire::Writer& out, std::uint32_t field, const AreaQuantities& areas) {
  for (const AreaQuantity& wanted : areas) {
    out.group(field, [&] {
      out.varint(wanted.area.value);
      out.varint(wanted.quantity);
    });
  }
}

inline void write_settings(wire::Writer& out, std::uint32_t field, const EventSettings& settings) {
  out.group(field, [&] {
    // A member more does not compile until it is written.
    const auto& [name, venue, starts_at, prices, policy, time_zone] = settings;
    const auto& [places_per_hold, holds_per_holder, places_per_holder, hold_lifetime] = policy;
    out.field(1, name);
    out.field(2, venue);
    out.signed_field(3, starts_at.time_since_epoch().count());
    out.field(4, prices.currency().code());
    for (const std::string& type : prices.ticket_types()) out.field(5, type);
    for (const PriceList::Line& line : prices.lines()) {
      out.group(6, [&] {
        out.field(1, line.category);
        out.field(2, std::uint64_t{line.ticket_type});
        out.signed_field(3, line.amount);
      });
    }
    out.signed_field(7, prices.per_ticket());
    out.signed_field(8, prices.per_order());
    out.field(9, std::uint64_t{prices.tax_basis_points()});
    out.field(10, std::uint64_t{places_per_hold});
    out.field(11, std::uint64_t{holds_per_holder});
    out.field(12, std::uint64_t{places_per_holder});
    out.field(13, static_cast<std::uint64_t>(hold_lifetime.count()));
    out.field(14, time_zone);
  });
}

}  // namespace ticketcore::detail
