#include "http/addresses.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using server::Address;
using server::client_of;
using server::Network;

namespace {

bool has(std::string_view network, std::string_view address) {
  const auto parsed = Network::parse(network);
  REQUIRE(parsed.has_value());
  const std::vector<Network> networks{*parsed};
  return server::contain(networks, address);
}

}  // namespace

TEST_CASE("an IPv4 address in IPv6's clothes is the same address") {
  REQUIRE(Address::parse("::ffff:192.0.2.7") == Address::parse("192.0.2.7"));
  CHECK(Address::parse("::FFFF:c000:0207") == Address::parse("192.0.2.7"));
  CHECK(Address::parse("::ffff:192.0.2.7")->to_string() == "192.0.2.7");
  CHECK(client_of("::ffff:192.0.2.7") == "192.0.2.7");
  // As a connection names it, and as the command line does.
  CHECK(has("127.0.0.1", "::ffff:127.0.0.1"));
  CHECK(has("::ffff:127.0.0.1", "127.0.0.1"));
  CHECK(has("10.0.0.0/8", "::ffff:10.200.3.4"));
}

TEST_CASE("a network has its addresses and no others") {
  CHECK(has("10.0.0.0/8", "10.255.255.255"));
  CHECK_FALSE(has("10.0.0.0/8", "11.0.0.0"));
  CHECK(has("192.0.2.128/25", "192.0.2.128"));
  CHECK_FALSE(has("192.0.2.128/25", "192.0.2.127"));
  CHECK(has("192.0.2.1/32", "192.0.2.1"));
  CHECK_FALSE(has("192.0.2.1", "192.0.2.2"));
  CHECK(has("0.0.0.0/0", "203.0.113.9"));
  CHECK_FALSE(has("0.0.0.0/0", "2001:db8::1"));
  CHECK(has("2001:db8::/32", "2001:db8:ffff::1"));
  CHECK_FALSE(has("2001:db8::/32", "2001:db9::"));
  CHECK(has("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(has("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(has("::/0", "2001:db8::1"));
  CHECK(has("::/0", "203.0.113.9"));
  CHECK(has("::ffff:0:0/96", "203.0.113.9"));
  CHECK_FALSE(has("10.0.0.0/8", "somebody"));
}

TEST_CASE("what is no address and no network is refused") {
  for (const std::string_view text :
       {"", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4:80", "[::1]", "::1%lo", " 1.2.3.4",
        "1.2.3.4 ", "localhost", ":::", "1::2::3"}) {
    CAPTURE(text);
    CHECK_FALSE(Address::parse(text).has_value());
    CHECK_FALSE(Network::parse(text).has_value());
  }
  using namespace std::string_view_literals;
  CHECK_FALSE(Address::parse("1.2.3.4\0"sv).has_value());
  for (const std::string_view text : {"10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8 ",
                                      "10.0.0.0/8/8", "10.0.0.1/8", "::/129", "2001:db8::1/64", "/8"}) {
    CAPTURE(text);
    CHECK_FALSE(Network::parse(text).has_value());
  }
}

TEST_CASE("a household's IPv6 addresses are one client") {
  CHECK(client_of("2001:db8:1:2aa:3:4:5:6") == "2001:db8:1:200::/56");
  CHECK(client_of("2001:db8:1:2ff:ffff::1") == "2001:db8:1:200::/56");
  CHECK(client_of("2001:db8:1:300::1") == "2001:db8:1:300::/56");
  CHECK(client_of("192.0.2.7") == "192.0.2.7");
  CHECK(client_of("fakepay") == "fakepay");
}
