#pragma once
// BroughtMaps: the seat maps that the commands of one turn bring. One that the store does not have yet is
// appended in the commit of the event's own entry: the log names no map that is not there, and the store has
// each once, however many hosts bring it at the same time.

#include <boost/container/small_vector.hpp>
#include <map>
#include <optional>
#include <span>

#include "ticketcore/log/stored_map.hpp"
#include "ticketcore/sale/commands.hpp"
#include "ticketcore/sale/request_refused.hpp"

namespace ticketcore {

/// Of a turn; most have but the event's.
using Positions = boost::container::small_vector<Position, 1>;
using Appends = boost::container::small_vector<Append, 2>;

/// Its functions are called in their order, once a turn. Not synchronized. They throw what the storage does,
/// and StorageDamaged where a stream of a map holds something else.
class BroughtMaps {
 public:
  /// Looks at the commands, and in the store for the maps that they bring.
  void look_at(std::span<const Command> commands, Storage& storage);
  /// The turn takes the streams of the maps that are not there. Events' streams stand before those of maps.
  void add_streams_to(Positions& streams) const;
  /// What another host has stored meanwhile is there.
  void see(Turn& turn);
  /// A fact of the turn: the map that it names is to be stored. Why it can't be, if so.
  [[nodiscard]] std::optional<RequestRefused> name(const FactBody& fact);
  void add_entries_to(Appends& entries) const;

 private:
  struct Brought {
    std::optional<MapEntry> missing{};
    bool named = false;
  };
  std::map<SeatMapHash, Brought> maps_;
};

}  // namespace ticketcore
