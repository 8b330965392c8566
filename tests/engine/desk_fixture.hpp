#pragma once
// What the tests of an event's desk share: a storage that fails on demand, and a desk with a little event.

#include <doctest/doctest.h>
#include "little_house.hpp"
#include "ticketcore/engine/box_office.hpp"
#include "ticketcore/engine/detail/desk.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/storage/memory.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

namespace ticketcore::desk_testing {

/// A storage whose commits fail on demand, before or after they took place, and whose bytes can be changed
/// behind its back.
class FaultyStorage final : public Storage {
 public:
  enum class Fault { none, unavailable, unknown_not_done, unknown_but_done };

  explicit FaultyStorage(little::Clock& clock) : inner_(clock.reader()) {}
  Fault next_commit = Fault::none;
  int failures = 1;
  std::function<void(Revision, Bytes&)> alter{};
  bool reads_fail = false;
  int reads = 0;
  int reads_in_turns = 0;
  int open_turns = 0;

  std::unique_ptr<Turn> take_turn(std::span<const Position> streams) override {
    return std::make_unique<FaultyTurn>(*this, inner_.take_turn(streams));
  }
  std::vector<Entry> read(const StreamId& stream, Revision after, std::size_t max_bytes) override {
    if (reads_fail) throw StorageUnavailable("nobody answers");
    ++reads;
    reads_in_turns += open_turns;
    return altered(inner_.read(stream, after, max_bytes));
  }
  /// As on a disk that has kept a snapshot and lost the entries before it.
  std::optional<Snapshot> snapshot_kept{};
  std::optional<Snapshot> load_snapshot(const StreamId& stream) override {
    return snapshot_kept ? snapshot_kept : inner_.load_snapshot(stream);
  }
  void save_snapshot(const Position& at, BytesView bytes) override { inner_.save_snapshot(at, bytes); }
  std::vector<StreamId> list_streams(std::string_view prefix) override { return inner_.list_streams(prefix); }
  void remove_stream(const Position& end) override { inner_.remove_stream(end); }
  bool wait_for_news(std::span<const Position> streams, std::chrono::milliseconds timeout) override {
    if (reads_fail) throw StorageUnavailable("nobody answers");
    return inner_.wait_for_news(streams, timeout);
  }
  void vault_put(std::string_view id, BytesView bytes) override { inner_.vault_put(id, bytes); }
  std::optional<Bytes> vault_get(std::string_view id) override { return inner_.vault_get(id); }
  void vault_erase(std::string_view id) override { inner_.vault_erase(id); }
  void scrub_vault() override { inner_.scrub_vault(); }
  std::string describe() const override { return "faulty"; }

 private:
  class FaultyTurn final : public Turn {
   public:
    FaultyTurn(FaultyStorage& storage, std::unique_ptr<Turn> inner)
        : storage_(storage), inner_(std::move(inner)) {
      ++storage_.open_turns;
    }
    FaultyTurn(const FaultyTurn&) = delete;
    FaultyTurn& operator=(const FaultyTurn&) = delete;
    ~FaultyTurn() override { --storage_.open_turns; }
    std::vector<Entry> unseen(const StreamId& stream) override {
      return storage_.altered(inner_->unseen(stream));
    }
    Timestamp now() override { return inner_->now(); }
    void commit(std::span<const Append> entries) override {
      const Fault fault = storage_.next_commit;
      if (fault != Fault::none && --storage_.failures == 0) storage_.next_commit = Fault::none;
      if (fault == Fault::unavailable) throw StorageUnavailable("the disk is full");
      if (fault != Fault::unknown_not_done) inner_->commit(entries);
      if (fault != Fault::none) throw CommitOutcomeUnknown("the connection was lost");
    }

   private:
    FaultyStorage& storage_;
    std::unique_ptr<Turn> inner_;
  };

  std::vector<Entry> altered(std::vector<Entry> entries) const {
    for (Entry& entry : entries) {
      if (alter) alter(entry.revision, entry.bytes);
    }
    return entries;
  }

  MemoryStorage inner_;
};

struct Fixture {
  little::Clock clock{};
  FaultyStorage storage{clock};
  Desk desk{storage, "premiere"};
  std::uint64_t next_request = 100;

  Fixture() {
    const NewEvent event = little::event();
    CreateEvent create{event.id,
                       {event.name, "Little house", event.starts_at, event.prices, event.policy},
                       event.seat_map,
                       SaleStatus::on_sale};
    REQUIRE(take({little::request(1), create}).refusal() == nullptr);
  }
  Answer take(const Command& command) { return desk.take_turn({&command, 1}).front(); }
  [[nodiscard]] Command hold(std::uint32_t place, std::chrono::seconds ttl = std::chrono::seconds(60)) {
    PlaceHold hold;
    hold.holder = "cart";
    hold.places = {PlaceIndex{place}};
    hold.ttl = ttl;
    return {little::request(next_request++), hold};
  }
};

}  // namespace ticketcore::desk_testing
