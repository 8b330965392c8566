#pragma once
// Reads back the fields of facts and commands that detail/field_bytes.hpp writes.

#include <algorithm>
#include <functional>
#include <limits>

#include "ticketcore/base/detail/wire_reader.hpp"
#include "ticketcore/sale/detail/field_bytes.hpp"
#include "ticketcore/venue/seat_map_bytes.hpp"

namespace ticketcore {

/// tolerant: fields that the record does not declare are skipped, and a text is whatever bytes it has: so is
/// a log read, which a later version may have written. strict: such a field is damage, and so is a text that
/// is no UTF-8 or has a control character.
enum class Reading : std::uint8_t { tolerant, strict };

/// Finds the seat map that a fact names, and throws StorageDamaged where it can't.
using FindSeatMap = std::function<std::shared_ptr<const SeatMap>(const SeatMapHash&)>;

/// Reads records field by field. What is absent is zero or empty; what breaks a field's rule or is no value
/// of its type is damage (wire::Reader::damaged) that names the field. Names that are no names throw
/// std::invalid_argument.
class FieldReader {
 public:
  /// find_map: seat maps stand there as hashes, as facts have them. Null: whole, as commands have them.
  constexpr explicit FieldReader(Reading reading, const FindSeatMap* find_map = nullptr)
      : reading_(reading), find_map_(find_map) {}

  template <Declared Record>
  void read_record(wire::Reader in, Record& record) const {
    set_zero(record);
    while (const std::uint32_t number = in.next_field()) read_field(in, number, record);
    check_required(in, record);
  }

  /// The field just announced.
  template <Declared Record>
  void read_field(wire::Reader& in, std::uint32_t number, Record& record) const {
    const bool known = Record::fields([&](const auto&... each) {
      return ((each.number == number && (read(in, record.*each.member, each.name, each.rule), true)) || ...);
    });
    if (known) return;
    if (reading_ == Reading::strict)
      in.damaged("it has a field " + std::to_string(number) + ", which it can't have");
    in.skip();
  }

  template <Declared Record>
  void check_required(const wire::Reader& in, const Record& record) const {
    for_each_field<Record>([&]<class Member>(const Field<Record, Member>& each) {
      if (each.rule.required && record.*each.member == Member{})
        in.damaged("field " + std::string(each.name) + " is missing");
    });
  }

 private:
  using Reader = wire::Reader;
  using Text = std::string_view;

  [[noreturn]] static void out_of_range(const Reader& in, Text name) {
    in.damaged("field " + std::string(name) + " is out of range");
  }
  [[nodiscard]] static std::uint64_t check(const Reader& in, std::uint64_t value, Text name,
                                           std::uint64_t most) {
    if (value > most) out_of_range(in, name);
    return value;
  }
  [[nodiscard]] static std::int64_t check(const Reader& in, std::int64_t value, Text name,
                                          const FieldRule& rule) {
    if (rule.most != UINT64_MAX && (value < 0 || static_cast<std::uint64_t>(value) > rule.most))
      out_of_range(in, name);
    return value;
  }

  template <class List>
  static void check_room(const Reader& in, const List& list, Text name, const FieldRule& rule) {
    if (list.size() >= rule.most) in.damaged("field " + std::string(name) + " has too many values");
  }

  void read(Reader& in, std::string& text, Text name, const FieldRule& rule) const {
    text = in.text_field();
    if (rule.fits != nullptr && !text.empty() && !rule.fits(text)) out_of_range(in, name);
    if (reading_ == Reading::tolerant) return;
    if (const Text fault = detail::fault_of_text(text); !fault.empty())
      in.damaged("field " + std::string(name) + " " + std::string(fault));
  }
  template <class Tag, std::size_t bytes>
  void read(Reader& in, Name<Tag, bytes>& name, Text, const FieldRule&) const {
    name = in.text_field();
  }
  template <class Tag>
  void read(Reader& in, StrongId<Tag>& id, Text, const FieldRule&) const {
    id = StrongId<Tag>{in.id_field()};
  }
  template <std::unsigned_integral Number>
  void read(Reader& in, Number& value, Text name, const FieldRule& rule) const {
    const std::uint64_t most = std::min<std::uint64_t>(rule.most, std::numeric_limits<Number>::max());
    value = static_cast<Number>(check(in, in.varint_field(), name, most));
  }
  template <class Tag>
  void read(Reader& in, Index<Tag>& index, Text name, const FieldRule& rule) const {
    read(in, index.value, name, rule);
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void read(Reader& in, Enum& value, Text name, const FieldRule&) const {
    value = static_cast<Enum>(check(in, in.varint_field(), name, words_of(value).size() - 1));
  }
  void read(Reader& in, std::int64_t& amount, Text name, const FieldRule& rule) const {
    amount = check(in, in.signed_field(), name, rule);
  }
  void read(Reader& in, std::optional<std::int64_t>& amount, Text name, const FieldRule& rule) const {
    amount = check(in, in.signed_field(), name, rule);
  }
  void read(Reader& in, std::chrono::seconds& time, Text name, const FieldRule& rule) const {
    time = std::chrono::seconds{check(in, in.signed_field(), name, rule)};
  }
  void read(Reader& in, Timestamp& time, Text, const FieldRule&) const {
    time = Timestamp{std::chrono::microseconds{in.signed_field()}};
  }
  void read(Reader& in, std::chrono::sys_seconds& time, Text name, const FieldRule&) const {
    time = std::chrono::sys_seconds{std::chrono::seconds{check(in, in.varint_field(), name, UINT32_MAX)}};
  }
  void read(Reader& in, std::shared_ptr<const SeatMap>& map, Text name, const FieldRule&) const {
    Reader group = in.group_field();
    const BytesView bytes = group.bytes(group.left());
    if (find_map_ == nullptr) {
      map = shared_seat_map(bytes, in.what());
      return;
    }
    SeatMapHash hash;
    if (bytes.size() != hash.bytes.size()) in.damaged("field " + std::string(name) + " is no hash");
    std::ranges::copy(bytes, hash.bytes.begin());
    map = (*find_map_)(hash);
  }
  void read(Reader& in, PriceList& prices, Text, const FieldRule&) const {
    PriceListParts parts;
    read_record(in.group_field(), parts);
    const auto currency = Currency::parse(parts.currency);
    if (!currency) in.damaged("an event has no currency that is known");
    for (const PriceList::Line& line : parts.lines) {
      if (line.ticket_type >= parts.ticket_types.size())
        in.damaged("a price names a ticket type that does not exist");
    }
    prices = PriceList(*currency, std::move(parts.ticket_types), std::move(parts.lines), parts.per_ticket,
                       parts.per_order, parts.tax_basis_points);
  }
  template <Declared Record>
  void read(Reader& in, Record& record, Text, const FieldRule&) const {
    read_record(in.group_field(), record);
  }
  template <detail::ListOfRecords List>
  void read(Reader& in, List& list, Text name, const FieldRule& rule) const {
    check_room(in, list, name, rule);
    read_record(in.group_field(), list.emplace_back());
  }
  void read(Reader& in, std::vector<std::string>& list, Text name, const FieldRule& rule) const {
    check_room(in, list, name, rule);
    read(in, list.emplace_back(), name, rule);
  }
  template <detail::ListOfNumbers List>
  void read(Reader& in, List& list, Text name, const FieldRule& rule) const {
    constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
    Reader steps = in.group_field();
    std::int64_t last = 0;
    while (!steps.at_end()) {
      const std::int64_t step = steps.signed_varint();
      if (step < -most || step > most || last + step < 0 || last + step > most) out_of_range(in, name);
      last += step;
      check_room(in, list, name, rule);
      list.push_back({static_cast<std::uint32_t>(last)});
    }
  }

  Reading reading_;
  const FindSeatMap* find_map_;
};

}  // namespace ticketcore
