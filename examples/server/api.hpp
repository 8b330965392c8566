#pragma once
// The API: everything that is asked of the server ends here. Handlers run on HTTP threads and never wait: what changes an event is
// submitted to its desk, and what reads the store goes to the workers.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "call.hpp"
#include "events.hpp"
#include "keys.hpp"
#include "metrics.hpp"
#include "orders.hpp"
#include "pages.hpp"
#include "payment_desk.hpp"
#include "payments.hpp"
#include "rate_limit.hpp"
#include "router.hpp"
#include "secrets.hpp"
#include "ticketcore/box_office.hpp"
#include "workers.hpp"

namespace server {

class FakePayments;

struct ApiOptions {
  double requests_per_second = 0;  ///< Of one client; 0: no limit.
  std::vector<std::string> cors_origins{};
  std::vector<std::string> trusted_proxies{};
  bool secure = false;  ///< Served by TLS.
};

/// What the API is built from. All of it outlives the API.
struct ApiParts {
  ticketcore::Storage& storage;
  ticketcore::BoxOffice& office;
  const Secrets& secrets;
  Keys& keys;
  Events& events;
  Workers& workers;
  PaymentDesk* payments;  ///< Null: none are taken online.
  FakePayments* fake;     ///< Null: none.
  const Pages& pages;
  Metrics& metrics;
  std::function<void(const std::string& request_id, const std::string& what)> trouble;
};

class Api {
 public:
  Api(const ApiParts& parts, ApiOptions options);

  void handle(Request request, Reply reply);
  /// From now on /readyz says no.
  void drain() { draining_ = true; }
  /// Asks the store for something small, so that /readyz knows whether it answers. To be called again and again.
  void probe_storage();

  // Each answers the call. Grouped as in the files that hold them.
  void get_health(const CallPtr& call);
  void get_readiness(const CallPtr& call);
  void get_metrics(const CallPtr& call);
  void get_openapi(const CallPtr& call);
  void get_problem(const CallPtr& call);
  void get_page(const CallPtr& call);
  void get_me(const CallPtr& call);

  void list_events(const CallPtr& call);
  void get_event(const CallPtr& call);
  void get_seat_map(const CallPtr& call);
  void get_places(const CallPtr& call);
  void get_availability(const CallPtr& call);
  void get_changes(const CallPtr& call);

  void post_hold(const CallPtr& call);
  void get_hold(const CallPtr& call);
  void post_extension(const CallPtr& call);
  void post_release(const CallPtr& call);
  void post_quote(const CallPtr& call);

  void post_payment(const CallPtr& call);
  void get_payment(const CallPtr& call);
  void post_notice(const CallPtr& call);
  void get_fake_page(const CallPtr& call);
  void post_fake_decision(const CallPtr& call);

  void post_order(const CallPtr& call);
  void list_orders(const CallPtr& call);
  void get_order(const CallPtr& call);
  void post_refund(const CallPtr& call);
  void get_ticket(const CallPtr& call);
  void list_seating(const CallPtr& call);
  void post_scan(const CallPtr& call);

  void post_event(const CallPtr& call);
  void post_chart(const CallPtr& call);
  void post_sale_status(const CallPtr& call);
  void post_key(const CallPtr& call);
  void list_keys(const CallPtr& call);
  void delete_key(const CallPtr& call);

 private:
  using EventTask = std::function<void(const std::shared_ptr<OpenEvent>&)>;

  [[nodiscard]] std::string client_address(const Request& request) const;
  [[nodiscard]] std::string allowed_origin(const Request& request) const;
  void answer_without_route(const CallPtr& call);
  void authenticate(const CallPtr& call, const Route& route, const PresentedKey& presented);
  void admit(const CallPtr& call, const Route& route);
  [[nodiscard]] bool read_command_id(const CallPtr& call);
  void answer_preflight(const CallPtr& call, const std::string& allow);

  /// On a worker; what it throws becomes the call's answer. Answers 503 when too much waits.
  void wait_for(const CallPtr& call, std::function<void()> task);
  void fail(const CallPtr& call, const std::exception& error);
  /// With the event that the path names, at once if it is open; answers 404 if there is none.
  void with_event(const CallPtr& call, EventTask task);
  /// The same, on a worker.
  void with_event_waiting(const CallPtr& call, EventTask task);
  /// Sends the command to the event's desk; what is answered goes to done, on the thread that took the turn.
  void submit(const CallPtr& call, const std::shared_ptr<OpenEvent>& event, ticketcore::Command command, std::function<void(const ticketcore::Answer&)> done);
  /// Makes guessing slow.
  void punish(const Call& call);
  /// Answers 404, and punishes.
  void not_found(const CallPtr& call, std::string_view reason, std::string detail);

  [[nodiscard]] bool may_see(const Call& call, std::string_view kind, std::string_view event, std::string_view id) const;
  /// The hold that the path names, if the caller may see it; nullopt when the call is answered.
  [[nodiscard]] std::optional<ticketcore::HoldId> allowed_hold(const CallPtr& call);
  [[nodiscard]] std::optional<ticketcore::OrderId> allowed_order(const CallPtr& call);
  void submit_hold(const CallPtr& call, const std::shared_ptr<OpenEvent>& event, const ticketcore::Result<ticketcore::Command>& command);
  void send_order(const CallPtr& call, OpenEvent& event, ticketcore::OrderId order, int status);
  void answer_payment(const CallPtr& call, const std::string& payment, int status);

  ApiParts parts_;
  ApiOptions options_;
  SharedText api_headers_;
  SharedText page_headers_;
  SharedText picture_headers_;
  RateLimit rate_limit_;
  OrderBooks books_;
  std::atomic<bool> draining_{false};
  SharedText openapi_;
  std::string openapi_etag_;
  Counter& holds_total_;
  Counter& orders_total_;
  ProblemCounters problems_;
  std::atomic<std::int64_t> storage_ok_at_ms_;
  std::atomic<bool> probing_{false};
};

/// A new key of a random id and secret: "tck_<id>_<secret>".
[[nodiscard]] PresentedKey new_key();
[[nodiscard]] std::string to_string(const PresentedKey& key);

}  // namespace server
