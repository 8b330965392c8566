// What a host's callbacks and a storage throw that they should not.

#include <doctest/doctest.h>

#include <system_error>

#include "little_house.hpp"
#include "passing_storage.hpp"
#include "ticketcore/engine/detail/desk.hpp"
#include "ticketcore/storage/memory.hpp"

using namespace ticketcore;

namespace {

/// Throws, from one of its methods or its turns', what the test gives it.
class ThrowingStorage final : public testing::PassingStorage {
 public:
  using PassingStorage::PassingStorage;
  enum class From { nowhere, read, news, take_turn, unseen, commit_before, commit_after, save_snapshot };
  From from = From::nowhere;
  std::function<void()> fail{};

  std::unique_ptr<Turn> take_turn(std::span<const Position> streams) override {
    fail_from(From::take_turn);
    return std::make_unique<ThrowingTurn>(*this, PassingStorage::take_turn(streams));
  }
  std::vector<Entry> read(const StreamId& stream, Revision after, std::size_t max_bytes) override {
    fail_from(From::read);
    return PassingStorage::read(stream, after, max_bytes);
  }
  bool wait_for_news(std::span<const Position> streams, std::chrono::milliseconds timeout) override {
    fail_from(From::news);
    return PassingStorage::wait_for_news(streams, timeout);
  }
  void save_snapshot(const Position& at, BytesView bytes) override {
    fail_from(From::save_snapshot);
    PassingStorage::save_snapshot(at, bytes);
  }

 private:
  class ThrowingTurn final : public Turn {
   public:
    ThrowingTurn(ThrowingStorage& storage, std::unique_ptr<Turn> inner)
        : storage_(storage), inner_(std::move(inner)) {}
    std::vector<Entry> unseen(const StreamId& stream) override {
      storage_.fail_from(From::unseen);
      return inner_->unseen(stream);
    }
    Timestamp now() override { return inner_->now(); }
    void commit(std::span<const Append> entries) override {
      storage_.fail_from(From::commit_before);
      inner_->commit(entries);
      storage_.fail_from(From::commit_after);
    }

   private:
    ThrowingStorage& storage_;
    std::unique_ptr<Turn> inner_;
  };

  void fail_from(From place) const {
    if (from == place) fail();
  }
};

using From = ThrowingStorage::From;

struct Foreign {
  little::Clock clock{};
  MemoryStorage memory{clock.reader()};
  ThrowingStorage storage{memory};
  std::vector<std::string> troubles{};
  BoxOffice office{storage, options()};
  Event event = office.create_event(little::event()).value();

  BoxOfficeOptions options() {
    BoxOfficeOptions options{.clock = clock.reader()};
    options.desk.snapshot_every_bytes = 1;
    options.on_trouble = [this](const EventId&, const std::string& what) { troubles.push_back(what); };
    return options;
  }
  [[nodiscard]] Result<Hold> hold(const std::string& place) const {
    return event.hold({place}, {.holder = "cart"});
  }
};

void full_disk() { throw std::system_error(std::make_error_code(std::errc::no_space_on_device), "box"); }
void no_exception() { throw 17; }

}  // namespace

TEST_CASE("a storage that lets its system's errors through is not available, and sells on when it is again") {
  for (const From from :
       {From::read, From::news, From::take_turn, From::unseen, From::commit_before, From::commit_after}) {
    CAPTURE(static_cast<int>(from));
    Foreign at;
    REQUIRE(at.hold("Hall-A-1").ok());
    at.storage.fail = full_disk;
    at.storage.from = from;
    if (from == From::news) {
      CHECK_THROWS_AS(at.event.refresh(), StorageUnavailable);
    } else {
      if (from == From::read) CHECK_THROWS_AS(at.event.reopen(), StorageUnavailable);
      const auto refused = at.hold("Hall-A-2");
      REQUIRE_FALSE(refused.ok());
      CHECK(refused.refusal().reason == Reason::storage_unavailable);
      CHECK(refused.refusal().message.find("No space left") != std::string::npos);
    }
    at.storage.from = From::nowhere;
    CHECK(at.hold("Hall-A-3").ok());
    CHECK(at.troubles.empty());
  }
}

TEST_CASE("a commit that ended in a system's error, done or not, is found out from the log") {
  Foreign at;
  for (const From from : {From::commit_before, From::commit_after}) {
    int failures = 0;
    at.storage.fail = [&] {
      if (failures++ == 0) full_disk();
    };
    at.storage.from = from;
    const Revision before = at.event.revision();
    CHECK(at.hold(from == From::commit_before ? "Hall-A-1" : "Hall-A-2").ok());
    CHECK(failures > 0);
    CHECK(at.event.revision() == before + 1);
  }
}

TEST_CASE("a storage that throws what is no std::exception halts its event, and the process goes on") {
  for (const From from : {From::take_turn, From::unseen, From::commit_before, From::commit_after}) {
    CAPTURE(static_cast<int>(from));
    Foreign at;
    at.storage.fail = no_exception;
    at.storage.from = from;
    const auto refused = at.hold("Hall-A-1");
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.refusal().reason == Reason::halted);
    REQUIRE(at.troubles.size() == 1);
    CHECK(at.troubles.front() == "the storage threw something that is no std::exception");
    at.storage.from = From::nowhere;
    at.event.reopen();
    CHECK(at.hold("Hall-A-2").ok());
  }
}

TEST_CASE("a snapshot that could not be saved for whatever was thrown is no trouble for who waits") {
  Foreign at;
  at.storage.fail = no_exception;
  at.storage.from = From::save_snapshot;
  CHECK(at.hold("Hall-A-1").ok());
  REQUIRE(at.troubles.size() == 1);
  CHECK(at.troubles.front() == "saving a snapshot threw something that is no std::exception");
}

TEST_CASE("whatever a callback throws, the others get their answers and the host is told") {
  Foreign at;
  int answered = 0;
  const auto submit = [&](const std::string& place, std::function<void()> then) {
    at.event.submit(at.event.hold_command({.places = {place}, .areas = {}}, {.holder = "cart"}).value(),
                    [&answered, then](const Answer& answer) {
                      answered += answer.refusal() == nullptr ? 1 : 0;
                      then();
                    });
  };
  submit("Hall-A-1", no_exception);
  submit("Hall-A-2", full_disk);
  submit("Hall-A-3", [] {});
  at.office.poll();
  CHECK(answered == 3);
  REQUIRE(at.troubles.size() == 2);
  CHECK(at.troubles[0] == "a callback threw something that is no std::exception");
  CHECK(at.troubles[1].find("No space left") != std::string::npos);
}

TEST_CASE("whatever a callback or on_trouble throws when the box office is closed, it closes") {
  little::Clock clock;
  MemoryStorage memory(clock.reader());
  int told = 0;
  {
    BoxOffice office(memory, {.clock = clock.reader(), .on_trouble = [&](const EventId&, const std::string&) {
                                ++told;
                                no_exception();
                              }});
    const Event event = office.create_event(little::event()).value();
    for (const char* place : {"Hall-A-1", "Hall-A-2"})
      event.submit(event.hold_command({.places = {place}, .areas = {}}, {.holder = "cart"}).value(),
                   [](const Answer&) { no_exception(); });
  }
  CHECK(told == 2);
}
