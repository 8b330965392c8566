#include <unistd.h>

#include <iostream>

#include "demo.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/storage/sqlite.hpp"

namespace demo {
namespace {

using namespace ticketcore;

/// Every ticket of the state makes a code that the public key alone verifies. Returns how many do.
[[nodiscard]] std::uint64_t verify_tickets(const EventState& state, const SigningKey& signing_key,
                                           const VerifyKey& verify_key) {
  std::uint64_t verified = 0;
  for (const OrderRecord& order : state.orders()) {
    for (std::uint32_t number = 1; number <= order.ticket_count; ++number) {
      const TicketClaims claims{state.event(), {order.id, number}};
      const CodeReading reading =
          read_ticket_code(ticket_code(claims, signing_key), std::span(&verify_key, 1));
      verified += reading.claims == claims ? 1 : 0;
    }
  }
  return verified;
}

}  // namespace

int reconcile(const std::filesystem::path& file, const std::string& verify_key,
              const std::filesystem::path& signing_key) {
  const auto storage = SqliteStorage::open(file, {.access = SqliteOptions::Access::read_only});
  const auto key = VerifyKey::parse(verify_key);
  if (!key) throw Error("not a public key: " + verify_key);
  const AuditReport report = audit(*storage, "event/gala-2027");
  if (!report.state.exists()) throw Error(file.string() + " holds no event that can be read");
  const SeatMap& map = *report.state.seat_map();
  const Currency currency = report.state.settings().prices.currency();
  const std::uint64_t verified = verify_tickets(report.state, SigningKey::load(signing_key), *key);

  std::cout << "A second process (" << getpid() << ") reads " << file.string() << ", " << report.revision
            << " entries:\n";
  for (const auto& [name, takings] : report.takings)
    std::cout << "  revenue          " << Money{takings.amount, currency}.to_string() << "  " << name << ", "
              << takings.tickets << " tickets\n";
  std::cout << "  fees             " << Money{report.fees, currency}.to_string() << "\n  refunded         "
            << Money{-report.refunded, currency}.to_string() << "\n  in the till      "
            << Money{report.paid - report.refunded, currency}.to_string() << " from " << report.orders
            << " orders\n";
  const bool good = report.problems.empty();
  for (const std::string& problem : report.problems) std::cout << "  WRONG            " << problem << "\n";
  if (good) {
    std::cout << "  ok               nothing was ever sold twice\n  ok               each of the "
              << map.capacity()
              << " places is accounted for\n  ok               the money adds up to the last minor unit\n";
  }
  const bool all_verify = verified == report.state.orders().tickets().size();
  std::cout << (all_verify ? "  ok               " : "  WRONG            ") << verified << " of "
            << report.state.orders().tickets().size() << " tickets verify with the public key\n";
  return good && all_verify ? 0 : 1;
}

}  // namespace demo
