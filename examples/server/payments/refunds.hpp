#pragma once
// Refunds of what was paid online. The order says "refunded" as soon as the log does, and the provider is
// asked after that: a server that dies in between would leave the money where it is. So what is about to be
// owed is written down first, and each server's sweep asks the provider for what the log says was refunded.
// All of it waits: for workers only.

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "live/events.hpp"
#include "payments/payments.hpp"
#include "ticketcore/storage/storage.hpp"

namespace server {

class Refunds {
 public:
  Refunds(ticketcore::Storage& storage, Events& events, PaymentProvider& provider)
      : storage_(storage), events_(events), provider_(provider) {}

  /// What a refund will owe if the log grants it. To be written before it may. The request is options'.
  void expect(const ticketcore::EventId& event, ticketcore::OrderId order,
              const ticketcore::RefundOptions& options);
  /// The log has granted it: asks the provider, who knows the request if it comes again. Throws
  /// ProviderUnavailable; a sweep asks again.
  void pay_back(ticketcore::RequestId request, const std::string& payment, const ticketcore::Money& amount);
  /// Pays back what others, on this server or another, did not come to. One sweep at a time.
  void sweep();

 private:
  /// What the log has granted.
  struct Due {
    std::string payment{};
    ticketcore::Money amount{};
  };
  struct Owed {
    ticketcore::EventId event{};
    ticketcore::OrderId order{};
    ticketcore::RefundOptions options{};
    std::optional<Due> due{};  ///< None: as far as is known nothing yet.
    std::chrono::steady_clock::time_point first{};
    std::chrono::steady_clock::time_point next{};
  };

  void append(const std::string& text);
  void read_on(std::chrono::steady_clock::time_point moment);
  void read_entry(const std::string& entry, std::chrono::steady_clock::time_point moment);
  [[nodiscard]] std::optional<Due> look_into_log(const Owed& owed);
  /// Whether there is nothing more to do for it.
  [[nodiscard]] bool settle(Owed& owed);

  ticketcore::Storage& storage_;
  Events& events_;
  PaymentProvider& provider_;

  std::mutex append_mutex_;
  ticketcore::Position end_{};  // as far as was seen when something was appended

  // The sweep's.
  ticketcore::Revision read_to_ = 0;
  std::map<std::string, Owed> owed_;  // by request
};

}  // namespace server
