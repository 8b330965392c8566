#include "json_reader.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "ticketcore/detail/control_characters.hpp"

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
          {pointer_ + "/" + pointer_token(key.substr(0, 100)), names.empty() ? "no fields are known here" : "is not known here; known are " + names});
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
  if (!found && value_->is_object() && errors_->size() < listed_errors) errors_->push_back({pointer_ + "/" + pointer_token(key), "is missing"});
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
  for (std::size_t index = 0; index < array->size(); ++index) values.push_back(JsonValue((*array)[index], pointer_ + "/" + std::to_string(index), *errors_));
  return values;
}

std::string JsonValue::text(std::size_t least_bytes, std::size_t most_bytes) const {
  const boost::json::string* string = value_->if_string();
  const bool fits = string != nullptr && string->size() >= least_bytes && string->size() <= most_bytes;
  if (!fits || ticketcore::detail::has_control_character({string->data(), string->size()})) {
    error("must be a text of " + std::to_string(least_bytes) + " to " + std::to_string(most_bytes) + " bytes without control characters");
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
    const auto found = std::find(words.begin(), words.end(), std::string_view(string->data(), string->size()));
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
    malformed_ = "the body is no JSON: " + (error ? error.message() : std::string("more text after the document")) + ", at byte " + std::to_string(read + 1);
    return;
  }
  body_->value = parser.release();
}

JsonDocument::~JsonDocument() = default;

JsonValue JsonDocument::root() { return JsonValue(body_->value, "", errors_); }

}  // namespace server
