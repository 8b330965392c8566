#include "ticketcore/log/snapshot.hpp"

#include <algorithm>
#include <array>

#include "ticketcore/base/crc32c.hpp"
#include "ticketcore/base/detail/wire_reader.hpp"
#include "ticketcore/log/log.hpp"
#include "ticketcore/log/stored_map.hpp"

namespace ticketcore {
namespace {

using wire::Reader;
using wire::Writer;

constexpr std::array<std::uint8_t, 4> snapshot_magic = {'t', 'k', 's', 'n'};
// magic, version, three reserved bytes, checksum of all that follows
constexpr std::size_t snapshot_checksum_at = 8;
constexpr std::size_t snapshot_header_size = 12;

/// The event itself travels as the fact that would create it now, which names the map. Behind it stands the
/// map, unless a stream has it: what a map on a live event was changed to need not be anybody else's.
void write_event(Writer& out, const EventState& state, Storage* maps) {
  EntryWriter entry;
  entry.begin({1, state.time(), 0, 0});
  entry.add({{}, EventCreated{state.event(), state.settings(), state.seat_map(), state.sale_status()}});
  const BytesView bytes = entry.finish();
  out.varint(bytes.size());
  out.raw(bytes.data(), bytes.size());
  const bool stored =
      state.seat_map() == nullptr || (maps != nullptr && is_stored(*maps, seat_map_hash(*state.seat_map())));
  const Bytes map = stored ? Bytes() : encode_seat_map(*state.seat_map());
  out.varint(map.size());
  out.raw(map.data(), map.size());
}

void read_event(Reader& in, Storage& maps, EventState& state) {
  const BytesView event = in.bytes(in.count());
  const BytesView map = in.bytes(in.count());
  // While somebody has it, the fact finds it by its hash.
  const auto own_map = map.empty() ? nullptr : shared_seat_map(map, in.what());
  const LogEntry entry = decode_entry(event, in.what(), maps);
  if (entry.facts.size() != 1 || !std::holds_alternative<EventCreated>(entry.facts.front().body))
    in.damaged("it holds no event");
  state.apply(entry.facts.front(), {0, entry.header.turn});
}

}  // namespace

Bytes encode_snapshot(const EventState& state, Revision revision, std::uint32_t checksum, Storage* maps) {
  Writer out;
  out.raw(snapshot_magic.data(), snapshot_magic.size());
  out.fixed(std::uint32_t{snapshot_format_version});
  out.fixed(std::uint32_t{0});
  out.fixed(revision);
  out.fixed(checksum);
  write_event(out, state, maps);
  state.write_parts(out);
  out.patch(snapshot_checksum_at, crc32c(out.view().subspan(snapshot_header_size)));
  return out.take();
}

std::optional<StateAtRevision> decode_snapshot(BytesView bytes, std::string_view what, Storage& maps,
                                               const HashKey& key) {
  Reader in(bytes, what);
  if (bytes.size() < snapshot_header_size ||
      !std::equal(snapshot_magic.begin(), snapshot_magic.end(), bytes.begin()))
    in.damaged("it does not begin like a snapshot");
  if (bytes[4] != snapshot_format_version) return std::nullopt;
  in.bytes(snapshot_checksum_at);
  if (in.fixed<std::uint32_t>() != crc32c(bytes.subspan(snapshot_header_size)))
    in.damaged("its checksum does not match");
  StateAtRevision read{EventState(key), 0, 0};
  read.revision = in.fixed<std::uint64_t>();
  read.checksum = in.fixed<std::uint32_t>();
  try {
    read_event(in, maps, read.state);
    read.state.read_parts(in);
  } catch (const InvariantBroken& error) {
    in.damaged(error.what());
  } catch (const StorageNewer&) {
    return std::nullopt;  // The event in it is written as the log has it; if the log needs a newer version
                          // too, reading that says so.
  }
  if (!in.at_end()) in.damaged("something follows its end");
  return read;
}

}  // namespace ticketcore
