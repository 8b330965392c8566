#include "ticketcore/log/log.hpp"

#include <array>
#include <limits>

#include "ticketcore/base/crc32c.hpp"
#include "ticketcore/base/detail/wire_reader.hpp"
#include "ticketcore/base/time_zone.hpp"
#include "ticketcore/sale/detail/record_bytes.hpp"
#include "ticketcore/venue/detail/seat_map_bytes.hpp"

namespace ticketcore {
namespace {

using detail::write_area_quantities;
using detail::write_places;
using detail::write_rising;
using detail::write_seat_map;
using detail::write_settings;
using wire::Reader;
using wire::Writer;

constexpr std::array<std::uint8_t, 4> entry_magic = {'t', 'k', 'l', 'g'};
// magic, version, three reserved bytes, total length, checksum, previous checksum, revision, turn, fact count
constexpr std::size_t length_at = 8;
constexpr std::size_t checksum_at = 12;
constexpr std::size_t after_checksum = 16;
constexpr std::size_t fact_count_at = 36;
constexpr std::size_t entry_header_size = 40;
constexpr std::size_t fact_size_min = 5;  // its length and its tag

// Facts from this tag up may be skipped by readers that do not know them; one below means the reader is too
// old.
constexpr std::uint8_t first_optional_tag = 64;

// In every fact: its request, and the digest of the command that was granted.
constexpr std::uint32_t request_field = 1;
constexpr std::uint32_t digest_field = 15;

[[nodiscard]] std::uint64_t epoch(std::chrono::sys_seconds time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}
[[nodiscard]] std::chrono::sys_seconds read_seconds(Reader& in) {
  return std::chrono::sys_seconds{std::chrono::seconds{in.number_field()}};
}

template <class Append>
void read_rising(Reader in, Append&& append) {
  std::int64_t last = 0;
  while (!in.at_end()) {
    const std::int64_t step = in.signed_varint();
    if (step > std::numeric_limits<std::uint32_t>::max() ||
        step < -std::int64_t{std::numeric_limits<std::uint32_t>::max()})
      in.damaged("a list steps out of range");
    last += step;
    if (last < 0 || last > std::numeric_limits<std::uint32_t>::max())
      in.damaged("a list holds a number out of range");
    append(static_cast<std::uint32_t>(last));
  }
}

[[nodiscard]] PriceList::Line read_price_line(Reader in) {
  PriceList::Line line;
  while (const std::uint32_t field = in.next_field()) {
    switch (field) {
      case 1: line.category = in.text_field(); break;
      case 2: line.ticket_type = static_cast<std::uint16_t>(in.number_field(limits::ticket_types - 1)); break;
      case 3: line.amount = in.signed_field(); break;
      default: in.skip();
    }
  }
  if (line.amount < 0 || line.amount > limits::amount) in.damaged("a price is out of range");
  return line;
}

[[nodiscard]] EventSettings read_settings(Reader in) {
  EventSettings settings;
  settings.policy = {0, 0, 0, std::chrono::seconds{0}};
  std::string currency;
  std::vector<std::string> types;
  std::vector<PriceList::Line> lines;
  std::int64_t per_ticket = 0;
  std::int64_t per_order = 0;
  std::uint32_t tax = 0;
  while (const std::uint32_t field = in.next_field()) {
    switch (field) {
      case 1: settings.name = in.text_field(); break;
      case 2: settings.venue = in.text_field(); break;
      case 3: settings.starts_at = Timestamp{std::chrono::microseconds{in.signed_field()}}; break;
      case 4: currency = in.text_field(); break;
      case 5: types.push_back(in.text_field()); break;
      case 6: lines.push_back(read_price_line(in.group_field())); break;
      case 7: per_ticket = in.signed_field(); break;
      case 8: per_order = in.signed_field(); break;
      case 9: tax = in.number_field(limits::tax_basis_points); break;
      case 10: settings.policy.places_per_hold = in.number_field(limits::places_per_hold); break;
      case 11: settings.policy.holds_per_holder = in.number_field(); break;
      case 12: settings.policy.places_per_holder = in.number_field(); break;
      case 13: settings.policy.hold_lifetime = std::chrono::seconds{in.number_field()}; break;
      case 14: settings.time_zone = in.text_field(); break;
      default: in.skip();
    }
  }
  if (!settings.time_zone.empty() && !is_time_zone_name(settings.time_zone))
    in.damaged("an event's time zone is no zone's name");
  const auto parsed = Currency::parse(currency);
  if (!parsed) in.damaged("an event has no currency that is known");
  if (types.size() > limits::ticket_types || lines.size() > limits::prices || per_ticket < 0 ||
      per_ticket > limits::amount || per_order < 0 || per_order > limits::amount)
    in.damaged("a price list is out of range");
  for (const PriceList::Line& line : lines) {
    if (line.ticket_type >= types.size()) in.damaged("a price names a ticket type that does not exist");
  }
  settings.prices = PriceList(*parsed, std::move(types), std::move(lines), per_ticket, per_order, tax);
  return settings;
}

void write_body(Writer& out, const EventCreated& fact) {
  out.field(2, fact.event.text());
  write_settings(out, 3, fact.settings);
  out.group(4, [&] { write_seat_map(out, *fact.seat_map); });
  out.field(5, static_cast<std::uint64_t>(fact.sale));
}
void write_body(Writer& out, const EventConfigured& fact) { write_settings(out, 2, fact.settings); }
void write_body(Writer& out, const SaleStatusChanged& fact) {
  out.field(2, static_cast<std::uint64_t>(fact.status));
}
void write_body(Writer& out, const HoldPlaced& fact) {
  out.field(2, fact.holder.text());
  write_places(out, 3, fact.places);
  write_area_quantities(out, 4, fact.areas);
  out.field(5, epoch(fact.expires_at));
}
void write_body(Writer& out, const HoldExtended& fact) {
  out.field(2, fact.hold);
  out.field(3, epoch(fact.expires_at));
}
void write_body(Writer& out, const HoldReleased& fact) { out.field(2, fact.hold); }
void write_body(Writer& out, const HoldExpired& fact) { out.field(2, fact.hold); }
void write_body(Writer& out, const HoldQuoted& fact) {
  out.field(2, fact.hold);
  for (const QuoteLine& line : fact.price.lines) {
    out.group(3, [&] {
      out.varint(line.category.value);
      out.varint(line.ticket_type);
      out.varint(line.count);
      out.signed_varint(line.unit_price);
    });
  }
  out.signed_field(4, fact.price.fee_per_ticket);
  out.signed_field(5, fact.price.fee_per_order);
  out.signed_field(6, fact.price.total);
  out.signed_field(7, fact.price.tax);
}
void write_body(Writer& out, const OrderPlaced& fact) {
  out.field(2, fact.hold);
  out.field(3, std::uint64_t{fact.number});
  out.field(4, fact.payment.method);
  out.field(5, fact.payment.reference);
  out.signed_field(6, fact.payment.amount);
}
void write_body(Writer& out, const TicketsRefunded& fact) {
  out.field(2, fact.order);
  write_rising(out, 3, fact.tickets);
  out.signed_field(4, fact.amount);
  out.field(5, fact.reference);
}
void write_body(Writer& out, const TicketAdmitted& fact) {
  out.field(2, fact.ticket.order);
  out.field(3, std::uint64_t{fact.ticket.number});
  out.field(4, fact.gate);
}
void read_places(Reader in, PlaceList& places) {
  read_rising(in, [&](std::uint32_t place) { places.push_back({place}); });
}

// Each reads the field just announced, or skips one that it does not know.
void read_field(Reader& in, std::uint32_t field, EventCreated& fact) {
  switch (field) {
    case 2: fact.event = in.text_field(); break;
    case 3: fact.settings = read_settings(in.group_field()); break;
    case 4: {
      Reader map = in.group_field();
      fact.seat_map = std::make_shared<const SeatMap>(decode_seat_map(map.bytes(map.left()), in.what()));
      break;
    }
    case 5: fact.sale = static_cast<SaleStatus>(in.number_field(1)); break;
    default: in.skip();
  }
}
void read_field(Reader& in, std::uint32_t field, EventConfigured& fact) {
  if (field == 2) {
    fact.settings = read_settings(in.group_field());
  } else {
    in.skip();
  }
}
void read_field(Reader& in, std::uint32_t field, SaleStatusChanged& fact) {
  if (field == 2) {
    fact.status = static_cast<SaleStatus>(in.number_field(1));
  } else {
    in.skip();
  }
}
void read_field(Reader& in, std::uint32_t field, HoldPlaced& fact) {
  switch (field) {
    case 2: fact.holder = in.text_field(); break;
    case 3: read_places(in.group_field(), fact.places); break;
    case 4: {
      Reader held = in.group_field();
      const std::uint32_t area = held.number();
      fact.areas.push_back({{area}, held.number(limits::area_capacity)});
      break;
    }
    case 5: fact.expires_at = read_seconds(in); break;
    default: in.skip();
  }
}
void read_field(Reader& in, std::uint32_t field, HoldExtended& fact) {
  switch (field) {
    case 2: fact.hold = HoldId{in.id_field()}; break;
    case 3: fact.expires_at = read_seconds(in); break;
    default: in.skip();
  }
}
void read_field(Reader& in, std::uint32_t field, HoldReleased& fact) {
  if (field == 2) {
    fact.hold = HoldId{in.id_field()};
  } else {
    in.skip();
  }
}
void read_field(Reader& in, std::uint32_t field, HoldExpired& fact) {
  if (field == 2) {
    fact.hold = HoldId{in.id_field()};
  } else {
    in.skip();
  }
}
void read_field(Reader& in, std::uint32_t field, HoldQuoted& fact) {
  switch (field) {
    case 2: fact.hold = HoldId{in.id_field()}; break;
    case 3: {
      Reader line = in.group_field();
      QuoteLine read;
      read.category = {line.number(limits::categories)};
      read.ticket_type = static_cast<std::uint16_t>(line.number(limits::ticket_types));
      read.count = line.number(limits::places_per_hold);
      read.unit_price = line.signed_varint();
      fact.price.lines.push_back(read);
      break;
    }
    case 4: fact.price.fee_per_ticket = in.signed_field(); break;
    case 5: fact.price.fee_per_order = in.signed_field(); break;
    case 6: fact.price.total = in.signed_field(); break;
    case 7: fact.price.tax = in.signed_field(); break;
    default: in.skip();
  }
}
void read_field(Reader& in, std::uint32_t field, OrderPlaced& fact) {
  switch (field) {
    case 2: fact.hold = HoldId{in.id_field()}; break;
    case 3: fact.number = in.number_field(); break;
    case 4: fact.payment.method = in.text_field(); break;
    case 5: fact.payment.reference = in.text_field(); break;
    case 6: fact.payment.amount = in.signed_field(); break;
    default: in.skip();
  }
}
void read_field(Reader& in, std::uint32_t field, TicketsRefunded& fact) {
  switch (field) {
    case 2: fact.order = OrderId{in.id_field()}; break;
    case 3:
      read_rising(in.group_field(), [&](std::uint32_t number) { fact.tickets.push_back(number); });
      break;
    case 4: fact.amount = in.signed_field(); break;
    case 5: fact.reference = in.text_field(); break;
    default: in.skip();
  }
}
void read_field(Reader& in, std::uint32_t field, TicketAdmitted& fact) {
  switch (field) {
    case 2: fact.ticket.order = OrderId{in.id_field()}; break;
    case 3: fact.ticket.number = in.number_field(); break;
    case 4: fact.gate = in.text_field(); break;
    default: in.skip();
  }
}
template <class Body>
[[nodiscard]] Fact read_fact(Reader in) {
  Fact fact{{}, Body{}};
  Body& body = std::get<Body>(fact.body);
  while (const std::uint32_t field = in.next_field()) {
    switch (field) {
      case request_field: fact.request = RequestId{in.id_field()}; break;
      case digest_field: fact.digest = in.varint_field(); break;
      default: read_field(in, field, body);
    }
  }
  if constexpr (std::is_same_v<Body, EventCreated>) {
    if (body.seat_map == nullptr || body.event.empty()) in.damaged("an event lacks its id or its seat map");
  }
  return fact;
}

template <std::size_t alternative = 0>
[[nodiscard]] bool read_known_fact(std::uint8_t tag, const Reader& in, std::vector<Fact>& facts) {
  if constexpr (alternative == std::variant_size_v<FactBody>) {
    return false;
  } else {
    using Body = std::variant_alternative_t<alternative, FactBody>;
    if (tag != Body::tag) return read_known_fact<alternative + 1>(tag, in, facts);
    facts.push_back(read_fact<Body>(in));
    return true;
  }
}

[[nodiscard]] std::uint32_t checksum_of(BytesView entry) {
  return crc32c(entry.subspan(after_checksum), crc32c(entry.first(checksum_at)));
}

}  // namespace

struct EntryWriter::Body {
  Writer out;
  std::uint32_t facts = 0;
  std::uint32_t checksum = 0;
};

EntryWriter::EntryWriter() : body_(std::make_unique<Body>()) {}
EntryWriter::~EntryWriter() = default;
EntryWriter::EntryWriter(EntryWriter&&) noexcept = default;
EntryWriter& EntryWriter::operator=(EntryWriter&&) noexcept = default;

void EntryWriter::begin(const EntryHeader& header) {
  Writer& out = body_->out;
  out.clear();
  body_->facts = 0;
  out.raw(entry_magic.data(), entry_magic.size());
  out.fixed(std::uint32_t{log_format_version});
  out.fixed(std::uint32_t{0});
  out.fixed(std::uint32_t{0});
  out.fixed(header.previous_checksum);
  out.fixed(header.revision);
  out.fixed(static_cast<std::int64_t>(header.turn.time_since_epoch().count()));
  out.fixed(std::uint32_t{0});
}

void EntryWriter::add(const Fact& fact) {
  Writer& out = body_->out;
  const std::size_t length_at_fact = out.size();
  out.fixed(std::uint32_t{0});
  out.u8(tag_of(fact.body));
  out.field(request_field, fact.request);
  out.field(digest_field, fact.digest);
  std::visit([&](const auto& body) { write_body(out, body); }, fact.body);
  out.patch(length_at_fact, static_cast<std::uint32_t>(out.size() - length_at_fact - 4));
  ++body_->facts;
}

std::uint32_t EntryWriter::fact_count() const noexcept { return body_->facts; }
std::size_t EntryWriter::size_bytes() const noexcept { return body_->out.size(); }
std::uint32_t EntryWriter::checksum() const noexcept { return body_->checksum; }

BytesView EntryWriter::finish() {
  Writer& out = body_->out;
  out.patch(length_at, static_cast<std::uint32_t>(out.size()));
  out.patch(fact_count_at, body_->facts);
  body_->checksum = checksum_of(out.view());
  out.patch(checksum_at, body_->checksum);
  return out.view();
}

EntryHeader decode_entry_header(BytesView bytes, std::string_view what) {
  Reader in(bytes, what);
  if (bytes.size() < entry_header_size || !std::equal(entry_magic.begin(), entry_magic.end(), bytes.begin()))
    in.damaged("it does not begin like a log entry");
  if (bytes[4] > log_format_version) {
    throw StorageNewer(std::string(what) + " has format version " + std::to_string(bytes[4]) +
                       "; this library reads up to " + std::to_string(log_format_version) + ": update it");
  }
  in.bytes(length_at);
  EntryHeader header;
  if (in.fixed<std::uint32_t>() != bytes.size()) in.damaged("its length is not what its header says");
  header.checksum = in.fixed<std::uint32_t>();
  if (header.checksum != checksum_of(bytes)) in.damaged("its checksum does not match");
  header.previous_checksum = in.fixed<std::uint32_t>();
  header.revision = in.fixed<std::uint64_t>();
  header.turn = Timestamp{std::chrono::microseconds{in.fixed<std::int64_t>()}};
  if (header.turn < Timestamp{} || header.turn > Timestamp{std::chrono::seconds{limits::turn_latest}})
    in.damaged("its turn is at no possible time");
  return header;
}

LogEntry decode_entry(BytesView bytes, std::string_view what) {
  LogEntry entry;
  entry.header = decode_entry_header(bytes, what);
  Reader in(bytes.subspan(fact_count_at), what);
  const auto fact_count = in.fixed<std::uint32_t>();
  if (fact_count > in.left() / fact_size_min) in.damaged("a count is larger than what follows");
  entry.facts.reserve(fact_count);
  for (std::uint32_t fact = 0; fact < fact_count; ++fact) {
    const auto size = in.fixed<std::uint32_t>();
    Reader record(in.bytes(size), what);
    const std::uint8_t tag = record.u8();
    try {
      if (read_known_fact(tag, record, entry.facts)) continue;
    } catch (const std::invalid_argument& error) {
      in.damaged(error.what());
    }
    if (tag < first_optional_tag) {
      throw StorageNewer(std::string(what) + " holds a fact of kind " + std::to_string(tag) +
                         ", which this library does not know: update it");
    }
    ++entry.skipped_facts;
  }
  if (!in.at_end()) in.damaged("something follows its last fact");
  return entry;
}

}  // namespace ticketcore
