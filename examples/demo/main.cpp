// Sells out a house: ticketcore_demo [CHART]. Leaves out/demo.db with the whole sale, out/seatmap.svg and the
// first tickets.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iomanip>
#include <iostream>
#include <thread>

#include "demo.hpp"

namespace {

using namespace ticketcore;

[[nodiscard]] double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

void print_summary(const Event& event, const demo::Clock& clock, demo::Tally& tally, double seconds) {
  const StatusCounts counts = event.availability()->total(clock.now());
  std::cout << "\n  places sold      " << counts.sold << " of " << event.seat_map()->capacity() << " ("
            << counts.free << " free, " << counts.held << " held)\n"
            << "  buyers           " << tally.buyers << "; " << tally.orders << " orders, " << tally.abandoned
            << " holds abandoned, " << tally.refunded_tickets << " tickets refunded and sold again\n";
  std::cout << "  refusals         ";
  if (tally.refusals.empty()) std::cout << "none";
  for (const auto& [reason, count] : tally.refusals) std::cout << reason << " " << count << "  ";
  std::cout << std::fixed << std::setprecision(1) << "\n  holds            "
            << static_cast<double>(tally.hold_microseconds.size()) / seconds << " a second asked for, p50 "
            << percentile(tally.hold_microseconds, 0.5) / 1000 << " ms, p99 "
            << percentile(tally.hold_microseconds, 0.99) / 1000 << " ms, each on the disk before its answer\n"
            << std::defaultfloat;
}

/// Hands the file to a process that knows nothing of this one.
[[nodiscard]] int reconcile_elsewhere(const char* self, const std::string& file,
                                      const std::string& verify_key, const std::string& signing_key) {
  std::cout.flush();
  const pid_t child = fork();
  if (child == 0) {
    execl(self, self, "--reconcile", file.c_str(), verify_key.c_str(), signing_key.c_str(),
          static_cast<char*>(nullptr));
    std::perror("can't start the second process");
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

[[nodiscard]] int run(const char* self, const std::filesystem::path& chart) {
  const std::filesystem::path out = "out";
  std::filesystem::create_directories(out);
  for (const auto& entry : std::filesystem::directory_iterator(out)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("demo.db") || (name.starts_with("ticket-") && name.ends_with(".svg")))
      std::filesystem::remove(entry.path());
  }
  const std::string file = (out / "demo.db").string();
  const std::string key_file = (out / "demo.key").string();

  const auto map = std::make_shared<const SeatMap>(load_seat_map(chart));
  std::cout << map->name() << ": " << map->place_count() << " places, " << map->areas().size()
            << (map->areas().size() == 1 ? " standing area, " : " standing areas, ") << map->capacity()
            << " in all\n";
  demo::Clock clock;
  const auto storage = SqliteStorage::open(file, {.clock = [&] { return clock.now(); }});
  const SigningKey key = SigningKey::load_or_create(key_file);
  BoxOffice office(*storage, {.signing_key = key, .clock = [&] { return clock.now(); }});
  NewEvent gala;
  gala.id = "gala-2027";
  gala.name = "Gala night";
  gala.starts_at = *parse_rfc3339("2027-01-31T19:30:00Z");
  gala.seat_map = map;
  gala.prices = demo::prices_for(*map);
  const Event event = office.create_event(gala).value();

  demo::Tally tally;
  // A picture from the middle of the sale, when there is most to see.
  std::thread painter([&] {
    while (event.availability()->total(clock.now()).sold * 5 < map->capacity() * 3)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    demo::draw_house(event, clock.now(), out / "seatmap-on-sale.svg");
  });
  const double seconds = demo::sell_out(event, clock, tally);
  painter.join();
  event.save_snapshot();
  print_summary(event, clock, tally, seconds);
  demo::draw_house(event, clock.now(), out / "seatmap.svg");
  const int drawn = demo::draw_tickets(office, event, tally.first_orders, out);
  std::cout << "  pictures         out/seatmap.svg, out/seatmap-on-sale.svg and " << drawn
            << " tickets as out/ticket-*.svg\n\n";
  return reconcile_elsewhere(self, file, key.verify_key().to_string(), key_file);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count == 5 && std::string(arguments[1]) == "--reconcile")
      return demo::reconcile(arguments[2], arguments[3], arguments[4]);
    if (count != 2 || std::string(arguments[1]).starts_with("-")) {
      std::cerr << "Usage: ticketcore_demo CHART\n\nCHART is a seat map: ours (docs/seat-map-format.md) or a "
                   "seats.io chart.\n";
      return 2;
    }
    return run("/proc/self/exe", arguments[1]);
  } catch (const std::exception& error) {
    std::cerr << "ticketcore_demo: " << error.what() << "\n";
    return 1;
  }
}
