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

#ifndef TICKETCORE_PLAIN_CHECKS
#include <doctest/doctest.h>
#endif

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <future>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ticketcore/storage/storage.hpp"

namespace ticketcore::conformance {

using OpenStorage = std::function<std::unique_ptr<Storage>()>;

inline constexpr std::size_t everything = std::size_t{1} << 40;

[[nodiscard]] inline Bytes bytes_of(std::string_view text) { return Bytes(text.begin(), text.end()); }

/// Bytes that differ from seed to seed and from place to place.
[[nodiscard]] inline Bytes many_bytes(std::size_t count, std::uint32_t seed) {
  Bytes bytes(count);
  for (std::uint8_t& byte : bytes) {
    seed = seed * 1'664'525U + 1'013'904'223U;
    byte = static_cast<std::uint8_t>(seed >> 24);
  }
  return bytes;
}

/// A checksum for entries that have none of their own (FNV-1a). The suite's entries don't depend on those
/// before.
[[nodiscard]] inline std::uint32_t checksum_of(BytesView bytes) {
  std::uint32_t hash = 2'166'136'261U;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 16'777'619U;
  return hash;
}

[[nodiscard]] inline std::uint32_t checksum_of(std::string_view text) { return checksum_of(bytes_of(text)); }

/// Where somebody stands who has read a stream up to this revision.
[[nodiscard]] inline Position known(Storage& storage, const StreamId& stream, Revision revision) {
  if (revision == 0) return {stream, 0};
  return {stream, revision, storage.read(stream, revision - 1, 1).at(0).checksum};
}

/// Appends one entry to each of the streams (sorted) in one turn.
inline void append(Storage& storage, std::vector<std::pair<StreamId, Bytes>> entries) {
  std::vector<Position> positions;
  std::vector<Append> appends;
  for (const auto& [stream, bytes] : entries) {
    positions.push_back({stream, 0});
    appends.push_back({stream, checksum_of(bytes), bytes});
  }
  storage.take_turn(positions)->commit(appends);
}

inline void append(Storage& storage, const StreamId& stream, std::string_view text) {
  append(storage, {{stream, bytes_of(text)}});
}

/// The entries as "1=one 2=two".
[[nodiscard]] inline std::string shown(const std::vector<Entry>& entries) {
  std::string text;
  for (const Entry& entry : entries) {
    if (!text.empty()) text += ' ';
    text += std::to_string(entry.revision) + "=" + std::string(entry.bytes.begin(), entry.bytes.end());
  }
  return text;
}

[[nodiscard]] inline std::string shown(Storage& storage, const StreamId& stream) {
  return shown(storage.read(stream, 0, everything));
}

/// Adds one to the count that the last entry of a stream carries, the way the engine works: catch up, decide,
/// commit.
inline void count_up(Storage& storage, const StreamId& stream, Position& at, std::uint64_t& count) {
  const auto turn = storage.take_turn({&at, 1});
  for (const Entry& entry : turn->unseen(stream)) {
    at.known = entry.revision;
    at.checksum = entry.checksum;
    count = std::stoull(std::string(entry.bytes.begin(), entry.bytes.end()));
  }
  const Bytes next = bytes_of(std::to_string(count + 1));
  const Append entry{stream, checksum_of(next), next};
  turn->commit({&entry, 1});
}

inline void check_appending(const OpenStorage& open) {
  SUBCASE("revisions count from 1 without gaps, stream by stream") {
    const auto storage = open();
    for (const char* text : {"one", "two", "three"}) append(*storage, "event/a", text);
    append(*storage, "event/b", "uno");
    CHECK(shown(*storage, "event/a") == "1=one 2=two 3=three");
    CHECK(shown(*storage, "event/b") == "1=uno");
    CHECK(shown(*storage, "event/none").empty());
  }
  SUBCASE("a commit to two streams puts an entry into both") {
    const auto storage = open();
    append(*storage, "b", "before");
    append(*storage, {{"a", bytes_of("first")}, {"b", bytes_of("second")}});
    CHECK(shown(*storage, "a") == "1=first");
    CHECK(shown(*storage, "b") == "1=before 2=second");
  }
  SUBCASE("a turn may append to some of its streams only") {
    const auto storage = open();
    const std::array<Position, 2> positions{{{"a", 0}, {"b", 0}}};
    const Bytes bytes = bytes_of("only b");
    const Append entry{"b", 1, bytes};
    storage->take_turn(positions)->commit({&entry, 1});
    CHECK(shown(*storage, "a").empty());
    CHECK(shown(*storage, "b") == "1=only b");
    CHECK(storage->list_streams("") == std::vector<StreamId>{"b"});
  }
  SUBCASE("a commit of nothing appends nothing") {
    const auto storage = open();
    append(*storage, "a", "one");
    for (const StreamId stream : {"a", "new"}) {
      const Position position{stream, 0};
      const auto turn = storage->take_turn({&position, 1});
      turn->commit({});
    }
    CHECK(shown(*storage, "a") == "1=one");
    CHECK(storage->list_streams("") == std::vector<StreamId>{"a"});
    append(*storage, "a", "two");
    CHECK(shown(*storage, "a") == "1=one 2=two");
  }
  SUBCASE("a turn destroyed without a commit leaves no trace") {
    const auto storage = open();
    append(*storage, "a", "one");
    for (const StreamId stream : {"a", "new"}) {
      const Position position{stream, 0};
      const auto turn = storage->take_turn({&position, 1});
      CHECK(turn->unseen(stream).size() == (stream == "a" ? 1 : 0));
    }
    CHECK(storage->list_streams("") == std::vector<StreamId>{"a"});
    append(*storage, "a", "two");
    append(*storage, "new", "uno");
    CHECK(shown(*storage, "a") == "1=one 2=two");
    CHECK(shown(*storage, "new") == "1=uno");
  }
  SUBCASE("an entry may be empty, or 5 MB long, and comes back byte by byte") {
    const auto storage = open();
    const Bytes large = many_bytes(5'000'000, 7);
    append(*storage, {{"a", {}}});
    append(*storage, {{"a", large}});
    append(*storage, {{"a", {0, 1, 0, 255}}});
    const auto entries = storage->read("a", 0, everything);
    REQUIRE(entries.size() == 3);
    CHECK(entries[0].bytes.empty());
    CHECK((entries[1].bytes == large));
    CHECK((entries[2].bytes == Bytes{0, 1, 0, 255}));
  }
}

inline void check_turns(const OpenStorage& open) {
  SUBCASE("a turn hands over what its taker has not seen, oldest first") {
    const auto storage = open();
    for (const char* text : {"one", "two", "three"}) append(*storage, "a", text);
    for (const auto& [known, expected] :
         {std::pair<Revision, const char*>{0, "1=one 2=two 3=three"}, {2, "3=three"}, {3, ""}}) {
      const Position position = conformance::known(*storage, "a", known);
      CHECK(shown(storage->take_turn({&position, 1})->unseen("a")) == expected);
    }
  }
  SUBCASE("thousands of unseen entries come without a gap") {
    const auto storage = open();
    Position at{"a", 0};
    std::uint64_t count = 0;
    for (int turn = 0; turn < 3'000; ++turn) count_up(*storage, "a", at, count);
    const Position position{"a", 0};
    const auto entries = storage->take_turn({&position, 1})->unseen("a");
    REQUIRE(entries.size() == 3'000);
    for (std::size_t index = 0; index < entries.size(); ++index) {
      REQUIRE(entries[index].revision == index + 1);
      REQUIRE(entries[index].bytes == bytes_of(std::to_string(index + 1)));
    }
  }
  SUBCASE("a turn tells the time by the store's clock") {
    const auto storage = open();
    const Position position{"a", 0};
    const auto turn = storage->take_turn({&position, 1});
    CHECK(turn->now() > Timestamp{});
  }
  SUBCASE("what is asked of a turn must be its own") {
    const auto storage = open();
    append(*storage, "a", "one");
    const Position position{"a", 0};
    const Bytes bytes = bytes_of("x");
    const std::array<Append, 2> two_streams{{{"a", 1, bytes}, {"b", 1, bytes}}};
    CHECK_THROWS_AS((void)storage->take_turn({&position, 1})->unseen("b"), std::logic_error);
    CHECK_THROWS_AS(storage->take_turn({&position, 1})->commit(two_streams), std::logic_error);
    CHECK(shown(*storage, "a") == "1=one");
    CHECK(shown(*storage, "b").empty());
  }
  SUBCASE("a second commit in one turn is refused") {
    const auto storage = open();
    const Position position{"a", 0};
    const Bytes bytes = bytes_of("x");
    const Append entry{"a", 1, bytes};
    {
      const auto turn = storage->take_turn({&position, 1});
      turn->commit({&entry, 1});
      CHECK_THROWS_AS(turn->commit({&entry, 1}), std::logic_error);
    }
    CHECK(shown(*storage, "a") == "1=x");
  }
  SUBCASE("a turn's streams are at least one, sorted and unique, with names of 1 to 128 bytes") {
    const auto storage = open();
    const std::array<Position, 2> unsorted{{{"b", 0}, {"a", 0}}};
    const std::array<Position, 2> twice{{{"a", 0}, {"a", 0}}};
    const Position unproven{"a", 1};
    const Position nameless{"", 0};
    const Position long_name{std::string(129, 'n'), 0};
    CHECK_THROWS_AS((void)storage->take_turn({}), std::logic_error);
    CHECK_THROWS_AS((void)storage->take_turn(unsorted), std::logic_error);
    CHECK_THROWS_AS((void)storage->take_turn(twice), std::logic_error);
    CHECK_THROWS_AS((void)storage->take_turn({&unproven, 1}), std::logic_error);
    CHECK_THROWS_AS((void)storage->take_turn({&nameless, 1}), std::logic_error);
    CHECK_THROWS_AS((void)storage->take_turn({&long_name, 1}), std::logic_error);
    append(*storage, "still", "usable");
  }
  SUBCASE("who has read more than there is learns that the store is damaged") {
    const auto storage = open();
    append(*storage, "a", "one");
    const Position position{"a", 2, checksum_of("two")};
    const auto ask = [&] { return storage->take_turn({&position, 1})->unseen("a"); };
    CHECK_THROWS_AS((void)ask(), HistoryReplaced);
    append(*storage, "a", "two");
    CHECK(ask().empty());
  }
}

/// Takes the stream away, and appends these instead.
inline void replace(Storage& storage, const StreamId& stream, std::initializer_list<std::string_view> texts) {
  storage.remove_stream(known(storage, stream, storage.read(stream, 0, everything).size()));
  for (const std::string_view text : texts) append(storage, stream, text);
}

/// Why a turn was refused; empty: it was not.
[[nodiscard]] inline std::string refusal(Storage& storage, std::span<const Position> positions) {
  try {
    (void)storage.take_turn(positions);
  } catch (const HistoryReplaced& error) {
    return error.what();
  }
  return {};
}
[[nodiscard]] inline std::string refusal(Storage& storage, const Position& position) {
  return refusal(storage, {&position, 1});
}

/// What a fail-over that loses entries, a restored backup and a stream made anew have in common: another
/// entry stands where somebody has read one, or none.
inline void check_histories(const OpenStorage& open) {
  SUBCASE("an entry keeps the checksum that it came with") {
    const auto storage = open();
    for (const std::uint32_t checksum : {0U, 1U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU}) {
      const Revision head = storage->read("a", 0, everything).size();
      const Position at = known(*storage, "a", head);
      const auto turn = storage->take_turn({&at, 1});
      const Bytes bytes = bytes_of("x");
      const Append entry{"a", checksum, bytes};
      turn->commit({&entry, 1});
      CHECK(storage->read("a", head, everything).at(0).checksum == checksum);
    }
    const Position beginning{"a", 0};
    const auto unseen = storage->take_turn({&beginning, 1})->unseen("a");
    REQUIRE(unseen.size() == 5);
    CHECK(unseen[0].checksum == 0);
    CHECK(unseen[4].checksum == 0xFFFFFFFFU);
  }
  SUBCASE("who knows another entry than the one that stands there gets no turn, and is told of both") {
    const auto storage = open();
    for (const char* text : {"one", "two", "three"}) append(*storage, "event/a", text);
    for (const Revision revision : {1U, 2U, 3U}) {
      CHECK(refusal(*storage, Position{"event/a", revision, 0xABCD0123U}).find("abcd0123") !=
            std::string::npos);
      CHECK(refusal(*storage, known(*storage, "event/a", revision)).empty());
    }
    const std::string why = refusal(*storage, Position{"event/a", 2, 0x00000001U});
    CHECK(why.find("event/a") != std::string::npos);
    CHECK(why.find("revision 2") != std::string::npos);
    CHECK(why.find("00000001") != std::string::npos);
    // The right is free again.
    append(*storage, "event/a", "four");
    CHECK(shown(*storage, "event/a") == "1=one 2=two 3=three 4=four");
  }
  SUBCASE("one replaced history among several streams refuses the whole turn") {
    const auto storage = open();
    append(*storage, {{"a", bytes_of("one")}, {"b", bytes_of("uno")}});
    const std::array<Position, 2> positions{{{"a", 1, checksum_of("one")}, {"b", 1, checksum_of("another")}}};
    CHECK_FALSE(refusal(*storage, positions).empty());
    append(*storage, {{"a", bytes_of("two")}, {"b", bytes_of("due")}});
    CHECK(shown(*storage, "a") == "1=one 2=two");
  }
  SUBCASE(
      "a lost end, a stream made anew and a restored backup are found out; the same history again is not") {
    const auto storage = open();
    for (const char* text : {"one", "two"}) append(*storage, "a", text);
    const Position before = known(*storage, "a", 1);
    const Position last = known(*storage, "a", 2);
    try {
      replace(*storage, "a", {"one"});
    } catch (const HistoryReplaced&) {
      throw;
    } catch (const StorageError& error) {
      MESSAGE("not able to: " << error.what());
      return;
    }
    // A fail-over lost the second entry; then somebody who never knew it wrote another.
    CHECK_FALSE(refusal(*storage, last).empty());
    CHECK(refusal(*storage, before).empty());
    append(*storage, "a", "zwei");
    CHECK_FALSE(refusal(*storage, last).empty());
    CHECK(refusal(*storage, before).empty());
    append(*storage, "a", "drei");
    CHECK_FALSE(refusal(*storage, last).empty());
    CHECK(refusal(*storage, before).empty());
    // Removed, and made anew: shorter, as long, longer.
    replace(*storage, "a", {"eins"});
    CHECK_FALSE(refusal(*storage, last).empty());
    CHECK_FALSE(refusal(*storage, before).empty());
    append(*storage, "a", "zwei");
    CHECK_FALSE(refusal(*storage, last).empty());
    CHECK_FALSE(refusal(*storage, before).empty());
    // A backup brings back what was.
    replace(*storage, "a", {"one", "two", "three"});
    CHECK(refusal(*storage, last).empty());
    CHECK(refusal(*storage, before).empty());
    CHECK(shown(storage->take_turn({&last, 1})->unseen("a")) == "3=three");
  }
  SUBCASE("a stream is not removed by who knows another end") {
    const auto storage = open();
    append(*storage, "a", "one");
    CHECK_THROWS_AS(storage->remove_stream({"a", 1, checksum_of("another")}), StorageError);
    CHECK(shown(*storage, "a") == "1=one");
  }
  SUBCASE("a history that was replaced is news") {
    const auto storage = open();
    append(*storage, "a", "one");
    const auto is_news = [&](const Position& position) {
      return storage->wait_for_news({&position, 1}, std::chrono::milliseconds(0));
    };
    CHECK_FALSE(is_news({"a", 1, checksum_of("one")}));
    CHECK_FALSE(is_news({"a", 1}));
    CHECK(is_news({"a", 1, checksum_of("another")}));
    CHECK(is_news({"a", 2, checksum_of("two")}));
    CHECK(is_news({"none", 1, checksum_of("one")}));
  }
}

/// Many entries of one stream in one commit: an archive that comes back.
inline void check_bulk(const OpenStorage& open) {
  SUBCASE("entries of one stream follow each other in the order given") {
    const auto storage = open();
    append(*storage, "a", "one");
    const std::array<Position, 2> positions{{{"a", 0}, {"b", 0}}};
    const std::array<Bytes, 4> texts{bytes_of("two"), bytes_of("uno"), bytes_of("three"), bytes_of("four")};
    const std::array<Append, 4> entries{
        {{"a", 2, texts[0]}, {"b", 5, texts[1]}, {"a", 3, texts[2]}, {"a", 4, texts[3]}}};
    storage->take_turn(positions)->commit(entries);
    CHECK(shown(*storage, "a") == "1=one 2=two 3=three 4=four");
    CHECK(shown(*storage, "b") == "1=uno");
    CHECK(storage->read("a", 2, 1).at(0).checksum == 3);
  }
  SUBCASE("entries handed over ahead of a commit come with it, or not at all") {
    const auto storage = open();
    append(*storage, "b", "uno");
    const std::array<Position, 2> positions{{{"a", 0}, {"b", 0}}};
    const Bytes bytes = bytes_of("x");
    const Append to_a{"a", 1, bytes};
    const Append to_b{"b", 1, bytes};
    const Append elsewhere{"c", 1, bytes};
    {
      const auto turn = storage->take_turn(positions);
      try {
        turn->add({&to_a, 1});
      } catch (const StorageUnavailable&) {
        throw;
      } catch (const StorageError& error) {
        MESSAGE("not able to: " << error.what());
        return;
      }
      turn->add({&to_b, 1});
      turn->add({});
      CHECK(storage->list_streams("") == std::vector<StreamId>{"b"});
      CHECK(shown(*storage, "b") == "1=uno");
    }
    CHECK(storage->list_streams("") == std::vector<StreamId>{"b"});
    CHECK(shown(*storage, "b") == "1=uno");
    {
      const auto turn = storage->take_turn(positions);
      turn->add({&to_a, 1});
      CHECK_THROWS_AS(turn->add({&elsewhere, 1}), std::logic_error);
      turn->add({&to_a, 1});
      turn->commit({&to_b, 1});
      CHECK_THROWS_AS(turn->add({&to_a, 1}), std::logic_error);
    }
    CHECK(shown(*storage, "a") == "1=x 2=x");
    CHECK(shown(*storage, "b") == "1=uno 2=x");
  }
  SUBCASE("thousands of entries, and many bytes, come with one commit") {
    const auto storage = open();
    const Position at{"a", 0};
    const Bytes large = many_bytes(100'000, 7);
    {
      const auto turn = storage->take_turn({&at, 1});
      for (std::uint32_t page = 0; page < 20; ++page) {
        std::vector<Bytes> bytes;
        std::vector<Append> entries;
        for (std::uint32_t entry = 0; entry < 200; ++entry)
          bytes.push_back(bytes_of(std::to_string(page * 200 + entry + 1)));
        bytes.push_back(large);
        for (const Bytes& each : bytes) entries.push_back({"a", checksum_of(each), each});
        try {
          turn->add(entries);
        } catch (const StorageUnavailable&) {
          throw;
        } catch (const StorageError& error) {
          MESSAGE("not able to: " << error.what());
          return;
        }
      }
      CHECK(storage->list_streams("").empty());
      turn->commit({});
    }
    const auto entries = storage->read("a", 0, everything);
    REQUIRE(entries.size() == 20 * 201);
    CHECK((entries[200].bytes == large));
    CHECK(entries[201].bytes == bytes_of("201"));
    CHECK(entries.back().checksum == checksum_of(large));
    append(*storage, "a", "next");
    CHECK(storage->read("a", 20 * 201, 1).at(0).bytes == bytes_of("next"));
  }
}

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
