// core.hold2: one core decides, applies and encodes holds of two seats, without storage; beside Redis running the same rule
// as a Lua script.

#include "bench.hpp"
#include "houses.hpp"
#include "redis_peer.hpp"
#include "ticketcore/decide.hpp"
#include "ticketcore/log.hpp"

namespace bench {
namespace {

using namespace ticketcore;

constexpr std::uint32_t house_seats = 60'000;
constexpr std::uint32_t batch_commands = 512;

/// Holds per second when a whole house is held two seats at a time, in batches as a desk makes them.
[[nodiscard]] double hold_a_house(const std::shared_ptr<const SeatMap>& map, const std::vector<Command>& commands) {
  const Timestamp now{std::chrono::sys_days{std::chrono::year{2027} / 1 / 31}};
  EventState state;
  state.apply({RequestId{{1, 1}}, EventCreated{"bench", big_event(), map, SaleStatus::on_sale}}, {1, now});
  EntryWriter writer;
  std::size_t bytes = 0;
  const double taken = seconds([&] {
    Revision revision = 2;
    for (std::size_t first = 0; first < commands.size(); first += batch_commands, ++revision) {
      writer.begin({revision, now, 0, 0});
      const std::size_t last = std::min(first + batch_commands, commands.size());
      for (std::size_t index = first; index < last; ++index) {
        Decision decision = decide(state, commands[index], now);
        const Fact& fact = std::get<Fact>(decision);
        state.apply(fact, {revision, now});
        writer.add(fact);
      }
      bytes += writer.finish().size();
      state.forget_touched();
    }
  });
  if (state.open_holds() != commands.size()) throw std::logic_error("not every hold was placed");
  if (bytes == 0) throw std::logic_error("nothing was encoded");
  return static_cast<double>(commands.size()) / taken;
}

[[nodiscard]] std::vector<Command> hold_commands(const SeatMap& map) {
  std::vector<Command> commands;
  for (std::uint32_t place = 0; place + 1 < map.place_count(); place += 2) {
    PlaceHold hold;
    hold.holder = "cart-" + std::to_string(place / 2);
    hold.places = {PlaceIndex{place}, PlaceIndex{place + 1}};
    commands.push_back({RequestId{{0x0193'0000'0000'7000ULL + place, 0x9E3779B97F4A7C15ULL * (place + 1)}}, std::move(hold)});
  }
  return commands;
}

}  // namespace

void core_hold() {
  const auto map = big_house(house_seats);
  const std::vector<Command> commands = hold_commands(*map);
  RedisPeer redis;
  if (!redis.running()) {
    std::vector<double> rounds;
    for (int round = 0; round < 15; ++round) rounds.push_back(hold_a_house(map, commands));
    report({"core.hold2", median(rounds), "holds/s"});
    skip("core.hold2 peer", redis.why());
    return;
  }
  const Pair pair = in_turn(5, [&] { return hold_a_house(map, commands); }, [&] { return redis.holds_per_second(); });
  report({"core.hold2", pair.ours, "holds/s", "Redis, Lua hold of 2 keys, 50 clients x 16", pair.peer});
}

}  // namespace bench
