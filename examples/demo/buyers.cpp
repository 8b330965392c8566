#include <unistd.h>
#include <algorithm>
#include <iostream>
#include <random>
#include <thread>

#include "demo.hpp"

namespace demo {
namespace {

using namespace ticketcore;
using namespace std::chrono_literals;

constexpr int thread_count = 8;

/// One simulated person after another, on one thread.
class Buyers {
 public:
  Buyers(const Event& event, Clock& clock, Tally& tally, unsigned seed)
      : event_(event),
        seat_map_(event.seat_map()),
        map_(*seat_map_),
        clock_(clock),
        tally_(tally),
        random_(seed) {}

  /// Returns false when the house is sold out.
  bool next() {
    const StatusCounts counts = event_.availability()->total(clock_.now());
    if (counts.free == 0 && counts.held == 0) return false;
    // The later it gets, the longer between two buyers: what was abandoned comes back meanwhile.
    clock_.advance(60ms);
    if (counts.free == 0) {
      std::this_thread::sleep_for(1ms);
      clock_.advance(500ms);
      return true;
    }
    const std::string holder = "buyer-" + std::to_string(++tally_.buyers);
    const auto start = std::chrono::steady_clock::now();
    const Result<Hold> hold = choose(holder, counts);
    const double micros =
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
    {
      const std::lock_guard lock(tally_.mutex);
      tally_.hold_microseconds.push_back(micros);
      if (!hold) ++tally_.refusals[std::string(to_string(hold.refusal().reason))];
    }
    if (!hold) return true;
    ++tally_.holds;
    if (one_in(9)) {
      ++tally_.abandoned;  // walks away; the hold runs out
    } else {
      buy(*hold);
    }
    return true;
  }

 private:
  bool one_in(std::uint32_t n) { return random_() % n == 0; }
  std::uint32_t below(std::size_t limit) { return static_cast<std::uint32_t>(random_() % limit); }

  Result<Hold> choose(const std::string& holder, const StatusCounts& counts) {
    const HoldOptions options{.holder = holder, .ttl = 3min};
    const std::uint32_t wish = below(100);
    if (map_.place_count() == 0 || (!map_.areas().empty() && wish < 10))
      return event_.hold(standing(), options);
    if (counts.free < map_.capacity() / 20 || wish < 45) return event_.hold(picked(), options);
    BestPlaces best{.count = 1 + below(6),
                    .categories = {map_.categories()[below(map_.categories().size())].key}};
    if (wish < 48) best.accessible = 1;
    if (wish > 90) best.restricted_view = RestrictedView::allow;
    if (wish > 80) best.together = Together::preferred;
    return event_.hold_best(best, options);
  }

  Selection standing() {
    const AreaIndex area{below(map_.areas().size())};
    return {.places = {}, .areas = {{map_.label(area), 1 + below(4)}}};
  }

  /// A few neighbours from a map that is as old as the eye is slow.
  Selection picked() {
    const auto seen = event_.availability();
    const Timestamp now = clock_.now();
    std::vector<std::uint32_t> free;
    for (std::uint32_t place = 0; place < map_.place_count(); ++place) {
      if (seen->status({place}, now) == PlaceStatus::free) free.push_back(place);
    }
    if (free.empty()) return standing_single(*seen, now);
    const std::uint32_t place = free[below(free.size())];
    Selection selection;
    const std::uint32_t wanted = 1 + below(3);
    for (std::uint32_t next = place; next < map_.place_count() && selection.places.size() < wanted &&
                                     map_.places()[next].row == map_.places()[place].row;
         ++next) {
      if (seen->status({next}, now) == PlaceStatus::free)
        selection.places.push_back(map_.label(PlaceIndex{next}));
    }
    return selection;
  }

  Selection standing_single(const Availability& seen, Timestamp now) {
    for (std::uint32_t area = 0; area < map_.areas().size(); ++area) {
      if (seen.area({area}, now).free > 0) return {.places = {}, .areas = {{map_.label(AreaIndex{area}), 1}}};
    }
    return map_.areas().empty() ? Selection{.places = {map_.label(PlaceIndex{0})}, .areas = {}} : standing();
  }

  void buy(const Hold& hold) {
    std::uint32_t count = static_cast<std::uint32_t>(hold.places.size());
    for (const AreaAdmissions& held : hold.areas) count += held.quantity;
    std::vector<TicketChoice> choices;
    const std::uint32_t children = count > 1 && one_in(4) ? 1 : 0;
    choices.push_back({"adult", count - children, ""});
    if (children > 0) choices.push_back({"child", children, ""});
    const Result<Quote> quote = event_.quote(hold.id, choices);
    if (!quote) return refused(quote.refusal());
    const Result<Order> order =
        event_.check_out(hold.id, {.payment = {"card", "ch_" + to_string(hold.id).substr(24), quote->total}});
    if (!order) return refused(order.refusal());
    ++tally_.orders;
    tally_.tickets += order->tickets.size();
    {
      const std::lock_guard lock(tally_.mutex);
      if (tally_.first_orders.size() < 3) tally_.first_orders.push_back(*order);
    }
    if (tally_.orders > 20 && one_in(60)) {
      const Result<Refund> refund =
          event_.refund(order->id, {.reference = "re_" + std::to_string(order->number)});
      if (!refund) return refused(refund.refusal());
      tally_.refunded_tickets += refund->tickets.size();
    }
  }

  void refused(const Refusal& refusal) {
    const std::lock_guard lock(tally_.mutex);
    ++tally_.refusals[std::string(to_string(refusal.reason))];
  }

  const Event& event_;
  const std::shared_ptr<const SeatMap> seat_map_;
  const SeatMap& map_;
  Clock& clock_;
  Tally& tally_;
  std::mt19937 random_;
};

void show_progress(const Event& event, const Clock& clock, const Tally& tally) {
  const StatusCounts counts = event.availability()->total(clock.now());
  const std::uint64_t capacity = event.seat_map()->capacity();
  constexpr std::uint64_t width = 40;
  const std::uint64_t filled = counts.sold * width / capacity;
  std::string bar(filled, '#');
  bar.resize(width, '.');
  std::cout << "\r  [" << bar << "] " << counts.sold << " of " << capacity << " sold, " << counts.held
            << " held, " << tally.orders << " orders   " << std::flush;
}

}  // namespace

PriceList prices_for(const SeatMap& map) {
  std::vector<Price> prices;
  std::int64_t amount = 1'400;
  for (const Category& category : map.categories()) {
    prices.push_back({category.key, "adult", std::to_string(amount) + ".00"});
    prices.push_back({category.key, "child", std::to_string(amount / 2) + ".00"});
    amount = std::max<std::int64_t>(150, amount * 3 / 4 / 10 * 10);
  }
  return {"UAH", prices, {.per_ticket = "15.00", .per_order = "40.00", .tax_basis_points = 2'000}};
}

double sell_out(const Event& event, Clock& clock, Tally& tally) {
  std::atomic<int> racing{thread_count};
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (unsigned index = 0; index < thread_count; ++index) {
    threads.emplace_back([&, index] {
      Buyers buyers(event, clock, tally, index + 1);
      while (buyers.next()) {
      }
      --racing;
    });
  }
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  while (racing > 0) {
    if (terminal) show_progress(event, clock, tally);
    std::this_thread::sleep_for(50ms);
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  show_progress(event, clock, tally);
  std::cout << "\n";
  return seconds;
}

}  // namespace demo
