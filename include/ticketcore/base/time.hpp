#pragma once
// Time as the library has it: microseconds of UTC, whole seconds for deadlines. Nothing here reads a clock.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ticketcore {

/// A moment, in microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// The first whole second at or after the moment: how a deadline is rounded, so that nobody is given less
/// time than said.
[[nodiscard]] constexpr std::chrono::sys_seconds ceil_to_seconds(Timestamp time) noexcept {
  return std::chrono::ceil<std::chrono::seconds>(time);
}

/// Seconds of the Unix epoch in 32 bits: good until 2106.
[[nodiscard]] constexpr std::uint32_t to_epoch(std::chrono::sys_seconds time) noexcept {
  return static_cast<std::uint32_t>(time.time_since_epoch().count());
}
[[nodiscard]] constexpr std::chrono::sys_seconds from_epoch(std::uint32_t seconds) noexcept {
  return std::chrono::sys_seconds{std::chrono::seconds{seconds}};
}

namespace detail {

inline void append_digits(std::string& text, std::int64_t number, std::size_t digit_count) {
  text.resize(text.size() + digit_count);
  for (std::size_t at = text.size(); digit_count > 0; --digit_count, number /= 10)
    text[--at] = static_cast<char>('0' + number % 10);
}

/// Takes a text apart from its front. What is not as expected makes the reader failed(), and so it stays.
class TimeReader {
 public:
  explicit constexpr TimeReader(std::string_view text) noexcept : rest_(text) {}

  [[nodiscard]] constexpr bool failed() const noexcept { return failed_; }
  [[nodiscard]] constexpr std::string_view rest() const noexcept { return rest_; }

  [[nodiscard]] constexpr bool skip(char wanted) noexcept {
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  constexpr void expect(char wanted) noexcept {
    if (!skip(wanted)) failed_ = true;
  }
  /// A number of exactly so many digits, from least to most.
  constexpr int number(std::size_t digit_count, int least, int most) noexcept {
    int value = 0;
    for (std::size_t digit = 0; digit < digit_count; ++digit) value = value * 10 + next_digit();
    if (value < least || value > most) failed_ = true;
    return value;
  }
  /// The digits after a decimal point, one to six.
  constexpr std::chrono::microseconds fraction() noexcept {
    int micros = next_digit();
    for (std::size_t digit = 1; digit < 6; ++digit) micros = micros * 10 + (at_digit() ? next_digit() : 0);
    return std::chrono::microseconds{micros};
  }

 private:
  [[nodiscard]] constexpr bool at_digit() const noexcept {
    return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
  }
  constexpr int next_digit() noexcept {
    if (!at_digit()) {
      failed_ = true;
      return 0;
    }
    const int digit = rest_.front() - '0';
    rest_.remove_prefix(1);
    return digit;
  }

  std::string_view rest_;
  bool failed_ = false;
};

/// 'Z', or the time by which local clocks are ahead of UTC: "+02:00".
constexpr std::chrono::minutes read_offset(TimeReader& reader) noexcept {
  if (reader.skip('Z')) return std::chrono::minutes{0};
  const bool behind = reader.skip('-');
  if (!behind) reader.expect('+');
  const std::chrono::hours hours{reader.number(2, 0, 23)};
  reader.expect(':');
  const std::chrono::minutes offset = hours + std::chrono::minutes{reader.number(2, 0, 59)};
  return behind ? -offset : offset;
}

inline constexpr Timestamp rfc3339_begin{};
inline constexpr Timestamp rfc3339_end{std::chrono::sys_days{std::chrono::year{10'000} / 1 / 1}};

}  // namespace detail

/// "2027-01-31T19:30:00Z" (RFC 3339), with six decimals where the second is not whole. A moment outside the
/// years 1970 to 9999, which only a damaged file can hold, comes as "@<microseconds since 1970>", so that it
/// can still be shown.
[[nodiscard]] inline std::string to_rfc3339(Timestamp time) {
  if (time < detail::rfc3339_begin || time >= detail::rfc3339_end)
    return "@" + std::to_string(time.time_since_epoch().count());
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string text;
  text.reserve(27);
  detail::append_digits(text, static_cast<int>(date.year()), 4);
  text.push_back('-');
  detail::append_digits(text, static_cast<unsigned>(date.month()), 2);
  text.push_back('-');
  detail::append_digits(text, static_cast<unsigned>(date.day()), 2);
  text.push_back('T');
  detail::append_digits(text, clock.hours().count(), 2);
  text.push_back(':');
  detail::append_digits(text, clock.minutes().count(), 2);
  text.push_back(':');
  detail::append_digits(text, clock.seconds().count(), 2);
  if (clock.subseconds().count() != 0) {
    text.push_back('.');
    detail::append_digits(text, clock.subseconds().count(), 6);
  }
  text.push_back('Z');
  return text;
}

/// Reads RFC 3339 strictly: a capital 'T' between date and time, 'Z' or an offset such as "+02:00", one to
/// six decimals of the second or none. Anything else is nullopt; so are a day that the calendar does not
/// have, a leap second (:60), and a moment outside the years 1970 to 9999, as written or in UTC.
[[nodiscard]] constexpr std::optional<Timestamp> parse_rfc3339(std::string_view text) noexcept {
  detail::TimeReader reader(text);
  const std::chrono::year year{reader.number(4, 1970, 9999)};
  reader.expect('-');
  const std::chrono::month month{static_cast<unsigned>(reader.number(2, 1, 12))};
  reader.expect('-');
  const std::chrono::year_month_day date = year / month / static_cast<int>(reader.number(2, 1, 31));
  reader.expect('T');
  const std::chrono::hours hours{reader.number(2, 0, 23)};
  reader.expect(':');
  const std::chrono::minutes minutes{reader.number(2, 0, 59)};
  reader.expect(':');
  const std::chrono::seconds seconds{reader.number(2, 0, 59)};
  const std::chrono::microseconds fraction =
      reader.skip('.') ? reader.fraction() : std::chrono::microseconds{0};
  const std::chrono::minutes offset = detail::read_offset(reader);
  if (reader.failed() || !reader.rest().empty() || !date.ok()) return std::nullopt;
  const Timestamp time = std::chrono::sys_days{date} + hours + minutes + seconds + fraction - offset;
  if (time < detail::rfc3339_begin || time >= detail::rfc3339_end) return std::nullopt;
  return time;
}

}  // namespace ticketcore
