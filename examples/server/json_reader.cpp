#include "json_reader.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>

#include "ticketcore/base/detail/control_characters.hpp"

namespace server {
namespace {

constexpr std::size_t listed_errors = 50;

[[nodiscard]] std::string pointer_token(std::string_view key) {
  std::string token;
  for (const char letter : key) {
    if (letter == '~') {
      token += "~0";
    } else if (letter == '/') {
      token += "~1";
    } else {
      token += letter;
    }
  }
  return token;
}

/// Reads along, and notes each member that stands twice in its object: a boost::json::value keeps the last
/// and forgets the others, and nobody would learn that half of what was sent counts for nothing.
class TwiceNamed {
 public:
  static constexpr std::size_t max_object_size = SIZE_MAX;
  static constexpr std::size_t max_array_size = SIZE_MAX;
  static constexpr std::size_t max_key_size = SIZE_MAX;
  static constexpr std::size_t max_string_size = SIZE_MAX;
  using Error = boost::json::error_code;
  using Text = boost::json::string_view;

  explicit TwiceNamed(std::vector<FieldError>& errors) : errors_(errors) {}

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return begin(false); }
  bool on_array_begin(Error&) { return begin(true); }
  bool on_array_end(std::size_t, Error&) {
    open_.pop_back();
    return true;
  }
  bool on_object_end(std::size_t, Error&) {
    const auto first = names_.begin() + static_cast<std::ptrdiff_t>(open_.back().first_name);
    std::sort(first, names_.end());
    for (auto twice = first; (twice = std::adjacent_find(twice, names_.end())) != names_.end();) {
      if (errors_.size() < listed_errors)
        errors_.push_back({pointer() + "/" + pointer_token(twice->substr(0, 100)), "stands twice"});
      twice = std::upper_bound(twice, names_.end(), *twice);
    }
    names_.erase(first, names_.end());
    open_.pop_back();
    return true;
  }
  bool on_key_part(Text part, std::size_t, Error&) {
    key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(Text part, std::size_t, Error&) {
    key_.append(part.data(), part.size());
    names_.push_back(std::move(key_));
    key_.clear();
    return true;
  }
  bool on_string_part(Text, std::size_t, Error&) { return true; }
  bool on_string(Text, std::size_t, Error&) { return element(); }
  bool on_number_part(Text, Error&) { return true; }
  bool on_int64(std::int64_t, Text, Error&) { return element(); }
  bool on_uint64(std::uint64_t, Text, Error&) { return element(); }
  bool on_double(double, Text, Error&) { return element(); }
  bool on_bool(bool, Error&) { return element(); }
  bool on_null(Error&) { return element(); }
  bool on_comment_part(Text, Error&) { return true; }
  bool on_comment(Text, Error&) { return true; }

 private:
  struct Open {
    bool array = false;
    std::size_t elements = 0;    ///< Of an array, so far.
    std::size_t first_name = 0;  ///< Of an object: where its names begin.
  };

  bool element() {
    if (!open_.empty()) ++open_.back().elements;
    return true;
  }
  bool begin(bool array) {
    element();
    open_.push_back({array, 0, names_.size()});
    return true;
  }
  /// Of the innermost object that is open.
  [[nodiscard]] std::string pointer() const {
    std::string path;
    for (std::size_t depth = 0; depth + 1 < open_.size(); ++depth) {
      const Open& outer = open_[depth];
      path += "/";
      path += outer.array ? std::to_string(outer.elements - 1)
                          : pointer_token(names_[open_[depth + 1].first_name - 1]);
    }
    return path;
  }

  std::vector<FieldError>& errors_;
  std::vector<Open> open_;
  std::vector<std::string> names_;  ///< Of all objects that are open, the outermost's first.
  std::string key_;
};

[[nodiscard]] std::string_view view_of(boost::json::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void JsonValue::error(std::string message) const {
  if (errors_->size() < listed_errors) errors_->push_back({pointer_, std::move(message)});
}

void JsonValue::only(std::initializer_list<std::string_view> known) const {
  const boost::json::object* object = value_->if_object();
  if (object == nullptr) return error("must be an object");
  for (auto member = object->begin(); member != object->end(); ++member) {
    const std::string_view key = view_of(member->key());
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::string names;
    for (const std::string_view name : known) names += (names.empty() ? "" : ", ") + std::string(name);
    if (errors_->size() < listed_errors)
      errors_->push_back(
          {pointer_ + "/" + pointer_token(key.substr(0, 100)),
           names.empty() ? "no fields are known here" : "is not known here; known are " + names});
  }
}

std::optional<JsonValue> JsonValue::find(std::string_view key) const {
  const boost::json::object* object = value_->if_object();
  if (object == nullptr) return std::nullopt;
  const boost::json::value* found = object->if_contains(boost::json::string_view(key.data(), key.size()));
  if (found == nullptr || found->is_null()) return std::nullopt;
  return JsonValue(*found, pointer_ + "/" + pointer_token(key), *errors_);
}

std::optional<JsonValue> JsonValue::need(std::string_view key) const {
  auto found = find(key);
  if (!found && value_->is_object() && errors_->size() < listed_errors)
    errors_->push_back({pointer_ + "/" + pointer_token(key), "is missing"});
  return found;
}

std::vector<JsonValue> JsonValue::elements(std::size_t most) const {
  std::vector<JsonValue> values;
  const boost::json::array* array = value_->if_array();
  if (array == nullptr || array->size() > most) {
    error("must be an array of at most " + std::to_string(most) + " elements");
    return values;
  }
  values.reserve(array->size());
  for (std::size_t index = 0; index < array->size(); ++index)
    values.push_back(JsonValue((*array)[index], pointer_ + "/" + std::to_string(index), *errors_));
  return values;
}

std::string JsonValue::text(std::size_t least_bytes, std::size_t most_bytes) const {
  const boost::json::string* string = value_->if_string();
  const bool fits = string != nullptr && string->size() >= least_bytes && string->size() <= most_bytes;
  if (!fits || ticketcore::detail::has_control_character({string->data(), string->size()})) {
    const std::string came =
        string == nullptr ? "" : "; this has " + std::to_string(string->size()) + " bytes";
    error("must be a text of " + std::to_string(least_bytes) + " to " + std::to_string(most_bytes) +
          " bytes without control characters" + came);
    return {};
  }
  return std::string(string->data(), string->size());
}

std::int64_t JsonValue::integer(std::int64_t least, std::int64_t most) const {
  std::int64_t number = 0;
  const bool whole = value_->is_int64();
  if (whole) number = value_->get_int64();
  if (whole && number >= least && number <= most) return number;
  error("must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::clamp<std::int64_t>(0, least, most);
}

bool JsonValue::flag() const {
  if (const bool* boolean = value_->if_bool()) return *boolean;
  error("must be true or false");
  return false;
}

std::size_t JsonValue::one_of(std::initializer_list<std::string_view> words) const {
  if (const boost::json::string* string = value_->if_string()) {
    const auto found =
        std::find(words.begin(), words.end(), std::string_view(string->data(), string->size()));
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  }
  std::string names;
  for (const std::string_view word : words) names += (names.empty() ? "" : ", ") + std::string(word);
  error("must be one of " + names);
  return 0;
}

std::string JsonValue::serialize() const { return boost::json::serialize(*value_); }

struct JsonDocument::Body {
  // Most requests fit here, and then reading one allocates nothing more.
  unsigned char room[2048];
  boost::json::monotonic_resource memory{room, sizeof room};
  boost::json::value value = boost::json::value(boost::json::object_kind, boost::json::storage_ptr(&memory));
};

JsonDocument::JsonDocument(std::string_view text) : body_(std::make_unique<Body>()) {
  if (text.empty()) return;
  boost::json::stream_parser parser;
  parser.reset(boost::json::storage_ptr(&body_->memory));
  boost::json::error_code error;
  const std::size_t read = parser.write_some(text.data(), text.size(), error);
  if (!error && read == text.size()) parser.finish(error);
  if (error || read < text.size()) {
    malformed_ =
        "the body is no JSON: " + (error ? error.message() : std::string("more text after the document")) +
        ", at byte " + std::to_string(read + 1);
    return;
  }
  body_->value = parser.release();
  boost::json::basic_parser<TwiceNamed> again({}, errors_);
  again.write_some(false, text.data(), text.size(), error);
}

JsonDocument::~JsonDocument() = default;

JsonValue JsonDocument::root() { return JsonValue(body_->value, "", errors_); }

}  // namespace server
