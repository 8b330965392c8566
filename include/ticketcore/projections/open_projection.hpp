#pragma once
// Opens the projection tables beside the store that a URL names: open_storage.hpp has the URLs, and says why
// a program registers what it has: here with register_sqlite_projection() and register_postgres_projection().

#include <functional>
#include <memory>
#include <string>

#include "ticketcore/projections/projection.hpp"

namespace ticketcore {

/// Opens the tables at a URL of its scheme, which it is handed whole. Called from any thread.
using ProjectionOpener = std::function<std::unique_ptr<ProjectionSink>(const std::string& url)>;

/// Makes open_projection know the scheme; what register_storage says counts here, too.
void register_projection(std::string scheme, ProjectionOpener opener);

/// Opens the tables, or makes them where there are none. Any thread may call it at any time. Throws
/// StorageUrlError (also for "memory:", where SQL does not reach), and what the backend throws.
[[nodiscard]] std::unique_ptr<ProjectionSink> open_projection(const std::string& url);

}  // namespace ticketcore
