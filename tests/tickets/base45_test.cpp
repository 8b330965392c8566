#include "ticketcore/tickets/base45.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ticketcore/base/bytes.hpp"

using namespace ticketcore;

namespace {

Bytes bytes_in(std::string_view text) { return {text.begin(), text.end()}; }

}  // namespace

TEST_CASE("the examples of RFC 9285 come out as printed there") {
  struct Example {
    std::string_view plain;
    std::string_view encoded;
  };
  for (const auto& [plain, encoded] : {Example{"AB", "BB8"},
                                       {"Hello!!", "%69 VD92EX0"},
                                       {"base-45", "UJCLQE7W581"},
                                       {"ietf!", "QED8WEX0"},
                                       {"", ""}}) {
    CHECK(base45_encode(bytes_in(plain)) == encoded);
    CHECK(base45_decode(encoded) == bytes_in(plain));
  }
}

TEST_CASE("every text of one byte and of two bytes has its own base45, and comes back") {
  std::set<std::string> seen;
  for (unsigned value = 0; value < 256; ++value) {
    const Bytes bytes{static_cast<std::uint8_t>(value)};
    const std::string text = base45_encode(bytes);
    REQUIRE(text.size() == 2);
    REQUIRE(base45_decode(text) == bytes);
    seen.insert(text);
  }
  for (unsigned value = 0; value < 65'536; ++value) {
    const Bytes bytes{static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value & 0xFF)};
    const std::string text = base45_encode(bytes);
    REQUIRE(text.size() == 3);
    REQUIRE(base45_decode(text) == bytes);
    seen.insert(text);
  }
  CHECK(seen.size() == 256 + 65'536);
}

TEST_CASE("any bytes come back from base45") {
  std::mt19937 random(1);
  for (int round = 0; round < 5'000; ++round) {
    Bytes bytes(random() % 300);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() & 0xFF);
    const std::string text = base45_encode(bytes);
    REQUIRE(text.size() == (bytes.size() * 3 + 1) / 2);
    REQUIRE(base45_decode(text) == bytes);
  }
}

TEST_CASE("of all texts of two and three characters, just those that some bytes encode to are read") {
  int read_pairs = 0;
  int read_triples = 0;
  std::string text(2, ' ');
  const auto reads_back = [](const std::string& candidate) {
    const auto bytes = base45_decode(candidate);
    if (bytes) REQUIRE(base45_encode(*bytes) == candidate);
    return bytes ? 1 : 0;
  };
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      text = {static_cast<char>(first), static_cast<char>(second)};
      read_pairs += reads_back(text);
    }
  }
  for (unsigned first = ' '; first < 128; ++first) {
    for (unsigned second = ' '; second < 128; ++second) {
      for (unsigned third = ' '; third < 128; ++third) {
        text = {static_cast<char>(first), static_cast<char>(second), static_cast<char>(third)};
        read_triples += reads_back(text);
      }
    }
  }
  CHECK(read_pairs == 256);
  CHECK(read_triples == 65'536);
}

TEST_CASE("what no bytes encode to is refused") {
  for (const std::string_view text :
       {"A", "BB8A", "BB8BB8B",        // one character too many or too few
        "GGW", ":::", "BB8GGW",        // the RFC's own: 65536 and more in three characters
        "V5", "::", "BB8V5",           // 256 and more in two
        "bb8", "BB!", "B=8", "BB8\n",  // other characters
        "BB8 ",
        "\xC3\x84"
        "B"}) {
    CAPTURE(text);
    CHECK(!base45_decode(text));
  }
  CHECK(!base45_decode(std::string_view("BB\0", 3)));
  CHECK(base45_decode("FGW") == Bytes{0xFF, 0xFF});
  CHECK(base45_decode("U5") == Bytes{0xFF});
}
