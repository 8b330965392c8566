#include "ticketcore/projections/projection.hpp"

#include <doctest/doctest.h>

#include "../little_sale.hpp"
#include "shared_server.hpp"
#include "ticketcore/projections/postgres_projection.hpp"
#include "ticketcore/storage/postgres.hpp"

using namespace ticketcore;
using ticketcore::testing::fresh_schema;
using ticketcore::testing::shared_server;

TEST_CASE("projection tables in PostgreSQL hold what those of a rebuild hold") {
  const std::string schema = fresh_schema();
  const std::string url = shared_server().url("schema=" + schema);
  little::Clock clock;
  const auto storage = PostgresStorage::open(url, {.clock = clock.reader()});
  const auto sink = PostgresProjection::open(url);
  const auto same = PostgresProjection::open(url);  // made already
  Projector projector(*storage, *sink);
  for (int part = 0; part < 3; ++part) {
    little::sell_a_bit(*storage, clock, EventId("part-" + std::to_string(part)));
    CHECK(projector.catch_up() > 10);
  }
  const auto ask = [&](const std::string& sql) {
    return shared_server().sql("SET search_path = " + schema + "; SET timezone = 'UTC'; " + sql);
  };
  CHECK(ask("SELECT event, name, starts_at, capacity FROM events ORDER BY event LIMIT 1") ==
        "part-0|Premiere|2027-01-31 19:30:00+00|27");
  CHECK(ask("SELECT status, count(*) FROM places GROUP BY status ORDER BY status") ==
        "free|39\nheld|6\nsold|6");
  CHECK(ask("SELECT holder, status FROM holds WHERE stream = 'event/part-1' ORDER BY holder") ==
        "late|expired\nolha|sold\npetro|sold\nthinking|open\nundecided|released");
  CHECK(ask("SELECT sum(total), sum(refunded) FROM orders WHERE stream = 'event/part-2'") == "74900|10500");
  CHECK(ask("SELECT gate, count(*) FROM scans GROUP BY gate") == "north|3");
  std::string dump;
  for (const ProjectionTable& table : projection_tables())
    dump += "SELECT * FROM " + std::string(table.name) + " ORDER BY 1, 2, 3;";
  const std::string followed = ask(dump);
  CHECK(followed.size() > 5'000);
  Projector again(*storage, *same);
  for (int part = 0; part < 3; ++part) (void)again.rebuild(EventId("part-" + std::to_string(part)));
  CHECK(ask(dump) == followed);
  // Every key begins with the stream.
  CHECK(ask("SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_attribute a ON "
            "a.attrelid = c.oid AND a.attnum = i.indkey[0] "
            "WHERE i.indisunique AND c.relnamespace = '" +
            schema +
            "'::regnamespace AND a.attname <> 'stream' AND NOT (c.relname = 'vault' AND a.attname = 'id')") ==
        "0");
}
