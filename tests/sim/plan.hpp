#pragma once
// The plan of one simulation: who asks for something when, and what goes wrong when. It follows from the
// seed; a plan with some of that left out is still a plan, which is how a failing one is made small.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "world.hpp"

namespace ticketcore::sim {

/// One thing that a client asks for; what it is follows from the number and from what the client has by then.
struct Ask {
  std::uint32_t number = 0;
  std::uint32_t client = 0;
  Micros at = 0;
};

enum class TroubleKind : std::uint8_t {
  requests_lost,    ///< Of one node to the database, half of them.
  answers_lost,     ///< Of the database to one node, half of them.
  slow_network,     ///< Between one node and the database: messages overtake each other and come after the
                    ///< patience of who waits.
  slow_disk,        ///< A commit takes up to a second.
  disk_full,        ///< The database refuses to write, and says so.
  database_crash,   ///< Turns are gone, commits under way went either way, nobody can connect for a while.
  node_crash,       ///< A process dies at whatever it is doing, and is started again later.
  node_freeze,      ///< A process stands still, and goes on as if nothing had been.
  clock_jump,       ///< A clock leaps by up to half a minute, either way.
  clock_drift,      ///< A clock runs up to a tenth too fast or too slow.
  snapshot,         ///< A node saves a snapshot now.
  snapshot_damage,  ///< A bit of the saved snapshot flips.
  reopen,           ///< A node forgets its state and reads the log anew.
  clients_cut_off,  ///< Of the messages between clients and nodes half are lost.
};
inline constexpr std::uint32_t trouble_kinds = 14;

struct Trouble {
  std::uint32_t number = 0;
  TroubleKind kind{};
  std::uint32_t node = 0;
  Micros at = 0;
  Micros lasts = 0;
};

struct Plan {
  std::uint64_t seed = 0;
  std::uint32_t nodes = 1;
  std::uint32_t clients = 1;
  bool one_clock = true;  ///< Turns go by the database's clock, else by each node's own.
  Micros clock_tick = 1;  ///< Clocks tell multiples of this.
  std::size_t snapshot_every_bytes = 0;
  Micros ends = 0;  ///< Nothing is asked and nothing goes wrong after.
  std::vector<Ask> asks{};
  std::vector<Trouble> troubles{};
};

[[nodiscard]] Plan make_plan(std::uint64_t seed);

/// The arguments that play the plan again: "--seed 7", and what is left of its asks and troubles where some
/// were left out.
[[nodiscard]] std::string to_arguments(const Plan& plan);
/// Leaves out of a plan whatever the lists ("3,17,20") don't name.
void keep_only(Plan& plan, const std::string* asks, const std::string* troubles);

[[nodiscard]] std::string describe(const Trouble& trouble);

/// The smallest plan found that still fails, by leaving out ever smaller parts, in at most so many runs.
[[nodiscard]] Plan shrink(Plan plan, const std::function<bool(const Plan&)>& fails, int runs_at_most);

}  // namespace ticketcore::sim
