#pragma once
// Reads back what wire_writer.hpp writes: the bytes below the log, snapshots and seat maps.

#include <string>

#include "ticketcore/base/detail/wire_writer.hpp"
#include "ticketcore/base/errors.hpp"

namespace ticketcore::wire {

/// Reads hostile bytes: every read is checked and throws StorageDamaged, naming what is read.
class Reader {
 public:
  Reader(BytesView bytes, std::string_view what)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()), what_(what) {}

  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
  [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  [[nodiscard]] std::string_view what() const noexcept { return what_; }
  [[noreturn]] void damaged(std::string_view why) const {
    throw StorageDamaged(std::string(what_) + " is damaged: " + std::string(why));
  }

  std::uint8_t u8() { return *need(1); }
  template <class Integer>
  Integer fixed() {
    Integer value;
    std::memcpy(&value, need(sizeof value), sizeof value);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = u8();
      if (shift == 63 && byte > 1) break;
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if ((byte & 0x80) == 0) return value;
    }
    damaged("a number is longer than 64 bits");
  }
  std::int64_t signed_varint() { return unzigzag(varint()); }
  /// A varint that must not be above limit.
  std::uint32_t number(std::uint64_t limit = UINT32_MAX) {
    const std::uint64_t value = varint();
    if (value > limit) damaged("a number is out of range");
    return static_cast<std::uint32_t>(value);
  }
  /// A count of things that take at least so many bytes each.
  std::size_t count(std::size_t least_bytes = 1) {
    const std::uint64_t value = varint();
    if (value > left() / least_bytes) damaged("a count is larger than what follows");
    return static_cast<std::size_t>(value);
  }
  BytesView bytes(std::size_t size) { return {need(size), size}; }
  Reader group() {
    const std::size_t size = count();
    return Reader(bytes(size), what_);
  }
  std::string text() {
    const std::size_t size = count();
    const std::uint8_t* from = need(size);
    return std::string(reinterpret_cast<const char*>(from), size);
  }
  Id128 id() {
    const auto high = fixed<std::uint64_t>();
    return {high, fixed<std::uint64_t>()};
  }

  /// The next field's number, or 0 at the end. The caller reads its value or calls skip().
  std::uint32_t next_field() {
    if (at_end()) return 0;
    const std::uint64_t key = varint();
    type_ = static_cast<std::uint8_t>(key & 7);
    if (key >> 3 == 0 || key >> 3 > UINT32_MAX) damaged("a field has no number");
    if (type_ != static_cast<std::uint8_t>(Type::varint) && type_ != static_cast<std::uint8_t>(Type::bytes))
      damaged("a field has an unknown wire type");
    return static_cast<std::uint32_t>(key >> 3);
  }
  void skip() {
    if (type_ == static_cast<std::uint8_t>(Type::varint)) {
      varint();
    } else {
      bytes(count());
    }
  }
  /// Values of a field just announced by next_field; a wrong wire type is damage.
  std::uint64_t varint_field() { return expect(Type::varint), varint(); }
  std::int64_t signed_field() { return unzigzag(varint_field()); }
  std::uint32_t number_field(std::uint64_t limit = UINT32_MAX) { return expect(Type::varint), number(limit); }
  std::string text_field() { return expect(Type::bytes), text(); }
  Reader group_field() { return expect(Type::bytes), group(); }
  Id128 id_field() {
    expect(Type::bytes);
    if (count() != 16) damaged("an id is not 16 bytes long");
    return id();
  }

 private:
  void expect(Type type) const {
    if (type_ != static_cast<std::uint8_t>(type)) damaged("a field has the wrong wire type");
  }
  const std::uint8_t* need(std::size_t size) {
    if (left() < size) damaged("it ends too early");
    const std::uint8_t* from = at_;
    at_ += size;
    return from;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  std::string_view what_;
  std::uint8_t type_ = 0;
};

}  // namespace ticketcore::wire
