// postgres: holds over a PostgreSQL server of the bench's own (fsync and synchronous_commit on), beside
// pgbench doing them the usual way on the same server: a row per seat or a counter per area, a transaction
// per hold, 32 clients.

#include <atomic>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "../postgres/postgres_server.hpp"
#include "bench.hpp"
#include "houses.hpp"
#include "ticketcore/base/id_generator.hpp"
#include "ticketcore/engine/box_office.hpp"
#include "ticketcore/storage/postgres.hpp"

namespace bench {
namespace {

using namespace ticketcore;
using ticketcore::testing::PostgresServer;
using ticketcore::testing::quoted;

constexpr std::uint32_t outstanding = 1'024;

[[nodiscard]] NewEvent event_named(const std::string& id, std::shared_ptr<const SeatMap> map) {
  const EventSettings settings = big_event();
  NewEvent event;
  event.id = id;
  event.seat_map = std::move(map);
  event.prices = settings.prices;
  event.policy = settings.policy;
  return event;
}

[[nodiscard]] std::string fresh_event() {
  static int count = 0;
  return "bench-" + std::to_string(++count);
}

[[nodiscard]] PlaceHold pair_of(std::uint32_t number) {
  PlaceHold hold;
  hold.holder = "cart-" + std::to_string(number);
  hold.places = {PlaceIndex{2 * number}, PlaceIndex{2 * number + 1}};
  return hold;
}

[[nodiscard]] PlaceHold admission_of(std::uint32_t number) {
  PlaceHold hold;
  hold.holder = "cart-" + std::to_string(number);
  hold.areas = {{AreaIndex{0}, 1}};
  return hold;
}

[[nodiscard]] std::shared_ptr<const SeatMap> standing_house() {
  SeatMapBuilder builder("Field");
  const CategoryIndex category = builder.add_category({"all", "Standing", "#1F77B4"});
  builder.add_area({.label = "Field",
                    .section = builder.add_section({.label = "Ground"}),
                    .category = category,
                    .capacity = 5'000'000});
  return std::make_shared<const SeatMap>(builder.build());
}

/// One process's worth of the core: its own connections, its own copy of the event.
struct Node {
  explicit Node(const PostgresServer& server)
      : storage(PostgresStorage::open(server.socket_url())), office(*storage) {}
  std::unique_ptr<PostgresStorage> storage;
  BoxOffice office;
};

/// Holds per second of nodes with this many submitted commands outstanding each, total holds shared among
/// them.
[[nodiscard]] double submitted(const PostgresServer& server, const std::shared_ptr<const SeatMap>& map,
                               std::uint32_t node_count, std::uint32_t total,
                               PlaceHold (*hold_of)(std::uint32_t)) {
  std::vector<std::unique_ptr<Node>> nodes;
  const std::string id = fresh_event();
  for (std::uint32_t number = 0; number < node_count; ++number)
    nodes.push_back(std::make_unique<Node>(server));
  (void)nodes[0]->office.create_event(event_named(id, map)).value();
  std::vector<Event> events;
  for (const auto& node : nodes) events.push_back(node->office.event(id).value());
  std::atomic<std::uint32_t> granted{0};
  const std::uint32_t share = total / node_count;
  const double taken = seconds([&] {
    std::vector<std::thread> threads;
    for (std::uint32_t number = 0; number < node_count; ++number) {
      threads.emplace_back([&, number] {
        std::uint32_t next = number * share;
        const std::uint32_t end = next + share;
        std::uint32_t mine = 0;
        std::function<void(const Answer&)> answered;
        const auto submit = [&] {
          if (next < end) events[number].submit({new_request_id(), hold_of(next++)}, answered);
        };
        answered = [&](const Answer& answer) {
          mine += answer.refusal() == nullptr ? 1 : 0;
          submit();
        };
        for (std::uint32_t first = 0; first < outstanding; ++first) submit();
        nodes[number]->office.poll();
        granted += mine;
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  if (granted != share * node_count) throw std::logic_error("not every hold was granted");
  return share * node_count / taken;
}

/// Holds per second of threads that each wait for their answer.
[[nodiscard]] double blocking(const PostgresServer& server, const std::shared_ptr<const SeatMap>& map,
                              std::uint32_t threads, std::uint32_t total) {
  Node node(server);
  const Event event = node.office.create_event(event_named(fresh_event(), map)).value();
  std::vector<Selection> selections;
  for (std::uint32_t number = 0; number < total; ++number)
    selections.push_back(
        {.places = {map->label(PlaceIndex{2 * number}), map->label(PlaceIndex{2 * number + 1})},
         .areas = {}});
  std::atomic<std::uint32_t> next{0};
  std::atomic<std::uint32_t> granted{0};
  const double taken = seconds([&] {
    std::vector<std::thread> workers;
    for (std::uint32_t worker = 0; worker < threads; ++worker) {
      workers.emplace_back([&, holder = HolderId("cart-" + std::to_string(worker))] {
        for (std::uint32_t number = next++; number < total; number = next++)
          granted += event.hold(selections[number], {.holder = holder}).ok() ? 1 : 0;
      });
    }
    for (std::thread& worker : workers) worker.join();
  });
  if (granted != total) throw std::logic_error("not every hold was granted");
  return total / taken;
}

/// The 99th percentile, in milliseconds, of holds sent at a steady rate, from the moment each was due.
[[nodiscard]] double p99_at(const PostgresServer& server, const std::shared_ptr<const SeatMap>& map,
                            double rate, std::uint32_t total) {
  using Clock = std::chrono::steady_clock;
  Node node(server);
  const Event event = node.office.create_event(event_named(fresh_event(), map)).value();
  std::vector<double> milliseconds(total);
  std::atomic<std::uint32_t> answered{0};
  std::thread worker([&] { node.office.run(); });
  const auto start = Clock::now();
  for (std::uint32_t number = 0; number < total; ++number) {
    const auto due =
        start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(number / rate));
    std::this_thread::sleep_until(due);
    event.submit({new_request_id(), pair_of(number)}, [&, number, due](const Answer& answer) {
      if (answer.refusal() != nullptr) throw std::logic_error("a hold was refused");
      milliseconds[number] = std::chrono::duration<double, std::milli>(Clock::now() - due).count();
      ++answered;
    });
  }
  while (answered < total) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  node.office.stop();
  worker.join();
  std::nth_element(milliseconds.begin(), milliseconds.begin() + total * 99 / 100, milliseconds.end());
  return milliseconds[total * 99 / 100];
}

/// pgbench with a script of ours.
class Peer {
 public:
  struct Outcome {
    double per_second;
    double p99_milliseconds;
  };

  Peer(PostgresServer& server, const std::string& name, const std::string& tables, const std::string& script)
      : server_(server), file_(server.folder() + "/" + name) {
    server.sql(tables);
    std::ofstream(file_ + ".sql") << script;
  }

  [[nodiscard]] Outcome run(int seconds_long) const {
    const std::string command =
        quoted(PostgresServer::binaries() + "/pgbench") + " -n -M prepared -c 32 -j 2 -T " +
        std::to_string(seconds_long) + " -h " + quoted(server_.folder()) + " -p " +
        std::to_string(server_.port()) + " -U postgres -f " + quoted(file_ + ".sql") +
        " -l --log-prefix=" + quoted(file_) + " postgres >" + quoted(file_ + ".out") + " 2>&1";
    for (const auto& log : logs()) std::filesystem::remove(log);
    if (std::system(command.c_str()) != 0) throw std::runtime_error("pgbench failed; see " + file_ + ".out");
    std::ifstream out(file_ + ".out");
    double rate = 0;
    for (std::string line; std::getline(out, line);) {
      if (line.starts_with("tps = ")) rate = std::stod(line.substr(6));
    }
    if (rate == 0) throw std::runtime_error("pgbench said no rate");
    std::vector<double> times;
    for (const auto& log : logs()) {
      std::ifstream lines(log);
      double skipped = 0;
      double microseconds = 0;
      for (std::string rest; lines >> skipped >> skipped >> microseconds; std::getline(lines, rest))
        times.push_back(microseconds / 1'000);
    }
    if (times.size() < 100) throw std::runtime_error("pgbench wrote no log");
    const auto at = times.begin() + static_cast<std::ptrdiff_t>(times.size() * 99 / 100);
    std::nth_element(times.begin(), at, times.end());
    return {rate, *at};
  }

 private:
  [[nodiscard]] std::vector<std::filesystem::path> logs() const {
    std::vector<std::filesystem::path> found;
    const std::string prefix = std::filesystem::path(file_).filename().string() + ".";
    for (const auto& entry : std::filesystem::directory_iterator(server_.folder())) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(prefix) && !name.ends_with(".sql") && !name.ends_with(".out"))
        found.push_back(entry.path());
    }
    return found;
  }

  const PostgresServer& server_;
  std::string file_;
};

const char* const seat_table =
    "DROP TABLE IF EXISTS seats; CREATE TABLE seats(id integer PRIMARY KEY, holder text, held_until "
    "timestamptz NOT NULL DEFAULT '-infinity');"
    "INSERT INTO seats(id) SELECT generate_series(0, 399999); VACUUM ANALYZE seats;";
// Every hold is granted, whoever held the seats: the peer never gets away with a refusal.
const char* const seat_script =
    "\\set pair random(0, 199999)\n\\set first :pair * 2\n\\set second :first + 1\nBEGIN;\n"
    "SELECT id, held_until FROM seats WHERE id IN (:first, :second) ORDER BY id FOR UPDATE;\n"
    "UPDATE seats SET holder = 'cart-' || :client_id, held_until = now() + interval '10 minutes' WHERE id IN "
    "(:first, :second);\nCOMMIT;\n";
const char* const upsert_table =
    "DROP TABLE IF EXISTS seat_holds; CREATE TABLE seat_holds(seat integer PRIMARY KEY, holder text NOT "
    "NULL, held_until timestamptz NOT NULL);";
const char* const upsert_script =
    "\\set pair random(0, 199999)\n\\set first :pair * 2\n\\set second :first + 1\n"
    "INSERT INTO seat_holds AS h (seat, holder, held_until) VALUES (:first, 'cart-' || :client_id, now()), "
    "(:second, 'cart-' || :client_id, now()) "
    "ON CONFLICT (seat) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until WHERE "
    "h.held_until <= now();\n";
const char* const counter_table =
    "DROP TABLE IF EXISTS areas; CREATE TABLE areas(id integer PRIMARY KEY, held bigint, capacity bigint); "
    "INSERT INTO areas VALUES(1, 0, 1000000000);";
const char* const counter_script = "UPDATE areas SET held = held + 1 WHERE id = 1 AND held < capacity;\n";

}  // namespace

void postgres() {
  if (PostgresServer::binaries().empty()) return skip("postgres", "PostgreSQL's server is not installed");
  PostgresServer server;
  const auto map = big_house(400'000);
  const bool holds = wanted("postgres.hold2.node1") || wanted("postgres.hold2.node4") ||
                     wanted("postgres.hold2.blocking") || wanted("postgres.p99");
  if (holds) {
    const Peer rows(server, "seats", seat_table, seat_script);
    double peer_p99 = 0;
    const auto peer = [&] {
      const auto outcome = rows.run(4);
      peer_p99 = outcome.p99_milliseconds;
      return outcome.per_second;
    };
    const char* const name = "pgbench, SELECT FOR UPDATE + UPDATE, 32 clients";
    if (wanted("postgres.hold2.node1")) {
      const Pair pair = in_turn(
          3, [&] { return submitted(server, map, 1, 200'000, pair_of); }, peer);
      report({"postgres.hold2.node1", pair.ours, "holds/s", name, pair.peer});
      const Peer upsert(server, "upsert", upsert_table, upsert_script);
      report({"postgres.hold2.upsert", pair.ours, "holds/s",
              "pgbench, INSERT ON CONFLICT, takes expired holds over", upsert.run(4).per_second});
    }
    if (wanted("postgres.hold2.node4")) {
      const Pair pair = in_turn(
          3, [&] { return submitted(server, map, 4, 200'000, pair_of); }, peer);
      report({"postgres.hold2.node4", pair.ours, "holds/s", name, pair.peer});
    }
    if (wanted("postgres.hold2.blocking")) {
      const Pair pair = in_turn(
          3, [&] { return blocking(server, map, 32, 100'000); }, peer);
      report({"postgres.hold2.blocking", pair.ours, "holds/s", name, pair.peer});
    }
    if (wanted("postgres.p99")) {
      double rate = peer();
      const Pair pair = in_turn(
          3, [&] { return p99_at(server, map, rate, static_cast<std::uint32_t>(rate * 4)); },
          [&] {
            rate = peer();
            return peer_p99;
          });
      report({"postgres.p99", pair.ours, "ms",
              "the peer's p99 at its own maximum, which is the rate of ours, too", pair.peer, false});
    }
  }
  if (wanted("postgres.area")) {
    const auto field = standing_house();
    const Peer counter(server, "counter", counter_table, counter_script);
    const Pair pair = in_turn(
        3, [&] { return submitted(server, field, 1, 400'000, admission_of); },
        [&] { return counter.run(4).per_second; });
    report(
        {"postgres.area", pair.ours, "holds/s", "pgbench, UPDATE of one counter row, 32 clients", pair.peer});
  }
  if (wanted("postgres.open")) {
    const auto house = big_house(100'000);
    std::vector<double> times;
    for (int round = 0; round < 5; ++round) {
      const std::string id = fresh_event();
      {
        Node node(server);
        const Event event = node.office.create_event(event_named(id, house)).value();
        for (std::uint32_t number = 0; number < 25'000; ++number)
          event.submit({new_request_id(), pair_of(number)}, nullptr);
        node.office.poll();
        event.save_snapshot();
        for (std::uint32_t number = 25'000; number < 30'000; ++number)
          event.submit({new_request_id(), pair_of(number)}, nullptr);
        node.office.poll();
      }
      times.push_back(1'000 * seconds([&] {
                        Node node(server);
                        if (node.office.event(id).value().availability()->total(Timestamp{}).held != 60'000)
                          throw std::logic_error("the event is not whole");
                      }));
    }
    report({"postgres.open", Spread(std::move(times)), "ms", "", 0, false});
  }
}

}  // namespace bench
