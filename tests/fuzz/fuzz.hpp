#pragma once
// Targets that take bytes from outside apart. Each aborts, with a word on why, when a promise of the library
// does not hold; what they throw is a finding, too. libfuzzer_main.cpp makes up bytes for one of them,
// replay_main.cpp runs all over their corpora.

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "ticketcore/storage/storage.hpp"

namespace ticketcore::fuzz {

void log_entry(BytesView bytes);
void audited_log(BytesView bytes);
void snapshot(BytesView bytes);
void seat_map(BytesView bytes);
void chart(BytesView bytes);
void ticket_code(BytesView bytes);
void archive(BytesView bytes);
void signing_key(BytesView bytes);
void values(BytesView bytes);
void text_output(BytesView bytes);
void vault_record(BytesView bytes);
void command(BytesView bytes);
#ifdef TICKETCORE_HAVE_SERVER_HTTP
void http_request(BytesView bytes);
void client_address(BytesView bytes);
#endif
#ifdef TICKETCORE_HAVE_POSTGRES
void postgres_url(BytesView bytes);
#endif

struct Target {
  std::string_view name;
  void (*run)(BytesView);
};

/// All of them.
[[nodiscard]] std::span<const Target> targets();

inline void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", promise);
  std::abort();
}

[[nodiscard]] inline std::string_view text_of(BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace ticketcore::fuzz
