#pragma once
// Bytes, owned and seen.

#include <cstdint>
#include <span>
#include <vector>

namespace ticketcore {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

}  // namespace ticketcore
