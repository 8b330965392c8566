#include "payments/provider_guard.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace server;
using namespace std::chrono_literals;

namespace {

/// Does as it is told, and counts.
class Moody final : public PaymentProvider {
 public:
  std::atomic<int> calls{0};
  std::atomic<bool> away{false};
  std::shared_future<void> answer_when{};

  [[nodiscard]] std::string method() const override { return "moody"; }
  [[nodiscard]] std::string create(const Charge&) override { return ask(), "/pay"; }
  [[nodiscard]] ChargeStatus status(const std::string&) override { return ask(), ChargeStatus::pending; }
  void refund(const std::string&, const ticketcore::Money&, const std::string&) override { ask(); }
  [[nodiscard]] bool is_genuine(const Request&, const std::string&, ticketcore::Timestamp) const override {
    return true;
  }

 private:
  void ask() {
    ++calls;
    if (answer_when.valid()) answer_when.wait();
    if (away) throw ProviderUnavailable("away");
  }
};

}  // namespace

TEST_CASE("a provider that fails again and again is left alone for a while") {
  Metrics metrics;
  Moody provider;
  provider.away = true;
  ProviderGuard guard(provider, {.timeout = 1h, .failures = 3, .pause = 1h}, metrics.counter("calls", "x"));
  for (int attempt = 0; attempt < 1'000; ++attempt)
    CHECK_THROWS_AS(static_cast<void>(guard.status("p")), ProviderUnavailable);
  CHECK(provider.calls == 3);
  CHECK(guard.pausing());
  CHECK_FALSE(guard.pausing(ProviderGuard::Clock::now() + 2h));
  CHECK(metrics.text().find("calls 3\n") != std::string::npos);
}

TEST_CASE("a failure now and then gives no pause, and after one a good call ends it") {
  Metrics metrics;
  Moody provider;
  ProviderGuard guard(provider, {.timeout = 1h, .failures = 3, .pause = 0ms}, metrics.counter("calls", "x"));
  for (int round = 0; round < 10; ++round) {
    provider.away = true;
    for (int attempt = 0; attempt < 2; ++attempt)
      CHECK_THROWS_AS(guard.refund("p", {}, "k"), ProviderUnavailable);
    provider.away = false;
    CHECK(guard.create({}) == "/pay");
    CHECK_FALSE(guard.pausing());
  }
  provider.away = true;
  for (int attempt = 0; attempt < 5; ++attempt)
    CHECK_THROWS_AS(static_cast<void>(guard.status("p")), ProviderUnavailable);
  provider.away = false;
  CHECK(guard.status("p") == ChargeStatus::pending);
  CHECK_FALSE(guard.pausing());
  CHECK(provider.calls == 10 * 3 + 5 + 1);
}

TEST_CASE("while calls hang no more are made, and they are all let go in the end") {
  Metrics metrics;
  Moody provider;
  std::promise<void> answer;
  provider.answer_when = answer.get_future().share();
  ProviderGuard guard(provider, {.timeout = 0ms, .failures = 3, .pause = 1h}, metrics.counter("calls", "x"));
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&] { static_cast<void>(guard.status("p")); });
    while (provider.calls <= caller) std::this_thread::yield();
  }
  for (int attempt = 0; attempt < 1'000; ++attempt)
    CHECK_THROWS_AS(static_cast<void>(guard.status("p")), ProviderUnavailable);
  CHECK(provider.calls == 3);
  CHECK(guard.under_way() == 3);
  answer.set_value();
  for (std::thread& caller : callers) caller.join();
  CHECK(guard.under_way() == 0);
}
