#include "ticketcore/sale/command_bytes.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <set>
#include <utility>

#include "little_house.hpp"
#include "ticketcore/engine/detail/desk.hpp"
#include "ticketcore/storage/memory.hpp"

using namespace ticketcore;

namespace {

using Try = std::function<void()>;

// each_change(value, attempt): gives value every kind of other content in turn, calls attempt, and puts back
// what was there.
template <class T>
void with(T& value, T other, const Try& attempt) {
  T before = std::exchange(value, std::move(other));
  attempt();
  value = std::move(before);
}
template <class T>
concept Listed = requires(T& it) {
  it.push_back(it.front());
  requires !std::same_as<T, std::string>;
};

template <std::integral T>
void each_change(T& value, const Try& attempt) {
  with(value, static_cast<T>(value + 1), attempt);
  with(value, static_cast<T>(value + 1'000), attempt);
}
template <class T>
requires std::is_enum_v<T>
void each_change(T& value, const Try& attempt) {
  with(value, static_cast<T>(1 - static_cast<int>(value)), attempt);
}
template <class Tag>
void each_change(StrongId<Tag>& value, const Try& attempt) {
  for (int bit = 0; bit < 64; bit += 21) {
    with(value, StrongId<Tag>{{value.high ^ (1ULL << bit), value.low}}, attempt);
    with(value, StrongId<Tag>{{value.high, value.low ^ (1ULL << bit)}}, attempt);
  }
}
void each_change(std::chrono::seconds& value, const Try& attempt) {
  with(value, value + std::chrono::seconds(1), attempt);
  with(value, -value, attempt);
}
void each_change(Timestamp& value, const Try& attempt) {
  with(value, value + std::chrono::microseconds(1), attempt);
}
void each_change(std::string& value, const Try& attempt) {
  with(value, value + "x", attempt);
  with(value, std::string(value.empty() ? "y" : ""), attempt);
}
template <class Tag, std::size_t bytes>
void each_change(Name<Tag, bytes>& value, const Try& attempt) {
  with(value, Name<Tag, bytes>(value.text() + "x"), attempt);
}
void each_change(std::optional<std::int64_t>& value, const Try& attempt) {
  with(value, std::optional<std::int64_t>(), attempt);
  with(value, std::optional<std::int64_t>(0), attempt);
  with(value, std::optional<std::int64_t>(*value + 1), attempt);
}
void each_change(PlaceIndex& value, const Try& attempt) { each_change(value.value, attempt); }
void each_change(AreaIndex& value, const Try& attempt) { each_change(value.value, attempt); }
void each_change(CategoryIndex& value, const Try& attempt) { each_change(value.value, attempt); }
void each_change(PriceList& value, const Try& attempt) {
  const auto& types = value.ticket_types();
  const auto& lines = value.lines();
  const auto list = [&](auto change) {
    auto new_types = types;
    auto new_lines = lines;
    Currency currency = value.currency();
    std::int64_t per_ticket = value.per_ticket();
    std::int64_t per_order = value.per_order();
    std::uint32_t tax = value.tax_basis_points();
    change(currency, new_types, new_lines, per_ticket, per_order, tax);
    with(value, PriceList(currency, new_types, new_lines, per_ticket, per_order, tax), attempt);
  };
  list([](auto& currency, auto&...) { currency = Currency("EUR"); });
  list([](auto&, auto& new_types, auto&...) { new_types.back() += "x"; });
  list([](auto&, auto& new_types, auto&...) { new_types.push_back("one more"); });
  list([](auto&, auto&, auto& new_lines, auto&...) { new_lines.pop_back(); });
  list([](auto&, auto&, auto& new_lines, auto&...) { std::swap(new_lines.front(), new_lines.back()); });
  list([](auto&, auto&, auto& new_lines, auto&...) { new_lines.front().amount += 1; });
  list([](auto&, auto&, auto& new_lines, auto&...) { new_lines.front().category += "x"; });
  list([](auto&, auto&, auto& new_lines, auto&...) { new_lines.front().ticket_type += 1; });
  list([](auto&, auto&, auto&, auto& per_ticket, auto&...) { per_ticket += 1; });
  list([](auto&, auto&, auto&, auto&, auto& per_order, auto&) { per_order += 1; });
  list([](auto&, auto&, auto&, auto&, auto&, auto& tax) { tax += 1; });
}
void each_change(std::shared_ptr<const SeatMap>& value, const Try& attempt) {
  const auto map = [&](auto change) {
    SeatMapData data = value->data();
    change(data);
    with(value, std::shared_ptr<const SeatMap>(std::make_shared<const SeatMap>(std::move(data))), attempt);
  };
  map([](SeatMapData& data) { data.name += "x"; });
  map([](SeatMapData& data) { data.focal_point.reset(); });
  map([](SeatMapData& data) { data.categories.front().color = "#000000"; });
  map([](SeatMapData& data) { data.sections.front().entrance = "left"; });
  map([](SeatMapData& data) { data.rows.front().label += "x"; });
  map([](SeatMapData& data) { data.labels.front() += "x"; });
  map([](SeatMapData& data) { data.places.front().position.x += 1; });
  map([](SeatMapData& data) { data.places.front().category = 1; });
  map([](SeatMapData& data) { data.places.front().flags = PlaceFlags::restricted_view; });
  map([](SeatMapData& data) { data.areas.front().capacity += 1; });
  map([](SeatMapData& data) { data.shapes.push_back({ShapeKind::text, "Stage", {{0, 0}}}); });
}

template <Declared T>
void each_change(T& value, const Try& attempt);

template <Listed T>
void each_change(T& value, const Try& attempt) {
  if (value.empty()) {
    T longer;
    longer.emplace_back();
    return with(value, longer, attempt);
  }
  T longer = value;
  longer.push_back(value.front());
  with(value, longer, attempt);
  T defaults = value;
  defaults.emplace_back();
  with(value, defaults, attempt);
  T shorter = value;
  shorter.pop_back();
  with(value, shorter, attempt);
  if (value.size() > 1) {
    T turned = value;
    std::swap(turned.front(), turned.back());
    with(value, turned, attempt);
  }
  for (std::size_t index = 0; index < value.size(); ++index) each_change(value[index], attempt);
}

template <Declared T>
void each_change(T& value, const Try& attempt) {
  for_each_field<T>([&](const auto& field) { each_change(value.*field.member, attempt); });
}

/// Gives value in turn what its type holds and nobody should ask for. What must not be granted calls refused;
/// of the rest, the ends of the numbers, calls allowed.
struct OddValues {
  Try refused;
  Try allowed;

  template <class T>
  void each(T& value) const {
    if constexpr (std::is_enum_v<T>) {
      for (const int number : {2, 9, 77, 128, 255}) with(value, static_cast<T>(number), refused);
    } else if constexpr (std::same_as<T, std::string>) {
      for (const char* text : bad_texts) with(value, std::string(text), refused);
    } else if constexpr (std::integral<T>) {
      for (const T number : {std::numeric_limits<T>::min(), T{0}, std::numeric_limits<T>::max()})
        with(value, number, allowed);
    } else if constexpr (Declared<T>) {
      for_each_field<T>([&](const auto& field) { each(value.*field.member); });
    } else if constexpr (requires { value.value; }) {
      each(value.value);
    } else if constexpr (requires { value.front(); }) {
      for (auto& item : value) each(item);
    } else {
      each_of(value);
    }
  }

 private:
  static constexpr const char* bad_texts[] = {"a\nb",  "\x1B[31m", "a\x7F",        "\xC2\x85",
                                              "a\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xE2\x82"};

  void each_of(std::chrono::seconds& value) const {
    for (const std::chrono::seconds odd : {std::chrono::seconds::min(), std::chrono::seconds::max()})
      with(value, odd, allowed);
  }
  void each_of(Timestamp& value) const {
    for (const Timestamp odd : {Timestamp::min(), Timestamp::max()}) with(value, odd, allowed);
  }
  void each_of(std::optional<std::int64_t>& value) const {
    const std::optional<std::int64_t> before = std::exchange(value, 0);
    each(*value);
    value = before;
  }
  template <class Tag>
  void each_of(StrongId<Tag>& value) const {
    with(value, StrongId<Tag>(), allowed);
  }
  template <class Tag, std::size_t bytes>
  void each_of(Name<Tag, bytes>& value) const {
    with(value, Name<Tag, bytes>(), refused);
    for (const char* text : bad_texts) CHECK_THROWS_AS((Name<Tag, bytes>(text)), std::invalid_argument);
  }
  void each_of(PriceList& value) const {
    with(value, PriceList(), allowed);
    const PriceList list = value;
    const auto parts = [&](const Try& attempt, std::string type, PriceList::Line line, std::int64_t fee,
                           std::uint32_t tax) {
      with(value, PriceList(list.currency(), {std::move(type)}, {std::move(line)}, fee, fee, tax), attempt);
    };
    const PriceList::Line line{list.lines().front().category, 0, 100};
    parts(allowed, "adult", line, 0, 0);
    for (const char* text : bad_texts) {
      parts(refused, text, line, 0, 0);
      parts(refused, "adult", {text, 0, 100}, 0, 0);
      CHECK_THROWS_AS(PriceList("UAH", {{"parquet", text, "1"}}), std::invalid_argument);
      CHECK_THROWS_AS(PriceList("UAH", {{text, "adult", "1"}}), std::invalid_argument);
    }
    parts(refused, "adult", {line.category, 1, 100}, 0, 0);
    for (const std::int64_t amount : {std::int64_t{-1}, limits::amount + 1}) {
      parts(refused, "adult", {line.category, 0, amount}, 0, 0);
      parts(refused, "adult", line, amount, 0);
    }
    parts(refused, "adult", line, 0, limits::tax_basis_points + 1);
  }
  // Its own check goes through everything in it (seat_map_test.cpp).
  void each_of(std::shared_ptr<const SeatMap>& value) const {
    with(value, std::shared_ptr<const SeatMap>(), refused);
  }
};

[[nodiscard]] Bytes bytes_of(const Command& command) {
  wire::Writer out;
  write_command(out, command);
  return out.take();
}

/// A sale in which every kind of command is granted once and more.
struct Sale {
  little::Clock clock{};
  MemoryStorage storage{clock.reader()};
  std::unique_ptr<Desk> desk = std::make_unique<Desk>(storage, "premiere");
  std::vector<Command> granted{};
  std::vector<Bytes> told{};  ///< By command: the fact that granted it, as the log has it.
  std::function<void(const EventState&, Command&)> before{};  ///< Each of them.

  [[nodiscard]] static Bytes bytes_of(const Fact& fact) {
    EntryWriter writer;
    writer.begin({});
    writer.add(fact);
    const BytesView bytes = writer.finish();
    return {bytes.begin(), bytes.end()};
  }
  [[nodiscard]] static Bytes bytes_of(const Answer& answer) { return bytes_of(*answer.fact()); }
  [[nodiscard]] Answer ask(const Command& command) { return desk->take_turn({&command, 1}).front(); }
  RequestId grant(CommandBody body) {
    Command command{little::request(granted.size() + 1), std::move(body)};
    if (before) before(desk->state(), command);
    const Answer answer = ask(command);
    REQUIRE(answer.refusal() == nullptr);
    granted.push_back(command);
    told.push_back(bytes_of(answer));
    return command.request;
  }

  explicit Sale(std::function<void(const EventState&, Command&)> look = {}) : before(std::move(look)) {
    const NewEvent event = little::event();
    const EventSettings settings{event.name,   "Little house", event.starts_at,
                                 event.prices, event.policy,   event.time_zone};
    grant(CreateEvent{event.id, settings, event.seat_map, SaleStatus::off_sale});
    grant(ConfigureEvent{settings});
    grant(SetSaleStatus{SaleStatus::on_sale});
    const HoldId hold{grant(PlaceHold{"cart", {{0}, {1}}, {{{0}, 2}}, std::chrono::seconds(60)})};
    const HoldId best{grant(HoldBest{
        "cart", {{1}, {0}}, 2, 0, RestrictedView::avoid, Together::required, std::chrono::seconds(60)})};
    grant(ExtendHold{hold, std::chrono::seconds(90)});
    grant(QuoteHold{hold, {{"adult", 1, "parquet"}, {"child", 1, "parquet"}, {"adult", 2, ""}}});
    const std::int64_t total = desk->state().holds().find(hold)->quote->total;
    const OrderId order{grant(CheckOut{hold, {"card", "ch_1", total}})};
    grant(AdmitTicket{{order, 4}, "north"});
    grant(RefundTickets{order, {2, 1}, "re_1"});
    grant(RefundTickets{order, {3}, ""});
    grant(NoteOrder{order, "two are ill"});
    grant(ReleaseHold{best});
    grant(PlaceHold{"cart", {{0}}, {}, std::chrono::seconds(60)});
    SeatMapData without_row_a = event.seat_map->data();
    without_row_a.rows.front().label = "C";
    grant(ReplaceMap{std::make_shared<const SeatMap>(std::move(without_row_a)), {{"Hall-A-1", "Hall-B-8"}}});
  }

  void repeat_all() {
    for (std::size_t index = 0; index < granted.size(); ++index) {
      Command command = granted[index];
      CAPTURE(command.body.index());
      const Answer again = ask(command);
      REQUIRE(again.refusal() == nullptr);
      CHECK(bytes_of(again) == told[index]);
      std::visit(
          [&](auto& body) {
            each_change(body, [&] {
              const Answer other = ask(command);
              REQUIRE(other.refusal() != nullptr);
              CHECK(other.refusal()->reason == Reason::request_reused);
            });
          },
          command.body);
      for (const Command& other : granted) {
        if (other.request != command.request)
          CHECK(ask({command.request, other.body}).refusal()->reason == Reason::request_reused);
      }
    }
  }
};

}  // namespace

TEST_CASE("a request that comes again with anything else in it is not told that it was done") {
  Sale sale;
  std::set<std::size_t> kinds;
  for (const Command& command : sale.granted) kinds.insert(command.body.index());
  REQUIRE(kinds.size() == std::variant_size_v<CommandBody>);
  const Revision revision = sale.desk->revision();
  sale.repeat_all();

  // A host that knows it from the log, and one that knows it from a snapshot.
  sale.desk = std::make_unique<Desk>(sale.storage, "premiere");
  sale.repeat_all();
  sale.desk->save_snapshot();
  sale.desk = std::make_unique<Desk>(sale.storage, "premiere");
  sale.repeat_all();
  CHECK(sale.desk->revision() == revision);
}

TEST_CASE("whatever stands in a command, it is refused or can be read back from the log") {
  std::set<std::size_t> kinds;
  const Sale sale([&](const EventState& state, Command& command) {
    CAPTURE(command.body.index());
    kinds.insert(command.body.index());
    const auto answer = [&] { return decide(state, command, std::max(state.time(), little::Clock().now)); };
    const auto readable = [&] {
      const Decision decision = answer();
      const Fact* fact = std::get_if<Fact>(&decision);
      if (fact == nullptr) return;
      MemoryStorage maps;
      if (const SeatMap* map = seat_map_of(fact->body)) little::put_map(maps, *map);
      LogEntry read;
      REQUIRE_NOTHROW(read = decode_entry(Sale::bytes_of(*fact), "what was granted", maps));
      CHECK(read.facts.at(0) == *fact);
    };
    const auto refused = [&] {
      const Decision decision = answer();
      REQUIRE(std::holds_alternative<RequestRefused>(decision));
      CHECK(std::get<RequestRefused>(decision).reason == Reason::invalid_request);
      CHECK(detail::fault_of_text(std::get<RequestRefused>(decision).text()).empty());
    };
    readable();
    std::visit(
        [&](auto& body) {
          OddValues{refused, readable}.each(body);
          each_change(body, readable);
        },
        command.body);
  });
  CHECK(kinds.size() == std::variant_size_v<CommandBody>);
}

TEST_CASE("in one batch, too, a request id stands for one command") {
  Sale sale;
  Command first{little::request(100), PlaceHold{"cart", {{12}}, {}, std::chrono::seconds(60)}};
  Command second = first;
  std::get<PlaceHold>(second.body).ttl += std::chrono::seconds(1);
  const std::vector<Command> batch = {first, second, first};
  const std::vector<Answer> answers = sale.desk->take_turn(batch);
  CHECK(answers[0].refusal() == nullptr);
  CHECK(answers[1].refusal()->reason == Reason::request_reused);
  CHECK(Sale::bytes_of(answers[2]) == Sale::bytes_of(answers[0]));
}

TEST_CASE("SipHash-2-4 gives the values of its authors") {
  // The vectors of the reference implementation: bytes 00 01 02 ... under the key 00 01 ... 0f.
  constexpr SipKey key{0x0706050403020100ULL, 0x0F0E0D0C0B0A0908ULL};
  std::vector<std::uint8_t> bytes;
  for (std::uint8_t byte = 0; byte < 15; ++byte) bytes.push_back(byte);
  const std::span<const std::uint8_t> all(bytes);
  CHECK(siphash24(key, all.first(0)) == 0x726FDB47DD0E0E31ULL);
  CHECK(siphash24(key, all.first(1)) == 0x74F839C593DC67FDULL);
  CHECK(siphash24(key, all.first(8)) == 0x93F5F5799A932462ULL);
  CHECK(siphash24(key, all) == 0xA129CA6149BE45E5ULL);
}

TEST_CASE("the length before a group takes as few bytes as it needs, and the group stands whole behind it") {
  for (const std::size_t size : {1U, 127U, 128U, 16'383U, 16'384U, 70'000U}) {
    wire::Writer out;
    const std::string text(size, 'x');
    out.u8(7);
    out.group(2, [&] {
      out.raw(text.data(), text.size() - 1);
      out.u8('y');
    });
    out.u8(9);
    wire::Writer expected;
    expected.u8(7);
    expected.field(2, text.substr(1) + "y");
    expected.u8(9);
    CHECK(out.take() == expected.take());
  }
  wire::Writer nothing;
  nothing.group(2, [] {});
  CHECK(nothing.size() == 0);
}

TEST_CASE("a command has the bytes and the digest that the format's page says") {
  const PlaceHold hold{"cart-17", {{3}, {1}}, {{{0}, 2}}, std::chrono::seconds(600)};
  const Bytes expected = {4,   0x0A, 16,   1,  2,  3,  4,    5, 6,    7,   8,    9,    10,
                          11,  12,   13,   14, 15, 16, 0x12, 7, 'c',  'a', 'r',  't',  '-',
                          '1', '7',  0x1A, 2,  6,  3,  0x22, 2, 0x10, 2,   0x28, 0xB0, 0x09};
  const RequestId request{{0x0807060504030201, 0x100F0E0D0C0B0A09}};
  CHECK(bytes_of({request, hold}) == expected);
  CHECK(digest_of(hold) == 0x7717'16A5'356B'9F4BULL);
}

TEST_CASE("a command is read back from its bytes as it was") {
  const Sale sale;
  for (const Command& command : sale.granted) {
    CAPTURE(name_of(command.body));
    CHECK(read_command(bytes_of(command)) == command);
    Command other = command;
    const auto kept_or_refused = [&] {
      std::optional<Command> read;
      try {
        read = read_command(bytes_of(other));
      } catch (const CommandMalformed&) {
        return;
      }
      CHECK(*read == other);
    };
    std::visit(
        [&](auto& body) {
          each_change(body, [&] { CHECK_FALSE(other == command); });
          each_change(body, kept_or_refused);
          OddValues{kept_or_refused, kept_or_refused}.each(body);
        },
        other.body);
    CHECK(other == command);
  }
}

TEST_CASE("what is no command's bytes is not read as one, and what is wrong is said") {
  const Command command{little::request(1), PlaceHold{"cart", {{3}}, {{{0}, 2}}, std::chrono::seconds(60)}};
  const Bytes good = bytes_of(command);
  const auto changed = [&](auto change) {
    Bytes bytes = good;
    change(bytes);
    return bytes;
  };
  const auto with_end = [&](std::initializer_list<std::uint8_t> end) {
    return changed([&](Bytes& bytes) { bytes.insert(bytes.end(), end); });
  };
  const auto says = [](const Bytes& bytes, const char* what) {
    CAPTURE(what);
    CHECK_THROWS_WITH_AS((void)read_command(bytes), doctest::Contains(what), CommandMalformed);
  };
  says({}, "ends too early");
  says(changed([](Bytes& bytes) { bytes[0] = 0; }), "no command of kind 0");
  says(changed([](Bytes& bytes) { bytes[0] = 99; }), "no command of kind 99");
  says(changed([](Bytes& bytes) { bytes.erase(bytes.begin() + 1, bytes.begin() + 19); }), "no request");
  says(with_end({0x30, 1}), "field 6, which it can't have");
  says(with_end({0x28, 1}), "not written as commands are");            // its ttl once more
  says(with_end({0x22, 2, 0x18, 1}), "field 3, which it can't have");  // in an area's quantity
  says(with_end({0x22, 2, 0x08, 0x80}), "ends too early");
  says(with_end({0x20, 2}), "wrong wire type");
  says(with_end({0x22, 6, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F}), "quantity is out of range");
  says(changed([](Bytes& bytes) { bytes[21] = 0xFF; }), "holder is not UTF-8");
  const auto of = [](const CommandBody& body) { return bytes_of({little::request(1), body}); };
  says(of(SetSaleStatus{static_cast<SaleStatus>(2)}), "sale is out of range");
  says(
      of(HoldBest{
          .holder = "cart", .categories = {{limits::categories}, {1}}, .together = static_cast<Together>(9)}),
      "together is out of range");
  says(of(AdmitTicket{{OrderId{little::request(1)}, 1}, "no\nrth"}), "gate carries a control character");
  PlaceHold many{"cart", {}, {}, std::chrono::seconds(60)};
  for (std::uint32_t place = 0; place <= limits::places_per_hold; ++place) many.places.push_back({place});
  says(of(many), "places has too many values");
  // Cut between two fields, it is another command, which lacks what a whole one has.
  for (std::size_t size = 0; size < good.size(); ++size) {
    std::optional<Command> read;
    try {
      read = read_command(BytesView(good).first(size));
    } catch (const CommandMalformed&) {
      continue;
    }
    CHECK(size > 18);
    CHECK_FALSE(*read == command);
  }
}
