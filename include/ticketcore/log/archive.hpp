#pragma once
// Archives: an event's whole log as a file of its own, for events that are over. An archive is the log's
// entries one after another and their number (docs/log-format.md), so that it proves itself as the log does,
// and replays to the same state.

#include <cstdint>
#include <filesystem>
#include <memory>

#include "ticketcore/base/ids.hpp"
#include "ticketcore/storage/storage.hpp"

namespace ticketcore {

struct ArchiveReport {
  EventId event{};
  Revision revision = 0;
  std::uint64_t bytes = 0;
  std::uint32_t checksum = 0;  ///< Of the last entry, and through it of all before.
};

/// Writes the event's log to a new file, durably, then reads that file back and replays it beside the store's
/// own log and snapshot: a file under this name has been proven to hold the same state to the byte. Takes
/// time linear in the log, and memory for the state, twice, and for 4 MiB of the log or its largest entry
/// (limits::entry_bytes at most). Throws StorageDamaged when log or file can't be proven, StorageUnavailable
/// when the file is there already or can't be written, StorageError for an event that the storage does not
/// have. The store stays as it is. While it is being written the file has a name of its own (its name and
/// ".part" and a number); of two who archive to one file, one is refused.
ArchiveReport archive_event(Storage& storage, const EventId& event, const std::filesystem::path& file);

/// Puts an archived event into a storage that has none of that name, in one commit: all of it or nothing,
/// whatever happens meanwhile, and no process can sell from it before it is whole. The stores of this library
/// hold the turn for as long as that takes. Memory as archive_event, and 16 bytes for each entry; a storage
/// in memory holds all of it. Throws StorageDamaged for a file that is not an archive or not whole,
/// StorageError when the event is there already, CommitOutcomeUnknown when it may be there now, whole.
ArchiveReport restore_event(Storage& storage, const std::filesystem::path& file);

/// Whether the file begins as an archive does. False for what is not there, and for a store that this process
/// has open.
[[nodiscard]] bool is_archive(const std::filesystem::path& file);

/// The archive as a storage to look into: what would write throws StorageUnavailable. It keeps the file open
/// and reads entries from there. Throws StorageDamaged, StorageUnavailable.
[[nodiscard]] std::unique_ptr<Storage> open_archive(const std::filesystem::path& file);

}  // namespace ticketcore
