#include "json_reader.hpp"

#include <algorithm>
#include <cmath>

namespace ticketcore {
namespace {

/// A key as a JSON pointer's token (RFC 6901).
[[nodiscard]] std::string token(std::string_view key) {
  std::string text;
  for (const char c : key) {
    if (c == '~') {
      text += "~0";
    } else if (c == '/') {
      text += "~1";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

std::optional<JsonNode> JsonNode::find(std::string_view key) const {
  const boost::json::object* object = value_->if_object();
  if (object == nullptr) return std::nullopt;
  const auto at = object->find(key);
  if (at == object->end() || at->value().is_null()) return std::nullopt;
  return JsonNode(at->value(), where_ + "/" + token(key), *builder_);
}

std::optional<JsonNode> JsonNode::need(std::string_view key) const {
  auto found = find(key);
  if (!found) problem(value_->is_object() ? "lacks \"" + std::string(key) + "\"" : "must be an object");
  return found;
}

std::vector<JsonNode> JsonNode::list(std::string_view key) const {
  const auto found = find(key);
  return found ? found->elements() : std::vector<JsonNode>();
}

std::vector<JsonNode> JsonNode::elements() const {
  std::vector<JsonNode> nodes;
  const boost::json::array* array = value_->if_array();
  if (array == nullptr) {
    problem("must be an array");
    return nodes;
  }
  nodes.reserve(array->size());
  for (std::size_t index = 0; index < array->size(); ++index)
    nodes.emplace_back((*array)[index], where_ + "/" + std::to_string(index), *builder_);
  return nodes;
}

void JsonNode::only(std::initializer_list<std::string_view> known) const {
  const boost::json::object* object = value_->if_object();
  if (object == nullptr) {
    problem("must be an object");
    return;
  }
  for (const auto& member : *object) {
    const std::string_view key(member.key().data(), member.key().size());
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::string what = "\"" + std::string(key) + "\" is not known here; known are";
    for (const std::string_view name : known) what += " " + std::string(name);
    problem(std::move(what));
  }
}

std::string JsonNode::text() const {
  if (const auto* string = value_->if_string()) return std::string(string->data(), string->size());
  problem("must be a text");
  return {};
}

std::int64_t JsonNode::integer(std::int64_t low, std::int64_t high) const {
  std::optional<std::int64_t> number;
  if (const auto* whole = value_->if_int64()) number = *whole;
  if (const auto* fraction = value_->if_double();
      fraction != nullptr && std::abs(*fraction) < 1e15 && std::floor(*fraction) == *fraction)
    number = static_cast<std::int64_t>(*fraction);
  if (number && *number >= low && *number <= high) return *number;
  problem("must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  return std::clamp<std::int64_t>(0, low, high);
}

std::int32_t JsonNode::coordinate() const {
  double number = 0;
  if (value_->is_number()) {
    number = value_->to_number<double>();
    if (std::isfinite(number) && std::abs(number) <= limits::coordinate)
      return static_cast<std::int32_t>(std::llround(number * 1000));
  }
  problem("must be a number from -" + std::to_string(limits::coordinate) + " to " +
          std::to_string(limits::coordinate));
  return 0;
}

bool JsonNode::flag() const {
  if (const auto* boolean = value_->if_bool()) return *boolean;
  problem("must be true or false");
  return false;
}

Point JsonNode::point() const {
  const auto x = need("x");
  const auto y = need("y");
  return {x ? x->coordinate() : 0, y ? y->coordinate() : 0};
}

std::string JsonNode::text(std::string_view key) const {
  const auto found = find(key);
  return found ? found->text() : std::string();
}

bool JsonNode::flag(std::string_view key) const {
  const auto found = find(key);
  return found && found->flag();
}

}  // namespace ticketcore
