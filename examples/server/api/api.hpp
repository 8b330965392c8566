#pragma once
// The API: everything that is asked of the server ends here. Handlers run on HTTP threads and never wait:
// what changes an event is submitted to its desk, and what reads the store goes to the workers.

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "api/call.hpp"
#include "api/keys.hpp"
#include "api/open_places.hpp"
#include "api/rate_limit.hpp"
#include "api/router.hpp"
#include "api/secrets.hpp"
#include "api/staff_log.hpp"
#include "http/addresses.hpp"
#include "http/answer_headers.hpp"
#include "http/http_server.hpp"
#include "http/metrics.hpp"
#include "http/shares.hpp"
#include "http/workers.hpp"
#include "live/events.hpp"
#include "payments/orders.hpp"
#include "payments/payment_desk.hpp"
#include "payments/payments.hpp"
#include "payments/provider_guard.hpp"
#include "ticketcore/engine/box_office.hpp"
#include "web/pages.hpp"

namespace server {

class FakePayments;

struct ApiOptions {
  // Limits of 0 are none.
  double requests_per_second = 0;  ///< Of one client.
  std::uint32_t open_places_per_address = 0;
  std::uint32_t open_places_per_key = 0;
  std::int64_t public_hold_seconds = 600;
  std::size_t streams = 0;  ///< 0: none may be had.
  std::size_t streams_per_address = 0;
  std::chrono::milliseconds provider_timeout{10'000};
  std::vector<std::string> cors_origins{};
  std::vector<Network> trusted_proxies{};
  std::vector<Network> shared_networks{};  ///< Whose addresses have many buyers each.
};

/// Threads for what waits, apart, so that what is slow holds up nothing but its like.
struct Pools {
  Workers store{4, 2'000};    ///< Reads of events, orders, payments.
  Workers keys{2, 2'000};     ///< API keys that are not known here.
  Workers provider{4, 500};   ///< Calls to the payment provider that buyers and tills wait for.
  Workers settle{3, 500};     ///< Calls to it that notices and sweeps ask for.
  Workers staff_log{1, 100};  ///< Writes who did what.
  Workers probe{1, 1};        ///< Asks whether the store is there.
};

/// What the API is built from. All of it outlives the API.
struct ApiParts {
  ticketcore::Storage& storage;
  ticketcore::BoxOffice& office;
  const Secrets& secrets;
  Keys& keys;
  Events& events;
  Pools& pools;
  StaffLog& staff_log;
  PaymentDesk* payments;    ///< Null: none are taken online.
  ProviderGuard* provider;  ///< Null as payments is.
  FakePayments* fake;       ///< Null: none.
  const AnswerHeaders& headers;
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
  /// Asks the store for something small, so that /readyz knows whether it answers. To be called again and
  /// again.
  void probe_storage();
  /// Whether the large body of a request with this head may come. For HttpOptions.
  void admit_large_body(const Request& head, HttpOptions::Decide decide);
  /// Tells those whom the payment provider keeps waiting that it does. To be called again and again.
  void answer_overdue();
  /// How many connections a peer may have, if that is its share; 0: as many as there are, for proxies.
  [[nodiscard]] std::size_t connections_of(const std::string& peer, std::size_t share) const;

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
  void post_note(const CallPtr& call);
  void get_ticket(const CallPtr& call);
  void list_seating(const CallPtr& call);
  void post_scan(const CallPtr& call);

  void post_event(const CallPtr& call);
  void post_chart(const CallPtr& call);
  void post_seat_map(const CallPtr& call);
  void post_sale_status(const CallPtr& call);
  void post_key(const CallPtr& call);
  void list_keys(const CallPtr& call);
  void list_deeds(const CallPtr& call);
  void delete_key(const CallPtr& call);

 private:
  using EventTask = std::function<void(const std::shared_ptr<OpenEvent>&)>;

  [[nodiscard]] std::string client_address(const Request& request) const;
  [[nodiscard]] Client client_of_request(const Request& request) const;
  [[nodiscard]] std::string allowed_origin(const Request& request) const;
  void answer_without_route(const CallPtr& call);
  /// Takes the request from the share of the key, or of the address when key_id is empty; answers 429 and is
  /// false when that is used up.
  [[nodiscard]] bool charge(const CallPtr& call, const std::string& key_id);
  void admit_with(const CallPtr& call, const Route& route, const ApiKey& key);
  void admit(const CallPtr& call, const Route& route);
  [[nodiscard]] bool read_command_id(const CallPtr& call, const Route& route);
  void answer_preflight(const CallPtr& call, const std::string& allow);

  void run(const CallPtr& call, const Route& route);
  /// Writes down who wants it, then runs it.
  void record_and_run(const CallPtr& call, const Route& route);

  /// On a worker of the store's, or of another pool; what it throws becomes the call's answer. Answers 503
  /// when too much waits.
  void wait_for(const CallPtr& call, std::function<void()> task) {
    wait_for(call, parts_.pools.store, std::move(task));
  }
  void wait_for(const CallPtr& call, Workers& pool, std::function<void()> task);
  /// The same for what asks the payment provider: answered within provider_timeout, at once while the
  /// provider has a pause.
  void wait_for_provider(const CallPtr& call, Workers& pool, std::function<void()> task);
  /// The same, within the caller's share of such calls; answers 429 past it.
  void wait_for_provider(const CallPtr& call, std::function<void()> task);
  void fail(const CallPtr& call, const std::exception& error);
  /// With the event that the path names, at once if it is open; answers 404 if there is none.
  void with_event(const CallPtr& call, EventTask task);
  /// The same, on a worker.
  void with_event_waiting(const CallPtr& call, EventTask task);
  /// For what is shown to everybody as it was a moment ago: at once, unless the caller has been told of
  /// something newer.
  void with_event_shown(const CallPtr& call, EventTask task);
  /// For what is the caller's own: on a worker, with all that he has been told, by whatever server; with all
  /// that is committed when his request does not say how much that is.
  void with_event_caught_up(const CallPtr& call, EventTask task);
  /// To be said of an answer after what it shows was read.
  void tell_revision(const CallPtr& call, const OpenEvent& event, ticketcore::Revision revision);
  void tell_revision(const CallPtr& call, const OpenEvent& event) {
    tell_revision(call, event, event.event.revision());
  }
  /// The event that the path names; null, and answered, if there is none. For workers only.
  [[nodiscard]] std::shared_ptr<OpenEvent> open_named_event(const CallPtr& call);
  /// Null, and told to the log once, when the event can't be read. Throws StorageUnavailable. For workers
  /// only.
  [[nodiscard]] std::shared_ptr<OpenEvent> open_undamaged(const ticketcore::EventId& id);
  /// Sends the command to the event's desk; what is answered goes to done, on the thread that took the turn.
  void submit(const CallPtr& call, const std::shared_ptr<OpenEvent>& event, ticketcore::Command command,
              std::function<void(const ticketcore::Answer&)> done);
  /// Makes guessing slow.
  void punish(const Call& call);
  /// Answers 404, and punishes.
  void not_found(const CallPtr& call, std::string_view reason, std::string detail);

  /// Notes what the token says: how far the log was when its bearer was told.
  [[nodiscard]] bool may_see(Call& call, std::string_view kind, std::string_view event,
                             std::string_view id) const;
  /// The hold that the path names, if the caller may see it; nullopt when the call is answered.
  [[nodiscard]] std::optional<ticketcore::HoldId> allowed_hold(const CallPtr& call);
  [[nodiscard]] std::optional<ticketcore::OrderId> allowed_order(const CallPtr& call);
  using Reservation = std::shared_ptr<OpenPlaces::Reservation>;
  void submit_hold(const CallPtr& call, const std::shared_ptr<OpenEvent>& event,
                   const ticketcore::Command& command, const Reservation& reserved);
  void submit_extension(const CallPtr& call, const std::shared_ptr<OpenEvent>& event,
                        const ticketcore::Command& command, const Reservation& reserved);
  [[nodiscard]] std::string token_of_hold(const OpenEvent& event, ticketcore::HoldId hold,
                                          ticketcore::Revision revision) const;
  /// The longest that the caller may hold at once.
  [[nodiscard]] std::int64_t longest_ttl(const Call& call) const;
  /// How many places of one event the caller may hold; 0: any number.
  [[nodiscard]] std::uint32_t open_places_of(const Call& call) const;
  /// Under which name the caller's open places of the event are counted.
  [[nodiscard]] static std::string owner_of_places(const Call& call, const OpenEvent& event);
  /// Goes on to next, at once or on a worker, with the places counted (null: nothing limits them, or the
  /// request was granted before); answers itself if the caller would hold too many.
  void reserve_places(const CallPtr& call, const std::shared_ptr<OpenEvent>& event, ticketcore::HoldId hold,
                      std::uint32_t places, const std::function<void(const Reservation&)>& next);
  void submit_refund(const CallPtr& call, const std::shared_ptr<OpenEvent>& event, ticketcore::OrderId id,
                     const ticketcore::RefundOptions& options);
  void send_order(const CallPtr& call, OpenEvent& event, ticketcore::OrderId order, int status);
  void answer_payment(const CallPtr& call, const std::string& payment, int status);

  ApiParts parts_;
  ApiOptions options_;
  RateLimit rate_limit_;
  OpenPlaces open_places_;
  Shares streams_;
  Shares provider_calls_;
  std::mutex overdue_mutex_;
  std::deque<std::pair<std::chrono::steady_clock::time_point, std::weak_ptr<Call>>>
      at_provider_;  ///< Soonest first.
  std::mutex damaged_mutex_;
  std::set<std::string> damaged_;  ///< Events that the log was told of.
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
