#include "payments/provider_guard.hpp"

#include <algorithm>
#include <type_traits>

namespace server {

bool ProviderGuard::must_pause(Clock::time_point now) const {
  if (now < pause_until_) return true;
  const auto hanging =
      std::ranges::count_if(begun_, [&](Clock::time_point begun) { return now - begun > limits_.timeout; });
  return static_cast<std::size_t>(hanging) >= limits_.failures;
}

bool ProviderGuard::pausing(Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  return must_pause(now);
}

std::size_t ProviderGuard::under_way() const {
  const std::lock_guard lock(mutex_);
  return begun_.size();
}

void ProviderGuard::fail(Clock::time_point now) {
  if (++failures_ >= limits_.failures) pause_until_ = now + limits_.pause;
}

template <class Call>
auto ProviderGuard::guarded(Call call) {
  std::list<Clock::time_point>::iterator mine;
  {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    if (must_pause(now))
      throw ProviderUnavailable("the payment provider does not answer, and is not asked for some seconds");
    // After a pause one call tries; the others wait for what it meets.
    if (failures_ >= limits_.failures) pause_until_ = now + limits_.timeout;
    mine = begun_.insert(begun_.end(), now);
  }
  calls_.add();
  struct End {
    ProviderGuard& guard;
    std::list<Clock::time_point>::iterator mine;
    bool answered = false;
    ~End() {
      const std::lock_guard lock(guard.mutex_);
      const auto now = Clock::now();
      const bool in_time = answered && now - *mine <= guard.limits_.timeout;
      guard.begun_.erase(mine);
      if (in_time) {
        guard.failures_ = 0;
        guard.pause_until_ = {};
      } else {
        guard.fail(now);
      }
    }
  } end{*this, mine};
  if constexpr (std::is_void_v<decltype(call())>) {
    call();
    end.answered = true;
  } else {
    auto answer = call();
    end.answered = true;
    return answer;
  }
}

std::string ProviderGuard::create(const Charge& charge) {
  return guarded([&] { return provider_.create(charge); });
}

ChargeStatus ProviderGuard::status(const std::string& payment) {
  return guarded([&] { return provider_.status(payment); });
}

void ProviderGuard::refund(const std::string& payment, const ticketcore::Money& amount,
                           const std::string& key) {
  guarded([&] { provider_.refund(payment, amount, key); });
}

}  // namespace server
