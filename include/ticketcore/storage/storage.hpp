#pragma once
// The seam between the box office and whatever keeps its log. A backend stores streams of opaque entries: it
// knows bytes, streams and revisions, and nothing of seats. docs/storage-backends.md walks through writing
// one, and tests/conformance/ holds the suite that every backend must pass.
//
// Errors: each method throws what stands with it, and StorageError of whatever kind fits (errors.hpp). A
// std::system_error that an implementation lets through, such as a full disk's, is taken for
// StorageUnavailable where the log is read, and for CommitOutcomeUnknown in a turn, after which the log is
// read anew. Out of memory (std::bad_alloc) is answered with storage_unavailable. Anything else, whatever its
// type, says that the storage can't be trusted: in a turn it halts the event until it is reopened, elsewhere
// it comes back from the call.
//
// Threads: every method of Storage may be called from any thread at any time. A Turn belongs to the thread
// that took it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ticketcore/base/bytes.hpp"
#include "ticketcore/base/errors.hpp"
#include "ticketcore/base/time.hpp"

namespace ticketcore {

/// Names a stream: 1 to 128 bytes, "event/gala-2027".
using StreamId = std::string;
/// Counts the entries of one stream from 1 without gaps; 0 is the position before the first.
using Revision = std::uint64_t;

/// How far a caller has read a stream, and which history it was that was read: after a fail-over that lost
/// entries, a restored backup, or a stream that was removed and made anew, another entry may stand at the
/// same revision.
struct Position {
  StreamId stream{};
  Revision known = 0;
  /// That of the entry at known. A turn demands it, unless known is 0; where it is absent otherwise, nothing
  /// is compared.
  std::optional<std::uint32_t> checksum{};
  friend bool operator==(const Position&, const Position&) = default;
};

/// One committed entry.
struct Entry {
  Revision revision = 0;
  std::uint32_t checksum = 0;  ///< As its Append had it.
  Bytes bytes{};
};

/// A cache of everything up to and with revision. Losing it costs time, never data.
struct Snapshot {
  Revision revision = 0;
  Bytes bytes{};
};

/// One entry to be appended to one stream of the turn. The storage keeps the checksum beside the entry and
/// never computes one; it must tell one history from another, and so depend on the entries before, as the
/// log's own does (EntryHeader).
struct Append {
  StreamId stream{};
  std::uint32_t checksum = 0;
  BytesView bytes{};
};

/// The exclusive right to append to the turn's streams, from take_turn until it is destroyed. Destroying it
/// without a commit leaves no trace.
class Turn {
 public:
  virtual ~Turn() = default;

  /// The entries after the known revision, oldest first, without gaps. The stream must be one of the turn's.
  [[nodiscard]] virtual std::vector<Entry> unseen(const StreamId& stream) = 0;

  /// The time of this turn by the store's clock. The engine sees to it that time on a stream never runs
  /// backwards.
  [[nodiscard]] virtual Timestamp now() = 0;

  /// Hands over entries ahead of the commit, which appends them before its own: for what would be too much to
  /// hold in memory at once, as an archive. No reader sees them before the commit; without one they leave no
  /// trace. As often as there is need. Throws StorageUnavailable, after which only the turn's end is left;
  /// StorageError, by default, where the store has no way to.
  virtual void add(std::span<const Append> entries) {
    if (!entries.empty()) throw StorageError("this store has no way to take entries ahead of a commit");
  }

  /// Appends all or none, each at the revision after its stream's last, in the order given. Durable when it
  /// returns. At most once a turn. A commit of no entries appends nothing, and returns when all that the turn
  /// saw is durable: a turn may see entries of another process whose commit is still in doubt. Throws
  /// StorageUnavailable when nothing was written, CommitOutcomeUnknown when that can't be told.
  virtual void commit(std::span<const Append> entries) = 0;
};

class Storage {
 public:
  virtual ~Storage() = default;

  /// Waits for the exclusive right to append to these streams (sorted, unique, at least one; a stream that
  /// does not exist yet has no entries). Throws StorageUnavailable when the right can't be had in the
  /// backend's time limit, and HistoryReplaced, which is found out under that right, when the entry known of
  /// a stream is not there or has another checksum.
  [[nodiscard]] virtual std::unique_ptr<Turn> take_turn(std::span<const Position> streams) = 0;

  /// Committed entries after a revision, oldest first, without gaps: as many as fit max_bytes, but at least
  /// one if there is one. Never waits for a turn.
  [[nodiscard]] virtual std::vector<Entry> read(const StreamId& stream, Revision after,
                                                std::size_t max_bytes) = 0;

  /// The newest snapshot saved for the stream, if any.
  [[nodiscard]] virtual std::optional<Snapshot> load_snapshot(const StreamId& stream) = 0;

  /// Keeps the bytes as the snapshot of the stream up to the entry known, unless a newer one is kept already.
  /// Throws HistoryReplaced, and keeps nothing, when that entry is not there or has another checksum: a
  /// process that loads a snapshot past the log's end could not go on. Throws std::invalid_argument when
  /// known is 0 or the checksum is absent.
  virtual void save_snapshot(const Position& at, BytesView bytes) = 0;

  /// Names of all streams that begin with prefix and have an entry, sorted.
  [[nodiscard]] virtual std::vector<StreamId> list_streams(std::string_view prefix) = 0;

  /// Takes a whole stream out of the store, its snapshot too, if it ends with the entry known: for what has
  /// been archived. No process may be using it: one that has read the stream and takes a turn gets
  /// HistoryReplaced. Throws StorageError, and leaves the stream as it is, when it ends elsewhere, or when
  /// the store has no way to remove streams, as by default.
  virtual void remove_stream(const Position& end) {
    throw StorageError(describe() + ": it has no way to remove " + end.stream + " (revision " +
                       std::to_string(end.known) + ")");
  }

  /// Returns true as soon as one of the streams has an entry after its known revision, or has no longer the
  /// entry known (a turn or a reader finds out which), false when timeout has passed. With a timeout of 0 it
  /// looks once, and reads no entry's bytes.
  [[nodiscard]] virtual bool wait_for_news(std::span<const Position> streams,
                                           std::chrono::milliseconds timeout) = 0;

  /// The vault keeps personal data out of the log, under opaque ids of 1 to 128 bytes, so that it can be
  /// erased. Put replaces; get of an absent id is nullopt; erase of an absent id does nothing. Durable on
  /// return.
  virtual void vault_put(std::string_view id, BytesView bytes) = 0;
  [[nodiscard]] virtual std::optional<Bytes> vault_get(std::string_view id) = 0;
  virtual void vault_erase(std::string_view id) = 0;
  /// Drops what replaced and erased secrets left behind in the store's own files (dead rows, a write-ahead
  /// log), which vault_erase need not do at once. May take long, and keep the vault busy. Throws
  /// StorageUnavailable when it can't be done now. By default there is nothing to drop.
  virtual void scrub_vault() {}

  /// Shows the bytes of the store's own files on this machine, each from its beginning, block by block, for a
  /// search of what must not be in them. Only the store may read them: see SqliteStorage. show must not use
  /// the store. Throws StorageUnavailable. By default there are none.
  virtual void show_files(const std::function<void(std::string_view file, BytesView block)>& show) {
    (void)show;
  }

  /// What messages call this store: "memory", the path of a file, a host and database.
  [[nodiscard]] virtual std::string describe() const = 0;
};

}  // namespace ticketcore
