#pragma once
// How the library says no. A business "no" is a value: every call that changes something returns Result<T>,
// which holds either the answer or a Refusal. (What is thrown when the world fails stands in errors.hpp.)

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ticketcore/base/ids.hpp"
#include "ticketcore/base/time.hpp"

namespace ticketcore {

/// Why something was refused. Numbers are written to logs and never change their meaning; names go to
/// bindings and APIs.
enum class Reason : std::uint8_t {
  invalid_request = 1,  ///< The command itself makes no sense, whatever the state.
  request_reused = 2,   ///< The RequestId was used before, for another command.
  event_exists = 3,
  event_not_found = 4,
  event_off_sale = 5,
  place_unknown = 6,
  place_taken = 7,
  area_full = 8,
  not_enough_adjoining = 9,  ///< Best available found no block of that size.
  too_many_places = 10,      ///< More places than one hold may have.
  holder_limit = 11,         ///< The holder has as many holds or places as the event allows.
  event_busy = 12,  ///< The event has as many open holds, or gates and payment methods, as it can remember.
  hold_not_found = 13,
  hold_expired = 14,
  hold_released = 15,
  hold_checked_out = 16,
  hold_lifetime_reached = 17,  ///< Extended as far as the event allows.
  not_quoted = 18,
  no_price = 19,
  ticket_choice_mismatch = 20,
  payment_mismatch = 21,
  order_not_found = 22,
  ticket_not_found = 23,
  ticket_refunded = 24,
  ticket_admitted = 25,  ///< Let in before; the details say when and where.
  code_invalid = 26,
  code_for_other_event = 27,
  storage_unavailable = 28,  ///< Whether it took place is not known here; repeat it with the same RequestId.
  halted = 29,               ///< The event's state contradicts itself; it sells nothing until it is reopened.
  settings_in_use =
      30,              ///< The currency and the ticket types in use can't change once places have been held.
  places_in_use = 31,  ///< Held or sold, and not on the map that is to replace the event's.
};

/// "place_taken".
[[nodiscard]] constexpr std::string_view to_string(Reason reason) noexcept {
  constexpr std::string_view names[] = {"unknown",
                                        "invalid_request",
                                        "request_reused",
                                        "event_exists",
                                        "event_not_found",
                                        "event_off_sale",
                                        "place_unknown",
                                        "place_taken",
                                        "area_full",
                                        "not_enough_adjoining",
                                        "too_many_places",
                                        "holder_limit",
                                        "event_busy",
                                        "hold_not_found",
                                        "hold_expired",
                                        "hold_released",
                                        "hold_checked_out",
                                        "hold_lifetime_reached",
                                        "not_quoted",
                                        "no_price",
                                        "ticket_choice_mismatch",
                                        "payment_mismatch",
                                        "order_not_found",
                                        "ticket_not_found",
                                        "ticket_refunded",
                                        "ticket_admitted",
                                        "code_invalid",
                                        "code_for_other_event",
                                        "storage_unavailable",
                                        "halted",
                                        "settings_in_use",
                                        "places_in_use"};
  const auto index = static_cast<std::size_t>(reason);
  return index < std::size(names) ? names[index] : names[0];
}

/// An order, as programs and as people call it.
struct OrderName {
  OrderId id{};
  std::uint32_t number = 0;  ///< Counts the event's orders from 1.
  friend bool operator==(const OrderName&, const OrderName&) = default;
};

/// A "no" with what a program needs to react and what a person needs to understand.
struct Refusal {
  Reason reason = Reason::invalid_request;
  std::string message{};                ///< One English sentence with the places, limits and times concerned.
  std::vector<std::string> places{};    ///< Labels of the places or areas concerned.
  std::optional<std::int64_t> limit{};  ///< The limit met, or what was expected (minor units for money).
  std::optional<std::int64_t> asked{};  ///< What was asked for.
  std::optional<std::int64_t> available{};  ///< What could be had.
  std::optional<Timestamp> at{};            ///< When: a deadline, an admission.
  std::string where{};                      ///< A gate's name.
  std::optional<OrderName> order{};         ///< What a hold became that was checked out.
};

/// Thrown by Result::value() when there is a refusal instead; what() is "reason: message".
class Refused : public std::runtime_error {
 public:
  explicit Refused(Refusal refusal)
      : std::runtime_error(std::string(to_string(refusal.reason)) + ": " + refusal.message),
        refusal_(std::move(refusal)) {}
  [[nodiscard]] const Refusal& refusal() const noexcept { return refusal_; }

 private:
  Refusal refusal_;
};

/// The answer, or why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: return hold;
  Result(Refusal refusal)
      : content_(std::in_place_index<1>, std::move(refusal)) {}  // NOLINT: return refusal;

  [[nodiscard]] bool ok() const noexcept { return content_.index() == 0; }
  [[nodiscard]] explicit operator bool() const noexcept { return ok(); }

  /// The answer; throws Refused when there is none.
  [[nodiscard]] const T& value() const& {
    return ok() ? std::get<0>(content_) : throw Refused(std::get<1>(content_));
  }
  [[nodiscard]] T value() && {
    if (!ok()) throw Refused(std::get<1>(std::move(content_)));
    return std::get<0>(std::move(content_));
  }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }

  /// Why there is no answer; throws std::logic_error when there is one.
  [[nodiscard]] const Refusal& refusal() const {
    if (ok()) throw std::logic_error("the result holds an answer, not a refusal");
    return std::get<1>(content_);
  }

 private:
  std::variant<T, Refusal> content_;
};

/// The answer of a command that has nothing to say but that it was done.
struct Done {
  friend bool operator==(const Done&, const Done&) = default;
};

}  // namespace ticketcore
