#include "ticketcore/log/fact_json.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "little_house.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/log/log.hpp"
#include "ticketcore/storage/memory.hpp"

using namespace ticketcore;
using namespace std::chrono_literals;

namespace {

/// The types that the names of a JSON text have: 's' text, 'n' number, '[' list, '{' object. What lies deeper
/// is called by its way there: "areas[].quantity".
class TypesOfNames {
 public:
  void add(std::string_view json) {
    rest_ = json;
    value("");
    REQUIRE(rest_.empty());
  }
  std::map<std::string, std::set<char>> types;

 private:
  char next() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  std::string text() {
    REQUIRE(next() == '"');
    std::string out;
    for (char c = next(); c != '"'; c = next()) out += c == '\\' ? next() : c;
    return out;
  }
  void members(const std::string& name, char end) {
    if (rest_.front() == end)
      rest_.remove_prefix(1);
    else
      do {
        std::string member = name + "[]";
        if (end == '}') {
          const std::string key = text();
          member = name.empty() ? key : name + "." + key;
          REQUIRE(next() == ':');
        }
        value(member);
      } while (next() == ',');
  }
  void value(const std::string& name) {
    const char first = rest_.front();
    types[name].insert(first == '"' ? 's' : first == '[' || first == '{' ? first : 'n');
    if (first == '"') {
      (void)text();
    } else if (first == '[' || first == '{') {
      rest_.remove_prefix(1);
      members(name, first == '[' ? ']' : '}');
    } else {
      while (!rest_.empty() && std::string_view(",]}").find(rest_.front()) == std::string_view::npos)
        rest_.remove_prefix(1);
    }
  }

  std::string_view rest_;
};

// One of each fact, with something in each field: a new fact has none until it is given one here.
template <class T>
T example();
template <>
EventCreated example() {
  return {"premiere",
          {.name = "Premiere",
           .venue = "House",
           .starts_at = {},
           .prices = little::event().prices,
           .policy = {},
           .time_zone = "Europe/Kyiv"},
          little::house(),
          SaleStatus::on_sale};
}
template <>
EventConfigured example() {
  return {example<EventCreated>().settings};
}
template <>
SaleStatusChanged example() {
  return {SaleStatus::off_sale};
}
template <>
HoldPlaced example() {
  return {"cart", {{0}, {1}}, {{{0}, 2}}, {}};
}
template <>
HoldExtended example() {
  return {HoldId{little::request(1)}, {}};
}
template <>
HoldReleased example() {
  return {HoldId{little::request(1)}};
}
template <>
HoldExpired example() {
  return {HoldId{little::request(1)}};
}
template <>
HoldQuoted example() {
  return {HoldId{little::request(1)}, {{{{0}, 0, 2, 30'000}}, 500, 1'200, 62'200, 0}};
}
template <>
OrderPlaced example() {
  return {HoldId{little::request(1)}, 1, {"card", "reference", 62'200}};
}
template <>
TicketsRefunded example() {
  return {OrderId{little::request(1)}, {1, 2}, 62'200, "reference"};
}
template <>
TicketAdmitted example() {
  return {{OrderId{little::request(1)}, 1}, "north"};
}
template <>
OrderNoted example() {
  return {OrderId{little::request(1)}, "two are ill"};
}

template <>
MapReplaced example() {
  return {little::house(), {{{0}, {1}}}};
}

template <std::size_t... index>
[[nodiscard]] std::vector<FactBody> one_of_each(std::index_sequence<index...>) {
  return {example<std::variant_alternative_t<index, FactBody>>()...};
}

}  // namespace

TEST_CASE("a name of a fact's JSON has one type, in whatever fact it stands") {
  EventState known;
  known.apply({little::request(9), example<EventCreated>()}, {1, {}});
  const EventState unknown;
  TypesOfNames names;
  for (const EventState* state : {&std::as_const(known), &unknown}) {
    for (const FactBody& body : one_of_each(std::make_index_sequence<std::variant_size_v<FactBody>>())) {
      names.add(fact_json({little::request(2), body}, 7, {}, *state));
    }
  }
  for (const auto& [name, types] : names.types) {
    INFO("name ", name);
    CHECK(types.size() == 1);
  }
  CHECK(names.types["places"] == std::set{'['});
  CHECK(names.types["price.lines[].count"] == std::set{'n'});
  CHECK(names.types["price.lines[].ticket_type"] == std::set{'s'});
  CHECK(names.types["areas[].quantity"] == std::set{'n'});
}

TEST_CASE(
    "a fact is written with labels and amounts where the event is known, with numbers where it is not") {
  little::Clock clock;
  MemoryStorage storage(clock.reader());
  BoxOffice office(storage);
  const Event event = office.create_event(little::event()).value();
  const Hold hold = event
                        .hold({{"Hall-A-3"}, {{"Hall-Standing", 2}}},
                              {.holder = "cart \"17\"", .ttl = 10min, .request = little::request(2)})
                        .value();
  (void)event.quote(hold.id, {{"adult", 3, ""}}, little::request(3)).value();
  const std::vector<Entry> entries = storage.read("event/premiere", 0, 1U << 20);
  REQUIRE(entries.size() == 3);
  const auto line = [&](std::size_t entry, const EventState& state) {
    const LogEntry read = decode_entry(entries[entry].bytes, "the entry", storage);
    return fact_json(read.facts.at(0), entries[entry].revision, read.header.turn, state);
  };
  event.inspect([&](const EventState& state) {
    CHECK(line(1, state) ==
          "{\"revision\":2,\"turn\":\"2027-01-10T10:00:00Z\",\"fact\":\"hold_placed\",\"request\":\"01930000-"
          "0000-7000-8000-000000000002\","
          "\"holder\":\"cart "
          "\\\"17\\\"\",\"places\":[\"Hall-A-3\"],\"areas\":[{\"area\":\"Hall-Standing\",\"quantity\":2}],"
          "\"expires_at\":\"2027-01-"
          "10T10:10:00Z\"}");
    CHECK(line(2, state).find("\"unit_price\":\"300.00 UAH\"") != std::string::npos);
  });
  const EventState unknown;
  CHECK(line(1, unknown).find("\"places\":[\"2\"]") != std::string::npos);
  CHECK(line(2, unknown).find("\"unit_price\":\"30000\"") != std::string::npos);
}
