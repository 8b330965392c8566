#pragma once
// The bytes below the log, snapshots and seat maps: little-endian integers, LEB128 varints and tagged fields whose keys are
// field number << 3 | wire type, as Protocol Buffers have them, so that readers can skip what they do not know.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "ticketcore/errors.hpp"
#include "ticketcore/ids.hpp"
#include "ticketcore/storage.hpp"

namespace ticketcore::wire {

static_assert(std::endian::native == std::endian::little, "the formats are little-endian; a big-endian machine needs byte swaps here");

enum class Type : std::uint8_t { varint = 0, bytes = 2 };

[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t value) noexcept {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
[[nodiscard]] constexpr std::int64_t unzigzag(std::uint64_t value) noexcept {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

class Writer {
 public:
  void clear() noexcept { used_ = 0; }
  [[nodiscard]] std::size_t size() const noexcept { return used_; }
  [[nodiscard]] BytesView view() const noexcept { return {buffer_.data(), used_}; }
  [[nodiscard]] Bytes take() const { return {buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_)}; }

  void u8(std::uint8_t value) {
    room(1);
    buffer_[used_++] = value;
  }
  template <class Integer>
  void fixed(Integer value) {
    raw(&value, sizeof value);
  }
  void raw(const void* from, std::size_t size) {
    if (size == 0) return;
    room(size);
    std::memcpy(buffer_.data() + used_, from, size);
    used_ += size;
  }
  void varint(std::uint64_t value) {
    room(10);
    while (value >= 0x80) {
      buffer_[used_++] = static_cast<std::uint8_t>(value | 0x80);
      value >>= 7;
    }
    buffer_[used_++] = static_cast<std::uint8_t>(value);
  }
  void signed_varint(std::int64_t value) { varint(zigzag(value)); }
  void text(std::string_view value) {
    varint(value.size());
    raw(value.data(), value.size());
  }
  void id(const Id128& id) {
    fixed(id.high);
    fixed(id.low);
  }

  // Fields that hold their default are left out: absent reads as default.
  void field(std::uint32_t number, std::uint64_t value) {
    if (value == 0) return;
    key(number, Type::varint);
    varint(value);
  }
  void signed_field(std::uint32_t number, std::int64_t value) { field(number, zigzag(value)); }
  void field(std::uint32_t number, std::string_view value) {
    if (value.empty()) return;
    key(number, Type::bytes);
    text(value);
  }
  void field(std::uint32_t number, const Id128& value) {
    if (value.is_zero()) return;
    key(number, Type::bytes);
    varint(16);
    id(value);
  }
  /// A field of bytes whose content write() appends; empty content leaves no field.
  template <class Write>
  void group(std::uint32_t number, Write&& write) {
    const std::size_t before = used_;
    key(number, Type::bytes);
    const std::size_t length_at = used_;
    room(5);
    used_ += 5;
    const std::size_t start = used_;
    write();
    const std::size_t length = used_ - start;
    if (length == 0) {
      used_ = before;
      return;
    }
    // The length takes as few bytes as it needs: the content moves up to it.
    std::uint8_t encoded[5];
    std::size_t size = 0;
    for (std::size_t left = length; size == 0 || left > 0; left >>= 7) encoded[size++] = static_cast<std::uint8_t>((left & 0x7F) | (left > 0x7F ? 0x80 : 0));
    std::memcpy(buffer_.data() + length_at, encoded, size);
    std::memmove(buffer_.data() + length_at + size, buffer_.data() + start, length);
    used_ = length_at + size + length;
  }
  /// Overwrites four bytes written before.
  void patch(std::size_t at, std::uint32_t value) { std::memcpy(buffer_.data() + at, &value, sizeof value); }

 private:
  void key(std::uint32_t number, Type type) { varint((std::uint64_t{number} << 3) | static_cast<std::uint64_t>(type)); }
  void room(std::size_t size) {
    if (used_ + size > buffer_.size()) buffer_.resize((used_ + size) * 2 + 256);
  }

  Bytes buffer_;  // Larger than what is used; only the first used_ bytes count.
  std::size_t used_ = 0;
};

/// Reads hostile bytes: every read is checked and throws StorageDamaged, naming what is read.
class Reader {
 public:
  Reader(BytesView bytes, std::string_view what) : at_(bytes.data()), end_(bytes.data() + bytes.size()), what_(what) {}

  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
  [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  [[nodiscard]] std::string_view what() const noexcept { return what_; }
  [[noreturn]] void damaged(std::string_view why) const { throw StorageDamaged(std::string(what_) + " is damaged: " + std::string(why)); }

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
    if (type_ != static_cast<std::uint8_t>(Type::varint) && type_ != static_cast<std::uint8_t>(Type::bytes)) damaged("a field has an unknown wire type");
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
