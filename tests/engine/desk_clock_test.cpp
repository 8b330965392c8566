// A desk and its clocks: deadlines, clocks that leap, and the age of what is shown.

#include "desk_fixture.hpp"

using namespace ticketcore;

namespace {

using desk_testing::FaultyStorage;
using desk_testing::Fixture;

}  // namespace

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
