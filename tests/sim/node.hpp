#pragma once
// A node: a process with a box office, in a fiber. It dies, stands still, and is started again.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "database.hpp"
#include "fiber.hpp"
#include "ticketcore/engine/box_office.hpp"

namespace ticketcore::sim {

class Node {
 public:
  using Callback = std::function<void(const Answer&)>;
  struct Setting {
    std::uint64_t seed = 0;
    std::uint32_t number = 0;
    EventId event{};
    bool own_clock = false;
    Micros clock_tick = 1;
    std::size_t snapshot_every_bytes = 0;
  };
  /// What the judges want to hear of.
  struct Ears {
    /// A refresh began (answers what it must come to see), and ended with what it saw.
    std::function<std::uint64_t()> refresh_begins{};
    std::function<void(const Availability&, std::uint64_t must_see)> refreshed{};
    /// Orders that somebody has tried to place, and those of them that a node knows.
    std::function<std::vector<OrderId>()> orders_in_question{};
    std::function<void(const Order&)> order_found{};
  };

  Node(World& world, Database& database, Setting setting, Ears ears);

  void start();
  void crash(Micros down_for);
  void freeze(Micros lasts) { frozen_until_ = std::max(frozen_until_, world_.now() + lasts); }
  /// A client's message arrives. The callback is called with the answer, unless the process dies first.
  void receive(const Command& command, const Callback& callback);

  void save_snapshot();
  void reopen();
  /// Asks the process's readers for every order that it has answered: each must be there, or an error be
  /// said.
  void look();
  /// Looks for orders, then reads what others have committed.
  void refresh();

  [[nodiscard]] Clock& clock() noexcept { return clock_; }
  [[nodiscard]] Link& link() noexcept { return link_; }

 private:
  /// Everything that dies with the process.
  struct Process {
    std::unique_ptr<NodeStorage> storage{};
    std::unique_ptr<BoxOffice> office{};
    std::optional<Event> event{};
    std::vector<std::pair<Command, Callback>> inbox{};  // until the event is open
    std::vector<std::function<void(const Event&)>> chores{};
    std::vector<OrderId> answered_orders{};
    Revision shown = 0;  // the newest that its readers have seen
    std::unique_ptr<Fiber> fiber{};
    bool idle = false;
  };

  void live(Process& process);
  void open(Process& process);
  void rest(Process& process, Micros time);
  void wake(Process& process);
  void add_chore(std::function<void(const Event&)> chore);
  /// Runs something in the process as it is now, when it does not stand still, or never if it has died by
  /// then.
  void in_process(const std::weak_ptr<Process>& process, const std::function<void()>& what);

  World& world_;
  Database& database_;
  Setting setting_;
  Ears ears_;
  Clock clock_;
  Link link_;
  Micros frozen_until_ = 0;
  std::shared_ptr<Process> process_;
};

}  // namespace ticketcore::sim
