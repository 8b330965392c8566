#ifdef TICKETCORE_HAVE_SERVER_HTTP

#include <string>
#include <vector>

#include "fuzz.hpp"
#include "http/addresses.hpp"

namespace ticketcore::fuzz {

void client_address(BytesView bytes) {
  const std::string_view text = text_of(bytes);
  if (const auto address = server::Address::parse(text)) {
    const std::string spelt = address->to_string();
    require(server::Address::parse(spelt) == address, "an address reads as it is written");
    require(server::client_of(text) == server::client_of(spelt),
            "one address is one client, however it is spelt");
    require(server::Network::parse(text).has_value(), "an address is a network of its own");
  }
  if (const auto network = server::Network::parse(text)) {
    const std::string spelt = network->to_string();
    const auto again = server::Network::parse(spelt);
    require(again && again->to_string() == spelt, "a network reads as it is written");
    const std::vector<server::Network> networks{*network};
    require(server::contain(networks, spelt.substr(0, spelt.find('/'))), "a network has its first address");
  }
}

}  // namespace ticketcore::fuzz

#endif
