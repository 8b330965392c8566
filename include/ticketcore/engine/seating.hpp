#pragma once
// Seating lists: who has which place of an event, in the hall's order, page by page. For doors, for a till
// that looks who sits on B-7, for what a house prints before the evening.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ticketcore/base/ids.hpp"
#include "ticketcore/base/time.hpp"
#include "ticketcore/sale/event_state.hpp"

namespace ticketcore {

/// What a place's occupant has of it.
enum class OccupantStatus : std::uint8_t { held, sold, admitted };

/// "admitted".
[[nodiscard]] constexpr std::string_view to_string(OccupantStatus status) noexcept {
  constexpr std::string_view names[] = {"held", "sold", "admitted"};
  return names[static_cast<std::size_t>(status)];
}

/// Where in the list somebody stands: by place, row after row, areas after all places; in an area the holds
/// first, by their ids, then the tickets, by order and number. The same on every host.
struct SeatingPosition {
  std::uint32_t where = 0;         ///< As TicketRecord::where.
  std::uint32_t order_number = 0;  ///< 0: a hold.
  std::uint32_t ticket = 0;        ///< Its number in the order.
  HoldId hold{};
  /// The list's order but for places of a map that was replaced: of these the map knows the order.
  friend auto operator<=>(const SeatingPosition&, const SeatingPosition&) = default;
};

/// "<where>.<order number>.<ticket>", or "<where>.<id of the hold>".
[[nodiscard]] std::string to_string(const SeatingPosition& position);
/// Reads what to_string writes; anything else is nullopt.
[[nodiscard]] std::optional<SeatingPosition> parse_seating_position(std::string_view text);

/// Whose a place is. A hold's admissions to one area stand together, those of tickets one by one.
struct Occupant {
  SeatingPosition position{};
  OccupantStatus status = OccupantStatus::held;
  std::string place{};  ///< The whole label of the place, or of the area.
  std::string section{};
  std::string row{};   ///< Empty in an area.
  std::string seat{};  ///< Empty in an area, and for a whole table or booth.
  std::string category{};
  std::uint32_t quantity = 1;
  HolderId holder{};
  std::optional<Timestamp> held_until{};
  // Of tickets alone:
  std::optional<TicketId> ticket{};
  std::uint32_t order_number = 0;
  std::string ticket_type{};
  std::optional<Timestamp> admitted_at{};
  std::string gate{};
};

struct SeatingOptions {
  std::optional<SeatingPosition> after{};  ///< The last occupant that is known; none: from the beginning.
  std::uint32_t limit = 500;               ///< Occupants of one page; 0 is taken for 1.
  /// A hold whose deadline has passed by then has expired. Default: Event::known_until().
  std::optional<Timestamp> at{};
};

struct SeatingPage {
  std::vector<Occupant> occupants{};
  std::optional<SeatingPosition> next{};  ///< after of the next page; nullopt at the end.
};

/// O(places passed over), and in areas O(tickets and open holds) for each page.
[[nodiscard]] SeatingPage seating(const EventState& state, const SeatingOptions& options, Timestamp now);

}  // namespace ticketcore
