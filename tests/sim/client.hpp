#pragma once
// A client: asks, waits, asks again at whatever node answers, and remembers every answer it was ever given.

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ledger.hpp"
#include "node.hpp"
#include "plan.hpp"

namespace ticketcore::sim {

/// When a request was first made, and what it was first granted, seen from outside. One that was refused may
/// be granted when it comes again, late or twice.
struct Operation {
  Micros asked = 0;
  std::optional<Micros> granted{};
  std::string answer{};
  bool refused = false;
};

/// What clients share: the nodes they call, the judges they tell.
struct Town {
  World& world;
  std::vector<std::unique_ptr<Node>>& nodes;
  const Ledger& ledger;
  const std::vector<std::shared_ptr<const SeatMap>>& houses;  ///< That the event's map is replaced by.
  std::map<RequestId, Operation>& history;
  Revision& answered_revision;  ///< The newest that anybody was told of.
  Micros cut_off_until = 0;
  std::uint64_t granted = 0;
  std::vector<OrderId> orders_in_question{};
};

class Client {
 public:
  Client(Town& town, std::uint64_t seed, std::uint32_t number);
  /// Takes the ask up as soon as the ones before it are done.
  void ask(const Ask& ask);
  [[nodiscard]] bool idle() const noexcept { return !pending_ && asks_.empty(); }
  [[nodiscard]] std::string waits_for() const;

 private:
  struct Pending {
    Command command{};
    std::uint32_t tries = 0;
    bool gives_up = false;  ///< Asks once and never learns.
  };
  struct Bought {
    OrderId order{};
    std::uint32_t tickets = 0;
  };

  void next();
  [[nodiscard]] CommandBody choose(Random& random);
  [[nodiscard]] ReplaceMap choose_house(Random& random) const;
  void send(RequestId request);
  void send_once();
  void hear(const Answer& answer);
  void send_impostor(const Command& granted);
  [[nodiscard]] std::string judge(const Command& command, const Answer& answer) const;
  [[nodiscard]] static std::string judge_exchanges(const ReplaceMap& wanted, const Answer& answer);
  [[nodiscard]] std::string judge_refusal(const Command& command, const Answer& answer) const;
  [[nodiscard]] std::string judge_view(const Answer& answer) const;
  void learn(const Answer& answer);
  [[nodiscard]] bool lost();

  Town& town_;
  std::uint64_t seed_;
  std::uint32_t number_;
  Random random_;
  std::deque<Ask> asks_;
  std::optional<Pending> pending_;
  std::map<RequestId, Command> asked_;
  std::vector<HoldId> holds_;
  std::map<HoldId, std::pair<std::uint32_t, std::int64_t>> terms_;  ///< Admissions, and the quoted total.
  std::vector<Bought> orders_;
};

}  // namespace ticketcore::sim
