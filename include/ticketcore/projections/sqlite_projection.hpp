#pragma once
// Projection tables in a SQLite file: the store's own, or another.

#include <filesystem>
#include <memory>

#include "ticketcore/projections/open_projection.hpp"
#include "ticketcore/projections/projection.hpp"

namespace ticketcore {

class SqliteProjection final : public ProjectionSink {
 public:
  /// Makes the tables where they are missing. Throws StorageError.
  [[nodiscard]] static std::unique_ptr<SqliteProjection> open(const std::filesystem::path& path);
  ~SqliteProjection() override;

  [[nodiscard]] Position cursor(const StreamId& stream) override;
  [[nodiscard]] bool put(const Position& from, const Position& to,
                         std::span<const ProjectionRow> rows) override;
  void clear(const StreamId& stream) override;

 private:
  struct Body;
  explicit SqliteProjection(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

/// Makes open_projection know paths and "sqlite:///PATH".
void register_sqlite_projection();

}  // namespace ticketcore
