#include "fuzz.hpp"
#include "little_map.hpp"
#include "sealed.hpp"
#include "ticketcore/log/log.hpp"

namespace ticketcore::fuzz {
namespace {

[[nodiscard]] Bytes encode(const LogEntry& entry) {
  EntryWriter writer;
  writer.begin(entry.header);
  for (const Fact& fact : entry.facts) writer.add(fact);
  const BytesView bytes = writer.finish();
  return {bytes.begin(), bytes.end()};
}

void check_entry(BytesView bytes) {
  try {
    const LogEntry entry = decode_entry(bytes, "it", little_map());
    const EntryHeader header = decode_entry_header(bytes, "it");
    require(header.revision == entry.header.revision && header.checksum == entry.header.checksum,
            "the header read alone is the entry's");
    // Unknown fields and facts are left behind the first time, nothing the second.
    const Bytes written = encode(entry);
    const LogEntry again = decode_entry(written, "it", little_map());
    require(again.facts.size() == entry.facts.size() && again.skipped_facts == 0,
            "what was read can be written and read");
    require(again.header.turn == entry.header.turn &&
                again.header.previous_checksum == entry.header.previous_checksum,
            "the header is kept");
    require(encode(again) == written, "what is written twice is the same");
  } catch (const StorageDamaged&) {
  } catch (const StorageNewer&) {
  }
}

}  // namespace

void log_entry(BytesView bytes) {
  check_entry(bytes);
  Bytes sealed(bytes.begin(), bytes.end());
  seal_entry(sealed);
  check_entry(sealed);
}

}  // namespace ticketcore::fuzz
