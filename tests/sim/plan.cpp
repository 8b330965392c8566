#include "plan.hpp"

#include <algorithm>
#include <set>
#include <sstream>

namespace ticketcore::sim {
namespace {

template <class Item>
[[nodiscard]] std::string numbers_of(const std::vector<Item>& items) {
  std::string text;
  for (const Item& item : items) text += (text.empty() ? "" : ",") + std::to_string(item.number);
  return text.empty() ? "none" : text;
}

template <class Item>
void keep(std::vector<Item>& items, const std::string& list) {
  std::set<std::uint32_t> kept;
  std::istringstream in(list == "none" ? "" : list);
  for (std::string number; std::getline(in, number, ',');)
    kept.insert(static_cast<std::uint32_t>(std::stoul(number)));
  std::erase_if(items, [&](const Item& item) { return !kept.contains(item.number); });
}

/// Delta debugging over one of the plan's lists: halves first, then ever smaller parts are left out for good
/// if it still fails.
template <class Item>
void shrink_list(Plan& plan, std::vector<Item> Plan::*list, const std::function<bool(const Plan&)>& fails,
                 int& runs_left) {
  for (std::size_t part = ((plan.*list).size() + 1) / 2; part > 0; part = part == 1 ? 0 : (part + 1) / 2) {
    for (std::size_t at = 0; at < (plan.*list).size() && runs_left > 0;) {
      Plan smaller = plan;
      auto& items = smaller.*list;
      const std::size_t end = std::min(items.size(), at + part);
      items.erase(items.begin() + static_cast<std::ptrdiff_t>(at),
                  items.begin() + static_cast<std::ptrdiff_t>(end));
      --runs_left;
      if (fails(smaller)) {
        plan = std::move(smaller);
      } else {
        at += part;
      }
    }
  }
}

}  // namespace

Plan make_plan(std::uint64_t seed) {
  Random random(seed, purpose::plan);
  Plan plan;
  plan.seed = seed;
  plan.nodes = 1 + random.below(4);
  plan.clients = 2 + random.below(7);
  plan.one_clock = !random.one_in(3);
  plan.clock_tick = random.one_in(3) ? second : 1;
  plan.snapshot_every_bytes = random.one_in(2) ? 16U << 20 : 500 + random.below(4'000);
  plan.ends = random.between(3 * second, 25 * second);
  const std::uint32_t asks = 20 + random.below(180);
  for (std::uint32_t number = 0; number < asks; ++number)
    plan.asks.push_back({number, random.below(plan.clients), random.between(0, plan.ends)});
  std::stable_sort(plan.asks.begin(), plan.asks.end(),
                   [](const Ask& a, const Ask& b) { return a.at < b.at; });
  // Some runs go wrong all the time, some hardly ever, some in one way only.
  const std::uint32_t troubles = random.below(30);
  const bool one_kind = random.one_in(4);
  const std::uint32_t the_kind = random.below(trouble_kinds);
  for (std::uint32_t number = 0; number < troubles; ++number) {
    const std::uint32_t kind = random.below(trouble_kinds);
    const Micros lasts = random.one_in(3) ? random.between(0, 6 * second) : random.between(0, second);
    plan.troubles.push_back({number, static_cast<TroubleKind>(one_kind ? the_kind : kind),
                             random.below(plan.nodes), random.between(0, plan.ends), lasts});
  }
  return plan;
}

std::string to_arguments(const Plan& plan) {
  const Plan whole = make_plan(plan.seed);
  std::string text = "--seed " + std::to_string(plan.seed);
  if (plan.asks.size() < whole.asks.size()) text += " --asks " + numbers_of(plan.asks);
  if (plan.troubles.size() < whole.troubles.size()) text += " --troubles " + numbers_of(plan.troubles);
  return text;
}

void keep_only(Plan& plan, const std::string* asks, const std::string* troubles) {
  if (asks != nullptr) keep(plan.asks, *asks);
  if (troubles != nullptr) keep(plan.troubles, *troubles);
}

std::string describe(const Trouble& trouble) {
  constexpr const char* names[] = {"requests lost", "answers lost",   "slow network", "slow disk",
                                   "disk full",     "database crash", "node crash",   "node freeze",
                                   "clock jump",    "clock drift",    "snapshot",     "snapshot damage",
                                   "reopen",        "clients cut off"};
  static_assert(std::size(names) == trouble_kinds);
  return std::string(names[static_cast<std::size_t>(trouble.kind)]) + " (node " +
         std::to_string(trouble.node) + ", " + std::to_string(trouble.lasts / millisecond) + " ms)";
}

Plan shrink(Plan plan, const std::function<bool(const Plan&)>& fails, int runs_at_most) {
  shrink_list(plan, &Plan::troubles, fails, runs_at_most);
  shrink_list(plan, &Plan::asks, fails, runs_at_most);
  shrink_list(plan, &Plan::troubles, fails, runs_at_most);
  return plan;
}

}  // namespace ticketcore::sim
