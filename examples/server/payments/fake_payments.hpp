#pragma once
// A payment provider to try things with: it takes no money, and does whatever its page is told. It approves,
// declines, approves later (with a notice then), or approves and loses the notice. What it knows lies in
// small logs of its own in the store, so that it is one provider for any number of servers.

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "http/http.hpp"
#include "payments/payments.hpp"
#include "ticketcore/storage/storage.hpp"

namespace server {

enum class FakeDecision { approve, decline, delay, never };

class FakePayments final : public PaymentProvider {
 public:
  /// Posts a notice to the path; false when it was not taken, and is to be sent again.
  using Deliver = std::function<void(const std::string& path, const std::string& signature,
                                     const std::string& body, std::function<void(bool)> done)>;

  /// answer_after: what it takes for each answer, to try what a slow provider does.
  FakePayments(ticketcore::Storage& storage, std::string notice_key, std::chrono::seconds answer_after)
      : storage_(storage), notice_key_(std::move(notice_key)), answer_after_(answer_after) {}

  [[nodiscard]] std::string method() const override { return "fakepay"; }
  [[nodiscard]] std::string create(const Charge& charge) override;
  [[nodiscard]] ChargeStatus status(const std::string& payment) override;
  void refund(const std::string& payment, const ticketcore::Money& amount, const std::string& key) override;
  [[nodiscard]] bool is_genuine(const Request& notice, const std::string& payment,
                                ticketcore::Timestamp now) const override;

  /// The page, as HTML. Empty if there is no such payment. token comes back with the decision; return_to is
  /// where the buyer goes then.
  [[nodiscard]] std::string page(const std::string& payment, const std::string& token,
                                 const std::string& return_to);
  /// The first decision counts. False if there is no such payment.
  [[nodiscard]] bool decide(const std::string& payment, FakeDecision decision, std::chrono::seconds delay);
  /// Sends the notices that are due.
  void send_notices(const Deliver& deliver);

 private:
  struct Account {
    bool known = false;
    std::string description{};
    ticketcore::Money amount{};
    std::string decision{};  ///< Empty: none yet.
    std::int64_t due = 0;    ///< Seconds of the Unix epoch when it holds.
    std::int64_t refunded = 0;
  };
  struct Notice {
    std::string payment{};
    std::chrono::steady_clock::time_point due{};
    int attempts = 0;
  };

  [[nodiscard]] static Account read(const std::vector<std::string>& entries);
  [[nodiscard]] Account account(const std::string& payment);
  void plan(Notice notice);

  ticketcore::Storage& storage_;
  const std::string notice_key_;
  const std::chrono::seconds answer_after_;
  std::mutex mutex_;
  std::vector<Notice> notices_;
};

}  // namespace server
