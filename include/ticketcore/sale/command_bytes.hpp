#pragma once
// A command's bytes: one encoding for each command, the same on every machine. Two commands that differ in
// anything differ in their bytes. They are what the digest is taken of that tells a repetition from another
// command under the same request id. docs/log-format.md describes them.

#include "ticketcore/base/detail/siphash.hpp"
#include "ticketcore/sale/commands.hpp"
#include "ticketcore/sale/detail/record_bytes.hpp"
#include "ticketcore/venue/detail/seat_map_bytes.hpp"

namespace ticketcore {
namespace detail {

// Field 1 is kept for the request. Each takes its command apart by structured bindings: a member more does
// not compile here until it is written.

inline void write_fields(wire::Writer& out, const CreateEvent& command) {
  const auto& [event, settings, seat_map, sale] = command;
  out.field(2, event.text());
  write_settings(out, 3, settings);
  if (seat_map != nullptr) out.group(4, [&out, &map = *seat_map] { write_seat_map(out, map); });
  out.field(5, static_cast<std::uint64_t>(sale));
}
inline void write_fields(wire::Writer& out, const ConfigureEvent& command) {
  const auto& [settings] = command;
  write_settings(out, 2, settings);
}
inline void write_fields(wire::Writer& out, const SetSaleStatus& command) {
  const auto& [status] = command;
  out.field(2, static_cast<std::uint64_t>(status));
}
inline void write_fields(wire::Writer& out, const PlaceHold& command) {
  const auto& [holder, places, areas, ttl] = command;
  out.field(2, holder.text());
  write_places(out, 3, places);
  write_area_quantities(out, 4, areas);
  out.signed_field(5, ttl.count());
}
inline void write_fields(wire::Writer& out, const HoldBest& command) {
  const auto& [holder, categories, count, accessible, restricted_view, together, ttl] = command;
  out.field(2, holder.text());
  out.group(3, [&out, &list = categories] {
    for (const CategoryIndex category : list) out.varint(category.value);
  });
  out.field(4, std::uint64_t{count});
  out.field(5, std::uint64_t{accessible});
  out.field(6, static_cast<std::uint64_t>(restricted_view));
  out.field(7, static_cast<std::uint64_t>(together));
  out.signed_field(8, ttl.count());
}
inline void write_fields(wire::Writer& out, const ExtendHold& command) {
  const auto& [hold, ttl] = command;
  out.field(2, hold);
  out.signed_field(3, ttl.count());
}
inline void write_fields(wire::Writer& out, const ReleaseHold& command) {
  const auto& [hold] = command;
  out.field(2, hold);
}
inline void write_fields(wire::Writer& out, const QuoteHold& command) {
  const auto& [hold, choices] = command;
  out.field(2, hold);
  for (const TicketChoice& choice : choices) {
    const auto& [ticket_type, count, category] = choice;
    out.group(3, [&out, &type = ticket_type, number = count, &key = category] {
      out.text(type);
      out.varint(number);
      out.text(key);
    });
  }
}
inline void write_fields(wire::Writer& out, const CheckOut& command) {
  const auto& [hold, payment] = command;
  const auto& [method, reference, amount] = payment;
  out.field(2, hold);
  out.field(3, method);
  out.field(4, reference);
  out.optional_signed_field(5, amount);
}
inline void write_fields(wire::Writer& out, const RefundTickets& command) {
  const auto& [order, tickets, reference] = command;
  out.field(2, order);
  write_rising(out, 3, tickets);
  out.field(4, reference);
}
inline void write_fields(wire::Writer& out, const AdmitTicket& command) {
  const auto& [ticket, gate] = command;
  out.field(2, ticket.order);
  out.field(3, std::uint64_t{ticket.number});
  out.field(4, gate);
}

}  // namespace detail

/// Appends the command's kind, one byte, and its fields, as facts have theirs. The request id is left out.
inline void write_command(wire::Writer& out, const CommandBody& body) {
  std::visit(
      [&](const auto& command) {
        out.u8(command.tag);
        detail::write_fields(out, command);
      },
      body);
}

/// SipHash-2-4 of the command's bytes under the key 00 01 02 ... 0f. The log has it: it never changes for the
/// same command. Linear in what the command names, seat map included.
[[nodiscard]] inline std::uint64_t digest_of(const CommandBody& body) {
  constexpr SipKey key{0x0706050403020100ULL, 0x0F0E0D0C0B0A0908ULL};
  wire::Writer out;
  write_command(out, body);
  return siphash24(key, out.view());
}

}  // namespace ticketcore
