#include "payments/refunds.hpp"

#include <exception>
#include <iterator>

#include "live/shared_log.hpp"
#include "ticketcore/base/json_writer.hpp"
#include "ticketcore/formats/json_reader.hpp"

namespace server {
namespace {

using namespace std::chrono_literals;
using namespace ticketcore;

const StreamId stream = "server/refunds";
/// A request that the log has not granted by then was refused, or never came so far.
constexpr auto expected_for = 1h;

}  // namespace

// {"expected": request, ...} before the log is asked; {"paid": request} after the provider was. When a sweep
// finds the first without the second, and the request in the log, it adds {"due": request, ...}: the log
// remembers requests for a day, and a provider may be away for longer.
void Refunds::expect(const EventId& event, OrderId order, const RefundOptions& options) {
  JsonWriter json;
  json.open_object()
      .key("expected")
      .id(options.request)
      .key("event")
      .text(event.text())
      .key("order")
      .id(order);
  json.key("reference").text(options.reference).key("tickets").open_array();
  for (const TicketId& ticket : options.tickets) json.text(to_string(ticket));
  append(json.close_array().close_object().take());
}

void Refunds::pay_back(RequestId request, const std::string& payment, const Money& amount) {
  provider_.refund(payment, amount, to_string(request));
  append(JsonWriter().open_object().key("paid").id(request).close_object().take());
}

void Refunds::append(const std::string& text) {
  const std::lock_guard lock(append_mutex_);
  try {
    if (end_.stream.empty()) end_ = {stream, 0, {}};
    append_text(storage_, end_, text);
  } catch (const std::exception&) {
    end_ = {};
    throw;
  }
}

void Refunds::read_on(std::chrono::steady_clock::time_point moment) {
  for (const std::string& entry : read_entries(storage_, stream, read_to_)) read_entry(entry, moment);
}

void Refunds::read_entry(const std::string& entry, std::chrono::steady_clock::time_point moment) {
  JsonDocument document(entry);
  const JsonValue root = document.root();
  const auto text = [&](std::string_view key) {
    const auto value = root.find(key);
    return value ? value->text(0, 1'000) : std::string();
  };
  if (const std::string paid = text("paid"); !paid.empty()) {
    owed_.erase(paid);
    return;
  }
  const std::string due = text("due");
  const auto request = RequestId::parse(due.empty() ? text("expected") : due);
  Owed owed;
  owed.first = moment;
  owed.next = moment + 1s;
  if (due.empty()) {
    const auto order = OrderId::parse(text("order"));
    const auto tickets = root.need("tickets");
    owed.event = EventId(text("event"));
    owed.order = order.value_or(OrderId{});
    owed.options.reference = text("reference");
    if (tickets) {
      for (const JsonValue& ticket : tickets->elements(limits::places_per_hold)) {
        if (const auto id = parse_ticket_id(ticket.text(1, 60))) owed.options.tickets.push_back(*id);
      }
    }
  } else {
    const auto minor = root.need("minor");
    const auto currency = Currency::parse(text("currency"));
    if (minor && currency) owed.due = Due{text("payment"), {minor->integer(0, INT64_MAX), *currency}};
  }
  if (!request || !document.is_good() || (due.empty() ? owed.order.is_zero() : !owed.due))
    throw StorageDamaged("an entry of the stream " + stream + " is damaged");
  owed.options.request = *request;
  owed_.insert_or_assign(to_string(*request), std::move(owed));
}

std::optional<Refunds::Due> Refunds::look_into_log(const Owed& owed) {
  const auto event = events_.open(owed.event);
  if (!event) return std::nullopt;
  event->event.refresh();
  bool granted = false;
  event->event.inspect([&](const EventState& state) {
    const RememberedRequest* const request = state.requests().find(owed.options.request);
    granted = request != nullptr && request->tag == TicketsRefunded::tag;
  });
  const auto command = event->event.refund_command(owed.order, owed.options);
  if (!granted || !command) return std::nullopt;
  // The same request again changes nothing, and is told what was refunded.
  const Answer answer = std::move(event->event.ask({command.value()}).front());
  const auto refund = event->event.to<Refund>(answer);
  if (!refund || !answer.order) return std::nullopt;
  return Due{answer.order->order.payment_reference, refund->amount};
}

bool Refunds::settle(Owed& owed) {
  if (!owed.due) {
    owed.due = look_into_log(owed);
    if (!owed.due) return false;
    const Money& amount = owed.due->amount;
    JsonWriter json;
    json.open_object()
        .key("due")
        .id(owed.options.request)
        .key("payment")
        .text(owed.due->payment)
        .key("minor")
        .number(amount.minor());
    append(json.key("currency").text(amount.currency().code()).close_object().take());
  }
  pay_back(owed.options.request, owed.due->payment, owed.due->amount);
  return true;
}

void Refunds::sweep() {
  const auto moment = std::chrono::steady_clock::now();
  read_on(moment);
  std::exception_ptr trouble;
  for (auto at = owed_.begin(); at != owed_.end();) {
    if (at->second.next > moment) {
      ++at;
      continue;
    }
    // Before what may throw: one refund in trouble must not keep the others waiting.
    at->second.next =
        moment + std::max<std::chrono::steady_clock::duration>(3s, (moment - at->second.first) / 8);
    bool over = false;
    try {
      over = settle(at->second) || moment - at->second.first > expected_for;
    } catch (const StorageUnavailable&) {
      throw;
    } catch (const std::exception&) {
      trouble = std::current_exception();
    }
    at = over ? owed_.erase(at) : std::next(at);
  }
  if (trouble) std::rethrow_exception(trouble);
}

}  // namespace server
