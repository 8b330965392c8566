// A real cluster: four processes of eight clients each sell one small house over one PostgreSQL, through
// proxies that cut the network, while processes are killed and the database crashes once. Afterwards every
// answer anybody was given is held against the log, with the order in which things were asked and answered:
// the history of every seat must be linearizable.
//
// cluster_test; TICKETCORE_CLUSTER_SECONDS sets how long (default 60), TICKETCORE_CLUSTER_SEED what happens
// when.

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <cstring>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <sstream>

#include "../postgres/postgres_server.hpp"
#include "../real_time_order.hpp"
#include "cut_proxy.hpp"
#include "ticketcore/base/id_generator.hpp"
#include "ticketcore/engine/box_office.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/log/log.hpp"
#include "ticketcore/storage/postgres.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

namespace {

using namespace ticketcore;
using namespace std::chrono_literals;
using ticketcore::testing::CutProxy;
using ticketcore::testing::PostgresServer;

constexpr int processes = 4;
constexpr int clients_each = 8;
constexpr std::uint32_t seats = 6'000;
// Everybody wants the same seats at the same time, and other ones soon after, so that what a killed process
// had bought for good does not end the fight.
constexpr std::uint32_t wanted_seats = 120;
constexpr std::uint32_t wanted_moves_by = 150;  // seats a second

[[nodiscard]] std::int64_t now_ns() {
  // One clock for all processes of the machine.
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

[[nodiscard]] NewEvent house() {
  SeatMapBuilder builder("House");
  const CategoryIndex category = builder.add_category({"all", "All", "#1F77B4"});
  const SectionIndex section = builder.add_section({.label = "S"});
  for (std::uint32_t seat = 0; seat < seats; ++seat) {
    if (seat % 20 == 0) builder.add_row(section, std::to_string(seat / 20));
    builder.add_seat(
        {.label = std::to_string(seat % 20),
         .position = {static_cast<std::int32_t>(seat % 20) * 500, static_cast<std::int32_t>(seat / 20) * 900},
         .category = category});
  }
  builder.add_area(
      {.label = "Floor", .section = section, .category = category, .capacity = 15, .center = {0, 9'000}});
  NewEvent event;
  event.id = "cluster";
  event.starts_at = *parse_rfc3339("2030-01-01T19:00:00Z");
  event.seat_map = std::make_shared<const SeatMap>(builder.build());
  event.prices = PriceList("EUR", {{"all", "adult", "10.00"}});
  event.policy.holds_per_holder = 1'000;
  event.policy.places_per_holder = 100'000;
  return event;
}

// A process that sells.

/// Lines that outlive a kill, since the kernel has them: "I time request" when asked, "A time request
/// ok|reason [place...]" when answered.
class History {
 public:
  explicit History(const std::string& file)
      : handle_(open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {}
  void asked(RequestId request) { write_line("I " + std::to_string(now_ns()) + " " + to_string(request)); }
  void answered(RequestId request, const std::string& what) {
    write_line("A " + std::to_string(now_ns()) + " " + to_string(request) + " " + what);
  }

 private:
  void write_line(const std::string& line) {
    const std::string whole = line + "\n";
    if (write(handle_, whole.data(), whole.size()) != static_cast<ssize_t>(whole.size())) _exit(9);
  }
  int handle_;
};

/// Asks until there is an answer, always as the same request.
template <class Ask>
[[nodiscard]] auto insist(History& history, RequestId request, Ask&& ask) {
  history.asked(request);
  for (;;) {
    auto answer = ask(request);
    if (!answer.ok() && answer.refusal().reason == Reason::storage_unavailable) {
      std::this_thread::sleep_for(3ms);
      continue;
    }
    if (!answer.ok()) history.answered(request, std::string(to_string(answer.refusal().reason)));
    return answer;
  }
}

void buy_and_sell(const Event& event, History& history, std::mt19937 random) {
  std::vector<HoldId> holds;
  std::vector<OrderId> orders;
  const HolderId me("c" + std::to_string(random() % 1000));
  for (;;) {
    const auto dice = random() % 10;
    if (dice < 5 || holds.empty()) {
      Selection selection;
      const auto seconds = static_cast<std::uint32_t>(now_ns() / 1'000'000'000);
      const auto first =
          static_cast<std::uint32_t>((seconds * wanted_moves_by + random() % wanted_seats) % seats);
      if (random() % 4 == 0) selection.areas = {{"S-Floor", static_cast<std::uint32_t>(1 + random() % 3)}};
      selection.places = {event.seat_map()->label(PlaceIndex{first}),
                          event.seat_map()->label(PlaceIndex{(first + 1) % seats})};
      const auto ttl = std::chrono::seconds(1 + random() % 3);
      const auto hold = insist(history, new_request_id(), [&](RequestId request) {
        return event.hold(selection, {.holder = me, .ttl = ttl, .request = request});
      });
      if (!hold.ok()) continue;
      std::string places = "ok";
      for (const std::string& place : hold.value().places) places += " " + place;
      history.answered(RequestId{hold.value().id}, places);
      holds.push_back(hold.value().id);
      continue;
    }
    const HoldId hold = holds[random() % holds.size()];
    std::erase(holds, hold);
    if (dice < 6) {
      const RequestId request = new_request_id();
      if (insist(history, request, [&](RequestId same) { return event.extend(hold, 3s, same); }).ok())
        history.answered(request, "ok");
      holds.push_back(hold);
    } else if (dice < 7) {
      const RequestId request = new_request_id();
      if (insist(history, request, [&](RequestId same) { return event.release(hold, same); }).ok())
        history.answered(request, "ok");
    } else {
      const RequestId quoting = new_request_id();
      const auto quote = insist(history, quoting, [&](RequestId same) {
        // Two tickets: where the hold has places on the floor too, that is refused.
        return event.quote(hold, {{"adult", 2, ""}}, same);
      });
      if (!quote.ok()) continue;
      history.answered(quoting, "ok");
      const RequestId paying = new_request_id();
      const auto order = insist(history, paying, [&](RequestId same) {
        return event.check_out(hold, {.payment = {"card", "ch", quote.value().total}, .request = same});
      });
      if (!order.ok()) continue;
      history.answered(paying, "ok");
      orders.push_back(order.value().id);
    }
    if (orders.size() > 2) {
      const OrderId order = orders.front();
      orders.erase(orders.begin());
      const RequestId request = new_request_id();
      if (insist(history, request, [&](RequestId same) {
            return event.refund(order, {.reference = "re", .request = same});
          }).ok())
        history.answered(request, "ok");
    }
  }
}

[[noreturn]] void sell(const std::string& url, const std::string& file, unsigned seed) {
  History history(file);
  // Short patience: the test's troubles last a second or two.
  const PostgresOptions options{.turn_timeout = 2'000ms, .turn_limit = 1'000ms, .response_timeout = 2'000ms};
  std::unique_ptr<PostgresStorage> storage;
  while (!storage) {
    try {
      storage = PostgresStorage::open(url, options);
    } catch (const StorageUnavailable&) {
      std::this_thread::sleep_for(20ms);
    }
  }
  BoxOffice office(*storage);
  std::optional<Event> event;
  while (!event) {
    try {
      const auto found = office.event("cluster");
      if (found.ok()) event = found.value();
    } catch (const StorageUnavailable&) {
    }
    if (!event) std::this_thread::sleep_for(20ms);
  }
  std::vector<std::thread> clients;
  for (int client = 0; client < clients_each; ++client) {
    clients.emplace_back([&, client] {
      buy_and_sell(*event, history, std::mt19937(seed * 100 + static_cast<unsigned>(client)));
    });
  }
  for (std::thread& client : clients) client.join();
  _exit(0);
}

// Judging.

struct Operation {
  std::int64_t asked = 0;
  std::int64_t answered = 0;  // 0: never
  std::string answer{};
};

/// Where a fact stands in the log: revision, then place in the entry.
using Place = std::pair<Revision, std::size_t>;

struct Judgement {
  std::vector<std::string> wrong{};
  std::size_t operations = 0;
  std::size_t answered = 0;
  std::size_t granted = 0;
  std::size_t unanswered_but_done = 0;
};

[[nodiscard]] std::map<std::string, Operation> read_histories(const std::vector<std::string>& files) {
  std::map<std::string, Operation> operations;
  for (const std::string& file : files) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      if (in.eof()) break;  // a kill in mid-line
      std::istringstream words(line);
      char kind = 0;
      std::int64_t time = 0;
      std::string request;
      words >> kind >> time >> request;
      Operation& operation = operations[request];
      if (kind == 'I') {
        operation.asked = time;
      } else {
        operation.answered = time;
        std::getline(words >> std::ws, operation.answer);
      }
    }
  }
  return operations;
}

[[nodiscard]] Judgement judge(Storage& storage, const std::map<std::string, Operation>& operations) {
  Judgement judgement;
  const AuditReport report = audit(storage, "event/cluster");
  judgement.wrong = report.problems;
  const SeatMap& map = *report.state.seat_map();
  struct Found {
    Place place;
    std::string said;
  };
  std::map<std::string, Found> log;
  for (Revision at = 0;;) {
    const auto entries = storage.read("event/cluster", at, 1U << 20);
    if (entries.empty()) break;
    for (const Entry& entry : entries) {
      const LogEntry read = decode_entry(entry.bytes, "entry", storage);
      for (std::size_t index = 0; index < read.facts.size(); ++index) {
        const Fact& fact = read.facts[index];
        if (fact.request.is_zero()) continue;
        std::string said = "ok";
        if (const auto* hold = std::get_if<HoldPlaced>(&fact.body)) {
          for (const PlaceIndex place : hold->places) said += " " + map.label(place);
        }
        if (!log.emplace(to_string(fact.request), Found{{entry.revision, index}, said}).second)
          judgement.wrong.push_back("two facts answer the request " + to_string(fact.request));
      }
      at = entry.revision;
    }
  }
  // What was granted is in the log, as it was answered; what was refused is not, unless its twin was granted
  // after it.
  ticketcore::testing::Moments<std::int64_t, Place> starts;
  ticketcore::testing::Moments<std::int64_t, Place> ends;
  judgement.operations = operations.size();
  for (const auto& [request, operation] : operations) {
    const auto found = log.find(request);
    if (operation.answered != 0) {
      ++judgement.answered;
      judgement.granted += operation.answer.starts_with("ok") ? 1 : 0;
      if (!operation.answer.starts_with("ok")) continue;
      if (found == log.end()) {
        judgement.wrong.push_back("an answer is not in the log: " + request + " " + operation.answer);
      } else if (found->second.said != operation.answer) {
        judgement.wrong.push_back("answered \"" + operation.answer + "\", but the log says \"" +
                                  found->second.said + "\": " + request);
      }
    } else if (found != log.end()) {
      ++judgement.unanswered_but_done;
    }
    if (found == log.end()) continue;
    starts.emplace_back(operation.asked, found->second.place);
    if (operation.answered != 0) ends.emplace_back(operation.answered, found->second.place);
  }
  for (const auto& [place, latest] : ticketcore::testing::out_of_order(starts, ends)) {
    judgement.wrong.push_back("something stands at revision " + std::to_string(place.first) +
                              ", but was asked after revision " + std::to_string(latest.first) +
                              " was answered");
  }
  return judgement;
}

// The trouble.

struct Cluster {
  PostgresServer server;
  std::vector<std::unique_ptr<CutProxy>> proxies;
  std::vector<pid_t> pids = std::vector<pid_t>(processes);
  std::vector<std::string> histories;
  unsigned starts = 0;

  void start(int number, const char* self) {
    const std::string history = server.folder() + "/history-" + std::to_string(++starts);
    histories.push_back(history);
    const std::string url = "postgresql://postgres@127.0.0.1:" +
                            std::to_string(proxies[static_cast<std::size_t>(number)]->port()) + "/postgres";
    const std::string seed = std::to_string(starts);
    const pid_t child = fork();
    if (child == 0) {
      execl(self, self, "--sell", url.c_str(), history.c_str(), seed.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    pids[static_cast<std::size_t>(number)] = child;
  }
  void kill_one(int number) {
    kill(pids[static_cast<std::size_t>(number)], SIGKILL);
    waitpid(pids[static_cast<std::size_t>(number)], nullptr, 0);
  }
};

[[nodiscard]] int whole_test(const char* self) {
  const char* given = std::getenv("TICKETCORE_CLUSTER_SECONDS");
  const char* given_seed = std::getenv("TICKETCORE_CLUSTER_SEED");
  const auto duration = std::chrono::seconds(given != nullptr ? std::stoi(given) : 60);
  const unsigned seed =
      given_seed != nullptr ? static_cast<unsigned>(std::stoul(given_seed)) : std::random_device{}();
  std::cout << "cluster: " << duration.count() << " s, seed " << seed << std::endl;
  std::mt19937 random(seed);
  Cluster cluster;
  {
    const auto storage = PostgresStorage::open(cluster.server.url());
    BoxOffice office(*storage);
    if (!office.create_event(house()).ok()) return 1;
  }
  for (int number = 0; number < processes; ++number)
    cluster.proxies.push_back(std::make_unique<CutProxy>(cluster.server.port()));
  for (int number = 0; number < processes; ++number) cluster.start(number, self);
  const auto begin = std::chrono::steady_clock::now();
  int kills = 0;
  int cuts = 0;
  int silences = 0;
  bool crashed = false;
  while (std::chrono::steady_clock::now() - begin < duration) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200 + random() % 800));
    const int number = static_cast<int>(random() % processes);
    CutProxy& proxy = *cluster.proxies[static_cast<std::size_t>(number)];
    if (!crashed && std::chrono::steady_clock::now() - begin > duration / 2) {
      crashed = true;
      cluster.server.stop("immediate");
      cluster.server.start();
    } else if (const auto dice = random() % 4; dice == 0) {
      cluster.kill_one(number);
      cluster.start(number, self);
      ++kills;
    } else if (dice == 1) {
      proxy.swallow(true);
      std::this_thread::sleep_for(std::chrono::milliseconds(100 + random() % 1'500));
      if (random() % 2 == 0) proxy.cut();
      proxy.swallow(false);
      ++silences;
    } else {
      proxy.refuse(dice == 3);
      proxy.cut();
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 200));
      proxy.refuse(false);
      ++cuts;
    }
  }
  for (int number = 0; number < processes; ++number) cluster.kill_one(number);
  const auto storage = PostgresStorage::open(cluster.server.url());
  // A transaction of a killed process may still be ending: its turn is waited for.
  (void)storage->take_turn(std::vector<Position>{{"event/cluster", 0}});
  const Judgement judgement = judge(*storage, read_histories(cluster.histories));
  const std::size_t connections = [&] {
    std::size_t sum = 0;
    for (const auto& proxy : cluster.proxies) sum += static_cast<std::size_t>(proxy->connections_seen());
    return sum;
  }();
  std::cout << "  " << judgement.operations << " requests, " << judgement.answered << " answered ("
            << judgement.granted << " granted), " << judgement.unanswered_but_done
            << " took place without an answer\n  " << kills << " processes killed, " << cuts
            << " networks cut, " << silences << " gone silent, the database crashed "
            << (crashed ? "once" : "never") << ", " << connections << " connections\n";
  for (std::size_t index = 0; index < std::min<std::size_t>(judgement.wrong.size(), 20); ++index)
    std::cout << "  WRONG " << judgement.wrong[index] << "\n";
  // A cluster that stood still would pass the rest of the test.
  const bool busy = judgement.granted > static_cast<std::size_t>(duration.count()) * 20;
  if (!busy) std::cout << "  WRONG hardly anything was sold\n";
  std::cout << (judgement.wrong.empty() && busy
                    ? "  every answer is in the log, in an order that time allows\n"
                    : "  FAILED\n");
  return judgement.wrong.empty() && busy ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count == 5 && std::strcmp(arguments[1], "--sell") == 0)
      sell(arguments[2], arguments[3], static_cast<unsigned>(std::stoul(arguments[4])));
    return whole_test("/proc/self/exe");
  } catch (const std::exception& error) {
    std::cerr << "cluster: " << error.what() << "\n";
    return 1;
  }
}
