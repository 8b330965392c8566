#include "ticketcore/projections/projection.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <filesystem>
#include <map>
#include <set>

#include "little_sale.hpp"
#include "scratch_folder.hpp"
#include "ticketcore/projections/sqlite_projection.hpp"
#include "ticketcore/storage/sqlite.hpp"

using namespace ticketcore;

namespace {

/// The first column of the first row, or all rows as "a|b" lines.
[[nodiscard]] std::string ask(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
  std::string out;
  const auto add = [](void* text, int count, char** values, char**) {
    auto& lines = *static_cast<std::string*>(text);
    if (!lines.empty()) lines += '\n';
    for (int column = 0; column < count; ++column)
      lines += (column == 0 ? "" : "|") + std::string(values[column] == nullptr ? "-" : values[column]);
    return 0;
  };
  char* error = nullptr;
  const int code = sqlite3_exec(database, sql.c_str(), add, &out, &error);
  INFO(sql << ": " << (error == nullptr ? "" : error));
  CHECK(code == SQLITE_OK);
  sqlite3_free(error);
  sqlite3_close(database);
  return out;
}

struct Store {
  testing::ScratchFolder folder{};
  std::filesystem::path file = folder.file("box.db");
  little::Clock clock{};
  std::unique_ptr<SqliteStorage> storage;

  Store() : storage(SqliteStorage::open(file, {.clock = clock.reader()})) {}
  /// Every table, row by row.
  [[nodiscard]] std::string everything() const {
    std::string all;
    for (const ProjectionTable& table : projection_tables())
      all += ask(file, "SELECT * FROM " + std::string(table.name) + " ORDER BY 1, 2, 3") + "\n\n";
    return all;
  }
};

/// Fails before or after a put takes effect, as a lost connection does.
class FaultySink final : public ProjectionSink {
 public:
  explicit FaultySink(ProjectionSink& inner) : inner_(inner) {}
  Position cursor(const StreamId& stream) override { return inner_.cursor(stream); }
  bool put(const Position& from, const Position& to, std::span<const ProjectionRow> rows) override {
    if (++calls_ % 3 == 1) throw StorageUnavailable("before");
    const bool done = inner_.put(from, to, rows);
    if (calls_ % 3 == 2) throw StorageUnavailable("after");
    return done;
  }
  void clear(const StreamId& stream) override { inner_.clear(stream); }

 private:
  ProjectionSink& inner_;
  int calls_ = 0;
};

/// The event is taken out of the store and made once more, with so many holds that ended.
void start_anew(Store& store, int holds) {
  const Entry last = store.storage->read("event/premiere", 0, 1U << 24).back();
  store.storage->remove_stream({"event/premiere", last.revision, last.checksum});
  BoxOffice office(*store.storage);
  const Event event = office.create_event(little::event()).value();
  for (int number = 0; number < holds; ++number)
    CHECK(event.release(event.hold({"Hall-A-1"}, {.holder = "cart"}).value().id).ok());
}

}  // namespace

TEST_CASE("where the map is replaced, the tables show the places as they are now") {
  Store store;
  little::sell_a_bit(*store.storage, store.clock);
  const auto sink = SqliteProjection::open(store.file);
  Projector projector(*store.storage, *sink);
  CHECK(projector.catch_up() > 10);
  // Row A is row C now, but for what is held and sold of it, and the area has got larger.
  SeatMapData data = little::house()->data();
  data.rows[0].label = "C";
  data.areas[0].capacity = 20;
  {
    BoxOffice office(*store.storage, {.clock = store.clock.reader()});
    const Event event = office.event("premiere").value();
    (void)event
        .replace_map(std::make_shared<const SeatMap>(std::move(data)),
                     {{"Hall-A-1", "Hall-C-8"}, {"Hall-A-3", "Hall-C-3"}, {"Hall-A-4", "Hall-C-4"}})
        .value();
  }
  CHECK(projector.catch_up() == 1);
  const auto told = [&] {
    CHECK(ask(store.file, "SELECT status, count(*) FROM places GROUP BY status ORDER BY status") ==
          "free|13\nheld|2\nretired|8\nsold|2");
    CHECK(ask(store.file, "SELECT place, status FROM places WHERE place LIKE '%-1' ORDER BY place") ==
          "Hall-A-1|retired\nHall-B-1|free\nHall-C-1|free");
    CHECK(ask(store.file, "SELECT place FROM tickets WHERE place LIKE '%-8'") == "Hall-C-8");
    CHECK(ask(store.file, "SELECT places FROM holds WHERE status = 'open'") ==
          "Hall-C-3, Hall-C-4, 1 x Hall-Standing");
    CHECK(ask(store.file, "SELECT capacity FROM events") == "37");
    CHECK(ask(store.file, "SELECT capacity, held, sold FROM areas") == "20|1|2");
  };
  told();
  (void)projector.rebuild("premiere");
  told();
}

TEST_CASE("projection tables tell the sale in SQL") {
  Store store;
  little::sell_a_bit(*store.storage, store.clock);
  const auto sink = SqliteProjection::open(store.file);
  Projector projector(*store.storage, *sink);
  CHECK(projector.catch_up() > 10);
  CHECK(projector.catch_up() == 0);
  CHECK(ask(store.file, "SELECT stream, event, name, currency, sale, capacity, starts_at FROM events") ==
        "event/premiere|premiere|Premiere|UAH|on|27|2027-01-31T19:30:00Z");
  CHECK(ask(store.file, "SELECT status, count(*) FROM places GROUP BY status ORDER BY status") ==
        "free|13\nheld|2\nsold|2");
  CHECK(ask(store.file,
            "SELECT place, section, row_label, seat, kind, category FROM places WHERE place = 'Hall-B-6' OR "
            "kind = 'table' ORDER BY place") ==
        "Hall-B-6|Hall|B|6|seat|cheap\nHall-T1|Hall|T1||table|parquet");
  CHECK(ask(store.file, "SELECT held_until, hold_id IS NOT NULL FROM places WHERE place = 'Hall-A-3'") ==
        "2027-01-10T10:21:30Z|1");
  CHECK(ask(store.file, "SELECT area, capacity, held, sold FROM areas") == "Hall-Standing|10|1|2");
  CHECK(ask(store.file, "SELECT holder, status, admissions, places FROM holds ORDER BY holder") ==
        "late|expired|1|Hall-A-8\nolha|sold|3|Hall-A-1, 2 x Hall-Standing\npetro|sold|2|Hall-B-5, "
        "Hall-B-6\nthinking|open|3|Hall-A-3, Hall-A-4, 1 x "
        "Hall-Standing\n"
        "undecided|released|1|Hall-B-7");
  CHECK(ask(store.file,
            "SELECT number, holder, payment_method, payment_reference, total, refunded > 0 FROM orders ORDER "
            "BY number") == "1|olha|card|ch_olha|52700|0\n2|petro|card|ch_petro|22200|1");
  CHECK(ask(store.file,
            "SELECT line, category, ticket_type, count, unit_price FROM lines JOIN orders USING(stream, "
            "order_id) WHERE number = 1 ORDER BY line") == "1|parquet|adult|1|30000\n2|cheap|adult|2|10000");
  CHECK(ask(store.file,
            "SELECT ticket, place, price, status FROM tickets JOIN orders USING(stream, order_id) WHERE "
            "number = 2 ORDER BY ticket") == "1|Hall-B-5|10000|refunded\n2|Hall-B-6|10000|admitted");
  CHECK(ask(store.file, "SELECT ticket, gate FROM scans") == "2|north");
  // The sums agree with each other: what is asked for most.
  CHECK(ask(store.file,
            "SELECT sum(unit_price * count) + sum(DISTINCT fee_per_order + fee_per_ticket * 3) FROM lines "
            "JOIN orders USING(stream, order_id) WHERE number = "
            "1") == "52700");
}

TEST_CASE("however it is interrupted, a projection comes to what one made at a stroke is") {
  Store store;
  const auto sink = SqliteProjection::open(store.file);
  FaultySink faulty(*sink);
  auto projector = std::make_unique<Projector>(*store.storage, faulty);
  Projector rival(*store.storage, *sink);
  for (int part = 0; part < 3; ++part) {
    little::sell_a_bit(*store.storage, store.clock, EventId("part-" + std::to_string(part)));
    for (int attempt = 0;; ++attempt) {
      REQUIRE(attempt < 100);
      try {
        projector->catch_up();
        break;
      } catch (const StorageUnavailable&) {
        if (attempt % 2 == 0) projector = std::make_unique<Projector>(*store.storage, faulty);
      }
    }
    (void)rival.catch_up();
  }
  const std::string followed = store.everything();
  CHECK(followed.size() > 5'000);
  for (int part = 0; part < 3; ++part) (void)rival.rebuild(EventId("part-" + std::to_string(part)));
  CHECK(store.everything() == followed);
  CHECK(projector->catch_up() == 0);
  // From a snapshot on, too.
  BoxOffice office(*store.storage, {.clock = store.clock.reader()});
  const Event event = office.event("part-1").value();
  event.save_snapshot();
  (void)event.hold({"Hall-A-7"}, {.holder = "new"}).value();
  Projector fresh(*store.storage, *sink);
  CHECK(fresh.catch_up("part-1") == 1);
  CHECK(ask(store.file, "SELECT status FROM places WHERE stream = 'event/part-1' AND place = 'Hall-A-7'") ==
        "held");
}

TEST_CASE("a projection of another history than the log's says so, and is rebuilt") {
  Store store;
  little::sell_a_bit(*store.storage, store.clock);
  const auto sink = SqliteProjection::open(store.file);
  Projector projector(*store.storage, *sink);
  const auto says_so = [&] {
    Projector fresh(*store.storage, *sink);
    for (Projector* each : {&projector, &fresh})
      CHECK_THROWS_WITH_AS((void)each->catch_up("premiere"), doctest::Contains("rebuild it"),
                           HistoryReplaced);
    CHECK(fresh.rebuild("premiere") > 0);
    CHECK(projector.catch_up("premiere") == 0);
  };
  SUBCASE("the log ends before the cursor") {
    CHECK(sink->put({"event/premiere"}, {"event/premiere", 1'000, 7}, {}));
    CHECK_FALSE(sink->put({"event/premiere"}, {"event/premiere", 1'001, 7}, {}));
    says_so();
  }
  SUBCASE("the log is another, and shorter") {
    CHECK(projector.catch_up("premiere") > 10);
    start_anew(store, 0);
    says_so();
    CHECK(ask(store.file, "SELECT count(*) FROM places WHERE status = 'sold'") == "0");
  }
  SUBCASE("the log is another, and longer") {
    CHECK(projector.catch_up("premiere") > 10);
    start_anew(store, 30);
    says_so();
    CHECK(ask(store.file, "SELECT count(*) FROM holds") == "30");
  }
}
