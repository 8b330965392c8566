#include "payments/payment_desk.hpp"

#include <algorithm>

#include "http/clocks.hpp"
#include "live/shared_log.hpp"
#include "ticketcore/base/json_writer.hpp"
#include "ticketcore/formats/json_reader.hpp"
#include "ticketcore/sale/explain.hpp"

namespace server {
namespace {

using namespace std::chrono_literals;
using namespace ticketcore;

/// How long after its hold an approval may still come, and is paid back.
constexpr auto watched_for = 24h;
constexpr std::size_t swept_at_once = 200;
/// A buyer who goes back and tries again has two; whoever wants more would only have the provider work.
constexpr std::size_t undecided_most = 3;

[[nodiscard]] std::string vault_id(const std::string& payment) { return "payment/" + payment; }

/// One stream a day, so that a sweep need not read what is long settled.
[[nodiscard]] StreamId stream_of_day(Timestamp time) {
  return "server/payments/" + to_rfc3339(time).substr(0, 10);
}

[[nodiscard]] bool is_settled(PaymentStatus status) {
  return status != PaymentStatus::pending && status != PaymentStatus::expired;
}

[[nodiscard]] std::string payment_record(const Payment& payment) {
  JsonWriter json;
  json.open_object()
      .key("event")
      .text(payment.event)
      .key("hold")
      .id(payment.hold)
      .key("minor")
      .number(payment.amount.minor());
  json.key("currency")
      .text(payment.amount.currency().code())
      .key("created_at")
      .time(payment.created_at)
      .key("expires_at")
      .time(payment.expires_at);
  return json.close_object().take();
}

[[nodiscard]] Payment payment_from(const std::string& id, const Bytes& bytes) {
  JsonDocument document({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const JsonValue root = document.root();
  const auto text = [&](std::string_view key) {
    const auto value = root.need(key);
    return value ? value->text(1, 100) : std::string();
  };
  Payment payment;
  payment.id = id;
  payment.event = text("event");
  const auto hold = HoldId::parse(text("hold"));
  const auto currency = Currency::parse(text("currency"));
  const auto created_at = parse_rfc3339(text("created_at"));
  const auto expires_at = parse_rfc3339(text("expires_at"));
  const auto minor = root.need("minor");
  const std::int64_t amount = minor ? minor->integer(0, INT64_MAX) : 0;
  if (!document.is_good() || !hold || !currency || !created_at || !expires_at)
    throw StorageDamaged("the vault's record of payment " + id + " is damaged");
  payment.hold = *hold;
  payment.amount = {amount, *currency};
  payment.created_at = *created_at;
  payment.expires_at = *expires_at;
  return payment;
}

/// Whether the same check-out may be granted another time.
[[nodiscard]] bool is_passing(Reason reason) {
  return reason == Reason::storage_unavailable || reason == Reason::halted || reason == Reason::event_busy ||
         reason == Reason::event_not_found;
}

/// What a hold must be to be paid.
struct Payable {
  std::optional<Refusal> refusal{};
  Money amount{};
  Timestamp expires_at{};
};

[[nodiscard]] Payable look_at(const OpenEvent& event, HoldId id) {
  Payable payable;
  event.event.inspect([&](const EventState& state) {
    const auto outcome = hold_outcome(state, id, now());
    if (!outcome || outcome->end != HoldEnd::open) {
      payable.refusal = explain(hold_refusal(outcome), nullptr, nullptr);
      return;
    }
    const HoldRecord& hold = *state.holds().find(id);
    if (hold.quote == nullptr) {
      payable.refusal = explain(RequestRefused(Reason::not_quoted), nullptr, nullptr);
      return;
    }
    payable.amount = {hold.quote->total, state.settings().prices.currency()};
    payable.expires_at = from_epoch(hold.expires_at);
  });
  return payable;
}

}  // namespace

std::string_view name_of(PaymentStatus status) {
  constexpr std::string_view names[] = {"pending", "approved", "declined", "expired", "refunded"};
  return names[static_cast<std::size_t>(status)];
}

std::variant<PaymentDesk::Begun, Problem> PaymentDesk::begin(OpenEvent& event, HoldId hold, RequestId command,
                                                             const Buyer& buyer) {
  Payment payment;
  payment.id = to_string(secrets_.derived_id("payment", to_string(command)));
  const OrderId order = order_of(payment.id);
  if (const auto known = find(payment.id)) {
    const auto buyer_before = books_.buyer(order);
    if (known->hold != hold || known->event != event.event.id().text() ||
        (buyer_before && *buyer_before != buyer))
      return make_problem("request_reused", "this Idempotency-Key was used before, for another payment");
    payment = *known;
  } else {
    // The hold and its price may be another server's of a moment ago.
    event.event.refresh();
    const Payable payable = look_at(event, hold);
    if (payable.refusal) return make_problem(*payable.refusal);
    payment.event = event.event.id().text();
    payment.hold = hold;
    payment.amount = payable.amount;
    payment.created_at = now();
    payment.expires_at = payable.expires_at;
    if (!add_undecided(payment, undecided_most))
      return make_problem("payments_undecided", "the provider has not decided " +
                                                    std::to_string(undecided_most) +
                                                    " payments of this hold yet; finish one of them");
    try {
      write(payment, buyer);
    } catch (...) {
      end_undecided(payment);
      throw;
    }
  }
  const std::string name = event.event.availability()->settings().name;
  return Begun{payment, provider_.create({payment.id, payment.amount, name,
                                          secrets_.token("payment", "", payment.id, 0)})};
}

// The day's entry comes first: what the vault has of a payment or its buyer is swept, wherever this server
// dies.
void PaymentDesk::write(const Payment& payment, const Buyer& buyer) {
  write_down(payment);
  books_.put_buyer(order_of(payment.id), buyer);
  const std::string record = payment_record(payment);
  storage_.vault_put(vault_id(payment.id),
                     {reinterpret_cast<const std::uint8_t*>(record.data()), record.size()});
}

void PaymentDesk::write_down(const Payment& payment) {
  const std::lock_guard lock(day_mutex_);
  if (const auto stream = stream_of_day(payment.created_at); day_.stream != stream) day_ = {stream, 0, {}};
  try {
    append_text(storage_, day_, payment.id);
  } catch (...) {
    day_ = {};
    throw;
  }
}

bool PaymentDesk::add_undecided(const Payment& payment, std::size_t most) {
  const std::lock_guard lock(undecided_mutex_);
  std::set<std::string>& payments = undecided_[payment.hold];
  if (payments.size() >= most && !payments.contains(payment.id)) return false;
  payments.insert(payment.id);
  return true;
}

void PaymentDesk::end_undecided(const Payment& payment) {
  const std::lock_guard lock(undecided_mutex_);
  const auto found = undecided_.find(payment.hold);
  if (found == undecided_.end()) return;
  found->second.erase(payment.id);
  if (found->second.empty()) undecided_.erase(found);
}

std::optional<Payment> PaymentDesk::find(const std::string& id) const {
  if (!parse_id(id)) return std::nullopt;
  const auto record = storage_.vault_get(vault_id(id));
  if (!record) return std::nullopt;
  return payment_from(id, *record);
}

std::optional<PaymentStatus> PaymentDesk::outcome(const std::string& id) const {
  const auto kept = storage_.vault_get(vault_id(id) + "/outcome");
  if (!kept) return std::nullopt;
  const std::string word(kept->begin(), kept->end());
  for (const PaymentStatus status :
       {PaymentStatus::approved, PaymentStatus::declined, PaymentStatus::refunded}) {
    if (name_of(status) == word) return status;
  }
  throw StorageDamaged("the vault's outcome of payment " + id + " is damaged");
}

void PaymentDesk::keep_outcome(const std::string& id, PaymentStatus status) {
  const std::string_view word = name_of(status);
  storage_.vault_put(vault_id(id) + "/outcome",
                     {reinterpret_cast<const std::uint8_t*>(word.data()), word.size()});
}

PaymentStatus PaymentDesk::look(const Payment& payment) const {
  if (const auto known = outcome(payment.id)) return *known;
  // Sold, by this server or another, and whoever sold it died before it wrote so.
  if (const auto event = events_.open(payment.event)) {
    event->event.refresh();
    if (event->event.find_order(order_of(payment.id))) return PaymentStatus::approved;
  }
  return now() > payment.expires_at ? PaymentStatus::expired : PaymentStatus::pending;
}

PaymentStatus PaymentDesk::settle(const Payment& payment) {
  const PaymentStatus status = ask_and_settle(payment);
  if (is_settled(status)) end_undecided(payment);
  return status;
}

PaymentStatus PaymentDesk::ask_and_settle(const Payment& payment) {
  if (const auto known = outcome(payment.id)) return *known;
  switch (provider_.status(payment.id)) {
    case ChargeStatus::pending:
      return now() > payment.expires_at ? PaymentStatus::expired : PaymentStatus::pending;
    case ChargeStatus::declined:
      erase_buyer(payment);
      keep_outcome(payment.id, PaymentStatus::declined);
      return PaymentStatus::declined;
    // Paid back already, but whether for an order that there is, or because there could be none, only the log
    // can tell.
    case ChargeStatus::refunded:
    case ChargeStatus::approved: return take_money(payment);
  }
  return PaymentStatus::pending;
}

// The order's id follows from the payment's: however often this runs, and on how many servers, the log holds
// one answer.
PaymentStatus PaymentDesk::take_money(const Payment& payment) {
  const auto event = events_.open(payment.event);
  if (!event) return PaymentStatus::pending;
  const OrderId order = order_of(payment.id);
  const auto placed = event->event.check_out(
      payment.hold, {{provider_.method(), payment.id, payment.amount}, RequestId{order}});
  const auto has_sold = [&] { return event->event.find_order(order).has_value(); };
  bool sold = placed.ok() || (placed.refusal().reason == Reason::request_reused && has_sold());
  if (!sold) {
    if (is_passing(placed.refusal().reason)) return PaymentStatus::pending;
    // A refusal is no fact: let the hold be quoted at this price again, and another server is granted the
    // same check-out. That a hold has ended is one, and money goes back only then.
    const auto ended = event->event.release(payment.hold);
    if (!ended && is_passing(ended.refusal().reason)) return PaymentStatus::pending;
    sold = has_sold();
  }
  if (sold) {
    orders_.add();
    events_.changed(*event);
    keep_outcome(payment.id, PaymentStatus::approved);
    return PaymentStatus::approved;
  }
  events_.changed(*event);
  provider_.refund(payment.id, payment.amount, "not sold");
  erase_buyer(payment);
  keep_outcome(payment.id, PaymentStatus::refunded);
  return PaymentStatus::refunded;
}

// Before the outcome, which says that nothing is left to do.
void PaymentDesk::erase_buyer(const Payment& payment) {
  if (const auto event = events_.open(EventId(payment.event)))
    books_.erase_buyer_of_no_order(*event, order_of(payment.id));
}

void PaymentDesk::read_watched() {
  const auto moment = Watchlist::Clock::now();
  // A payment is over a day after its hold, which may be the day after it began: the third day.
  for (const Timestamp day : {now() - 48h, now() - 24h, now()}) {
    const StreamId stream = stream_of_day(day);
    const Timestamp end = std::chrono::ceil<std::chrono::days>(day);
    for (const std::string& id : read_entries(storage_, stream, read_to_[stream]))
      watchlist_.add(id, end, moment);
  }
}

void PaymentDesk::sweep() {
  // One sweep at a time is enough.
  const std::unique_lock lock(sweep_mutex_, std::try_to_lock);
  if (!lock) return;
  read_watched();
  const auto moment = Watchlist::Clock::now();
  std::size_t unanswered = 0;
  for (std::size_t swept = 0; swept < swept_at_once; ++swept) {
    const std::string id = watchlist_.take_due(moment);
    if (id.empty()) break;
    try {
      if (is_over_after_a_look(id)) watchlist_.remove(id);
    } catch (const StorageUnavailable&) {
      throw;  // So it is for all the others.
    } catch (const ProviderUnavailable&) {
      ++unanswered;
    } catch (const std::exception& error) {
      on_trouble_("payment " + id + ": " + error.what());
    }
  }
  if (unanswered > 0)
    on_trouble_("the payment provider did not answer about " + std::to_string(unanswered) + " payments");
  refunds_.sweep();
}

bool PaymentDesk::is_over_after_a_look(const std::string& id) {
  const auto payment = find(id);
  if (!payment) {
    // It is being written this moment, or its server died before it asked for money.
    if (now() <= watchlist_.of(id).written_before + watched_for) return false;
    books_.erase_buyer(order_of(id));
    return true;
  }
  static_cast<void>(add_undecided(*payment, SIZE_MAX));
  if (is_settled(settle(*payment))) return true;
  if (now() <= payment->expires_at + watched_for) return false;
  erase_buyer(*payment);
  end_undecided(*payment);
  return true;
}

}  // namespace server
