#pragma once
// The demo's parts: buyers who race for a house, pictures of what came of it, and a second look by another
// process.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "ticketcore/ticketcore.hpp"

namespace demo {

/// The sale's own time: it runs far faster than the wall's, so that holds run out while you watch.
class Clock {
 public:
  [[nodiscard]] ticketcore::Timestamp now() const {
    return ticketcore::Timestamp{std::chrono::microseconds{micros_.load()}};
  }
  void advance(std::chrono::milliseconds by) { micros_ += std::chrono::microseconds(by).count(); }

 private:
  std::atomic<std::int64_t> micros_{
      std::chrono::duration_cast<std::chrono::microseconds>(
          std::chrono::sys_days{std::chrono::year{2027} / 1 / 15}.time_since_epoch())
          .count() +
      10LL * 3'600'000'000};
};

/// What the buyers report while they race.
struct Tally {
  std::atomic<std::uint64_t> holds{0};
  std::atomic<std::uint64_t> orders{0};
  std::atomic<std::uint64_t> tickets{0};
  std::atomic<std::uint64_t> abandoned{0};
  std::atomic<std::uint64_t> refunded_tickets{0};
  std::atomic<std::uint64_t> buyers{0};

  std::mutex mutex{};
  std::map<std::string, std::uint64_t> refusals{};  // by reason
  std::vector<double> hold_microseconds{};
  std::vector<ticketcore::Order> first_orders{};  // a few, for pictures
};

/// Prices for any chart: the categories get cheaper one after the other; children pay half.
[[nodiscard]] ticketcore::PriceList prices_for(const ticketcore::SeatMap& map);

/// Lets buyers race from several threads until the house is sold out. Returns the seconds it took.
double sell_out(const ticketcore::Event& event, Clock& clock, Tally& tally);

/// Draws the house as it is now.
void draw_house(const ticketcore::Event& event, ticketcore::Timestamp now, const std::filesystem::path& file);
/// Draws the tickets of the first orders into the folder; returns how many.
int draw_tickets(const ticketcore::BoxOffice& office, const ticketcore::Event& event,
                 const std::vector<ticketcore::Order>& orders, const std::filesystem::path& folder);

/// What the second process does: opens the file, replays the log, proves everything and verifies every ticket
/// with the public key. Prints what it found; returns the exit status.
[[nodiscard]] int reconcile(const std::filesystem::path& file, const std::string& verify_key,
                            const std::filesystem::path& signing_key);

}  // namespace demo
