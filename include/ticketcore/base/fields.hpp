#pragma once
// Records that declare their fields once: each says in its struct, for every member, the number that the
// field has in bytes, its name, and the member itself. Bytes, JSON, equality and the tables in the docs
// follow from that; a new member needs one line beside it.
//
//     struct HoldExtended {
//       HoldId hold{};
//       std::chrono::sys_seconds expires_at{};
//
//       static constexpr auto fields = declare(field(2, "hold", &HoldExtended::hold),
//                                              field(3, "expires_at", &HoldExtended::expires_at));
//     };
//
// A record is an aggregate, and its fields are in the order of its members. One with a member that it does
// not declare does not compile where it is used.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace ticketcore {

/// What a value must be to be read back. A writer does not check it: decide() does.
struct FieldRule {
  std::uint64_t most = UINT64_MAX;  ///< The largest number; for a list, how many it may hold.
  bool required = false;            ///< It must be there: not zero, not empty.
  bool (*fits)(std::string_view) noexcept = nullptr;  ///< What a text must meet that is not empty.
};

template <class Record, class Member>
struct Field {
  std::uint32_t number = 0;  ///< In bytes; from 1, and never given another meaning.
  std::string_view name{};
  Member Record::*member = nullptr;
  FieldRule rule{};
};

template <class Record, class Member>
[[nodiscard]] constexpr Field<Record, Member> field(std::uint32_t number, std::string_view name,
                                                    Member Record::*member, FieldRule rule = {}) {
  return {number, name, member, rule};
}

/// A record's fields: called with a function, it calls that with all of them. A tuple would do the same, and
/// compilers would take longer.
template <class... Fields>
[[nodiscard]] constexpr auto declare(Fields... fields) {
  return [fields...](auto&& use) { return use(fields...); };
}

template <class T>
concept Declared = std::is_aggregate_v<T> && requires {
  &T::fields;
};

namespace detail {

struct AnyMember {
  template <class T>
  operator T() const noexcept;  // NOLINT: stands for a member of whatever type
};

/// Whether the declared members, in their order, are all that the record is made of.
template <class Record>
[[nodiscard]] constexpr bool declares_every_member() {
  return Record::fields([]<class... Member>(const Field<Record, Member>&...) {
    const bool fit = requires { Record{std::declval<Member>()...}; };
    const bool more_fit = requires { Record{std::declval<Member>()..., AnyMember{}}; };
    return fit && !more_fit;
  });
}

template <class Record>
[[nodiscard]] constexpr bool numbers_rise() {
  std::uint32_t last = 0;
  return Record::fields(
      [&](const auto&... each) { return ((each.number > std::exchange(last, each.number)) && ...); });
}

/// Whether no other field has this one's name or member.
template <class Record, class Member>
[[nodiscard]] constexpr bool stands_alone(const Field<Record, Member>& one) {
  const auto same = [&]<class Other>(const Field<Record, Other>& other) {
    if constexpr (std::is_same_v<Member, Other>) {
      if (one.member == other.member) return true;
    }
    return one.name == other.name;
  };
  return Record::fields([&](const auto&... other) { return (int{same(other)} + ...) == 1; });
}
template <class Record>
[[nodiscard]] constexpr bool fields_differ() {
  return Record::fields([](const auto&... each) { return (stands_alone(each) && ...); });
}

}  // namespace detail

/// Calls visit(field) for each field of the record, in the order of their numbers.
template <Declared Record, class Visit>
constexpr void for_each_field(Visit&& visit) {
  static_assert(detail::declares_every_member<Record>(),
                "the record's fields must be all of its members, in their order");
  static_assert(detail::numbers_rise<Record>(), "the record's field numbers must rise from 1");
  static_assert(detail::fields_differ<Record>(), "a name or a member stands in two of the record's fields");
  Record::fields([&](const auto&... each) { (visit(each), ...); });
}

/// Whether two values of a field are the same.
template <class T>
[[nodiscard]] bool same_value(const T& one, const T& other) {
  return one == other;
}

template <Declared Record>
[[nodiscard]] bool operator==(const Record& one, const Record& other) {
  bool same = true;
  for_each_field<Record>(
      [&](const auto& each) { same = same && same_value(one.*each.member, other.*each.member); });
  return same;
}

/// Sets every number in the record to zero, whatever its members begin with: what bytes leave out is zero.
/// Texts and lists are empty from the start.
template <Declared Record>
void set_zero(Record& record) {
  for_each_field<Record>([&]<class Member>(const Field<Record, Member>& each) {
    if constexpr (Declared<Member>) {
      set_zero(record.*each.member);
    } else if constexpr (std::is_trivially_copyable_v<Member>) {
      record.*each.member = Member{};
    }
  });
}

/// Calls use.template operator()<Body>() for the kind of record in the variant that has this tag; false where
/// none has it.
template <class Variant, class Use>
bool with_kind(std::uint8_t tag, Use&& use) {
  return [&]<std::size_t... index>(std::index_sequence<index...>) {
    return ((std::variant_alternative_t<index, Variant>::tag == tag &&
             (use.template operator()<std::variant_alternative_t<index, Variant>>(), true)) ||
            ...);
  }
  (std::make_index_sequence<std::variant_size_v<Variant>>());
}

/// Whether the kinds of record in the variant have tags of their own, in rising order.
template <class Variant>
[[nodiscard]] constexpr bool tags_rise() {
  return []<std::size_t... index>(std::index_sequence<index...>) {
    std::uint32_t last = 0;
    return ((std::variant_alternative_t<index, Variant>::tag >
             std::exchange(last, std::uint32_t{std::variant_alternative_t<index, Variant>::tag})) &&
            ...);
  }
  (std::make_index_sequence<std::variant_size_v<Variant>>());
}

}  // namespace ticketcore
