#pragma once
// Reads a request's JSON strictly, and collects everything that is wrong with it, each with its JSON pointer
// (RFC 6901): a caller learns all of it at once. A member that stands twice is wrong, too. Fields that nobody
// asked for are refused, so that a misspelt option is never silently left out.

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// One thing wrong with a request, and where.
struct FieldError {
  std::string pointer{};
  std::string message{};
};

class JsonDocument;

/// One value of the document. Asking for what is not there, or is of another kind, notes an error and answers
/// something harmless; whether all was well is asked once, at the end. Valid as long as its document.
class JsonValue {
 public:
  /// The value must be an object with no fields but these.
  void only(std::initializer_list<std::string_view> known) const;
  [[nodiscard]] std::optional<JsonValue> find(std::string_view key) const;
  /// Notes an error when there is none.
  [[nodiscard]] std::optional<JsonValue> need(std::string_view key) const;
  [[nodiscard]] std::vector<JsonValue> elements(std::size_t most) const;
  /// Of so many bytes of UTF-8, without control characters.
  [[nodiscard]] std::string text(std::size_t least_bytes, std::size_t most_bytes) const;
  [[nodiscard]] std::int64_t integer(std::int64_t least, std::int64_t most) const;
  [[nodiscard]] bool flag() const;
  /// The place of the text among the words.
  [[nodiscard]] std::size_t one_of(std::initializer_list<std::string_view> words) const;
  void error(std::string message) const;
  [[nodiscard]] const std::string& pointer() const noexcept { return pointer_; }
  /// As JSON again.
  [[nodiscard]] std::string serialize() const;

 private:
  friend class JsonDocument;
  JsonValue(const boost::json::value& value, std::string pointer, std::vector<FieldError>& errors)
      : value_(&value), pointer_(std::move(pointer)), errors_(&errors) {}

  const boost::json::value* value_;
  std::string pointer_;
  std::vector<FieldError>* errors_;
};

class JsonDocument {
 public:
  /// Nothing at all counts as {}. Deeper than 32 levels is refused.
  explicit JsonDocument(std::string_view text);
  ~JsonDocument();
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  /// Why it is no JSON, with the place; empty if it is.
  [[nodiscard]] const std::string& malformed() const noexcept { return malformed_; }
  [[nodiscard]] JsonValue root();
  [[nodiscard]] const std::vector<FieldError>& errors() const noexcept { return errors_; }

 private:
  struct Body;
  std::unique_ptr<Body> body_;
  std::string malformed_;
  std::vector<FieldError> errors_;
};

}  // namespace server
