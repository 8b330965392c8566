#include "fuzz.hpp"

namespace ticketcore::fuzz {

std::span<const Target> targets() {
  static constexpr Target all[] = {
      {"log_entry", log_entry},
      {"audited_log", audited_log},
      {"snapshot", snapshot},
      {"seat_map", seat_map},
      {"chart", chart},
      {"ticket_code", ticket_code},
      {"archive", archive},
      {"signing_key", signing_key},
      {"values", values},
      {"text_output", text_output},
      {"vault_record", vault_record},
      {"command", command},
#ifdef TICKETCORE_HAVE_SERVER_HTTP
      {"http_request", http_request},
      {"client_address", client_address},
#endif
#ifdef TICKETCORE_HAVE_POSTGRES
      {"postgres_url", postgres_url},
#endif
  };
  return all;
}

}  // namespace ticketcore::fuzz
