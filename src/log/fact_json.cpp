#include "ticketcore/log/fact_json.hpp"

#include "ticketcore/base/json_writer.hpp"
#include "ticketcore/log/audit.hpp"

namespace ticketcore {
namespace {

/// Members of one object, in the order in which they are added.
class Line {
 public:
  void text(std::string_view key, std::string_view value) { raw(key, json_text(value)); }
  void number(std::string_view key, std::int64_t value) { raw(key, std::to_string(value)); }
  void id(std::string_view key, const Id128& value) { raw(key, json_text(to_string(value))); }
  void raw(std::string_view key, const std::string& value) {
    out_ += out_.empty() ? "{" : ",";
    out_ += json_text(key) + ":" + value;
  }
  [[nodiscard]] std::string finish() const { return out_ + "}"; }

 private:
  std::string out_;
};

class FactWriter {
 public:
  FactWriter(Line& line, const EventState& state)
      : line_(line), map_(state.seat_map().get()), settings_(state.exists() ? &state.settings() : nullptr) {}

  void operator()(const EventCreated& fact) {
    line_.text("event", fact.event.text());
    settings(fact.settings);
    line_.text("seat_map", fact.seat_map->name());
    line_.number("place_count", fact.seat_map->place_count());
    line_.number("capacity", static_cast<std::int64_t>(fact.seat_map->capacity()));
    line_.text("sale", fact.sale == SaleStatus::on_sale ? "on" : "off");
  }
  void operator()(const EventConfigured& fact) { settings(fact.settings); }
  void operator()(const SaleStatusChanged& fact) {
    line_.text("sale", fact.status == SaleStatus::on_sale ? "on" : "off");
  }
  void operator()(const HoldPlaced& fact) {
    line_.text("holder", fact.holder.text());
    places(fact.places);
    std::string areas;
    for (const AreaQuantity& held : fact.areas)
      areas += (areas.empty() ? "" : ",") + json_text(label(held.area)) + ":" + std::to_string(held.quantity);
    if (!areas.empty()) line_.raw("areas", "{" + areas + "}");
    line_.text("expires_at", to_rfc3339(fact.expires_at));
  }
  void operator()(const HoldExtended& fact) {
    line_.id("hold", fact.hold);
    line_.text("expires_at", to_rfc3339(fact.expires_at));
  }
  void operator()(const HoldReleased& fact) { line_.id("hold", fact.hold); }
  void operator()(const HoldExpired& fact) { line_.id("hold", fact.hold); }
  void operator()(const HoldQuoted& fact) {
    line_.id("hold", fact.hold);
    std::string lines;
    for (const QuoteLine& quoted : fact.price.lines) {
      Line each;
      each.text("category", map_ && quoted.category.value < map_->categories().size()
                                ? map_->categories()[quoted.category.value].key
                                : "?");
      each.text("ticket_type", settings_ && quoted.ticket_type < settings_->prices.ticket_types().size()
                                   ? settings_->prices.ticket_types()[quoted.ticket_type]
                                   : "?");
      each.number("count", quoted.count);
      each.text("unit_price", money(quoted.unit_price));
      lines += (lines.empty() ? "" : ",") + each.finish();
    }
    line_.raw("lines", "[" + lines + "]");
    line_.text("fee_per_ticket", money(fact.price.fee_per_ticket));
    line_.text("fee_per_order", money(fact.price.fee_per_order));
    line_.text("total", money(fact.price.total));
    line_.text("tax", money(fact.price.tax));
  }
  void operator()(const OrderPlaced& fact) {
    line_.id("hold", fact.hold);
    line_.number("number", fact.number);
    line_.text("paid_by", fact.payment.method);
    line_.text("reference", fact.payment.reference);
    line_.text("amount", money(fact.payment.amount));
  }
  void operator()(const TicketsRefunded& fact) {
    line_.id("order", fact.order);
    std::string numbers;
    for (const std::uint32_t number : fact.tickets)
      numbers += (numbers.empty() ? "" : ",") + std::to_string(number);
    line_.raw("tickets", "[" + numbers + "]");
    line_.text("amount", money(fact.amount));
    line_.text("reference", fact.reference);
  }
  void operator()(const TicketAdmitted& fact) {
    line_.text("ticket", to_string(fact.ticket));
    line_.text("gate", fact.gate);
  }

 private:
  void settings(const EventSettings& settings) {
    line_.text("name", settings.name);
    line_.text("venue", settings.venue);
    line_.text("starts_at", to_rfc3339(settings.starts_at));
    if (!settings.time_zone.empty()) line_.text("time_zone", settings.time_zone);
    line_.text("currency", settings.prices.currency().code());
  }
  void places(const PlaceList& places) {
    std::string labels;
    for (const PlaceIndex place : places)
      labels += (labels.empty() ? "" : ",") + json_text(map_ && place.value < map_->place_count()
                                                            ? map_->label(place)
                                                            : std::to_string(place.value));
    if (!labels.empty()) line_.raw("places", "[" + labels + "]");
  }
  [[nodiscard]] std::string label(AreaIndex area) const {
    return map_ && area.value < map_->areas().size() ? map_->label(area) : std::to_string(area.value);
  }
  [[nodiscard]] std::string money(std::int64_t minor) const {
    return settings_ ? Money{minor, settings_->prices.currency()}.to_string() : std::to_string(minor);
  }

  Line& line_;
  const SeatMap* map_;
  const EventSettings* settings_;
};

}  // namespace

std::string fact_json(const Fact& fact, std::uint64_t revision, Timestamp turn, const EventState& state) {
  Line line;
  line.number("revision", static_cast<std::int64_t>(revision));
  line.text("turn", to_rfc3339(turn));
  line.text("fact", name_of(fact.body));
  if (!fact.request.is_zero()) line.id("request", fact.request);
  FactWriter writer(line, state);
  std::visit(writer, fact.body);
  return line.finish();
}

}  // namespace ticketcore
