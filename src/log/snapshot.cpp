#include "ticketcore/log/snapshot.hpp"

#include <algorithm>
#include <array>

#include "base/wire.hpp"
#include "ticketcore/base/crc32c.hpp"
#include "ticketcore/log/log.hpp"

namespace ticketcore {
namespace {

using wire::Reader;
using wire::Writer;

constexpr std::array<std::uint8_t, 4> snapshot_magic = {'t', 'k', 's', 'n'};
// magic, version, three reserved bytes, checksum of all that follows
constexpr std::size_t snapshot_checksum_at = 8;
constexpr std::size_t snapshot_header_size = 12;
// What a record takes at the least: room is made for as many as there can be, not for as many as there are
// said to be.
constexpr std::size_t holder_size_min = 2;
constexpr std::size_t order_size_min = 33;
constexpr std::size_t request_size_min = 32;

void write_quote(Writer& out, const QuotedPrice& quote) {
  out.varint(quote.lines.size());
  for (const QuoteLine& line : quote.lines) {
    out.varint(line.category.value);
    out.varint(line.ticket_type);
    out.varint(line.count);
    out.signed_varint(line.unit_price);
  }
  for (const std::int64_t amount : {quote.fee_per_ticket, quote.fee_per_order, quote.total, quote.tax})
    out.signed_varint(amount);
}

[[nodiscard]] std::unique_ptr<QuotedPrice> read_quote(Reader& in) {
  auto quote = std::make_unique<QuotedPrice>();
  for (std::size_t left = in.count(); left > 0; --left) {
    QuoteLine line;
    line.category = {in.number(limits::categories)};
    line.ticket_type = static_cast<std::uint16_t>(in.number(limits::ticket_types));
    line.count = in.number(limits::places_per_hold);
    line.unit_price = in.signed_varint();
    quote->lines.push_back(line);
  }
  for (std::int64_t* amount : {&quote->fee_per_ticket, &quote->fee_per_order, &quote->total, &quote->tax})
    *amount = in.signed_varint();
  return quote;
}

}  // namespace

/// Knows EventState's arrays; what can be derived from others is left out and indexed anew.
class SnapshotCodec {
 public:
  static void write(Writer& out, const EventState& state) {
    write_event(out, state);
    write_holds(out, state);
    write_orders(out, state);
    out.varint(state.requests_.size());
    for (const RememberedRequest& request : state.requests_) {
      out.id(request.request);
      out.fixed(request.digest);
      out.varint(std::uint64_t{request.revision});
      out.fixed(request.turn);
      out.u8(static_cast<std::uint8_t>(request.tag));
      out.u8(static_cast<std::uint8_t>(request.hold_end));
      out.varint(request.order);
    }
  }

  static void read(Reader& in, EventState& state) {
    read_event(in, state);
    read_holds(in, state);
    read_orders(in, state);
    const std::size_t remembered = in.count(request_size_min);
    if (remembered > limits::remembered_requests) in.damaged("it remembers more requests than an event does");
    for (std::size_t left = remembered; left > 0; --left) {
      RememberedRequest request;
      request.request = RequestId{in.id()};
      request.digest = in.fixed<std::uint64_t>();
      request.revision = in.varint() & 0xFFFF'FFFF'FFFFULL;
      request.turn = in.fixed<std::uint32_t>();
      request.tag = in.u8();
      request.hold_end = static_cast<HoldEnd>(std::min<unsigned>(in.u8(), 3));
      request.order = in.number(static_cast<std::uint32_t>(state.orders_.size()));
      state.requests_.push_back(request);
    }
    if (!in.at_end()) in.damaged("something follows its end");
    index(in, state);
  }

 private:
  // The event itself travels as the fact that would create it now.
  static void write_event(Writer& out, const EventState& state) {
    EntryWriter entry;
    entry.begin({1, state.time_, 0, 0});
    entry.add({{}, EventCreated{state.event_, *state.settings_, state.seat_map_, state.sale_status_}});
    const BytesView bytes = entry.finish();
    out.varint(bytes.size());
    out.raw(bytes.data(), bytes.size());
    out.varint(state.short_names_.size());
    for (const std::string& name : state.short_names_) out.text(name);
    out.varint(state.holders_.size());
    for (const HolderRecord& holder : state.holders_) {
      out.text(holder.name);
      out.varint(holder.bought);
    }
  }
  static void read_event(Reader& in, EventState& state) {
    const std::size_t size = in.count();
    LogEntry entry = decode_entry(in.bytes(size), in.what());
    if (entry.facts.size() != 1 || !std::holds_alternative<EventCreated>(entry.facts.front().body))
      in.damaged("it holds no event");
    state.apply(entry.facts.front(), {0, entry.header.turn});
    for (std::size_t left = in.count(); left > 0; --left) state.short_names_.push_back(in.text());
    state.holders_.resize(in.count(holder_size_min));
    for (HolderRecord& holder : state.holders_) {
      holder.name = in.text();
      holder.bought = in.number();
    }
  }

  static void write_holds(Writer& out, const EventState& state) {
    out.varint(state.open_holds_);
    for (const HoldRecord& hold : state.holds_) {
      if (hold.expires_at == 0) continue;
      out.id(hold.id);
      out.varint(hold.holder);
      out.fixed(hold.placed_at);
      out.fixed(hold.expires_at);
      out.varint(hold.places.size());
      for (const PlaceIndex place : hold.places) out.varint(place.value);
      out.varint(hold.areas.size());
      for (const AreaQuantity& held : hold.areas) {
        out.varint(held.area.value);
        out.varint(held.quantity);
      }
      out.u8(hold.quote ? 1 : 0);
      if (hold.quote) write_quote(out, *hold.quote);
    }
  }
  static void read_holds(Reader& in, EventState& state) {
    const std::size_t count = in.count();
    for (std::size_t slot = 0; slot < count; ++slot) {
      HoldRecord& hold = state.holds_.emplace_back();
      hold.id = HoldId{in.id()};
      hold.holder = in.number();
      hold.placed_at = in.fixed<std::uint32_t>();
      hold.expires_at = in.fixed<std::uint32_t>();
      for (std::size_t left = in.count(); left > 0; --left) hold.places.push_back({in.number()});
      for (std::size_t left = in.count(); left > 0; --left) {
        const std::uint32_t area = in.number();
        hold.areas.push_back({{area}, in.number(limits::area_capacity)});
      }
      if (in.u8() != 0) hold.quote = read_quote(in);
    }
  }

  static void write_orders(Writer& out, const EventState& state) {
    out.varint(state.orders_.size());
    for (const OrderRecord& order : state.orders_) {
      out.id(order.id);
      out.fixed(static_cast<std::int64_t>(order.placed_at.time_since_epoch().count()));
      for (const std::int64_t amount :
           {order.fee_per_ticket, order.fee_per_order, order.total, order.tax, order.refunded})
        out.signed_varint(amount);
      out.text(order.payment_reference);
      out.varint(order.holder);
      out.varint(order.ticket_count);
      out.varint(order.payment_method);
    }
    for (const TicketRecord& ticket : state.tickets_) {
      out.signed_varint(ticket.price);
      out.fixed(ticket.where);
      out.varint(ticket.ticket_type);
      out.fixed(ticket.gate);
      out.varint(ticket.admitted_at);
    }
  }
  static void read_orders(Reader& in, EventState& state) {
    const std::size_t count = in.count(order_size_min);
    state.orders_.reserve(count);
    for (std::size_t index = 0; index < count; ++index) {
      OrderRecord& order = state.orders_.emplace_back();
      order.id = OrderId{in.id()};
      order.placed_at = Timestamp{std::chrono::microseconds{in.fixed<std::int64_t>()}};
      for (std::int64_t* amount :
           {&order.fee_per_ticket, &order.fee_per_order, &order.total, &order.tax, &order.refunded})
        *amount = in.signed_varint();
      order.payment_reference = in.text();
      order.holder = in.number();
      order.ticket_count = in.number(limits::places_per_hold);
      order.payment_method = static_cast<std::uint16_t>(in.number(limits::short_names));
    }
    for (std::uint32_t index = 0; index < count; ++index) {
      OrderRecord& order = state.orders_[index];
      order.first_ticket = static_cast<std::uint32_t>(state.tickets_.size());
      for (std::uint32_t left = order.ticket_count; left > 0; --left) {
        TicketRecord ticket;
        ticket.price = in.signed_varint();
        ticket.where = in.fixed<std::uint32_t>();
        ticket.order = index;
        ticket.ticket_type = static_cast<std::uint16_t>(in.number(limits::ticket_types));
        ticket.gate = in.fixed<std::uint16_t>();
        ticket.admitted_at = in.number();
        if (!ticket.refunded()) ++order.live_tickets;
        state.tickets_.push_back(ticket);
      }
    }
  }

  /// Rebuilds what follows from the records, checking every index on the way.
  static void index(Reader& in, EventState& state) {
    for (std::uint32_t slot = 0; slot < state.short_names_.size(); ++slot)
      state.short_name_table_.insert(state.hash(state.short_names_[slot]), slot);
    index_holders(in, state);
    state.request_table_.reserve(state.requests_.size());
    for (std::uint32_t at = 0; at < state.requests_.size(); ++at)
      state.request_table_.insert(state.hash(state.requests_[at].request), at);
    index_holds(in, state);
    index_tickets(in, state);
    for (std::uint32_t slot = 0; slot < state.holders_.size(); ++slot) {
      if (!state.holders_[slot].name.empty()) state.forget_idle_holder(slot);
    }
  }
  static void index_holders(Reader& in, EventState& state) {
    if (state.short_names_.size() > limits::short_names)
      in.damaged("it has too many gates and payment methods");
    state.holder_table_.reserve(state.holders_.size());
    for (std::uint32_t slot = 0; slot < state.holders_.size(); ++slot) {
      const std::string& name = state.holders_[slot].name;
      if (name.empty()) {
        state.free_holder_slots_.push_back(slot);
      } else {
        if (state.find_holder_slot(name, state.hash(name)) != SlotTable::none)
          in.damaged("a holder stands twice");
        state.holder_table_.insert(state.hash(name), slot);
      }
    }
  }
  static void take(Reader& in, EventState& state, PlaceIndex place, std::uint32_t code, std::uint32_t owner) {
    if (place.value >= state.codes_.size() || state.codes_[place.value] != place_code::free)
      in.damaged("a place has two owners or does not exist");
    state.codes_[place.value] = code;
    state.owners_[place.value] = owner;
    state.free_->take(place);
  }
  static void index_holds(Reader& in, EventState& state) {
    for (std::uint32_t slot = 0; slot < state.holds_.size(); ++slot) {
      HoldRecord& hold = state.holds_[slot];
      if (hold.holder >= state.holders_.size() || state.holders_[hold.holder].name.empty() ||
          hold.expires_at <= place_code::killed)
        in.damaged("a hold is out of range");
      if (hold.id.is_zero() || state.hold_slot(hold.id, state.hash(hold.id)) != SlotTable::none)
        in.damaged("two holds carry one id");
      for (const PlaceIndex place : hold.places) take(in, state, place, hold.expires_at, slot);
      hold.admissions = static_cast<std::uint32_t>(hold.places.size());
      state.held_places_ += hold.admissions;
      for (const AreaQuantity& held : hold.areas) {
        if (held.area.value >= state.areas_.size() || held.quantity > state.area_free(held.area))
          in.damaged("a hold's area is out of range");
        state.areas_[held.area.value].held += held.quantity;
        state.areas_[held.area.value].quantity_by_deadline.add(hold.expires_at,
                                                               static_cast<std::int32_t>(held.quantity));
        hold.admissions += held.quantity;
      }
      if (hold.quote) state.check_quote(*hold.quote, hold.admissions);
      state.holders_[hold.holder].open_holds += 1;
      state.holders_[hold.holder].held += hold.admissions;
      state.hold_table_.insert(state.hash(hold.id), slot);
      state.deadlines_.set(slot, hold.expires_at);
      ++state.open_holds_;
    }
  }
  [[nodiscard]] static bool is_amount(std::int64_t amount) { return amount >= 0 && amount <= limits::amount; }
  static void index_tickets(Reader& in, EventState& state) {
    state.order_table_.reserve(state.orders_.size());
    for (std::uint32_t index = 0; index < state.orders_.size(); ++index) {
      const OrderRecord& order = state.orders_[index];
      if (order.holder >= state.holders_.size() || state.holders_[order.holder].name.empty() ||
          order.payment_method >= state.short_names_.size())
        in.damaged("an order is out of range");
      if (!is_amount(order.fee_per_ticket) || !is_amount(order.fee_per_order))
        in.damaged("an order's fee is out of range");
      if (order.id.is_zero() || state.order_index(order.id, state.hash(order.id)) != SlotTable::none)
        in.damaged("two orders carry one id");
      state.holders_[order.holder].has_ordered = true;
      state.order_table_.insert(state.hash(order.id), index);
    }
    for (std::uint32_t at = 0; at < state.tickets_.size(); ++at) {
      const TicketRecord& ticket = state.tickets_[at];
      const bool at_gate = ticket.gate < TicketRecord::refunded_gate;
      if (at_gate && ticket.gate >= state.short_names_.size())
        in.damaged("a ticket names a gate that does not exist");
      if (at_gate != (ticket.admitted_at != 0))
        in.damaged("a ticket was admitted without a gate, or not admitted at one");
      // Refunded ones are still shown with their order.
      const bool exists =
          ticket.in_area() ? ticket.area().value < state.areas_.size() : ticket.where < state.codes_.size();
      if (!exists || !is_amount(ticket.price) ||
          ticket.ticket_type >= state.settings_->prices.ticket_types().size())
        in.damaged("a ticket is out of range");
      if (ticket.refunded()) continue;
      if (!ticket.in_area()) {
        take(in, state, ticket.place(), place_code::sold, at);
        ++state.sold_places_;
      } else {
        if (state.area_free(ticket.area()) == 0) in.damaged("an area is sold beyond its capacity");
        state.areas_[ticket.area().value].sold += 1;
      }
    }
  }
};

Bytes encode_snapshot(const EventState& state, Revision revision, std::uint32_t checksum) {
  Writer out;
  out.raw(snapshot_magic.data(), snapshot_magic.size());
  out.fixed(std::uint32_t{snapshot_format_version});
  out.fixed(std::uint32_t{0});
  out.fixed(revision);
  out.fixed(checksum);
  SnapshotCodec::write(out, state);
  out.patch(snapshot_checksum_at, crc32c(out.view().subspan(snapshot_header_size)));
  return out.take();
}

std::optional<StateAtRevision> decode_snapshot(BytesView bytes, std::string_view what, const HashKey& key) {
  Reader in(bytes, what);
  if (bytes.size() < snapshot_header_size ||
      !std::equal(snapshot_magic.begin(), snapshot_magic.end(), bytes.begin()))
    in.damaged("it does not begin like a snapshot");
  if (bytes[4] != snapshot_format_version) return std::nullopt;
  in.bytes(snapshot_checksum_at);
  if (in.fixed<std::uint32_t>() != crc32c(bytes.subspan(snapshot_header_size)))
    in.damaged("its checksum does not match");
  StateAtRevision read{EventState(key), 0, 0};
  read.revision = in.fixed<std::uint64_t>();
  read.checksum = in.fixed<std::uint32_t>();
  try {
    SnapshotCodec::read(in, read.state);
  } catch (const InvariantBroken& error) {
    in.damaged(error.what());
  } catch (const StorageNewer&) {
    return std::nullopt;  // The event in it is written as the log has it; if the log needs a newer version
                          // too, reading that says so.
  }
  return read;
}

}  // namespace ticketcore
