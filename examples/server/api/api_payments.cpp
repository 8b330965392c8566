// Payments: begun by the buyer, decided by the provider, and settled by whoever hears of it first.

#include "api/api.hpp"
#include "payments/fake_payments.hpp"
#include "ticketcore/base/json_writer.hpp"

namespace server {
namespace {

using namespace ticketcore;

constexpr std::int64_t delay_most = 86'400;

[[nodiscard]] Buyer read_buyer(const JsonValue& json) {
  json.only({"name", "email"});
  Buyer buyer;
  if (const auto name = json.need("name")) buyer.name = name->text(1, 200);
  if (const auto email = json.need("email")) {
    buyer.email = email->text(3, 254);
    if (const std::size_t at = buyer.email.find('@'); at == std::string::npos || at == 0 ||
                                                      at + 1 == buyer.email.size() ||
                                                      buyer.email.find(' ') != std::string::npos)
      email->problem("must be an e-mail address");
  }
  return buyer;
}

/// A field of an HTML form whose values need no escaping.
[[nodiscard]] std::string_view form_field(std::string_view form, std::string_view name) {
  while (!form.empty()) {
    const std::string_view pair = form.substr(0, form.find('&'));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
      return pair.substr(name.size() + 1);
    form.remove_prefix(std::min(pair.size() + 1, form.size()));
  }
  return {};
}

/// The token as it may stand in a link; nothing else is passed on.
[[nodiscard]] std::string clean_token(std::string_view text) {
  return text.size() <= 64 && from_base64url(text) ? std::string(text) : std::string();
}

[[nodiscard]] std::string return_path(const std::string& payment, const std::string& token) {
  return "/checkout?payment=" + payment + "&token=" + token;
}

}  // namespace

void Api::post_payment(const CallPtr& call) {
  const auto id = allowed_hold(call);
  if (!id) return;
  if (parts_.payments == nullptr)
    return call->problem(
        make_problem("payments_off", "this server takes no payments online; the box office does"));
  Buyer buyer;
  const bool read = call->read_body([&](const JsonValue& json) {
    json.only({"buyer"});
    if (const auto who = json.need("buyer")) buyer = read_buyer(*who);
  });
  if (!read) return;
  wait_for_provider(call, [this, call, id = *id, buyer] {
    const auto event = open_named_event(call);
    if (!event) return;
    const auto begun = parts_.payments->begin(*event, id, call->command, buyer);
    if (const Problem* problem = std::get_if<Problem>(&begun)) return call->problem(*problem);
    const auto& [payment, url] = std::get<PaymentDesk::Begun>(begun);
    JsonWriter json;
    json.open_object()
        .key("id")
        .text(payment.id)
        .key("token")
        .text(parts_.secrets.token("payment", "", payment.id, 0))
        .key("status")
        .text("pending");
    json.key("amount").money(payment.amount).key("url").text(url).key("expires_at").time(payment.expires_at);
    call->json(201, json.close_object().take(), {{"Location", "/v1/payments/" + payment.id}});
  });
}

void Api::get_payment(const CallPtr& call) {
  const std::string& id = call->segment(2);
  if (parts_.payments == nullptr || !may_see(*call, "payment", "", id))
    return not_found(call, "payment_not_found", "there is no such payment, or the token sent is not its");
  wait_for(call, [this, call] { answer_payment(call, call->segment(2), 200); });
}

void Api::answer_payment(const CallPtr& call, const std::string& id, int status) {
  const auto payment = parts_.payments->find(id);
  if (!payment)
    return call->problem(
        make_problem("payment_not_found", "there is no such payment, or the token sent is not its"));
  const PaymentStatus stands = parts_.payments->look(*payment);
  JsonWriter json;
  json.open_object()
      .key("id")
      .text(payment->id)
      .key("event")
      .text(payment->event)
      .key("status")
      .text(name_of(stands))
      .key("amount")
      .money(payment->amount);
  json.key("expires_at").time(payment->expires_at);
  if (stands == PaymentStatus::approved) {
    const OrderId order = parts_.payments->order_of(id);
    const std::string order_text = to_string(order);
    const auto event = parts_.events.open(EventId(payment->event));
    if (event) event->event.refresh();
    const auto placed = event ? event->event.find_order(order) : std::nullopt;
    json.key("order").open_object().key("event").text(payment->event).key("id").text(order_text);
    if (placed) json.key("number").number(placed->number);
    const Revision told_at = event ? event->event.revision() : 0;
    json.key("token").text(parts_.secrets.token("order", payment->event, order_text, told_at)).close_object();
  }
  call->json(status, json.close_object().take());
}

void Api::post_notice(const CallPtr& call) {
  const std::string& id = call->segment(2);
  if (parts_.payments == nullptr)
    return call->problem(make_problem("not_found", "this server takes no payments online"));
  const Timestamp now =
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  if (!parts_.payments->provider().is_genuine(call->request, id, now)) {
    punish(*call);
    return call->problem(make_problem("signature_invalid",
                                      "the signature is not the provider's for this notice, or is too old"));
  }
  wait_for_provider(call, parts_.pools.settle, [this, call] {
    const auto payment = parts_.payments->find(call->segment(2));
    if (!payment) return call->problem(make_problem("payment_not_found", "there is no such payment"));
    const PaymentStatus stands = parts_.payments->settle(*payment);
    // Not settled though the provider has decided: it shall send the notice again.
    if (stands == PaymentStatus::pending || stands == PaymentStatus::expired)
      return call->problem(make_problem("storage_unavailable",
                                        "the payment can't be settled just now; send the notice again"));
    call->json(200, JsonWriter().open_object().key("status").text(name_of(stands)).close_object().take());
  });
}

void Api::get_fake_page(const CallPtr& call) {
  if (parts_.fake == nullptr)
    return call->problem(make_problem("not_found", "there is nothing at this address"));
  const std::string* token = call->request.parameter("token");
  wait_for(call, [this, call, token = token == nullptr ? std::string() : clean_token(*token)] {
    const std::string& id = call->segment(1);
    Response page;
    page.headers.push_back({"Content-Type", "text/html; charset=utf-8"});
    page.headers.push_back({"Cache-Control", "no-store"});
    page.body = parse_id(id) ? parts_.fake->page(id, token, return_path(id, token)) : std::string();
    if (page.body.empty())
      return call->problem(make_problem("payment_not_found", "there is no such payment"));
    call->send(std::move(page));
  });
}

void Api::post_fake_decision(const CallPtr& call) {
  if (parts_.fake == nullptr)
    return call->problem(make_problem("not_found", "there is nothing at this address"));
  FakeDecision decision = FakeDecision::approve;
  std::int64_t delay = 5;
  std::string token;
  const bool form = call->request.header("Content-Type").starts_with("application/x-www-form-urlencoded");
  if (form) {
    // Read as JSON too, so that the same is refused.
    const std::string seconds(form_field(call->request.body, "delay_seconds"));
    token = clean_token(form_field(call->request.body, "token"));
    JsonWriter json;
    json.open_object().key("decision").text(form_field(call->request.body, "decision"));
    if (!seconds.empty() && seconds.find_first_not_of("0123456789") == std::string::npos &&
        seconds.size() < 10)
      json.key("delay_seconds").number(std::stol(seconds));
    call->request.body = json.close_object().take();
    for (Header& header : call->request.headers) {
      if (header.value.starts_with("application/x-www-form-urlencoded")) header.value = "application/json";
    }
  }
  const bool read = call->read_body([&](const JsonValue& json) {
    json.only({"decision", "delay_seconds"});
    if (const auto word = json.need("decision"))
      decision = static_cast<FakeDecision>(word->one_of({"approve", "decline", "delay", "never"}));
    if (const auto seconds = json.find("delay_seconds")) delay = seconds->integer(0, delay_most);
  });
  if (!read) return;
  wait_for(call, [this, call, decision, delay, form, token] {
    const std::string& id = call->segment(1);
    if (!parse_id(id) || !parts_.fake->decide(id, decision, std::chrono::seconds(delay)))
      return call->problem(make_problem("payment_not_found", "there is no such payment"));
    if (!form)
      return call->json(
          200,
          JsonWriter().open_object().key("payment").text(id).key("decided").flag(true).close_object().take());
    Response back;
    back.status = 303;
    back.headers.push_back({"Location", return_path(id, token)});
    call->send(std::move(back));
  });
}

}  // namespace server
