#pragma once
// Archives: an event's whole log as a file of its own, for events that are over. An archive is the log's entries one after
// another and their number (docs/log-format.md), so that it proves itself as the log does, and replays to the same state.

#include <cstdint>
#include <filesystem>
#include <memory>

#include "ticketcore/ids.hpp"
#include "ticketcore/storage/memory.hpp"

namespace ticketcore {

struct ArchiveReport {
  EventId event{};
  Revision revision = 0;
  std::uint64_t bytes = 0;
  std::uint32_t checksum = 0;  ///< Of the last entry, and through it of all before.
};

/// Writes the event's log to a new file, durably, then reads that file back and replays it beside the store's own log and
/// snapshot: a file under this name has been proven to hold the same state to the byte. Linear in the log, which it holds in memory.
/// Throws StorageDamaged when log or file can't be proven, StorageUnavailable when the file is there already or can't
/// be written, StorageError for an event that the storage does not have. The store stays as it is.
ArchiveReport archive_event(Storage& storage, const EventId& event, const std::filesystem::path& file);

/// Puts an archived event into a storage that has none of that name. Throws StorageDamaged for a file that is not an archive
/// or not whole, StorageError when the event is there already.
ArchiveReport restore_event(Storage& storage, const std::filesystem::path& file);

/// Whether the file begins as an archive does.
[[nodiscard]] bool is_archive(const std::filesystem::path& file);

/// The archive as a storage in memory, to look into. Throws StorageDamaged, StorageUnavailable.
[[nodiscard]] std::unique_ptr<MemoryStorage> open_archive(const std::filesystem::path& file);

}  // namespace ticketcore
