#pragma once
// ShortNames: what the event's gates and payment methods are called, each name once. Records have its number.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ticketcore/base/detail/keyed_hash.hpp"
#include "ticketcore/base/detail/slot_table.hpp"
#include "ticketcore/base/detail/wire_reader.hpp"
#include "ticketcore/base/limits.hpp"
#include "ticketcore/sale/state/invariant.hpp"

namespace ticketcore {

class ShortNames {
 public:
  explicit ShortNames(const HashKey& key = {}) : key_(key) {}

  [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }
  [[nodiscard]] auto begin() const noexcept { return names_.begin(); }
  [[nodiscard]] auto end() const noexcept { return names_.end(); }
  [[nodiscard]] const std::string& operator[](std::uint16_t number) const { return names_[number]; }
  [[nodiscard]] bool knows(std::string_view name) const { return find(name) != SlotTable::none; }

  /// The name's number. One that is new gets the next; limits::short_names there may be.
  std::uint16_t number_of(const std::string& name) {
    std::uint32_t number = find(name);
    if (number == SlotTable::none) number = add(name);
    return static_cast<std::uint16_t>(number);
  }

  void check() const {
    for (std::uint32_t number = 0; number < names_.size(); ++number)
      detail::ensure(find(names_[number]) == number, "a gate or payment method can't be found by name");
  }

  void write(wire::Writer& out) const {
    out.varint(names_.size());
    for (const std::string& name : names_) out.text(name);
  }
  void read(wire::Reader& in) {
    const std::size_t count = in.count();
    if (count > limits::short_names) in.damaged("it has too many gates and payment methods");
    for (std::size_t left = count; left > 0; --left) {
      const std::string name = in.text();
      if (knows(name)) in.damaged("a gate or payment method stands twice");
      add(name);
    }
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return detail::bytes_of(names_) + table_.memory_bytes();
  }

 private:
  [[nodiscard]] std::uint32_t find(std::string_view name) const {
    return table_.find(keyed_hash(key_, name), [&](std::uint32_t at) { return names_[at] == name; });
  }
  std::uint32_t add(const std::string& name) {
    detail::ensure(names_.size() < limits::short_names, "too many gates and payment methods");
    const auto number = static_cast<std::uint32_t>(names_.size());
    names_.push_back(name);
    table_.insert(keyed_hash(key_, name), number);
    return number;
  }

  HashKey key_;
  std::vector<std::string> names_{};
  SlotTable table_{};
};

}  // namespace ticketcore
