// core.sqlite: holds of two seats, each on the disk before its answer, beside the way it is done without an
// engine: a row per seat, a transaction per hold. Both with synchronous=FULL in WAL mode, on the same disk.

#include <sqlite3.h>

#include <unistd.h>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "bench.hpp"
#include "houses.hpp"
#include "redis_peer.hpp"
#include "ticketcore/base/id_generator.hpp"
#include "ticketcore/engine/box_office.hpp"
#include "ticketcore/storage/sqlite.hpp"

namespace bench {
namespace {

using namespace ticketcore;

/// A fresh file beside the bench's other output, gone at the end.
class ScratchFile {
 public:
  ScratchFile() : path_(std::filesystem::path("out") / ("bench-" + std::to_string(getpid()) + ".db")) {
    remove();
  }
  ~ScratchFile() { remove(); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  void remove() const {
    for (const char* tail : {"", "-wal", "-shm"}) std::filesystem::remove(path_.string() + tail);
  }
  std::filesystem::path path_;
};

[[nodiscard]] NewEvent event_of(std::shared_ptr<const SeatMap> map) {
  const EventSettings settings = big_event();
  NewEvent event;
  event.id = "bench";
  event.seat_map = std::move(map);
  event.prices = settings.prices;
  event.policy = settings.policy;
  return event;
}

[[nodiscard]] PlaceHold pair_of(std::uint32_t number) {
  PlaceHold hold;
  hold.holder = "cart-" + std::to_string(number);
  hold.places = {PlaceIndex{2 * number}, PlaceIndex{2 * number + 1}};
  return hold;
}

/// Holds per second with this many submitted commands outstanding: one thread runs, and its callbacks submit
/// the next.
[[nodiscard]] double submitted(const std::shared_ptr<const SeatMap>& map, std::uint32_t outstanding) {
  const ScratchFile file;
  const auto storage = SqliteStorage::open(file.path());
  BoxOffice office(*storage);
  const Event event = office.create_event(event_of(map)).value();
  const std::uint32_t total = map->place_count() / 2;
  std::uint32_t next = 0;
  std::uint32_t granted = 0;
  std::function<void(const Answer&)> answered;
  const auto submit = [&] {
    if (next < total) event.submit({new_request_id(), pair_of(next++)}, answered);
  };
  answered = [&](const Answer& answer) {
    granted += answer.refusal() == nullptr ? 1 : 0;
    submit();
  };
  const double taken = seconds([&] {
    for (std::uint32_t number = 0; number < outstanding; ++number) submit();
    office.poll();
  });
  if (granted != total) throw std::logic_error("not every hold was granted");
  return total / taken;
}

/// Holds per second of this many threads that each wait for their answer.
[[nodiscard]] double blocking(const std::shared_ptr<const SeatMap>& map, std::uint32_t threads,
                              std::uint32_t total) {
  const ScratchFile file;
  const auto storage = SqliteStorage::open(file.path());
  BoxOffice office(*storage);
  const Event event = office.create_event(event_of(map)).value();
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

/// The peer: UPDATE of two rows in a transaction of its own.
class RowPerSeat {
 public:
  RowPerSeat() {
    check(sqlite3_open(file_.path().c_str(), &database_), "opening");
    run("PRAGMA page_size=8192");
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("CREATE TABLE seats(id INTEGER PRIMARY KEY, holder TEXT, held_until INTEGER NOT NULL DEFAULT 0)");
    run("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 59999) INSERT INTO "
        "seats(id) SELECT i FROM n");
    check(
        sqlite3_prepare_v2(
            database_,
            "UPDATE seats SET holder = ?1, held_until = ?2 WHERE id IN (?3, ?4) AND held_until < 1800000000",
            -1, &hold_, nullptr),
        "preparing");
    check(sqlite3_prepare_v2(database_, "BEGIN IMMEDIATE", -1, &begin_, nullptr), "preparing");
    check(sqlite3_prepare_v2(database_, "COMMIT", -1, &commit_, nullptr), "preparing");
  }
  ~RowPerSeat() {
    for (sqlite3_stmt* statement : {hold_, begin_, commit_}) sqlite3_finalize(statement);
    sqlite3_close(database_);
  }
  RowPerSeat(const RowPerSeat&) = delete;
  RowPerSeat& operator=(const RowPerSeat&) = delete;

  [[nodiscard]] double holds_per_second(std::uint32_t total) {
    return total / seconds([&] {
             for (std::uint32_t number = 0; number < total; ++number) hold(next_++ % 30'000);
           });
  }

 private:
  void hold(std::uint32_t number) {
    step(begin_);
    const std::string holder = "cart-" + std::to_string(number);
    sqlite3_bind_text(hold_, 1, holder.data(), static_cast<int>(holder.size()), SQLITE_TRANSIENT);
    sqlite3_bind_int64(hold_, 2, 1'700'000'600);
    sqlite3_bind_int64(hold_, 3, 2 * number);
    sqlite3_bind_int64(hold_, 4, 2 * number + 1);
    step(hold_);
    if (sqlite3_changes(database_) != 2) throw std::logic_error("the peer could not hold two seats");
    step(commit_);
  }
  void step(sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE)
      throw std::runtime_error(std::string("the peer: ") + sqlite3_errmsg(database_));
    sqlite3_reset(statement);
  }
  void run(const char* sql) { check(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr), sql); }
  void check(int code, const char* doing) {
    if (code != SQLITE_OK)
      throw std::runtime_error(std::string("the peer: ") + doing + ": " + sqlite3_errmsg(database_));
  }

  ScratchFile file_;
  sqlite3* database_ = nullptr;
  sqlite3_stmt* hold_ = nullptr;
  sqlite3_stmt* begin_ = nullptr;
  sqlite3_stmt* commit_ = nullptr;
  std::uint32_t next_ = 0;
};

}  // namespace

void core_sqlite() {
  const auto map = big_house(200'000);
  const auto peer = [] {
    RowPerSeat rows;
    return rows.holds_per_second(8'000);
  };
  if (wanted("core.sqlite.submit")) {
    const Pair pair = in_turn(
        5, [&] { return submitted(map, 1'024); }, peer);
    report(
        {"core.sqlite.submit", pair.ours, "holds/s", "SQLite, a row per seat, a commit per hold", pair.peer});
    RedisPeer redis;
    if (redis.running())
      report({"core.sqlite.submit.redis", pair.ours, "holds/s", "Redis, Lua hold of 2 keys, 50 clients x 16",
              redis.holds_per_second()});
  }
  if (wanted("core.sqlite.threads")) {
    const Pair pair = in_turn(
        5, [&] { return blocking(map, 64, 60'000); }, peer);
    report({"core.sqlite.threads", pair.ours, "holds/s", "SQLite, a row per seat, a commit per hold",
            pair.peer});
  }
}

}  // namespace bench
