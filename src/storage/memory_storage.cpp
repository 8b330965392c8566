#include "ticketcore/storage/memory.hpp"

#include <condition_variable>
#include <functional>
#include <iterator>
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
  struct Kept {
    std::uint32_t checksum = 0;
    Bytes bytes{};
  };
  struct Stream {
    std::vector<Kept> entries{};
    std::optional<Snapshot> snapshot{};
  };

  explicit Shared(std::function<Timestamp()> given) : clock(std::move(given)) {
    if (!clock)
      clock = [] { return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()); };
  }

  /// The caller has the mutex.
  [[nodiscard]] Revision head(const StreamId& stream) const {
    const auto found = streams.find(stream);
    return found == streams.end() ? 0 : found->second.entries.size();
  }

  /// Nullopt when there is no such entry. The caller has the mutex.
  [[nodiscard]] std::optional<std::uint32_t> checksum(const StreamId& stream, Revision revision) const {
    if (revision == 0 || revision > head(stream)) return std::nullopt;
    return streams.at(stream).entries[revision - 1].checksum;
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
    for (Revision revision = position.known + 1; revision <= head; ++revision) {
      const Shared::Kept& kept = shared_.streams.at(stream).entries[revision - 1];
      result.push_back({revision, kept.checksum, kept.bytes});
    }
    return result;
  }

  [[nodiscard]] Timestamp now() override { return shared_.clock(); }

  void add(std::span<const Append> entries) override {
    streams_.check_entries(entries);
    for (const Append& append : entries)
      added_[append.stream].push_back({append.checksum, Bytes(append.bytes.begin(), append.bytes.end())});
  }

  void commit(std::span<const Append> entries) override {
    add(entries);
    streams_.check_commit({});
    {
      const std::lock_guard lock(shared_.mutex);
      // What may run out of memory comes first, so that the appending itself can't fail half-way.
      for (const auto& [stream, added] : added_) {
        auto& target = shared_.streams[stream].entries;
        if (target.capacity() - target.size() < added.size())
          target.reserve(target.size() * 2 + added.size() + 8);
      }
      for (auto& [stream, added] : added_) {
        auto& target = shared_.streams.find(stream)->second.entries;
        std::move(added.begin(), added.end(), std::back_inserter(target));
      }
    }
    shared_.changed.notify_all();
  }

 private:
  Shared& shared_;
  TurnStreams streams_;
  std::map<StreamId, std::vector<Shared::Kept>> added_;
  bool taken_ = false;
};

MemoryStorage::MemoryStorage(std::function<Timestamp()> clock)
    : shared_(std::make_unique<Shared>(std::move(clock))) {}
MemoryStorage::~MemoryStorage() = default;

std::unique_ptr<Turn> MemoryStorage::take_turn(std::span<const Position> streams) {
  auto turn = std::make_unique<MemoryTurn>(*shared_, TurnStreams(streams));
  std::unique_lock lock(shared_->mutex);
  const auto free = [&] {
    return std::none_of(streams.begin(), streams.end(),
                        [&](const Position& position) { return shared_->taken.contains(position.stream); });
  };
  if (!shared_->changed.wait_for(lock, turn_timeout, free)) {
    throw StorageUnavailable("memory: another thread has had the turn for " +
                             std::to_string(turn_timeout.count()) + " ms; try again");
  }
  for (const Position& position : streams) {
    TurnStreams::check_known("memory", position, shared_->checksum(position.stream, position.known));
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
    const auto& [checksum, entry] = found->second.entries[revision];
    if (!result.empty() && (bytes > max_bytes || entry.size() > max_bytes - bytes)) break;
    bytes += entry.size();
    result.push_back({revision + 1, checksum, entry});
  }
  return result;
}

std::optional<Snapshot> MemoryStorage::load_snapshot(const StreamId& stream) {
  TurnStreams::check_name(stream);
  const std::lock_guard lock(shared_->mutex);
  const auto found = shared_->streams.find(stream);
  return found == shared_->streams.end() ? std::nullopt : found->second.snapshot;
}

void MemoryStorage::save_snapshot(const Position& at, BytesView bytes) {
  TurnStreams::check_snapshot(at);
  const std::lock_guard lock(shared_->mutex);
  TurnStreams::check_known("memory", at, shared_->checksum(at.stream, at.known));
  auto& kept = shared_->streams[at.stream].snapshot;
  if (!kept || kept->revision <= at.known) kept = Snapshot{at.known, Bytes(bytes.begin(), bytes.end())};
}

std::vector<StreamId> MemoryStorage::list_streams(std::string_view prefix) {
  const std::lock_guard lock(shared_->mutex);
  std::vector<StreamId> result;
  for (auto at = shared_->streams.lower_bound(StreamId(prefix));
       at != shared_->streams.end() && at->first.starts_with(prefix); ++at) {
    if (!at->second.entries.empty()) result.push_back(at->first);
  }
  return result;
}

void MemoryStorage::remove_stream(const Position& end) {
  const auto turn = take_turn({&end, 1});
  const std::lock_guard lock(shared_->mutex);
  if (const Revision head = shared_->head(end.stream); head != end.known)
    throw StorageError(TurnStreams::not_removed("memory", end, head));
  shared_->streams.erase(end.stream);
}

bool MemoryStorage::wait_for_news(std::span<const Position> streams, std::chrono::milliseconds timeout) {
  std::unique_lock lock(shared_->mutex);
  return shared_->changed.wait_for(lock, timeout, [&] {
    return std::any_of(streams.begin(), streams.end(), [&](const Position& position) {
      return shared_->head(position.stream) > position.known ||
             !TurnStreams::still_stands(position, shared_->checksum(position.stream, position.known));
    });
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
