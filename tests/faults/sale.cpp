#include "sale.hpp"

#include <unistd.h>

#include "ticketcore/log/audit.hpp"
#include "ticketcore/log/log.hpp"
#include "ticketcore/log/stored_map.hpp"

namespace ticketcore::fault {
namespace {

using namespace std::chrono_literals;
using Outcome = Attempt::Outcome;

[[nodiscard]] Bytes bytes_of(const Fact& fact) {
  EntryWriter writer;
  writer.begin({});
  writer.add(fact);
  const BytesView bytes = writer.finish();
  return {bytes.begin(), bytes.end()};
}

/// A refusal in a form of its own, since the log has none.
[[nodiscard]] Bytes bytes_of(const ticketcore::Answer& answer) {
  if (answer.fact() != nullptr) return bytes_of(*answer.fact());
  const RequestRefused& no = *answer.refusal();
  std::string text(to_string(no.reason));
  if (const auto* taken = no.get<refusals::PlacesTaken>()) {
    for (const PlaceIndex place : taken->places) text += " " + std::to_string(place.value);
  }
  text += " " + no.text();
  return {text.begin(), text.end()};
}

[[nodiscard]] RequestId request(std::uint64_t number) { return little::request(number); }
[[nodiscard]] HoldId hold(std::uint64_t number) { return HoldId{request(number)}; }
[[nodiscard]] OrderId order(std::uint64_t number) { return OrderId{request(number)}; }

[[nodiscard]] PlaceList places(const SeatMap& map, std::initializer_list<std::string_view> labels) {
  PlaceList found;
  for (const std::string_view label : labels) found.push_back(map.find_place(label).value());
  return found;
}

[[nodiscard]] Bytes secret() { return Bytes(9'000, 0x4F); }

/// Somebody else moves the log's pages into the file while the store is open: a backup, or sqlite3 in a
/// shell.
void checkpoint(Sale& sale) {
  sqlite3* database = nullptr;
  const std::string& vfs_used = sale.options().vfs;
  int code = sqlite3_open_v2(sale.file().c_str(), &database, SQLITE_OPEN_READWRITE,
                             vfs_used.empty() ? nullptr : vfs_used.c_str());
  if (code == SQLITE_OK)
    code = sqlite3_exec(database, "PRAGMA wal_checkpoint(PASSIVE)", nullptr, nullptr, nullptr);
  sqlite3_close(database);
  if (code != SQLITE_OK) throw StorageUnavailable("the other program failed");
}

[[nodiscard]] std::vector<Step> make_script() {
  const NewEvent event = little::event();
  const SeatMap& map = *event.seat_map;
  const EventSettings settings{event.name, "Little house", event.starts_at, event.prices, event.policy};
  EventSettings renamed = settings;
  renamed.name = "Premiere, postponed";
  const AreaIndex standing = map.find_area("Hall-Standing").value();
  const CategoryIndex parquet = map.find_category("parquet").value();
  const auto save = [](Sale& sale) { sale.desk().save_snapshot(); };
  // 300.00 + 2 x 100.00 + 3 x 5.00 + 12.00, and 2 x 100.00 + 2 x 5.00 + 12.00.
  const PaymentOffer first_payment{"card", "ch_1", 52'700};
  const PaymentOffer second_payment{"cash", "", 22'200};
  return {
      {.what = "create the event",
       .commands = {{request(1), CreateEvent{event.id, settings, event.seat_map, SaleStatus::on_sale}}}},
      {.what = "hold a seat for a minute",
       .commands = {{request(2), PlaceHold{"late", places(map, {"Hall-A-8"}), {}, 60s}}}},
      {.what = "hold a seat and two admissions",
       .commands = {{request(3), PlaceHold{"olha", places(map, {"Hall-A-1"}), {{standing, 2}}, 600s}}}},
      {.what = "three at once, one refused",
       .commands = {{request(4), PlaceHold{"petro", places(map, {"Hall-B-5", "Hall-B-6"}), {}, 600s}},
                    {request(5), HoldBest{.holder = "group", .categories = {parquet}, .count = 3}},
                    {request(6), PlaceHold{"unlucky", places(map, {"Hall-A-1"}), {}, 600s}}}},
      {.what = "put a secret away",
       .action = [](Sale& sale) { sale.storage().vault_put(secret_id, secret()); }},
      {.what = "quote, after a hold has expired",
       .commands = {{request(7), QuoteHold{hold(3), {{"adult", 3, ""}}}}},
       .later = 90s},
      {.what = "check out", .commands = {{request(8), CheckOut{hold(3), first_payment}}}},
      {.what = "quote and check out in one turn",
       .commands = {{request(9), QuoteHold{hold(4), {{"adult", 2, ""}}}},
                    {request(10), CheckOut{hold(4), second_payment}}}},
      {.what = "save a snapshot", .action = save, .is_cache = true},
      {.what = "extend", .commands = {{request(11), ExtendHold{hold(5), 1'200s}}}, .later = 5s},
      {.what = "release", .commands = {{request(12), ReleaseHold{hold(5)}}}},
      {.what = "close the store", .action = [](Sale& sale) { sale.close(); }},
      {.what = "refund a ticket", .commands = {{request(13), RefundTickets{order(10), {1}, "re_1"}}}},
      {.what = "check in", .commands = {{request(14), AdmitTicket{{order(10), 2}, "north"}}}},
      {.what = "another program's checkpoint", .action = checkpoint, .is_cache = true},
      {.what = "check in twice", .commands = {{request(15), AdmitTicket{{order(10), 2}, "south"}}}},
      {.what = "erase the secret", .action = [](Sale& sale) { sale.storage().vault_erase(secret_id); }},
      {.what = "rename the event, and take it off sale",
       .commands = {{request(16), ConfigureEvent{renamed}},
                    {request(17), SetSaleStatus{SaleStatus::off_sale}}}},
      {.what = "be refused for that",
       .commands = {{request(18), PlaceHold{"nobody", {}, {{standing, 1}}, 600s}}}},
      {.what = "put it on sale, and hold admissions",
       .commands = {{request(19), SetSaleStatus{SaleStatus::on_sale}},
                    {request(20), PlaceHold{"crowd", {}, {{standing, 5}}, 600s}}}},
      {.what = "save a snapshot again", .action = save, .is_cache = true},
      {.what = "hold a table",
       .commands = {{request(21), PlaceHold{"table", places(map, {"Hall-T1"}), {}, 600s}}},
       .later = 1s},
  };
}

[[nodiscard]] std::vector<Entry> whole_log(Storage& storage, const StreamId& stream) {
  std::vector<Entry> all;
  for (;;) {
    std::vector<Entry> some = storage.read(stream, all.size(), 1U << 20);
    if (some.empty()) return all;
    all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
  }
}

[[nodiscard]] std::string integrity_of(const std::filesystem::path& file) {
  sqlite3* database = nullptr;
  std::string text = "it can't be opened";
  const auto row = [](void* to, int, char** values, char**) {
    *static_cast<std::string*>(to) = values[0];
    return 0;
  };
  if (sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK)
    sqlite3_exec(database, "PRAGMA integrity_check(1)", row, &text, nullptr);
  sqlite3_close(database);
  return text;
}

}  // namespace

Folder::Folder() {
  const std::filesystem::path memory = "/dev/shm";
  std::string name = ((access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path()) /
                      "ticketcore-faults-XXXXXX")
                         .string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}

void Folder::empty() const {
  for (const auto& entry : std::filesystem::directory_iterator(path_))
    std::filesystem::remove_all(entry.path());
}

std::string shown(const Findings& findings) {
  std::string text;
  for (const std::string& finding : findings) text += finding + "\n";
  return text;
}

const std::vector<Step>& script() {
  static const std::vector<Step> steps = make_script();
  return steps;
}

/// Passes everything on, and writes down what became of each commit.
class WatchedTurn final : public Turn {
 public:
  WatchedTurn(std::unique_ptr<Turn> turn, Sale& sale) : turn_(std::move(turn)), sale_(sale) {}
  [[nodiscard]] std::vector<Entry> unseen(const StreamId& stream) override { return turn_->unseen(stream); }
  [[nodiscard]] Timestamp now() override { return turn_->now(); }
  void commit(std::span<const Append> entries) override {
    if (entries.empty()) return turn_->commit(entries);
    const Append& entry = entries.back();  // of the event: before it stands the map, when it is created
    const std::size_t index = sale_.attempts_.size();
    sale_.attempts_.push_back({entry.stream,
                               {entry.bytes.begin(), entry.bytes.end()},
                               Outcome::under_way,
                               sale_.now_in_trace(),
                               SIZE_MAX});
    const auto end = [&](Outcome outcome) {
      sale_.attempts_[index].outcome = outcome;
      sale_.attempts_[index].ended = sale_.now_in_trace();
    };
    try {
      turn_->commit(entries);
      end(Outcome::durable);
    } catch (const CommitOutcomeUnknown& error) {
      const Planted planted = sale_.options().planted;
      end(planted == Planted::unknown_is_answered  ? Outcome::durable
          : planted == Planted::unknown_is_refused ? Outcome::refused
                                                   : Outcome::unknown);
      if (planted == Planted::none) throw;
      if (planted == Planted::unknown_is_refused) throw StorageUnavailable(error.what());
    } catch (...) {
      end(Outcome::refused);
      throw;
    }
  }

 private:
  std::unique_ptr<Turn> turn_;
  Sale& sale_;
};

class Sale::WatchedStorage final : public Storage {
 public:
  WatchedStorage(Storage& storage, Sale& sale) : storage_(storage), sale_(sale) {}
  [[nodiscard]] std::unique_ptr<Turn> take_turn(std::span<const Position> streams) override {
    return std::make_unique<WatchedTurn>(storage_.take_turn(streams), sale_);
  }
  [[nodiscard]] std::vector<Entry> read(const StreamId& stream, Revision after,
                                        std::size_t max_bytes) override {
    return storage_.read(stream, after, max_bytes);
  }
  [[nodiscard]] std::optional<Snapshot> load_snapshot(const StreamId& stream) override {
    return storage_.load_snapshot(stream);
  }
  void save_snapshot(const Position& at, BytesView bytes) override { storage_.save_snapshot(at, bytes); }
  [[nodiscard]] std::vector<StreamId> list_streams(std::string_view prefix) override {
    return storage_.list_streams(prefix);
  }
  [[nodiscard]] bool wait_for_news(std::span<const Position> streams,
                                   std::chrono::milliseconds timeout) override {
    return storage_.wait_for_news(streams, timeout);
  }
  void vault_put(std::string_view id, BytesView bytes) override { storage_.vault_put(id, bytes); }
  [[nodiscard]] std::optional<Bytes> vault_get(std::string_view id) override {
    return storage_.vault_get(id);
  }
  void vault_erase(std::string_view id) override { storage_.vault_erase(id); }
  [[nodiscard]] std::string describe() const override { return storage_.describe(); }

 private:
  Storage& storage_;
  Sale& sale_;
};

Sale::Sale(std::filesystem::path file, SaleOptions options)
    : file_(std::move(file)),
      options_(std::move(options)),
      clock_(*parse_rfc3339("2027-01-10T10:00:00.000001Z")),
      turns_(options_.first_turn) {}
Sale::~Sale() { close(); }

void Sale::close() {
  desk_.reset();
  watched_.reset();
  storage_.reset();
}

void Sale::open() {
  if (storage_) return;
  // Each turn a microsecond later, so that no entry is like another that was tried before it.
  const auto clock = [this] { return clock_ + std::chrono::microseconds(++turns_); };
  storage_ = SqliteStorage::open(
      file_, {.clock = clock, .busy_timeout = 1ms, .sync = options_.sync, .vfs = options_.vfs});
  watched_ = std::make_unique<WatchedStorage>(*storage_, *this);
  desk_ = std::make_unique<Desk>(*watched_, EventId("premiere"));
}

void Sale::run() {
  for (const Step& step : script()) {
    if (findings_.empty()) take(step);
  }
}

void Sale::take(const Step& step) {
  doing_ = step.what;
  clock_ += step.later;
  const std::size_t begun = now_in_trace();
  constexpr int attempts_at_a_time = 2;
  bool done = false;
  for (int attempts = 0; !done && attempts < 2 * attempts_at_a_time; ++attempts) {
    if (attempts == attempts_at_a_time) {
      // A disk that failed once is well again by now: this one fails until the store is opened anew.
      if (vfs.plan.times != for_good) find("did not succeed when tried again");
      close();
      vfs.follow({});
    }
    if (attempts > 0) ++retries_;
    done = attempt(step);
    if (options_.look == SaleOptions::Look::when_a_step_failed && (!done || attempts > 0)) look_if_killed();
    if (step.is_cache && desk_ != nullptr) done = true;
  }
  if (!done) find("never succeeded");
  steps_.emplace_back(begun, now_in_trace());
}

bool Sale::attempt(const Step& step) {
  try {
    open();
    if (step.action) {
      // What is to be kept must be known first.
      if (step.is_cache) desk_->catch_up();
      step.action(*this);
      return true;
    }
    return ask(step);
  } catch (const StorageUnavailable&) {
    return false;
  } catch (const CommitOutcomeUnknown&) {
    return false;
  } catch (const std::exception& error) {
    find(std::string("something else than \"unavailable\" was thrown: ") + error.what());
    return false;
  }
}

bool Sale::has_heard_no(const Command& command) const {
  if (expected_ == nullptr) return false;
  const auto told = expected_->find(command.request);
  return told != expected_->end() && !told->second.granted && told->second.at <= heard_until_ &&
         heard_until_ > 0;
}

bool Sale::ask(const Step& step) {
  std::vector<Command> commands = step.commands;
  std::erase_if(commands, [this](const Command& command) { return has_heard_no(command); });
  const std::vector<ticketcore::Answer> answers = desk_->take_turn(commands);
  if (!desk_->halted().empty()) {
    find("halted: " + desk_->halted());
    return false;
  }
  if (answers.size() != commands.size()) find("not every command was answered");
  bool definite = true;
  for (const ticketcore::Answer& answer : answers) {
    if (answer.refusal() != nullptr && answer.refusal()->reason == Reason::storage_unavailable) {
      definite = false;
      continue;
    }
    const Bytes fact = bytes_of(answer);
    const auto [at, first] =
        answers_.try_emplace(answer.request, Answered{fact, answer.fact() != nullptr, now_in_trace()});
    if (at->second.fact != fact) find("a repeated request got another answer");
    if (expected_ == nullptr) continue;
    const auto expected = expected_->find(answer.request);
    if (expected == expected_->end() || expected->second.fact != fact)
      find("the answer is not the one that is right: " +
           std::string(answer.refusal() == nullptr ? "ok" : to_string(answer.refusal()->reason)) + ", " +
           (answer.refusal() == nullptr ? "" : answer.refusal()->text()));
  }
  return definite;
}

void Sale::look_if_killed() {
  if (!std::filesystem::exists(file_)) return;
  const std::filesystem::path folder = file_.parent_path() / "killed";
  std::filesystem::create_directory(folder);
  for (const char* suffix : {"", "-wal", "-journal"}) {
    const std::string from = file_.string() + suffix;
    if (std::filesystem::exists(from))
      std::filesystem::copy_file(from, (folder / file_.filename()).string() + suffix);
  }
  try {
    const auto copy = SqliteStorage::open(folder / file_.filename());
    for (const std::string& found : check_log(*copy, attempts_, now_in_trace()))
      find("killed here: " + found);
  } catch (const StorageError& error) {
    find(std::string("killed here, it can't be opened: ") + error.what());
  }
  std::filesystem::remove_all(folder);
}

void Sale::find(const std::string& what) { findings_.push_back(doing_ + ": " + what); }

std::vector<Bytes> facts_of(Storage& storage) {
  std::vector<Bytes> facts;
  for (const Entry& entry : whole_log(storage, sale_stream)) {
    for (const Fact& fact : decode_entry(entry.bytes, "an entry", storage).facts)
      facts.push_back(bytes_of(fact));
  }
  return facts;
}

Findings check_log(Storage& storage, const std::vector<Attempt>& attempts, std::size_t now, Tail tail) {
  const std::vector<Entry> log = whole_log(storage, sale_stream);
  std::size_t next = 0;
  for (const Attempt& attempt : attempts) {
    if (attempt.begun > now) break;
    const Outcome outcome = attempt.ended > now ? Outcome::under_way : attempt.outcome;
    const bool there = next < log.size() && log[next].bytes == attempt.bytes;
    if (there && outcome == Outcome::refused)
      return {"what was told not to be written is entry " + std::to_string(next + 1)};
    if (there) {
      ++next;
    } else if (outcome == Outcome::durable) {
      if (tail == Tail::cut_off && next == log.size()) return {};
      return {"what was told to be durable is not entry " + std::to_string(next + 1) + " of " +
              std::to_string(log.size())};
    }
  }
  // A map comes with the first event that names it, or not at all.
  const std::size_t maps = whole_log(storage, stream_of(seat_map_hash(*little::house()))).size();
  if (maps != (log.empty() ? 0U : 1U)) return {"there are " + std::to_string(maps) + " entries of the map"};
  if (next != log.size())
    return {"entry " + std::to_string(next + 1) + " of " + std::to_string(log.size()) +
            " is nothing that was tried"};
  return {};
}

Findings check_end(const std::filesystem::path& file, const Sale& sale, const std::vector<Attempt>& attempts,
                   const std::vector<Bytes>& facts) {
  if (!sale.findings().empty()) return sale.findings();
  Findings findings;
  try {
    const auto storage = SqliteStorage::open(file, {.clock = [] { return Timestamp{}; }});
    for (std::string& found : check_log(*storage, attempts, SIZE_MAX)) findings.push_back(std::move(found));
    if (facts_of(*storage) != facts) findings.push_back("the log does not tell the sale that took place");
    for (const std::string& problem : audit(*storage, sale_stream).problems)
      findings.push_back("audit: " + problem);
    if (storage->vault_get(secret_id)) findings.push_back("the erased secret is there");
    Desk desk(*storage, EventId("premiere"));
    std::vector<Command> commands;
    for (const Step& step : script())
      commands.insert(commands.end(), step.commands.begin(), step.commands.end());
    for (const ticketcore::Answer& answer : desk.take_turn(commands)) {
      const auto first = sale.answers().find(answer.request);
      // What was refused then may be granted now.
      const bool was_granted = first != sale.answers().end() && first->second.granted;
      if (was_granted && first->second.fact != bytes_of(answer))
        findings.push_back("repeated in the end, request " + to_string(answer.request) +
                           " gets another answer");
    }
  } catch (const std::exception& error) {
    findings.push_back(std::string("the store can't be used in the end: ") + error.what());
  }
  if (const std::string integrity = integrity_of(file); integrity != "ok")
    findings.push_back("SQLite finds: " + integrity);
  return findings;
}

}  // namespace ticketcore::fault
