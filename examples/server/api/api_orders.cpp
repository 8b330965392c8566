// Orders at the counter and after the sale: refunds, tickets, who sits where, and the gate.

#include "api/api.hpp"
#include "ticketcore/base/json_writer.hpp"

namespace server {
namespace {

using namespace ticketcore;

struct CounterSale {
  std::string method{};
  std::string reference{};
  std::optional<Buyer> buyer{};
};

void read_sale(const JsonValue& json, CounterSale& sale) {
  json.only({"payment", "buyer"});
  if (const auto payment = json.need("payment")) {
    payment->only({"method", "reference"});
    if (const auto method = payment->need("method")) {
      sale.method = method->text(1, limits::short_name_bytes);
      if (sale.method == "fakepay")
        method->problem("is what payments online are called; say how it was paid at the counter");
    }
    if (const auto reference = payment->find("reference"))
      sale.reference = reference->text(0, limits::payment_reference_bytes);
  }
  if (const auto who = json.find("buyer")) {
    who->only({"name", "email"});
    Buyer buyer;
    if (const auto name = who->find("name")) buyer.name = name->text(0, 200);
    if (const auto email = who->find("email")) buyer.email = email->text(0, 254);
    sale.buyer = std::move(buyer);
  }
}

[[nodiscard]] std::string page_json(std::string_view name, std::string_view list, const Page& page) {
  JsonWriter json(page.items.size() + 128);
  json.open_object().key(name).raw(page.items);
  if (!page.next.empty()) json.key("next").text(make_cursor(list, page.next));
  return json.close_object().take();
}

/// Whether the command may have been granted though the answer is no.
[[nodiscard]] bool may_have_happened(Reason reason) {
  return reason == Reason::storage_unavailable || reason == Reason::halted;
}

}  // namespace

void Api::post_order(const CallPtr& call) {
  const auto id = allowed_hold(call);
  if (!id) return;
  CounterSale sale;
  if (!call->read_body([&](const JsonValue& json) { read_sale(json, sale); })) return;
  with_event_waiting(call, [this, call, hold = *id, sale](const std::shared_ptr<OpenEvent>& event) {
    const OrderId order{call->command};
    // Before the order, so that a server which dies in between leaves no order without its buyer.
    const auto buyer_before = books_.buyer(order);
    if (buyer_before && sale.buyer && *buyer_before != *sale.buyer)
      return call->problem(
          make_problem("request_reused", "this Idempotency-Key was used before, for another buyer"));
    if (sale.buyer && !buyer_before) books_.put_buyer(order, *sale.buyer);
    // At the quoted price, whatever it is in the turn: this server need not have seen the quote.
    const auto placed = event->event.check_out(hold, {{sale.method, sale.reference, {}}, call->command});
    if (!placed) {
      if (sale.buyer && !may_have_happened(placed.refusal().reason))
        books_.erase_buyer_of_no_order(*event, order);
      tell_revision(call, *event);
      return call->refuse(placed.refusal());
    }
    if (sale.buyer) books_.keep_buyer(order, *sale.buyer);
    orders_total_.add();
    parts_.events.changed(*event);
    send_order(call, *event, order, 201);
  });
}

void Api::send_order(const CallPtr& call, OpenEvent& event, OrderId order, int status) {
  auto body = books_.order_json(event, order);
  tell_revision(call, event);
  if (!body)
    return call->problem(
        make_problem("order_not_found", "there is no such order, or the token sent is not its"));
  std::vector<Header> headers;
  if (status == 201)
    headers.push_back({"Location", "/v1/events/" + event.event.id().text() + "/orders/" + to_string(order)});
  call->json(status, std::move(*body), std::move(headers));
}

std::optional<OrderId> Api::allowed_order(const CallPtr& call) {
  const auto id = OrderId::parse(call->segment(4));
  if (id && may_see(*call, "order", call->segment(2), to_string(*id))) return id;
  not_found(call, "order_not_found", "there is no such order, or the token sent is not its");
  return std::nullopt;
}

void Api::get_order(const CallPtr& call) {
  const auto id = allowed_order(call);
  if (!id) return;
  with_event_caught_up(call,
                       [this, call, id = *id](const auto& event) { send_order(call, *event, id, 200); });
}

void Api::list_orders(const CallPtr& call) {
  const auto limit = call->read_limit(20, 100);
  if (!limit) return;
  const auto position = read_cursor(*call, "orders");
  if (!position) return;
  const std::string* words = call->request.parameter("q");
  if (words != nullptr && words->size() > 200)
    return call->problem(make_problem("invalid_request", "the query's q has at most 200 bytes"));
  with_event_caught_up(call, [this, call, limit = *limit, position = *position,
                              words = words == nullptr ? std::string() : *words](const auto& event) {
    auto page = page_json("orders", "orders", books_.orders(*event, position, limit, words));
    tell_revision(call, *event);
    call->json(200, std::move(page));
  });
}

void Api::list_seating(const CallPtr& call) {
  const auto limit = call->read_limit(100, 500);
  if (!limit) return;
  const auto position = read_cursor(*call, "seating");
  if (!position) return;
  const std::string* place = call->request.parameter("place");
  if (place != nullptr && place->size() > 400)
    return call->problem(make_problem("invalid_request", "the query's place has at most 400 bytes"));
  with_event_caught_up(call, [this, call, limit = *limit, position = *position,
                              place = place == nullptr ? std::string() : *place](const auto& event) {
    auto page = page_json("seats", "seating", books_.seating(*event, position, limit, place));
    tell_revision(call, *event);
    call->json(200, std::move(page));
  });
}

void Api::post_refund(const CallPtr& call) {
  const auto id = OrderId::parse(call->segment(4));
  if (!id) return call->problem(make_problem("order_not_found", "there is no such order"));
  RefundOptions options;
  options.request = call->command;
  const bool read = call->read_body([&](const JsonValue& json) {
    json.only({"tickets", "reference"});
    if (const auto reference = json.find("reference"))
      options.reference = reference->text(0, limits::payment_reference_bytes);
    const auto tickets = json.find("tickets");
    if (!tickets) return;
    const auto list = tickets->elements(limits::places_per_hold);
    if (list.empty()) tickets->problem("names no ticket; leave it out to refund all that are left");
    for (const JsonValue& ticket : list) {
      if (const auto parsed = parse_ticket_id(ticket.text(1, 60))) {
        options.tickets.push_back(*parsed);
      } else {
        ticket.problem("must be a ticket's id");
      }
    }
  });
  if (!read) return;
  if (parts_.payments == nullptr)
    return with_event(call, [this, call, id = *id, options](const auto& event) {
      submit_refund(call, event, id, options);
    });
  with_event_caught_up(call, [this, call, id = *id, options](const std::shared_ptr<OpenEvent>& event) {
    const auto order = event->event.find_order(id);
    if (order && order->payment_method == parts_.payments->provider().method())
      parts_.payments->refunds().expect(event->event.id(), id, options);
    submit_refund(call, event, id, options);
  });
}

void Api::submit_refund(const CallPtr& call, const std::shared_ptr<OpenEvent>& event, OrderId id,
                        const RefundOptions& options) {
  const auto command = event->event.refund_command(id, options);
  if (!command) return call->refuse(command.refusal());
  submit(call, event, *command, [this, call, event](const Answer& answer) {
    const auto refund = event->event.to<Refund>(answer);
    if (!refund) return call->refuse(refund.refusal());
    const std::string method = answer.order ? answer.order->payment_method : std::string();
    const std::string payment = answer.order ? answer.order->order.payment_reference : std::string();
    JsonWriter json;
    json.open_object().key("order").id(refund->order).key("tickets").open_array();
    for (const TicketId& ticket : refund->tickets) json.text(to_string(ticket));
    std::string body = json.close_array().key("amount").money(refund->amount).close_object().take();
    if (parts_.payments == nullptr || method != parts_.payments->provider().method())
      return call->json(200, std::move(body));
    // Paid online: the provider pays back. When that fails a sweep asks it again, as whoever repeats the
    // request does; it knows the key.
    wait_for_provider(call, [this, call, payment, amount = refund->amount, body = std::move(body)] {
      parts_.payments->refunds().pay_back(call->command, payment, amount);
      call->json(200, body);
    });
  });
}

void Api::post_note(const CallPtr& call) {
  const auto id = OrderId::parse(call->segment(4));
  if (!id) return call->problem(make_problem("order_not_found", "there is no such order"));
  NoteOrder note{*id, {}};
  const bool read = call->read_body([&](const JsonValue& json) {
    json.only({"text"});
    if (const auto text = json.need("text")) note.text = text->text(0, limits::note_bytes);
  });
  if (!read) return;
  with_event(call, [this, call, note](const std::shared_ptr<OpenEvent>& event) {
    submit(call, event, {call->command, note}, [call, event, note](const Answer& answer) {
      const auto done = event->event.to<Done>(answer);
      if (!done) return call->refuse(done.refusal());
      JsonWriter json;
      json.open_object().key("order").id(note.order).key("note").text(note.text);
      call->json(200, json.close_object().take());
    });
  });
}

void Api::get_ticket(const CallPtr& call) {
  const auto order = allowed_order(call);
  if (!order) return;
  const std::string& name = call->segment(6);
  const auto ticket = parse_ticket_id(std::string_view(name).substr(0, name.size() - 4));
  if (!ticket || ticket->order != *order)
    return call->problem(make_problem("ticket_not_found", "the order has no such ticket"));
  with_event_caught_up(call, [this, call, ticket = *ticket](const auto& event) {
    auto picture = books_.ticket_picture(*event, ticket);
    tell_revision(call, *event);
    if (!picture) return call->problem(make_problem("ticket_not_found", "the order has no such ticket"));
    Response response;
    response.headers.push_back({"Content-Type", "image/svg+xml"});
    response.headers.push_back({"Cache-Control", "private, no-store"});
    response.fixed_headers = parts_.headers.picture;
    response.body = std::move(*picture);
    call->send(std::move(response));
  });
}

void Api::post_scan(const CallPtr& call) {
  std::string code;
  CheckInOptions options;
  options.request = call->command;
  const bool read = call->read_body([&](const JsonValue& json) {
    json.only({"code", "gate"});
    if (const auto text = json.need("code")) code = text->text(1, 1'000);
    if (const auto gate = json.need("gate")) options.gate = gate->text(1, limits::short_name_bytes);
  });
  if (!read) return;
  with_event(call, [this, call, code, options](const std::shared_ptr<OpenEvent>& event) {
    const auto command = event->event.check_in_command(code, options);
    if (!command) return call->refuse(command.refusal());
    submit(call, event, *command, [this, call, event](const Answer& answer) {
      const auto admission = event->event.to<Admission>(answer);
      if (!admission) return call->refuse(admission.refusal());
      JsonWriter json;
      json.open_object().key("ticket").text(to_string(admission->ticket)).key("place").text(admission->place);
      if (answer.order && answer.event && admission->ticket.number >= 1 &&
          admission->ticket.number <= answer.order->tickets.size()) {
        const std::size_t type = answer.order->tickets[admission->ticket.number - 1].ticket_type;
        const auto& types = answer.event->settings().prices.ticket_types();
        if (type < types.size()) json.key("ticket_type").text(types[type]);
      }
      call->json(200,
                 json.key("gate").text(admission->gate).key("at").time(admission->at).close_object().take());
    });
  });
}

}  // namespace server
