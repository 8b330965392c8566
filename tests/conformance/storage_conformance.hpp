#pragma once
// What every storage backend must do, promise by promise of storage.hpp. Call it from one TEST_CASE:
//
//   TEST_CASE("my backend keeps the promises of storage.hpp") {
//     Scratch scratch;  // an empty place for one store, removed at the end
//     ticketcore::conformance::check_storage([&] { return open_my_backend(scratch.path()); });
//   }
//
// The case runs once for each SUBCASE below, and each wants an empty store. The function given opens the same
// store each time it is called within one run, also while it is open already.

#include <array>
#include <chrono>
#include <future>

#include "conformance/keeping_checks.hpp"
#include "conformance/storage_steps.hpp"
#include "conformance/turn_checks.hpp"

namespace ticketcore::conformance {

inline void check_threads(const OpenStorage& open) {
  constexpr int thread_count = 8;
  constexpr int turn_count = 50;
  SUBCASE("turns of eight threads on one stream exclude each other: no count is lost") {
    const auto storage = open();
    std::vector<std::future<void>> threads;
    for (int thread = 0; thread < thread_count; ++thread) {
      threads.push_back(std::async(std::launch::async, [&] {
        Position at{"count", 0};
        std::uint64_t count = 0;
        for (int turn = 0; turn < turn_count; ++turn) count_up(*storage, "count", at, count);
      }));
    }
    for (auto& thread : threads) thread.get();
    const auto entries = storage->read("count", 0, everything);
    REQUIRE(entries.size() == thread_count * turn_count);
    CHECK(entries.back().bytes == bytes_of(std::to_string(thread_count * turn_count)));
  }
  SUBCASE("two handles on one store exclude each other, and see each other's entries") {
    const auto one = open();
    const auto other = open();
    std::vector<std::future<void>> threads;
    for (Storage* storage : {one.get(), other.get()}) {
      threads.push_back(std::async(std::launch::async, [storage] {
        Position at{"count", 0};
        std::uint64_t count = 0;
        for (int turn = 0; turn < turn_count; ++turn) count_up(*storage, "count", at, count);
      }));
    }
    for (auto& thread : threads) thread.get();
    for (Storage* storage : {one.get(), other.get()}) {
      const auto entries = storage->read("count", 0, everything);
      REQUIRE(entries.size() == 2 * turn_count);
      CHECK(entries.back().bytes == bytes_of(std::to_string(2 * turn_count)));
    }
  }
  SUBCASE("turns on streams that overlap neither lock up nor tear a commit") {
    const auto storage = open();
    const std::array<std::array<StreamId, 2>, 3> pairs{{{"a", "b"}, {"b", "c"}, {"a", "c"}}};
    std::vector<std::future<void>> threads;
    for (const auto& pair : pairs) {
      threads.push_back(std::async(std::launch::async, [&storage, &pair] {
        for (int turn = 0; turn < turn_count; ++turn)
          append(*storage, {{pair[0], bytes_of("x")}, {pair[1], bytes_of("x")}});
      }));
    }
    for (auto& thread : threads) thread.get();
    for (const StreamId stream : {"a", "b", "c"})
      CHECK(storage->read(stream, 0, everything).size() == 2 * turn_count);
  }
  SUBCASE("reading does not wait for a turn, and does not see into it") {
    const auto storage = open();
    append(*storage, "a", "one");
    const Position position = known(*storage, "a", 1);
    const auto turn = storage->take_turn({&position, 1});
    auto reader = std::async(std::launch::async, [&] {
      return shown(*storage, "a") + shown(*storage, "b") + std::to_string(storage->list_streams("").size());
    });
    REQUIRE(reader.wait_for(std::chrono::seconds(5)) == std::future_status::ready);
    CHECK(reader.get() == "1=one1");
  }
}

/// Every check there is.
inline void check_storage(const OpenStorage& open) {
  check_appending(open);
  check_turns(open);
  check_histories(open);
  check_bulk(open);
  check_threads(open);
  check_reading(open);
  check_keeping(open);
}

}  // namespace ticketcore::conformance
