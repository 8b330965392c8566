// Memory that runs out in a turn or a secret's write, at every allocation in turn, over each store that is
// kept on a disk or a server: another event, which shares the store's connections, goes on unharmed, and so
// does this one.

#include <doctest/doctest.h>

#include "failing_new.hpp"
#include "little_house.hpp"
#include "scratch_folder.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/storage/sqlite.hpp"

#ifdef TICKETCORE_HAVE_POSTGRES
#include "postgres/postgres_server.hpp"
#include "ticketcore/storage/postgres.hpp"
#endif

using namespace ticketcore;
using ticketcore::testing::fails_at;
using ticketcore::testing::ScratchFolder;
#ifdef TICKETCORE_HAVE_POSTGRES
using ticketcore::testing::PostgresServer;
#endif

namespace {

[[nodiscard]] Bytes bytes_of(std::string_view text) { return Bytes(text.begin(), text.end()); }

/// Takes a seat and gives it back.
[[nodiscard]] bool hold_and_release(const Event& event) {
  const auto hold = event.hold({"Hall-A-1"}, {.holder = "a holder with a long name"});
  return hold.ok() && event.release(hold->id).ok();
}

/// Two events of one box office.
struct TwoEvents {
  Storage& storage;
  little::Clock& clock;
  // Small enough that turns save snapshots, too.
  BoxOffice office{storage, {.clock = clock.reader(), .desk = {.snapshot_every_bytes = 2'000}}};
  Event struck = office.create_event(little::event("struck")).value();
  Event other = office.create_event(little::event("other")).value();
};

void check_turns(Storage& storage, little::Clock& clock) {
  TwoEvents sale{storage, clock};
  REQUIRE(hold_and_release(sale.struck));
  REQUIRE(hold_and_release(sale.other));
  for (long nth = 0; fails_at(nth, [&] { (void)hold_and_release(sale.struck); }); ++nth) {
    CAPTURE(nth);
    REQUIRE(hold_and_release(sale.other));
    // What was granted and not told stays held until it expires.
    clock.now += std::chrono::minutes(20);
    REQUIRE(hold_and_release(sale.struck));
  }
  for (const char* stream : {"event/struck", "event/other"}) CHECK(audit(storage, stream).problems.empty());
}

/// As a host takes turns that brings its own desk.
void check_bare_turns(Storage& storage) {
  Position other{"other", 0};
  const auto append = [&](const Position& at, std::string_view text) {
    const auto turn = storage.take_turn({&at, 1});
    CHECK(turn->unseen(at.stream).empty());
    const Bytes bytes = bytes_of(text);
    const Append entry{at.stream, static_cast<std::uint32_t>(at.known + 1), bytes};
    turn->commit({&entry, 1});
    return Position{at.stream, at.known + 1, static_cast<std::uint32_t>(at.known + 1)};
  };
  other = append(other, "one");
  for (long nth = 0; fails_at(nth,
                              [&] {
                                (void)append({"struck " + std::to_string(nth), 0}, "never mind");
                              });
       ++nth) {
    CAPTURE(nth);
    other = append(other, "the next one");
    REQUIRE(storage.read("other", 0, SIZE_MAX).size() == other.known);
  }
}

void check_vault(Storage& storage) {
  storage.vault_put("other", bytes_of("Petro"));
  const Position begin{"struck"};
  const Bytes entry = bytes_of("an entry");
  const Append append{"struck", 1, entry};
  storage.take_turn({&begin, 1})->commit({&append, 1});
  const auto unharmed = [&] { return storage.vault_get("other") == std::optional(bytes_of("Petro")); };
  const std::vector<std::function<void()>> calls{
      [&] { storage.vault_put("struck", bytes_of("Olha Kovalenko, of a long street in Poltava")); },
      [&] { (void)storage.vault_get("struck"); },
      [&] {
        storage.save_snapshot({"struck", 1, 1}, bytes_of("a snapshot that is longer than a short string"));
      },
      [&] { (void)storage.load_snapshot("struck"); },
      [&] { (void)storage.list_streams(""); },
      [&] { storage.vault_erase("struck"); },
  };
  for (std::size_t call = 0; call < calls.size(); ++call) {
    CAPTURE(call);
    for (long nth = 0; fails_at(nth, calls[call]); ++nth) {
      CAPTURE(nth);
      REQUIRE(unharmed());
      REQUIRE(unharmed());
    }
  }
  CHECK_FALSE(storage.vault_get("struck"));
}

void check_all(const std::function<std::unique_ptr<Storage>(std::function<Timestamp()>)>& open) {
  little::Clock clock;
  const auto storage = open(clock.reader());
  SUBCASE("turns of a box office") { check_turns(*storage, clock); }
  SUBCASE("bare turns") { check_bare_turns(*storage); }
  SUBCASE("the vault and snapshots") { check_vault(*storage); }
}

}  // namespace

TEST_CASE("memory that runs out in one event's turn over SQLite harms no other event") {
  const ScratchFolder folder;
  check_all([&](auto clock) { return SqliteStorage::open(folder.file("box.db"), {.clock = clock}); });
}

#ifdef TICKETCORE_HAVE_POSTGRES
TEST_CASE("memory that runs out in one event's turn over PostgreSQL harms no other event") {
  static PostgresServer server(PostgresServer::without_fsync);
  static int schemas = 0;
  const std::string schema = "schema=store_" + std::to_string(++schemas);
  const auto open = [&](const std::string& pooler) {
    return [&server = server, url = schema + "&pooler=" + pooler](auto clock) {
      return PostgresStorage::open(server.url(url), {.clock = clock});
    };
  };
  SUBCASE("directly") { check_all(open("none")); }
  SUBCASE("as through a pooler") { check_all(open("transaction")); }
}
#endif
