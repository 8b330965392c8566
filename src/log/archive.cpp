#include "ticketcore/log/archive.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <variant>

#include "base/plain_file.hpp"
#include "ticketcore/base/limits.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/log/log.hpp"
#include "ticketcore/log/snapshot.hpp"
#include "ticketcore/log/stored_map.hpp"

namespace ticketcore {
namespace {

constexpr std::string_view first_bytes = "tklg";
// The seat maps that the log names stand behind its entries, each as its own stream has it.
constexpr std::string_view first_bytes_of_map = "tkmp";
constexpr std::size_t entry_length_at = 8;
constexpr std::size_t entry_checksum_at = 12;
// An archive ends with "tkle", the checksum of its last entry, and its number of entries: without it a file
// cut between two entries would pass for a whole one.
constexpr std::string_view end_bytes = "tkle";
constexpr std::size_t end_size = 16;

/// A file being written under a name of its own, which nobody else uses: it gets the one wanted, which nobody
/// else had, when it is whole and durable. Where that fails, neither is left behind.
class NewFile {
 public:
  explicit NewFile(const std::filesystem::path& path) : path_(path) {
    if (std::filesystem::exists(path_))
      throw StorageUnavailable(path_.string() +
                               ": it is there already, and an archive is never written over");
    // Others may be archiving to the same file: each number is one's alone, also one that was left by a
    // process that was killed.
    for (int number = 1; handle_ < 0; ++number) {
      part_ = path.string() + ".part" + std::to_string(number);
      handle_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (handle_ < 0 && errno != EEXIST) fail("can't be made");
    }
  }
  ~NewFile() {
    ::close(handle_);
    ::unlink(part_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(BytesView bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(handle_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) fail("can't be written");
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
  }
  /// Everything is on the disk; it can be read under part().
  void sync() {
    if (::fsync(handle_) != 0) fail("can't be written");
  }
  void keep() {
    if (::link(part_.c_str(), path_.c_str()) != 0) fail("can't be named");
    const int folder = ::open(path_.has_parent_path() ? path_.parent_path().c_str() : ".",
                              O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = folder >= 0 && ::fsync(folder) == 0;
    const int why = errno;
    if (folder >= 0) ::close(folder);
    if (synced) return;
    ::unlink(path_.c_str());
    errno = why;
    fail("can't be made durable");
  }
  [[nodiscard]] const std::filesystem::path& part() const noexcept { return part_; }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw StorageUnavailable(path_.string() + ": it " + what + ": " + std::strerror(errno));
  }

  std::filesystem::path path_;
  std::filesystem::path part_;
  int handle_ = -1;
};

template <std::size_t Size>
[[nodiscard]] std::uint64_t number_at(BytesView bytes, std::size_t at) {
  std::uint64_t number = 0;
  for (std::size_t byte = Size; byte-- > 0;) number = number << 8 | bytes[at + byte];
  return number;
}

[[nodiscard]] Bytes end_of(std::uint32_t checksum, std::uint64_t entries) {
  Bytes end(end_bytes.begin(), end_bytes.end());
  for (int shift = 0; shift < 32; shift += 8) end.push_back(static_cast<std::uint8_t>(checksum >> shift));
  for (int shift = 0; shift < 64; shift += 8) end.push_back(static_cast<std::uint8_t>(entries >> shift));
  return end;
}

[[nodiscard]] bool same(BytesView bytes, std::string_view text) {
  return std::equal(bytes.begin(), bytes.end(), text.begin(), text.end(),
                    [](std::uint8_t byte, char letter) { return byte == static_cast<std::uint8_t>(letter); });
}

[[nodiscard]] bool begins_like_a_log(const PlainFile& file) {
  return same(file.read_at(0, first_bytes.size()), first_bytes);
}

/// An archive as a storage that can be read: the event's stream, and those of its seat maps. Of the file it
/// holds in memory where each entry lies (16 bytes an entry), and what one call reads.
class ArchiveStorage final : public Storage {
 public:
  /// Finds where entries begin and end, and whose they are; what they say is for the audit to prove.
  explicit ArchiveStorage(const std::filesystem::path& path) : file_(path), name_(path.string()) {
    const std::uint64_t size = file_.size();
    if (!begins_like_a_log(file_))
      throw StorageDamaged(name_ + ": it is not an archive: it does not begin like a log");
    const Bytes end = size < end_size ? Bytes() : file_.read_at(size - end_size, end_size);
    if (end.size() < end_size || !same(BytesView(end).first(end_bytes.size()), end_bytes))
      throw StorageDamaged(name_ + ": the archive is cut short");
    for (std::uint64_t at = 0; at < size - end_size;) at += find_entry(at, size - end_size);
    if (places_.empty() || number_at<8>(end, 8) != places_.size())
      throw StorageDamaged(name_ + ": the archive does not have as many entries as it says");
    if (number_at<4>(end, 4) != places_.back().checksum)
      throw StorageDamaged(name_ + ": the archive ends with another entry than it says");
    const LogEntry first = decode_entry(bytes_of(places_[0]), entry_name(1), *this);
    const EventCreated* created =
        first.facts.empty() ? nullptr : std::get_if<EventCreated>(&first.facts.front().body);
    if (created == nullptr) throw StorageDamaged(entry_name(1) + " does not create an event");
    event_ = created->event;
  }

  [[nodiscard]] const EventId& event() const noexcept { return event_; }
  [[nodiscard]] Revision revision() const noexcept { return places_.size(); }
  [[nodiscard]] std::uint32_t checksum() const noexcept { return places_.back().checksum; }
  [[nodiscard]] std::uint64_t size_bytes() const { return file_.size(); }

  std::unique_ptr<Turn> take_turn(std::span<const Position>) override { fail(); }
  std::vector<Entry> read(const StreamId& stream, Revision after, std::size_t max_bytes) override {
    std::vector<Entry> entries;
    if (const auto map = maps_.find(stream); map != maps_.end() && after == 0)
      entries.push_back({1, map->second.checksum, bytes_of(map->second)});
    if (stream != stream_of(event_)) return entries;
    std::size_t bytes = 0;
    for (; after < places_.size(); ++after) {
      const Place& place = places_[after];
      if (!entries.empty() && (bytes > max_bytes || place.length > max_bytes - bytes)) break;
      bytes += place.length;
      entries.push_back({after + 1, place.checksum, bytes_of(place)});
    }
    return entries;
  }
  std::optional<Snapshot> load_snapshot(const StreamId&) override { return std::nullopt; }
  void save_snapshot(const Position&, BytesView) override { fail(); }
  std::vector<StreamId> list_streams(std::string_view prefix) override {
    std::vector<StreamId> streams{stream_of(event_)};
    for (const auto& [stream, place] : maps_) streams.push_back(stream);
    std::erase_if(streams, [&](const StreamId& stream) { return !stream.starts_with(prefix); });
    return streams;
  }
  bool wait_for_news(std::span<const Position> streams, std::chrono::milliseconds timeout) override {
    for (const Position& position : streams) {
      if (!read(position.stream, position.known, 1).empty()) return true;
    }
    std::this_thread::sleep_for(timeout);  // nothing new will ever come
    return false;
  }
  void vault_put(std::string_view, BytesView) override { fail(); }
  std::optional<Bytes> vault_get(std::string_view) override { return std::nullopt; }
  void vault_erase(std::string_view) override { fail(); }
  std::string describe() const override { return name_; }

 private:
  struct Place {
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
    std::uint32_t checksum = 0;
  };

  [[noreturn]] void fail() const {
    throw StorageUnavailable(name_ + ": an archive is only to be looked into; restore it into a store");
  }
  [[nodiscard]] std::string entry_name(std::size_t number) const {
    return "entry " + std::to_string(number) + " of the archive " + name_;
  }

  /// Notes the entry that begins there, of the log or a map, and answers its length.
  std::uint32_t find_entry(std::uint64_t offset, std::uint64_t end) {
    const Place place = look_at(offset, end);
    if (same(file_.read_at(offset, first_bytes_of_map.size()), first_bytes_of_map)) {
      const Bytes entry = bytes_of(place);
      const StreamId stream = stream_of(seat_map_hash(BytesView(entry).subspan(entry_checksum_at + 4)));
      if (!maps_.empty() && maps_.rbegin()->first >= stream)
        throw StorageDamaged(name_ +
                             ": the archive's seat maps stand in another order than that of their names");
      maps_.emplace(stream, place);
    } else {
      if (!maps_.empty())
        throw StorageDamaged(entry_name(places_.size() + 1) + " stands behind the seat maps");
      places_.push_back(place);
    }
    return place.length;
  }

  [[nodiscard]] Place look_at(std::uint64_t offset, std::uint64_t end) const {
    const Bytes start = file_.read_at(offset, entry_checksum_at + 4);
    const std::uint64_t length =
        start.size() < entry_checksum_at + 4 ? 0 : number_at<4>(start, entry_length_at);
    if (length < entry_checksum_at + 4 || length > end - offset || length > limits::entry_bytes)
      throw StorageDamaged(entry_name(places_.size() + 1) + " is cut short, or its length is damaged");
    return {offset, static_cast<std::uint32_t>(length),
            static_cast<std::uint32_t>(number_at<4>(start, entry_checksum_at))};
  }

  [[nodiscard]] Bytes bytes_of(const Place& place) const { return file_.read_at(place.offset, place.length); }

  PlainFile file_;
  std::string name_;
  EventId event_{};
  std::vector<Place> places_;  ///< Of the event's log.
  std::map<StreamId, Place> maps_;
};

/// Appends the archive's entries as they are, all in one commit, and of its maps those that the storage does
/// not have. It has none of the stream.
void put_back(Storage& storage, ArchiveStorage& archive, const std::set<SeatMapHash>& maps) {
  const StreamId stream = stream_of(archive.event());
  const auto refuse_if = [&](bool there) {
    if (there)
      throw StorageError(storage.describe() + ": it has an event \"" + archive.event().text() +
                         "\" already; nothing was put over it");
  };
  refuse_if(!storage.read(stream, 0, 1).empty());
  std::vector<Position> streams{{stream, 0, {}}};
  for (const SeatMapHash& map : maps) {
    if (!is_stored(storage, map)) streams.push_back({stream_of(map), 0, {}});
  }
  const auto turn = storage.take_turn(streams);
  refuse_if(!turn->unseen(stream).empty());
  std::vector<Entry> map_entries;
  std::vector<Append> appends;
  for (const Position& position : std::span(streams).subspan(1)) {
    if (!turn->unseen(position.stream).empty()) continue;  // another event has brought it meanwhile
    map_entries.push_back(archive.read(position.stream, 0, 1).front());
    appends.push_back({position.stream, map_entries.back().checksum, map_entries.back().bytes});
  }
  for (Revision at = 0; at < archive.revision();) {
    const std::vector<Entry> page = archive.read(stream, at, limits::page_bytes);
    for (const Entry& entry : page) appends.push_back({stream, entry.checksum, entry.bytes});
    at = page.back().revision;
    if (at < archive.revision())
      turn->add(appends);
    else
      turn->commit(appends);
    appends.clear();
  }
}

/// The audit of a log that must be without fault.
[[nodiscard]] AuditReport prove(Storage& storage, const EventId& event) {
  AuditReport report = audit(storage, stream_of(event));
  if (!report.problems.empty())
    throw StorageDamaged(storage.describe() + ": " + event.text() + ": " + report.problems.front());
  return report;
}

}  // namespace

ArchiveReport archive_event(Storage& storage, const EventId& event, const std::filesystem::path& file) {
  const StreamId stream = stream_of(event);
  NewFile part(file);
  ArchiveReport report{event, 0, 0, 0};
  for (;;) {
    const std::vector<Entry> entries = storage.read(stream, report.revision, limits::page_bytes);
    if (entries.empty()) break;
    for (const Entry& entry : entries) {
      part.write(entry.bytes);
      report.bytes += entry.bytes.size();
      report.revision = entry.revision;
      report.checksum = entry.checksum;  // which the audit compares with the entry's own
    }
  }
  if (report.revision == 0)
    throw StorageError(storage.describe() + ": there is no event \"" + event.text() + "\"");
  const AuditReport original = prove(storage, event);
  const bool removed = original.revision < report.revision;
  if (removed || original.revision > report.revision) {
    throw StorageUnavailable(storage.describe() + ": " + event.text() +
                             (removed ? " was removed while it was archived; nothing was kept"
                                      : " went on while it was archived; take it off sale first"));
  }
  for (const SeatMapHash& map : original.maps) {
    const std::vector<Entry> entries = storage.read(stream_of(map), 0, 1);
    if (entries.empty())
      throw StorageUnavailable(storage.describe() + ": " + stream_of(map) + " was removed");
    part.write(entries.front().bytes);
    report.bytes += entries.front().bytes.size();
  }
  part.write(end_of(report.checksum, report.revision));
  part.sync();
  const auto copy = open_archive(part.part());
  const AuditReport replayed = prove(*copy, event);
  if (encode_snapshot(original.state, report.revision, report.checksum) !=
      encode_snapshot(replayed.state, report.revision, report.checksum))
    throw StorageDamaged(file.string() + ": the archive replays to another state than " + storage.describe() +
                         "; it was not kept");
  part.keep();
  return report;
}

ArchiveReport restore_event(Storage& storage, const std::filesystem::path& file) {
  ArchiveStorage archive(file);
  const AuditReport report = prove(archive, archive.event());
  if (archive.list_streams("map/").size() != report.maps.size())
    throw StorageDamaged(file.string() + ": the archive has a seat map that its log does not name");
  put_back(storage, archive, report.maps);
  (void)prove(storage, archive.event());
  return {archive.event(), archive.revision(), archive.size_bytes(), archive.checksum()};
}

bool is_archive(const std::filesystem::path& file) {
  try {
    return begins_like_a_log(PlainFile(file));
  } catch (const StorageUnavailable&) {
    return false;  // what can't be read here is no archive to look into
  }
}

std::unique_ptr<Storage> open_archive(const std::filesystem::path& file) {
  return std::make_unique<ArchiveStorage>(file);
}

}  // namespace ticketcore
