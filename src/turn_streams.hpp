#pragma once
// What every backend's turn checks of its caller.

#include <algorithm>
#include <stdexcept>

#include "ticketcore/limits.hpp"
#include "ticketcore/storage.hpp"

namespace ticketcore {

/// The streams of one turn and what was known of them.
class TurnStreams {
 public:
  /// Throws std::invalid_argument unless the streams are at least one, named, sorted and unique.
  explicit TurnStreams(std::span<const Position> streams) : streams_(streams.begin(), streams.end()) {
    if (streams_.empty()) throw std::invalid_argument("a turn needs at least one stream");
    for (std::size_t index = 0; index < streams_.size(); ++index) {
      check_name(streams_[index].stream);
      if (index > 0 && !(streams_[index - 1].stream < streams_[index].stream)) throw std::invalid_argument("a turn's streams must be sorted and unique");
    }
  }

  /// Throws std::invalid_argument for a name that is empty or longer than 128 bytes.
  static void check_name(std::string_view name) {
    if (name.empty() || name.size() > 128)
      throw std::invalid_argument("a stream's name or vault id has " + std::to_string(name.size()) + " bytes; it must have 1 to 128");
  }

  /// Why remove_stream left a stream as it is.
  [[nodiscard]] static std::string not_removed(const std::string& store, const StreamId& stream, Revision found, Revision asked) {
    return store + ": " + stream + " ends at revision " + std::to_string(found) + ", not " + std::to_string(asked) + ", and was not removed";
  }

  /// Throws std::invalid_argument for a stream that is not of the turn.
  [[nodiscard]] const Position& need(const StreamId& stream) const {
    const auto at =
        std::lower_bound(streams_.begin(), streams_.end(), stream, [](const Position& position, const StreamId& name) { return position.stream < name; });
    if (at == streams_.end() || at->stream != stream) throw std::invalid_argument("the stream \"" + stream + "\" is not one of this turn's");
    return *at;
  }

  [[nodiscard]] std::span<const Position> all() const noexcept { return streams_; }

  /// Throws std::logic_error for a second commit, std::invalid_argument for a stream that is not of the turn or named twice
  /// and for an entry past the limit.
  void check_commit(std::span<const Append> entries) {
    if (committed_) throw std::logic_error("a turn commits at most once");
    for (std::size_t index = 0; index < entries.size(); ++index) {
      (void)need(entries[index].stream);
      if (entries[index].bytes.size() > limits::entry_bytes) {
        throw std::invalid_argument("an entry of " + std::to_string(entries[index].bytes.size()) + " bytes; the limit is " +
                                    std::to_string(limits::entry_bytes));
      }
      for (std::size_t before = 0; before < index; ++before) {
        if (entries[before].stream == entries[index].stream) throw std::invalid_argument("a turn appends at most one entry to a stream");
      }
    }
    committed_ = true;
  }

 private:
  std::vector<Position> streams_;
  bool committed_ = false;
};

}  // namespace ticketcore
