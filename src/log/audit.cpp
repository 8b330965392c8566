#include "ticketcore/log/audit.hpp"

#include <algorithm>

#include "ticketcore/base/id_generator.hpp"
#include "ticketcore/base/limits.hpp"
#include "ticketcore/log/log.hpp"
#include "ticketcore/log/snapshot.hpp"
#include "ticketcore/log/stored_map.hpp"
#include "ticketcore/venue/merge_seat_maps.hpp"

namespace ticketcore {
namespace {

/// Places and money as the facts alone tell them: nothing here is shared with EventState, so that one shows
/// the other's faults.
class Ledger {
 public:
  explicit Ledger(AuditReport& report) : report_(report) {}

  void add(const Fact& fact, Revision revision) {
    at_ = "entry " + std::to_string(revision) + ": ";
    std::visit([&](const auto& body) { enter(body, fact); }, fact.body);
  }

  /// Compares what is sold and held with what the state says.
  void compare(const EventState& state) {
    if (!state.exists()) return;
    at_.clear();
    for (std::uint32_t place = 0; place < state.places().codes().size(); ++place) {
      const std::uint32_t code = state.places().codes()[place];
      const bool is_sold = sold_.contains(place);
      const bool is_held = held_.contains(place);
      if (is_sold != (code == place_code::sold) || is_held != (place_code::is_held(code)))
        problem("ledger and state differ on " + state.seat_map()->label(PlaceIndex{place}));
    }
    for (std::uint32_t area = 0; area < state.areas().size(); ++area) {
      if (area_sold_[area] != state.areas()[area].sold)
        problem("ledger and state differ on " + state.seat_map()->label(AreaIndex{area}));
    }
    std::int64_t kept = 0;
    for (const OrderRecord& order : state.orders()) kept += order.total - order.refunded;
    if (kept != report_.paid - report_.refunded) problem("ledger and state differ on what is in the till");
    std::int64_t taken = report_.fees;
    for (const auto& [name, takings] : report_.takings) taken += takings.amount;
    if (taken != report_.paid) problem("prices and fees do not add up to what was paid");
  }

 private:
  struct OpenHold {
    PlaceList places;
    AreaQuantities areas;
    QuotedPrice price;
  };

  void problem(const std::string& what) { report_.problems.push_back(at_ + what); }

  void enter(const EventCreated& fact, const Fact&) {
    map_ = fact.seat_map;
    types_ = fact.settings.prices.ticket_types();
  }
  void enter(const MapReplaced& fact, const Fact&) {
    if (!map_) return;
    map_ = std::make_shared<const SeatMap>(merge_seat_maps(*map_, *fact.seat_map));
    for (const PlaceExchange& exchange : fact.exchanges) {
      const auto held = held_.extract(exchange.from.value);
      const auto sold = sold_.extract(exchange.from.value);
      if (held.empty() == sold.empty() || held_.contains(exchange.to.value) ||
          sold_.contains(exchange.to.value))
        problem("place " + std::to_string(exchange.from.value) +
                " is exchanged that nobody has, or for one that somebody has");
      if (!held.empty()) {
        held_.emplace(exchange.to.value, held.mapped());
        std::ranges::replace(holds_[held.mapped()].places, exchange.from, exchange.to);
      }
      if (!sold.empty()) {
        sold_.emplace(exchange.to.value, sold.mapped());
        std::ranges::replace(orders_[OrderId{sold.mapped()}], exchange.from.value, exchange.to.value);
      }
    }
    const auto check = [this](std::uint32_t place) {
      if (map_->is_retired({place}))
        problem("place " + std::to_string(place) + " is taken off the map while it has an owner");
    };
    for (const auto& [place, hold] : held_) check(place);
    for (const auto& [place, order] : sold_) check(place);
  }
  void enter(const EventConfigured& fact, const Fact&) { types_ = fact.settings.prices.ticket_types(); }
  /// What moves neither a place nor money.
  template <class Other>
  void enter(const Other&, const Fact&) {}
  void enter(const HoldPlaced& fact, const Fact& whole) {
    for (const PlaceIndex place : fact.places) {
      if (sold_.contains(place.value) || !held_.try_emplace(place.value, HoldId{whole.request}).second)
        problem("place " + std::to_string(place.value) + " is held while it has an owner");
    }
    holds_[HoldId{whole.request}] = {fact.places, fact.areas, {}};
  }
  void enter(const HoldReleased& fact, const Fact&) { end(fact.hold); }
  void enter(const HoldExpired& fact, const Fact&) { end(fact.hold); }
  void enter(const HoldQuoted& fact, const Fact&) { holds_[fact.hold].price = fact.price; }
  void enter(const OrderPlaced& fact, const Fact& whole) {
    const OpenHold hold = holds_[fact.hold];
    end(fact.hold);
    std::vector<std::uint32_t>& tickets = orders_[OrderId{whole.request}];
    for (const PlaceIndex place : hold.places) {
      if (!sold_.try_emplace(place.value, whole.request).second)
        problem("place " + std::to_string(place.value) + " is sold twice");
      tickets.push_back(place.value);
    }
    for (const AreaQuantity& held : hold.areas) {
      area_sold_[held.area.value] += held.quantity;
      tickets.insert(tickets.end(), held.quantity, held.area.value | TicketRecord::area_bit);
    }
    for (const QuoteLine& line : hold.price.lines) {
      const std::string category = map_ && line.category.value < map_->categories().size()
                                       ? map_->categories()[line.category.value].name
                                       : "?";
      AuditTakings& takings =
          report_
              .takings[category + ", " + (line.ticket_type < types_.size() ? types_[line.ticket_type] : "?")];
      takings.tickets += line.count;
      takings.amount += line.unit_price * line.count;
      report_.fees += hold.price.fee_per_ticket * line.count;
    }
    report_.fees += hold.price.fee_per_order;
    report_.paid += fact.payment.amount;
    ++report_.orders;
  }
  void enter(const TicketsRefunded& fact, const Fact&) {
    report_.refunded += fact.amount;
    const std::vector<std::uint32_t>& tickets = orders_[fact.order];
    for (const std::uint32_t number : fact.tickets) {
      if (number == 0 || number > tickets.size()) {
        problem("a refund names a ticket that was never sold");
      } else if ((tickets[number - 1] & TicketRecord::area_bit) != 0) {
        area_sold_[tickets[number - 1] & ~TicketRecord::area_bit] -= 1;
      } else {
        sold_.erase(tickets[number - 1]);
      }
    }
  }
  void end(HoldId hold) {
    const auto at = holds_.find(hold);
    if (at == holds_.end()) return problem("a hold ends that was never placed");
    for (const PlaceIndex place : at->second.places) held_.erase(place.value);
    holds_.erase(at);
  }

  AuditReport& report_;
  std::string at_;
  std::shared_ptr<const SeatMap> map_;
  std::vector<std::string> types_;
  std::map<HoldId, OpenHold> holds_;
  std::map<OrderId, std::vector<std::uint32_t>> orders_;
  std::map<std::uint32_t, HoldId> held_;
  std::map<std::uint32_t, RequestId> sold_;
  std::map<std::uint32_t, std::uint32_t> area_sold_;
};

/// Reads a log into a report, from its beginning.
class Replay {
 public:
  Replay(Storage& storage, const StreamId& stream, AuditReport& report)
      : storage_(storage), stream_(stream), report_(report), ledger_(report) {}

  /// Goes on to the end of the log as it is by now.
  void read_on() {
    for (bool more = true; more;) {
      const std::vector<Entry> entries = storage_.read(stream_, report_.revision, limits::page_bytes);
      more = !entries.empty();
      for (const Entry& entry : entries) add(entry);
    }
  }

  void check() {
    report_.state.check_everything();
    ledger_.compare(report_.state);
  }

 private:
  void add(const Entry& entry) {
    const std::string name = "entry " + std::to_string(entry.revision);
    const LogEntry read = decode_entry(entry.bytes, name + " of " + stream_, storage_);
    for (const SeatMapHash& map : read.maps) add_map(map, name);
    if (read.header.revision != entry.revision)
      report_.problems.push_back(name + " says that it is entry " + std::to_string(read.header.revision));
    if (read.header.previous_checksum != checksum_)
      report_.problems.push_back(name + " does not continue the entry before it");
    if (read.header.checksum != entry.checksum)
      report_.problems.push_back(name + " stands in the store with another checksum than its own");
    checksum_ = read.header.checksum;
    for (const Fact& fact : read.facts) {
      report_.state.apply(fact, {entry.revision, read.header.turn});
      ledger_.add(fact, entry.revision);
      ++report_.facts[std::string(name_of(fact.body))];
    }
    report_.revision = entry.revision;
    report_.bytes += entry.bytes.size();
  }

  /// Somebody may have the map: then it was not read from the store.
  void add_map(const SeatMapHash& map, const std::string& named_by) {
    if (!is_stored(storage_, map))
      report_.problems.push_back("the seat map " + stream_of(map) + " is missing, which " + named_by +
                                 " names");
    report_.maps.insert(map);
  }

  Storage& storage_;
  const StreamId& stream_;
  AuditReport& report_;
  Ledger ledger_;
  std::uint32_t checksum_ = 0;
};

/// Goes on from the snapshot as far as the log was read. False when the stream was taken out of the store
/// meanwhile.
[[nodiscard]] bool go_on(Storage& storage, const StreamId& stream, StateAtRevision& at, Revision end) {
  while (at.revision < end) {
    const std::vector<Entry> entries = storage.read(stream, at.revision, limits::page_bytes);
    if (entries.empty()) return false;
    for (const Entry& entry : entries) {
      if (entry.revision > end) break;
      const LogEntry read = decode_entry(entry.bytes, stream, storage);
      for (const Fact& fact : read.facts) at.state.apply(fact, {entry.revision, read.header.turn});
      at.revision = entry.revision;
    }
  }
  return at.revision == end || !storage.read(stream, 0, 1).empty();
}

/// Whether places, orders, tickets and holds are the same.
[[nodiscard]] bool same(const EventState& one, const EventState& other) {
  return std::ranges::equal(one.places().codes(), other.places().codes()) &&
         one.orders().size() == other.orders().size() &&
         one.holds().open_count() == other.holds().open_count() &&
         std::ranges::equal(one.orders().tickets(), other.orders().tickets(),
                            [](const TicketRecord& a, const TicketRecord& b) {
                              return a.price == b.price && a.where == b.where && a.order == b.order &&
                                     a.admitted_at == b.admitted_at && a.refunded() == b.refunded();
                            });
}

void check_snapshot(Storage& storage, const StreamId& stream, const Snapshot& stored, AuditReport& report) {
  auto at = decode_snapshot(stored.bytes, "the snapshot of " + stream, storage, new_hash_key());
  if (!at) return;
  const std::string revision = std::to_string(at->revision);
  if (!go_on(storage, stream, *at, report.revision)) return;
  at->state.check_everything();
  if (same(at->state, report.state)) return;
  report.problems.push_back("the snapshot at revision " + revision +
                            " does not lead to the state that the log leads to");
}

}  // namespace

AuditReport audit(Storage& storage, const StreamId& stream) {
  AuditReport report;
  report.state = EventState(new_hash_key());
  Replay replay(storage, stream, report);
  try {
    replay.read_on();
    // A process that sells meanwhile may save a snapshot of what it has just sold: the log has that, too, by
    // now.
    const auto snapshot = storage.load_snapshot(stream);
    if (snapshot && snapshot->revision > report.revision) replay.read_on();
    if (report.state.exists() && stream != "event/" + report.state.event().text())
      report.problems.push_back(stream + " holds the log of event \"" + report.state.event().text() + "\"");
    replay.check();
    if (snapshot) check_snapshot(storage, stream, *snapshot, report);
  } catch (const StorageUnavailable&) {
    throw;
  } catch (const std::exception& error) {
    // A damaged entry, or a fact that contradicts the state: the audit's very finding.
    report.problems.push_back("after revision " + std::to_string(report.revision) + ": " + error.what());
  }
  return report;
}

}  // namespace ticketcore
