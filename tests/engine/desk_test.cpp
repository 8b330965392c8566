#include "ticketcore/engine/detail/desk.hpp"

#include <doctest/doctest.h>

#include "little_house.hpp"
#include "ticketcore/engine/box_office.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/storage/memory.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

using namespace ticketcore;

namespace {

/// A storage whose commits fail on demand, before or after they took place, and whose bytes can be changed
/// behind its back.
class FaultyStorage final : public Storage {
 public:
  enum class Fault { none, unavailable, unknown_not_done, unknown_but_done };

  explicit FaultyStorage(little::Clock& clock) : inner_(clock.reader()) {}
  Fault next_commit = Fault::none;
  int failures = 1;
  std::function<void(Revision, Bytes&)> alter{};
  bool reads_fail = false;
  int reads = 0;
  int reads_in_turns = 0;
  int open_turns = 0;

  std::unique_ptr<Turn> take_turn(std::span<const Position> streams) override {
    return std::make_unique<FaultyTurn>(*this, inner_.take_turn(streams));
  }
  std::vector<Entry> read(const StreamId& stream, Revision after, std::size_t max_bytes) override {
    if (reads_fail) throw StorageUnavailable("nobody answers");
    ++reads;
    reads_in_turns += open_turns;
    return altered(inner_.read(stream, after, max_bytes));
  }
  /// As on a disk that has kept a snapshot and lost the entries before it.
  std::optional<Snapshot> snapshot_kept{};
  std::optional<Snapshot> load_snapshot(const StreamId& stream) override {
    return snapshot_kept ? snapshot_kept : inner_.load_snapshot(stream);
  }
  void save_snapshot(const Position& at, BytesView bytes) override { inner_.save_snapshot(at, bytes); }
  std::vector<StreamId> list_streams(std::string_view prefix) override { return inner_.list_streams(prefix); }
  void remove_stream(const Position& end) override { inner_.remove_stream(end); }
  bool wait_for_news(std::span<const Position> streams, std::chrono::milliseconds timeout) override {
    if (reads_fail) throw StorageUnavailable("nobody answers");
    return inner_.wait_for_news(streams, timeout);
  }
  void vault_put(std::string_view id, BytesView bytes) override { inner_.vault_put(id, bytes); }
  std::optional<Bytes> vault_get(std::string_view id) override { return inner_.vault_get(id); }
  void vault_erase(std::string_view id) override { inner_.vault_erase(id); }
  void scrub_vault() override { inner_.scrub_vault(); }
  std::string describe() const override { return "faulty"; }

 private:
  class FaultyTurn final : public Turn {
   public:
    FaultyTurn(FaultyStorage& storage, std::unique_ptr<Turn> inner)
        : storage_(storage), inner_(std::move(inner)) {
      ++storage_.open_turns;
    }
    FaultyTurn(const FaultyTurn&) = delete;
    FaultyTurn& operator=(const FaultyTurn&) = delete;
    ~FaultyTurn() override { --storage_.open_turns; }
    std::vector<Entry> unseen(const StreamId& stream) override {
      return storage_.altered(inner_->unseen(stream));
    }
    Timestamp now() override { return inner_->now(); }
    void commit(std::span<const Append> entries) override {
      const Fault fault = storage_.next_commit;
      if (fault != Fault::none && --storage_.failures == 0) storage_.next_commit = Fault::none;
      if (fault == Fault::unavailable) throw StorageUnavailable("the disk is full");
      if (fault != Fault::unknown_not_done) inner_->commit(entries);
      if (fault != Fault::none) throw CommitOutcomeUnknown("the connection was lost");
    }

   private:
    FaultyStorage& storage_;
    std::unique_ptr<Turn> inner_;
  };

  std::vector<Entry> altered(std::vector<Entry> entries) const {
    for (Entry& entry : entries) {
      if (alter) alter(entry.revision, entry.bytes);
    }
    return entries;
  }

  MemoryStorage inner_;
};

struct Fixture {
  little::Clock clock{};
  FaultyStorage storage{clock};
  Desk desk{storage, "premiere"};
  std::uint64_t next_request = 100;

  Fixture() {
    const NewEvent event = little::event();
    CreateEvent create{event.id,
                       {event.name, "Little house", event.starts_at, event.prices, event.policy},
                       event.seat_map,
                       SaleStatus::on_sale};
    REQUIRE(take({little::request(1), create}).refusal() == nullptr);
  }
  Answer take(const Command& command) { return desk.take_turn({&command, 1}).front(); }
  [[nodiscard]] Command hold(std::uint32_t place, std::chrono::seconds ttl = std::chrono::seconds(60)) {
    PlaceHold hold;
    hold.holder = "cart";
    hold.places = {PlaceIndex{place}};
    hold.ttl = ttl;
    return {little::request(next_request++), hold};
  }
};

}  // namespace

TEST_CASE("a commit that took place although its answer was lost is answered as done, once") {
  Fixture at;
  at.storage.next_commit = FaultyStorage::Fault::unknown_but_done;
  const Command hold = at.hold(0);
  CHECK(at.take(hold).refusal() == nullptr);
  CHECK(at.desk.state().holds().open_count() == 1);
  CHECK(at.storage.read("event/premiere", 1, 1 << 20).size() == 1);
}

TEST_CASE("a commit that did not take place is done again") {
  Fixture at;
  at.storage.next_commit = FaultyStorage::Fault::unknown_not_done;
  CHECK(at.take(at.hold(0)).refusal() == nullptr);
  CHECK(at.storage.read("event/premiere", 1, 1 << 20).size() == 1);
}

TEST_CASE("while an outcome can't be found out callers are told so, and a repeat finds it") {
  Fixture at;
  at.storage.next_commit = FaultyStorage::Fault::unknown_not_done;
  at.storage.failures = 3;
  const Command hold = at.hold(0);
  CHECK(at.take(hold).refusal()->reason == Reason::storage_unavailable);
  CHECK(at.take(hold).refusal() == nullptr);
  CHECK(at.desk.state().holds().open_count() == 1);
}

TEST_CASE("what is found in the log is handed out when it is known to be durable, and not before") {
  Fixture at;
  Desk other(at.storage, "premiere");
  const Command hold = at.hold(0);
  CHECK(at.take(hold).refusal() == nullptr);
  at.storage.next_commit = FaultyStorage::Fault::unavailable;
  CHECK(other.take_turn({&hold, 1}).front().refusal()->reason == Reason::storage_unavailable);
  CHECK(other.take_turn({&hold, 1}).front().refusal() == nullptr);
  CHECK(at.storage.read("event/premiere", 1, 1 << 20).size() == 1);
}

TEST_CASE("a no is told when what it rests on is known to be durable, and not before") {
  Fixture at;
  Desk other(at.storage, "premiere");
  CHECK(at.take(at.hold(0)).refusal() == nullptr);
  const Command late = at.hold(0);
  at.storage.next_commit = FaultyStorage::Fault::unavailable;
  CHECK(other.take_turn({&late, 1}).front().refusal()->reason == Reason::storage_unavailable);
  CHECK(other.take_turn({&late, 1}).front().refusal()->reason == Reason::place_taken);
}

TEST_CASE(
    "a host that knew a lost end of the log gets no turn, whatever stands there now, and a reader is told") {
  // After the loss another host may have written less than was lost, as much, or more.
  for (int written_since = 0; written_since < 3; ++written_since) {
    Fixture at;
    Desk reader(at.storage, "premiere");
    CHECK(at.take(at.hold(0)).refusal() == nullptr);
    reader.catch_up();
    const std::vector<Entry> before = at.storage.read("event/premiere", 0, 1 << 20);
    at.storage.remove_stream({"event/premiere", 2, before[1].checksum});
    const Position beginning{"event/premiere", 0};
    const Append kept{"event/premiere", before[0].checksum, before[0].bytes};
    at.storage.take_turn({&beginning, 1})->commit({&kept, 1});
    Desk other(at.storage, "premiere");
    for (int count = 0; count < written_since; ++count) {
      const Command hold = at.hold(static_cast<std::uint32_t>(count));
      REQUIRE(other.take_turn({&hold, 1}).front().refusal() == nullptr);
    }

    CHECK_THROWS_AS(reader.catch_up(), HistoryReplaced);
    const Answer answer = at.take(at.hold(3));
    REQUIRE(answer.refusal() != nullptr);
    CHECK(answer.refusal()->reason == Reason::halted);
    CHECK(answer.refusal()->text().find("the history of event/premiere has been replaced") !=
          std::string::npos);
    CHECK(at.storage.read("event/premiere", 0, 1 << 20).size() ==
          static_cast<std::size_t>(1 + written_since));
    at.desk.reopen();
    CHECK(at.take(at.hold(3)).refusal() == nullptr);
    CHECK(audit(at.storage, "event/premiere").problems.empty());
  }
}

TEST_CASE(
    "a host that must read the log anew still knows what it had read, and sells nothing after a log that "
    "lost it") {
  Fixture at;
  CHECK(at.take(at.hold(0)).refusal() == nullptr);
  SUBCASE("after the state was let go") { at.desk.let_go(); }
  SUBCASE("after reads that failed, more than once") {
    at.desk.distrust();
    at.storage.reads_fail = true;
    for (int attempt = 0; attempt < 2; ++attempt) CHECK_THROWS_AS(at.desk.catch_up(), StorageUnavailable);
    at.storage.reads_fail = false;
  }
  const std::vector<Entry> before = at.storage.read("event/premiere", 0, 1 << 20);
  REQUIRE(before.size() == 2);
  at.storage.remove_stream({"event/premiere", 2, before[1].checksum});
  const Position beginning{"event/premiere", 0};
  const Append kept{"event/premiere", before[0].checksum, before[0].bytes};
  at.storage.take_turn({&beginning, 1})->commit({&kept, 1});

  const Answer answer = at.take(at.hold(0));
  REQUIRE(answer.refusal() != nullptr);
  CHECK(answer.refusal()->reason == Reason::halted);
  CHECK(at.storage.read("event/premiere", 0, 1 << 20).size() == 1);
  at.desk.reopen();
  CHECK(at.take(at.hold(0)).refusal() == nullptr);
}

TEST_CASE("a full disk loses nothing: the sale goes on when there is space") {
  Fixture at;
  CHECK(at.take(at.hold(0)).refusal() == nullptr);
  at.storage.next_commit = FaultyStorage::Fault::unavailable;
  const Answer refused = at.take(at.hold(1));
  REQUIRE(refused.refusal() != nullptr);
  CHECK(refused.refusal()->reason == Reason::storage_unavailable);
  CHECK(refused.refusal()->text() == "the disk is full");
  CHECK(at.take(at.hold(2)).refusal() == nullptr);
  CHECK(at.desk.state().holds().open_count() == 2);
  CHECK(at.desk.state().places().codes()[1] == place_code::free);
}

TEST_CASE("what a failed turn decided is neither built upon nor shown") {
  Fixture at;
  at.storage.next_commit = FaultyStorage::Fault::unavailable;
  CHECK(at.take(at.hold(0)).refusal()->reason == Reason::storage_unavailable);
  CHECK_FALSE(at.desk.current());
  Desk other(at.storage, "premiere");
  const Command hold = at.hold(0);
  CHECK(other.take_turn({&hold, 1}).front().refusal() == nullptr);
  at.desk.catch_up();
  CHECK(at.desk.current());
  CHECK(at.desk.state().holds().open_count() == 1);
  CHECK(at.desk.state().holds().find(HoldId{hold.request}) != nullptr);
}

TEST_CASE("a desk is current when it has read the log to its end, and not before") {
  Fixture at;
  Desk other(at.storage, "premiere");
  CHECK_FALSE(other.current());
  CHECK(at.take(at.hold(0)).refusal() == nullptr);
  at.desk.save_snapshot();
  CHECK(at.take(at.hold(1)).refusal() == nullptr);
  // The snapshot is read, the entry after it is not.
  int reads_left = 1;
  at.storage.alter = [&](Revision, Bytes&) {
    if (reads_left-- == 0) throw StorageUnavailable("the connection was lost");
  };
  CHECK_THROWS_AS(other.catch_up(), StorageUnavailable);
  CHECK_FALSE(other.current());
  at.storage.alter = {};
  other.catch_up();
  CHECK(other.current());
  CHECK(other.state().holds().open_count() == 2);
  other.reopen();
  CHECK_FALSE(other.current());
}

TEST_CASE("after a reload that failed readers are told so, and see nothing that is empty or older") {
  little::Clock clock;
  FaultyStorage storage(clock);
  BoxOffice office(storage, {.clock = clock.reader()});
  const Event event = office.create_event(little::event()).value();
  const Hold paid = event.hold({"Hall-A-1"}, {.holder = "cart"}).value();
  const Quote quote = event.quote(paid.id, {{"adult", 1, ""}}).value();
  const Order order = event.check_out(paid.id, {.payment = {"card", "", quote.total}}).value();
  const Hold open = event.hold({"Hall-A-2"}, {.holder = "cart"}).value();
  const Revision seen = event.revision();

  storage.reads_fail = true;
  CHECK_THROWS_AS(event.reopen(), StorageUnavailable);
  CHECK_THROWS_AS((void)event.find_order(order.id), StorageUnavailable);
  CHECK_THROWS_AS((void)event.find_hold(open.id), StorageUnavailable);
  CHECK_THROWS_AS(
      event.inspect([](const EventState&) { FAIL("a reader was shown a state that was not read"); }),
      StorageUnavailable);
  REQUIRE(event.availability() != nullptr);
  CHECK(event.availability()->revision() == seen);

  storage.reads_fail = false;
  CHECK(event.find_order(order.id).has_value());
  CHECK(event.find_hold(open.id).has_value());
}

TEST_CASE("a halted event is reopened through its handle, whatever its last turn left behind") {
  little::Clock clock;
  FaultyStorage storage(clock);
  BoxOffice office(storage, {.clock = clock.reader()});
  BoxOffice elsewhere(storage, {.clock = clock.reader()});
  const Event event = office.create_event(little::event()).value();
  const Event other = elsewhere.event("premiere").value();
  CHECK(event.hold({"Hall-A-1"}, {.holder = "cart"}).ok());
  storage.alter = [](Revision revision, Bytes& bytes) {
    if (revision == 2) bytes[50] ^= 1;
  };
  CHECK(other.hold({"Hall-A-2"}, {.holder = "cart"}).refusal().reason == Reason::halted);
  storage.alter = {};
  storage.reads_fail = true;
  CHECK_THROWS_AS(other.reopen(), StorageUnavailable);
  storage.reads_fail = false;
  other.reopen();
  CHECK(other.hold({"Hall-A-2"}, {.holder = "cart"}).ok());
}

TEST_CASE("a storm of repeated requests costs few reads, and none while others wait for the turn") {
  Fixture at;
  std::vector<Command> asked;
  for (std::uint32_t number = 0; number < 1'024; ++number) {
    asked.push_back(at.hold(number % 17));
    asked.push_back({little::request(at.next_request++), ReleaseHold{HoldId{asked.back().request}}});
  }
  // A few in each entry, as they come from many clients.
  std::vector<Answer> first;
  for (std::size_t from = 0; from < asked.size(); from += 4) {
    for (Answer& answer : at.desk.take_turn(std::span(asked).subspan(from, 4)))
      first.push_back(std::move(answer));
  }
  const auto repeats_are_right = [&](Desk& desk) {
    const std::vector<Answer> again = desk.take_turn(asked);
    for (std::size_t index = 0; index < asked.size(); ++index) {
      REQUIRE(again[index].request == asked[index].request);
      REQUIRE(again[index].fact() != nullptr);
      REQUIRE(again[index].fact()->body.index() == first[index].fact()->body.index());
      REQUIRE(again[index].turn == first[index].turn);
    }
  };
  SUBCASE("to a host that has just read the log") {
    Desk other(at.storage, "premiere");
    other.catch_up();
    at.storage.reads = 0;
    repeats_are_right(other);
    CHECK(at.storage.reads == 0);
  }
  SUBCASE("to a host that opened the event from a snapshot") {
    at.desk.save_snapshot();
    Desk other(at.storage, "premiere");
    other.catch_up();
    at.storage.reads = 0;
    repeats_are_right(other);
    CHECK(at.storage.reads <= 2);
  }
  SUBCASE("to a host that learns of them in its turn") {
    Desk other(at.storage, "premiere");
    other.catch_up();
    const std::vector<Command> more = {at.hold(0), at.hold(1)};
    const std::vector<Answer> granted = at.desk.take_turn(more);
    at.storage.reads = 0;
    const std::vector<Answer> again = other.take_turn(more);
    CHECK(again[1].refusal() == nullptr);
    CHECK(again[1].turn == granted[1].turn);
    CHECK(at.storage.reads == 0);
  }
  CHECK(at.storage.reads_in_turns == 0);
}

TEST_CASE("a halted desk does not come back by being read") {
  Fixture at;
  (void)at.take(at.hold(0));
  at.storage.alter = [](Revision revision, Bytes& bytes) {
    if (revision == 2) bytes[50] ^= 1;
  };
  Desk other(at.storage, "premiere");
  const Command hold = at.hold(1);
  CHECK(other.take_turn({&hold, 1}).front().refusal()->reason == Reason::halted);
  at.storage.alter = {};
  CHECK_THROWS_WITH_AS(other.catch_up(), doctest::Contains("is halted"), StorageDamaged);
  CHECK(other.take_turn({&hold, 1}).front().refusal()->reason == Reason::halted);
  other.reopen();
  other.catch_up();
  CHECK(other.take_turn({&hold, 1}).front().refusal() == nullptr);
}

TEST_CASE("holds that ran out are written down before what the batch decides") {
  Fixture at;
  (void)at.take(at.hold(0, std::chrono::seconds(10)));
  at.clock.now += std::chrono::seconds(10);
  CHECK(at.take(at.hold(0)).refusal() == nullptr);
  const auto entries = at.storage.read("event/premiere", 2, 1 << 20);
  const LogEntry last = decode_entry(entries.back().bytes, "the last entry", at.storage);
  REQUIRE(last.facts.size() == 2);
  CHECK(std::holds_alternative<HoldExpired>(last.facts[0].body));
  CHECK(std::holds_alternative<HoldPlaced>(last.facts[1].body));
}

TEST_CASE("time on an event never runs backwards, though the clock does") {
  Fixture at;
  const Timestamp before = at.take(at.hold(0)).turn;
  at.clock.now -= std::chrono::hours(5);
  CHECK(at.take(at.hold(1)).turn == before);
}

TEST_CASE("with a clock that is not set nothing is sold, and nothing is lost") {
  for (const std::int64_t seconds : {std::int64_t{0}, std::int64_t{5'000'000'000}}) {
    Fixture at;
    MemoryStorage storage([&] { return Timestamp{std::chrono::seconds{seconds}}; });
    Desk desk(storage, "premiere");
    const NewEvent event = little::event();
    const Command create{
        little::request(1),
        CreateEvent{event.id, {event.name, "", event.starts_at, event.prices, event.policy}, event.seat_map}};
    const Answer answer = desk.take_turn({&create, 1}).front();
    REQUIRE(answer.refusal() != nullptr);
    CHECK(answer.refusal()->reason == Reason::storage_unavailable);
    CHECK(answer.refusal()->text().find("its clock says") != std::string::npos);

    REQUIRE(at.take(at.hold(0)).refusal() == nullptr);
    const Timestamp right = at.clock.now;
    at.clock.now = Timestamp{std::chrono::seconds{5'000'000'000}};
    CHECK(at.take(at.hold(1)).refusal()->reason == Reason::storage_unavailable);
    at.clock.now = right;
    CHECK(at.take(at.hold(1)).refusal() == nullptr);
    CHECK(at.desk.state().holds().open_count() == 2);
  }
}

namespace {

/// A store and a host whose clocks can be set wrong, each for itself.
struct Clocks {
  little::Clock store{};
  HostTime host{store.now, std::chrono::hours(5)};
  MemoryStorage storage{store.reader()};
  BoxOffice office{storage, options()};
  Event event = office.create_event(little::event()).value();

  [[nodiscard]] BoxOfficeOptions options() {
    return {.clock = [this] { return host.wall; }, .steady = [this] { return host.steady; }};
  }
  void pass(std::chrono::microseconds time) {
    store.now += time;
    host.wall += time;
    host.steady += time;
  }
  [[nodiscard]] static bool sells(const Event& at) {
    const auto hold = at.hold_best({.count = 1, .categories = {"cheap"}},
                                   {.holder = "cart", .ttl = std::chrono::seconds(1)});
    if (!hold) REQUIRE(hold.refusal().reason == Reason::storage_unavailable);
    return hold.ok();
  }
};

}  // namespace

TEST_CASE(
    "a clock that leaps with nothing to explain it sells nothing, and leaves nothing behind once it is set "
    "right") {
  using std::chrono::hours;
  SUBCASE("the store's, beside hosts that know better") {
    Clocks at;
    at.store.now += hours(24 * 365);
    CHECK_FALSE(Clocks::sells(at.event));
    // Nor does a host that has just been started believe it.
    BoxOffice restarted(at.storage, at.options());
    CHECK_FALSE(Clocks::sells(restarted.event("premiere").value()));
    at.store.now -= hours(24 * 365);
    CHECK(Clocks::sells(at.event));
    CHECK(at.event.availability()->revision() == 2);
  }
  SUBCASE("the host's own, that is the store's too") {
    Clocks at;
    at.store.now += hours(30);
    at.host.wall += hours(30);
    CHECK_FALSE(Clocks::sells(at.event));
    at.store.now -= hours(30);
    at.host.wall -= hours(30);
    CHECK(Clocks::sells(at.event));
  }
  SUBCASE("the same, found wrong by years at the start") {
    Clocks at;
    at.store.now += hours(24 * 365 * 3);
    at.host.wall += hours(24 * 365 * 3);
    BoxOffice restarted(at.storage, at.options());
    CHECK_FALSE(Clocks::sells(restarted.event("premiere").value()));
  }
}

TEST_CASE("an event that slept goes on, and so does a clock that is wrong by little or set right") {
  using std::chrono::hours;
  SUBCASE("for months, while its host was up") {
    Clocks at;
    at.pass(hours(24 * 200));
    CHECK(Clocks::sells(at.event));
  }
  SUBCASE("for months, and its host was started anew") {
    Clocks at;
    at.pass(hours(24 * 200));
    at.host.steady = {};
    BoxOffice restarted(at.storage, at.options());
    CHECK(Clocks::sells(restarted.event("premiere").value()));
  }
  SUBCASE("wrong by less than the bound") {
    Clocks at;
    at.store.now += std::chrono::minutes(59);
    CHECK(Clocks::sells(at.event));
  }
  SUBCASE("a store that was behind is set right, as its host's clock says") {
    Clocks at;
    at.store.now -= hours(50);
    CHECK(Clocks::sells(at.event));
    at.store.now += hours(50);
    at.pass(hours(3));
    CHECK(Clocks::sells(at.event));
  }
}

TEST_CASE("an operator who confirms the store's time is believed, by every host and for good") {
  using std::chrono::hours;
  Clocks at;
  BoxOffice elsewhere(at.storage, at.options());
  const Event other = elsewhere.event("premiere").value();
  CHECK(Clocks::sells(other));
  at.store.now += hours(24 * 20);
  const auto refused = at.event.hold({"Hall-A-1"}, {.holder = "cart"});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.refusal().message.find("confirm") != std::string::npos);
  CHECK_FALSE(Clocks::sells(other));
  CHECK(at.event.confirm_time().ok());
  CHECK(at.event.availability()->sale_status() == SaleStatus::on_sale);
  CHECK(Clocks::sells(at.event));
  CHECK(Clocks::sells(other));
  at.store.now += hours(24 * 20);
  CHECK_FALSE(Clocks::sells(at.event));
}

TEST_CASE("a damaged entry halts its event and names it; reopening goes on once it is mended") {
  Fixture at;
  (void)at.take(at.hold(0));
  at.storage.alter = [](Revision revision, Bytes& bytes) {
    if (revision == 2) bytes[50] ^= 1;
  };
  Desk other(at.storage, "premiere");
  const Command hold = at.hold(1);
  const std::vector<Answer> answers = other.take_turn({&hold, 1});
  REQUIRE(answers.front().refusal() != nullptr);
  CHECK(answers.front().refusal()->reason == Reason::halted);
  CHECK(other.halted().find("entry 2 of event/premiere") != std::string::npos);
  at.storage.alter = {};
  other.reopen();
  CHECK(other.take_turn({&hold, 1}).front().refusal() == nullptr);
}

TEST_CASE("a swapped or missing entry shows") {
  Fixture at;
  (void)at.take(at.hold(0));
  (void)at.take(at.hold(1));
  const Bytes second = at.storage.read("event/premiere", 1, 1).front().bytes;
  at.storage.alter = [&](Revision revision, Bytes& bytes) {
    if (revision == 3) bytes = second;
  };
  Desk other(at.storage, "premiere");
  CHECK_THROWS_WITH_AS(other.catch_up(), doctest::Contains("another revision"), StorageDamaged);
}

TEST_CASE("a snapshot leads to the state that the log leads to; a damaged one is left aside") {
  Fixture at;
  for (std::uint32_t place = 0; place < 6; ++place) (void)at.take(at.hold(place));
  at.desk.save_snapshot();
  (void)at.take(at.hold(7));
  Desk fresh(at.storage, "premiere");
  fresh.catch_up();
  fresh.state().check_everything();
  CHECK(std::ranges::equal(fresh.state().places().codes(), at.desk.state().places().codes()));
  Snapshot damaged = *at.storage.load_snapshot("event/premiere");
  const std::uint32_t checksum_of_snapshot =
      at.storage.read("event/premiere", damaged.revision - 1, 1).front().checksum;
  for (const std::size_t byte : {std::size_t{5}, std::size_t{40}, damaged.bytes.size() - 1}) {
    damaged.bytes[byte] ^= 0x10;
    at.storage.save_snapshot({"event/premiere", damaged.revision, checksum_of_snapshot}, damaged.bytes);
    Desk replayed(at.storage, "premiere");
    replayed.catch_up();
    CHECK(std::ranges::equal(replayed.state().places().codes(), at.desk.state().places().codes()));
  }
}

TEST_CASE("a request is forgotten after a day, and its memory with it") {
  Fixture at;
  const Command hold = at.hold(0, std::chrono::seconds(1));
  (void)at.take(hold);
  at.clock.now += limits::request_memory + std::chrono::hours(1);
  (void)at.take(at.hold(1));
  CHECK(at.desk.state().requests().find(hold.request) == nullptr);
}

TEST_CASE("a hold or an order that outlives the memory of its request does not get its id given again") {
  Fixture at;
  NewEvent event = little::event();
  const Command configure{
      little::request(2),
      ConfigureEvent{
          {event.name, "", event.starts_at, event.prices, {.hold_lifetime = std::chrono::hours(72)}}}};
  REQUIRE(at.take(configure).refusal() == nullptr);
  const auto pay_for = [&](const Command& held, RequestId request) {
    const HoldId hold{held.request};
    REQUIRE(at.take({little::request(at.next_request++), QuoteHold{hold, {{"adult", 1, ""}}}}).refusal() ==
            nullptr);
    return at.take({request, CheckOut{hold, {"card", "", at.desk.state().holds().find(hold)->quote->total}}});
  };
  const Command long_hold = at.hold(0, std::chrono::hours(72));
  const Command bought = at.hold(1);
  REQUIRE(at.take(long_hold).refusal() == nullptr);
  REQUIRE(at.take(bought).refusal() == nullptr);
  REQUIRE(pay_for(bought, little::request(3)).refusal() == nullptr);
  at.clock.now += limits::request_memory + std::chrono::hours(1);

  REQUIRE(at.take(at.hold(2)).refusal() == nullptr);
  for (const Command& again : {long_hold, Command{long_hold.request, HoldBest{"cart", {{0}}, 1}}}) {
    const Answer answer = at.take(again);
    REQUIRE(answer.refusal() != nullptr);
    CHECK(answer.refusal()->reason == Reason::request_reused);
  }
  const Answer second_order = pay_for(long_hold, little::request(3));
  REQUIRE(second_order.refusal() != nullptr);
  CHECK(second_order.refusal()->reason == Reason::request_reused);
  CHECK(at.desk.halted().empty());
  CHECK(at.desk.state().orders().size() == 1);
  CHECK(pay_for(long_hold, little::request(4)).refusal() == nullptr);
}

TEST_CASE("a refusal leaves nothing behind, and a refused request that comes again is decided anew") {
  Fixture at;
  const Command first = at.hold(0);
  Command second = at.hold(0);
  REQUIRE(at.take(first).refusal() == nullptr);
  const auto size = [&] { return encode_snapshot(at.desk.state(), 0, 0).size(); };
  const std::size_t bytes = size();
  const Revision revision = at.desk.revision();
  for (std::uint64_t number = 0; number < 1'000; ++number) {
    second.request = little::request(1'000 + number);
    CHECK(at.take(second).refusal()->reason == Reason::place_taken);
  }
  CHECK(at.desk.revision() == revision);
  CHECK(size() == bytes);
  // Refused, made possible, and granted in one batch; then told again.
  const std::vector<Command> batch = {
      second, {little::request(50), ReleaseHold{HoldId{first.request}}}, second, second};
  const std::vector<Answer> answers = at.desk.take_turn(batch);
  CHECK(answers[0].refusal()->reason == Reason::place_taken);
  REQUIRE(answers[2].granted<HoldPlaced>() != nullptr);
  CHECK(answers[3].granted<HoldPlaced>() != nullptr);
  CHECK(at.desk.state().holds().open_count() == 1);
}

TEST_CASE("requests repeated within one batch are one") {
  Fixture at;
  const Command hold = at.hold(0);
  const std::vector<Command> twice = {hold, hold};
  const std::vector<Answer> answers = at.desk.take_turn(twice);
  CHECK(answers[1].refusal() == nullptr);
  CHECK(answers[1].request == hold.request);
  CHECK(at.desk.state().holds().open_count() == 1);
}

TEST_CASE("carts that buy nothing leave nothing behind, also across a snapshot") {
  Fixture at;
  const auto cart = [&](const std::string& holder, std::uint32_t place) {
    PlaceHold hold;
    hold.holder = HolderId(holder);
    hold.places = {PlaceIndex{place}};
    return Command{little::request(at.next_request++), hold};
  };
  const Command bought = cart("buyer", 0);
  REQUIRE(at.take(bought).refusal() == nullptr);
  REQUIRE(at.take({little::request(2), QuoteHold{HoldId{bought.request}, {{"adult", 1, ""}}}}).refusal() ==
          nullptr);
  const std::int64_t total = at.desk.state().holds().find(HoldId{bought.request})->quote->total;
  REQUIRE(at.take({little::request(3), CheckOut{HoldId{bought.request}, {"card", "", total}}}).refusal() ==
          nullptr);
  for (int number = 0; number < 100; ++number) {
    const Command hold = cart("cart-" + std::to_string(number), 1);
    REQUIRE(at.take(hold).refusal() == nullptr);
    if (number % 2 == 0) {
      REQUIRE(at.take({little::request(at.next_request++), ReleaseHold{HoldId{hold.request}}}).refusal() ==
              nullptr);
    } else {
      at.clock.now += std::chrono::minutes(20);
    }
  }
  REQUIRE(at.take(cart("thinking", 1)).refusal() == nullptr);
  CHECK(at.desk.state().holders().size() <= 3);
  at.desk.state().check_everything();
  at.desk.save_snapshot();
  Desk fresh(at.storage, "premiere");
  fresh.catch_up();
  fresh.state().check_everything();
  CHECK(fresh.state().holders().find("buyer")->bought == 1);
  CHECK(fresh.state().holders().find("thinking")->open_holds == 1);
  CHECK(fresh.state().holders().find("cart-7") == nullptr);
  CHECK(fresh.state().holders().size() <= 3);
}

TEST_CASE("a batch whose facts would not fit one entry becomes several") {
  SeatMapBuilder builder("Many prices");
  std::vector<Price> prices;
  const std::string filler(90, 'x');
  for (int category = 0; category < 16; ++category) {
    const std::string key = filler + std::to_string(category);
    builder.add_category({key, key, "#123456"});
    for (int type = 0; type < 256; ++type) prices.push_back({key, "type " + std::to_string(type), "1.00"});
  }
  builder.add_area({.label = "Lawn", .section = builder.no_section(), .category = {0}, .capacity = 1});
  const EventSettings settings{"Many", "", {}, PriceList("UAH", prices), {}};
  little::Clock clock;
  MemoryStorage store(clock.reader());
  Desk desk(store, "many");
  std::vector<Command> commands = {
      {little::request(1), CreateEvent{"many", settings, std::make_shared<const SeatMap>(builder.build())}}};
  for (std::uint64_t number = 2; number < 170; ++number)
    commands.push_back({little::request(number), ConfigureEvent{settings}});
  commands.push_back(commands[3]);
  std::size_t granted = 0;
  for (const Answer& answer : desk.take_turn(commands)) granted += answer.refusal() == nullptr ? 1 : 0;
  CHECK(granted == commands.size());
  CHECK(desk.halted().empty());
  const std::vector<Entry> entries = store.read("event/many", 0, SIZE_MAX);
  CHECK(entries.size() > 2);
  for (const Entry& entry : entries) CHECK(entry.bytes.size() < limits::entry_bytes / 2);
}

TEST_CASE("a seat map that no log entry has room for is refused, and its desk goes on") {
  SeatMapBuilder builder("Long labels");
  builder.add_category({"a", "A", "#123456"});
  const std::string filler(90, 'x');
  for (std::uint32_t row = 0; row < 340; ++row) {
    builder.add_row(builder.no_section(), std::to_string(row));
    for (std::uint32_t seat = 0; seat < 1'000; ++seat)
      builder.add_seat({.label = filler + std::to_string(row * 1'000 + seat)});
  }
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  Desk desk(storage, "long");
  const NewEvent event = little::event();
  const Command create{little::request(1), CreateEvent{"long",
                                                       {"Long", "", {}, PriceList("UAH", {}), {}},
                                                       std::make_shared<const SeatMap>(builder.build())}};
  const Answer answer = desk.take_turn({&create, 1}).front();
  REQUIRE(answer.refusal() != nullptr);
  CHECK(answer.refusal()->reason == Reason::invalid_request);
  CHECK(answer.refusal()->text().find("at most 33554432 are possible") != std::string::npos);
  const Command smaller{little::request(1),
                        CreateEvent{"long", {"Short", "", {}, event.prices, {}}, event.seat_map}};
  CHECK(desk.take_turn({&smaller, 1}).front().refusal() == nullptr);
}

TEST_CASE("a batch is decided as its commands are one at a time, whatever they name") {
  const NewEvent event = little::event();
  const EventId id = "premiere";
  const auto request = little::request;
  const HoldId first{request(3)};
  const OrderId order{request(8)};
  const auto held = [](PlaceList places) { return PlaceHold{"cart", std::move(places)}; };
  // The later ones are looked for in tables that are empty yet, of an event that is not there yet.
  const std::vector<Command> commands = {
      {request(1), held({{0}})},
      {request(2), CreateEvent{id, {"Short", "", {}, event.prices, {}}, event.seat_map, SaleStatus::on_sale}},
      {request(3), held({{1}, {0}})},
      {request(4), held({{UINT32_MAX}})},
      {request(5), held({{3}, {2}, {3}})},
      {request(6), held({{4}, {4}})},
      {request(7), QuoteHold{first, {{"adult", 2}}}},
      {request(8), CheckOut{first, {"card"}}},
      {request(9), AdmitTicket{{order, 1}, "gate"}},
      {request(10), RefundTickets{order, {2}}},
      {request(11), AdmitTicket{{OrderId{request(77)}, 1}, "gate"}},
      {request(12), RefundTickets{OrderId{request(77)}}},
      {request(13), ExtendHold{first}},
      {request(14), ReleaseHold{HoldId{request(77)}}},
      {request(3), held({{1}, {0}})},
      {request(15), held({{1}})},
      {request(16), HoldBest{"cart", {{0}}, 2}},
      {RequestId{}, held({{5}})}};
  const auto outcomes = [&](std::size_t at_once) {
    little::Clock clock;
    MemoryStorage storage(clock.reader());
    Desk desk(storage, id);
    std::vector<std::string> told;
    const std::span<const Command> all(commands);
    for (std::size_t from = 0; from < all.size(); from += at_once) {
      for (const Answer& answer : desk.take_turn(all.subspan(from, std::min(at_once, all.size() - from))))
        told.push_back(answer.refusal() ? std::to_string(static_cast<int>(answer.refusal()->reason)) +
                                              answer.refusal()->text()
                                        : "granted");
    }
    desk.state().check_everything();
    return told;
  };
  const std::vector<std::string> told = outcomes(1);
  CHECK(outcomes(commands.size()) == told);
  CHECK(std::count(told.begin(), told.end(), "granted") == 8);
  CHECK(told[4].ends_with("names Hall-A-4 twice"));
  CHECK(told[5].ends_with("names Hall-A-5 twice"));
}

TEST_CASE("lists that a command brings have an end") {
  Fixture at;
  PlaceHold hold;
  hold.holder = "crowd";
  for (std::uint32_t place = 0; place <= limits::places_per_hold; ++place) hold.places.push_back({place});
  CHECK(at.take({little::request(10), hold}).refusal()->reason == Reason::too_many_places);
  HoldBest best{"picky", {}, 1};
  best.categories.resize(limits::categories + 1);
  CHECK(at.take({little::request(11), best}).refusal()->reason == Reason::invalid_request);
  best.categories = {{1}, {0}, {1}};
  CHECK(at.take({little::request(11), best}).refusal()->text() ==
        "best available names category \"cheap\" twice");
  const Command held = at.hold(0);
  REQUIRE(at.take(held).refusal() == nullptr);
  const HoldId id{held.request};
  CHECK(at.take({little::request(12), QuoteHold{id, std::vector<TicketChoice>(limits::places_per_hold + 1)}})
            .refusal()
            ->text()
            .find("at most 1000") != std::string::npos);
  CHECK(at.take({little::request(13), QuoteHold{id, {{std::string(101, 'x'), 1, ""}}}}).refusal()->reason ==
        Reason::invalid_request);
  CHECK(at.take({little::request(14),
                 RefundTickets{OrderId{id}, std::vector<std::uint32_t>(limits::places_per_hold + 1), ""}})
            .refusal()
            ->reason == Reason::invalid_request);
  CHECK_THROWS_WITH_AS(PriceList("UAH", std::vector<Price>(limits::prices + 1)),
                       doctest::Contains("at most 4096"), std::invalid_argument);
}

TEST_CASE("a snapshot that knows more than the log, or another log, is evidence of what was lost") {
  Fixture f;
  (void)f.take(f.hold(0));
  f.desk.save_snapshot();
  const Snapshot ahead = f.storage.load_snapshot("event/premiere").value();
  const auto refused = [](Storage& storage) {
    Desk desk(storage, "premiere");
    CHECK_THROWS_WITH_AS(desk.catch_up(), doctest::Contains("entry 2 of event/premiere"), StorageDamaged);
    const Command command{little::request(50), SetSaleStatus{SaleStatus::off_sale}};
    CHECK(desk.take_turn({&command, 1}).front().refusal()->reason == Reason::halted);
  };
  Fixture behind;
  behind.storage.snapshot_kept = ahead;
  refused(behind.storage);
  (void)behind.take(behind.hold(1));
  refused(behind.storage);
  Desk whole(f.storage, "premiere");
  whole.catch_up();
  CHECK(whole.revision() == 2);
}

TEST_CASE("who asks for an event that is not there is told so each time, and finds it once it is") {
  Fixture f;
  BoxOffice office(f.storage);
  for (int asked = 0; asked < 2; ++asked)
    CHECK(office.event("matinee").refusal().reason == Reason::event_not_found);
  CHECK(office.event("premiere").ok());
  BoxOffice other(f.storage);
  REQUIRE(other.create_event(little::event("matinee")).ok());
  CHECK(office.event("matinee").ok());
}

TEST_CASE("availability says how old it is, and up to when it holds for good") {
  using namespace std::chrono_literals;
  little::Clock clock;
  FaultyStorage storage(clock);
  BoxOffice here(storage, {.clock = clock.reader()});
  const Event event = here.create_event(little::event()).value();
  BoxOffice elsewhere(storage, {.clock = clock.reader()});
  const Event same = elsewhere.event("premiere").value();
  const Timestamp created = clock.now;
  CHECK(same.age() == 0s);
  CHECK(same.availability()->time() == created);

  clock.now += 7s;
  REQUIRE(event.hold({"Hall-A-1"}, {.holder = "cart"}).ok());
  CHECK(event.age() == 0s);
  CHECK(event.availability()->time() == clock.now);
  CHECK(same.age() == 7s);
  CHECK(same.availability()->time() == created);

  // Nothing that fails makes it younger, be it a refresh or a turn; nor do readers, who look at what is in
  // memory.
  storage.reads_fail = true;
  CHECK_THROWS_AS(same.refresh(), StorageUnavailable);
  storage.reads_fail = false;
  storage.next_commit = FaultyStorage::Fault::unavailable;
  CHECK(event.hold({"Hall-A-2"}, {.holder = "cart"}).refusal().reason == Reason::storage_unavailable);
  CHECK_FALSE(same.find_order(OrderId{{1, 1}}));
  CHECK(same.age() == 7s);

  same.refresh();
  CHECK(same.age() == 0s);
  CHECK(same.availability()->time() == clock.now);
  // Where nothing is new, to have looked makes it younger all the same. A turn is a look, though it changes
  // nothing.
  clock.now += 5s;
  same.refresh();
  CHECK(same.age() == 0s);
  clock.now += 5s;
  CHECK(same.release(HoldId{{1, 1}}).refusal().reason == Reason::hold_not_found);
  CHECK(same.age() == 0s);
}
