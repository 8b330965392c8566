// core.hold2: one core decides, applies and encodes holds of two seats, without storage; beside Redis running
// the same rule as a Lua script.

#include "bench.hpp"
#include "houses.hpp"
#include "redis_peer.hpp"
#include "ticketcore/log/log.hpp"
#include "ticketcore/sale/decide.hpp"

namespace bench {
namespace {

using namespace ticketcore;

constexpr std::uint32_t house_seats = 60'000;
constexpr std::uint32_t batch_commands = 512;

/// An event under way: its house is held two seats at a time, in batches as a desk makes them, and given
/// back.
class House {
 public:
  explicit House(std::shared_ptr<const SeatMap> map) {
    state_.apply({RequestId{{1, 1}}, EventCreated{"bench", big_event(), std::move(map), SaleStatus::on_sale}},
                 {1, now});
    (void)holds_per_second();  // the first round's memory is fresh from the system
  }

  /// The house is held once; giving it back is not timed.
  [[nodiscard]] double holds_per_second() {
    const std::vector<Command> commands = make_commands();
    std::size_t bytes = 0;
    const double taken = seconds([&] {
      for (std::size_t first = 0; first < commands.size(); first += batch_commands)
        bytes += batch(std::span(commands).subspan(
            first, std::min<std::size_t>(batch_commands, commands.size() - first)));
    });
    if (state_.holds().open_count() != commands.size() || bytes < commands.size() * 40)
      throw std::logic_error("not every hold was placed and encoded");
    for (const Command& command : commands)
      state_.apply({{}, HoldReleased{HoldId{command.request}}}, {revision_, now});
    state_.forget_touched();
    return static_cast<double>(commands.size()) / taken;
  }

 private:
  static constexpr Timestamp now{std::chrono::sys_days{std::chrono::year{2027} / 1 / 31}};

  std::size_t batch(std::span<const Command> commands) {
    writer_.begin({++revision_, now, 0, 0});
    for (std::size_t index = 0; index < commands.size(); ++index) {
      prefetch_ahead(state_, commands.subspan(index));
      const Command& command = commands[index];
      const Decision decision = decide(state_, command, now);
      const Fact& fact = std::get<Fact>(decision);
      state_.apply(fact, {revision_, now});
      writer_.add(fact);
    }
    state_.forget_touched();
    return writer_.finish().size();
  }

  [[nodiscard]] std::vector<Command> make_commands() {
    std::vector<Command> commands;
    for (std::uint32_t place = 0; place + 1 < state_.seat_map()->place_count(); place += 2) {
      PlaceHold hold;
      hold.holder = "cart-" + std::to_string(place / 2);
      hold.places = {PlaceIndex{place}, PlaceIndex{place + 1}};
      ++next_id_;
      commands.push_back({RequestId{{0x0193'0000'0000'7000ULL + next_id_, 0x9E3779B97F4A7C15ULL * next_id_}},
                          std::move(hold)});
    }
    return commands;
  }

  EventState state_;
  EntryWriter writer_;
  Revision revision_ = 1;
  std::uint64_t next_id_ = 0;
};

}  // namespace

void core_hold() {
  // One house is held in ten milliseconds, so a round is the median of several; each round begins with an
  // event of its own, lest millions of remembered requests pile up behind one house.
  const auto map = big_house(house_seats);
  const auto ours = [&] {
    House house(map);
    std::vector<double> houses;
    for (int round = 0; round < 7; ++round) houses.push_back(house.holds_per_second());
    return Spread(std::move(houses)).median;
  };
  RedisPeer redis;
  if (!redis.running()) {
    report({"core.hold2", ours(), "holds/s"});
    skip("core.hold2 peer", redis.why());
    return;
  }
  const Pair pair = in_turn(7, ours, [&] { return redis.holds_per_second(); });
  report({"core.hold2", pair.ours, "holds/s", "Redis, Lua hold of 2 keys, 50 clients x 16", pair.peer});
}

}  // namespace bench
