#pragma once
// The simulated database that all nodes share, and each node's way to it over a network that delays, reorders
// and loses. It keeps the promises of a Storage and nothing more: whatever a real one may do to its callers,
// this one does.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ticketcore/storage/storage.hpp"
#include "world.hpp"

namespace ticketcore::sim {

/// A clock that may be wrong: set forth and back, too fast or too slow, coarse.
class Clock {
 public:
  Clock(const World& world, Micros tick) : world_(world), tick_(tick) {}
  [[nodiscard]] Timestamp tell();
  void jump(Micros by) { shown_ += by; }
  /// From now on it gains so many parts of a thousand.
  void drift(std::int64_t per_mille);

 private:
  void advance();

  const World& world_;
  Micros tick_;
  Micros seen_ = 0;
  Micros shown_ = 0;
  std::int64_t per_mille_ = 0;
};

/// What comes back from the database: a value, or why there is none.
template <class T>
struct Reply {
  std::optional<T> value{};
  std::string error{};
};

class Database {
 public:
  using TurnNumber = std::uint64_t;
  struct Write {
    StreamId stream{};
    std::uint32_t checksum = 0;
    Bytes bytes{};
  };
  struct Grant {
    std::map<StreamId, std::vector<Entry>> unseen{};
    Timestamp now{};
    std::string replaced{};  ///< The caller knows entries that are not there, or are others: why.
  };
  enum class CommitEnd : std::uint8_t { done, turn_is_over, disk_full };
  template <class T>
  using Answer = std::function<void(Reply<T>)>;

  static constexpr Micros turn_limit = second;
  static constexpr Micros turn_timeout = 2 * second;

  Database(World& world, std::uint64_t seed, Micros clock_tick)
      : world_(world), random_(seed, purpose::database), clock_(world, clock_tick) {}
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Hears of each entry in the order in which they become durable.
  std::function<void(const StreamId&, const Entry&)> on_append{};

  /// Before the simulation begins.
  void put(Write entry) { append({std::move(entry)}); }
  [[nodiscard]] const std::vector<Entry>& entries(const StreamId& stream) { return streams_[stream].entries; }
  [[nodiscard]] Clock& clock() noexcept { return clock_; }

  [[nodiscard]] TurnNumber new_turn_number() noexcept { return ++last_turn_; }

  // What a node asks for, when its message arrives.
  void open_turn(TurnNumber turn, const std::vector<Position>& streams, const Answer<Grant>& answer);
  void commit(TurnNumber turn, const std::vector<Write>& entries, const Answer<CommitEnd>& answer);
  void end_turn(TurnNumber turn);
  void read(const StreamId& stream, Revision after, std::size_t max_bytes,
            const Answer<std::vector<Entry>>& answer);
  void look_for_news(std::span<const Position> known, const Answer<bool>& answer);
  void load_snapshot(const StreamId& stream, const Answer<std::optional<Snapshot>>& answer);
  /// False when the position's entry does not stand.
  void save_snapshot(const Position& at, const Bytes& bytes, const Answer<bool>& answer);

  // What goes wrong.
  [[nodiscard]] bool is_down() const noexcept { return world_.now() < down_until_; }
  void crash(Micros down_for);
  void slow_disk(Micros lasts) { slow_disk_until_ = world_.now() + lasts; }
  void fill_disk(Micros lasts) { full_until_ = world_.now() + lasts; }
  /// As a fail-over to a standby that was behind, or a backup that was restored.
  void lose_end(const StreamId& stream, Revision kept);
  void damage_snapshot(const StreamId& stream);

 private:
  struct Stream {
    std::vector<Entry> entries{};
    std::optional<Snapshot> snapshot{};
    TurnNumber holder = 0;
  };
  struct OpenTurn {
    std::vector<Position> streams{};
    Answer<Grant> answer{};
    bool granted = false;
    bool committing = false;
    std::vector<Write> entries{};
  };

  [[nodiscard]] bool is_full() const noexcept { return world_.now() < full_until_; }
  [[nodiscard]] static std::string why_replaced(const Position& position, const Stream& stream);
  void drop_turn(TurnNumber number);
  void grant_waiting();
  void grant(TurnNumber number, OpenTurn& turn);
  void append(const std::vector<Write>& entries);

  World& world_;
  Random random_;
  Clock clock_;
  std::map<StreamId, Stream> streams_;
  std::map<TurnNumber, OpenTurn> turns_;
  TurnNumber last_turn_ = 0;
  Micros down_until_ = 0;
  Micros slow_disk_until_ = 0;
  Micros full_until_ = 0;
};

/// The network between one node and the database. It outlives the node's processes.
class Link {
 public:
  Link(World& world, std::uint64_t seed, std::uint32_t node)
      : world_(world), random_(seed, purpose::network, node) {}

  Micros requests_lost_until = 0;
  Micros answers_lost_until = 0;
  Micros slow_until = 0;

  void to_database(std::function<void()> what) { carry(requests_lost_until, std::move(what)); }
  void to_node(std::function<void()> what) { carry(answers_lost_until, std::move(what)); }
  [[nodiscard]] World& world() noexcept { return world_; }
  [[nodiscard]] Random& random() noexcept { return random_; }

 private:
  void carry(Micros lost_until, std::function<void()> what);

  World& world_;
  Random random_;
};

/// The Storage of one process of a node. Its methods suspend the node's fiber until the database's answer is
/// there or patience is over.
class NodeStorage final : public Storage {
 public:
  /// on_node runs something in the process when it can: later while it stands still, never once it has died.
  NodeStorage(Database& database, Link& link, Clock* own_clock,
              std::function<void(std::function<void()>)> on_node)
      : database_(database), link_(link), own_clock_(own_clock), on_node_(std::move(on_node)) {}

  static constexpr Micros patience = 2 * second;

  [[nodiscard]] std::unique_ptr<Turn> take_turn(std::span<const Position> streams) override;
  [[nodiscard]] std::vector<Entry> read(const StreamId& stream, Revision after,
                                        std::size_t max_bytes) override;
  [[nodiscard]] std::optional<Snapshot> load_snapshot(const StreamId& stream) override;
  void save_snapshot(const Position& at, BytesView bytes) override;
  [[nodiscard]] std::vector<StreamId> list_streams(std::string_view prefix) override;
  [[nodiscard]] bool wait_for_news(std::span<const Position> streams,
                                   std::chrono::milliseconds timeout) override;
  void vault_put(std::string_view id, BytesView bytes) override;
  [[nodiscard]] std::optional<Bytes> vault_get(std::string_view id) override;
  void vault_erase(std::string_view id) override;
  [[nodiscard]] std::string describe() const override { return "the simulated database"; }

 private:
  class NodeTurn;

  /// The database's answer, or null when none came in time. ask runs at the database and hands its answer to
  /// what it is given.
  template <class T>
  [[nodiscard]] std::shared_ptr<Reply<T>> round_trip(Micros patience_here,
                                                     std::function<void(Database::Answer<T>)> ask);
  /// The same for what can simply be repeated: throws StorageUnavailable.
  template <class T>
  [[nodiscard]] T need(Micros patience_here, std::function<void(Database::Answer<T>)> ask);

  Database& database_;
  Link& link_;
  Clock* own_clock_;
  std::function<void(std::function<void()>)> on_node_;
};

}  // namespace ticketcore::sim
