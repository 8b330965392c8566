#pragma once
// Erasing a person: the vault's record goes, and a search proves that nothing of it is left in the store.

#include <string>
#include <string_view>
#include <vector>

#include "ticketcore/storage/storage.hpp"

namespace ticketcore {

struct ErasureReport {
  bool was_there = false;  ///< False when the vault had no such record, and so nothing to search for.
  std::vector<std::string>
      pieces{};  ///< What was searched for: texts of the record from 6 bytes, and the record whole.
  std::uint64_t bytes_searched = 0;
  std::string not_scrubbed{};  ///< Why what the record left in the store's own files could not be dropped;
                               ///< empty: it was. Erase again then.
  std::vector<std::string>
      traces{};  ///< Where a piece was found all the same: "entry 7 of event/gala". Empty: none is left.
};

/// Erases the vault's record of a person for good (Storage::vault_erase, then scrub_vault), then searches
/// every entry and every snapshot of every stream, and the store's own files (Storage::show_files), for what
/// the record said. The log can't be changed: a trace there means that personal data was put where only an
/// opaque id belongs. Backups are out of its reach, and so is a database server's own write-ahead log. Throws
/// StorageError.
ErasureReport erase_person(Storage& storage, std::string_view id);

}  // namespace ticketcore
