#pragma once
// Projection tables in a PostgreSQL database: the store's own, or another.

#include <memory>
#include <string_view>

#include "ticketcore/projections/open_projection.hpp"
#include "ticketcore/projections/projection.hpp"

namespace ticketcore {

class PostgresProjection final : public ProjectionSink {
 public:
  /// Makes the tables where they are missing, in the URL's schema (PostgresStorage::open), by default
  /// "ticketcore". Throws StorageError.
  [[nodiscard]] static std::unique_ptr<PostgresProjection> open(std::string_view url);
  ~PostgresProjection() override;

  [[nodiscard]] Position cursor(const StreamId& stream) override;
  [[nodiscard]] bool put(const Position& from, const Position& to,
                         std::span<const ProjectionRow> rows) override;
  void clear(const StreamId& stream) override;

 private:
  struct Body;
  explicit PostgresProjection(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

/// Makes open_projection know "postgresql://..." and "postgres://...".
void register_postgres_projection();

}  // namespace ticketcore
