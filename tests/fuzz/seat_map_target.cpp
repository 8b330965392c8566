#include "fuzz.hpp"
#include "ticketcore/base/detail/utf8.hpp"
#include "ticketcore/formats/seat_map_json.hpp"
#include "ticketcore/log/log.hpp"

namespace ticketcore::fuzz {
namespace {

void check_bytes(const SeatMap& map) {
  const Bytes bytes = encode_seat_map(map);
  const SeatMap again = decode_seat_map(bytes, "it");
  require(again.data() == map.data(), "a seat map survives the log");
  require(encode_seat_map(again) == bytes, "what is written twice is the same");
}

void check_labels(const SeatMap& map) {
  for (std::uint32_t place = 0; place < std::min(map.place_count(), 50U); ++place)
    require(map.find_place(map.label(PlaceIndex{place})) == PlaceIndex{place},
            "a place is found by its label");
  for (std::uint32_t area = 0; area < std::min<std::size_t>(map.areas().size(), 50); ++area)
    require(map.find_area(map.label(AreaIndex{area})) == AreaIndex{area}, "an area is found by its label");
}

}  // namespace

void seat_map(BytesView bytes) {
  try {
    const SeatMap map = decode_seat_map(bytes, "it");
    check_bytes(map);
    check_labels(map);
  } catch (const StorageDamaged&) {
  }
}

void chart(BytesView bytes) {
  try {
    const SeatMap map = parse_seat_map(text_of(bytes));
    check_bytes(map);
    check_labels(map);
    const std::string json = seat_map_to_json(map);
    const SeatMap again = parse_seat_map(json);
    require(again.capacity() == map.capacity() && again.place_count() == map.place_count(),
            "a chart written as JSON has as many places");
    require(seat_map_to_json(again) == json, "what is written twice is the same");
  } catch (const SeatMapError& error) {
    require(!error.problems().empty(), "who refuses a chart says why");
  }
}

}  // namespace ticketcore::fuzz
