#pragma once
// What is thrown when a disk, a network, a file or a key fails. A business "no" is never thrown: it is a
// Refusal (result.hpp).

#include <stdexcept>
#include <string>

namespace ticketcore {

/// The root of everything below: a store, a file or a key that can't be used. what() names it and says the
/// cause.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A store could not do what was asked of it.
class StorageError : public Error {
 public:
  using Error::Error;
};

/// Nothing was written, and the same call may succeed later: busy, disk full, read-only, not reachable.
class StorageUnavailable : public StorageError {
 public:
  using StorageError::StorageError;
};

/// Whether the commit took place is not known. The next turn on the stream finds out.
class CommitOutcomeUnknown : public StorageError {
 public:
  using StorageError::StorageError;
};

/// What was read is not what was written: not our file, cut short, a flipped bit, an entry missing.
class StorageDamaged : public StorageError {
 public:
  using StorageError::StorageError;
};

/// The history that a caller has read is no longer the store's: an entry that it knows is missing, or is
/// another one. A fail-over lost the end, a backup was restored, or the stream was removed and made anew. The
/// caller must forget what it has read, and read the log from its beginning.
class HistoryReplaced : public StorageDamaged {
 public:
  using StorageDamaged::StorageDamaged;
};

/// Written by a newer version of this library, in a format that this one does not know.
class StorageNewer : public StorageError {
 public:
  using StorageError::StorageError;
};

}  // namespace ticketcore
