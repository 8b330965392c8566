// The power fails at every moment of a whole sale, on disks that keep what they were told to keep, and on
// disks that lie. TICKETCORE_FAULTS_ROUNDS sets how often at each moment (default 6), TICKETCORE_FAULTS_SEED
// what comes through.

#include <doctest/doctest.h>

#include <cstdlib>

#include "sale.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/log/log.hpp"
#include "ticketcore/log/snapshot.hpp"

using namespace ticketcore;
using namespace ticketcore::fault;

namespace {

[[nodiscard]] unsigned setting(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}
[[nodiscard]] unsigned rounds() { return setting("TICKETCORE_FAULTS_ROUNDS", 6); }
[[nodiscard]] unsigned seed() { return setting("TICKETCORE_FAULTS_SEED", 20'270'131); }

/// A sale that was made, and everything that it did to the disk.
struct Recorded {
  Folder folder;
  DiskTrace trace;
  std::unique_ptr<Sale> sale;
  std::vector<Bytes> facts;

  explicit Recorded(SqliteOptions::Sync sync = SqliteOptions::Sync::full, const Plan& plan = {}) {
    install();
    vfs.trace = &trace;
    vfs.follow(plan);
    sale = std::make_unique<Sale>(folder.file(), SaleOptions{.vfs = vfs_name, .sync = sync, .trace = &trace});
    sale->run();
    sale->close();
    install();
    facts = facts_of(*SqliteStorage::open(folder.file()));
    REQUIRE(shown(check_end(folder.file(), *sale, sale->attempts(), facts)) == "");
  }
  /// Where in the trace a step began and ended.
  [[nodiscard]] std::pair<std::size_t, std::size_t> step(std::string_view what) const {
    for (std::size_t index = 0; index < script().size(); ++index) {
      if (script()[index].what == what) return sale->steps()[index];
    }
    throw std::logic_error("there is no such step");
  }
};

/// What was tried before the crash, as those who were there know it.
[[nodiscard]] std::vector<Attempt> attempts_before(const Recorded& recorded, std::size_t crash) {
  std::vector<Attempt> before;
  for (Attempt attempt : recorded.sale->attempts()) {
    if (attempt.begun > crash) break;
    if (attempt.ended > crash) attempt.outcome = Attempt::Outcome::unknown;
    before.push_back(std::move(attempt));
  }
  return before;
}

void check_secret(Storage& storage, const Recorded& recorded, std::size_t crash, Findings& findings) {
  const auto put = recorded.step("put a secret away");
  const auto erase = recorded.step("erase the secret");
  const bool there = storage.vault_get(secret_id).has_value();
  if (!there && crash >= put.second && crash <= erase.first) findings.push_back("the secret is lost");
  if (there && (crash < put.first || crash >= erase.second))
    findings.push_back("the secret is there, and should not be");
}

/// What is wrong with what a crash has left in the folder. The sale is then taken up from its first step:
/// what was answered is answered again, and the rest goes on.
[[nodiscard]] Findings check_after_crash(const Folder& folder, const Recorded& recorded, std::size_t crash) {
  std::vector<Attempt> attempts = attempts_before(recorded, crash);
  try {
    const auto storage = SqliteStorage::open(folder.file());
    Findings findings = check_log(*storage, attempts, SIZE_MAX);
    for (const std::string& problem : audit(*storage, sale_stream).problems)
      findings.push_back("audit: " + problem);
    check_secret(*storage, recorded, crash, findings);
    if (!findings.empty()) return findings;
  } catch (const std::exception& error) {
    return {std::string("can't be opened: ") + error.what()};
  }
  Sale resumed(folder.file(), {.first_turn = 100'000});
  resumed.expect(recorded.sale->answers(), crash);
  resumed.run();
  resumed.close();
  attempts.insert(attempts.end(), resumed.attempts().begin(), resumed.attempts().end());
  return check_end(folder.file(), resumed, attempts, recorded.facts);
}

/// Crashes at every moment from the first given on; the findings of the first that has any.
[[nodiscard]] std::string crash_everywhere(const Recorded& recorded, unsigned rounds_each,
                                           unsigned every = 1) {
  const Folder folder;
  CrashDisk disk;
  unsigned crashes = 0;
  for (std::size_t moment = 1; moment <= recorded.trace.size(); ++moment) {
    disk.apply(recorded.trace[moment - 1]);
    for (unsigned round = 0; round < rounds_each; ++round) {
      std::mt19937 random(seed() + static_cast<unsigned>(moment) * 1'000 + round);
      if (random() % every != 0) continue;
      folder.empty();
      disk.crash(folder.path(), random);
      ++crashes;
      if (const Findings findings = check_after_crash(folder, recorded, moment); !findings.empty())
        return "crash after " + std::to_string(moment) + " of " + std::to_string(recorded.trace.size()) +
               ", round " + std::to_string(round) + ", seed " + std::to_string(seed()) + ":\n" +
               shown(findings);
    }
  }
  MESSAGE(crashes << " crashes over " << recorded.trace.size() << " moments");
  return "";
}

/// Whether the sale was in that state after so many entries: read from the first of them on, or from a
/// snapshot after any. (Which of them tells in the order in which a state remembers its holds.)
[[nodiscard]] bool is_true_state(const Recorded& recorded, Revision revision, const Bytes& opened) {
  const auto storage = SqliteStorage::open(recorded.folder.file());
  const std::vector<Entry> log = storage->read(sale_stream, 0, SIZE_MAX);
  const auto apply = [&](EventState& state, Revision after, Revision last) {
    for (const Entry& entry : log) {
      if (entry.revision <= after || entry.revision > last) continue;
      const LogEntry read = decode_entry(entry.bytes, "an entry", *storage);
      for (const Fact& fact : read.facts) state.apply(fact, {entry.revision, read.header.turn});
    }
  };
  for (Revision snapshot = 0; snapshot <= revision; ++snapshot) {
    EventState state;
    apply(state, 0, snapshot);
    if (snapshot > 0)
      state = decode_snapshot(encode_snapshot(state, snapshot, 0), "a snapshot", *storage).value().state;
    apply(state, snapshot, revision);
    if (encode_snapshot(state, revision, 0) == opened) return true;
  }
  return false;
}

/// What the audit has against a stream: nothing, or that something can't be read, or that what can be read is
/// wrong.
enum class Proof : std::uint8_t { sound, damaged, inconsistent };
[[nodiscard]] Proof prove(Storage& storage, const StreamId& stream, std::string& problem) {
  const AuditReport report = audit(storage, stream);
  if (report.problems.empty()) return Proof::sound;
  problem = report.problems.front();
  return problem.find(" is damaged") != std::string::npos || problem.find(" is missing") != std::string::npos
             ? Proof::damaged
             : Proof::inconsistent;
}

enum class Left : std::uint8_t { everything, less, clear_damage, inconsistent };

/// What a disk that lied has left: never a state that contradicts itself.
[[nodiscard]] Left look_after_lies(const Folder& folder, const Recorded& recorded, std::size_t crash,
                                   Findings& findings) {
  const auto find = [&](const std::string& what) {
    findings.push_back(what);
    return Left::inconsistent;
  };
  try {
    const auto storage = SqliteStorage::open(folder.file());
    Desk desk(*storage, EventId("premiere"));
    desk.catch_up();
    if (desk.revision() > 0 &&
        !is_true_state(recorded, desk.revision(), encode_snapshot(desk.state(), desk.revision(), 0)))
      return find("the state that it opened in never was");
    const std::vector<Attempt> attempts = attempts_before(recorded, crash);
    std::string problem;
    const Proof proof = prove(*storage, sale_stream, problem);
    if (proof == Proof::inconsistent) return find("audit: " + problem);
    // Opened from a snapshot, with entries before it that can't be read any more: the audit says so.
    if (proof == Proof::damaged) return Left::clear_damage;
    const bool whole = check_log(*storage, attempts, SIZE_MAX).empty();
    if (const Findings found = check_log(*storage, attempts, SIZE_MAX, Tail::cut_off); !found.empty())
      return find(found.front());
    // And it sells on, or says that it can't.
    const auto other = little::event("matinee");
    const Command create{
        little::request(900),
        CreateEvent{other.id, {"Matinee", "", other.starts_at, other.prices, other.policy}, other.seat_map}};
    Desk second(*storage, other.id);
    const Answer created = second.take_turn({&create, 1}).front();
    if (!second.halted().empty()) return Left::clear_damage;
    if (created.refusal() != nullptr)
      return find("another event can't be made: " + std::string(to_string(created.refusal()->reason)) + ", " +
                  created.refusal()->text());
    const Command hold{little::request(901), PlaceHold{"late", {}, {{AreaIndex{0}, 1}}}};
    const Answer held = desk.take_turn({&hold, 1}).front();
    if (!desk.halted().empty()) return Left::clear_damage;
    if (held.refusal() != nullptr && held.refusal()->reason == Reason::storage_unavailable)
      return find("it is called unavailable: " + held.refusal()->text());
    for (const StreamId& stream : {sale_stream, stream_of(other.id)}) {
      if (prove(*storage, stream, problem) != Proof::sound)
        return find("after more was sold, audit: " + problem);
    }
    return whole ? Left::everything : Left::less;
  } catch (const StorageDamaged&) {
    return Left::clear_damage;
  } catch (const std::exception& error) {
    return find(std::string("it fails, but not as damaged: ") + error.what());
  }
}

}  // namespace

TEST_CASE("the power fails at any moment of a sale: what was answered is there, and the sale goes on") {
  CHECK(crash_everywhere(Recorded(), rounds()) == "");
}

TEST_CASE(
    "a sync that fails may lose what was written before it: nobody was told that it is there, and the sale "
    "goes on") {
  install();
  vfs.follow({.calls = call_sync});
  const Folder folder;
  Sale sale(folder.file(), {.vfs = vfs_name});
  sale.run();
  sale.close();
  const int syncs = vfs.count;
  for (int call = 1; call <= syncs; ++call) {
    INFO("sync ", call, " of ", syncs);
    REQUIRE(crash_everywhere(Recorded(SqliteOptions::Sync::full, {.call = call, .calls = call_sync}),
                             rounds(), 40) == "");
  }
}

TEST_CASE("a store that does not sync each commit is found to lose answers") {
  CHECK(crash_everywhere(Recorded(SqliteOptions::Sync::normal), 6)
            .find("what was told to be durable is not entry") != std::string::npos);
}

TEST_CASE(
    "a disk that lies about its syncs loses answers, but the store opens into a state that is consistent, or "
    "says that it is damaged") {
  const Recorded recorded;
  const Folder folder;
  std::map<Left, unsigned> count;
  for (unsigned round = 0; round < 100 * rounds(); ++round) {
    std::mt19937 random(seed() + round);
    const std::size_t crash = 1 + random() % recorded.trace.size();
    const std::size_t lies = 10 + random() % 91;  // of a hundred syncs
    CrashDisk disk;
    for (std::size_t moment = 0; moment < crash; ++moment) {
      const bool is_sync = recorded.trace[moment].kind == DiskEvent::Kind::sync ||
                           recorded.trace[moment].kind == DiskEvent::Kind::sync_folder;
      if (!is_sync || random() % 100 >= lies) disk.apply(recorded.trace[moment]);
    }
    folder.empty();
    disk.crash(folder.path(), random);
    Findings findings;
    ++count[look_after_lies(folder, recorded, crash, findings)];
    INFO("round ", round, ", seed ", seed());
    REQUIRE(shown(findings) == "");
  }
  MESSAGE("everything was there " << count[Left::everything] << " times, less " << count[Left::less]
                                  << " times, damage was told " << count[Left::clear_damage] << " times");
  CHECK(count[Left::less] > 0);
  CHECK(count[Left::clear_damage] > 0);
}
