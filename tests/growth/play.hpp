#pragma once
// One event that is asked for things again and again: what commands.cpp and the soak count is what they cost.
// The storage's own memory is not counted: its log grows with what was sold, and its bytes are counted apart.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "ticketcore/engine/detail/desk.hpp"
#include "ticketcore/venue/seat_map_builder.hpp"

namespace growth {

using namespace ticketcore;
using namespace std::chrono_literals;

/// What operator new has handed out, but for what was asked for inside of Apart.
struct Allocations {
  std::uint64_t count = 0;
  std::int64_t live_bytes = 0;
};
[[nodiscard]] Allocations allocations();

/// While one lives, what is allocated is not counted, nor when it is freed later.
class Apart {
 public:
  Apart();
  ~Apart();
  Apart(const Apart&) = delete;
  Apart& operator=(const Apart&) = delete;
};

/// Keeps the newest entries of one event's log, and counts the bytes of all; and the event's maps.
class CountedStorage final : public Storage {
 public:
  explicit CountedStorage(std::function<Timestamp()> clock, std::size_t kept = SIZE_MAX)
      : clock_(std::move(clock)), kept_(kept) {}

  [[nodiscard]] std::unique_ptr<Turn> take_turn(std::span<const Position>) override {
    return std::make_unique<CountedTurn>(*this);
  }
  [[nodiscard]] std::vector<Entry> read(const StreamId& stream, Revision after,
                                        std::size_t max_bytes) override {
    const Apart apart;
    std::vector<Entry> read;
    if (stream.starts_with("map/")) {
      const auto map = maps_.find(stream);
      if (map != maps_.end() && after == 0) read.push_back(map->second);
      return read;
    }
    if (after + 1 < first_) throw std::logic_error("an entry is read that is no longer kept");
    for (std::size_t at = after + 1 - first_;
         at < entries_.size() && (read.empty() || entries_[at].bytes.size() <= max_bytes); ++at) {
      read.push_back(entries_[at]);
      max_bytes -= std::min(max_bytes, entries_[at].bytes.size());
    }
    return read;
  }
  [[nodiscard]] std::optional<Snapshot> load_snapshot(const StreamId&) override { return std::nullopt; }
  void save_snapshot(const Position&, BytesView bytes) override { snapshot_bytes_ = bytes.size(); }
  [[nodiscard]] std::vector<StreamId> list_streams(std::string_view) override { return {}; }
  [[nodiscard]] bool wait_for_news(std::span<const Position>, std::chrono::milliseconds) override {
    return false;
  }
  void vault_put(std::string_view, BytesView) override {}
  [[nodiscard]] std::optional<Bytes> vault_get(std::string_view) override { return std::nullopt; }
  void vault_erase(std::string_view) override {}
  [[nodiscard]] std::string describe() const override { return "counted memory"; }

  [[nodiscard]] std::uint64_t log_bytes() const noexcept { return log_bytes_; }
  [[nodiscard]] std::uint64_t snapshot_bytes() const noexcept { return snapshot_bytes_; }

 private:
  class CountedTurn final : public Turn {
   public:
    explicit CountedTurn(CountedStorage& storage) : storage_(storage) {}
    [[nodiscard]] std::vector<Entry> unseen(const StreamId&) override { return {}; }
    [[nodiscard]] Timestamp now() override { return storage_.clock_(); }
    void commit(std::span<const Append> entries) override {
      const Apart apart;
      for (const Append& entry : entries) storage_.keep(entry);
    }

   private:
    CountedStorage& storage_;
  };

  void keep(const Append& entry) {
    if (entry.stream.starts_with("map/")) {
      maps_[entry.stream] = Entry{1, entry.checksum, Bytes(entry.bytes.begin(), entry.bytes.end())};
      return;
    }
    log_bytes_ += entry.bytes.size();
    entries_.push_back(
        {first_ + entries_.size(), entry.checksum, Bytes(entry.bytes.begin(), entry.bytes.end())});
    if (entries_.size() <= kept_) return;
    entries_.pop_front();
    ++first_;
  }

  std::function<Timestamp()> clock_;
  std::size_t kept_;
  std::deque<Entry> entries_;
  Revision first_ = 1;  ///< Of those kept.
  std::map<StreamId, Entry> maps_;
  std::uint64_t log_bytes_ = 0;
  std::uint64_t snapshot_bytes_ = 0;
};

/// A hundred rows of ten seats in front of the stage, two of them restricted; a standing area for a million.
[[nodiscard]] inline std::shared_ptr<const SeatMap> hall() {
  SeatMapBuilder builder("Hall");
  builder.focal_point({4'500, -5'000});
  const CategoryIndex category = builder.add_category({"all", "All", "#1F77B4"});
  const SectionIndex section = builder.add_section({.label = "S"});
  for (std::int32_t row = 0; row < 100; ++row) {
    builder.add_row(section, std::to_string(row + 1));
    for (std::int32_t seat = 0; seat < 10; ++seat) {
      const std::string label = std::to_string(seat + 1);
      const PlaceFlags flags = seat == 9 ? PlaceFlags::accessible : PlaceFlags::none;
      builder.add_seat(
          {.label = label, .position = {seat * 1'000, row * 1'000}, .category = category, .flags = flags});
    }
  }
  builder.add_area({.label = "Standing",
                    .section = section,
                    .category = category,
                    .capacity = 1'000'000,
                    .center = {4'500, 200'000}});
  return std::make_shared<const SeatMap>(builder.build());
}

[[nodiscard]] inline EventSettings settings() {
  EventSettings settings;
  settings.name = "For ever";
  settings.prices = PriceList("EUR", {{"all", "adult", "50.00"}, {"all", "child", "20.00"}});
  settings.policy.places_per_hold = limits::places_per_hold;
  settings.policy.holds_per_holder = 1'000'000;
  settings.policy.places_per_holder = 10'000'000;
  settings.policy.hold_lifetime = limits::hold_ttl_max;
  return settings;
}

/// The event, its desk and its clock. Ids rise, as callers' do.
class Play {
 public:
  /// Of the log's entries so many are kept.
  explicit Play(std::size_t kept = SIZE_MAX)
      : storage_([this] { return now; }, kept), desk_(storage_, EventId("for-ever")) {
    if (ask(create()).refusal() != nullptr) throw std::logic_error("the event was not created");
  }

  Timestamp now{std::chrono::sys_days{std::chrono::year{2027} / 1 / 31}};
  std::uint64_t commands = 0;  ///< Asked so far.

  [[nodiscard]] CreateEvent create() const { return {"for-ever", settings(), map, SaleStatus::on_sale}; }
  [[nodiscard]] RequestId next_id() {
    return RequestId{{0x0193'0000'0000'7000ULL + (++ids_ << 16),
                      0x8000'0000'0000'0000ULL + ids_ * 0x1357'9BDF'0246'8ACEULL}};
  }
  [[nodiscard]] RequestId last_id() const noexcept { return last_id_; }
  Answer ask(RequestId request, CommandBody body) {
    ++commands;
    last_id_ = request;
    const Command command{request, std::move(body)};
    return std::move(desk_.take_turn({&command, 1}).front());
  }
  Answer ask(CommandBody body) { return ask(next_id(), std::move(body)); }

  [[nodiscard]] HoldId hold(PlaceHold wanted) { return granted_id<HoldId>(ask(std::move(wanted))); }
  [[nodiscard]] HoldId hold(std::uint32_t place, std::chrono::seconds ttl = limits::hold_ttl_max) {
    return hold(PlaceHold{"cart", {PlaceIndex{place}}, {}, ttl});
  }
  /// Holds, quotes and checks out.
  [[nodiscard]] OrderId order(PlaceHold wanted) {
    std::uint32_t count = static_cast<std::uint32_t>(wanted.places.size());
    for (const AreaQuantity& area : wanted.areas) count += area.quantity;
    const HoldId held = hold(std::move(wanted));
    (void)ask(QuoteHold{held, {{"adult", count, ""}}});
    return granted_id<OrderId>(ask(CheckOut{held, {"card", "reference", 5'000 * std::int64_t{count}}}));
  }

  template <class Id>
  [[nodiscard]] static Id granted_id(const Answer& answer) {
    if (const RequestRefused* refused = answer.refusal())
      throw std::logic_error("refused: " + std::string(to_string(refused->reason)) + " " + refused->text());
    return Id{answer.fact()->request};
  }

  [[nodiscard]] Desk& desk() noexcept { return desk_; }
  [[nodiscard]] const CountedStorage& storage() const noexcept { return storage_; }
  [[nodiscard]] std::uint64_t snapshot_bytes() {
    desk_.save_snapshot();
    return storage_.snapshot_bytes();
  }

  const std::shared_ptr<const SeatMap> map = hall();

 private:
  CountedStorage storage_;
  Desk desk_;
  std::uint64_t ids_ = 0;
  RequestId last_id_{};
};

}  // namespace growth
