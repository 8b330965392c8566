#pragma once
// What a storage promises of turns: what they append, whom they hand over what, whom they refuse.

#include <array>
#include <chrono>
#include <initializer_list>
#include <limits>
#include <span>
#include <stdexcept>

#include "conformance/storage_steps.hpp"

namespace ticketcore::conformance {

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

}  // namespace ticketcore::conformance
