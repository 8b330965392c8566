#pragma once
// A SQLite VFS that makes a chosen write, sync or truncation fail, and otherwise passes everything to the default one.

#include <sqlite3.h>

namespace ticketcore::fault {

/// The call after which to fail, counting down from the next one; 0: none.
inline int calls_until_fault = 0;
/// How many calls fail in a row then.
inline int faults_left = 0;
inline int code = SQLITE_IOERR;
inline constexpr const char* vfs_name = "ticketcore-fault";

inline void fail_at(int call, int result, int times = 1) {
  calls_until_fault = call;
  faults_left = times;
  code = result;
}

[[nodiscard]] inline bool fails_now() {
  if (faults_left == 0) return false;
  if (calls_until_fault > 1) {
    --calls_until_fault;
    return false;
  }
  --faults_left;
  return true;
}

struct File {
  sqlite3_file base;
  sqlite3_file* real;
};

[[nodiscard]] inline sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real; }

inline const sqlite3_io_methods methods = {
    2, [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); },
    [](sqlite3_file* f, void* to, int count, sqlite3_int64 at) { return real(f)->pMethods->xRead(real(f), to, count, at); },
    [](sqlite3_file* f, const void* from, int count, sqlite3_int64 at) { return fails_now() ? code : real(f)->pMethods->xWrite(real(f), from, count, at); },
    [](sqlite3_file* f, sqlite3_int64 size) { return fails_now() ? code : real(f)->pMethods->xTruncate(real(f), size); },
    // A failed sync may well have written everything: the worse case, so it is the one that is played.
    [](sqlite3_file* f, int flags) {
      const bool fails = fails_now();
      const int result = real(f)->pMethods->xSync(real(f), flags);
      return fails ? code : result;
    },
    [](sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); },
    [](sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); },
    [](sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); },
    [](sqlite3_file* f, int* result) { return real(f)->pMethods->xCheckReservedLock(real(f), result); },
    [](sqlite3_file* f, int operation, void* argument) { return real(f)->pMethods->xFileControl(real(f), operation, argument); },
    [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); }, [](sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); },
    [](sqlite3_file* f, int page, int size, int extend, void volatile** memory) { return real(f)->pMethods->xShmMap(real(f), page, size, extend, memory); },
    [](sqlite3_file* f, int offset, int count, int flags) { return real(f)->pMethods->xShmLock(real(f), offset, count, flags); },
    [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); }, [](sqlite3_file* f, int erase) { return real(f)->pMethods->xShmUnmap(real(f), erase); },
    nullptr, nullptr};

/// Makes the VFS known to SQLite, once.
inline void install() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs* const original = sqlite3_vfs_find(nullptr);
    sqlite3_vfs copy = *original;
    copy.zName = vfs_name;
    copy.pNext = nullptr;
    copy.szOsFile = static_cast<int>(sizeof(File)) + original->szOsFile;
    copy.xOpen = [](sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
      sqlite3_vfs* const below = sqlite3_vfs_find(nullptr);
      auto* const wrapper = reinterpret_cast<File*>(file);
      wrapper->real = reinterpret_cast<sqlite3_file*>(wrapper + 1);
      const int result = below->xOpen(below, name, wrapper->real, flags, out_flags);
      wrapper->base.pMethods = result == SQLITE_OK ? &methods : nullptr;
      return result;
    };
    return copy;
  }();
  static const int once = sqlite3_vfs_register(&vfs, 0);
  static_cast<void>(once);
}

}  // namespace ticketcore::fault
