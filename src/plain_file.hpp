#pragma once
// The one way in which the library reads a file by itself. SQLite's locks are POSIX record locks, and closing any descriptor of a
// file drops all locks that the process has on it: after that another process may delete the write-ahead log under a seller. So
// nobody opens a file of a store that this process has open but SQLite itself.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <utility>

#include "ticketcore/storage.hpp"

namespace ticketcore {

/// Whether this process has the file open while somebody holds a record lock on it: a store in use, its -wal or its -shm. Linux only:
/// elsewhere false.
[[nodiscard]] bool is_locked_here(const std::filesystem::path& path) noexcept;

/// A file opened for reading. Not synchronized, but for read_at.
class PlainFile {
 public:
  /// Throws StorageUnavailable when it can't be opened, or is locked here.
  explicit PlainFile(std::filesystem::path path);
  ~PlainFile();
  PlainFile(const PlainFile&) = delete;
  PlainFile& operator=(const PlainFile&) = delete;

  [[nodiscard]] std::uint64_t size() const;
  /// As many bytes as there are, up to count. Any number of threads at once.
  [[nodiscard]] Bytes read_at(std::uint64_t offset, std::size_t count) const;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  [[noreturn]] void fail() const;

  std::filesystem::path path_;
  int handle_ = -1;
};

/// Whether somebody, perhaps this process, has a record lock on what the descriptor has open.
[[nodiscard]] inline bool has_a_lock([[maybe_unused]] int descriptor) noexcept {
#ifdef F_OFD_GETLK
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return ::fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
#else
  return false;
#endif
}

inline bool is_locked_here(const std::filesystem::path& path) noexcept {
  struct stat wanted = {};
  if (::stat(path.c_str(), &wanted) != 0) return false;
  std::error_code none;
  for (std::filesystem::directory_iterator at("/proc/self/fd", none), end; !none && at != end; at.increment(none)) {
    const std::string name = at->path().filename().string();
    int descriptor = -1;
    struct stat found = {};
    if (std::from_chars(name.data(), name.data() + name.size(), descriptor).ec != std::errc{}) continue;
    if (::fstat(descriptor, &found) != 0 || found.st_dev != wanted.st_dev || found.st_ino != wanted.st_ino) continue;
    if (has_a_lock(descriptor)) return true;
  }
  return false;
}

inline PlainFile::PlainFile(std::filesystem::path path) : path_(std::move(path)) {
  if (is_locked_here(path_)) throw StorageUnavailable(path_.string() + ": it belongs to a store that this process has open, and only the store may read it");
  handle_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (handle_ < 0) fail();
}

inline PlainFile::~PlainFile() { ::close(handle_); }

inline void PlainFile::fail() const { throw StorageUnavailable(path_.string() + ": it can't be read: " + std::strerror(errno)); }

inline std::uint64_t PlainFile::size() const {
  struct stat found = {};
  if (::fstat(handle_, &found) != 0) fail();
  return static_cast<std::uint64_t>(found.st_size);
}

inline Bytes PlainFile::read_at(std::uint64_t offset, std::size_t count) const {
  Bytes bytes(count);
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got = ::pread(handle_, bytes.data() + done, count - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail();
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace ticketcore
