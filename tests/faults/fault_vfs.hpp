#pragma once
// A SQLite VFS over the default one that can make any call fail, counts them, and writes down what they do to
// the disk. For one thread at a time.

#include <sqlite3.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <utility>

#include "crash_disk.hpp"

namespace ticketcore::fault {

inline constexpr const char* vfs_name = "ticketcore-fault";

/// The calls that may fail, as bits of a mask.
enum Call : std::uint32_t {
  call_open = 1U << 0,
  call_read = 1U << 1,
  call_write = 1U << 2,
  call_truncate = 1U << 3,
  call_sync = 1U << 4,
  call_file_size = 1U << 5,
  call_lock = 1U << 6,
  call_unlock = 1U << 7,
  call_check_lock = 1U << 8,
  call_shm_map = 1U << 9,
  call_shm_lock = 1U << 10,
  call_remove = 1U << 11,
  call_access = 1U << 12,
  call_full_path = 1U << 13,
};
inline constexpr std::uint32_t every_call = (1U << 14) - 1;
inline constexpr std::uint32_t writing_calls = call_write | call_truncate | call_sync;
inline constexpr int for_good = INT_MAX;
/// Instead of a code: the process dies in the call, before it does anything.
inline constexpr int die = -1;

/// What the disk says when such a call fails.
[[nodiscard]] inline int own_code(Call call) {
  switch (call) {
    case call_open:
    case call_full_path: return SQLITE_CANTOPEN;
    case call_read: return SQLITE_IOERR_READ;
    case call_write: return SQLITE_IOERR_WRITE;
    case call_truncate: return SQLITE_IOERR_TRUNCATE;
    case call_sync: return SQLITE_IOERR_FSYNC;
    case call_file_size: return SQLITE_IOERR_FSTAT;
    case call_lock: return SQLITE_IOERR_LOCK;
    case call_unlock: return SQLITE_IOERR_UNLOCK;
    case call_check_lock: return SQLITE_IOERR_CHECKRESERVEDLOCK;
    case call_shm_map: return SQLITE_IOERR_SHMMAP;
    case call_shm_lock: return SQLITE_IOERR_SHMLOCK;
    case call_remove: return SQLITE_IOERR_DELETE;
    case call_access: return SQLITE_IOERR_ACCESS;
  }
  return SQLITE_IOERR;
}

/// Which calls fail, counted from the moment when the plan is made.
struct Plan {
  int call = 0;   ///< The first one that fails, from 1; 0: none.
  int times = 1;  ///< So many in a row, or for_good.
  int code = 0;   ///< What they answer; 0: their own_code.
  std::uint32_t calls = every_call;
};

struct Vfs {
  Plan plan{};
  int count = 0;               ///< Calls counted since the plan was made.
  Call last_failed{};          ///< What failed last.
  DiskTrace* trace = nullptr;  ///< Where writes are written down; null: nowhere.

  void follow(const Plan& next) {
    plan = next;
    count = 0;
  }
  /// The code to fail with, or SQLITE_OK.
  [[nodiscard]] int fails(Call call) {
    if ((plan.calls & call) == 0) return SQLITE_OK;
    ++count;
    if (plan.call == 0 || count < plan.call || count - plan.call >= plan.times) return SQLITE_OK;
    last_failed = call;
    if (plan.code == die) ::kill(::getpid(), SIGKILL);
    return plan.code == 0 ? own_code(call) : plan.code;
  }
};
inline Vfs vfs;

struct File {
  sqlite3_file base;
  sqlite3_file* real;
  std::uint32_t number;  // in the trace; 0: not in it
  bool syncs_folder;     // SQLite syncs the folder with a new journal's first sync
};

namespace detail {

[[nodiscard]] inline File& file(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
[[nodiscard]] inline sqlite3_file* real(sqlite3_file* opened) { return file(opened).real; }
[[nodiscard]] inline sqlite3_vfs* below() { return sqlite3_vfs_find(nullptr); }
[[nodiscard]] inline std::string name_of(const char* path) {
  return std::filesystem::path(path).filename().string();
}

[[nodiscard]] inline const sqlite3_io_methods& io_methods();

inline int write(sqlite3_file* opened, const void* from, int count, sqlite3_int64 at) {
  const int code = vfs.fails(call_write);
  // A write that fails may have got half-way.
  const int written = code == SQLITE_OK ? count : count / 2;
  const int result =
      written == 0 ? SQLITE_OK : real(opened)->pMethods->xWrite(real(opened), from, written, at);
  if (result == SQLITE_OK && vfs.trace != nullptr && file(opened).number != 0)
    vfs.trace->write(file(opened).number, from, static_cast<std::size_t>(written), at);
  return code != SQLITE_OK ? code : result;
}

inline int truncate(sqlite3_file* opened, sqlite3_int64 size) {
  if (const int code = vfs.fails(call_truncate); code != SQLITE_OK) return code;
  const int result = real(opened)->pMethods->xTruncate(real(opened), size);
  if (result == SQLITE_OK && vfs.trace != nullptr && file(opened).number != 0)
    vfs.trace->truncate(file(opened).number, size);
  return result;
}

// To the program that goes on running, a failed sync may well have written everything. To the disk, it lost
// everything.
inline int sync(sqlite3_file* opened, int flags) {
  const int code = vfs.fails(call_sync);
  const int result = real(opened)->pMethods->xSync(real(opened), flags);
  if (vfs.trace != nullptr && file(opened).number != 0) {
    if (code != SQLITE_OK || result != SQLITE_OK) {
      vfs.trace->failed_sync(file(opened).number);
    } else {
      vfs.trace->sync(file(opened).number);
      if (std::exchange(file(opened).syncs_folder, false)) vfs.trace->sync_folder();
    }
  }
  return code != SQLITE_OK ? code : result;
}

inline int open(sqlite3_vfs*, const char* path, sqlite3_file* opened, int flags, int* out_flags) {
  File& made = file(opened);
  made = {{nullptr}, reinterpret_cast<sqlite3_file*>(&made + 1), 0, false};
  if (const int code = vfs.fails(call_open); code != SQLITE_OK) return code;
  const int result = below()->xOpen(below(), path, made.real, flags, out_flags);
  if (result != SQLITE_OK) return result;
  made.base.pMethods = &io_methods();
  if (vfs.trace != nullptr && path != nullptr && (flags & SQLITE_OPEN_DELETEONCLOSE) == 0) {
    made.number = vfs.trace->open(name_of(path));
    constexpr int journals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
    made.syncs_folder = (flags & SQLITE_OPEN_CREATE) != 0 && (flags & journals) != 0;
  }
  return result;
}

inline int remove(sqlite3_vfs*, const char* path, int sync_folder) {
  if (const int code = vfs.fails(call_remove); code != SQLITE_OK) return code;
  const int result = below()->xDelete(below(), path, sync_folder);
  if (result == SQLITE_OK && vfs.trace != nullptr) {
    vfs.trace->remove(name_of(path));
    if (sync_folder != 0) vfs.trace->sync_folder();
  }
  return result;
}

inline const sqlite3_io_methods& io_methods() {
  static const sqlite3_io_methods methods = {
      2, [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); },
      [](sqlite3_file* f, void* to, int count, sqlite3_int64 at) {
        const int code = vfs.fails(call_read);
        return code != SQLITE_OK ? code : real(f)->pMethods->xRead(real(f), to, count, at);
      },
      write, truncate, sync,
      [](sqlite3_file* f, sqlite3_int64* size) {
        const int code = vfs.fails(call_file_size);
        return code != SQLITE_OK ? code : real(f)->pMethods->xFileSize(real(f), size);
      },
      [](sqlite3_file* f, int level) {
        const int code = vfs.fails(call_lock);
        return code != SQLITE_OK ? code : real(f)->pMethods->xLock(real(f), level);
      },
      // An unlock that fails may have unlocked.
      [](sqlite3_file* f, int level) {
        const int code = vfs.fails(call_unlock);
        const int result = real(f)->pMethods->xUnlock(real(f), level);
        return code != SQLITE_OK ? code : result;
      },
      [](sqlite3_file* f, int* locked) {
        const int code = vfs.fails(call_check_lock);
        return code != SQLITE_OK ? code : real(f)->pMethods->xCheckReservedLock(real(f), locked);
      },
      [](sqlite3_file* f, int operation, void* argument) {
        return real(f)->pMethods->xFileControl(real(f), operation, argument);
      },
      [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); },
      [](sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); },
      [](sqlite3_file* f, int page, int size, int extend, void volatile** memory) {
        *memory = nullptr;
        const int code = vfs.fails(call_shm_map);
        return code != SQLITE_OK ? code : real(f)->pMethods->xShmMap(real(f), page, size, extend, memory);
      },
      // Shared memory is unlocked without asking whether it worked.
      [](sqlite3_file* f, int offset, int count, int flags) {
        const int code = (flags & SQLITE_SHM_UNLOCK) != 0 ? SQLITE_OK : vfs.fails(call_shm_lock);
        return code != SQLITE_OK ? code : real(f)->pMethods->xShmLock(real(f), offset, count, flags);
      },
      [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); },
      [](sqlite3_file* f, int erase) { return real(f)->pMethods->xShmUnmap(real(f), erase); }, nullptr,
      nullptr};
  return methods;
}

}  // namespace detail

/// Makes the VFS known to SQLite, once, and has it pass everything on.
inline void install() {
  static sqlite3_vfs copy = [] {
    sqlite3_vfs* const original = detail::below();
    sqlite3_vfs made = *original;
    made.zName = vfs_name;
    made.pNext = nullptr;
    made.szOsFile = static_cast<int>(sizeof(File)) + original->szOsFile;
    made.xOpen = detail::open;
    made.xDelete = detail::remove;
    made.xAccess = [](sqlite3_vfs*, const char* path, int flags, int* result) {
      const int code = vfs.fails(call_access);
      return code != SQLITE_OK ? code : detail::below()->xAccess(detail::below(), path, flags, result);
    };
    made.xFullPathname = [](sqlite3_vfs*, const char* path, int size, char* result) {
      const int code = vfs.fails(call_full_path);
      return code != SQLITE_OK ? code : detail::below()->xFullPathname(detail::below(), path, size, result);
    };
    // SQLite's own waits would be for others who are not there.
    made.xSleep = [](sqlite3_vfs*, int microseconds) { return microseconds; };
    return made;
  }();
  static const int once = sqlite3_vfs_register(&copy, 0);
  static_cast<void>(once);
  vfs = {};
}

}  // namespace ticketcore::fault
