// Commands as they come from queues and from programs in other languages.

#include <algorithm>

#include "fuzz.hpp"
#include "ticketcore/sale/command_bytes.hpp"

namespace ticketcore::fuzz {

void command(BytesView bytes) {
  try {
    const Command read = read_command(bytes);
    wire::Writer out;
    write_command(out, read);
    require(std::ranges::equal(out.view(), bytes), "a command has one encoding");
    require(read_command(out.view()) == read, "what was read can be written and read");
  } catch (const CommandMalformed&) {
  }
}

}  // namespace ticketcore::fuzz
