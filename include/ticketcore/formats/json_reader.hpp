#pragma once
// Reads JSON (RFC 8259) strictly, and collects every mistake with its place, so that the sender learns of all
// at once. A member that stands twice is a mistake, and so is one that was not asked for: most are misspelt,
// and a misspelt option must not be ignored silently. In ticketcore::formats.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boost::json {
class value;
}

namespace ticketcore {

/// One thing wrong with a document.
struct JsonProblem {
  std::string
      where{};  ///< A JSON pointer (RFC 6901), empty for the whole; line and column of what is no JSON.
  std::string what{};  ///< Goes on from where: "must be a whole number from 1 to 10".
};

struct JsonLimits {
  std::size_t depth = 32;     ///< Of arrays and objects in one another; deeper is no JSON here.
  std::size_t problems = 50;  ///< More are not listed.
};

class JsonDocument;

/// One value of a document, valid as long as that is. Asking for what is not there, or is of another kind,
/// notes a problem and answers something harmless; whether all was well is asked once, at the end.
class JsonValue {
 public:
  /// Notes each member that is not among those known.
  void only(std::initializer_list<std::string_view> known) const;
  /// The member, unless it is missing or null.
  [[nodiscard]] std::optional<JsonValue> find(std::string_view key) const;
  /// The same; that it is missing is a problem.
  [[nodiscard]] std::optional<JsonValue> need(std::string_view key) const;
  /// Of this array.
  [[nodiscard]] std::vector<JsonValue> elements(std::size_t most = SIZE_MAX) const;
  /// Of the array under the key; none where it is missing.
  [[nodiscard]] std::vector<JsonValue> list(std::string_view key) const;

  [[nodiscard]] bool is_text() const noexcept;
  [[nodiscard]] bool is_array() const noexcept;

  [[nodiscard]] std::string text() const;
  /// Of so many bytes of UTF-8, without control characters.
  [[nodiscard]] std::string text(std::size_t least_bytes, std::size_t most_bytes) const;
  /// Of the member; empty where it is missing.
  [[nodiscard]] std::string text(std::string_view key) const;
  /// 3 and 3.0 are the same number.
  [[nodiscard]] std::int64_t integer(std::int64_t least, std::int64_t most) const;
  [[nodiscard]] double number(std::int64_t least, std::int64_t most) const;
  [[nodiscard]] bool flag() const;
  /// Of the member; false where it is missing.
  [[nodiscard]] bool flag(std::string_view key) const;
  /// The place of the text among the words.
  [[nodiscard]] std::size_t one_of(std::initializer_list<std::string_view> words) const;

  /// Notes what the caller found wrong with this value.
  void problem(std::string what) const;
  [[nodiscard]] const std::string& where() const noexcept { return where_; }
  /// As JSON again.
  [[nodiscard]] std::string serialize() const;

 private:
  friend class JsonDocument;
  JsonValue(const boost::json::value& value, std::string where, JsonDocument& document)
      : value_(&value), where_(std::move(where)), document_(&document) {}
  [[nodiscard]] std::string where_is(std::string_view key) const;

  const boost::json::value* value_;
  std::string where_;
  JsonDocument* document_;
};

class JsonDocument {
 public:
  explicit JsonDocument(std::string_view text, JsonLimits limits = {});
  ~JsonDocument();
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  /// Why and where it is no JSON, if it is none; its root is an empty object then.
  [[nodiscard]] const std::optional<JsonProblem>& malformed() const noexcept { return malformed_; }
  [[nodiscard]] JsonValue root();
  /// Found so far, in the order in which they were found.
  [[nodiscard]] const std::vector<JsonProblem>& problems() const noexcept { return problems_; }
  /// It is JSON, and nothing was found wrong with it so far.
  [[nodiscard]] bool is_good() const noexcept { return !malformed_ && problems_.empty(); }
  /// Past the limit nothing is noted; what was noted last is not noted again.
  void problem(std::string where, std::string what);

 private:
  struct Body;
  std::unique_ptr<Body> body_;
  JsonLimits limits_;
  std::optional<JsonProblem> malformed_;
  std::vector<JsonProblem> problems_;
};

}  // namespace ticketcore
