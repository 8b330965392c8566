#pragma once
// A store that lives as long as its object: for tests, simulations, and box offices that need no tomorrow.

#include <chrono>
#include <functional>
#include <memory>

#include "ticketcore/storage/storage.hpp"

namespace ticketcore {

/// Turns on different streams go side by side; those that share a stream wait for each other. "Durable" means
/// here: until the object is destroyed. A turn waits at most 10 s for the turns of others. No turn may
/// outlive the storage.
class MemoryStorage final : public Storage {
 public:
  /// The clock is what Turn::now answers, called from any thread. Empty: the system's clock.
  explicit MemoryStorage(std::function<Timestamp()> clock = {});
  ~MemoryStorage() override;

  MemoryStorage(const MemoryStorage&) = delete;
  MemoryStorage& operator=(const MemoryStorage&) = delete;

  [[nodiscard]] std::unique_ptr<Turn> take_turn(std::span<const Position> streams) override;
  [[nodiscard]] std::vector<Entry> read(const StreamId& stream, Revision after,
                                        std::size_t max_bytes) override;
  [[nodiscard]] std::optional<Snapshot> load_snapshot(const StreamId& stream) override;
  void save_snapshot(const Position& at, BytesView bytes) override;
  [[nodiscard]] std::vector<StreamId> list_streams(std::string_view prefix) override;
  void remove_stream(const Position& end) override;
  [[nodiscard]] bool wait_for_news(std::span<const Position> streams,
                                   std::chrono::milliseconds timeout) override;
  void vault_put(std::string_view id, BytesView bytes) override;
  [[nodiscard]] std::optional<Bytes> vault_get(std::string_view id) override;
  void vault_erase(std::string_view id) override;
  [[nodiscard]] std::string describe() const override;

 private:
  struct Shared;
  class MemoryTurn;
  std::unique_ptr<Shared> shared_;
};

}  // namespace ticketcore
