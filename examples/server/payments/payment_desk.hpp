#pragma once
// From a quoted hold to an order, by way of a payment provider. Nothing is kept but what each step can be
// repeated from: a payment's record in the vault, the provider's own word on it, and the event's log, which
// decides. A server may die between any two steps, and another goes on. All of it waits: for workers only.

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>

#include "api/secrets.hpp"
#include "http/metrics.hpp"
#include "http/problem.hpp"
#include "live/events.hpp"
#include "live/watchlist.hpp"
#include "payments/orders.hpp"
#include "payments/payments.hpp"
#include "payments/refunds.hpp"

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
  /// on_trouble hears of payments that a sweep can do nothing about just now.
  PaymentDesk(ticketcore::Storage& storage, const Secrets& secrets, Events& events, OrderBooks books,
              PaymentProvider& provider, Counter& orders, std::function<void(const std::string&)> on_trouble)
      : storage_(storage),
        secrets_(secrets),
        events_(events),
        books_(std::move(books)),
        provider_(provider),
        orders_(orders),
        refunds_(storage, events, provider),
        on_trouble_(std::move(on_trouble)) {}

  struct Begun {
    Payment payment{};
    std::string url{};  ///< Where the buyer pays.
  };
  /// Asks the provider for the hold's quoted total. The same command again is the same payment. Refused when
  /// too many payments of the hold are undecided.
  [[nodiscard]] std::variant<Begun, Problem> begin(OpenEvent& event, ticketcore::HoldId hold,
                                                   ticketcore::RequestId command, const Buyer& buyer);
  [[nodiscard]] std::optional<Payment> find(const std::string& id) const;
  /// How the payment stands as far as it is known here: asks nobody, changes nothing.
  [[nodiscard]] PaymentStatus look(const Payment& payment) const;
  /// Asks the provider how the payment stands, does what follows from it, and says what has come of it.
  /// Approved: there is an order.
  [[nodiscard]] PaymentStatus settle(const Payment& payment);
  [[nodiscard]] ticketcore::OrderId order_of(const std::string& payment) const {
    return ticketcore::OrderId{secrets_.derived_id("payment order", payment)};
  }
  /// Settles payments, of this server or another, that nobody has asked about for a while, and forgets the
  /// buyers of those that are over. Throws StorageUnavailable; what troubles one payment keeps no other
  /// waiting.
  void sweep();

  [[nodiscard]] PaymentProvider& provider() { return provider_; }
  [[nodiscard]] Refunds& refunds() { return refunds_; }

 private:
  [[nodiscard]] std::optional<PaymentStatus> outcome(const std::string& id) const;
  void keep_outcome(const std::string& id, PaymentStatus status);
  [[nodiscard]] PaymentStatus ask_and_settle(const Payment& payment);
  [[nodiscard]] PaymentStatus take_money(const Payment& payment);
  void write(const Payment& payment, const Buyer& buyer);
  void write_down(const Payment& payment);
  /// False when the hold has as many undecided payments as it may.
  [[nodiscard]] bool add_undecided(const Payment& payment, std::size_t most);
  void end_undecided(const Payment& payment);
  void erase_buyer(const Payment& payment);
  void read_watched();
  [[nodiscard]] bool is_over_after_a_look(const std::string& id);

  ticketcore::Storage& storage_;
  const Secrets& secrets_;
  Events& events_;
  OrderBooks books_;
  PaymentProvider& provider_;
  Counter& orders_;
  Refunds refunds_;
  std::function<void(const std::string&)> on_trouble_;

  std::mutex undecided_mutex_;
  std::unordered_map<ticketcore::HoldId, std::set<std::string>>
      undecided_;  ///< As far as they are known here.

  std::mutex day_mutex_;
  ticketcore::Position day_;  ///< How far the stream of the day was seen.

  std::mutex sweep_mutex_;
  std::map<ticketcore::StreamId, ticketcore::Revision> read_to_;
  Watchlist watchlist_;
};

}  // namespace server
