#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

#include "little_house.hpp"
#include "ticketcore/engine/box_office.hpp"
#include "ticketcore/storage/memory.hpp"
#include "ticketcore/venue/seat_map_bytes.hpp"

using namespace ticketcore;

namespace {

[[nodiscard]] std::shared_ptr<const SeatMap> copy_of(const SeatMap& map) {
  return std::make_shared<const SeatMap>(decode_seat_map(encode_seat_map(map), "a copy"));
}

}  // namespace

TEST_CASE("events of one house share one map, whoever made it and wherever it was read") {
  MemoryStorage storage;
  constexpr int count = 300;
  std::vector<Event> kept;
  BoxOffice first(storage);
  for (int number = 0; number < count; ++number) {
    NewEvent event = little::event();
    event.id = EventId("evening-" + std::to_string(number));
    event.seat_map = copy_of(*little::house());
    kept.push_back(first.create_event(event).value());
    CHECK(kept.back().seat_map() == kept.front().seat_map());
  }
  BoxOffice second(storage);
  for (int number = 0; number < count; ++number) {
    const Event again = second.event(EventId("evening-" + std::to_string(number))).value();
    CHECK(again.seat_map() == kept.front().seat_map());
  }
}

TEST_CASE("a map of other bytes is another one, and one that nobody has is forgotten") {
  const auto one = shared_seat_map(copy_of(*little::house()));
  SeatMapData changed = one->data();
  changed.name += " after the rebuilding";
  const auto other = shared_seat_map(std::make_shared<const SeatMap>(SeatMap(changed)));
  CHECK(one != other);
  CHECK(shared_seat_map(encode_seat_map(*one), "it") == one);
  CHECK(shared_seat_map(encode_seat_map(*other), "it") == other);
  std::weak_ptr<const SeatMap> watched;
  for (int number = 0; number < 1'000; ++number) {
    changed.name = "house " + std::to_string(number);
    const auto map = shared_seat_map(std::make_shared<const SeatMap>(SeatMap(changed)));
    if (number == 500) watched = map;
  }
  CHECK(watched.expired());
}

TEST_CASE("many threads that read one map get one map") {
  SeatMapData data = little::house()->data();
  data.name = "read by many";
  const Bytes bytes = encode_seat_map(SeatMap(data));
  std::vector<std::shared_ptr<const SeatMap>> maps(8);
  std::vector<std::thread> threads;
  for (auto& map : maps) {
    threads.emplace_back([&map, &bytes] {
      for (int round = 0; round < 50; ++round) map = shared_seat_map(bytes, "it");
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& map : maps) CHECK(map->data() == data);
  for (const auto& map : maps) CHECK(map == shared_seat_map(bytes, "it"));
}
