#pragma once
// Seat maps in the store: each once, however many events use it. A map is the only entry of a stream of its
// own, which has the hash of the map's bytes for its name; facts in the log name the map by that hash.
// docs/log-format.md describes the entry.

#include <memory>
#include <string_view>
#include <type_traits>
#include <variant>

#include "ticketcore/base/fields.hpp"
#include "ticketcore/storage/storage.hpp"
#include "ticketcore/venue/seat_map_bytes.hpp"

namespace ticketcore {

/// The stream of a map's one entry: "map/" and the hash's digits.
[[nodiscard]] inline StreamId stream_of(const SeatMapHash& map) { return "map/" + to_string(map); }

/// A map's entry, to be appended to its stream where that has none yet.
struct MapEntry {
  StreamId stream{};
  std::uint32_t checksum = 0;  ///< CRC32C of the entry.
  Bytes bytes{};
};
/// Linear in the map.
[[nodiscard]] MapEntry encode_map_entry(const SeatMap& map);

/// The map's own bytes in its entry. Throws StorageDamaged when the stream's name is not that of these bytes,
/// or the entry is damaged in another way; StorageNewer. Both name the stream.
[[nodiscard]] BytesView decode_map_entry(BytesView entry, const StreamId& stream);

/// Whether the storage has the map; its entry is read and proven. Throws what decode_map_entry does, and
/// StorageError.
[[nodiscard]] bool is_stored(Storage& storage, const SeatMapHash& map);

/// The shared map of this hash (shared_seat_map): the storage is read only if nobody has it. Throws
/// StorageDamaged when the storage does not have it, naming what asks for it ("entry 1 of event/gala"), and
/// what is_stored does.
[[nodiscard]] std::shared_ptr<const SeatMap> load_map(Storage& storage, const SeatMapHash& map,
                                                      std::string_view what);

/// The seat map that a fact or a command has, or null.
template <class... Body>
[[nodiscard]] const SeatMap* seat_map_of(const std::variant<Body...>& body) {
  return std::visit(
      []<class Record>(const Record& record) {
        const SeatMap* map = nullptr;
        for_each_field<Record>([&]<class Member>(const Field<Record, Member>& each) {
          if constexpr (std::is_same_v<Member, std::shared_ptr<const SeatMap>>)
            map = (record.*each.member).get();
        });
        return map;
      },
      body);
}

}  // namespace ticketcore
