#pragma once
// Ticket codes: what a barcode carries. "TC1:" and base45 (RFC 9285) of a small payload and its Ed25519
// signature, all in the characters that QR codes pack best: a typical code has some 155 characters and fits
// version 6 or 7 at level M. Whoever has the public key can tell a true code from a forged one without a
// network. docs/ticket-code.md gives the bytes.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ticketcore/base/ids.hpp"
#include "ticketcore/tickets/signing.hpp"

namespace ticketcore {

/// What a code says.
struct TicketClaims {
  EventId event{};
  TicketId ticket{};
  friend bool operator==(const TicketClaims&, const TicketClaims&) = default;
};

/// Why a code was not accepted.
enum class CodeFault : std::uint8_t {
  not_a_code,  ///< Some other barcode.
  damaged,     ///< Begins like a code, but was cut short or misread.
  newer_version,
  unknown_key,    ///< Signed with a key that is not among those given.
  bad_signature,  ///< Forged or misread.
};

/// Either claims, or why there are none.
struct CodeReading {
  std::optional<TicketClaims> claims{};
  CodeFault fault = CodeFault::not_a_code;
};

/// The same claims and key give the same code.
[[nodiscard]] std::string ticket_code(const TicketClaims& claims, const SigningKey& key);

/// Believes nothing of the code before its signature holds under one of the keys. White space around the
/// code, as hand scanners add it, is ignored.
[[nodiscard]] CodeReading read_ticket_code(std::string_view code, std::span<const VerifyKey> keys);

}  // namespace ticketcore
