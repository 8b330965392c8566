#include "ticketcore/sale/command_bytes.hpp"

#include <algorithm>

#include "sale/field_reader.hpp"
#include "ticketcore/base/errors.hpp"

namespace ticketcore {
namespace {

using wire::Reader;

template <class Body>
void read_body(Reader in, Command& command) {
  constexpr FieldReader reader{Reading::strict};
  Body& body = command.body.emplace<Body>();
  set_zero(body);
  while (const std::uint32_t field = in.next_field()) {
    if (field == 1) {
      command.request = RequestId{in.id_field()};
    } else {
      reader.read_field(in, field, body);
    }
  }
  reader.check_required(in, body);
}

[[nodiscard]] Command read_whole_command(Reader in, BytesView bytes) {
  if (bytes.size() > limits::entry_bytes) in.damaged("it has more bytes than a command may have");
  Command command;
  const std::uint8_t tag = in.u8();
  if (!with_kind<CommandBody>(tag, [&]<class Body>() { read_body<Body>(in, command); }))
    in.damaged("there is no command of kind " + std::to_string(tag));
  if (command.request.is_zero()) in.damaged("it has no request");
  // One command has one encoding: fields that stand twice or out of their order, or numbers that are longer
  // than they need to be, would be another.
  wire::Writer written;
  write_command(written, command);
  if (!std::ranges::equal(written.view(), bytes)) in.damaged("it is not written as commands are");
  return command;
}

}  // namespace

Command read_command(BytesView bytes) {
  try {
    return read_whole_command(Reader(bytes, "the command"), bytes);
  } catch (const StorageDamaged& error) {
    throw CommandMalformed(error.what());
  } catch (const std::invalid_argument& error) {
    throw CommandMalformed(std::string("the command is damaged: ") + error.what());
  }
}

}  // namespace ticketcore
