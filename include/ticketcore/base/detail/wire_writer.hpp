#pragma once
// Writes the bytes below the log, snapshots, seat maps and commands: little-endian integers, LEB128 varints
// and tagged fields whose keys are field number << 3 | wire type, as Protocol Buffers have them, so that
// readers can skip what they do not know.

#include <bit>
#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "ticketcore/base/bytes.hpp"
#include "ticketcore/base/ids.hpp"

namespace ticketcore::wire {

static_assert(std::endian::native == std::endian::little,
              "the formats are little-endian; a big-endian machine needs byte swaps here");

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
  [[nodiscard]] Bytes take() const {
    return {buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_)};
  }

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
    std::uint8_t* const from = buffer_.data() + used_;
    std::uint8_t* at = from;
    for (; value >= 0x80; value >>= 7) *at++ = static_cast<std::uint8_t>(value | 0x80);
    *at++ = static_cast<std::uint8_t>(value);
    used_ += static_cast<std::size_t>(at - from);
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
  /// Zero is written, too: what is absent reads as none.
  void optional_signed_field(std::uint32_t number, std::optional<std::int64_t> value) {
    if (!value) return;
    key(number, Type::varint);
    signed_varint(*value);
  }
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
    u8(0);
    const std::size_t start = used_;
    write();
    if (used_ == start) {
      used_ = before;
    } else {
      put_length(length_at);
    }
  }
  /// The same, for one of a list: it stands there, be it empty.
  template <class Write>
  void item(std::uint32_t number, Write&& write) {
    key(number, Type::bytes);
    const std::size_t length_at = used_;
    u8(0);
    write();
    put_length(length_at);
  }
  /// Overwrites four bytes written before.
  void patch(std::size_t at, std::uint32_t value) { std::memcpy(buffer_.data() + at, &value, sizeof value); }

 private:
  /// Writes how much stands after the byte that was left for the length.
  void put_length(std::size_t length_at) {
    const std::size_t start = length_at + 1;
    const std::size_t length = used_ - start;
    // It takes as few bytes as it needs, most often the one: else the content moves.
    const std::size_t size = varint_size(length);
    if (size > 1) {
      room(size - 1);
      std::memmove(buffer_.data() + length_at + size, buffer_.data() + start, length);
    }
    used_ = length_at;
    varint(length);
    used_ += length;
  }
  [[nodiscard]] static std::size_t varint_size(std::uint64_t value) noexcept {
    const auto bits = static_cast<std::size_t>(std::bit_width(value | 1));
    return (bits + 6) / 7;
  }
  void key(std::uint32_t number, Type type) {
    varint((std::uint64_t{number} << 3) | static_cast<std::uint64_t>(type));
  }
  void room(std::size_t size) {
    if (used_ + size > buffer_.size()) buffer_.resize((used_ + size) * 2, boost::container::default_init);
  }

  // A command and most facts fit what needs no allocation.
  static constexpr std::size_t in_place = 512;
  // Larger than what is used; only the first used_ bytes count.
  boost::container::small_vector<std::uint8_t, in_place> buffer_{in_place, boost::container::default_init};
  std::size_t used_ = 0;
};

}  // namespace ticketcore::wire
