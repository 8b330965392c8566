#pragma once
// The log's format: batches of facts as bytes. docs/log-format.md is its full description; golden files in
// tests/golden/ keep every released version readable.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "ticketcore/sale/facts.hpp"
#include "ticketcore/storage/storage.hpp"
#include "ticketcore/venue/seat_map_bytes.hpp"

namespace ticketcore {

/// The stream of an event's entries: "event/gala-2027".
[[nodiscard]] inline StreamId stream_of(const EventId& event) { return "event/" + event.text(); }

/// Entries begin with this; what a newer library writes in a way that this one can't read has a higher one.
inline constexpr std::uint8_t log_format_version = 1;

/// Where an entry stands in its stream. Each entry carries the checksum of the one before it, so that a
/// missing, swapped or altered entry shows.
struct EntryHeader {
  Revision revision = 0;
  Timestamp turn{};
  std::uint32_t previous_checksum = 0;  ///< 0 for revision 1.
  std::uint32_t checksum = 0;           ///< CRC32C of this entry; set by finish and by decode_entry.
};

/// Writes one entry. Reusable, so that a busy desk allocates nothing. Not synchronized.
class EntryWriter {
 public:
  EntryWriter();
  ~EntryWriter();
  EntryWriter(EntryWriter&&) noexcept;
  EntryWriter& operator=(EntryWriter&&) noexcept;

  void begin(const EntryHeader& header);
  void add(const Fact& fact);
  [[nodiscard]] std::uint32_t fact_count() const noexcept;
  [[nodiscard]] std::size_t size_bytes() const noexcept;
  /// The entry, valid until the next begin. Its checksum is in checksum().
  [[nodiscard]] BytesView finish();
  [[nodiscard]] std::uint32_t checksum() const noexcept;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

/// A decoded entry.
struct LogEntry {
  EntryHeader header{};
  std::vector<Fact> facts{};
  std::vector<SeatMapHash> maps{};  ///< That its facts name.
  std::uint32_t skipped_facts =
      0;  ///< Facts of kinds this version does not know and may ignore (tags from 64 up).
};

/// Reads what EntryWriter wrote. A fact names its seat map by a hash: the map is that in use in this process,
/// or is read from the storage (stored_map.hpp). Throws StorageDamaged when the bytes are not an entry, are
/// cut short or fail their checksum, or when a map is not there; StorageNewer when they need a newer version;
/// both name what was read ("entry 17 of event/gala"). What reading the storage throws.
[[nodiscard]] LogEntry decode_entry(BytesView bytes, std::string_view what, Storage& maps);

/// The same, but leaves the facts unread.
[[nodiscard]] EntryHeader decode_entry_header(BytesView bytes, std::string_view what);

}  // namespace ticketcore
