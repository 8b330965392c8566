#pragma once
// A command's bytes: one encoding for each command, the same on every machine. Two commands that differ in
// anything differ in their bytes. They are what the digest is taken of that tells a repetition from another
// command under the same request id, and what carries a command through a queue, or from a program in another
// language. docs/log-format.md describes them.

#include <stdexcept>

#include "ticketcore/base/detail/siphash.hpp"
#include "ticketcore/sale/commands.hpp"
#include "ticketcore/sale/detail/field_bytes.hpp"

namespace ticketcore {

/// Appends the command's kind, one byte, its request and its fields, as facts have theirs.
inline void write_command(wire::Writer& out, const Command& command) {
  std::visit(
      [&](const auto& body) {
        out.u8(body.tag);
        out.field(1, command.request);
        detail::FieldWriter(out).write_fields(body);
      },
      command.body);
}

/// SipHash-2-4 of the command's bytes without the request, under the key 00 01 02 ... 0f. The log has it: it
/// never changes for the same command. Linear in what the command names, seat map included.
[[nodiscard]] inline std::uint64_t digest_of(const CommandBody& body) {
  constexpr SipKey key{0x0706050403020100ULL, 0x0F0E0D0C0B0A0908ULL};
  wire::Writer out;
  std::visit(
      [&](const auto& command) {
        out.u8(command.tag);
        detail::FieldWriter(out).write_fields(command);
      },
      body);
  return siphash24(key, out.view());
}

/// What read_command throws: the bytes are not those of a command. what() says where.
class CommandMalformed : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// Reads what write_command wrote, and nothing else: a kind or a field that is not known, a number out of its
/// range, a text that is no UTF-8, a missing request, anything that write_command would have written
/// otherwise or not at all throws CommandMalformed. What a command asks for may still make no sense: decide()
/// says so. Linear in the bytes. Takes up to limits::entry_bytes of them.
[[nodiscard]] Command read_command(BytesView bytes);

}  // namespace ticketcore
