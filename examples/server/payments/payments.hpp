#pragma once
// The seam to a payment provider. A theatre writes one of these for its own: create, status, refund, and
// telling whose notice it is. All of it may wait, and is called by workers only.

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "http/http.hpp"
#include "ticketcore/base/money.hpp"
#include "ticketcore/base/time.hpp"

namespace server {

/// The provider can't be reached, or does not know what to say; the same call may succeed later.
class ProviderUnavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Charge {
  std::string payment{};  ///< Our id of it.
  ticketcore::Money amount{};
  std::string description{};
  std::string token{};  ///< Lets the buyer's browser ask us about the payment afterwards.
};

enum class ChargeStatus { pending, approved, declined, refunded };

class PaymentProvider {
 public:
  virtual ~PaymentProvider() = default;

  /// What the log calls payments by it: "card".
  [[nodiscard]] virtual std::string method() const = 0;
  /// Asks for the money; the same payment again is the same charge. The path or URL of the page where the
  /// buyer pays.
  [[nodiscard]] virtual std::string create(const Charge& charge) = 0;
  /// What has become of it. The only thing that is believed: notices just say that it is time to ask.
  [[nodiscard]] virtual ChargeStatus status(const std::string& payment) = 0;
  /// Pays back; the same key again pays nothing more.
  virtual void refund(const std::string& payment, const ticketcore::Money& amount,
                      const std::string& key) = 0;
  /// Whether the notice was signed by the provider, for this payment, and not long ago.
  [[nodiscard]] virtual bool is_genuine(const Request& notice, const std::string& payment,
                                        ticketcore::Timestamp now) const = 0;
};

}  // namespace server
