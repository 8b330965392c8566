#pragma once
// Clients' addresses, and networks of them. An IPv4 address that comes in IPv6's clothes, as it does to a
// socket that listens on ::, is the same address.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace server {

class Address {
 public:
  /// "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1". nullopt for anything else: no port, zone, brackets or
  /// spaces.
  [[nodiscard]] static std::optional<Address> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const noexcept;
  /// As parse reads it, in its shortest form; an IPv4 address always as such.
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Address&, const Address&) = default;

 private:
  friend class Network;
  std::array<std::uint8_t, 16> bytes_{};  ///< Of IPv6; those of IPv4 are ::ffff:0:0/96.
};

class Network {
 public:
  /// "10.0.0.0/8", "2001:db8::/32", or one address. nullopt for anything else, and for a network whose
  /// address has bits behind its length, which is mostly a slip: "10.0.0.1/8".
  [[nodiscard]] static std::optional<Network> parse(std::string_view text);

  [[nodiscard]] bool contains(const Address& address) const noexcept;
  [[nodiscard]] std::string to_string() const;

 private:
  Address first_{};
  unsigned bits_ = 128;  ///< Of the IPv6 form.
};

/// Whether one of them has the address; what is no address is in none.
[[nodiscard]] bool contain(std::span<const Network> networks, std::string_view address);

/// What counts as one client: an IPv4 address, or the first 56 bits of an IPv6 address, which is what one
/// household has. What is no address stays as it is.
[[nodiscard]] std::string client_of(std::string_view address);

}  // namespace server
