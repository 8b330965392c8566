#include "ticketcore/tickets/ticket_code.hpp"

#include <algorithm>

#include "ticketcore/base/detail/wire_reader.hpp"
#include "ticketcore/tickets/base45.hpp"

namespace ticketcore {
namespace {

constexpr std::string_view prefix = "TC1:";
constexpr std::uint8_t payload_version = 1;
constexpr std::size_t code_size_max = 1'000;
// Signed before the payload, so that no signature made for another purpose passes for a ticket's.
constexpr std::string_view domain{"ticketcore ticket code 1\0", 25};

[[nodiscard]] Bytes signed_text(BytesView payload) {
  Bytes text(domain.size() + payload.size());
  std::copy(payload.begin(), payload.end(), std::copy(domain.begin(), domain.end(), text.begin()));
  return text;
}

[[nodiscard]] std::string_view trim(std::string_view code) {
  const auto is_space = [](char c) { return c == ' ' || c == '\r' || c == '\n' || c == '\t'; };
  while (!code.empty() && is_space(code.front())) code.remove_prefix(1);
  while (!code.empty() && is_space(code.back())) code.remove_suffix(1);
  return code;
}

[[nodiscard]] TicketClaims read_claims(wire::Reader in) {
  TicketClaims claims;
  while (const std::uint32_t field = in.next_field()) {
    switch (field) {
      case 1: claims.event = in.text_field(); break;
      case 2: claims.ticket.order = OrderId{in.id_field()}; break;
      case 3: claims.ticket.number = in.number_field(); break;
      default: in.skip();
    }
  }
  if (claims.event.empty() || claims.ticket.order.is_zero() || claims.ticket.number == 0)
    in.damaged("a claim is missing");
  return claims;
}

}  // namespace

std::string ticket_code(const TicketClaims& claims, const SigningKey& key) {
  if (claims.event.empty() || claims.ticket.order.is_zero() || claims.ticket.number == 0)
    throw std::invalid_argument("a ticket code needs an event, an order and a ticket number from 1");
  wire::Writer payload;
  payload.u8(payload_version);
  payload.fixed(key.verify_key().key_id());
  payload.field(1, claims.event.text());
  payload.field(2, claims.ticket.order);
  payload.field(3, std::uint64_t{claims.ticket.number});
  const Signature signature = key.sign(signed_text(payload.view()));
  payload.raw(signature.data(), signature.size());
  return std::string(prefix) + base45_encode(payload.view());
}

CodeReading read_ticket_code(std::string_view code, std::span<const VerifyKey> keys) {
  const auto fault = [](CodeFault why) { return CodeReading{std::nullopt, why}; };
  code = trim(code);
  if (!code.starts_with(prefix) || code.size() > code_size_max) return fault(CodeFault::not_a_code);
  const auto bytes = base45_decode(code.substr(prefix.size()));
  constexpr std::size_t header_size = 5;
  Signature signature{};
  if (!bytes || bytes->size() < header_size + signature.size()) return fault(CodeFault::damaged);
  const BytesView payload(bytes->data(), bytes->size() - signature.size());
  std::copy(bytes->end() - static_cast<std::ptrdiff_t>(signature.size()), bytes->end(), signature.begin());
  wire::Reader in(payload, "a ticket code");
  if (in.u8() > payload_version) return fault(CodeFault::newer_version);
  const auto key_id = in.fixed<std::uint32_t>();
  bool known = false;
  const Bytes text = signed_text(payload);
  for (const VerifyKey& key : keys) {
    if (key.key_id() != key_id) continue;
    known = true;
    if (!key.verify(text, signature)) continue;
    try {
      return {read_claims(in), CodeFault::damaged};
    } catch (const StorageDamaged&) {
      return fault(CodeFault::damaged);
    } catch (const std::invalid_argument&) {
      return fault(CodeFault::damaged);
    }
  }
  return fault(known ? CodeFault::bad_signature : CodeFault::unknown_key);
}

}  // namespace ticketcore
