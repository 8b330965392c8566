// A standby that is waited for: what is not there yet is answered to nobody, whoever finds it.

#include <doctest/doctest.h>

#include "../conformance/storage_conformance.hpp"
#include "../little_sale.hpp"
#include "shared_server.hpp"
#include "ticketcore/base/id_generator.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/storage/postgres.hpp"

using namespace ticketcore;
using namespace std::chrono_literals;
using ticketcore::testing::PostgresServer;

namespace {

struct Host {
  explicit Host(const std::string& url, little::Clock& clock)
      : storage(PostgresStorage::open(
            url, {.turn_timeout = 400ms, .response_timeout = 1'000ms, .clock = clock.reader()})),
        office(*storage, {.clock = clock.reader(), .desk = {.outcome_attempts = 1}}) {}
  std::unique_ptr<PostgresStorage> storage;
  BoxOffice office;
};

}  // namespace

TEST_CASE(
    "what has not reached the synchronous standby is not answered, neither by who wrote it nor by who finds "
    "it") {
  PostgresServer primary(PostgresServer::without_fsync);
  PostgresServer standby(primary, "standby1");
  primary.set("synchronous_standby_names = 'standby1'");
  primary.reload();
  little::Clock clock;
  Host one(primary.url(), clock);
  Host other(primary.url(), clock);
  REQUIRE(one.office.create_event(little::event()).ok());
  const RequestId request = new_request_id();
  const auto ask = [&](Host& node) {
    return node.office.event("premiere").value().hold({"Hall-A-1"}, {.holder = "buyer", .request = request});
  };
  const auto answered = [&](Host& node) {
    const auto answer = ask(node);
    if (!answer.ok()) CHECK(answer.refusal().reason == Reason::storage_unavailable);
    return answer.ok();
  };

  // A standby can be looked into; it takes no writes.
  const auto look = PostgresStorage::open(standby.url("target_session_attrs=any"),
                                          {.access = PostgresOptions::Access::read_only});
  const Position created{"event/premiere", 0};
  CHECK(look->wait_for_news({&created, 1}, 20s));
  CHECK(look->list_streams("event/") == std::vector<StreamId>{"event/premiere"});

  standby.stop("immediate");
  CHECK_FALSE(answered(one));
  CHECK_FALSE(answered(other));  // the first one's commit still waits, in its turn
  const std::string waiting =
      "FROM pg_stat_activity WHERE application_name = 'ticketcore' AND wait_event = 'SyncRep'";
  CHECK(primary.sql("SELECT count(*) " + waiting) == "1");
  // An operator breaks the wait off: the hold is in the log of the primary now, and in no other.
  primary.sql("SELECT pg_cancel_backend(pid) " + waiting);
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (other.storage->read("event/premiere", 1, 1).empty() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(1ms);
  CHECK(other.storage->read("event/premiere", 1, 1).size() == 1);
  CHECK_FALSE(answered(other));
  CHECK_FALSE(answered(one));
  CHECK_THROWS_AS(one.storage->vault_put("person", conformance::bytes_of("x")), StorageError);

  standby.start();
  bool both = false;
  while (!both && std::chrono::steady_clock::now() < deadline + 20s) both = answered(one) && answered(other);
  CHECK(both);
  CHECK(audit(*one.storage, "event/premiere").problems.empty());
  // And now it outlives the primary.
  primary.stop("immediate");
  standby.promote();
  Host after(standby.url(), clock);
  CHECK(answered(after));
}
