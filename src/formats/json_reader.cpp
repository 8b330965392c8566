#include "ticketcore/formats/json_reader.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <cmath>

#include "ticketcore/base/detail/control_characters.hpp"

namespace ticketcore {
namespace {

/// Longer names are shown cut.
constexpr std::size_t shown_key_bytes = 100;

[[nodiscard]] std::string pointer_token(std::string_view key) {
  std::string token;
  for (const char letter : key.substr(0, shown_key_bytes)) {
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

[[nodiscard]] std::string listed(std::initializer_list<std::string_view> words) {
  std::string list;
  for (const std::string_view word : words) list += (list.empty() ? "" : ", ") + std::string(word);
  return list;
}

[[nodiscard]] std::string range(std::int64_t least, std::int64_t most) {
  return "number from " + std::to_string(least) + " to " + std::to_string(most);
}

/// Reads along, and notes each member that stands twice in its object: a boost::json::value keeps the last
/// and forgets the others, and the sender would not learn that half of what was sent was ignored.
class TwiceNamed {
 public:
  static constexpr std::size_t max_object_size = SIZE_MAX;
  static constexpr std::size_t max_array_size = SIZE_MAX;
  static constexpr std::size_t max_key_size = SIZE_MAX;
  static constexpr std::size_t max_string_size = SIZE_MAX;
  using Error = boost::json::error_code;
  using Text = boost::json::string_view;

  explicit TwiceNamed(JsonDocument& document) : document_(document) {}

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
      document_.problem(pointer() + "/" + pointer_token(*twice), "stands twice");
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

  JsonDocument& document_;
  std::vector<Open> open_;
  std::vector<std::string> names_;  ///< Of all objects that are open, the outermost's first.
  std::string key_;
};

[[nodiscard]] JsonProblem problem_at(std::string_view text, std::size_t at, const std::string& why) {
  const std::string_view before = text.substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t column = before.size() - (before.rfind('\n') + 1) + 1;
  return {"line " + std::to_string(line) + ", column " + std::to_string(column), "is not JSON: " + why};
}

}  // namespace

void JsonValue::problem(std::string what) const { document_->problem(where_, std::move(what)); }

std::string JsonValue::where_is(std::string_view key) const { return where_ + "/" + pointer_token(key); }

void JsonValue::only(std::initializer_list<std::string_view> known) const {
  const boost::json::object* object = value_->if_object();
  if (object == nullptr) return problem("must be an object");
  for (const auto& member : *object) {
    const std::string_view key = view_of(member.key());
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    document_->problem(where_is(key), known.size() == 0 ? "no fields are known here"
                                                        : "is not known here; known are " + listed(known));
  }
}

std::optional<JsonValue> JsonValue::find(std::string_view key) const {
  const boost::json::object* object = value_->if_object();
  if (object == nullptr) return std::nullopt;
  const boost::json::value* found = object->if_contains(boost::json::string_view(key.data(), key.size()));
  if (found == nullptr || found->is_null()) return std::nullopt;
  return JsonValue(*found, where_is(key), *document_);
}

std::optional<JsonValue> JsonValue::need(std::string_view key) const {
  auto found = find(key);
  if (!value_->is_object()) {
    problem("must be an object");
  } else if (!found) {
    document_->problem(where_is(key), "is missing");
  }
  return found;
}

std::vector<JsonValue> JsonValue::elements(std::size_t most) const {
  std::vector<JsonValue> values;
  const boost::json::array* array = value_->if_array();
  if (array == nullptr || array->size() > most) {
    problem(most == SIZE_MAX ? "must be an array"
                             : "must be an array of at most " + std::to_string(most) + " elements");
    return values;
  }
  values.reserve(array->size());
  for (std::size_t index = 0; index < array->size(); ++index)
    values.push_back(JsonValue((*array)[index], where_ + "/" + std::to_string(index), *document_));
  return values;
}

std::vector<JsonValue> JsonValue::list(std::string_view key) const {
  const auto found = find(key);
  return found ? found->elements() : std::vector<JsonValue>();
}

bool JsonValue::is_text() const noexcept { return value_->is_string(); }
bool JsonValue::is_array() const noexcept { return value_->is_array(); }

std::string JsonValue::text() const {
  if (const auto* string = value_->if_string()) return std::string(string->data(), string->size());
  problem("must be a text");
  return {};
}

std::string JsonValue::text(std::size_t least_bytes, std::size_t most_bytes) const {
  const boost::json::string* string = value_->if_string();
  const bool fits = string != nullptr && string->size() >= least_bytes && string->size() <= most_bytes;
  if (!fits || detail::has_control_character({string->data(), string->size()})) {
    const std::string came =
        string == nullptr ? "" : "; this has " + std::to_string(string->size()) + " bytes";
    problem("must be a text of " + std::to_string(least_bytes) + " to " + std::to_string(most_bytes) +
            " bytes without control characters" + came);
    return {};
  }
  return std::string(string->data(), string->size());
}

std::string JsonValue::text(std::string_view key) const {
  const auto found = find(key);
  return found ? found->text() : std::string();
}

std::int64_t JsonValue::integer(std::int64_t least, std::int64_t most) const {
  std::optional<std::int64_t> number;
  if (const auto* whole = value_->if_int64()) number = *whole;
  if (const auto* written = value_->if_double();
      written != nullptr && std::abs(*written) < 1e15 && std::floor(*written) == *written)
    number = static_cast<std::int64_t>(*written);
  if (number && *number >= least && *number <= most) return *number;
  problem("must be a whole " + range(least, most));
  return std::clamp<std::int64_t>(0, least, most);
}

double JsonValue::number(std::int64_t least, std::int64_t most) const {
  if (value_->is_number()) {
    const double number = value_->to_number<double>();
    if (number >= static_cast<double>(least) && number <= static_cast<double>(most)) return number;
  }
  problem("must be a " + range(least, most));
  return static_cast<double>(std::clamp<std::int64_t>(0, least, most));
}

bool JsonValue::flag() const {
  if (const bool* boolean = value_->if_bool()) return *boolean;
  problem("must be true or false");
  return false;
}

bool JsonValue::flag(std::string_view key) const {
  const auto found = find(key);
  return found && found->flag();
}

std::size_t JsonValue::one_of(std::initializer_list<std::string_view> words) const {
  if (const boost::json::string* string = value_->if_string()) {
    const auto found =
        std::find(words.begin(), words.end(), std::string_view(string->data(), string->size()));
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  }
  problem("must be one of " + listed(words));
  return 0;
}

std::string JsonValue::serialize() const { return boost::json::serialize(*value_); }

struct JsonDocument::Body {
  // Most requests fit here, and then reading one allocates nothing more.
  unsigned char room[2048];
  boost::json::monotonic_resource memory{room, sizeof room};
  boost::json::value value = boost::json::value(boost::json::object_kind, boost::json::storage_ptr(&memory));
};

JsonDocument::JsonDocument(std::string_view text, JsonLimits limits)
    : body_(std::make_unique<Body>()), limits_(limits) {
  boost::json::parse_options options;
  options.max_depth = limits.depth;
  boost::json::stream_parser parser({}, options);
  parser.reset(boost::json::storage_ptr(&body_->memory));
  boost::json::error_code error;
  const std::size_t read = parser.write_some(text.data(), text.size(), error);
  if (!error && read == text.size()) parser.finish(error);
  if (error || read < text.size()) {
    malformed_ = problem_at(text, read, error ? error.message() : "something follows the end");
    return;
  }
  body_->value = parser.release();
  boost::json::basic_parser<TwiceNamed> again(options, *this);
  again.write_some(false, text.data(), text.size(), error);
}

JsonDocument::~JsonDocument() = default;

JsonValue JsonDocument::root() { return JsonValue(body_->value, "", *this); }

void JsonDocument::problem(std::string where, std::string what) {
  if (problems_.size() == limits_.problems) return;
  if (!problems_.empty() && problems_.back().where == where && problems_.back().what == what) return;
  problems_.push_back({std::move(where), std::move(what)});
}

}  // namespace ticketcore
