#include "ticketcore/storage/memory.hpp"

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "turn_streams.hpp"

namespace ticketcore {
namespace {

constexpr std::chrono::milliseconds turn_timeout{10'000};

}  // namespace

struct MemoryStorage::Shared {
  struct Stream {
    std::vector<Bytes> entries{};
    std::optional<Snapshot> snapshot{};
  };

  explicit Shared(std::function<Timestamp()> given) : clock(std::move(given)) {
    if (!clock) clock = [] { return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()); };
  }

  /// The caller has the mutex.
  [[nodiscard]] Revision head(const StreamId& stream) const {
    const auto found = streams.find(stream);
    return found == streams.end() ? 0 : found->second.entries.size();
  }

  std::function<Timestamp()> clock;
  std::mutex mutex;
  std::condition_variable changed;  // a turn ended, or an entry was appended
  std::map<StreamId, Stream> streams;
  std::set<StreamId> taken;  // streams that some turn has
  std::map<std::string, Bytes, std::less<>> vault;
};

class MemoryStorage::MemoryTurn final : public Turn {
 public:
  /// The streams are not in shared.taken yet: the caller has the mutex and puts them there.
  MemoryTurn(Shared& shared, TurnStreams streams) : shared_(shared), streams_(std::move(streams)) {}

  MemoryTurn(const MemoryTurn&) = delete;
  MemoryTurn& operator=(const MemoryTurn&) = delete;

  ~MemoryTurn() override {
    if (!taken_) return;
    {
      const std::lock_guard lock(shared_.mutex);
      for (const Position& position : streams_.all()) shared_.taken.erase(position.stream);
    }
    shared_.changed.notify_all();
  }

  /// The caller has the mutex and has seen that nobody has these streams.
  void take() {
    std::set<StreamId> names;
    for (const Position& position : streams_.all()) names.insert(position.stream);
    shared_.taken.merge(names);
    taken_ = true;
  }

  [[nodiscard]] std::vector<Entry> unseen(const StreamId& stream) override {
    const Position& position = streams_.need(stream);
    const std::lock_guard lock(shared_.mutex);
    std::vector<Entry> result;
    const Revision head = shared_.head(stream);
    for (Revision revision = position.known + 1; revision <= head; ++revision) result.push_back({revision, shared_.streams.at(stream).entries[revision - 1]});
    return result;
  }

  [[nodiscard]] Timestamp now() override { return shared_.clock(); }

  void commit(std::span<const Append> entries) override {
    streams_.check_commit(entries);
    std::vector<Bytes> copies;
    for (const Append& append : entries) copies.emplace_back(append.bytes.begin(), append.bytes.end());
    {
      const std::lock_guard lock(shared_.mutex);
      // What may run out of memory comes first, so that the appending itself can't fail half-way.
      for (const Append& append : entries) {
        auto& target = shared_.streams[append.stream].entries;
        if (target.size() == target.capacity()) target.reserve(target.size() * 2 + 8);
      }
      for (std::size_t index = 0; index < entries.size(); ++index) shared_.streams[entries[index].stream].entries.push_back(std::move(copies[index]));
    }
    shared_.changed.notify_all();
  }

 private:
  Shared& shared_;
  TurnStreams streams_;
  bool taken_ = false;
};

MemoryStorage::MemoryStorage(std::function<Timestamp()> clock) : shared_(std::make_unique<Shared>(std::move(clock))) {}
MemoryStorage::~MemoryStorage() = default;

std::unique_ptr<Turn> MemoryStorage::take_turn(std::span<const Position> streams) {
  auto turn = std::make_unique<MemoryTurn>(*shared_, TurnStreams(streams));
  std::unique_lock lock(shared_->mutex);
  const auto free = [&] {
    return std::none_of(streams.begin(), streams.end(), [&](const Position& position) { return shared_->taken.contains(position.stream); });
  };
  if (!shared_->changed.wait_for(lock, turn_timeout, free)) {
    throw StorageUnavailable("memory: another thread has had the turn for " + std::to_string(turn_timeout.count()) + " ms; try again");
  }
  for (const Position& position : streams) {
    if (position.known > shared_->head(position.stream)) {
      throw StorageDamaged("memory: " + position.stream + " was read up to revision " + std::to_string(position.known) + " but ends at " +
                           std::to_string(shared_->head(position.stream)) + ": the store is behind what was read from it");
    }
  }
  turn->take();
  return turn;
}

std::vector<Entry> MemoryStorage::read(const StreamId& stream, Revision after, std::size_t max_bytes) {
  TurnStreams::check_name(stream);
  const std::lock_guard lock(shared_->mutex);
  std::vector<Entry> result;
  const auto found = shared_->streams.find(stream);
  if (found == shared_->streams.end()) return result;
  std::size_t bytes = 0;
  for (Revision revision = after; revision < found->second.entries.size(); ++revision) {
    const Bytes& entry = found->second.entries[revision];
    if (!result.empty() && (bytes > max_bytes || entry.size() > max_bytes - bytes)) break;
    bytes += entry.size();
    result.push_back({revision + 1, entry});
  }
  return result;
}

std::optional<Snapshot> MemoryStorage::load_snapshot(const StreamId& stream) {
  TurnStreams::check_name(stream);
  const std::lock_guard lock(shared_->mutex);
  const auto found = shared_->streams.find(stream);
  return found == shared_->streams.end() ? std::nullopt : found->second.snapshot;
}

void MemoryStorage::save_snapshot(const StreamId& stream, const Snapshot& snapshot) {
  TurnStreams::check_name(stream);
  const std::lock_guard lock(shared_->mutex);
  auto& kept = shared_->streams[stream].snapshot;
  if (!kept || kept->revision <= snapshot.revision) kept = snapshot;
}

std::vector<StreamId> MemoryStorage::list_streams(std::string_view prefix) {
  const std::lock_guard lock(shared_->mutex);
  std::vector<StreamId> result;
  for (auto at = shared_->streams.lower_bound(StreamId(prefix)); at != shared_->streams.end() && at->first.starts_with(prefix); ++at) {
    if (!at->second.entries.empty()) result.push_back(at->first);
  }
  return result;
}

void MemoryStorage::remove_stream(const StreamId& stream, Revision head) {
  const Position position{stream, head};
  const auto turn = take_turn({&position, 1});
  const std::lock_guard lock(shared_->mutex);
  if (shared_->head(stream) != head) throw StorageError(TurnStreams::not_removed("memory", stream, shared_->head(stream), head));
  shared_->streams.erase(stream);
}

bool MemoryStorage::wait_for_news(std::span<const Position> streams, std::chrono::milliseconds timeout) {
  std::unique_lock lock(shared_->mutex);
  return shared_->changed.wait_for(lock, timeout, [&] {
    return std::any_of(streams.begin(), streams.end(), [&](const Position& position) { return shared_->head(position.stream) > position.known; });
  });
}

void MemoryStorage::vault_put(std::string_view id, BytesView bytes) {
  TurnStreams::check_name(id);
  const std::lock_guard lock(shared_->mutex);
  shared_->vault.insert_or_assign(std::string(id), Bytes(bytes.begin(), bytes.end()));
}

std::optional<Bytes> MemoryStorage::vault_get(std::string_view id) {
  TurnStreams::check_name(id);
  const std::lock_guard lock(shared_->mutex);
  const auto found = shared_->vault.find(id);
  return found == shared_->vault.end() ? std::nullopt : std::optional<Bytes>(found->second);
}

void MemoryStorage::vault_erase(std::string_view id) {
  TurnStreams::check_name(id);
  const std::lock_guard lock(shared_->mutex);
  if (const auto found = shared_->vault.find(id); found != shared_->vault.end()) shared_->vault.erase(found);
}

std::string MemoryStorage::describe() const { return "memory"; }

}  // namespace ticketcore
