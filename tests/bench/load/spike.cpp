#include "spike.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <random>
#include <stdexcept>

#include "http_client.hpp"

namespace load {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// Made by functions, not in braces inside a co_await: GCC 12 frees the parts of such a temporary twice.
[[nodiscard]] Question get(std::string target, std::string token = {}) {
  Question question;
  question.target = std::move(target);
  question.token = std::move(token);
  return question;
}
[[nodiscard]] Question post(std::string target, std::string body, std::string key, std::string token = {}) {
  Question question = get(std::move(target), std::move(token));
  question.method = "POST";
  question.body = std::move(body);
  question.idempotency_key = std::move(key);
  return question;
}

class Sale {
 public:
  Sale(const SpikeOptions& options, Tally& tally)
      : options_(options),
        tally_(tally),
        client_(context_, options.host, options.port, options.timeout),
        random_(options.seed) {}

  void run() {
    asio::co_spawn(context_, begin(), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
    context_.run();
  }

 private:
  asio::awaitable<void> begin() {
    co_await read_event();
    start_ = Clock::now();
    asio::co_spawn(context_, watch(), asio::detached);
    co_await arrive();
  }

  asio::awaitable<void> read_event() {
    const Reply places = co_await client_.ask(get(path_ + "/places"));
    if (places.status != 200)
      throw std::runtime_error("GET " + path_ + "/places was answered with " + std::to_string(places.status));
    const json::value read = json::parse(places.body);
    for (const json::value& label : read.at("places").at("labels").as_array())
      labels_.emplace_back(label.as_string());
    if (labels_.empty()) throw std::runtime_error("the event has no places to pick from");
    const Reply event = co_await client_.ask(get(path_));
    ticket_type_ = json::value_to<std::string>(json::parse(event.body).at("ticket_types").at(0));
  }

  /// Buyers come at random moments, whatever becomes of those before them.
  asio::awaitable<void> arrive() {
    double at = 0;
    double end = 0;
    for (const Stretch& stretch : options_.stretches) {
      end += static_cast<double>(stretch.length.count());
      std::exponential_distribution<double> gap(stretch.buyers_per_second);
      for (at += gap(random_); at < end; at += gap(random_)) {
        co_await until(at);
        ++tally_.buyers;
        ++under_way_;
        asio::co_spawn(context_, buyer(at, tally_.buyers), [this](std::exception_ptr error) {
          --under_way_;
          if (error) std::rethrow_exception(error);
        });
      }
      at = end;
    }
    arrived_ = true;
  }

  asio::awaitable<void> watch() {
    for (double second = 1; !arrived_ || under_way_ > 0; ++second) {
      co_await until(second);
      std::fprintf(stderr, "\r%4.0f s  %llu buyers, %zu requests, %zu orders, %llu under way   ", second,
                   static_cast<unsigned long long>(tally_.buyers), tally_.samples.size(),
                   tally_.orders.size(), static_cast<unsigned long long>(under_way_));
    }
    std::fprintf(stderr, "\n");
  }

  /// One buyer. Each step has its moment from the beginning; one that comes late because the answer before it
  /// was late counts from then.
  asio::awaitable<void> buyer(double at, std::uint64_t number) {
    const std::string key =
        "on-sale-buyer-" + std::to_string(options_.seed) + "-" + std::to_string(number) + "-";
    (void)co_await step(Kind::event, at, get(path_));
    at += think(0.5);
    (void)co_await step(Kind::availability, at, availability());
    if (chance(0.5)) {
      at += think(2);
      (void)co_await step(Kind::availability, at, availability());
      co_return;
    }
    at += think(2);
    const Reply held = co_await step(Kind::hold, at, post(path_ + "/holds", wish(), key + "hold"));
    if (held.status != 201 || chance(0.3)) co_return;
    const json::value hold = json::parse(held.body);
    at += think(1);
    co_await pay(at, path_ + "/holds/" + text(hold, "id"), text(hold, "token"), key);
  }

  asio::awaitable<void> pay(double at, const std::string& hold, const std::string& token,
                            const std::string& key) {
    const std::string choices =
        json::serialize(json::value{{"choices", {{{"ticket_type", ticket_type_}, {"count", 2}}}}});
    const Reply quoted = co_await step(Kind::quote, at, post(hold + "/quote", choices, key + "quote", token));
    if (quoted.status != 200) co_return;
    at += think(1);
    const std::string buyer = R"({"buyer":{"name":"Olena Kovalenko","email":"olena@example.com"}})";
    const Reply begun =
        co_await step(Kind::payment, at, post(hold + "/payments", buyer, key + "payment", token));
    if (begun.status != 201) co_return;
    const json::value payment = json::parse(begun.body);
    const std::string id = text(payment, "id");
    at += think(1);
    const Reply decided = co_await step(
        Kind::decision, at, post("/pay/" + id + "/decision", R"({"decision":"approve"})", key + "decision"));
    if (decided.status < 200 || decided.status > 399) co_return;
    for (int look = 0; look < 20; ++look) {
      at += 0.25;
      const Reply seen = co_await step(Kind::order, at, get("/v1/payments/" + id, text(payment, "token")));
      if (seen.status != 200) continue;
      const json::value now = json::parse(seen.body);
      if (text(now, "status") == "pending") continue;
      if (text(now, "status") == "approved")
        tally_.orders.push_back({text(now.at("order"), "id"), text(now.at("amount"), "amount")});
      co_return;
    }
    ++tally_.unfinished_payments;
  }

  asio::awaitable<Reply> step(Kind kind, double intended, Question question) {
    co_await until(intended);
    Reply reply = co_await client_.ask(std::move(question));
    const double took = seconds_now() - intended;
    tally_.samples.push_back({static_cast<float>(intended), static_cast<float>(took * 1000),
                              static_cast<std::int16_t>(reply.status), kind});
    co_return reply;
  }

  asio::awaitable<void> until(double second) {
    const auto moment = start_ + std::chrono::duration_cast<Clock::duration>(Seconds(second));
    if (moment <= Clock::now()) co_return;
    asio::steady_timer timer(context_, moment);
    co_await timer.async_wait(asio::use_awaitable);
  }

  [[nodiscard]] Question availability() const {
    Question question = get(path_ + "/availability");
    question.accept = "application/octet-stream";
    return question;
  }
  /// Two neighbours that the buyer picks, or the best two.
  [[nodiscard]] std::string wish() {
    if (chance(0.5)) return R"({"best":{"count":2,"together":"preferred"}})";
    const std::size_t at = std::uniform_int_distribution<std::size_t>(0, labels_.size() - 2)(random_);
    return json::serialize(json::value{{"places", {labels_[at], labels_[at + 1]}}});
  }
  [[nodiscard]] static std::string text(const json::value& object, std::string_view name) {
    return std::string(object.at(name).as_string());
  }
  [[nodiscard]] double seconds_now() const { return Seconds(Clock::now() - start_).count(); }
  [[nodiscard]] double think(double mean) {
    return std::uniform_real_distribution<double>(0.5 * mean, 1.5 * mean)(random_);
  }
  [[nodiscard]] bool chance(double share) { return std::bernoulli_distribution(share)(random_); }

  const SpikeOptions& options_;
  Tally& tally_;
  asio::io_context context_{1};
  HttpClient client_;
  std::mt19937_64 random_;
  const std::string path_ = "/v1/events/" + options_.event;
  std::vector<std::string> labels_{};
  std::string ticket_type_{};
  Clock::time_point start_{};
  bool arrived_ = false;
  std::uint64_t under_way_ = 0;
};

}  // namespace

Tally run_spike(const SpikeOptions& options) {
  Tally tally;
  Sale(options, tally).run();
  return tally;
}

}  // namespace load
