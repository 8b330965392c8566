#include "ticketcore/log/stored_map.hpp"

#include <optional>

#include "log/entry_frame.hpp"
#include "ticketcore/venue/detail/seat_map_bytes.hpp"

namespace ticketcore {
namespace {

constexpr frame::Kind map_kind = {'t', 'k', 'm', 'p'};

/// A map's entry, if it has one.
[[nodiscard]] std::optional<Bytes> read_map_entry(Storage& storage, const StreamId& stream) {
  std::vector<Entry> entries = storage.read(stream, 0, 1);
  if (entries.empty()) return std::nullopt;
  return std::move(entries.front().bytes);
}

}  // namespace

MapEntry encode_map_entry(const SeatMap& map) {
  wire::Writer out;
  frame::begin(out, map_kind);
  detail::write_seat_map(out, map);
  const std::uint32_t checksum = frame::finish(out);
  return {stream_of(seat_map_hash(out.view().subspan(frame::size))), checksum, out.take()};
}

BytesView decode_map_entry(BytesView entry, const StreamId& stream) {
  const std::string what = "the seat map " + stream;
  (void)frame::check(entry, map_kind, frame::size, what, "a seat map's entry");
  const BytesView map = entry.subspan(frame::size);
  if (stream_of(seat_map_hash(map)) != stream)
    throw StorageDamaged(what + " is damaged: what stands there is another map");
  return map;
}

bool is_stored(Storage& storage, const SeatMapHash& map) {
  const StreamId stream = stream_of(map);
  const auto entry = read_map_entry(storage, stream);
  if (entry) (void)decode_map_entry(*entry, stream);
  return entry.has_value();
}

std::shared_ptr<const SeatMap> load_map(Storage& storage, const SeatMapHash& map, std::string_view what) {
  if (auto shared = find_shared_seat_map(map)) return shared;
  const StreamId stream = stream_of(map);
  auto entry = read_map_entry(storage, stream);
  if (!entry) {
    // Where a store's streams lie on several nodes, one may show a commit a moment before another does.
    const Position beginning{stream, 0, {}};
    if (storage.wait_for_news({&beginning, 1}, std::chrono::seconds(2)))
      entry = read_map_entry(storage, stream);
  }
  if (!entry)
    throw StorageDamaged("the seat map " + stream + " is missing, which " + std::string(what) + " names");
  return shared_seat_map(decode_map_entry(*entry, stream), "the seat map " + stream);
}

}  // namespace ticketcore
