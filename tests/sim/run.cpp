#include "run.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include "../real_time_order.hpp"
#include "client.hpp"
#include "database.hpp"
#include "ledger.hpp"
#include "node.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/log/stored_map.hpp"
#include "ticketcore/storage/memory.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

namespace ticketcore::sim {
namespace {

const StreamId stream = "event/sim";
/// How long after the last trouble everybody must have been answered.
constexpr Micros patience_at_the_end = 60 * second;

struct SmallRow {
  const char* label;
  std::int32_t first = 1;
  std::int32_t last = 7;
};
[[nodiscard]] std::shared_ptr<const SeatMap> small_house(std::initializer_list<SmallRow> rows,
                                                         std::uint32_t floor) {
  SeatMapBuilder builder("House");
  const CategoryIndex category = builder.add_category({"all", "All", "#1F77B4"});
  const SectionIndex section = builder.add_section({.label = "S"});
  std::int32_t y = 0;
  for (const SmallRow& row : rows) {
    builder.add_row(section, row.label);
    for (std::int32_t seat = row.first; seat <= row.last; ++seat)
      builder.add_seat({.label = std::to_string(seat), .position = {seat * 500, y}, .category = category});
    y += 900;
  }
  builder.add_area(
      {.label = "Floor", .section = section, .category = category, .capacity = floor, .center = {0, 9'000}});
  return std::make_shared<const SeatMap>(builder.build());
}

/// Small, so that everybody gets in everybody's way. The event begins in the first of them.
[[nodiscard]] std::vector<std::shared_ptr<const SeatMap>> small_houses() {
  return {small_house({{"A"}, {"B"}}, 6), small_house({{"B", 0, 9}, {"A", 3, 6}}, 4),
          small_house({{"A"}, {"C", 1, 5}, {"B", 1, 3}}, 8)};
}

class Run {
 public:
  Run(const Plan& plan, Tracing tracing)
      : plan_(plan), database_(world_, plan.seed, plan.clock_tick), houses_(small_houses()) {
    world_.tracing = tracing == Tracing::on;
    database_.on_append = [this](const StreamId& of, const Entry& entry) {
      if (of != stream) return ledger_.hear_map({of, entry.checksum, entry.bytes});
      world_.trace("entry " + std::to_string(entry.revision) + " is durable");
      if (std::string wrong = ledger_.hear(entry); !wrong.empty()) world_.fail(wrong);
    };
    create_event();
    ears_ =
        Node::Ears{[this] { return answered_revision_; },
                   [this](const Availability& seen, std::uint64_t must_see) { judge_view(seen, must_see); },
                   [this] { return town_.orders_in_question; },
                   [this](const Order& order) { judge_order_found(order); }};
    for (std::uint32_t number = 0; number < plan.nodes; ++number) {
      nodes_.push_back(std::make_unique<Node>(world_, database_,
                                              Node::Setting{plan.seed, number, "sim", !plan.one_clock,
                                                            plan.clock_tick, plan.snapshot_every_bytes},
                                              ears_));
      nodes_.back()->start();
    }
    for (std::uint32_t number = 0; number < plan.clients; ++number)
      clients_.push_back(std::make_unique<Client>(town_, plan.seed, number));
    for (const Ask& ask : plan.asks) world_.after(ask.at, [this, ask] { clients_[ask.client]->ask(ask); });
    for (const Trouble& trouble : plan.troubles) world_.after(trouble.at, [this, trouble] { make(trouble); });
  }

  [[nodiscard]] Outcome play() {
    Outcome outcome;
    const auto all_idle = [this] {
      return std::all_of(clients_.begin(), clients_.end(), [](const auto& client) { return client->idle(); });
    };
    const Micros last = plan_.ends + 10 * second;  // troubles last at most six seconds
    while (world_.step()) {
      if (world_.now() > last && all_idle()) break;
      if (world_.now() > last + patience_at_the_end) world_.fail("stuck: " + whoever_waits());
    }
    if (!world_.failed()) judge_end();
    if (!world_.failed()) judge_fail_over();
    outcome.failure = world_.failure();
    outcome.ended_at = world_.now();
    outcome.entries = ledger_.revision();
    outcome.answers =
        static_cast<std::uint64_t>(std::count_if(history_.begin(), history_.end(), [](const auto& one) {
          return one.second.granted.has_value() || one.second.refused;
        }));
    outcome.granted = town_.granted;
    outcome.trace = world_.lines();
    return outcome;
  }

 private:
  /// By a desk of its own, before the first node is there.
  void create_event() {
    MemoryStorage storage([this] { return database_.clock().tell(); });
    Desk desk(storage, "sim");
    EventSettings settings;
    settings.name = "Simulation";
    settings.prices = PriceList("UAH", {{"all", "adult", "100.00"}},
                                {.per_ticket = "1.50", .per_order = "7.00", .tax_basis_points = 2000});
    settings.policy = {.places_per_hold = 5,
                       .holds_per_holder = 4,
                       .places_per_holder = 14,
                       .hold_lifetime = std::chrono::seconds(12)};
    const Command create{RequestId{{1, 1}},
                         CreateEvent{"sim", settings, houses_.front(), SaleStatus::on_sale}};
    (void)desk.take_turn({&create, 1});
    for (const StreamId& made : {stream_of(seat_map_hash(*houses_.front())), stream}) {
      const Entry created = storage.read(made, 0, SIZE_MAX).front();
      database_.put({made, created.checksum, created.bytes});
    }
  }

  void make(const Trouble& trouble) {
    world_.trace(describe(trouble));
    Node& node = *nodes_[trouble.node];
    const Micros until = world_.now() + trouble.lasts;
    Random random(plan_.seed, purpose::trouble, trouble.number);
    Clock& clock = plan_.one_clock ? database_.clock() : node.clock();
    switch (trouble.kind) {
      case TroubleKind::requests_lost: node.link().requests_lost_until = until; break;
      case TroubleKind::answers_lost: node.link().answers_lost_until = until; break;
      case TroubleKind::slow_network: node.link().slow_until = until; break;
      case TroubleKind::slow_disk: database_.slow_disk(trouble.lasts); break;
      case TroubleKind::disk_full: database_.fill_disk(trouble.lasts); break;
      case TroubleKind::database_crash: database_.crash(trouble.lasts); break;
      case TroubleKind::node_crash: node.crash(trouble.lasts); break;
      case TroubleKind::node_freeze: node.freeze(trouble.lasts); break;
      case TroubleKind::clock_jump: clock.jump(random.between(-30 * second, 30 * second)); break;
      case TroubleKind::clock_drift: clock.drift(random.between(-100, 100)); break;
      case TroubleKind::snapshot: node.save_snapshot(); break;
      case TroubleKind::snapshot_damage: database_.damage_snapshot(stream); break;
      case TroubleKind::reopen:
        // A reload that fails half-way is where readers may be shown too little.
        if (random.one_in(2)) node.link().answers_lost_until = std::max(until, world_.now() + second);
        node.reopen();
        break;
      case TroubleKind::clients_cut_off: town_.cut_off_until = until; break;
    }
    if (random.one_in(3)) world_.after(random.between(0, second), [&node] { node.refresh(); });
    node.look();
    world_.after(trouble.lasts / 2, [&node] { node.look(); });
  }

  void judge_view(const Availability& seen, std::uint64_t must_see) {
    if (seen.revision() < must_see)
      world_.fail("a refresh does not show revision " + std::to_string(must_see) +
                  ", which somebody was told of before");
    if (seen.revision() > ledger_.revision()) return world_.fail("a refresh shows what is not durable");
    const auto& codes = ledger_.codes_after(seen.revision());
    for (std::uint32_t place = 0; place < codes.size(); ++place) {
      if (seen.status({place}, ledger_.state().time()) != status_of(codes[place], ledger_.state().time()))
        return world_.fail("a refresh shows a place as it is not");
    }
  }

  void judge_order_found(const Order& order) {
    if (ledger_.answer_to(RequestId{order.id}) == nullptr)
      world_.fail("an order is shown that is not in the log: " + to_string(order.id));
  }

  [[nodiscard]] std::string whoever_waits() const {
    std::string names;
    for (const auto& client : clients_) {
      if (!client->idle()) names += " " + client->waits_for();
    }
    return names + " never answered";
  }

  /// Everything is over: every node comes to see the whole log, and the log is proven from its beginning.
  void judge_end() {
    for (const auto& node : nodes_) node->refresh();
    const Micros last = world_.now() + patience_at_the_end;
    answered_revision_ = ledger_.revision();
    while (world_.step() && world_.now() < last) {
    }
    MemoryStorage copy;
    std::vector<StreamId> streams{stream};
    for (const auto& house : houses_) streams.push_back(stream_of(seat_map_hash(*house)));
    for (const StreamId& from : streams) {
      for (const Entry& entry : database_.entries(from)) {
        const Position position{from, 0};
        const Append append{from, entry.checksum, entry.bytes};
        copy.take_turn({&position, 1})->commit({&append, 1});
      }
    }
    for (const std::string& problem : audit(copy, stream).problems) world_.fail(problem);
    judge_order();
  }

  /// A hold through this node, and what it is told, if it is ever answered.
  [[nodiscard]] std::optional<Answer> ask(Node& node, std::uint64_t number) {
    PlaceHold hold;
    hold.holder = "after the loss";
    hold.areas = {{AreaIndex{0}, 1}};
    hold.ttl = std::chrono::seconds(1);
    const auto answer = std::make_shared<std::optional<Answer>>();
    node.receive({RequestId{{2, number}}, hold}, [answer](const Answer& given) { *answer = given; });
    const Micros last = world_.now() + patience_at_the_end;
    while (!*answer && world_.now() < last && world_.step()) {
    }
    return *answer;
  }

  /// The log loses its end, and somebody who never knew it goes on, or nobody does: who knew it sells nothing
  /// more, and what he would have written is in no log.
  void judge_fail_over() {
    database_.on_append = {};
    Random random(plan_.seed, purpose::trouble, 1'000'000);
    std::vector<Revision> known;
    for (std::uint32_t number = 0; number < plan_.nodes; ++number) {
      const auto answer = ask_until_told(*nodes_[number], 2'000 + number);
      if (!answer) return world_.fail("a node never answers after all troubles");
      known.push_back(answer->revision);
    }
    // What a node knew it knows also when its turn has failed, and it must read the log anew.
    if (random.one_in(2)) {
      constexpr Micros down = 5 * second;
      database_.fill_disk(down);
      for (std::uint32_t number = 0; number < plan_.nodes; ++number) {
        if (!ask(*nodes_[number], 3'000 + number))
          return world_.fail("a node whose database is full never answers");
      }
      wait(down);
    }
    const Revision head = database_.entries(stream).size();
    if (head < 2) return;
    const auto lost = 1 + random.below(static_cast<std::uint32_t>(std::min<Revision>(head - 1, 4)));
    const Revision kept = head - lost;
    const auto before = database_.entries(stream);
    database_.lose_end(stream, kept);
    const std::uint32_t written = random.below(lost + 3);
    fresh_ = std::make_unique<Node>(
        world_, database_, Node::Setting{plan_.seed, plan_.nodes, "sim", false, plan_.clock_tick, 16U << 20},
        ears_);
    fresh_->start();
    for (std::uint32_t number = 0; number < written; ++number) {
      if (const auto answer = ask(*fresh_, number); !answer)
        return world_.fail("nobody answers after a fail-over");
    }
    const std::size_t entries = database_.entries(stream).size();
    for (std::uint32_t number = 0; number < plan_.nodes; ++number) {
      if (known[number] <= kept) continue;
      // Who wrote the same expiry at the same time has written the same history.
      const auto& after = database_.entries(stream);
      const Revision last = known[number];
      if (last <= after.size() && after[last - 1].bytes == before[last - 1].bytes) continue;
      const auto answer = ask_until_told(*nodes_[number], 1'000 + number);
      if (!answer) return world_.fail("a node that knew what was lost never answers");
      if (answer->refusal() == nullptr || answer->refusal()->reason != Reason::halted)
        return world_.fail("a node that knew what was lost goes on");
    }
    if (database_.entries(stream).size() != entries)
      world_.fail("a node that knew what was lost wrote to the log");
  }

  void wait(Micros time) {
    bool over = false;
    world_.after(time, [&over] { over = true; });
    while (!over && world_.step()) {
    }
  }

  /// Asks again while the node only says that its storage is away.
  [[nodiscard]] std::optional<Answer> ask_until_told(Node& node, std::uint64_t number) {
    for (std::uint64_t attempt = 0; attempt < 20; ++attempt) {
      const auto answer = ask(node, number + 10'000 * attempt);
      if (!answer || answer->refusal() == nullptr || answer->refusal()->reason != Reason::storage_unavailable)
        return answer;
      wait(second);
    }
    return std::nullopt;
  }

  /// Real time: what was answered before something else was asked stands before it in the log.
  void judge_order() {
    std::map<RequestId, std::size_t> places;
    for (const Entry& entry : database_.entries(stream)) {
      for (const Fact& fact : decode_entry(entry.bytes, "an entry", ledger_.maps()).facts)
        places.emplace(fact.request, places.size());
    }
    testing::Moments<Micros, std::size_t> asked;
    testing::Moments<Micros, std::size_t> answered;
    for (const auto& [request, operation] : history_) {
      const auto place = places.find(request);
      if (place == places.end()) continue;
      asked.emplace_back(operation.asked, place->second);
      if (operation.granted) answered.emplace_back(*operation.granted, place->second);
    }
    if (!testing::out_of_order(asked, answered).empty())
      world_.fail("something stands in the log before what was answered before it was asked");
  }

  const Plan& plan_;
  World world_;
  Database database_;
  std::vector<std::shared_ptr<const SeatMap>> houses_;
  Ledger ledger_;
  Node::Ears ears_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::unique_ptr<Node> fresh_;  // one that was started after the log had lost its end
  std::map<RequestId, Operation> history_;
  Revision answered_revision_ = 1;
  Town town_{world_, nodes_, ledger_, houses_, history_, answered_revision_};
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace

Outcome run(const Plan& plan, Tracing tracing) { return Run(plan, tracing).play(); }

}  // namespace ticketcore::sim
