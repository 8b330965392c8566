#pragma once
// From a quoted hold to an order, by way of a payment provider. Nothing is kept but what each step can be repeated from: a payment's
// record in the vault, the provider's own word on it, and the event's log, which decides. A server may die between any two steps, and
// another goes on. All of it waits: for workers only.

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include "events.hpp"
#include "metrics.hpp"
#include "orders.hpp"
#include "payments.hpp"
#include "problem.hpp"
#include "refunds.hpp"
#include "secrets.hpp"

namespace server {

struct Payment {
  std::string id{};
  std::string event{};
  ticketcore::HoldId hold{};
  ticketcore::Money amount{};
  ticketcore::Timestamp created_at{};
  ticketcore::Timestamp expires_at{};  ///< When the hold ended, as far as was known when the payment began.
};

enum class PaymentStatus { pending, approved, declined, expired, refunded };
[[nodiscard]] std::string_view name_of(PaymentStatus status);

class PaymentDesk {
 public:
  PaymentDesk(ticketcore::Storage& storage, const Secrets& secrets, Events& events, OrderBooks books, PaymentProvider& provider, Counter& orders)
      : storage_(storage),
        secrets_(secrets),
        events_(events),
        books_(std::move(books)),
        provider_(provider),
        orders_(orders),
        refunds_(storage, events, provider) {}

  struct Begun {
    Payment payment{};
    std::string url{};  ///< Where the buyer pays.
  };
  /// Asks the provider for the hold's quoted total. The same command again is the same payment.
  [[nodiscard]] std::variant<Begun, Problem> begin(OpenEvent& event, ticketcore::HoldId hold, ticketcore::RequestId command, const Buyer& buyer);
  [[nodiscard]] std::optional<Payment> find(const std::string& id) const;
  /// How the payment stands as far as it is known here: asks nobody, changes nothing.
  [[nodiscard]] PaymentStatus look(const Payment& payment) const;
  /// Asks the provider how the payment stands, does what follows from it, and says what has come of it. Approved: there is an order.
  [[nodiscard]] PaymentStatus settle(const Payment& payment);
  [[nodiscard]] ticketcore::OrderId order_of(const std::string& payment) const { return ticketcore::OrderId{secrets_.derived_id("payment order", payment)}; }
  /// Settles payments, of this server or another, that nobody has asked about for a while.
  void sweep();

  [[nodiscard]] PaymentProvider& provider() { return provider_; }
  [[nodiscard]] Refunds& refunds() { return refunds_; }

 private:
  struct Watched {
    std::chrono::steady_clock::time_point first{};
    std::chrono::steady_clock::time_point next{};
  };

  [[nodiscard]] std::optional<PaymentStatus> outcome(const std::string& id) const;
  void keep_outcome(const std::string& id, PaymentStatus status);
  [[nodiscard]] PaymentStatus take_money(const Payment& payment);
  void read_watched();

  ticketcore::Storage& storage_;
  const Secrets& secrets_;
  Events& events_;
  OrderBooks books_;
  PaymentProvider& provider_;
  Counter& orders_;
  Refunds refunds_;

  std::mutex sweep_mutex_;
  std::map<ticketcore::StreamId, ticketcore::Revision> read_to_;
  std::map<std::string, Watched> watched_;
};

}  // namespace server
