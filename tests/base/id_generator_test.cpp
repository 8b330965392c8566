#include "ticketcore/base/id_generator.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <vector>

using namespace ticketcore;

TEST_CASE("ids are version 7, rise, and never repeat over threads") {
  std::vector<std::vector<RequestId>> made(8);
  std::vector<std::thread> threads;
  for (auto& ids : made) {
    threads.emplace_back([&ids] {
      for (int number = 0; number < 20'000; ++number) ids.push_back(new_request_id());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<RequestId> all;
  for (const auto& ids : made) {
    CHECK(std::is_sorted(ids.begin(), ids.end()));
    all.insert(all.end(), ids.begin(), ids.end());
  }
  for (const RequestId& id : all) {
    REQUIRE(((id.high >> 12) & 0xF) == 7);
    REQUIRE((id.low >> 62) == 2);
  }
  std::sort(all.begin(), all.end());
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
}

TEST_CASE("a forked process goes on with ids of its own") {
  (void)new_request_id();
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  const RequestId next = new_request_id();
  if (child == 0) {
    _exit(write(ends[1], &next, sizeof next) == sizeof next ? 0 : 1);
  }
  RequestId childs;
  REQUIRE(::read(ends[0], &childs, sizeof childs) == sizeof childs);
  waitpid(child, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
  CHECK(childs != next);
}

TEST_CASE("ids are read back from text, and nothing else is") {
  const RequestId id = new_request_id();
  CHECK(RequestId::parse(to_string(id)) == id);
  CHECK(to_string(Id128{0x0193A5B07C1E7D53ULL, 0x9A410F6B2C88E1D7ULL}) ==
        "0193a5b0-7c1e-7d53-9a41-0f6b2c88e1d7");
  for (const char* bad : {"", "0193a5b0-7c1e-7d53-9a41-0f6b2c88e1d", "0193a5b0x7c1e-7d53-9a41-0f6b2c88e1d7",
                          "0193a5b0-7c1e-7d53-9a41-0f6b2c88e1dg"})
    CHECK_FALSE(parse_id(bad).has_value());
  const TicketId ticket{OrderId{id}, 12};
  CHECK(parse_ticket_id(to_string(ticket)) == ticket);
  CHECK_FALSE(parse_ticket_id(to_string(id) + "-0").has_value());
  CHECK_FALSE(parse_ticket_id(to_string(id) + "-99999999999").has_value());
  CHECK_THROWS_AS(EventId("no spaces"), std::invalid_argument);
  CHECK_THROWS_AS(HolderId(std::string(65, 'x')), std::invalid_argument);
  // Control characters: C0, DEL, and C1 as UTF-8 spells it. What has the same bytes in it elsewhere is none.
  for (const char* const text : {"a\nb", "\x1F", "a\x7F", "\xC2\x80", "a\xC2\x9B", "\xC2\x9F."}) {
    CHECK_THROWS_WITH_AS(HolderId{text}, "holder carries a control character", std::invalid_argument);
  }
  for (const char* const text : {"\xC2\xA0", "\xC3\x80\xC3\x9F", "\xD0\x9F\xD1\x80", "\xE2\x82\x80"})
    CHECK(HolderId{text}.text() == text);
}
