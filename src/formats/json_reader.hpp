#pragma once
// A JSON value that knows where in the file it stands, and reports what is wrong with it to the builder
// instead of throwing, so that one reading finds every problem.

#include <boost/json.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ticketcore/venue/seat_map_builder.hpp"

namespace ticketcore {

class JsonNode {
 public:
  JsonNode(const boost::json::value& value, std::string where, SeatMapBuilder& builder)
      : value_(&value), where_(std::move(where)), builder_(&builder) {}

  [[nodiscard]] const boost::json::value& value() const noexcept { return *value_; }
  [[nodiscard]] const std::string& where() const noexcept { return where_; }
  void problem(std::string what) const { builder_->problem(where_.empty() ? "/" : where_, std::move(what)); }

  /// The member, unless it is missing or null.
  [[nodiscard]] std::optional<JsonNode> find(std::string_view key) const;
  /// The member; a missing one is a problem.
  [[nodiscard]] std::optional<JsonNode> need(std::string_view key) const;
  /// The elements of the array under key; none if it is missing; anything but an array is a problem.
  [[nodiscard]] std::vector<JsonNode> list(std::string_view key) const;
  /// The elements of this array.
  [[nodiscard]] std::vector<JsonNode> elements() const;
  /// Reports members that are not among those known: most are misspelt.
  void only(std::initializer_list<std::string_view> known) const;

  // The value as a type; another type or a number out of range is a problem, and the default comes back.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::int64_t integer(std::int64_t low, std::int64_t high) const;
  /// A coordinate or length in thousandths.
  [[nodiscard]] std::int32_t coordinate() const;
  [[nodiscard]] bool flag() const;
  /// {"x": 1, "y": 2}.
  [[nodiscard]] Point point() const;

  // Members by key, optional: the default when missing.
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] bool flag(std::string_view key) const;

 private:
  const boost::json::value* value_;
  std::string where_;
  SeatMapBuilder* builder_;
};

/// Reads seats.io's chart JSON.
[[nodiscard]] SeatMap read_seatsio(const boost::json::value& chart);
/// Reads our own format.
[[nodiscard]] SeatMap read_venue(const boost::json::value& venue);

}  // namespace ticketcore
