// The ticketcore command on a PostgreSQL store.

#include <doctest/doctest.h>

#include <sys/wait.h>

#include "../little_sale.hpp"
#include "shared_server.hpp"
#include "ticketcore/storage/postgres.hpp"

using namespace ticketcore;
using ticketcore::testing::fresh_schema;
using ticketcore::testing::shared_server;

namespace {

struct Said {
  int status = -1;
  std::string text{};
};

[[nodiscard]] Said run(const std::string& arguments) {
  FILE* pipe = popen((testing::quoted(TICKETCORE_COMMAND) + " " + arguments + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  Said said;
  char block[4'096];
  for (std::size_t count = 0; (count = fread(block, 1, sizeof block, pipe)) > 0;)
    said.text.append(block, count);
  const int status = pclose(pipe);
  said.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return said;
}

void expect(int status, std::string_view part, const std::string& arguments) {
  const Said said = run(arguments);
  INFO(arguments << ": " << said.text);
  CHECK(said.status == status);
  CHECK(said.text.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("the command looks into a PostgreSQL store, archives, restores, projects and erases") {
  const std::string schema = fresh_schema();
  const std::string url = "'" + shared_server().url("schema=" + schema) + "'";
  expect(3, "there is no store", "events " + url);
  CHECK(shared_server().sql("SELECT count(*) FROM pg_namespace WHERE nspname = '" + schema + "'") == "0");
  expect(0, "ready, with 0 events", "prepare " + url);
  expect(0, "ready, with 0 events", "prepare " + url);
  little::Clock clock;
  const auto storage =
      PostgresStorage::open(shared_server().url("schema=" + schema), {.clock = clock.reader()});
  little::sell_a_bit(*storage, clock);
  const std::string record = R"({"name": "Olha Kovalenko"})";
  storage->vault_put("person-1",
                     BytesView(reinterpret_cast<const std::uint8_t*>(record.data()), record.size()));
  const std::string file = testing::quoted(shared_server().folder() + "/" + schema + ".archive");

  expect(0, "Premiere", "events " + url);
  expect(0, "nothing is wrong", "check " + url);
  expect(0, "\"fact\":\"order_placed\"", "log " + url + " --event premiere");
  expect(0, "Hall-A-1,Hall,A,1,seat,parquet", "manifest " + url + " --event premiere");
  expect(0, "1 event,", "project " + url);
  CHECK(shared_server().sql("SELECT count(*) FROM " + schema + ".tickets WHERE status <> 'refunded'") == "4");
  shared_server().sql("UPDATE " + schema + ".tickets SET status = 'refunded'");
  expect(0, "1 event, 0 new entries", "project " + url);
  expect(0, "1 event,", "project " + url + " --rebuild");
  CHECK(shared_server().sql("SELECT count(*) FROM " + schema + ".tickets WHERE status <> 'refunded'") == "4");

  expect(0, "replays to the same state", "archive " + url + " " + file + " --event premiere --remove");
  expect(0, "nothing is wrong", "check " + file);
  CHECK(storage->list_streams("event/").empty());
  expect(0, "entries are back in PostgreSQL database postgres", "restore " + url + " " + file);
  expect(0, "nothing is wrong", "check " + url);

  expect(0, "no trace is left", "erase " + url + " person-1");
  CHECK_FALSE(storage->vault_get("person-1"));
  expect(3, "refused", "events postgresql://postgres@127.0.0.1:1/postgres");
}
