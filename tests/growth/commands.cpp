// Each command again and again, in the orders that an adversary would choose: what it costs after 100,000
// must be what it cost after 1,000. Prints what it counts in windows of commands; under valgrind the
// instructions of each window are dumped, too, and commands.py judges both.

#include <valgrind/callgrind.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

#include "play.hpp"

namespace {

using namespace growth;

/// Makes what the commands need, and hands over what is done again and again.
using Make = std::function<std::function<void()>(Play&)>;

struct Case {
  std::string name;
  Make make;
  /// Bytes that a command leaves behind because it sold something, in memory and in a snapshot.
  int keeps = 0;
  /// Commands at the most, of one that looks at every place.
  std::uint64_t most = UINT64_MAX;
};

std::array<bool, std::variant_size_v<CommandBody>> measured{};

/// Does it, and wants this answer: none means yes.
void expect(Play& play, const CommandBody& body, std::optional<Reason> reason = std::nullopt) {
  measured[body.index()] = true;
  const Answer answer = play.ask(body);
  const RequestRefused* refused = answer.refusal();
  if (refused == nullptr ? reason.has_value() : refused->reason != reason)
    throw std::logic_error(
        "another answer than expected: " + std::string(refused ? to_string(refused->reason) : "yes") +
        (refused ? refused->text() : ""));
}

[[nodiscard]] Make refused(std::function<CommandBody(Play&)> body, Reason reason) {
  return [=](Play& play) { return [&play, reason, again = body(play)] { expect(play, again, reason); }; };
}

[[nodiscard]] PlaceHold standing(std::uint32_t quantity, std::chrono::seconds ttl = 1h) {
  return {"cart", {}, {{{0}, quantity}}, ttl};
}

[[nodiscard]] std::vector<Case> granted() {
  return {
      {"hold and release",
       [](Play& play) {
         return [&play] {
           expect(play, PlaceHold{"cart", {{1}, {2}}, {}, 1h});
           expect(play, ReleaseHold{HoldId{play.last_id()}});
         };
       }},
      {"hold and release, each by another holder",
       [](Play& play) {
         return [&play] {
           expect(play, PlaceHold{"cart-" + std::to_string(play.commands), {{1}}, {}, 1h});
           expect(play, ReleaseHold{HoldId{play.last_id()}});
         };
       }},
      {"hold and release, each with another deadline",
       [](Play& play) {
         return [&play] {
           expect(play,
                  PlaceHold{"cart", {{1}}, {}, std::chrono::seconds(1 + play.commands * 7919 % 30'000'000)});
           expect(play, ReleaseHold{HoldId{play.last_id()}});
         };
       }},
      {"hold and release, with ids that collide under a hash without a key",
       [](Play& play) {
         return [&play, low = std::uint64_t{0}]() mutable {
           ++low;
           const RequestId id{{0x1234 ^ (low * 0x9E37'79B9'7F4A'7C15ULL), low}};
           (void)Play::granted_id<HoldId>(play.ask(id, PlaceHold{"cart", {{1}}, {}, 1h}));
           expect(play, ReleaseHold{HoldId{id}});
         };
       }},
      {"hold until the deadline",
       [](Play& play) {
         return [&play] {
           expect(play, PlaceHold{"cart", {{1}, {2}}, {}, 1s});
           play.now += 1s;
         };
       }},
      {"hold and release in a standing area",
       [](Play& play) {
         return [&play] {
           expect(play, standing(3));
           expect(play, ReleaseHold{HoldId{play.last_id()}});
         };
       }},
      {"hold in a standing area, each until before all others",
       [](Play& play) {
         return [&play] {
           expect(play, standing(1, limits::hold_ttl_max - std::chrono::seconds(play.commands)));
           (void)play.desk().availability()->total(play.now);
         };
       },
       250},
      {"hold in a standing area until any time, of which half is released",
       [](Play& play) {
         return [&play] {
           const std::chrono::seconds ttl(1'000'000 + play.commands * 7919 % 30'000'000);
           expect(play, standing(1, ttl));
           expect(play, standing(1, ttl + 3s));
           expect(play, ReleaseHold{HoldId{play.last_id()}});
         };
       },
       250},
      {"best and release",
       [](Play& play) {
         return [&play] {
           expect(play, HoldBest{"cart", {{0}}, 4, 0, RestrictedView::avoid, Together::required, 1h});
           expect(play, ReleaseHold{HoldId{play.last_id()}});
         };
       }},
      {"extend with the shortest ttl, then hold and release",
       [](Play& play) {
         const HoldId hold = play.hold(1, 10min);
         return [&play, hold] {
           expect(play, ExtendHold{hold, 1s});
           expect(play, PlaceHold{"cart", {{2}}, {}, 1h});
           expect(play, ReleaseHold{HoldId{play.last_id()}});
         };
       }},
      {"extend by a second more",
       [](Play& play) {
         const HoldId hold = play.hold(1, 10min);
         return [&play, hold, ttl = 600s]() mutable { expect(play, ExtendHold{hold, ++ttl}); };
       }},
      {"quote again",
       [](Play& play) {
         const HoldId hold = play.hold(1);
         return [&play, hold] {
           expect(play, QuoteHold{hold, {{play.commands % 2 == 0 ? "adult" : "child", 1, ""}}});
         };
       }},
      {"hold, quote, check out and refund",
       [](Play& play) {
         return [&play] {
           expect(play, PlaceHold{"cart", {{1}}, {}, 1h});
           const HoldId hold{play.last_id()};
           expect(play, QuoteHold{hold, {{"adult", 1, ""}}});
           expect(play, CheckOut{hold, {"card", "reference", 5'000}});
           expect(play, RefundTickets{OrderId{play.last_id()}, {}, "back"});
         };
       },
       100},
      {"admit",
       [](Play& play) {
         return [&play, order = OrderId{}, next = std::uint32_t{1001}]() mutable {
           if (next > 1'000) {
             order = play.order(standing(1'000));
             next = 1;
           }
           expect(play, AdmitTicket{{order, next++}, "north"});
         };
       },
       40},
      {"note on an order",
       [](Play& play) {
         const OrderId order = play.order({"cart", {{1}}, {}, 1h});
         return [&play, order] {
           expect(play, NoteOrder{order, play.commands % 2 == 0 ? "ill" : "will come later"});
         };
       }},
      {"sale on and off",
       [](Play& play) {
         return [&play] {
           expect(play, SetSaleStatus{play.commands % 2 == 0 ? SaleStatus::on_sale : SaleStatus::off_sale});
         };
       }},
      {"configure",
       [](Play& play) {
         return [&play] {
           EventSettings changed = settings();
           changed.venue = play.commands % 2 == 0 ? "Here" : "There";
           expect(play, ConfigureEvent{changed});
         };
       }},
      {"replace a row of the map, and back",
       [](Play& play) {
         (void)play.order({"cart", {{1}, {2}}, {}, 1h});
         (void)play.hold(3);
         SeatMapData data = play.map->data();
         data.rows.back().label = "Last";
         return [&play, other = std::make_shared<const SeatMap>(std::move(data))] {
           expect(play, ReplaceMap{play.commands % 2 == 0 ? other : play.map, {}});
         };
       },
       0, 3'000},
      {"create once more", refused([](Play& play) { return play.create(); }, Reason::event_exists)},
  };
}

void sell_out(Play& play) {
  for (std::uint32_t place = 0; place < play.map->place_count(); ++place)
    (void)play.order({"cart", {{place}}, {}, 1h});
}

[[nodiscard]] std::vector<Case> refused_cases() {
  return {
      {"hold what is held", refused(
                                [](Play& play) {
                                  (void)play.hold(1);
                                  return PlaceHold{"other", {{1}, {2}}, {}, 1h};
                                },
                                Reason::place_taken)},
      {"hold more than there is", refused(
                                      [](Play& play) {
                                        for (int part = 0; part < 1'000; ++part)
                                          (void)play.hold(standing(1'000));
                                        return standing(1);
                                      },
                                      Reason::area_full)},
      {"best of a house that is sold out",
       refused(
           [](Play& play) {
             sell_out(play);
             return HoldBest{"cart", {{0}}, 2, 0, RestrictedView::allow, Together::preferred, 1h};
           },
           Reason::not_enough_adjoining)},
      {"hold nothing", refused(
                           [](Play&) {
                             return PlaceHold{"cart", {}, {}, 1h};
                           },
                           Reason::invalid_request)},
      {"extend what was released", refused(
                                       [](Play& play) {
                                         const HoldId hold = play.hold(1);
                                         (void)play.ask(ReleaseHold{hold});
                                         return ExtendHold{hold, 1s};
                                       },
                                       Reason::hold_released)},
      {"extend what has its lifetime", refused(
                                           [](Play& play) {
                                             return ExtendHold{play.hold(1), 1s};
                                           },
                                           Reason::hold_lifetime_reached)},
      {"release what never was",
       refused([](Play& play) { return ReleaseHold{HoldId{play.next_id()}}; }, Reason::hold_not_found)},
      {"quote a type that is not sold", refused(
                                            [](Play& play) {
                                              return QuoteHold{play.hold(1), {{"crew", 1, ""}}};
                                            },
                                            Reason::no_price)},
      {"check out at another price", refused(
                                         [](Play& play) {
                                           const HoldId hold = play.hold(1);
                                           (void)play.ask(QuoteHold{hold, {{"adult", 1, ""}}});
                                           return CheckOut{hold, {"card", "reference", 1}};
                                         },
                                         Reason::payment_mismatch)},
      {"refund an order that never was", refused(
                                             [](Play& play) {
                                               return RefundTickets{OrderId{play.next_id()}, {}, ""};
                                             },
                                             Reason::order_not_found)},
      {"note on an order that never was", refused(
                                              [](Play& play) {
                                                return NoteOrder{OrderId{play.next_id()}, "nobody's"};
                                              },
                                              Reason::order_not_found)},
      {"refund what was refunded", refused(
                                       [](Play& play) {
                                         const OrderId order = play.order({"cart", {{1}}, {}, 1h});
                                         (void)play.ask(RefundTickets{order, {}, ""});
                                         return RefundTickets{order, {}, ""};
                                       },
                                       Reason::ticket_refunded)},
      {"admit twice", refused(
                          [](Play& play) {
                            const OrderId order = play.order({"cart", {{1}}, {}, 1h});
                            (void)play.ask(AdmitTicket{{order, 1}, "north"});
                            return AdmitTicket{{order, 1}, "north"};
                          },
                          Reason::ticket_admitted)},
      {"replace the map by one without a held place",
       refused(
           [](Play& play) {
             (void)play.hold(999);
             SeatMapData data = play.map->data();
             data.rows.back().label = "Last";
             return ReplaceMap{std::make_shared<const SeatMap>(std::move(data)), {}};
           },
           Reason::places_in_use),
       0, 3'000},
      {"another currency while in use", refused(
                                            [](Play& play) {
                                              (void)play.hold(1);
                                              EventSettings changed = settings();
                                              changed.prices = PriceList("UAH", {{"all", "adult", "50.00"}});
                                              return ConfigureEvent{changed};
                                            },
                                            Reason::settings_in_use)},
  };
}

[[nodiscard]] std::vector<Case> repetitions() {
  return {
      {"repeat one old request",
       [](Play& play) {
         const RequestId request = play.next_id();
         const PlaceHold hold{"cart", {{1}}, {}, 1h};
         (void)play.ask(request, hold);
         return [&play, request, hold] { (void)Play::granted_id<HoldId>(play.ask(request, hold)); };
       }},
      {"hold and release, then repeat the hold",
       [](Play& play) {
         return [&play] {
           const PlaceHold hold{"cart", {{1}}, {}, 1h};
           expect(play, hold);
           const RequestId request = play.last_id();
           expect(play, ReleaseHold{HoldId{request}});
           (void)Play::granted_id<HoldId>(play.ask(request, hold));
         };
       }},
      {"an old id for another command",
       [](Play& play) {
         const RequestId request = play.next_id();
         (void)play.ask(request, PlaceHold{"cart", {{1}}, {}, 1h});
         return [&play, request] {
           if (play.ask(request, ReleaseHold{HoldId{request}}).refusal() == nullptr)
             throw std::logic_error("an id was used twice");
         };
       }},
  };
}

void report(const Case& tried, const char* when, std::uint64_t commands, Play& play) {
  const Allocations now = allocations();
  std::printf("%s|%s|commands=%llu|allocations=%llu|memory=%lld|state=%zu|log=%llu|snapshot=%llu\n",
              tried.name.c_str(), when, static_cast<unsigned long long>(commands),
              static_cast<unsigned long long>(now.count), static_cast<long long>(now.live_bytes),
              play.desk().state().memory_bytes(), static_cast<unsigned long long>(play.storage().log_bytes()),
              static_cast<unsigned long long>(play.snapshot_bytes()));
}

/// Counts a hundred commands ten times.
void measure(const Case& tried, const char* when, Play& play, const std::function<void()>& step) {
  const std::string name = tried.name + "|" + when;
  // The first window is not counted: in it valgrind translates the code.
  CALLGRIND_START_INSTRUMENTATION;
  step();
  CALLGRIND_ZERO_STATS;
  for (int window = 0; window < 10; ++window) {
    const std::uint64_t first = play.commands;
    const std::uint64_t before = allocations().count;
    while (play.commands - first < 100) step();
    CALLGRIND_DUMP_STATS_AT(name.c_str());
    std::printf("%s|window|commands=%llu|allocations=%llu\n", name.c_str(),
                static_cast<unsigned long long>(play.commands - first),
                static_cast<unsigned long long>(allocations().count - before));
  }
  CALLGRIND_STOP_INSTRUMENTATION;
  report(tried, when, play.commands, play);
}

void run(const Case& tried, std::uint64_t few, std::uint64_t many) {
  std::printf("%s|keeps=%d\n", tried.name.c_str(), tried.keeps);
  Play play;
  const std::function<void()> step = tried.make(play);
  while (play.commands < few) step();
  measure(tried, "few", play, step);
  while (play.commands < std::min(many, tried.most)) step();
  measure(tried, "many", play, step);
  play.desk().state().check_everything();
}

}  // namespace

int main(int count, char** arguments) {
  const std::string group = count > 1 ? arguments[1] : "";
  const std::uint64_t many = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 100'000;
  const std::string only = count > 3 ? arguments[3] : "";
  if (group != "granted" && group != "refused") {
    std::fprintf(stderr, "usage: %s granted|refused [MANY [CASE]]\n", arguments[0]);
    return 2;
  }
  using Groups = std::vector<std::vector<Case>>;
  const Groups groups = group == "granted" ? Groups{granted()} : Groups{refused_cases(), repetitions()};
  for (const std::vector<Case>& cases : groups) {
    for (const Case& tried : cases) {
      if (only.empty() || tried.name == only) run(tried, 1'000, many);
    }
  }
  for (std::size_t index = 0; group == "granted" && only.empty() && index < measured.size(); ++index) {
    if (measured[index]) continue;
    std::fprintf(stderr, "the command at %zu of CommandBody is not measured: give it a case here\n", index);
    return 1;
  }
}
