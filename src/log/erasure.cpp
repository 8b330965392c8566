#include "ticketcore/log/erasure.hpp"
#include "ticketcore/base/limits.hpp"

#include <algorithm>
#include <functional>

namespace ticketcore {
namespace {

constexpr std::size_t shortest_piece = 6;

[[nodiscard]] std::string_view text_of(BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] bool separates(char letter) {
  return static_cast<unsigned char>(letter) < 0x20 ||
         std::string_view("\"',:;=|{}[]<>\\").find(letter) != std::string_view::npos;
}

[[nodiscard]] std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// The record itself and the texts in it, whatever its form; the names of JSON's members are nobody's data.
[[nodiscard]] std::vector<std::string> pieces_of(std::string_view record) {
  std::vector<std::string> pieces;
  const auto add = [&](std::string_view piece) {
    if (piece.size() >= shortest_piece && std::find(pieces.begin(), pieces.end(), piece) == pieces.end())
      pieces.emplace_back(piece);
  };
  add(record);
  for (std::size_t at = 0; at < record.size();) {
    const auto end = static_cast<std::size_t>(
        std::find_if(record.begin() + static_cast<std::ptrdiff_t>(at), record.end(), separates) -
        record.begin());
    const bool is_name = record.substr(end).starts_with("\":") || record.substr(end).starts_with("\" :");
    if (!is_name) add(trimmed(record.substr(at, end - at)));
    at = end + 1;
  }
  return pieces;
}

class Search {
 public:
  explicit Search(ErasureReport& report) : report_(report) {
    for (const std::string& piece : report_.pieces) searchers_.emplace_back(piece.begin(), piece.end());
  }

  void look_into(std::string_view bytes, const std::string& place) {
    report_.bytes_searched += bytes.size();
    const bool found = std::any_of(searchers_.begin(), searchers_.end(), [&](const auto& searcher) {
      return std::search(bytes.begin(), bytes.end(), searcher) != bytes.end();
    });
    if (found && (report_.traces.empty() || report_.traces.back() != place)) report_.traces.push_back(place);
  }

  /// In blocks that overlap by as much as a piece may straddle.
  void look_into_files_of(Storage& storage) {
    std::size_t overlap = 0;
    for (const std::string& piece : report_.pieces) overlap = std::max(overlap, piece.size());
    std::string file;
    std::string block;
    storage.show_files([&](std::string_view name, BytesView next) {
      const std::size_t kept = name == file ? std::min(block.size(), overlap) : 0;
      file = name;
      block = block.substr(block.size() - kept).append(text_of(next));
      look_into(block, file);
    });
  }

 private:
  ErasureReport& report_;
  std::vector<std::boyer_moore_horspool_searcher<std::string::const_iterator>> searchers_;
};

}  // namespace

ErasureReport erase_person(Storage& storage, std::string_view id) {
  ErasureReport report;
  if (const auto record = storage.vault_get(id)) {
    report.was_there = true;
    report.pieces = pieces_of(text_of(*record));
  }
  storage.vault_erase(id);
  try {
    storage.scrub_vault();
  } catch (const StorageUnavailable& error) {
    // The record is gone, and with it what to search for: the search can't wait for another time, the
    // scrubbing can.
    report.not_scrubbed = error.what();
  }
  if (storage.vault_get(id)) report.traces.push_back("the vault, written again meanwhile");
  Search search(report);
  for (const StreamId& stream : storage.list_streams("")) {
    for (Revision at = 0;;) {
      const std::vector<Entry> entries = storage.read(stream, at, limits::page_bytes);
      if (entries.empty()) break;
      for (const Entry& entry : entries)
        search.look_into(text_of(entry.bytes), "entry " + std::to_string(entry.revision) + " of " + stream);
      at = entries.back().revision;
    }
    if (const auto snapshot = storage.load_snapshot(stream))
      search.look_into(text_of(snapshot->bytes), "the snapshot of " + stream);
  }
  search.look_into_files_of(storage);
  return report;
}

}  // namespace ticketcore
