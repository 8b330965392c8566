#pragma once
// The one way in which the library reads a file by itself. SQLite's locks are POSIX record locks, and closing
// any descriptor of a file drops all locks that the process has on it: after that another process may delete
// the write-ahead log under a seller. So nobody opens a file of a store that this process has open but SQLite
// itself.
//
// Promised on Linux, where /proc is mounted: a store that this process has open keeps its locks, also when it
// takes the file's place between the look and the opening. The file is found once, by a descriptor that reads
// nothing (O_PATH: closing one drops no lock); what that names is looked at, and then opened. A store that
// this process opens from the very file while it is being read keeps its locks too, unless that falls between
// the last look and the closing: a few microseconds. Elsewhere nothing is looked at, and the caller sees to
// it.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "ticketcore/base/bytes.hpp"
#include "ticketcore/base/errors.hpp"

namespace ticketcore {

/// A file opened for reading. Not synchronized, but for read_at.
class PlainFile {
 public:
  /// what: how messages call it. Throws StorageUnavailable when it can't be opened, is no plain file, or
  /// belongs to a store that this process has open.
  explicit PlainFile(std::filesystem::path path, std::string_view what = "it");
  ~PlainFile();
  PlainFile(const PlainFile&) = delete;
  PlainFile& operator=(const PlainFile&) = delete;

  [[nodiscard]] struct stat status() const;
  [[nodiscard]] std::uint64_t size() const { return static_cast<std::uint64_t>(status().st_size); }
  /// As many bytes as there are, up to count. Any number of threads at once.
  [[nodiscard]] Bytes read_at(std::uint64_t offset, std::size_t count) const;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  void open();
  [[noreturn]] void fail() const;

  std::filesystem::path path_;
  std::string what_;
  int handle_ = -1;
};

namespace detail {

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

/// Whether this process has the descriptor's file open elsewhere while somebody holds a record lock on it: a
/// store in use, or its -shm. Nobody locks its -wal. True where there is no memory to find out.
[[nodiscard]] inline bool is_of_a_store_here(int of) noexcept try {
  struct stat wanted = {};
  if (::fstat(of, &wanted) != 0) return false;
  std::error_code none;
  for (std::filesystem::directory_iterator at("/proc/self/fd", none), end; !none && at != end;
       at.increment(none)) {
    const std::string name = at->path().filename().string();
    int descriptor = -1;
    struct stat found = {};
    if (std::from_chars(name.data(), name.data() + name.size(), descriptor).ec != std::errc{} ||
        descriptor == of)
      continue;
    if (::fstat(descriptor, &found) != 0 || found.st_dev != wanted.st_dev || found.st_ino != wanted.st_ino)
      continue;
    if (has_a_lock(descriptor)) return true;
  }
  return false;
} catch (const std::bad_alloc&) {
  return true;
}

}  // namespace detail

inline PlainFile::PlainFile(std::filesystem::path path, std::string_view what)
    : path_(std::move(path)), what_(what) {
  open();
}

inline void PlainFile::open() {
#ifdef O_PATH
  struct Found {
    int descriptor;
    ~Found() { ::close(descriptor); }
  } const found{::open(path_.c_str(), O_PATH | O_CLOEXEC)};
  struct stat status = {};
  if (found.descriptor < 0 || ::fstat(found.descriptor, &status) != 0) fail();
  // Opening a pipe would wait for a writer.
  if (!S_ISREG(status.st_mode))
    throw StorageUnavailable(path_.string() + ": " + what_ + " can't be read: it is no plain file");
  if (detail::is_of_a_store_here(found.descriptor))
    throw StorageUnavailable(path_.string() + ": " + what_ +
                             " can't be read: the file belongs to a store that this process has open");
  handle_ = ::open(("/proc/self/fd/" + std::to_string(found.descriptor)).c_str(), O_RDONLY | O_CLOEXEC);
  if (handle_ >= 0) return;
  if (::access("/proc/self/fd", X_OK) == 0) fail();
#endif
  handle_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (handle_ < 0) fail();
}

inline PlainFile::~PlainFile() {
  // Whoever made a store of it meanwhile would lose its locks; a descriptor more costs nothing beside that.
  if (!detail::is_of_a_store_here(handle_)) ::close(handle_);
}

inline void PlainFile::fail() const {
  throw StorageUnavailable(path_.string() + ": " + what_ + " can't be read: " + std::strerror(errno));
}

inline struct stat PlainFile::status() const {
  struct stat found = {};
  if (::fstat(handle_, &found) != 0) fail();
  return found;
}

inline Bytes PlainFile::read_at(std::uint64_t offset, std::size_t count) const {
  Bytes bytes(count);
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got =
        ::pread(handle_, bytes.data() + done, count - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail();
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace ticketcore
