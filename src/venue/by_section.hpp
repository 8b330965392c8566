#pragma once
// What stands in each section of a map, found in one pass over the map instead of one for each section.

#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace ticketcore {

class BySection {
 public:
  /// items are rows or areas, each of which names its section, one of section_count.
  template <class Items>
  BySection(std::size_t section_count, const Items& items)
      : first_(section_count + 1), indices_(items.size()) {
    for (const auto& item : items) ++first_[item.section.value + 1];
    std::partial_sum(first_.begin(), first_.end(), first_.begin());
    std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
    for (std::uint32_t index = 0; index < items.size(); ++index)
      indices_[next[items[index].section.value]++] = index;
  }

  /// Indices of the items in a section, in the map's order.
  [[nodiscard]] std::span<const std::uint32_t> in(std::uint32_t section) const {
    return std::span(indices_).subspan(first_[section], first_[section + 1] - first_[section]);
  }

 private:
  std::vector<std::uint32_t> first_;
  std::vector<std::uint32_t> indices_;
};

}  // namespace ticketcore
