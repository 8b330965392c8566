#pragma once
// Facts and commands as bytes: how a field of each type is written. docs/log-format.md describes them;
// src/sale/field_reader.hpp reads them back.

#include "ticketcore/base/detail/wire_writer.hpp"
#include "ticketcore/sale/facts.hpp"
#include "ticketcore/venue/detail/seat_map_bytes.hpp"
#include "ticketcore/venue/seat_map_bytes.hpp"

namespace ticketcore::detail {

template <class List>
concept ListOfRecords = Declared<typename List::value_type>;
template <class T>
inline constexpr bool is_index = false;
template <class Tag>
inline constexpr bool is_index<Index<Tag>> = true;
/// A list of numbers, or of places.
template <class List>
concept ListOfNumbers =
    std::unsigned_integral<typename List::value_type> || is_index<typename List::value_type>;

template <class T>
[[nodiscard]] constexpr std::uint32_t to_number(T value) noexcept {
  if constexpr (is_index<T>) {
    return value.value;
  } else {
    return value;
  }
}

/// Writes records field by field. Zero and what is empty is left out.
class FieldWriter {
 public:
  using HashOfMap = SeatMapHash (*)(const SeatMap& map);

  /// Seat maps are written as their hashes: so have facts them. Null: whole, as commands have them.
  explicit FieldWriter(wire::Writer& out, HashOfMap hash_of_map = nullptr)
      : out_(out), hash_of_map_(hash_of_map) {}

  template <Declared Record>
  void write_fields(const Record& record) {
    for_each_field<Record>([&](const auto& field) { write(field.number, record.*field.member); });
  }

 private:
  void write(std::uint32_t number, const std::string& text) { out_.field(number, text); }
  template <class Tag, std::size_t bytes>
  void write(std::uint32_t number, const Name<Tag, bytes>& name) {
    out_.field(number, name.text());
  }
  template <class Tag>
  void write(std::uint32_t number, const StrongId<Tag>& id) {
    out_.field(number, id);
  }
  template <std::unsigned_integral Number>
  void write(std::uint32_t number, Number value) {
    out_.field(number, std::uint64_t{value});
  }
  template <class Tag>
  void write(std::uint32_t number, Index<Tag> index) {
    out_.field(number, std::uint64_t{index.value});
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void write(std::uint32_t number, Enum value) { out_.field(number, static_cast<std::uint64_t>(value)); }
  void write(std::uint32_t number, std::int64_t amount) { out_.signed_field(number, amount); }
  void write(std::uint32_t number, std::optional<std::int64_t> amount) {
    out_.optional_signed_field(number, amount);
  }
  void write(std::uint32_t number, std::chrono::seconds time) { out_.signed_field(number, time.count()); }
  void write(std::uint32_t number, Timestamp time) {
    out_.signed_field(number, time.time_since_epoch().count());
  }
  void write(std::uint32_t number, std::chrono::sys_seconds time) {
    out_.field(number, static_cast<std::uint64_t>(time.time_since_epoch().count()));
  }
  void write(std::uint32_t number, const PriceList& prices) { write(number, parts_of(prices)); }
  void write(std::uint32_t number, const std::shared_ptr<const SeatMap>& map) {
    if (map == nullptr) return;
    out_.group(number, [&] {
      if (hash_of_map_ == nullptr) return write_seat_map(out_, *map);
      const SeatMapHash hash = hash_of_map_(*map);
      out_.raw(hash.bytes.data(), hash.bytes.size());
    });
  }
  template <Declared Record>
  void write(std::uint32_t number, const Record& record) {
    out_.group(number, [&] { write_fields(record); });
  }
  // What stands in a list counts, be it empty.
  template <ListOfRecords List>
  void write(std::uint32_t number, const List& list) {
    for (const auto& record : list) out_.item(number, [&] { write_fields(record); });
  }
  void write(std::uint32_t number, const std::vector<std::string>& list) {
    for (const std::string& text : list) out_.item(number, [&] { out_.raw(text.data(), text.size()); });
  }
  /// Each number as the difference to the one before it.
  template <ListOfNumbers List>
  void write(std::uint32_t number, const List& list) {
    out_.group(number, [&] {
      std::int64_t last = 0;
      for (const auto value : list) {
        const std::int64_t next = to_number(value);
        out_.signed_varint(next - last);
        last = next;
      }
    });
  }

  wire::Writer& out_;
  HashOfMap hash_of_map_;
};

}  // namespace ticketcore::detail
