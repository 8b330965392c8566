#pragma once
// Projections: tables for people who ask questions in SQL, filled from the log. They are copies: dropping
// them loses nothing, and they are rebuilt from the log's beginning. docs/projections.md describes each table
// and column.

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ticketcore/base/ids.hpp"
#include "ticketcore/log/snapshot.hpp"
#include "ticketcore/storage/storage.hpp"

namespace ticketcore {

struct ProjectionColumn {
  enum class Type : std::uint8_t { integer, text, time };
  std::string_view name;
  Type type;
};

/// Every table's first column is stream, a text; it and the next key_columns columns are the table's key.
struct ProjectionTable {
  std::string_view name;
  std::span<const ProjectionColumn> columns;  ///< Without stream.
  std::size_t key_columns;
};

/// events, places, areas, holds, orders, lines, tickets, scans.
[[nodiscard]] std::span<const ProjectionTable> projection_tables();

/// Null, a number (money in minor units), or a text; times are texts of RFC 3339 in UTC.
using ProjectionValue = std::variant<std::monostate, std::int64_t, std::string>;

/// What a row of a table is from now on: inserted, or replaced where its key is there.
struct ProjectionRow {
  std::size_t table = 0;  ///< Into projection_tables().
  std::vector<ProjectionValue> values{};
};

/// Where the tables are. SqliteProjection and PostgresProjection are two.
class ProjectionSink {
 public:
  virtual ~ProjectionSink() = default;
  /// Up to which entry the stream's rows are; known is 0 when there are none.
  [[nodiscard]] virtual Position cursor(const StreamId& stream) = 0;
  /// Puts rows, each key at most once, and moves the stream's cursor, in one transaction. False, and nothing
  /// done, when the cursor is not at from: another was faster. Throws StorageError.
  [[nodiscard]] virtual bool put(const Position& from, const Position& to,
                                 std::span<const ProjectionRow> rows) = 0;
  /// Deletes the stream's rows and its cursor, in one transaction.
  virtual void clear(const StreamId& stream) = 0;
};

/// Follows the log. Several may run at once, also in several processes; the cursor keeps them from doing
/// anything twice. Not synchronized.
class Projector {
 public:
  /// Both must outlive the projector.
  Projector(Storage& storage, ProjectionSink& sink) : storage_(storage), sink_(sink) {}

  /// Brings the event's rows up to the log's end; the number of entries that were new. Throws HistoryReplaced
  /// when the rows are of another history than the log's (after a fail-over that lost entries, or an event
  /// that was made anew): rebuild then. Throws StorageError.
  std::uint64_t catch_up(const EventId& event);
  /// The same for every event there is.
  std::uint64_t catch_up();
  /// Makes the event's rows anew from the log's beginning.
  std::uint64_t rebuild(const EventId& event);

 private:
  std::uint64_t catch_up(const StreamId& stream, StateAtRevision& at);
  void go_to(StateAtRevision& at, const Position& cursor);

  Storage& storage_;
  ProjectionSink& sink_;
  std::map<StreamId, StateAtRevision> states_;
};

}  // namespace ticketcore
