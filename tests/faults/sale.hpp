#pragma once
// A whole sale, step by step, over SQLite on a disk that fails; and what must be true of the store whatever
// the disk did.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fault_vfs.hpp"
#include "little_house.hpp"
#include "ticketcore/engine/detail/desk.hpp"
#include "ticketcore/storage/sqlite.hpp"

namespace ticketcore::fault {

/// A folder of its own, in memory where the system has that, so that thousands of sales wait for no disk.
/// Gone in the end.
class Folder {
 public:
  Folder();
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::filesystem::path file() const { return path_ / "boxoffice.db"; }
  /// Takes away what is in it.
  void empty() const;

 private:
  std::filesystem::path path_;
};

/// What was found wrong. Empty is good.
using Findings = std::vector<std::string>;

/// A line for each of them.
[[nodiscard]] std::string shown(const Findings& findings);

/// One attempt to append an entry, and what the storage said of it. Each turn has a time of its own, so that
/// no two are alike.
struct Attempt {
  enum class Outcome : std::uint8_t { under_way, durable, refused, unknown };
  StreamId stream{};
  Bytes bytes{};
  Outcome outcome = Outcome::under_way;
  std::size_t begun = 0;  ///< In the trace.
  std::size_t ended = 0;
};

/// Mistakes made on purpose, to see that they are found.
enum class Planted : std::uint8_t {
  none,
  unknown_is_answered,  ///< A commit whose outcome is not known is taken for durable.
  unknown_is_refused,   ///< A commit whose outcome is not known is taken for not written.
};

struct SaleOptions {
  std::string vfs{};
  SqliteOptions::Sync sync = SqliteOptions::Sync::full;
  Planted planted = Planted::none;
  std::int64_t first_turn = 0;  ///< Turns are told apart by their microsecond, from this one on.
  DiskTrace* trace = nullptr;   ///< The VFS's, to know when what was answered.
  /// Whether to look, whenever a step failed and again when it succeeded, at what a process killed right then
  /// would leave.
  enum class Look : std::uint8_t { no, when_a_step_failed } look = Look::no;
};

/// The definite answer to a request.
struct Answered {
  Bytes fact{};  ///< As the log has it; of a refusal what it says.
  bool granted = false;
  std::size_t at = 0;  ///< In the trace.
};

struct Step;
/// The sale: an event made, holds placed (picked, best, in an area), extended, released, expired, quoted,
/// checked out, refunded, checked in, snapshots, secrets, reopenings, a checkpoint by another program.
[[nodiscard]] const std::vector<Step>& script();

/// One sale in one store.
class Sale {
 public:
  explicit Sale(std::filesystem::path file, SaleOptions options = {});
  ~Sale();
  Sale(const Sale&) = delete;
  Sale& operator=(const Sale&) = delete;

  /// Takes every step from the first to the last; one that does not succeed is tried again, first in the same
  /// store, then in the store opened anew with the disk well again.
  void run();
  /// Has each answer compared to those that another sale was given. Who had heard a "no" by then, at a moment
  /// of the other's trace, takes it for final and does not ask again: a refused request that comes again
  /// later may be granted.
  void expect(const std::map<RequestId, Answered>& answers, std::size_t heard_until = 0) {
    expected_ = &answers;
    heard_until_ = heard_until;
  }
  void close();

  [[nodiscard]] const Findings& findings() const noexcept { return findings_; }
  [[nodiscard]] const std::map<RequestId, Answered>& answers() const noexcept { return answers_; }
  [[nodiscard]] const std::vector<Attempt>& attempts() const noexcept { return attempts_; }
  /// Where in the trace each step began and ended.
  [[nodiscard]] const std::vector<std::pair<std::size_t, std::size_t>>& steps() const noexcept {
    return steps_;
  }
  /// How often a step had to be tried again.
  [[nodiscard]] int retries() const noexcept { return retries_; }

  // What steps are made of.
  [[nodiscard]] SqliteStorage& storage() { return *storage_; }
  [[nodiscard]] Desk& desk() { return *desk_; }
  [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }
  [[nodiscard]] const SaleOptions& options() const noexcept { return options_; }

 private:
  class WatchedStorage;
  friend class WatchedTurn;

  void open();
  void take(const Step& step);
  [[nodiscard]] bool attempt(const Step& step);
  [[nodiscard]] bool ask(const Step& step);
  [[nodiscard]] bool has_heard_no(const Command& command) const;
  void look_if_killed();
  void find(const std::string& what);
  [[nodiscard]] std::size_t now_in_trace() const {
    return options_.trace == nullptr ? 0 : options_.trace->size();
  }

  std::filesystem::path file_;
  SaleOptions options_;
  Timestamp clock_;
  std::int64_t turns_;
  std::unique_ptr<SqliteStorage> storage_;
  std::unique_ptr<WatchedStorage> watched_;
  std::unique_ptr<Desk> desk_;
  const std::map<RequestId, Answered>* expected_ = nullptr;
  std::size_t heard_until_ = 0;
  std::map<RequestId, Answered> answers_;
  std::vector<Attempt> attempts_;
  std::vector<std::pair<std::size_t, std::size_t>> steps_;
  Findings findings_;
  std::string doing_;
  int retries_ = 0;
};

struct Step {
  std::string what{};
  std::vector<Command> commands{};      ///< One batch. Or:
  std::function<void(Sale&)> action{};  ///< Throws what the storage throws.
  std::chrono::seconds later{0};        ///< What the clock moves before it.
  bool is_cache = false;                ///< What fails may stay undone.
};

inline const StreamId sale_stream = "event/premiere";
inline constexpr const char* secret_id = "olha";

/// The facts of a log, one after another, each with its request, without turns and revisions.
[[nodiscard]] std::vector<Bytes> facts_of(Storage& storage);

/// Where a log may end.
enum class Tail : std::uint8_t { whole, cut_off };

/// What is wrong with the store's log, given what was tried up to `now` of the trace: whatever was told to be
/// durable must be in it, in order, and nothing else but what was under way or of unknown outcome.
[[nodiscard]] Findings check_log(Storage& storage, const std::vector<Attempt>& attempts, std::size_t now,
                                 Tail tail = Tail::whole);

/// What is wrong with a store that the sale has ended in: its log, given all attempts made on it, its audit,
/// its file, and the answers that repeated requests get.
[[nodiscard]] Findings check_end(const std::filesystem::path& file, const Sale& sale,
                                 const std::vector<Attempt>& attempts, const std::vector<Bytes>& facts);

}  // namespace ticketcore::fault
