#pragma once
// Opens the store that a URL names, so that a program's settings can say where the log is kept:
//
//   memory:                                 lives as long as its object, and is a new one each time
//   sqlite:///box.db, or box.db             a SQLite file; an absolute path makes it four slashes
//   postgresql://user@host:5432/database    a PostgreSQL database; postgres.hpp says what else it may carry
//   SCHEME://...                            what the program has registered under that scheme
//
// Backends are targets of their own, and the core needs none of them. So a program says once, at its start,
// which it has: register_sqlite() (sqlite.hpp), register_postgres() (postgres.hpp), register_storage() for
// its own. These are calls, and not objects that register themselves while the program is loaded, since a
// linker leaves out of a static library what is not called: such an object would be in one program and
// silently missing from the next.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ticketcore/storage/storage.hpp"

namespace ticketcore {

/// What a program wants of the store that it opens.
enum class StorageAccess : std::uint8_t {
  read_write_create,  ///< Makes the store where there is none.
  read_write,         ///< Refuses where there is none.
  read_only,          ///< Changes nothing. What appends throws StorageUnavailable.
};

struct OpenOptions {
  StorageAccess access = StorageAccess::read_write_create;
  /// What Turn::now answers. Empty: the store's own clock. Called from any thread.
  std::function<Timestamp()> clock{};
};

/// Opens the store at a URL of its scheme, which it is handed whole. Called from any thread.
using StorageOpener =
    std::function<std::unique_ptr<Storage>(const std::string& url, const OpenOptions& options)>;

/// No server answers where the store should be, or it is still starting up: wait, and open it again.
class StorageNotReached : public StorageUnavailable {
 public:
  using StorageUnavailable::StorageUnavailable;
};

/// The URL names no store that this program can open; nothing was tried.
class StorageUrlError : public StorageError {
 public:
  using StorageError::StorageError;
};

/// Makes open_storage know "SCHEME://...". A scheme begins with a small letter, and goes on with small
/// letters, digits, "+", "-" and "."; anything else is a std::invalid_argument. If a scheme is registered
/// again the last opener counts.
void register_storage(std::string scheme, StorageOpener opener);

/// Any thread may call it at any time. Throws StorageUrlError, and what the backend throws when it is opened;
/// no message shows more of a URL than its scheme, as there may be a password in it.
[[nodiscard]] std::unique_ptr<Storage> open_storage(const std::string& url, const OpenOptions& options = {});

/// What a store's URL says before anything is opened.
struct StorageUrl {
  std::string scheme{};          ///< In small letters; "sqlite" for a path, "postgresql" for "postgres", too.
  std::filesystem::path file{};  ///< That of a path or a SQLite URL; otherwise empty.
};

/// Throws StorageUrlError for what is not the URL of a store, registered or not.
[[nodiscard]] StorageUrl read_storage_url(std::string_view url);

}  // namespace ticketcore
