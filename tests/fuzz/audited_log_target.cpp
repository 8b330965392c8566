// A log that lies, with all checksums right: facts that contradict each other, places that do not exist.

#include <boost/json.hpp>

#include "fuzz.hpp"
#include "little_map.hpp"
#include "sealed.hpp"
#include "ticketcore/engine/detail/desk.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/log/fact_json.hpp"
#include "ticketcore/log/log.hpp"
#include "ticketcore/storage/memory.hpp"

namespace ticketcore::fuzz {
namespace {

/// What can be shown of it is JSON, whatever texts are in it.
void check_json(Storage& storage, const Bytes& bytes, const EventState& state) {
  const LogEntry entry = decode_entry(bytes, "it", storage);
  for (const Fact& fact : entry.facts) {
    boost::json::error_code error;
    const auto value =
        boost::json::parse(fact_json(fact, entry.header.revision, entry.header.turn, state), error);
    require(!error && value.is_object(), "a fact as JSON is JSON");
  }
}

}  // namespace

void audited_log(BytesView bytes) {
  const StreamId stream = stream_of("premiere");
  MemoryStorage storage([] { return Timestamp{}; });
  little::put_map(storage, *little::house());
  for (const Bytes& entry : seal_log(bytes)) {
    const Position position{stream, 0};
    const Append append{stream, sealed_checksum(entry), entry};
    storage.take_turn({&position, 1})->commit({&append, 1});
  }
  const AuditReport report = audit(storage, stream);
  Desk desk(storage, "premiere");
  const Command hold{RequestId{{1, 2}}, HoldBest{.holder = "cart", .categories = {CategoryIndex{0}}}};
  const Command create{RequestId{{1, 3}}, SetSaleStatus{}};
  for (const Command& command : {hold, create}) (void)desk.take_turn({&command, 1});
  require(!desk.halted().empty() || report.problems.empty() || report.revision > 0,
          "a desk halts on a log that an audit can't begin");
  if (!report.problems.empty() || !report.state.exists()) return;
  for (const Entry& entry : storage.read(stream, 0, SIZE_MAX)) {
    if (entry.revision <= report.revision) check_json(storage, entry.bytes, report.state);
  }
  require(audit(storage, stream).problems.empty(), "what a desk adds to a sound log leaves it sound");
  desk.save_snapshot();
  require(audit(storage, stream).problems.empty(), "the snapshot of a sound state leads to that state");
}

}  // namespace ticketcore::fuzz
