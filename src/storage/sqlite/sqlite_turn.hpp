#pragma once
// A turn on SQLite: a BEGIN IMMEDIATE of the writer's connection, behind the gate among threads.

#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "sqlite_body.hpp"
#include "storage/turn_streams.hpp"

namespace ticketcore {

class SqliteStorage::SqliteTurn final : public Turn {
 public:
  SqliteTurn(Body& body, std::span<const Position> streams)
      : body_(body), streams_(streams), right_(body.wait_for_turn()) {
    body_.begin();
    try {
      for (const Position& position : streams_.all()) heads_.push_back(look_up(position));
    } catch (...) {
      body_.roll_back();
      throw;
    }
  }
  ~SqliteTurn() override {
    if (right_.held()) body_.roll_back();
  }
  SqliteTurn(const SqliteTurn&) = delete;
  SqliteTurn& operator=(const SqliteTurn&) = delete;

  [[nodiscard]] std::vector<Entry> unseen(const StreamId& stream) override {
    const Position& position = streams_.need(stream);
    if (!right_.held()) throw std::logic_error("a turn is over after its commit");
    const Head& head = head_of(position);
    if (head.revision == position.known) return {};
    auto entries = body_.write->after(head.stream, position.known, std::numeric_limits<std::size_t>::max(),
                                      body_.shown_as);
    if (entries.empty() || entries.back().revision != head.revision)
      throw StorageDamaged(body_.shown_as + ": entries at the end of " + stream + " are missing");
    return entries;
  }

  [[nodiscard]] Timestamp now() override { return body_.options.clock(); }

  void add(std::span<const Append> entries) override {
    streams_.check_entries(entries);
    for (const Append& append : entries) insert(append);
  }

  void commit(std::span<const Append> entries) override {
    streams_.check_commit(entries);
    for (const Append& append : entries) insert(append);
    body_.commit();
    // The right is of no more use to this turn, and others wait.
    right_.give_back();
    body_.news.notify_all();
  }

 private:
  struct Head {
    std::int64_t stream = 0;  // 0: does not exist yet
    Revision revision = 0;
  };

  [[nodiscard]] Head& head_of(const Position& position) {
    return heads_[static_cast<std::size_t>(&position - streams_.all().data())];
  }

  [[nodiscard]] Head look_up(const Position& position) {
    const auto stream = body_.write->stream(position.stream);
    const Head head{stream.value_or(0), stream ? body_.write->head(*stream) : 0};
    TurnStreams::check_known(body_.shown_as, position, body_.write->checksum(head.stream, position.known));
    return head;
  }

  void insert(const Append& append) {
    Head& head = head_of(streams_.need(append.stream));
    if (head.stream == 0) {
      body_.write->add_stream.bind(1, std::string_view(append.stream)).run();
      head.stream = sqlite3_last_insert_rowid(body_.writer->handle());
      if (head.stream > sqlite_layout::stream_max) refuse_stream();
    }
    if (head.revision >= sqlite_layout::revision_max)
      throw StorageUnavailable(body_.shown_as + ": " + append.stream +
                               " has as many entries as one stream can");
    body_.write->add_entry.bind(1, sqlite_layout::key_of(head.stream, head.revision + 1))
        .bind(2, std::int64_t{append.checksum})
        .bind(3, append.bytes)
        .run();
    if (++head.revision == 1) check_alone(head.stream);
  }

  [[noreturn]] void refuse_stream() {
    if (body_.writer->number("SELECT count(*) FROM streams") < sqlite_layout::stream_max / 2)
      throw StorageDamaged(body_.shown_as +
                           ": its table of streams is damaged; restore a backup, or save what can be read "
                           "with sqlite3's .recover");
    throw StorageUnavailable(body_.shown_as + ": it has had " + std::to_string(sqlite_layout::stream_max) +
                             " streams, as many as one file can");
  }

  /// On a disk that lied about what it kept, entries may stand where a new stream begins, without the name of
  /// theirs.
  void check_alone(std::int64_t stream) {
    if (body_.write->after(stream, 0, std::numeric_limits<std::size_t>::max(), body_.shown_as).size() == 1)
      return;
    throw StorageDamaged(body_.shown_as +
                         ": there are entries of a stream whose name is lost; restore a backup, or save what "
                         "can be read with sqlite3's .recover");
  }

  Body& body_;
  TurnStreams streams_;
  detail::RightOfWay right_;
  std::vector<Head> heads_;  // as streams_.all()
};

}  // namespace ticketcore
