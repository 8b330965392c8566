#pragma once
// What every backend's turn checks of its caller.

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "ticketcore/base/limits.hpp"
#include "ticketcore/storage/storage.hpp"

namespace ticketcore {

/// The streams of one turn and what was known of them.
class TurnStreams {
 public:
  /// Throws std::invalid_argument unless the streams are at least one, named, sorted and unique, each with
  /// the checksum known.
  explicit TurnStreams(std::span<const Position> streams) : streams_(streams.begin(), streams.end()) {
    if (streams_.empty()) throw std::invalid_argument("a turn needs at least one stream");
    for (std::size_t index = 0; index < streams_.size(); ++index) {
      check_name(streams_[index].stream);
      if (index > 0 && !(streams_[index - 1].stream < streams_[index].stream))
        throw std::invalid_argument("a turn's streams must be sorted and unique");
      need_checksum("a turn", streams_[index]);
    }
  }

  /// Throws std::invalid_argument for a name that is empty or longer than 128 bytes.
  static void check_name(std::string_view name) {
    if (name.empty() || name.size() > 128)
      throw std::invalid_argument("a stream's name or vault id has " + std::to_string(name.size()) +
                                  " bytes; it must have 1 to 128");
  }

  /// Throws std::invalid_argument unless a snapshot at this position can be kept.
  static void check_snapshot(const Position& at) {
    check_name(at.stream);
    if (at.known == 0)
      throw std::invalid_argument("a snapshot of " + at.stream + " is of an entry, and of none here");
    need_checksum("a snapshot", at);
  }

  /// Whether what a caller knows still stands. found is the checksum of the entry at the known revision;
  /// nullopt: there is none.
  [[nodiscard]] static bool still_stands(const Position& position, std::optional<std::uint32_t> found) {
    return position.known == 0 || (found && (!position.checksum || *found == *position.checksum));
  }

  /// Throws HistoryReplaced unless what a caller knows still stands.
  static void check_known(const std::string& store, const Position& position,
                          std::optional<std::uint32_t> found) {
    if (still_stands(position, found)) return;
    const std::string revision = std::to_string(position.known);
    if (!found) {
      throw HistoryReplaced(store + ": the history of " + position.stream +
                            " has been replaced: it was read up to revision " + revision +
                            ", and there is no such entry: the store is behind what was read from it; was it "
                            "restored from an older backup?");
    }
    throw HistoryReplaced(store + ": the history of " + position.stream +
                          " has been replaced: the entry at revision " + revision + " has checksum " +
                          hex(*found) + ", the one read had " + hex(*position.checksum) +
                          "; a fail-over lost entries, a backup was restored, or the stream was made anew");
  }

  /// Why remove_stream left a stream as it is.
  [[nodiscard]] static std::string not_removed(const std::string& store, const Position& asked,
                                               Revision found) {
    return store + ": " + asked.stream + " ends at revision " + std::to_string(found) + ", not " +
           std::to_string(asked.known) + ", and was not removed";
  }

  /// Throws std::invalid_argument for a stream that is not of the turn.
  [[nodiscard]] const Position& need(const StreamId& stream) const {
    const auto at = std::lower_bound(
        streams_.begin(), streams_.end(), stream,
        [](const Position& position, const StreamId& name) { return position.stream < name; });
    if (at == streams_.end() || at->stream != stream)
      throw std::invalid_argument("the stream \"" + stream + "\" is not one of this turn's");
    return *at;
  }

  [[nodiscard]] std::span<const Position> all() const noexcept { return streams_; }

  /// Throws std::logic_error after the commit, std::invalid_argument for a stream that is not of the turn and
  /// for an entry past the limit.
  void check_entries(std::span<const Append> entries) const {
    if (committed_) throw std::logic_error("a turn commits at most once, and is over then");
    for (const Append& append : entries) {
      (void)need(append.stream);
      if (append.bytes.size() > limits::entry_bytes) {
        throw std::invalid_argument("an entry of " + std::to_string(append.bytes.size()) +
                                    " bytes; the limit is " + std::to_string(limits::entry_bytes));
      }
    }
  }

  /// The same, and notes that the turn has committed.
  void check_commit(std::span<const Append> entries) {
    check_entries(entries);
    committed_ = true;
  }

 private:
  static void need_checksum(const char* who, const Position& at) {
    if (at.known == 0 || at.checksum) return;
    throw std::invalid_argument(std::string(who) + " needs the checksum of the entry known: " + at.stream +
                                ", revision " + std::to_string(at.known));
  }
  [[nodiscard]] static std::string hex(std::uint32_t number) {
    std::string digits;
    for (int shift = 28; shift >= 0; shift -= 4) digits += "0123456789abcdef"[number >> shift & 15U];
    return digits;
  }

  std::vector<Position> streams_;
  bool committed_ = false;
};

}  // namespace ticketcore
