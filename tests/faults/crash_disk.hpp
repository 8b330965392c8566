#pragma once
// A disk that remembers in which order it was written to, and can say what a power failure at any moment
// leaves of its files: everything up to a file's last sync, and of what came after any sectors, in any
// mixture.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "ticketcore/storage/storage.hpp"

namespace ticketcore::fault {

/// One thing that was done to the files of one folder.
struct DiskEvent {
  enum class Kind : std::uint8_t { create, remove, write, truncate, sync, failed_sync, sync_folder };
  Kind kind{};
  std::uint32_t file = 0;  ///< Numbers a file; one made anew under an old name is another file.
  std::string name{};      ///< For create and remove.
  std::int64_t at = 0;     ///< Where it was written, or the size that is left of it.
  Bytes bytes{};
};

/// Everything that was done since the folder was empty.
class DiskTrace {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return events_.size(); }
  [[nodiscard]] const DiskEvent& operator[](std::size_t index) const { return events_[index]; }

  /// The file of that name, made if it may be and is not there.
  [[nodiscard]] std::uint32_t open(const std::string& name) {
    const auto [at, made] = names_.try_emplace(name, next_file_);
    if (made) events_.push_back({DiskEvent::Kind::create, next_file_++, name, 0, {}});
    return at->second;
  }
  void remove(const std::string& name) {
    events_.push_back({DiskEvent::Kind::remove, 0, name, 0, {}});
    names_.erase(name);
  }
  void write(std::uint32_t file, const void* from, std::size_t count, std::int64_t at) {
    const auto* bytes = static_cast<const std::uint8_t*>(from);
    events_.push_back({DiskEvent::Kind::write, file, {}, at, Bytes(bytes, bytes + count)});
  }
  void truncate(std::uint32_t file, std::int64_t size) {
    events_.push_back({DiskEvent::Kind::truncate, file, {}, size, {}});
  }
  void sync(std::uint32_t file) { events_.push_back({DiskEvent::Kind::sync, file, {}, 0, {}}); }
  /// The system gave up on writing: what was waiting is lost, though reading still shows it.
  void failed_sync(std::uint32_t file) { events_.push_back({DiskEvent::Kind::failed_sync, file, {}, 0, {}}); }
  void sync_folder() { events_.push_back({DiskEvent::Kind::sync_folder, 0, {}, 0, {}}); }

 private:
  std::vector<DiskEvent> events_;
  std::map<std::string, std::uint32_t> names_;
  std::uint32_t next_file_ = 1;
};

class CrashDisk {
 public:
  void apply(const DiskEvent& event) {
    File& file = files_[event.file];
    switch (event.kind) {
      case DiskEvent::Kind::create:
      case DiskEvent::Kind::remove: folder_waiting_.push_back(&event); break;
      case DiskEvent::Kind::write:
      case DiskEvent::Kind::truncate: file.waiting.push_back(&event); break;
      case DiskEvent::Kind::sync:
        for (const DiskEvent* waiting : file.waiting) put(file.durable, *waiting);
        file.waiting.clear();
        break;
      case DiskEvent::Kind::failed_sync: file.waiting.clear(); break;
      case DiskEvent::Kind::sync_folder:
        for (const DiskEvent* waiting : folder_waiting_) name(names_, *waiting);
        folder_waiting_.clear();
        break;
    }
  }

  /// Writes into an empty folder what a crash now leaves. Names change in the order in which they were
  /// changed, as file systems with a journal see to it; sectors come through or don't, each by itself.
  template <class Random>
  void crash(const std::filesystem::path& folder, Random& random) const {
    std::map<std::string, std::uint32_t> names = names_;
    const std::size_t named = random() % (folder_waiting_.size() + 1);
    for (std::size_t index = 0; index < named; ++index) name(names, *folder_waiting_[index]);
    // Most crashes lose all, nothing, or some of what was on its way; the odd percentage is for single
    // sectors.
    constexpr unsigned chances[] = {0, 100, 50, 97, 3};
    const unsigned chance = chances[random() % std::size(chances)];
    const std::uint8_t fill =
        random() % 4 == 0 ? 0xA5 : 0;  // what a file grows by may be what lay on the disk before
    for (const auto& [file_name, number] : names) {
      const auto at = files_.find(number);
      Bytes content = at == files_.end() ? Bytes() : at->second.durable;
      if (at != files_.end()) {
        for (const DiskEvent* waiting : at->second.waiting) put_some(content, *waiting, chance, fill, random);
      }
      std::ofstream(folder / file_name, std::ios::binary)
          .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
    }
  }

 private:
  static constexpr std::size_t sector_size = 512;
  struct File {
    Bytes durable{};
    std::vector<const DiskEvent*> waiting{};
  };

  static void name(std::map<std::string, std::uint32_t>& names, const DiskEvent& event) {
    if (event.kind == DiskEvent::Kind::create) {
      names[event.name] = event.file;
    } else {
      names.erase(event.name);
    }
  }
  static void put(Bytes& content, const DiskEvent& event) {
    if (event.kind == DiskEvent::Kind::truncate) return content.resize(static_cast<std::size_t>(event.at));
    put_piece(content, event, 0, event.bytes.size(), 0);
  }
  static void put_piece(Bytes& content, const DiskEvent& event, std::size_t from, std::size_t count,
                        std::uint8_t fill) {
    const std::size_t at = static_cast<std::size_t>(event.at) + from;
    if (content.size() < at + count) content.resize(at + count, fill);
    std::copy_n(event.bytes.begin() + static_cast<std::ptrdiff_t>(from), count,
                content.begin() + static_cast<std::ptrdiff_t>(at));
  }
  template <class Random>
  static void put_some(Bytes& content, const DiskEvent& event, unsigned chance, std::uint8_t fill,
                       Random& random) {
    if (event.kind == DiskEvent::Kind::truncate) {
      if (random() % 100 < chance) put(content, event);
      return;
    }
    for (std::size_t from = 0; from < event.bytes.size();) {
      const std::size_t to_edge = sector_size - (static_cast<std::size_t>(event.at) + from) % sector_size;
      const std::size_t count = std::min(to_edge, event.bytes.size() - from);
      if (random() % 100 < chance) put_piece(content, event, from, count, fill);
      from += count;
    }
  }

  std::map<std::uint32_t, File> files_;
  std::map<std::string, std::uint32_t> names_;
  std::vector<const DiskEvent*> folder_waiting_;
};

}  // namespace ticketcore::fault
