#include "ticketcore/venue/seat_map_bytes.hpp"

#include <sodium.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include "ticketcore/base/detail/wire_reader.hpp"
#include "ticketcore/base/id_generator.hpp"
#include "ticketcore/venue/detail/seat_map_bytes.hpp"

namespace ticketcore {
namespace {

using wire::Reader;

[[nodiscard]] std::int32_t read_coordinate(Reader& in) {
  const std::int64_t value = in.signed_varint();
  if (value < INT32_MIN || value > INT32_MAX) in.damaged("a coordinate is out of range");
  return static_cast<std::int32_t>(value);
}

[[nodiscard]] Point read_point(Reader& in) {
  const std::int32_t x = read_coordinate(in);
  return {x, read_coordinate(in)};
}

[[nodiscard]] std::vector<Point> read_points(Reader in) {
  std::vector<Point> points;
  while (!in.at_end()) points.push_back(read_point(in));
  return points;
}

template <class Read>
void read_column(Reader in, std::vector<Place>& places, Read&& read) {
  for (Place& place : places) read(in, place);
  if (!in.at_end()) in.damaged("a column of places is too long");
}

[[nodiscard]] Category read_category(Reader in) {
  Category category;
  while (const std::uint32_t field = in.next_field()) {
    switch (field) {
      case 1: category.key = in.text_field(); break;
      case 2: category.name = in.text_field(); break;
      case 3: category.color = in.text_field(); break;
      default: in.skip();
    }
  }
  return category;
}

[[nodiscard]] Zone read_zone(Reader in) {
  Zone zone;
  while (const std::uint32_t field = in.next_field()) {
    switch (field) {
      case 1: zone.key = in.text_field(); break;
      case 2: zone.name = in.text_field(); break;
      case 3: {
        Reader point = in.group_field();
        zone.focal_point = read_point(point);
        break;
      }
      default: in.skip();
    }
  }
  return zone;
}

[[nodiscard]] Section read_section(Reader in) {
  Section section;
  in.u8();
  if (const std::uint32_t floor = in.number()) section.floor = floor - 1;
  if (const std::uint32_t zone = in.number()) section.zone = zone - 1;
  section.label = in.text();
  section.entrance = in.text();
  section.outline = read_points(in);
  return section;
}

void read_row(Reader in, SeatMapData& map) {
  Row row;
  row.section = {in.number()};
  row.place_count = in.number(limits::places);
  const std::uint8_t kind = in.u8();
  if (kind > static_cast<std::uint8_t>(RowKind::booth)) in.damaged("a row is of no known kind");
  row.kind = static_cast<RowKind>(kind);
  row.label = in.text();
  if (!map.rows.empty()) row.first_place = map.rows.back().first_place + map.rows.back().place_count;
  if (row.first_place > limits::places) in.damaged("a row begins out of range");
  map.rows.push_back(std::move(row));
}

[[nodiscard]] Area read_area(Reader in) {
  Area area;
  while (const std::uint32_t field = in.next_field()) {
    switch (field) {
      case 1: area.label = in.text_field(); break;
      case 2: area.section = {in.number_field()}; break;
      case 3: area.category = {in.number_field()}; break;
      case 4: area.capacity = in.number_field(); break;
      case 5: {
        Reader point = in.group_field();
        area.center = read_point(point);
        break;
      }
      case 6: area.outline = read_points(in.group_field()); break;
      case 7: area.retired = in.number_field(1) != 0; break;
      default: in.skip();
    }
  }
  return area;
}

[[nodiscard]] Shape read_shape(Reader in) {
  Shape shape;
  const std::uint8_t kind = in.u8();
  if (kind > static_cast<std::uint8_t>(ShapeKind::text)) in.damaged("a shape is of no known kind");
  shape.kind = static_cast<ShapeKind>(kind);
  shape.label = in.text();
  shape.outline = read_points(in);
  return shape;
}

void read_place_column(Reader in, std::uint32_t field, std::vector<Place>& places) {
  Point last{};
  const auto number16 = [](Reader& from) { return static_cast<std::uint16_t>(from.number(UINT16_MAX)); };
  read_column(in, places, [&](Reader& from, Place& place) {
    switch (field) {
      case 10: {
        const std::int64_t x = last.x + from.signed_varint() % (std::int64_t{1} << 33);
        const std::int64_t y = last.y + from.signed_varint() % (std::int64_t{1} << 33);
        if (x < INT32_MIN || x > INT32_MAX || y < INT32_MIN || y > INT32_MAX)
          from.damaged("a coordinate is out of range");
        place.position = last = {static_cast<std::int32_t>(x), static_cast<std::int32_t>(y)};
        break;
      }
      case 11: place.label = from.number(); break;
      case 12: place.slot = number16(from); break;
      case 13: place.category = number16(from); break;
      case 14: place.seats = number16(from); break;
      default: {
        const std::uint8_t packed = from.u8();
        if (packed >> 6U > static_cast<unsigned>(PlaceKind::booth))
          from.damaged("a place is of no known kind");
        place.flags = static_cast<PlaceFlags>(packed & 0x3FU);
        place.kind = static_cast<PlaceKind>(packed >> 6U);
      }
    }
  });
}

[[nodiscard]] std::vector<std::uint32_t> read_order(Reader in) {
  std::vector<std::uint32_t> order;
  std::int64_t last = 0;
  while (!in.at_end()) {
    last += in.signed_varint() % (std::int64_t{1} << 33);
    if (last < 0 || last > limits::places) in.damaged("the order of its places is out of range");
    order.push_back(static_cast<std::uint32_t>(last));
  }
  return order;
}

void assign_rows(Reader& in, SeatMapData& map) {
  if (!detail::orders_every_place(map)) in.damaged("the order of its places is none");
  for (std::uint32_t index = 0; index < map.rows.size(); ++index) {
    const Row& row = map.rows[index];
    if (row.first_place + std::uint64_t{row.place_count} > map.places.size())
      in.damaged("a row reaches past the places");
    for (std::uint32_t at = row.first_place; at < row.first_place + row.place_count; ++at)
      map.places[map.order.empty() ? at : map.order[at]].row = {index};
  }
}

}  // namespace

Bytes encode_seat_map(const SeatMap& map) {
  wire::Writer out;
  detail::write_seat_map(out, map);
  return out.take();
}

SeatMap decode_seat_map(BytesView bytes, std::string_view what) {
  Reader in(bytes, what);
  SeatMapData map;
  while (const std::uint32_t field = in.next_field()) {
    switch (field) {
      case 1: map.name = in.text_field(); break;
      case 2: {
        Reader point = in.group_field();
        map.focal_point = read_point(point);
        break;
      }
      case 3: map.categories.push_back(read_category(in.group_field())); break;
      case 4: {
        Reader floor = in.group_field();
        map.floors.push_back({floor.text()});
        break;
      }
      case 5: map.zones.push_back(read_zone(in.group_field())); break;
      case 6: map.sections.push_back(read_section(in.group_field())); break;
      case 7: read_row(in.group_field(), map); break;
      case 8: {
        Reader label = in.group_field();
        map.labels.push_back(label.text());
        break;
      }
      case 9: map.places.resize(in.number_field(limits::places)); break;
      case 10:
      case 11:
      case 12:
      case 13:
      case 14:
      case 15: read_place_column(in.group_field(), field, map.places); break;
      case 16: map.areas.push_back(read_area(in.group_field())); break;
      case 17: map.shapes.push_back(read_shape(in.group_field())); break;
      case 18: map.order = read_order(in.group_field()); break;
      default: in.skip();
    }
  }
  assign_rows(in, map);
  try {
    return SeatMap(std::move(map), new_hash_key());
  } catch (const SeatMapError& error) {
    in.damaged(error.what());
  }
}

std::string to_string(const SeatMapHash& hash) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : hash.bytes) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

SeatMapHash seat_map_hash(BytesView bytes) {
  SeatMapHash hash;
  static_assert(sizeof hash.bytes == crypto_hash_sha256_BYTES);
  crypto_hash_sha256(hash.bytes.data(), bytes.data(), bytes.size());
  return hash;
}

namespace {

/// The maps that somebody has. Keeps none alive.
class MapsInUse {
 public:
  /// Null if nobody has it.
  [[nodiscard]] std::shared_ptr<const SeatMap> find(const SeatMapHash& hash) {
    const std::lock_guard lock(mutex_);
    return find_here(hash);
  }
  /// Nullopt for a map that was not added, or whose hash is not its own.
  [[nodiscard]] std::optional<SeatMapHash> hash_of(const SeatMap& map) {
    const std::lock_guard lock(mutex_);
    const auto known = hashes_.find(&map);
    // Where this one stands there may have been another.
    if (known == hashes_.end() || find_here(known->second).get() != &map) return std::nullopt;
    return known->second;
  }
  /// The map from now on, unless another thread was faster with one of the same hash. own: the hash is that
  /// of the map's bytes as they are written here.
  [[nodiscard]] std::shared_ptr<const SeatMap> add(const SeatMapHash& hash,
                                                   std::shared_ptr<const SeatMap> map, bool own) {
    const std::lock_guard lock(mutex_);
    if (auto other = find_here(hash)) return other;
    if (std::max(maps_.size(), hashes_.size()) >= sweep_at_) sweep();
    maps_[hash] = map;
    if (own) hashes_[map.get()] = hash;
    return map;
  }

 private:
  [[nodiscard]] std::shared_ptr<const SeatMap> find_here(const SeatMapHash& hash) const {
    const auto found = maps_.find(hash);
    return found == maps_.end() ? nullptr : found->second.lock();
  }
  void sweep() {
    std::erase_if(maps_, [](const auto& kept) { return kept.second.expired(); });
    std::erase_if(hashes_, [this](const auto& kept) { return find_here(kept.second).get() != kept.first; });
    sweep_at_ = std::max<std::size_t>(64, 2 * std::max(maps_.size(), hashes_.size()));
  }

  std::mutex mutex_;
  std::map<SeatMapHash, std::weak_ptr<const SeatMap>> maps_;
  std::map<const SeatMap*, SeatMapHash> hashes_;
  std::size_t sweep_at_ = 64;
};

[[nodiscard]] MapsInUse& maps_in_use() {
  static MapsInUse maps;
  return maps;
}

}  // namespace

SeatMapHash seat_map_hash(const SeatMap& map) {
  if (const auto known = maps_in_use().hash_of(map)) return *known;
  return seat_map_hash(encode_seat_map(map));
}

std::shared_ptr<const SeatMap> find_shared_seat_map(const SeatMapHash& hash) {
  return maps_in_use().find(hash);
}

std::shared_ptr<const SeatMap> shared_seat_map(BytesView bytes, std::string_view what) {
  const SeatMapHash hash = seat_map_hash(bytes);
  if (auto map = maps_in_use().find(hash)) return map;
  const auto map = std::make_shared<const SeatMap>(decode_seat_map(bytes, what));
  // What a later version has written may have fields that are skipped here, and another hash without them.
  return maps_in_use().add(hash, map, std::ranges::equal(encode_seat_map(*map), bytes));
}

std::shared_ptr<const SeatMap> shared_seat_map(std::shared_ptr<const SeatMap> map) {
  const SeatMapHash hash = seat_map_hash(*map);
  return maps_in_use().add(hash, std::move(map), true);
}

}  // namespace ticketcore
