// core.reopen and core.memory: an event of 100,000 seats, all sold two at a time, opened again from its
// snapshot and from its log; and what it takes in memory, as the allocator counts it.

#include <malloc.h>

#include <filesystem>
#include <stdexcept>

#include "bench.hpp"
#include "houses.hpp"
#include "ticketcore/engine/detail/desk.hpp"
#include "ticketcore/storage/sqlite.hpp"

namespace bench {
namespace {

using namespace ticketcore;

[[nodiscard]] double allocated_megabytes() {
  return static_cast<double>(mallinfo2().uordblks + mallinfo2().hblkhd) / 1e6;
}

[[nodiscard]] RequestId id_of(std::uint64_t number) {
  return RequestId{
      {0x0193'0000'0000'7000ULL + number, 0x8000'0000'0000'0000ULL + number * 0x9E3779B97F4A7C15ULL / 4}};
}

/// Sells every seat, a few hundred orders to a batch.
void sell_all(Desk& desk, const SeatMap& map) {
  std::uint64_t id = 1;
  constexpr std::uint32_t pairs_per_batch = 300;
  for (std::uint32_t first = 0; first < map.place_count() / 2; first += pairs_per_batch) {
    std::vector<Command> commands;
    for (std::uint32_t pair = first; pair < std::min(first + pairs_per_batch, map.place_count() / 2);
         ++pair) {
      PlaceHold hold;
      hold.holder = "cart-" + std::to_string(pair);
      hold.places = {PlaceIndex{2 * pair}, PlaceIndex{2 * pair + 1}};
      const RequestId request = id_of(id++);
      commands.push_back({request, hold});
      commands.push_back({id_of(id++), QuoteHold{HoldId{request}, {{"adult", 2, ""}}}});
      commands.push_back(
          {id_of(id++), CheckOut{HoldId{request}, {"card", "ch_" + std::to_string(pair), 10'000}}});
    }
    for (const Answer& answer : desk.take_turn(commands)) {
      if (answer.refusal()) throw std::logic_error("a sale was refused");
    }
  }
}

[[nodiscard]] Spread reopen_ms(Storage& storage) {
  std::vector<double> rounds;
  for (int round = 0; round < 9; ++round) {
    Desk desk(storage, EventId("bench"));
    rounds.push_back(1000 * seconds([&] { desk.catch_up(); }));
    if (desk.availability()->total(desk.state().time()).sold != 100'000)
      throw std::logic_error("the reopened event is not sold out");
  }
  return Spread(std::move(rounds));
}

}  // namespace

void core_reopen() {
  const std::filesystem::path file = std::filesystem::path("out") / "bench-reopen.db";
  for (const char* tail : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + tail);
  {
    const auto storage = SqliteStorage::open(file);
    {
      const auto map = big_house(100'000);
      Desk desk(*storage, EventId("bench"));
      const Command create{id_of(0), CreateEvent{"bench", big_event(), map, SaleStatus::on_sale}};
      if (desk.take_turn({&create, 1}).front().refusal()) throw std::logic_error("the event was refused");
    }
    {
      const double before = allocated_megabytes();
      Desk unsold(*storage, EventId("bench"));
      unsold.catch_up();
      report({"core.memory.unsold", allocated_megabytes() - before, "MB"});
      sell_all(unsold, *unsold.state().seat_map());
    }
    report({"core.reopen.log", reopen_ms(*storage), "ms", "", 0, false});
    {
      const double before = allocated_megabytes();
      Desk sold(*storage, EventId("bench"));
      sold.catch_up();
      report({"core.memory.sold", allocated_megabytes() - before, "MB"});
      sold.save_snapshot();
    }
    report({"core.reopen.snapshot", reopen_ms(*storage), "ms", "", 0, false});
  }
  for (const char* tail : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + tail);
}

}  // namespace bench
