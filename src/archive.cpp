#include "ticketcore/archive.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <variant>

#include "ticketcore/audit.hpp"
#include "ticketcore/desk.hpp"
#include "ticketcore/log.hpp"
#include "ticketcore/snapshot.hpp"

namespace ticketcore {
namespace {

constexpr std::string_view first_bytes = "tklg";
constexpr std::size_t length_at = 8;
// An archive ends with "tkle", the checksum of its last entry, and its number of entries: without it a file cut between two
// entries would pass for a whole one.
constexpr std::string_view end_bytes = "tkle";
constexpr std::size_t end_size = 16;
constexpr std::size_t read_bytes = 4U << 20;

/// A file being written under another name: it gets its own, which nobody else had, when it is whole and durable.
class NewFile {
 public:
  explicit NewFile(const std::filesystem::path& path) : path_(path), part_(path.string() + ".part") {
    if (std::filesystem::exists(path_)) throw StorageUnavailable(path_.string() + ": it is there already, and an archive is never written over");
    handle_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (handle_ < 0) fail("can't be made");
  }
  ~NewFile() {
    if (handle_ >= 0) ::close(handle_);
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
    const int folder = ::open(path_.has_parent_path() ? path_.parent_path().c_str() : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = folder >= 0 && ::fsync(folder) == 0;
    if (folder >= 0) ::close(folder);
    if (!synced) fail("can't be made durable");
  }
  [[nodiscard]] const std::filesystem::path& part() const noexcept { return part_; }

 private:
  [[noreturn]] void fail(const char* what) const { throw StorageUnavailable(path_.string() + ": it " + what + ": " + std::strerror(errno)); }

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

[[nodiscard]] Bytes read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw StorageUnavailable(path.string() + ": it can't be read: " + std::strerror(errno));
  Bytes bytes{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) throw StorageUnavailable(path.string() + ": it can't be read to its end");
  return bytes;
}

struct Archive {
  EventId event{};
  std::vector<BytesView> entries{};
};

/// Where entries begin and end, and whose they are; what they say is for the audit to prove.
[[nodiscard]] Archive parse(BytesView bytes, const std::string& name) {
  Archive archive;
  if (bytes.size() < first_bytes.size() || !std::equal(first_bytes.begin(), first_bytes.end(), bytes.begin()))
    throw StorageDamaged(name + ": it is not an archive: it does not begin like a log");
  const BytesView end = bytes.last(std::min(bytes.size(), end_size));
  if (end.size() < end_size || !std::equal(end_bytes.begin(), end_bytes.end(), end.begin())) throw StorageDamaged(name + ": the archive is cut short");
  bytes = bytes.first(bytes.size() - end_size);
  while (!bytes.empty()) {
    const std::string entry = "entry " + std::to_string(archive.entries.size() + 1) + " of the archive " + name;
    const std::uint64_t length = bytes.size() < length_at + 4 ? 0 : number_at<4>(bytes, length_at);
    if (length < length_at + 4 || length > bytes.size()) throw StorageDamaged(entry + " is cut short, or its length is damaged");
    if (archive.entries.empty()) {
      const LogEntry first = decode_entry(bytes.first(length), entry);
      const EventCreated* created = first.facts.empty() ? nullptr : std::get_if<EventCreated>(&first.facts.front().body);
      if (created == nullptr) throw StorageDamaged(entry + " does not create an event");
      archive.event = created->event;
    }
    archive.entries.push_back(bytes.first(length));
    bytes = bytes.subspan(length);
  }
  if (archive.entries.empty() || number_at<8>(end, 8) != archive.entries.size())
    throw StorageDamaged(name + ": the archive does not have as many entries as it says");
  if (number_at<4>(end, 4) != decode_entry(archive.entries.back(), "the last entry of " + name).header.checksum)
    throw StorageDamaged(name + ": the archive ends with another entry than it says");
  return archive;
}

/// Appends entries as they are. The storage has none of the stream.
void fill(Storage& storage, const Archive& archive) {
  const StreamId stream = stream_of(archive.event);
  Position position{stream, 0};
  for (const BytesView entry : archive.entries) {
    const std::uint32_t checksum = decode_entry_header(entry, stream).checksum;
    const auto turn = storage.take_turn({&position, 1});
    if (!turn->unseen(stream).empty()) {
      throw StorageError(storage.describe() + ": it has an event \"" + archive.event.text() + "\" already, at revision " +
                         std::to_string(turn->unseen(stream).back().revision) + "; nothing was put over it");
    }
    const Append append{stream, checksum, entry};
    turn->commit({&append, 1});
    ++position.known;
    position.checksum = checksum;
  }
}

/// The audit of a log that must be without fault.
[[nodiscard]] AuditReport prove(Storage& storage, const EventId& event) {
  AuditReport report = audit(storage, stream_of(event));
  if (!report.problems.empty()) throw StorageDamaged(storage.describe() + ": " + event.text() + ": " + report.problems.front());
  return report;
}

}  // namespace

ArchiveReport archive_event(Storage& storage, const EventId& event, const std::filesystem::path& file) {
  const StreamId stream = stream_of(event);
  NewFile part(file);
  ArchiveReport report{event, 0, 0, 0};
  for (;;) {
    const std::vector<Entry> entries = storage.read(stream, report.revision, read_bytes);
    if (entries.empty()) break;
    for (const Entry& entry : entries) {
      part.write(entry.bytes);
      report.bytes += entry.bytes.size();
      report.revision = entry.revision;
    }
  }
  if (report.revision == 0) throw StorageError(storage.describe() + ": there is no event \"" + event.text() + "\"");
  const std::vector<Entry> last = storage.read(stream, report.revision - 1, 1);
  report.checksum = decode_entry(last.front().bytes, "the last entry of " + stream).header.checksum;
  const Bytes end = end_of(report.checksum, report.revision);
  part.write(end);
  part.sync();
  const auto copy = open_archive(part.part());
  const AuditReport original = prove(storage, event);
  const AuditReport replayed = prove(*copy, event);
  if (original.revision != report.revision)
    throw StorageUnavailable(storage.describe() + ": " + event.text() + " went on while it was archived; take it off sale first");
  if (encode_snapshot(original.state, report.revision, report.checksum) != encode_snapshot(replayed.state, report.revision, report.checksum))
    throw StorageDamaged(file.string() + ": the archive replays to another state than " + storage.describe() + "; it was not kept");
  part.keep();
  return report;
}

ArchiveReport restore_event(Storage& storage, const std::filesystem::path& file) {
  const Bytes bytes = read_file(file);
  const Archive archive = parse(bytes, file.string());
  MemoryStorage copy;
  fill(copy, archive);
  (void)prove(copy, archive.event);
  fill(storage, archive);
  const AuditReport restored = prove(storage, archive.event);
  return {archive.event, restored.revision, bytes.size(), decode_entry(archive.entries.back(), file.string()).header.checksum};
}

bool is_archive(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string start(first_bytes.size(), '\0');
  return in.read(start.data(), static_cast<std::streamsize>(start.size())) && start == first_bytes;
}

std::unique_ptr<MemoryStorage> open_archive(const std::filesystem::path& file) {
  const Bytes bytes = read_file(file);
  auto storage = std::make_unique<MemoryStorage>();
  fill(*storage, parse(bytes, file.string()));
  return storage;
}

}  // namespace ticketcore
