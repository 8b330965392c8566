#include "ticketcore/projections/sqlite_projection.hpp"

#include <chrono>
#include <vector>

#include "projection_sql.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "ticketcore/storage/open_storage.hpp"

namespace ticketcore {

struct SqliteProjection::Body {
  explicit Body(const std::filesystem::path& path)
      : database(std::filesystem::absolute(path).string(), path.string(),
                 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "", std::chrono::seconds(10)) {
    database.run("PRAGMA synchronous=NORMAL");  // what a power failure takes back is projected again
    std::string make =
        "BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS projections(stream TEXT PRIMARY KEY, revision INTEGER "
        "NOT NULL, "
        "checksum INTEGER NOT NULL);";
    for (const ProjectionTable& table : projection_tables())
      make += projection_sql::create(table, "", "INTEGER", "text") + ";";
    in_transaction([&] { database.run(make.substr(make.find(';') + 1)); });
    find.emplace(database, "SELECT revision, checksum FROM projections WHERE stream = ?1");
    move.emplace(
        database,
        "INSERT INTO projections(stream, revision, checksum) VALUES(?1, ?2, ?3) "
        "ON CONFLICT(stream) DO UPDATE SET revision = excluded.revision, checksum = excluded.checksum");
    for (const ProjectionTable& table : projection_tables()) {
      std::string values = "VALUES(?1";
      for (std::size_t column = 0; column < table.columns.size(); ++column)
        values += ", ?" + std::to_string(column + 2);
      upserts.push_back(
          std::make_unique<SqliteStatement>(database, projection_sql::upsert(table, "", values + ")")));
    }
  }

  template <class Work>
  void in_transaction(Work&& work) {
    database.run("BEGIN IMMEDIATE");
    try {
      work();
      database.run("COMMIT");
    } catch (...) {
      if (sqlite3_get_autocommit(database.handle()) == 0)
        sqlite3_exec(database.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
      throw;
    }
  }

  [[nodiscard]] Position cursor(const StreamId& stream) {
    const SqliteUse use(*find);
    find->bind(1, std::string_view(stream));
    if (!find->step()) return {stream};
    return {stream, static_cast<Revision>(find->number(0)), static_cast<std::uint32_t>(find->number(1))};
  }

  SqliteDatabase database;
  std::optional<SqliteStatement> find;
  std::optional<SqliteStatement> move;
  std::vector<std::unique_ptr<SqliteStatement>> upserts;  // as projection_tables()
};

SqliteProjection::SqliteProjection(std::unique_ptr<Body> body) : body_(std::move(body)) {}
SqliteProjection::~SqliteProjection() = default;

std::unique_ptr<SqliteProjection> SqliteProjection::open(const std::filesystem::path& path) {
  return std::unique_ptr<SqliteProjection>(new SqliteProjection(std::make_unique<Body>(path)));
}

Position SqliteProjection::cursor(const StreamId& stream) { return body_->cursor(stream); }

bool SqliteProjection::put(const Position& from, const Position& to, std::span<const ProjectionRow> rows) {
  bool mine = false;
  body_->in_transaction([&] {
    mine = body_->cursor(from.stream) == from;
    if (!mine) return;
    for (const ProjectionRow& row : rows) {
      SqliteStatement& upsert = *body_->upserts[row.table];
      const SqliteUse use(upsert);
      upsert.bind(1, std::string_view(from.stream));
      for (int column = 0; const ProjectionValue& value : row.values) {
        const int at = column++ + 2;
        if (const auto* number = std::get_if<std::int64_t>(&value))
          upsert.bind(at, *number);
        else if (const auto* text = std::get_if<std::string>(&value))
          upsert.bind(at, std::string_view(*text));
        else
          upsert.bind_null(at);
      }
      upsert.run();
    }
    const SqliteUse use(*body_->move);
    body_->move->bind(1, std::string_view(to.stream))
        .bind(2, static_cast<std::int64_t>(to.known))
        .bind(3, std::int64_t{to.checksum.value()})
        .run();
  });
  return mine;
}

void SqliteProjection::clear(const StreamId& stream) {
  body_->in_transaction([&] {
    std::vector<std::string> names{"projections"};
    for (const ProjectionTable& table : projection_tables()) names.emplace_back(table.name);
    for (const std::string& name : names) {
      SqliteStatement remove(body_->database, "DELETE FROM " + name + " WHERE stream = ?1");
      remove.bind(1, std::string_view(stream)).run();
    }
  });
}

void register_sqlite_projection() {
  register_projection(
      "sqlite", [](const std::string& url) { return SqliteProjection::open(read_storage_url(url).file); });
}

}  // namespace ticketcore
