#include "ticketcore/log/fact_json.hpp"

#include "ticketcore/base/json_writer.hpp"

namespace ticketcore {
namespace {

/// Writes the fields of facts and commands, each type of field in one way. What is needed for labels and
/// amounts is the event's, where it is known.
class FieldJson {
 public:
  FieldJson(JsonWriter& out, const EventState& state)
      : out_(out),
        map_(state.seat_map().get()),
        prices_(state.exists() ? &state.settings().prices : nullptr) {}

  template <Declared Record>
  void write_fields(const Record& record) {
    for_each_field<Record>([&](const auto& field) { member(field.name, record.*field.member); });
  }
  template <class T>
  void member(std::string_view name, const T& value) {
    out_.key(name);
    write(value);
  }
  void write(std::string_view text) { out_.text(text); }
  void write(const Id128& id) { out_.text(to_string(id)); }
  void write(std::uint64_t number) { out_.raw(std::to_string(number)); }
  void write(Timestamp time) { out_.text(to_rfc3339(time)); }

 private:
  void write(std::uint32_t number) { write(std::uint64_t{number}); }
  /// The only numbers of 16 bits are those of ticket types.
  void write(std::uint16_t ticket_type) {
    const bool known = prices_ != nullptr && ticket_type < prices_->ticket_types().size();
    out_.text(known ? prices_->ticket_types()[ticket_type] : "?");
  }
  template <class Tag, std::size_t bytes>
  void write(const Name<Tag, bytes>& name) {
    out_.text(name.text());
  }
  void write(PlaceIndex place) {
    out_.text(map_ && place.value < map_->place_count() ? map_->label(place) : std::to_string(place.value));
  }
  void write(AreaIndex area) {
    out_.text(map_ && area.value < map_->areas().size() ? map_->label(area) : std::to_string(area.value));
  }
  void write(CategoryIndex category) {
    out_.text(map_ && category.value < map_->categories().size() ? map_->categories()[category.value].key
                                                                 : "?");
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void write(Enum value) {
    const auto words = words_of(value);
    const auto number = static_cast<std::size_t>(value);
    out_.text(number < words.size() ? words[number] : std::to_string(number));
  }
  /// In minor units.
  void write(std::int64_t amount) {
    out_.text(prices_ ? Money{amount, prices_->currency()}.to_string() : std::to_string(amount));
  }
  void write(const std::optional<std::int64_t>& amount) {
    if (amount) return write(*amount);
    out_.raw("null");
  }
  void write(std::chrono::seconds time) { out_.raw(std::to_string(time.count())); }
  void write(const TicketId& ticket) { out_.text(to_string(ticket)); }
  /// With its own ticket types and currency, whatever the event's are by now.
  void write(const PriceList& prices) {
    const PriceList* const before = std::exchange(prices_, &prices);
    write(parts_of(prices));
    prices_ = before;
  }
  void write(const std::shared_ptr<const SeatMap>& map) {
    if (map == nullptr) {
      out_.raw("null");
      return;
    }
    out_.open_object();
    member("name", map->name());
    member("place_count", map->place_count());
    member("capacity", map->capacity());
    out_.close_object();
  }
  template <Declared Record>
  void write(const Record& record) {
    out_.open_object();
    write_fields(record);
    out_.close_object();
  }
  template <class List>
  requires requires(const List& list) {
    list.front();
  } &&(!std::convertible_to<List, std::string_view>)void write(const List& list) {
    out_.open_array();
    for (const auto& item : list) write(item);
    out_.close_array();
  }

  JsonWriter& out_;
  const SeatMap* map_;
  const PriceList* prices_;
};

/// What the body's fields stand behind.
template <class Body>
[[nodiscard]] std::string finish_line(JsonWriter& out, FieldJson& json, const RequestId& request,
                                      const Body& body) {
  if (!request.is_zero()) json.member("request", request);
  std::visit([&](const auto& record) { json.write_fields(record); }, body);
  out.close_object();
  return out.take();
}

}  // namespace

std::string fact_json(const Fact& fact, std::uint64_t revision, Timestamp turn, const EventState& state) {
  JsonWriter out;
  FieldJson json(out, state);
  out.open_object();
  json.member("revision", revision);
  json.member("turn", turn);
  json.member("fact", name_of(fact.body));
  return finish_line(out, json, fact.request, fact.body);
}

void learn_labels(EventState& state, const Fact& fact, const FactPosition& position) {
  if (!state.exists() && std::holds_alternative<EventCreated>(fact.body)) state.apply(fact, position);
  const auto* replaced = std::get_if<MapReplaced>(&fact.body);
  if (state.exists() && replaced != nullptr)
    state.apply({{}, MapReplaced{replaced->seat_map, {}}}, {position.revision, state.time()});
}

std::string command_json(const Command& command, const EventState& state) {
  JsonWriter out;
  FieldJson json(out, state);
  out.open_object();
  json.member("command", name_of(command.body));
  return finish_line(out, json, command.request, command.body);
}

}  // namespace ticketcore
