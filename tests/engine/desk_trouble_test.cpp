// A desk whose storage fails, loses entries or is damaged.

#include "desk_fixture.hpp"

using namespace ticketcore;

namespace {

using desk_testing::FaultyStorage;
using desk_testing::Fixture;

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
