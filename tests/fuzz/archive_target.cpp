#include "ticketcore/log/archive.hpp"
#include "ticketcore/storage/memory.hpp"

#include "fuzz.hpp"
#include "little_map.hpp"
#include "scratch_file.hpp"
#include "sealed.hpp"
#include "ticketcore/engine/detail/desk.hpp"

namespace ticketcore::fuzz {
namespace {

void check(BytesView bytes) {
  static const ScratchFile file("fuzz-archive");
  static const ScratchFile copy("fuzz-archive-copy");
  file.write(bytes);
  try {
    const auto opened = open_archive(file.path());
    require(is_archive(file.path()), "what opens as an archive is one");
    MemoryStorage storage([] { return Timestamp{}; });
    const ArchiveReport restored = restore_event(storage, file.path());
    copy.remove();
    const ArchiveReport archived = archive_event(storage, restored.event, copy.path());
    require(archived.revision == restored.revision && archived.checksum == restored.checksum,
            "what was restored can be archived");
    require(std::ranges::equal(copy.read(), bytes), "an archive of what was restored is the same");
  } catch (const StorageError&) {
  }
}

}  // namespace

void archive(BytesView bytes) {
  check(bytes);
  Bytes sealed;
  std::uint64_t count = 0;
  std::uint32_t checksum = 0;
  for (const Bytes& entry : seal_log(bytes)) {
    sealed.insert(sealed.end(), entry.begin(), entry.end());
    std::memcpy(&checksum, entry.data() + 12, sizeof checksum);
    ++count;
  }
  const Bytes map = encode_map_entry(*little::house()).bytes;
  sealed.insert(sealed.end(), map.begin(), map.end());
  for (const char letter : std::string_view("tkle")) sealed.push_back(static_cast<std::uint8_t>(letter));
  const std::size_t end = sealed.size();
  sealed.resize(end + 12);
  std::memcpy(sealed.data() + end, &checksum, sizeof checksum);
  std::memcpy(sealed.data() + end + 4, &count, sizeof count);
  check(sealed);
}

}  // namespace ticketcore::fuzz
