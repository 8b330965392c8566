#include "payments/orders.hpp"

#include <algorithm>
#include <charconv>

#include "api/time_zone.hpp"
#include "ticketcore/base/json_writer.hpp"
#include "ticketcore/base/time_zone.hpp"
#include "ticketcore/formats/json_reader.hpp"
#include "ticketcore/tickets/ticket_svg.hpp"

namespace server {
namespace {

using namespace ticketcore;

/// Orders looked at for one page, so that a search that finds nothing ends.
constexpr std::size_t orders_searched = 1'000;

/// An order out of the event's state, with the gates that its tickets came in by.
struct OrderSeen {
  std::shared_ptr<const OrderCopy> copy{};
  std::vector<std::string> gates{};
};

[[nodiscard]] OrderSeen see_order(const EventState& state, OrderId id) {
  OrderSeen seen{copy_order(state, id), {}};
  if (!seen.copy) return seen;
  for (const TicketRecord& ticket : seen.copy->tickets)
    seen.gates.push_back(ticket.admitted_at != 0 ? state.short_names()[ticket.gate] : "");
  return seen;
}

[[nodiscard]] OrderSeen see_order(const OpenEvent& event, OrderId id) {
  OrderSeen seen;
  event.event.inspect([&](const EventState& state) { seen = see_order(state, id); });
  return seen;
}

[[nodiscard]] std::optional<Order> to_order(const OpenEvent& event, const OrderSeen& seen) {
  if (!seen.copy) return std::nullopt;
  Answer answer;
  answer.request = RequestId{seen.copy->order.id};
  answer.outcome = Fact{answer.request, OrderPlaced{}};
  answer.order = seen.copy;
  answer.event = event.event.availability();
  auto order = event.event.to<Order>(answer);
  return order ? std::optional<Order>(std::move(order).value()) : std::nullopt;
}

[[nodiscard]] std::string_view status_of(const OrderRecord& order) {
  if (order.live_tickets == 0) return "refunded";
  return order.live_tickets < order.ticket_count ? "partly_refunded" : "paid";
}

struct OrderJson {
  const OpenEvent& event;
  const OrderSeen& seen;
  const Order& order;
  const std::optional<Buyer>& buyer;
  std::string token;
  const BoxOffice& office;

  void write_ticket(JsonWriter& json, std::size_t index) const {
    const Ticket& ticket = order.tickets[index];
    const TicketRecord& record = seen.copy->tickets[index];
    const std::string id = to_string(ticket.id);
    json.open_object()
        .key("id")
        .text(id)
        .key("code")
        .text(office.code(ticket))
        .key("place")
        .text(ticket.place)
        .key("section")
        .text(ticket.section);
    json.key("row")
        .text(ticket.row)
        .key("seat")
        .text(ticket.seat)
        .key("category")
        .text(ticket.category)
        .key("ticket_type")
        .text(ticket.ticket_type);
    json.key("price").money(ticket.price);
    json.key("status").text(record.refunded() ? "refunded" : record.admitted_at != 0 ? "admitted" : "valid");
    if (record.admitted_at != 0 && !record.refunded())
      json.key("admitted_at").time(from_epoch(record.admitted_at)).key("gate").text(seen.gates[index]);
    json.key("svg").text("/v1/events/" + order.tickets[index].event.text() + "/orders/" +
                         to_string(order.id) + "/tickets/" + id + ".svg");
    json.close_object();
  }

  [[nodiscard]] std::string write(bool for_staff = false) const {
    JsonWriter json(1024 + order.tickets.size() * 700);
    json.open_object()
        .key("id")
        .id(order.id)
        .key("number")
        .number(order.number)
        .key("token")
        .text(token)
        .key("event")
        .text(event.event.id().text());
    json.key("placed_at").time(order.placed_at).key("status").text(status_of(seen.copy->order));
    if (buyer)
      json.key("buyer")
          .open_object()
          .key("name")
          .text(buyer->name)
          .key("email")
          .text(buyer->email)
          .close_object();
    json.key("tickets").open_array();
    for (std::size_t index = 0; index < order.tickets.size(); ++index) write_ticket(json, index);
    json.close_array()
        .key("ticket_fees")
        .money(order.ticket_fees)
        .key("order_fee")
        .money(order.order_fee)
        .key("total")
        .money(order.total);
    json.key("tax")
        .money(order.tax)
        .key("refunded")
        .money({seen.copy->order.refunded, order.total.currency()});
    json.key("payment")
        .open_object()
        .key("method")
        .text(order.payment_method)
        .key("reference")
        .text(order.payment_reference)
        .close_object();
    if (for_staff && !order.note.empty()) json.key("note").text(order.note);
    return json.close_object().take();
  }
};

[[nodiscard]] std::string label_of(const SeatMap& map, std::uint32_t where) {
  if ((where & TicketRecord::area_bit) != 0) return map.label(AreaIndex{where & ~TicketRecord::area_bit});
  return map.label(PlaceIndex{where});
}

/// What tickets, pages and people put between the names of a place, or before an order's number.
[[nodiscard]] bool says_nothing(std::string_view word) {
  constexpr std::string_view words[] = {"row", "seat", "table", "booth", "no",   "order",
                                        "№",   "ряд",  "місце", "стіл",  "ложа", "замовлення"};
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

/// "Stalls, row D, seat 9", "stalls D-9" and "Stalls-D-9" are "stalls-d-9"; "No. 6" and "#6" are "6".
[[nodiscard]] std::string plain_words(std::string_view text) {
  std::string plain;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty() && !says_nothing(word)) plain += (plain.empty() ? "" : "-") + word;
    word.clear();
  };
  const std::string small = folded(text);
  for (std::size_t at = 0; at < small.size(); ++at) {
    const auto byte = static_cast<unsigned char>(small[at]);
    const bool belongs = byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z');
    if (!belongs) {
      end_word();
    } else {
      word += small[at];
      if (word == "№") end_word();
    }
  }
  end_word();
  return plain;
}

/// What a search compares orders with.
struct Words {
  explicit Words(const std::string& text) : small(folded(text)), plain(plain_words(text)) {}
  std::string small;
  std::string plain;

  [[nodiscard]] bool fit(const OrderCopy& order, const SeatMap& map) const {
    const std::string id = to_string(order.order.id);
    if (std::to_string(order.number) == plain || folded(order.order.payment_reference) == small) return true;
    if (small.starts_with(id)) return true;  // or a ticket's id
    return std::any_of(order.tickets.begin(), order.tickets.end(),
                       [&](const TicketRecord& ticket) { return fit(label_of(map, ticket.where)); });
  }
  /// A place, named in full or by its row and seat.
  [[nodiscard]] bool fit(const std::string& label) const {
    if (plain.empty()) return false;
    const std::string words = plain_words(label);
    return words == plain || (plain.find('-') != std::string::npos && words.ends_with("-" + plain));
  }
  [[nodiscard]] bool fit(const Buyer& buyer) const {
    return folded(buyer.name).find(small) != std::string::npos ||
           folded(buyer.email).find(small) != std::string::npos;
  }
};

[[nodiscard]] std::size_t number_of(const std::string& text, std::size_t otherwise) {
  std::size_t number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::string folded(std::string_view text) {
  std::string small;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const auto next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
    unsigned code = (byte == 0xD0 || byte == 0xD1 || byte == 0xD2) ? (byte & 0x1FU) << 6 | (next & 0x3FU) : 0;
    if (code >= 0x410 && code <= 0x42F) {
      code += 0x20;
    } else if (code >= 0x400 && code <= 0x40F) {
      code += 0x50;
    } else if (code == 0x490) {
      code = 0x491;
    } else {
      small += byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : text[at];
      continue;
    }
    small += static_cast<char>(0xC0U | code >> 6);
    small += static_cast<char>(0x80U | (code & 0x3FU));
    ++at;
  }
  return small;
}

void OrderBooks::put_buyer(OrderId order, const Buyer& buyer) {
  const std::string record = JsonWriter()
                                 .open_object()
                                 .key("name")
                                 .text(buyer.name)
                                 .key("email")
                                 .text(buyer.email)
                                 .close_object()
                                 .take();
  storage_.vault_put("buyer/" + to_string(order),
                     {reinterpret_cast<const std::uint8_t*>(record.data()), record.size()});
}

void OrderBooks::keep_buyer(OrderId order, const Buyer& buyer) {
  if (!this->buyer(order)) put_buyer(order, buyer);
}

void OrderBooks::erase_buyer_of_no_order(const OpenEvent& event, OrderId order) {
  const auto is_placed = [&] {
    event.event.refresh();
    bool placed = false;
    event.event.inspect([&](const EventState& state) { placed = state.orders().find(order) != nullptr; });
    return placed;
  };
  if (is_placed()) return;
  const auto who = buyer(order);
  if (!who) return;
  erase_buyer(order);
  // Another server may have granted the same request meanwhile, and have seen the record before it was
  // erased.
  if (is_placed()) put_buyer(order, *who);
}

void OrderBooks::erase_buyer(OrderId order) { storage_.vault_erase("buyer/" + to_string(order)); }

std::optional<Buyer> OrderBooks::buyer(OrderId order) const {
  const auto record = storage_.vault_get("buyer/" + to_string(order));
  if (!record) return std::nullopt;
  JsonDocument document({reinterpret_cast<const char*>(record->data()), record->size()});
  Buyer buyer;
  if (const auto name = document.root().need("name")) buyer.name = name->text(0, 1'000);
  if (const auto email = document.root().need("email")) buyer.email = email->text(0, 1'000);
  return buyer;
}

std::optional<std::string> OrderBooks::order_json(OpenEvent& event, OrderId id) const {
  const OrderSeen seen = see_order(event, id);
  const auto order = to_order(event, seen);
  if (!order) return std::nullopt;
  return OrderJson{event,
                   seen,
                   *order,
                   buyer(id),
                   secrets_.token("order", event.event.id().text(), to_string(id), event.event.revision()),
                   office_}
      .write();
}

Page OrderBooks::orders(OpenEvent& event, const std::string& position, std::uint32_t limit,
                        const std::string& words) const {
  const Words wanted(words);
  Page page;
  JsonWriter json(4096);
  json.open_array();
  std::size_t found = 0;
  std::size_t searched = 0;
  std::size_t before = number_of(position, SIZE_MAX);
  while (found < limit && before > 0 && searched < orders_searched) {
    // A few at a time: turns wait while the state is read.
    std::vector<OrderSeen> batch;
    std::shared_ptr<const SeatMap> map;
    event.event.inspect([&](const EventState& state) {
      map = state.seat_map();
      before = std::min(before, state.orders().size());
      for (std::size_t index = before; index > 0 && batch.size() < 100; --index)
        batch.push_back(see_order(state, state.orders()[index - 1].id));
    });
    for (const OrderSeen& seen : batch) {
      if (found == limit) break;
      --before;
      ++searched;
      const OrderId id = seen.copy->order.id;
      const auto who = buyer(id);
      if (!words.empty() && !wanted.fit(*seen.copy, *map) && !(who && wanted.fit(*who))) continue;
      const auto order = to_order(event, seen);
      if (!order) continue;
      json.raw(OrderJson{
          event, seen, *order, who,
          secrets_.token("order", event.event.id().text(), to_string(id), event.event.revision()), office_}
                   .write(true));
      ++found;
    }
  }
  if (before > 0 && before != SIZE_MAX) page.next = std::to_string(before);
  page.items = json.close_array().take();
  return page;
}

Page OrderBooks::seating(OpenEvent& event, const std::string& position, std::uint32_t limit,
                         const std::string& place) const {
  const std::string wanted = plain_words(place);
  SeatingOptions options{parse_seating_position(position), wanted.empty() ? limit : 500,
                         event.known_until({})};
  Page page;
  JsonWriter json(4096);
  json.open_array();
  std::uint32_t written = 0;
  do {
    const SeatingPage seats = event.event.seating(options);
    options.after = seats.next;
    for (const Occupant& seat : seats.occupants) {
      if (!plain_words(seat.place).starts_with(wanted)) continue;
      write_seat(json, seat);
      if (++written < limit) continue;
      const bool last = !seats.next && &seat == &seats.occupants.back();
      if (!last) page.next = to_string(seat.position);
      options.after.reset();
      break;
    }
  } while (options.after);
  page.items = json.close_array().take();
  return page;
}

void OrderBooks::write_seat(JsonWriter& json, const Occupant& seat) const {
  json.open_object().key("place").text(seat.place).key("status").text(to_string(seat.status));
  if (seat.quantity > 1) json.key("quantity").number(seat.quantity);
  if (seat.held_until) json.key("until").time(*seat.held_until);
  if (seat.ticket) {
    json.key("ticket_type").text(seat.ticket_type);
    json.key("order").id(seat.ticket->order).key("number").number(seat.order_number);
    if (const auto who = buyer(seat.ticket->order))
      json.key("buyer").open_object().key("name").text(who->name).close_object();
  }
  json.close_object();
}

std::optional<std::string> OrderBooks::ticket_picture(OpenEvent& event, const TicketId& id) const {
  const auto order = to_order(event, see_order(event, id.order));
  if (!order || id.number == 0 || id.number > order->tickets.size()) return std::nullopt;
  const Ticket& ticket = order->tickets[id.number - 1];
  const auto seen = event.event.availability();
  const SeatMap& map = seen->seat_map();
  const auto category = map.find_category(ticket.category);
  TicketPicture picture;
  picture.event = seen->settings().name;
  picture.venue = seen->settings().venue;
  picture.starts_at = people_time(seen->settings().starts_at, time_zone_of(seen->settings()));
  picture.section = ticket.section;
  picture.row = ticket.row;
  picture.seat = ticket.seat;
  if (ticket.row.empty()) picture.area = ticket.place;
  if (category) {
    const Category& drawn = map.categories()[category->value];
    picture.category = drawn.name.empty() ? drawn.key : drawn.name;
    if (!drawn.color.empty()) picture.category_color = drawn.color;
  }
  picture.ticket_type = ticket.ticket_type;
  picture.price = ticket.price.to_string();
  if (const auto who = buyer(id.order)) picture.holder = who->name;
  picture.order_number = std::to_string(order->number);
  picture.ticket_id = to_string(id);
  picture.code = office_.code(ticket);
  return ticket_svg(picture);
}

}  // namespace server
