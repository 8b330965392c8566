#include "client.hpp"

#include <algorithm>

namespace ticketcore::sim {

Client::Client(Town& town, std::uint64_t seed, std::uint32_t number)
    : town_(town), seed_(seed), number_(number), random_(seed, purpose::client, number) {}

bool Client::lost() { return town_.world.now() < town_.cut_off_until && random_.one_in(2); }

std::string Client::waits_for() const { return pending_ ? to_string(pending_->command.request) : "nothing"; }

void Client::ask(const Ask& ask) {
  asks_.push_back(ask);
  if (!pending_) next();
}

void Client::next() {
  if (asks_.empty()) return;
  const Ask ask = asks_.front();
  asks_.pop_front();
  Random random(seed_, purpose::ask, ask.number);
  Random ids(seed_, purpose::request, ask.number);
  pending_ = {{RequestId{{ids.bits(), ids.bits()}}, choose(random)}, 0, random.one_in(12)};
  asked_[pending_->command.request] = pending_->command;
  town_.history[pending_->command.request].asked = town_.world.now();
  if (std::holds_alternative<CheckOut>(pending_->command.body))
    town_.orders_in_question.emplace_back(pending_->command.request);
  send(pending_->command.request);
}

CommandBody Client::choose(Random& random) {
  const HolderId me("client-" + std::to_string(number_ % 3));
  const std::chrono::seconds ttl(1 + random.below(8));
  const auto some_hold = [&] {
    return holds_.empty() ? HoldId{{1, random.bits()}}
                          : holds_[random.below(static_cast<std::uint32_t>(holds_.size()))];
  };
  const auto some_order = [&] {
    return orders_.empty() ? Bought{OrderId{{2, random.bits()}}, 1}
                           : orders_[random.below(static_cast<std::uint32_t>(orders_.size()))];
  };
  if (random.one_in(40)) return choose_house(random);
  switch (random.below(20)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: {
      PlaceHold hold;
      hold.holder = me;
      hold.ttl = ttl;
      const std::uint32_t places = town_.ledger.state().seat_map()->place_count();
      const std::uint32_t first = random.below(places);
      for (std::uint32_t offset = random.below(3); offset > 0; --offset)
        hold.places.push_back({(first + offset) % places});
      if (hold.places.empty() || random.one_in(4)) hold.areas.push_back({{0}, 1 + random.below(3)});
      return hold;
    }
    case 5:
    case 6:
      return HoldBest{me, {{0}}, 1 + random.below(3), 0, RestrictedView::avoid, Together::required, ttl};
    case 7:
    case 8: return ExtendHold{some_hold(), ttl};
    case 9: return ReleaseHold{some_hold()};
    case 10:
    case 11:
    case 12:
    case 13: {
      const HoldId hold = some_hold();
      const auto terms = terms_.find(hold);
      return QuoteHold{hold,
                       {{"adult", terms == terms_.end() || random.one_in(10) ? 1 : terms->second.first, ""}}};
    }
    case 14:
    case 15:
    case 16: {
      // Rather one that has a price.
      HoldId hold = some_hold();
      for (const HoldId other : holds_) {
        if (const auto terms = terms_.find(other); terms != terms_.end() && terms->second.second >= 0)
          hold = other;
      }
      const auto terms = terms_.find(hold);
      if (random.one_in(3)) return CheckOut{hold, {"card", "charge", std::nullopt}};
      return CheckOut{hold, {"card", "charge", terms == terms_.end() ? 1 : terms->second.second}};
    }
    case 17: {
      const Bought order = some_order();
      RefundTickets refund{order.order, {}, "back"};
      if (random.one_in(2)) refund.tickets.push_back(1 + random.below(order.tickets));
      return refund;
    }
    case 18: {
      const Bought order = some_order();
      return AdmitTicket{{order.order, 1 + random.below(order.tickets)}, "gate"};
    }
    default: return SetSaleStatus{random.one_in(5) ? SaleStatus::off_sale : SaleStatus::on_sale};
  }
}

/// With an exchange for whatever is held or sold now and would go.
ReplaceMap Client::choose_house(Random& random) const {
  const EventState& state = town_.ledger.state();
  const SeatMap& now = *state.seat_map();
  ReplaceMap replacement{town_.houses[random.below(static_cast<std::uint32_t>(town_.houses.size()))], {}};
  const SeatMap& next = *replacement.seat_map;
  std::uint32_t free = random.below(next.place_count());
  for (std::uint32_t place = 0; place < now.place_count(); ++place) {
    const std::string label = now.label(PlaceIndex{place});
    if (!place_code::is_owned(state.places().codes()[place]) || next.find_place(label)) continue;
    free = (free + 1) % next.place_count();
    replacement.exchanges.push_back({label, next.label(PlaceIndex{free})});
  }
  return replacement;
}

/// Sends, and sends again until there is an answer.
void Client::send(RequestId request) {
  if (!pending_ || pending_->command.request != request) return;
  ++pending_->tries;
  send_once();
  if (random_.one_in(10)) send_once();
  if (pending_->gives_up) {
    town_.world.trace("client " + std::to_string(number_) + " does not wait for " + to_string(request));
    pending_.reset();
    town_.world.after(0, [this] {
      if (!pending_) next();
    });
    return;
  }
  town_.world.after(random_.between(200 * millisecond, 3 * second), [this, request] { send(request); });
}

void Client::send_once() {
  Node& node = *town_.nodes[random_.below(static_cast<std::uint32_t>(town_.nodes.size()))];
  const Micros takes = random_.between(50, 5 * millisecond);
  if (lost()) return;
  town_.world.after(takes, [this, &node, command = pending_->command] {
    node.receive(command, [this](const Answer& answer) {
      if (lost()) return;
      town_.world.after(random_.between(50, 5 * millisecond), [this, answer] { hear(answer); });
    });
  });
}

void Client::hear(const Answer& answer) {
  const auto asked = asked_.find(answer.request);
  if (asked == asked_.end())
    return town_.world.fail("an answer to a request that this client never made: " +
                            to_string(answer.request));
  const RequestRefused* refused = answer.refusal();
  if (refused != nullptr && refused->reason == Reason::halted)
    return town_.world.fail("an event halted: " + refused->text());
  if (refused != nullptr && refused->reason == Reason::storage_unavailable) return;  // asks again
  town_.world.trace("client " + std::to_string(number_) + " hears " + to_string(answer.request) + ": " +
                    (refused != nullptr ? std::string(to_string(refused->reason)) : "granted") +
                    " as of revision " + std::to_string(answer.revision));
  if (std::string wrong = judge(asked->second, answer); !wrong.empty()) return town_.world.fail(wrong);
  Operation& operation = town_.history[answer.request];
  town_.answered_revision = std::max(town_.answered_revision, answer.revision);
  if (refused != nullptr) {
    operation.refused = true;
  } else {
    const std::string text = text_of(*answer.fact());
    if (operation.granted && operation.answer != text)
      return town_.world.fail("one request is granted twice: " + to_string(answer.request));
    if (!operation.granted) {
      operation.granted = town_.world.now();
      operation.answer = text;
      ++town_.granted;
      learn(answer);
      if (random_.one_in(8)) send_impostor(asked->second);
    }
  }
  if (pending_ && pending_->command.request == answer.request) {
    pending_.reset();
    next();
  }
}

/// Something else under an id that was granted is never told that it was done.
void Client::send_impostor(const Command& granted) {
  const Command impostor{granted.request, choose(random_)};
  if (digest_of(impostor.body) == digest_of(granted.body)) return;
  town_.nodes[random_.below(static_cast<std::uint32_t>(town_.nodes.size()))]->receive(
      impostor, [this](const Answer& answer) {
        const RequestRefused* refused = answer.refusal();
        if (refused == nullptr)
          return town_.world.fail("another command is granted under a used id: " + to_string(answer.request));
        const bool told_nothing =
            refused->reason == Reason::storage_unavailable || refused->reason == Reason::halted;
        if (refused->reason != Reason::request_reused && !told_nothing)
          town_.world.fail("a used id is refused as " + std::string(to_string(refused->reason)) + ": " +
                           to_string(answer.request));
      });
}

/// Whether the answer is one to this command, and true at this moment.
std::string Client::judge(const Command& command, const Answer& answer) const {
  if (answer.revision > town_.ledger.revision())
    return "an answer was given before it was durable: " + to_string(command.request);
  if (std::string wrong = judge_view(answer); !wrong.empty()) return wrong;
  if (answer.refusal() != nullptr) return judge_refusal(command, answer);
  const Ledger::Logged* logged = town_.ledger.answer_to(command.request);
  if (logged == nullptr) return "an answer is not in the log: " + to_string(command.request);
  if (logged->text != text_of(*answer.fact()))
    return "an answer is not the one in the log: " + to_string(command.request);
  if (const auto* wanted = std::get_if<PlaceHold>(&command.body)) {
    const auto* got = answer.granted<HoldPlaced>();
    if (got == nullptr || !std::ranges::equal(got->places, wanted->places) ||
        !std::ranges::equal(got->areas, wanted->areas))
      return "a hold is not of the places asked for";
    if (got->expires_at < answer.turn + wanted->ttl) return "a hold is shorter than asked for";
  }
  if (const auto* wanted = std::get_if<HoldBest>(&command.body)) {
    const auto* got = answer.granted<HoldPlaced>();
    if (got == nullptr || got->places.size() != wanted->count)
      return "a hold is of another number of places than asked for";
  }
  if (const auto* wanted = std::get_if<CheckOut>(&command.body)) {
    const auto* got = answer.granted<OrderPlaced>();
    if (got == nullptr || got->hold != wanted->hold || !answer.order ||
        answer.order->order.id != OrderId{command.request})
      return "an order is not for the hold checked out";
  }
  if (const auto* wanted = std::get_if<ReplaceMap>(&command.body)) return judge_exchanges(*wanted, answer);
  return {};
}

std::string Client::judge_exchanges(const ReplaceMap& wanted, const Answer& answer) {
  const auto* got = answer.granted<MapReplaced>();
  const SeatMap& map = answer.event->seat_map();
  const bool same =
      got != nullptr && std::ranges::equal(got->exchanges, wanted.exchanges, [&](auto one, auto other) {
        return map.label(one.from) == other.from && map.label(one.to) == other.to;
      });
  return same ? "" : "places are exchanged otherwise than asked for";
}

/// A refusal is not in the log, but what it says must be true of the turn in which it was given.
std::string Client::judge_refusal(const Command& command, const Answer& answer) const {
  const Ledger::Logged* logged = town_.ledger.answer_to(command.request);
  // In the turn that granted it, an earlier sending of it may have come too early.
  if (logged != nullptr && logged->revision < answer.revision)
    return "a request is refused that was granted: " + to_string(command.request);
  const auto* taken = answer.refusal()->get<refusals::PlacesTaken>();
  if (taken == nullptr) return {};
  for (const PlaceIndex place : taken->places) {
    if (!town_.ledger.was_taken(place, answer.revision, answer.turn))
      return "a place is said to be taken that was free: " + to_string(command.request);
  }
  return {};
}

/// Whether the availability that came with the answer is the log's.
std::string Client::judge_view(const Answer& answer) const {
  if (!answer.event) return "an answer comes without the event's state";
  if (answer.event->revision() != answer.revision)
    return "an answer reflects revision " + std::to_string(answer.revision) + ", but shows revision " +
           std::to_string(answer.event->revision());
  const auto& codes = town_.ledger.codes_after(answer.revision);
  for (std::uint32_t place = 0; place < codes.size(); ++place) {
    if (answer.event->status({place}, answer.turn) != status_of(codes[place], answer.turn))
      return "a place is shown as it was not at revision " + std::to_string(answer.revision);
  }
  const auto& sold = town_.ledger.area_sold_after(answer.revision);
  for (std::uint32_t area = 0; area < sold.size(); ++area) {
    if (answer.event->area({area}, answer.turn).sold != sold[area])
      return "an area is shown as it was not at revision " + std::to_string(answer.revision);
  }
  return {};
}

void Client::learn(const Answer& answer) {
  if (const auto* hold = answer.granted<HoldPlaced>()) {
    std::uint32_t admissions = static_cast<std::uint32_t>(hold->places.size());
    for (const AreaQuantity& area : hold->areas) admissions += area.quantity;
    holds_.push_back(HoldId{answer.request});
    terms_[holds_.back()] = {admissions, -1};
    if (holds_.size() > 4) holds_.erase(holds_.begin());
  }
  if (const auto* quote = answer.granted<HoldQuoted>()) terms_[quote->hold].second = quote->price.total;
  if (const auto* order = answer.granted<OrderPlaced>()) {
    std::erase(holds_, order->hold);
    orders_.push_back({OrderId{answer.request}, answer.order->order.ticket_count});
  }
}

}  // namespace ticketcore::sim
