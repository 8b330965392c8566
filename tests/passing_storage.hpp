#pragma once
// A storage that passes everything on, counts what is read, and lets a test do something at the right moment.

#include <functional>
#include <utility>

#include "ticketcore/storage/storage.hpp"

namespace ticketcore::testing {

class PassingStorage : public Storage {
 public:
  explicit PassingStorage(Storage& inner) : inner_(inner) {}

  std::function<void()> before_turn{};  ///< Once.
  std::size_t bytes_read = 0;

  std::unique_ptr<Turn> take_turn(std::span<const Position> streams) override {
    if (before_turn) std::exchange(before_turn, nullptr)();
    return inner_.take_turn(streams);
  }
  std::vector<Entry> read(const StreamId& stream, Revision after, std::size_t max_bytes) override {
    auto entries = inner_.read(stream, after, max_bytes);
    for (const Entry& entry : entries) bytes_read += entry.bytes.size();
    return entries;
  }
  std::optional<Snapshot> load_snapshot(const StreamId& stream) override {
    return inner_.load_snapshot(stream);
  }
  void save_snapshot(const Position& at, BytesView bytes) override { inner_.save_snapshot(at, bytes); }
  std::vector<StreamId> list_streams(std::string_view prefix) override { return inner_.list_streams(prefix); }
  void remove_stream(const Position& end) override { inner_.remove_stream(end); }
  bool wait_for_news(std::span<const Position> streams, std::chrono::milliseconds timeout) override {
    return inner_.wait_for_news(streams, timeout);
  }
  void vault_put(std::string_view id, BytesView bytes) override { inner_.vault_put(id, bytes); }
  std::optional<Bytes> vault_get(std::string_view id) override { return inner_.vault_get(id); }
  void vault_erase(std::string_view id) override { inner_.vault_erase(id); }
  void scrub_vault() override { inner_.scrub_vault(); }
  std::string describe() const override { return inner_.describe(); }

 private:
  Storage& inner_;
};

}  // namespace ticketcore::testing
