#pragma once
// Identities. Requests, holds and orders carry 128-bit time-ordered ids (UUID version 7, RFC 9562); events,
// holders, categories and the like carry short names chosen by people or by the host program. Everything here
// is a value: copyable, comparable, hashable, safe to use from any thread.

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "ticketcore/base/detail/control_characters.hpp"
#include "ticketcore/base/fields.hpp"

namespace ticketcore {

/// 128 bits, ordered as an unsigned number, most significant half first. Zero means "no id".
struct Id128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  [[nodiscard]] constexpr bool is_zero() const noexcept { return (high | low) == 0; }
  friend constexpr auto operator<=>(const Id128&, const Id128&) = default;
};

/// The 36 characters of RFC 9562, lower case: "0193a5b0-7c1e-7d53-9a41-0f6b2c88e1d7".
[[nodiscard]] inline std::string to_string(const Id128& id) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) text.push_back('-');
    const std::uint64_t half = nibble < 16 ? id.high : id.low;
    text.push_back(digits[(half >> (60 - 4 * (nibble % 16))) & 0xF]);
  }
  return text;
}

/// Reads what to_string writes, in either case of letters. Anything else is nullopt.
[[nodiscard]] inline std::optional<Id128> parse_id(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Id128 id;
  int nibble = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (at == 8 || at == 13 || at == 18 || at == 23) {
      if (c != '-') return std::nullopt;
      continue;
    }
    unsigned value = 0;
    if (c >= '0' && c <= '9') {
      value = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      value = static_cast<unsigned>(c - 'a') + 10U;
    } else if (c >= 'A' && c <= 'F') {
      value = static_cast<unsigned>(c - 'A') + 10U;
    } else {
      return std::nullopt;
    }
    std::uint64_t& half = nibble < 16 ? id.high : id.low;
    half = (half << 4) | value;
    ++nibble;
  }
  return id;
}

/// An Id128 that says what it identifies, so that a hold's id can't stand where an order's is wanted.
template <class Tag>
struct StrongId : Id128 {
  constexpr StrongId() = default;
  constexpr explicit StrongId(const Id128& id) noexcept : Id128(id) {}
  [[nodiscard]] static std::optional<StrongId> parse(std::string_view text) {
    const auto id = parse_id(text);
    return id ? std::optional<StrongId>{StrongId{*id}} : std::nullopt;
  }
  friend constexpr auto operator<=>(const StrongId&, const StrongId&) = default;
};

/// Made by the caller for each command that changes something, and kept by it across retries.
using RequestId = StrongId<struct RequestTag>;
/// The RequestId of the command that placed the hold.
using HoldId = StrongId<struct HoldTag>;
/// The RequestId of the command that checked the hold out.
using OrderId = StrongId<struct OrderTag>;

/// The ticket_number-th ticket of an order, counted from 1.
struct TicketId {
  OrderId order;
  std::uint32_t number = 0;

  static constexpr auto fields =
      declare(field(1, "order", &TicketId::order), field(2, "number", &TicketId::number));
  friend constexpr auto operator<=>(const TicketId&, const TicketId&) = default;
};

/// "<order id>-<number>".
[[nodiscard]] inline std::string to_string(const TicketId& id) {
  return to_string(static_cast<const Id128&>(id.order)) + "-" + std::to_string(id.number);
}

[[nodiscard]] inline std::optional<TicketId> parse_ticket_id(std::string_view text) {
  if (text.size() < 38 || text.size() > 47 || text[36] != '-' || text[37] == '0') return std::nullopt;
  const auto order = OrderId::parse(text.substr(0, 36));
  if (!order) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : text.substr(37)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (number > UINT32_MAX) return std::nullopt;
  return TicketId{*order, static_cast<std::uint32_t>(number)};
}

/// A short text of 1 to max_bytes bytes. Throws std::invalid_argument, saying why, when it is empty, too
/// long, not UTF-8 or carries a control character; a Name that exists is therefore always fit to store and to
/// print.
template <class Tag, std::size_t max_bytes_>
class Name {
 public:
  static constexpr std::size_t max_bytes = max_bytes_;

  Name() = default;  ///< Empty: stands for "none given", and is refused where a name is needed.
  Name(std::string text) : text_(std::move(text)) {
    check();
  }                                                         // NOLINT: calls should read .holder = "cart-17"
  Name(std::string_view text) : Name(std::string(text)) {}  // NOLINT
  Name(const char* text) : Name(std::string(text)) {}       // NOLINT

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
  friend auto operator<=>(const Name&, const Name&) = default;

 private:
  void check() const {
    if (text_.empty() || text_.size() > max_bytes) {
      throw std::invalid_argument(std::string(Tag::what) + " has " + std::to_string(text_.size()) +
                                  " bytes; it must have 1 to " + std::to_string(max_bytes));
    }
    if (const std::string_view fault = detail::fault_of_text(text_); !fault.empty()) {
      throw std::invalid_argument(std::string(Tag::what) + " " + std::string(fault));
    }
    for (const char c : text_) {
      if (Tag::slug && !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                         c == '-' || c == '_' || c == '.')) {
        throw std::invalid_argument(std::string(Tag::what) + " \"" + text_ +
                                    "\" may hold only letters, digits, '-', '_' and '.'");
      }
    }
  }
  std::string text_;
};

struct EventIdTag {
  static constexpr std::string_view what = "event id";
  static constexpr bool slug = true;
};
struct HolderTag {
  static constexpr std::string_view what = "holder";
  static constexpr bool slug = false;
};

/// One performance: "gala-2027". Letters, digits, '-', '_', '.'; at most 64 bytes.
using EventId = Name<EventIdTag, 64>;
/// Who a hold or an order belongs to, by an opaque name of the host's choice: a cart, a session, an account.
/// At most 64 bytes, and never personal data, since it is written to the log.
using HolderId = Name<HolderTag, 64>;

/// Spreads time-ordered ids over a hash table.
[[nodiscard]] constexpr std::uint64_t hash_of(const Id128& id) noexcept {
  std::uint64_t mixed = (id.high ^ (id.low * 0x9E3779B97F4A7C15ULL)) * 0xD6E8FEB86659FD93ULL;
  mixed ^= mixed >> 32;
  return mixed * 0xD6E8FEB86659FD93ULL;
}

}  // namespace ticketcore

template <>
struct std::hash<ticketcore::Id128> {
  std::size_t operator()(const ticketcore::Id128& id) const noexcept {
    return static_cast<std::size_t>(ticketcore::hash_of(id));
  }
};
template <class Tag>
struct std::hash<ticketcore::StrongId<Tag>> : std::hash<ticketcore::Id128> {};
