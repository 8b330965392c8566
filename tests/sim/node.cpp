#include "node.hpp"

#include <utility>

namespace ticketcore::sim {

Node::Node(World& world, Database& database, Setting setting, Ears ears)
    : world_(world),
      database_(database),
      setting_(std::move(setting)),
      ears_(std::move(ears)),
      clock_(world, setting_.clock_tick),
      link_(world, setting_.seed, setting_.number) {}

void Node::in_process(const std::weak_ptr<Process>& process, const std::function<void()>& what) {
  const auto alive = process.lock();
  if (!alive || alive != process_) return;
  if (world_.now() < frozen_until_) {
    world_.after(frozen_until_ - world_.now(), [this, process, what] { in_process(process, what); });
    return;
  }
  what();
}

void Node::start() {
  process_ = std::make_shared<Process>();
  const std::weak_ptr<Process> weak = process_;
  Process& process = *process_;
  process.storage = std::make_unique<NodeStorage>(
      database_, link_, setting_.own_clock ? &clock_ : nullptr,
      [this, weak](const std::function<void()>& what) { in_process(weak, what); });
  process.office = std::make_unique<BoxOffice>(
      *process.storage, BoxOfficeOptions{.desk = {.snapshot_every_bytes = setting_.snapshot_every_bytes}});
  process.fiber = std::make_unique<Fiber>([this, &process] { live(process); });
  world_.after(0, [this, weak] { in_process(weak, [this] { process_->fiber->resume(); }); });
}

void Node::crash(Micros down_for) {
  if (!process_) return;
  // Dead to the world first, so that nothing of what unwinding does is heard of outside.
  const std::shared_ptr<Process> dead = std::exchange(process_, nullptr);
  dead->fiber->kill();
  dead->event.reset();
  dead->office.reset();
  world_.after(down_for, [this] { start(); });
}

void Node::wake(Process& process) {
  if (!std::exchange(process.idle, false)) return;
  world_.after(
      0, [this, weak = std::weak_ptr(process_)] { in_process(weak, [this] { process_->fiber->resume(); }); });
}

void Node::rest(Process& process, Micros time) {
  world_.after(time, [this, weak = std::weak_ptr(process_)] {
    in_process(weak, [this] { process_->fiber->resume(); });
  });
  (void)process;
  Fiber::suspend();
}

void Node::open(Process& process) {
  while (!process.event) {
    try {
      process.event = process.office->event(setting_.event).value();
    } catch (const StorageUnavailable&) {
      rest(process, 20 * millisecond);
    } catch (const std::exception& error) {
      Fiber::end_if_killed();
      world_.fail("node " + std::to_string(setting_.number) + " can't open the event: " + error.what());
      Fiber::suspend();
    }
  }
}

void Node::live(Process& process) {
  open(process);
  for (auto& [command, callback] : std::exchange(process.inbox, {}))
    process.event->submit(std::move(command), std::move(callback));
  for (;;) {
    process.office->poll();
    for (const auto& chore : std::exchange(process.chores, {})) {
      try {
        Fiber::end_if_killed();
        chore(*process.event);
      } catch (const StorageUnavailable& error) {
        world_.trace("node " + std::to_string(setting_.number) + ": " + error.what());
      } catch (const std::exception& error) {
        Fiber::end_if_killed();
        world_.fail("node " + std::to_string(setting_.number) + ": " + error.what());
      }
    }
    if (!process.chores.empty()) continue;
    // A turn that a chore took may have left commands to the scheduler.
    process.office->poll();
    process.idle = true;
    Fiber::suspend();
    process.idle = false;
  }
}

void Node::receive(const Command& command, const Callback& callback) {
  const std::weak_ptr<Process> weak = process_;
  in_process(weak, [this, weak, command, callback] {
    // Whoever dies answers nobody.
    const Callback heard = [this, weak, callback](const Answer& answer) {
      const auto alive = weak.lock();
      if (!alive || alive != process_) return;
      if (answer.granted<OrderPlaced>() != nullptr) alive->answered_orders.emplace_back(answer.request);
      callback(answer);
    };
    if (!process_->event) {
      process_->inbox.emplace_back(command, heard);
      return;
    }
    process_->event->submit(command, heard);
    wake(*process_);
  });
}

void Node::add_chore(std::function<void(const Event&)> chore) {
  if (!process_) return;
  process_->chores.push_back(std::move(chore));
  wake(*process_);
}

void Node::save_snapshot() {
  add_chore([](const Event& event) { event.save_snapshot(); });
}

void Node::reopen() {
  add_chore([](const Event& event) { event.reopen(); });
}

void Node::look() {
  if (!process_) return;
  // The process whose fiber this is; the node may be another one's by then.
  add_chore([this, &process = *process_](const Event& event) {
    const std::vector<OrderId> orders = process.answered_orders;
    for (const OrderId order : orders) {
      const auto found = event.find_order(order);
      if (!found)
        return world_.fail("an order that this node has answered is not found there: " + to_string(order));
      if (found->revision < process.shown) return world_.fail("a reader is shown an older state than before");
      process.shown = found->revision;
    }
    const auto seen = event.availability();
    if (!seen || seen->revision() < process.shown)
      return world_.fail("availability is older than what was shown before");
    process.shown = seen->revision();
  });
}

void Node::refresh() {
  add_chore([this](const Event& event) {
    for (const OrderId order : ears_.orders_in_question()) {
      if (const auto found = event.find_order(order)) ears_.order_found(*found);
    }
    const std::uint64_t must_see = ears_.refresh_begins();
    event.refresh();
    ears_.refreshed(*event.availability(), must_see);
  });
}

}  // namespace ticketcore::sim
