// What is left when a process that sells flat out is killed: crash_test [path of the ticketcore command].
// TICKETCORE_CRASH_ROUNDS sets how often (default 200).

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "scratch_folder.hpp"
#include "ticketcore/engine/box_office.hpp"
#include "ticketcore/storage/sqlite.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

namespace {

using namespace ticketcore;

std::string cli_path;

using Scratch = testing::ScratchFolder;

[[nodiscard]] std::shared_ptr<const SeatMap> house(std::int32_t rows, std::int32_t seats) {
  SeatMapBuilder builder("House");
  const CategoryIndex category = builder.add_category({"all", "All", "#336699"});
  builder.focal_point({0, 0});
  for (std::int32_t row = 0; row < rows; ++row) {
    builder.add_row(builder.no_section(), std::to_string(row + 1));
    for (std::int32_t seat = 0; seat < seats; ++seat) {
      const std::string label = std::to_string(seat + 1);
      builder.add_seat({.label = label, .position = {seat * 500, row * 900}, .category = category});
    }
  }
  return std::make_shared<const SeatMap>(builder.build());
}

void create(const std::filesystem::path& file, std::shared_ptr<const SeatMap> map) {
  const auto storage = SqliteStorage::open(file);
  BoxOffice office(*storage);
  NewEvent event;
  event.id = "crash";
  event.seat_map = std::move(map);
  event.prices = PriceList("EUR", {{"all", "adult", "10.00"}}, {.per_ticket = "1.00", .per_order = "2.00"});
  event.policy.holds_per_holder = 1'000'000;
  event.policy.places_per_holder = 1'000'000'000;
  REQUIRE(office.create_event(event).ok());
}

/// One answer that a child was given, as it travels through the pipe.
struct Answered {
  enum Kind : std::uint64_t { hold, order, refund } kind;
  Id128 id;
};

class Pipe {
 public:
  Pipe() { REQUIRE(pipe(ends_) == 0); }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  template <class Record>
  void send(const Record& record) const {
    if (write(ends_[1], &record, sizeof record) != sizeof record) _exit(3);
  }
  /// False at the end. A record cut off by the kill was never told to anybody.
  template <class Record>
  bool receive(Record& record) const {
    std::size_t got = 0;
    while (got < sizeof record) {
      const ssize_t more = read(ends_[0], reinterpret_cast<char*>(&record) + got, sizeof record - got);
      if (more <= 0) return false;
      got += static_cast<std::size_t>(more);
    }
    return true;
  }
  void close_end(int end) {
    if (ends_[end] >= 0) close(ends_[end]);
    ends_[end] = -1;
  }

 private:
  int ends_[2] = {-1, -1};
};

/// Sells until it is killed, telling of every answer once it has it.
[[noreturn]] void sell_flat_out(const std::filesystem::path& file, const Pipe& answers, unsigned round) {
  try {
    const auto storage = SqliteStorage::open(file);
    BoxOffice office(*storage, {.desk = {.snapshot_every_bytes = 64U << 10}});
    const Event event = office.event("crash").value();
    std::vector<std::thread> threads;
    for (unsigned index = 0; index < 4; ++index) {
      threads.emplace_back([&, index] {
        std::mt19937 random(round * 4 + index);
        for (;;) {
          const auto hold =
              event.hold_best({.count = 1 + static_cast<std::uint32_t>(random() % 4), .categories = {"all"}},
                              {.holder = "buyer", .ttl = std::chrono::seconds(1)});
          if (!hold) continue;
          answers.send(Answered{Answered::hold, hold->id});
          if (random() % 4 == 0) continue;
          const auto quote =
              event.quote(hold->id, {{"adult", static_cast<std::uint32_t>(hold->places.size()), ""}});
          if (!quote) continue;
          const auto order = event.check_out(hold->id, {.payment = {"card", "ref", quote->total}});
          if (!order) continue;
          answers.send(Answered{Answered::order, order->id});
          if (random() % 2 == 0 && event.refund(order->id))
            answers.send(Answered{Answered::refund, order->id});
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "the seller failed: %s\n", error.what());
  }
  _exit(1);
}

void check_answers(const std::filesystem::path& file, const std::vector<Answered>& answered) {
  const auto storage = SqliteStorage::open(file, {.access = SqliteOptions::Access::read_only});
  Desk desk(*storage, EventId("crash"));
  desk.catch_up();
  desk.state().check_everything();
  for (const Answered& answer : answered) {
    INFO(to_string(answer.id));
    if (answer.kind == Answered::hold) {
      REQUIRE(desk.state().requests().find(RequestId{answer.id}) != nullptr);
      continue;
    }
    const OrderRecord* order = desk.state().orders().find(OrderId{answer.id});
    REQUIRE(order != nullptr);
    if (answer.kind == Answered::refund) REQUIRE(order->live_tickets == 0);
  }
}

}  // namespace

TEST_CASE("a seller killed at any moment leaves everything it answered and nothing half done") {
  const char* text = std::getenv("TICKETCORE_CRASH_ROUNDS");
  const unsigned rounds = text == nullptr ? 200 : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
  const Scratch scratch;
  const auto file = scratch.file("crash.db");
  create(file, house(25, 40));
  std::mt19937 random(20270131);
  std::size_t total = 0;
  for (unsigned round = 0; round < rounds; ++round) {
    INFO("round ", round);
    Pipe answers;
    const pid_t child = fork();
    if (child == 0) {
      answers.close_end(0);
      sell_flat_out(file, answers, round);
    }
    answers.close_end(1);
    std::thread killer([child, after = std::chrono::microseconds(random() % 40'000)] {
      std::this_thread::sleep_for(after);
      kill(child, SIGKILL);
    });
    std::vector<Answered> answered;
    for (Answered answer{}; answers.receive(answer);) answered.push_back(answer);
    killer.join();
    int status = 0;
    waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    total += answered.size();
    check_answers(file, answered);
    if (!cli_path.empty()) {
      const std::string command = "\"" + cli_path + "\" check \"" + file.string() + "\" >\"" +
                                  scratch.file("check.txt").string() + "\" 2>&1";
      REQUIRE(std::system(command.c_str()) == 0);
    }
  }
  MESSAGE(rounds << " sellers killed after " << total << " answers");
  CHECK(total > 0);
}

TEST_CASE("two processes sell one event in one file, no seat twice, and see each other's sales") {
  const Scratch scratch;
  const auto file = scratch.file("two.db");
  create(file, house(10, 30));
  struct Sold {
    std::uint32_t process;
    std::uint32_t place;
  };
  Pipe sales;
  std::vector<pid_t> children;
  for (std::uint32_t process = 0; process < 2; ++process) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    try {
      const auto storage = SqliteStorage::open(file);
      BoxOffice office(*storage);
      const Event event = office.event("crash").value();
      for (;;) {
        const auto hold = event.hold_best({.count = 1, .categories = {"all"}},
                                          {.holder = "process-" + std::to_string(process)});
        if (!hold) break;
        const Quote quote = event.quote(hold->id, {{"adult", 1, ""}}).value();
        (void)event.check_out(hold->id, {.payment = {"card", "ref", quote.total}}).value();
        sales.send(Sold{process, event.seat_map()->find_place(hold->places.front())->value});
      }
      // Nothing is left to hold, but the other may still be paying for its last seat.
      for (int attempt = 0; attempt < 1'000 && event.availability()->total(Timestamp{}).sold < 300;
           ++attempt) {
        (void)storage->wait_for_news(std::vector<Position>{{"event/crash", event.availability()->revision()}},
                                     std::chrono::milliseconds(10));
        event.refresh();
      }
      _exit(event.availability()->total(Timestamp{}).sold == 300 ? 0 : 4);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "a process failed: %s\n", error.what());
      _exit(5);
    }
  }
  sales.close_end(1);
  std::set<std::uint32_t> places;
  std::size_t sold = 0;
  std::size_t by_process[2] = {0, 0};
  for (Sold sale{}; sales.receive(sale); ++sold) {
    places.insert(sale.place);
    ++by_process[sale.process];
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(WEXITSTATUS(status) == 0);
  }
  CHECK(sold == 300);
  CHECK(places.size() == 300);
  CHECK(by_process[0] > 0);
  CHECK(by_process[1] > 0);
}

int main(int count, char** arguments) {
  doctest::Context context;
  if (count > 1 && arguments[1][0] != '-') cli_path = arguments[1];
  context.applyCommandLine(count, arguments);
  return context.run();
}
