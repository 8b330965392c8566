// core.best4: the best four of 60,000 seats, 97 % sold, beside a seat-by-seat scan that gives the same
// answer.

#include "bench.hpp"
#include "best_available_house.hpp"

namespace bench {

void core_best() {
  const auto figures = ticketcore::bench::best4_of_60000(ticketcore::bench::SoldIn::parties);
  report({"core.best4", figures.ours_ns / 1000, "us", "seat-by-seat scan", figures.peer_ns / 1000, false});
}

}  // namespace bench
