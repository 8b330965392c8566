#include "ticketcore/storage/memory.hpp"

#include "conformance/storage_conformance.hpp"
#include "passing_storage.hpp"

namespace ticketcore {
namespace {

using conformance::append;
using conformance::shown;

/// A handle on a store that lives on when the handle is closed, as a file does.
class Handle final : public testing::PassingStorage {
 public:
  explicit Handle(MemoryStorage& store) : PassingStorage(store) {}
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
