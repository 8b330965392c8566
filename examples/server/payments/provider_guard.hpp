#pragma once
// Stands between the server and a payment provider that may be slow, or away: after some failures, or while
// calls hang, it is not asked any more for a few seconds, and its callers are told so at once. Then one call
// tries.

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <utility>

#include "http/metrics.hpp"
#include "payments/payments.hpp"

namespace server {

class ProviderGuard final : public PaymentProvider {
 public:
  using Clock = std::chrono::steady_clock;
  struct Limits {
    std::chrono::milliseconds timeout{10'000};  ///< A call that takes longer has failed, whatever it answers.
    std::size_t failures = 3;  ///< One after another, or calls that hang: then the provider has a pause.
    std::chrono::milliseconds pause{5'000};
  };

  ProviderGuard(PaymentProvider& provider, Limits limits, Counter& calls)
      : provider_(provider), limits_(limits), calls_(calls) {}

  [[nodiscard]] std::string method() const override { return provider_.method(); }
  [[nodiscard]] std::string create(const Charge& charge) override;
  [[nodiscard]] ChargeStatus status(const std::string& payment) override;
  void refund(const std::string& payment, const ticketcore::Money& amount, const std::string& key) override;
  [[nodiscard]] bool is_genuine(const Request& notice, const std::string& payment,
                                ticketcore::Timestamp now) const override {
    return provider_.is_genuine(notice, payment, now);
  }

  /// Whether a call would be refused now.
  [[nodiscard]] bool pausing(Clock::time_point now = Clock::now()) const;
  /// Calls that the provider has not answered yet.
  [[nodiscard]] std::size_t under_way() const;

 private:
  template <class Call>
  auto guarded(Call call);
  [[nodiscard]] bool must_pause(Clock::time_point now) const;
  void fail(Clock::time_point now);

  PaymentProvider& provider_;
  const Limits limits_;
  Counter& calls_;
  mutable std::mutex mutex_;
  std::list<Clock::time_point> begun_;  ///< Of the calls under way, oldest first.
  std::size_t failures_ = 0;
  Clock::time_point pause_until_{};
};

}  // namespace server
