#include "http/addresses.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace server {
namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
/// What providers give to one home (RIPE-690); some give a /48, which then is 256 clients.
constexpr unsigned home_bits = 56;

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  // inet_pton reads up to the first zero byte.
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  Address address;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes_.data()) == 1) return address;
  std::ranges::copy(v4_prefix, address.bytes_.begin());
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes_.data() + v4_prefix.size()) == 1) return address;
  return std::nullopt;
}

bool Address::is_v4() const noexcept {
  return std::equal(v4_prefix.begin(), v4_prefix.end(), bytes_.begin());
}

std::string Address::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v4 = is_v4();
  return inet_ntop(v4 ? AF_INET : AF_INET6, bytes_.data() + (v4 ? v4_prefix.size() : 0), text.data(),
                   text.size());
}

std::optional<Network> Network::parse(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto address = Address::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  Network network;
  network.first_ = *address;
  if (slash == text.size()) return network;
  const std::string_view length = text.substr(slash + 1);
  // "::ffff:0:0/96" counts in bits of IPv6, "10.0.0.0/8" in those of IPv4.
  const bool as_v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  unsigned bits = 0;
  const auto read = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (read.ec != std::errc{} || read.ptr != length.data() + length.size() || bits > (as_v4 ? 32U : 128U))
    return std::nullopt;
  network.bits_ = bits + (as_v4 ? 96 : 0);
  for (unsigned bit = network.bits_; bit < 128; ++bit) {
    if ((network.first_.bytes_[bit / 8] >> (7 - bit % 8) & 1U) != 0) return std::nullopt;
  }
  return network;
}

bool Network::contains(const Address& address) const noexcept {
  const unsigned whole = bits_ / 8, rest = bits_ % 8;
  if (!std::equal(first_.bytes_.begin(), first_.bytes_.begin() + whole, address.bytes_.begin())) return false;
  return rest == 0 || ((first_.bytes_[whole] ^ address.bytes_[whole]) >> (8 - rest)) == 0;
}

std::string Network::to_string() const {
  const bool v4 = first_.is_v4() && bits_ >= 96;
  return first_.to_string() + "/" + std::to_string(v4 ? bits_ - 96 : bits_);
}

bool contain(std::span<const Network> networks, std::string_view address) {
  if (networks.empty()) return false;
  const auto parsed = Address::parse(address);
  return parsed &&
         std::ranges::any_of(networks, [&](const Network& network) { return network.contains(*parsed); });
}

std::string client_of(std::string_view address) {
  const auto parsed = Address::parse(address);
  if (!parsed) return std::string(address);
  if (parsed->is_v4()) return parsed->to_string();
  in6_addr home{};
  inet_pton(AF_INET6, parsed->to_string().c_str(), &home);
  std::fill(home.s6_addr + home_bits / 8, home.s6_addr + 16, static_cast<unsigned char>(0));
  std::array<char, INET6_ADDRSTRLEN> network{};
  return std::string(inet_ntop(AF_INET6, &home, network.data(), network.size())) + "/" +
         std::to_string(home_bits);
}

}  // namespace server
