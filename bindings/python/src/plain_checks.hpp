#pragma once
// What the conformance suite takes of doctest, in small: CHECK, SUBCASE and the like, so that the package can
// check a storage wherever it was built. Include it before the suite, which then leaves doctest out.

#define TICKETCORE_PLAIN_CHECKS

#include <concepts>
#include <exception>
#include <iomanip>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace ticketcore::plain_checks {

/// One pass over the suite for each of its subcases, as in doctest. Checks may come from several threads.
class Run {
 public:
  /// Whether every check passed, and the text that says which did not.
  template <class Suite>
  std::pair<bool, std::string> of(const Suite& suite) {
    do {
      subcases_seen_ = 0;
      entered_ = false;
      name_ = "before the first check";
      try {
        suite();
      } catch (const std::exception& error) {
        failed("raised " + std::string(error.what()));
      } catch (...) {
        failed("raised what is no std::exception");
      }
      ++wanted_;
    } while (entered_);
    text_ << wanted_ - 1 << " checks of the suite, " << failures_ << " failures\n";
    return {failures_ == 0, text_.str()};
  }

  [[nodiscard]] bool enter(const char* name) {
    if (inside_) throw std::logic_error("a SUBCASE within another is not known here");
    if (subcases_seen_++ != wanted_) return false;
    entered_ = inside_ = true;
    name_ = name;
    return true;
  }
  void leave() noexcept { inside_ = false; }
  void failed(const std::string& what) {
    const std::lock_guard lock(mutex_);
    ++failures_;
    text_ << "FAILED: " << name_ << "\n  " << what << "\n";
  }
  void said(const std::string& what) {
    const std::lock_guard lock(mutex_);
    text_ << name_ << ": " << what << "\n";
  }

 private:
  std::mutex mutex_{};
  std::ostringstream text_{};
  const char* name_ = "";
  int wanted_ = 0;
  int subcases_seen_ = 0;
  int failures_ = 0;
  bool entered_ = false;
  bool inside_ = false;
};

/// The run under way.
inline Run* run = nullptr;

struct Subcase {
  bool entered;
  explicit Subcase(const char* name) : entered(run->enter(name)) {}
  ~Subcase() {
    if (entered) run->leave();
  }
  Subcase(const Subcase&) = delete;
  Subcase& operator=(const Subcase&) = delete;
};

template <class T>
std::string shown(const T& value) {
  std::ostringstream text;
  if constexpr (std::convertible_to<const T&, std::string_view>) {
    text << std::quoted(std::string_view(value));
  } else if constexpr (std::is_arithmetic_v<T>) {
    text << std::boolalpha << value;
  } else {
    text << "...";
  }
  return text.str();
}

template <class T>
concept Count = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>;

/// What an expression came to, and its two sides.
struct Outcome {
  bool holds;
  std::string sides;
};

template <class Left>
struct Side {
  const Left& left;
  template <class Right>
  Outcome operator==(const Right& right) const {
    bool same = false;
    if constexpr (Count<Left> && Count<Right>)
      same = std::cmp_equal(left, right);
    else
      same = left == right;
    return {same, shown(left) + " == " + shown(right)};
  }
  template <class Right>
  Outcome operator!=(const Right& right) const {
    return {!(*this == right).holds, shown(left) + " != " + shown(right)};
  }
  template <class Right>
  Outcome operator<(const Right& right) const {
    bool less = false;
    if constexpr (Count<Left> && Count<Right>)
      less = std::cmp_less(left, right);
    else
      less = left < right;
    return {less, shown(left) + " < " + shown(right)};
  }
  template <class Right>
  Outcome operator<=(const Right& right) const {
    return {(*this < right).holds || (*this == right).holds, shown(left) + " <= " + shown(right)};
  }
  template <class Right>
  Outcome operator>(const Right& right) const {
    return {!(*this <= right).holds, shown(left) + " > " + shown(right)};
  }
  template <class Right>
  Outcome operator>=(const Right& right) const {
    return {!(*this < right).holds, shown(left) + " >= " + shown(right)};
  }
  operator Outcome() const {
    return {static_cast<bool>(left), static_cast<bool>(left) ? "true" : "false"};
  }  // NOLINT: as an if would ask
};
/// Takes the left side of an expression apart from the rest.
struct Parts {
  template <class Left>
  Side<Left> operator<<(const Left& left) const {
    return {left};
  }
};

/// Whether the expression came to what was wanted, without an exception.
template <class Expression>
bool check(const char* text, bool wanted, const Expression& expression) {
  try {
    const Outcome outcome = expression();
    if (outcome.holds == wanted) return true;
    run->failed(std::string(wanted ? "" : "not: ") + text + "\n  came to: " + outcome.sides);
  } catch (const std::exception& error) {
    run->failed(std::string(text) + "\n  raised " + error.what());
  }
  return false;
}

template <class Wanted, class Statement>
void check_throws(const char* text, const char* wanted, const Statement& statement) {
  try {
    statement();
    run->failed(std::string(text) + "\n  raised nothing, and should have raised " + wanted);
  } catch (const Wanted&) {
  } catch (const std::exception& error) {
    run->failed(std::string(text) + "\n  raised " + error.what() + ", and should have raised " + wanted);
  }
}

/// What MESSAGE is given.
struct Line {
  std::ostringstream text{};
  template <class T>
  Line& operator*(const T& part) {
    text << part;
    return *this;
  }
  template <class T>
  Line& operator<<(const T& part) {
    return *this * part;
  }
};

}  // namespace ticketcore::plain_checks

#define TICKETCORE_PARTS(...) \
  [&]() -> ::ticketcore::plain_checks::Outcome { return ::ticketcore::plain_checks::Parts{} << __VA_ARGS__; }
#define SUBCASE(name) if (const ::ticketcore::plain_checks::Subcase subcase{name}; subcase.entered)
#define CHECK(...) (void)::ticketcore::plain_checks::check(#__VA_ARGS__, true, TICKETCORE_PARTS(__VA_ARGS__))
#define CHECK_FALSE(...) \
  (void)::ticketcore::plain_checks::check(#__VA_ARGS__, false, TICKETCORE_PARTS(__VA_ARGS__))
#define REQUIRE(...)                                                                         \
  if (!::ticketcore::plain_checks::check(#__VA_ARGS__, true, TICKETCORE_PARTS(__VA_ARGS__))) \
  throw std::runtime_error("what follows needs it")
#define CHECK_THROWS_AS(statement, wanted) \
  ::ticketcore::plain_checks::check_throws<wanted>(#statement, #wanted, [&] { statement; })
#define MESSAGE(...) \
  ::ticketcore::plain_checks::run->said((::ticketcore::plain_checks::Line{} * __VA_ARGS__).text.str())
