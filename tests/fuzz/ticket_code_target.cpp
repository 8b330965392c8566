#include "ticketcore/tickets/ticket_code.hpp"

#include "fuzz.hpp"
#include "ticketcore/tickets/base45.hpp"

namespace ticketcore::fuzz {
namespace {

[[nodiscard]] const SigningKey& key() {
  static const SigningKey made = [] {
    const std::array<std::uint8_t, 32> seed{7};
    return SigningKey::from_seed(seed);
  }();
  return made;
}

void check(std::string_view code) {
  const VerifyKey keys[] = {key().verify_key()};
  const CodeReading reading = read_ticket_code(code, keys);
  if (!reading.claims) return;
  const CodeReading again = read_ticket_code(ticketcore::ticket_code(*reading.claims, key()), keys);
  require(again.claims == reading.claims, "claims that were read can be written and read");
}

}  // namespace

void ticket_code(BytesView bytes) {
  check(text_of(bytes));
  if (const auto decoded = base45_decode(text_of(bytes)))
    require(base45_encode(*decoded) == text_of(bytes), "one text for the bytes of one text");
  const std::string encoded = base45_encode(bytes);
  require(base45_decode(encoded) == Bytes(bytes.begin(), bytes.end()), "bytes survive base45");

  // As a payload that we signed: only then is it looked into.
  Bytes payload{1, 0, 0, 0, 0};
  const std::uint32_t key_id = key().verify_key().key_id();
  std::copy_n(reinterpret_cast<const std::uint8_t*>(&key_id), 4, payload.begin() + 1);
  payload.insert(payload.end(), bytes.begin(), bytes.end());
  constexpr std::string_view domain{"ticketcore ticket code 1\0", 25};
  Bytes text(domain.begin(), domain.end());
  text.insert(text.end(), payload.begin(), payload.end());
  const Signature signature = key().sign(text);
  payload.insert(payload.end(), signature.begin(), signature.end());
  check("TC1:" + base45_encode(payload));
}

}  // namespace ticketcore::fuzz
