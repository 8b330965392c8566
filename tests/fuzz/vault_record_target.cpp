// A person's record may be anything that a host puts away.

#include "fuzz.hpp"
#include "ticketcore/log/erasure.hpp"
#include "ticketcore/storage/memory.hpp"

namespace ticketcore::fuzz {

void vault_record(BytesView bytes) {
  MemoryStorage storage;
  storage.vault_put("person", bytes);
  const ErasureReport report = erase_person(storage, "person");
  require(report.was_there && !storage.vault_get("person"), "what is erased is gone");
  for (const std::string& piece : report.pieces)
    require(text_of(bytes).find(piece) != std::string_view::npos, "a piece of a record is in it");
}

}  // namespace ticketcore::fuzz
