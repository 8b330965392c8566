#include "ticketcore/projections/projection.hpp"

#include <array>
#include <utility>

#include "ticketcore/base/id_generator.hpp"
#include "ticketcore/engine/detail/desk.hpp"
#include "ticketcore/log/log.hpp"

namespace ticketcore {
namespace {

constexpr std::size_t projected_bytes = 1U << 20;
constexpr std::size_t rows_at_once = 5'000;

enum class Table : std::size_t { events, places, areas, holds, orders, lines, tickets, scans };

// One for each Table, in its order.
namespace projected {

using enum ProjectionColumn::Type;
constexpr std::array<ProjectionColumn, 9> event_columns{{{"event", text},
                                                         {"name", text},
                                                         {"venue", text},
                                                         {"seat_map", text},
                                                         {"starts_at", time},
                                                         {"time_zone", text},
                                                         {"currency", text},
                                                         {"sale", text},
                                                         {"capacity", integer}}};
constexpr std::array<ProjectionColumn, 11> place_columns{{{"place", text},
                                                          {"section", text},
                                                          {"row_label", text},
                                                          {"seat", text},
                                                          {"kind", text},
                                                          {"category", text},
                                                          {"status", text},
                                                          {"held_until", time},
                                                          {"hold_id", text},
                                                          {"order_id", text},
                                                          {"ticket", integer}}};
constexpr std::array<ProjectionColumn, 6> area_columns{{{"area", text},
                                                        {"section", text},
                                                        {"category", text},
                                                        {"capacity", integer},
                                                        {"held", integer},
                                                        {"sold", integer}}};
constexpr std::array<ProjectionColumn, 8> hold_columns{{{"hold_id", text},
                                                        {"holder", text},
                                                        {"status", text},
                                                        {"placed_at", time},
                                                        {"expires_at", time},
                                                        {"admissions", integer},
                                                        {"places", text},
                                                        {"quoted_total", integer}}};
constexpr std::array<ProjectionColumn, 11> order_columns{{{"order_id", text},
                                                          {"number", integer},
                                                          {"holder", text},
                                                          {"placed_at", time},
                                                          {"payment_method", text},
                                                          {"payment_reference", text},
                                                          {"fee_per_ticket", integer},
                                                          {"fee_per_order", integer},
                                                          {"total", integer},
                                                          {"tax", integer},
                                                          {"refunded", integer}}};
constexpr std::array<ProjectionColumn, 6> line_columns{{{"order_id", text},
                                                        {"line", integer},
                                                        {"category", text},
                                                        {"ticket_type", text},
                                                        {"count", integer},
                                                        {"unit_price", integer}}};
constexpr std::array<ProjectionColumn, 8> ticket_columns{{{"order_id", text},
                                                          {"ticket", integer},
                                                          {"place", text},
                                                          {"category", text},
                                                          {"ticket_type", text},
                                                          {"price", integer},
                                                          {"status", text},
                                                          {"admitted_at", time}}};
constexpr std::array<ProjectionColumn, 4> scan_columns{
    {{"order_id", text}, {"ticket", integer}, {"scanned_at", time}, {"gate", text}}};

constexpr std::array<ProjectionTable, 8> tables{{{"events", event_columns, 0},
                                                 {"places", place_columns, 1},
                                                 {"areas", area_columns, 1},
                                                 {"holds", hold_columns, 1},
                                                 {"orders", order_columns, 1},
                                                 {"lines", line_columns, 2},
                                                 {"tickets", ticket_columns, 2},
                                                 {"scans", scan_columns, 2}}};

}  // namespace projected

[[nodiscard]] ProjectionValue whole(std::integral auto value) { return static_cast<std::int64_t>(value); }
[[nodiscard]] ProjectionValue time_text(Timestamp time) { return to_rfc3339(time); }

/// The rows that a run of entries comes to: of each key the last.
class Rows {
 public:
  explicit Rows(const EventState& state) : state_(state) {}

  /// Called before the fact is applied to the state: what it ends can still be seen.
  void before(const Fact& fact) {
    if (const auto* released = std::get_if<HoldReleased>(&fact.body)) end_hold(released->hold, "released");
    if (const auto* expired = std::get_if<HoldExpired>(&fact.body)) end_hold(expired->hold, "expired");
    if (const auto* order = std::get_if<OrderPlaced>(&fact.body)) {
      const HoldRecord& hold = *state_.holds().find(order->hold);
      put_hold(hold, "sold");
      std::int64_t number_of_line = 0;
      for (const QuoteLine& line : hold.quote->lines) {
        put(Table::lines, {to_string(fact.request), ++number_of_line, category_key(line.category.value),
                           type_name(line.ticket_type), whole(line.count), line.unit_price});
      }
    }
  }

  /// Called after the fact was applied.
  void after(const Fact& fact, Timestamp turn) {
    turn_ = turn;
    std::visit([&](const auto& body) { show(body, fact); }, fact.body);
  }

  [[nodiscard]] std::size_t count() const noexcept { return rows_.size(); }
  [[nodiscard]] std::vector<ProjectionRow> take() {
    std::vector<ProjectionRow> rows;
    rows.reserve(rows_.size());
    for (auto& [key, row] : rows_) rows.push_back(std::move(row));
    rows_.clear();
    return rows;
  }

 private:
  void show(const EventCreated&, const Fact&) {
    put_event();
    put_house();
  }
  /// All that names a place or a category may read otherwise now.
  void show(const MapReplaced&, const Fact&) {
    put_event();
    put_house();
    for (const HoldRecord& hold : state_.holds().slots()) {
      if (hold.expires_at != 0) put_hold(hold, "open");
    }
    for (const OrderRecord& order : state_.orders()) {
      for (std::uint32_t ticket = 1; ticket <= order.ticket_count; ++ticket) put_ticket(order, ticket);
    }
  }
  void show(const EventConfigured&, const Fact&) { put_event(); }
  void show(const SaleStatusChanged&, const Fact&) { put_event(); }
  void show(const HoldPlaced&, const Fact& fact) { put_open_hold(HoldId{fact.request}); }
  void show(const HoldExtended& fact, const Fact&) { put_open_hold(fact.hold); }
  /// What no table shows; the end of a hold was shown before.
  template <class Other>
  void show(const Other&, const Fact&) {}
  void show(const HoldQuoted& fact, const Fact&) { put_hold(*state_.holds().find(fact.hold), "open"); }
  void show(const OrderPlaced&, const Fact& fact) {
    const OrderRecord& order = *state_.orders().find(OrderId{fact.request});
    put_order(order);
    for (std::uint32_t ticket = 1; ticket <= order.ticket_count; ++ticket) put_ticket(order, ticket);
  }
  void show(const TicketsRefunded& fact, const Fact&) {
    const OrderRecord& order = *state_.orders().find(fact.order);
    put_order(order);
    for (const std::uint32_t ticket : fact.tickets) put_ticket(order, ticket);
  }
  void show(const TicketAdmitted& fact, const Fact&) {
    put_ticket(*state_.orders().find(fact.ticket.order), fact.ticket.number);
    put(Table::scans, {to_string(fact.ticket.order), whole(fact.ticket.number), time_text(turn_), fact.gate});
  }

  void put_event() {
    const EventSettings& settings = state_.settings();
    put(Table::events,
        {state_.event().text(), settings.name, settings.venue, map().name(), time_text(settings.starts_at),
         settings.time_zone.empty() ? "UTC" : settings.time_zone,
         std::string(settings.prices.currency().code()),
         state_.sale_status() == SaleStatus::on_sale ? "on" : "off", whole(map().capacity())});
  }

  void put_house() {
    for (std::uint32_t place = 0; place < map().place_count(); ++place) put_place({place});
    for (std::uint32_t area = 0; area < map().areas().size(); ++area) put_area({area});
  }

  void put_place(PlaceIndex place, const std::string& status, ProjectionValue until = {},
                 ProjectionValue hold = {}, ProjectionValue order = {}, ProjectionValue ticket = {}) {
    constexpr std::array<const char*, 3> kinds{"seat", "table", "booth"};
    const Place& here = map().places()[place.value];
    const Row& row = map().rows()[here.row.value];
    put(Table::places, {map().label(place), map().sections()[row.section.value].label, row.label,
                        std::string(map().seat_label(place)), kinds[static_cast<std::size_t>(here.kind)],
                        category_key(here.category), status, std::move(until), std::move(hold),
                        std::move(order), std::move(ticket)});
  }

  /// As the state has it.
  void put_place(PlaceIndex place) {
    const std::uint32_t code = state_.places().codes()[place.value];
    const std::uint32_t owner = state_.places().owner(place);
    if (code == place_code::sold) {
      const OrderRecord& order = state_.orders()[state_.orders().tickets()[owner].order];
      put_place(place, "sold", {}, {}, to_string(order.id), whole(owner - order.first_ticket + 1));
    } else if (place_code::is_held(code)) {
      put_place(place, "held", time_text(from_epoch(code)), to_string(state_.holds()[owner].id));
    } else {
      put_place(place, std::string(to_string(status_of(code, turn_))));
    }
  }

  void put_area(AreaIndex area) {
    const Area& here = map().areas()[area.value];
    const AreaState& counts = state_.areas()[area.value];
    put(Table::areas,
        {map().label(area), map().sections()[here.section.value].label, category_key(here.category.value),
         whole(here.capacity), whole(counts.held), whole(counts.sold)});
  }

  void put_hold(const HoldRecord& hold, const char* status) {
    std::string names;
    for (const PlaceIndex place : hold.places) names += (names.empty() ? "" : ", ") + map().label(place);
    for (const AreaQuantity& area : hold.areas)
      names += (names.empty() ? "" : ", ") + std::to_string(area.quantity) + " x " + map().label(area.area);
    put(Table::holds, {to_string(hold.id), state_.holders()[hold.holder].name, status,
                       time_text(from_epoch(hold.placed_at)), time_text(from_epoch(hold.expires_at)),
                       whole(hold.admissions), std::move(names),
                       hold.quote ? whole(hold.quote->total) : ProjectionValue()});
  }

  void put_open_hold(HoldId id) {
    const HoldRecord& hold = *state_.holds().find(id);
    put_hold(hold, "open");
    for (const PlaceIndex place : hold.places) put_place(place);
    touch(hold.areas);
  }

  void end_hold(HoldId id, const char* status) {
    const HoldRecord& hold = *state_.holds().find(id);
    put_hold(hold, status);
    for (const PlaceIndex place : hold.places) put_place(place, "free");
    touch(hold.areas);
  }

  void put_order(const OrderRecord& order) {
    put(Table::orders,
        {to_string(order.id), whole(state_.orders().number_of(order)), state_.holders()[order.holder].name,
         time_text(order.placed_at), state_.short_names()[order.payment_method], order.payment_reference,
         order.fee_per_ticket, order.fee_per_order, order.total, order.tax, order.refunded});
  }

  void put_ticket(const OrderRecord& order, std::uint32_t number_in_order) {
    const TicketRecord& ticket = state_.orders().tickets_of(order)[number_in_order - 1];
    std::string label;
    std::uint32_t category = 0;
    if (ticket.in_area()) {
      label = map().label(ticket.area());
      category = map().areas()[ticket.area().value].category.value;
      touched_areas_.push_back(ticket.area());
    } else {
      label = map().label(ticket.place());
      category = map().places()[ticket.place().value].category;
      put_place(ticket.place());
    }
    const char* status = ticket.refunded() ? "refunded" : ticket.admitted_at != 0 ? "admitted" : "valid";
    put(Table::tickets,
        {to_string(order.id), whole(number_in_order), std::move(label), category_key(category),
         type_name(ticket.ticket_type), ticket.price, status,
         ticket.admitted_at == 0 ? ProjectionValue() : time_text(from_epoch(ticket.admitted_at))});
  }

  /// Areas are counters, whose row is that at the end of the run.
  void touch(const AreaQuantities& quantities) {
    for (const AreaQuantity& quantity : quantities) touched_areas_.push_back(quantity.area);
  }

  void put(Table table, std::vector<ProjectionValue> values) {
    const auto index = static_cast<std::size_t>(table);
    const auto key_columns = static_cast<std::ptrdiff_t>(projected::tables[index].key_columns);
    std::vector<ProjectionValue> key(values.begin(), values.begin() + key_columns);
    rows_.insert_or_assign({index, std::move(key)}, ProjectionRow{index, std::move(values)});
  }

  [[nodiscard]] const SeatMap& map() const { return *state_.seat_map(); }
  [[nodiscard]] std::string category_key(std::uint32_t index) const { return map().categories()[index].key; }
  [[nodiscard]] std::string type_name(std::uint16_t index) const {
    return state_.settings().prices.ticket_types()[index];
  }

 public:
  void finish() {
    for (const AreaIndex area : std::exchange(touched_areas_, {})) put_area(area);
  }

 private:
  const EventState& state_;
  Timestamp turn_{};
  std::map<std::pair<std::size_t, std::vector<ProjectionValue>>, ProjectionRow> rows_;
  std::vector<AreaIndex> touched_areas_;
};

[[nodiscard]] HistoryReplaced other_history(const StreamId& stream, Revision revision) {
  return HistoryReplaced(
      "the projection of " + stream + " is at revision " + std::to_string(revision) +
      " of another history than its log's, which lost its end or was made anew; rebuild it");
}

/// Decoded, if it continues what was read before.
[[nodiscard]] LogEntry read_next(Storage& storage, const StateAtRevision& at, const StreamId& stream,
                                 const Entry& entry) {
  LogEntry read =
      decode_entry(entry.bytes, "entry " + std::to_string(entry.revision) + " of " + stream, storage);
  if (read.header.previous_checksum != at.checksum) throw other_history(stream, at.revision);
  return read;
}

}  // namespace

std::span<const ProjectionTable> projection_tables() { return projected::tables; }

void Projector::go_to(StateAtRevision& at, const Position& cursor) {
  const StreamId& stream = cursor.stream;
  if (at.revision > cursor.known || at.revision == 0) at = {EventState(new_hash_key()), 0, 0};
  if (at.revision == 0 && cursor.known > 0) {
    if (const auto snapshot = storage_.load_snapshot(stream);
        snapshot && snapshot->revision <= cursor.known) {
      try {
        if (auto decoded =
                decode_snapshot(snapshot->bytes, "the snapshot of " + stream, storage_, new_hash_key()))
          at = std::move(*decoded);
      } catch (const StorageDamaged&) {
        // Only a cache: the log has what it held.
      }
    }
  }
  while (at.revision < cursor.known) {
    const auto entries = storage_.read(stream, at.revision, projected_bytes);
    if (entries.empty()) throw other_history(stream, cursor.known);
    for (const Entry& entry : entries) {
      if (entry.revision > cursor.known) break;
      const LogEntry read = read_next(storage_, at, stream, entry);
      for (const Fact& fact : read.facts) at.state.apply(fact, {entry.revision, read.header.turn});
      at.revision = entry.revision;
      at.checksum = entry.checksum;
    }
  }
  if (cursor.known > 0 && at.checksum != cursor.checksum) throw other_history(stream, cursor.known);
  at.state.forget_touched();
}

std::uint64_t Projector::catch_up(const EventId& event) {
  const StreamId stream = stream_of(event);
  // Where there are so many, most are read anew, as they were before there was room for any.
  if (states_.size() >= limits::open_events && !states_.contains(stream)) states_.clear();
  try {
    return catch_up(stream, states_[stream]);
  } catch (const InvariantBroken& error) {
    states_.erase(stream);
    throw StorageDamaged(stream + " contradicts itself: " + error.what());
  } catch (...) {
    states_.erase(stream);
    throw;
  }
}

std::uint64_t Projector::catch_up(const StreamId& stream, StateAtRevision& at) {
  std::uint64_t done = 0;
  for (;;) {
    const Position from = sink_.cursor(stream);
    go_to(at, from);
    // The page begins with the entry known: where nothing is new, only that shows that it is still there.
    const std::size_t known = from.known == 0 ? 0 : 1;
    const auto page = storage_.read(stream, from.known - known, projected_bytes);
    if (known == 1 && (page.empty() || page.front().checksum != from.checksum))
      throw other_history(stream, from.known);
    if (page.size() == known) return done;
    Rows rows(at.state);
    for (const Entry& entry : std::span(page).subspan(known)) {
      const LogEntry read = read_next(storage_, at, stream, entry);
      for (const Fact& fact : read.facts) {
        rows.before(fact);
        at.state.apply(fact, {entry.revision, read.header.turn});
        rows.after(fact, read.header.turn);
      }
      at.revision = entry.revision;
      at.checksum = entry.checksum;
      if (rows.count() >= rows_at_once) break;
    }
    at.state.forget_touched();
    rows.finish();
    if (sink_.put(from, {stream, at.revision, at.checksum}, rows.take())) done += at.revision - from.known;
  }
}

std::uint64_t Projector::catch_up() {
  std::uint64_t done = 0;
  for (const StreamId& stream : storage_.list_streams("event/")) done += catch_up(EventId(stream.substr(6)));
  return done;
}

std::uint64_t Projector::rebuild(const EventId& event) {
  sink_.clear(stream_of(event));
  states_.erase(stream_of(event));
  return catch_up(event);
}

}  // namespace ticketcore
