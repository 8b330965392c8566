#pragma once
// What a storage promises of reading, of news, and of what it keeps beside the log: snapshots and the vault.

#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <limits>
#include <stdexcept>
#include <thread>

#include "conformance/storage_steps.hpp"

namespace ticketcore::conformance {

inline void check_reading(const OpenStorage& open) {
  SUBCASE("reading stops at max_bytes, but brings at least one entry") {
    const auto storage = open();
    for (std::uint32_t seed = 0; seed < 5; ++seed) append(*storage, {{"a", many_bytes(100, seed)}});
    const auto count = [&](Revision after, std::size_t max_bytes) {
      return storage->read("a", after, max_bytes).size();
    };
    CHECK(count(0, 0) == 1);
    CHECK(count(0, 99) == 1);
    CHECK(count(0, 100) == 1);
    CHECK(count(0, 199) == 1);
    CHECK(count(0, 200) == 2);
    CHECK(count(0, std::numeric_limits<std::size_t>::max()) == 5);
    CHECK(count(3, 1'000) == 2);
    CHECK(count(5, 1'000) == 0);
    CHECK(count(6, 1'000) == 0);
    CHECK(count(std::numeric_limits<Revision>::max(), 1'000) == 0);
    CHECK(storage->read("a", 3, 0).front().revision == 4);
  }
  SUBCASE("streams are listed by prefix, sorted by their bytes") {
    const auto storage = open();
    for (const char* stream :
         {"event/b", "event/a", "event", "venue/x", "event/a\xFF", "event/\xC3\xA9", "Event/a", "event0"})
      append(*storage, stream, "x");
    CHECK(storage->list_streams("event/") ==
          std::vector<StreamId>{"event/a", "event/a\xFF", "event/b", "event/\xC3\xA9"});
    CHECK(storage->list_streams("event/a\xFF") == std::vector<StreamId>{"event/a\xFF"});
    CHECK(storage->list_streams("") == std::vector<StreamId>{"Event/a", "event", "event/a", "event/a\xFF",
                                                             "event/b", "event/\xC3\xA9", "event0",
                                                             "venue/x"});
    CHECK(storage->list_streams("nothing").empty());
  }
  SUBCASE("a stream's name may be anything of 1 to 128 bytes") {
    const auto storage = open();
    std::vector<StreamId> names{"'; DROP TABLE entries; --",
                                "a%b_c*",
                                "../../etc",
                                "with space\nand line",
                                std::string("nul\0inside", 10),
                                "\xFF\xFE",
                                std::string(128, 'n'),
                                "NUL",
                                "."};
    std::sort(names.begin(), names.end());
    for (const StreamId& name : names) append(*storage, name, "in " + name);
    for (const StreamId& name : names) CHECK(shown(*storage, name) == "1=in " + name);
    CHECK(storage->list_streams("") == names);
  }
  SUBCASE("news wake those who wait for them, and no news are told apart") {
    const auto storage = open();
    append(*storage, "a", "one");
    const std::array<Position, 2> known{{{"a", 1, checksum_of("one")}, {"b", 0}}};
    const Position behind{"a", 0};
    CHECK(storage->wait_for_news({&behind, 1}, std::chrono::milliseconds(0)));
    CHECK_FALSE(storage->wait_for_news(known, std::chrono::milliseconds(20)));
    append(*storage, "other", "x");
    CHECK_FALSE(storage->wait_for_news(known, std::chrono::milliseconds(0)));
    auto waiting = std::async(std::launch::async,
                              [&] { return storage->wait_for_news(known, std::chrono::seconds(30)); });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    append(*storage, "b", "uno");
    CHECK(waiting.get());
  }
  SUBCASE("news from another handle arrive, too") {
    const auto storage = open();
    const auto other = open();
    const Position known{"a", 0};
    auto waiting = std::async(std::launch::async, [&] {
      return storage->wait_for_news({&known, 1}, std::chrono::seconds(30));
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    append(*other, "a", "one");
    CHECK(waiting.get());
  }
}

inline void check_keeping(const OpenStorage& open) {
  SUBCASE("a newer snapshot replaces an older one, never the other way round") {
    const auto storage = open();
    for (const char* text : {"1", "2", "3", "4"}) append(*storage, "a", text);
    append(*storage, "b", "1");
    CHECK_FALSE(storage->load_snapshot("a"));
    storage->save_snapshot({"a", 3, checksum_of("3")}, bytes_of("three"));
    storage->save_snapshot({"a", 2, checksum_of("2")}, bytes_of("two"));
    storage->save_snapshot({"b", 1, checksum_of("1")}, {});
    REQUIRE(storage->load_snapshot("a"));
    CHECK(storage->load_snapshot("a")->revision == 3);
    CHECK(storage->load_snapshot("a")->bytes == bytes_of("three"));
    storage->save_snapshot({"a", 4, checksum_of("4")}, many_bytes(3'000'000, 8));
    CHECK(storage->load_snapshot("a")->revision == 4);
    CHECK((storage->load_snapshot("a")->bytes == many_bytes(3'000'000, 8)));
    CHECK(storage->load_snapshot("b")->bytes.empty());
  }
  SUBCASE("a snapshot is kept only of an entry that stands") {
    const auto storage = open();
    append(*storage, "a", "one");
    append(*storage, "a", "two");
    storage->save_snapshot({"a", 1, checksum_of("one")}, bytes_of("snapshot"));
    for (const Position& at : {Position{"a", 3, checksum_of("three")}, Position{"a", 2, checksum_of("other")},
                               Position{"none", 1, 7}}) {
      CHECK_THROWS_AS(storage->save_snapshot(at, bytes_of("of another history")), HistoryReplaced);
    }
    CHECK_THROWS_AS(storage->save_snapshot({"a", 0, 0}, {}), std::logic_error);
    CHECK_THROWS_AS(storage->save_snapshot({"a", 2}, {}), std::logic_error);
    CHECK(storage->load_snapshot("a")->bytes == bytes_of("snapshot"));
    CHECK_FALSE(storage->load_snapshot("none"));
    CHECK(storage->list_streams("") == std::vector<StreamId>{"a"});
  }
  SUBCASE("the vault keeps, replaces and erases") {
    const auto storage = open();
    const std::string binary_id("\0\xFF'id", 5);
    CHECK_FALSE(storage->vault_get("buyer/1"));
    storage->vault_erase("buyer/1");
    storage->vault_put("buyer/1", bytes_of("Olena"));
    storage->vault_put(binary_id, Bytes{0, 255, 0, 10});
    storage->vault_put("empty", {});
    storage->vault_put("large", many_bytes(200'000, 3));
    storage->vault_put("buyer/1", bytes_of("Olena Koval"));
    CHECK(storage->vault_get("buyer/1") == bytes_of("Olena Koval"));
    CHECK(storage->vault_get(binary_id) == Bytes{0, 255, 0, 10});
    REQUIRE(storage->vault_get("empty"));
    CHECK(storage->vault_get("empty")->empty());
    CHECK((storage->vault_get("large") == many_bytes(200'000, 3)));
    storage->vault_erase("buyer/1");
    CHECK_FALSE(storage->vault_get("buyer/1"));
    CHECK(storage->vault_get(binary_id));
    CHECK_THROWS_AS(storage->vault_put("", {}), std::logic_error);
    CHECK_THROWS_AS(storage->vault_put(std::string(129, 'v'), {}), std::logic_error);
  }
  SUBCASE("a stream is removed whole, if it ends where its remover says") {
    const auto storage = open();
    append(*storage, "a", "one");
    append(*storage, "a", "two");
    append(*storage, "b", "uno");
    storage->save_snapshot({"a", 1, checksum_of("one")}, bytes_of("snapshot"));
    CHECK_THROWS_AS(storage->remove_stream({"a", 1, checksum_of("one")}), StorageError);
    CHECK_THROWS_AS(storage->remove_stream({"a", 3, checksum_of("three")}), StorageError);
    CHECK(shown(*storage, "a") == "1=one 2=two");
    try {
      storage->remove_stream(known(*storage, "a", 2));
    } catch (const StorageError& error) {
      MESSAGE("not able to: " << error.what());
      CHECK(shown(*storage, "a") == "1=one 2=two");
      return;
    }
    CHECK(shown(*storage, "a").empty());
    CHECK_FALSE(storage->load_snapshot("a"));
    CHECK(storage->list_streams("") == std::vector<StreamId>{"b"});
    const Position stale{"a", 2, checksum_of("two")};
    CHECK_THROWS_AS((void)storage->take_turn({&stale, 1}), HistoryReplaced);
    append(*storage, "a", "anew");
    CHECK(shown(*storage, "a") == "1=anew");
    CHECK(shown(*storage, "b") == "1=uno");
  }
  SUBCASE("everything is there after closing and opening again") {
    auto storage = open();
    for (const char* text : {"one", "two", "three"}) append(*storage, "a", text);
    storage->save_snapshot({"a", 2, checksum_of("two")}, bytes_of("snapshot"));
    storage->vault_put("buyer", bytes_of("Olena"));
    storage->vault_put("gone", bytes_of("x"));
    storage->vault_erase("gone");
    storage.reset();
    storage = open();
    CHECK(shown(*storage, "a") == "1=one 2=two 3=three");
    REQUIRE(storage->load_snapshot("a"));
    CHECK(storage->load_snapshot("a")->revision == 2);
    CHECK(storage->vault_get("buyer") == bytes_of("Olena"));
    CHECK_FALSE(storage->vault_get("gone"));
    append(*storage, "a", "four");
    CHECK(storage->read("a", 3, everything).front().revision == 4);
  }
  SUBCASE("it has a name for messages") { CHECK_FALSE(open()->describe().empty()); }
}

}  // namespace ticketcore::conformance
