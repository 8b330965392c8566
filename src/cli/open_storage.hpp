#pragma once
// Which store a word of the command line means.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ticketcore/projections/projection.hpp"
#include "ticketcore/storage/storage.hpp"

namespace ticketcore::cli {

enum class Use { look, write, make };

struct OpenedStorage {
  std::unique_ptr<Storage> storage{};
};

/// "postgresql://...", "sqlite:///absolute/path", the path of a SQLite file, or that of an archive (to look
/// only). Throws StorageError.
[[nodiscard]] OpenedStorage open_storage(const std::string& word, Use use);

/// The tables beside the store's log. Throws StorageError.
[[nodiscard]] std::unique_ptr<ProjectionSink> open_projection(const std::string& word);

}  // namespace ticketcore::cli
