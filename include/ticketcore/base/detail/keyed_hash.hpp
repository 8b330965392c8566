#pragma once
// Hashes of what strangers choose: ids of requests, names of holders and gates. Who doesn't know the key
// can't choose them to collide, and so can't make one table's look-ups slow.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ticketcore/base/detail/siphash.hpp"
#include "ticketcore/base/ids.hpp"

namespace ticketcore {

/// A box office draws its own (new_hash_key); the default is for tests and simulators, whose runs repeat to
/// the byte. No answer, fact or snapshot depends on it.
using HashKey = SipKey;

/// SipHash-1-3, as the hash tables of Python and Rust have it.
[[nodiscard]] inline std::uint64_t keyed_hash(const HashKey& key, std::string_view text) noexcept {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  return detail::siphash<1, 3>(key, {bytes, text.size()});
}
/// The same over the id's 16 bytes, each half from its lowest byte.
[[nodiscard]] constexpr std::uint64_t keyed_hash(const HashKey& key, const Id128& id) noexcept {
  detail::SipState state(key);
  state.take<1>(id.high);
  state.take<1>(id.low);
  state.take<1>(std::uint64_t{16} << 56);
  return state.finish<3>();
}

}  // namespace ticketcore
