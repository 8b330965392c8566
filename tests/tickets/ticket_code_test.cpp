#include "ticketcore/tickets/ticket_code.hpp"

#include <doctest/doctest.h>

#include <array>
#include <random>

#include "ticketcore/tickets/base45.hpp"
#include "ticketcore/tickets/qr.hpp"

using namespace ticketcore;

namespace {

[[nodiscard]] SigningKey key_of(std::uint8_t number) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(number);
  return SigningKey::from_seed(seed);
}

const TicketClaims claims{"gala-2027", {OrderId{{0x0193'A5B0'7C1E'7D53ULL, 0x9A41'0F6B'2C88'E1D7ULL}}, 2}};

[[nodiscard]] CodeReading read(std::string_view code, const SigningKey& key) {
  const VerifyKey verify = key.verify_key();
  return read_ticket_code(code, {&verify, 1});
}

}  // namespace

TEST_CASE("a code says what was claimed, to whoever has the public key") {
  const SigningKey key = key_of(1);
  const std::string code = ticket_code(claims, key);
  CHECK(code == ticket_code(claims, key));
  CHECK(read(code, key).claims == claims);
  CHECK(read("  " + code + "\r\n", key).claims == claims);
  CHECK(encode_qr(code).version() == 6);
}

TEST_CASE("any changed character is refused") {
  const SigningKey key = key_of(1);
  const std::string code = ticket_code(claims, key);
  for (std::size_t at = 0; at < code.size(); ++at) {
    std::string changed = code;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    INFO("character ", at);
    CHECK_FALSE(read(changed, key).claims.has_value());
  }
  for (std::size_t size = 0; size < code.size(); ++size)
    CHECK_FALSE(read(code.substr(0, size), key).claims.has_value());
}

TEST_CASE("any flipped bit below is refused") {
  const SigningKey key = key_of(1);
  const auto bytes = *base45_decode(std::string_view(ticket_code(claims, key)).substr(4));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto changed = bytes;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << (bit % 8)));
    CHECK_FALSE(read("TC1:" + base45_encode(changed), key).claims.has_value());
  }
}

TEST_CASE("other keys' codes are refused, and old keys can stay trusted") {
  const std::string old_code = ticket_code(claims, key_of(1));
  CHECK(read(old_code, key_of(2)).fault == CodeFault::unknown_key);
  const std::array<VerifyKey, 2> both = {key_of(2).verify_key(), key_of(1).verify_key()};
  CHECK(read_ticket_code(old_code, both).claims == claims);
}

TEST_CASE("other barcodes and noise are told apart from damage") {
  const SigningKey key = key_of(1);
  CHECK(read("4006381333931", key).fault == CodeFault::not_a_code);
  CHECK(read("TC1:", key).fault == CodeFault::damaged);
  CHECK(read("TC1:" + std::string(5'000, 'A'), key).fault == CodeFault::not_a_code);
  std::mt19937 random(45);
  for (int round = 0; round < 20'000; ++round) {
    std::string noise = "TC1:";
    for (std::size_t length = random() % 200; length > 0; --length)
      noise += "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"[random() % 45];
    REQUIRE_FALSE(read(noise, key).claims.has_value());
  }
  CHECK_THROWS_AS((void)ticket_code({}, key), std::invalid_argument);
}
