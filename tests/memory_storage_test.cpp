#include "ticketcore/storage/memory.hpp"

#include "conformance/storage_conformance.hpp"

namespace ticketcore {
namespace {

using conformance::append;
using conformance::shown;

/// A handle on a store that lives on when the handle is closed, as a file does.
class Handle final : public Storage {
 public:
  explicit Handle(MemoryStorage& store) : store_(store) {}

  std::unique_ptr<Turn> take_turn(std::span<const Position> streams) override { return store_.take_turn(streams); }
  std::vector<Entry> read(const StreamId& stream, Revision after, std::size_t max_bytes) override { return store_.read(stream, after, max_bytes); }
  std::optional<Snapshot> load_snapshot(const StreamId& stream) override { return store_.load_snapshot(stream); }
  void save_snapshot(const Position& at, BytesView bytes) override { store_.save_snapshot(at, bytes); }
  std::vector<StreamId> list_streams(std::string_view prefix) override { return store_.list_streams(prefix); }
  void remove_stream(const Position& end) override { store_.remove_stream(end); }
  bool wait_for_news(std::span<const Position> streams, std::chrono::milliseconds timeout) override { return store_.wait_for_news(streams, timeout); }
  void vault_put(std::string_view id, BytesView bytes) override { store_.vault_put(id, bytes); }
  std::optional<Bytes> vault_get(std::string_view id) override { return store_.vault_get(id); }
  void vault_erase(std::string_view id) override { store_.vault_erase(id); }
  std::string describe() const override { return store_.describe(); }

 private:
  MemoryStorage& store_;
};

}  // namespace

TEST_CASE("memory keeps every promise of a storage backend") {
  MemoryStorage store;
  conformance::check_storage([&] { return std::make_unique<Handle>(store); });
}

TEST_CASE("a turn in memory tells the time of the clock it was given") {
  Timestamp time{std::chrono::seconds(1'800'000'000)};
  MemoryStorage storage([&] { return time; });
  const Position position{"a", 0};
  const auto turn = storage.take_turn({&position, 1});
  CHECK(turn->now() == time);
  time += std::chrono::hours(1);
  CHECK(turn->now() == time);
}

TEST_CASE("turns in memory on different streams go side by side") {
  MemoryStorage storage;
  const Position gala{"event/gala", 0};
  const auto turn = storage.take_turn({&gala, 1});
  append(storage, "event/matinee", "sold");
  CHECK(shown(storage, "event/matinee") == "1=sold");
  CHECK(shown(storage, "event/gala").empty());
}

}  // namespace ticketcore
