// An event that is sold out, asked for things a hundred million times: soak COMMANDS. Memory, log and
// snapshot stay within bounds that follow from what was granted, however much was asked.

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "play.hpp"

namespace {

using namespace growth;

/// Enough for whoever repeats what was granted a moment ago.
constexpr std::size_t kept_entries = 20'000;
constexpr std::size_t batch = 64;
constexpr std::uint32_t circulating = 5;  ///< Places of the house that come back now and then.

class Crowd {
 public:
  Crowd() : play_(kept_entries) {
    for (std::uint32_t place = 0; place < play_.map->place_count(); ++place)
      orders_.push_back(play_.order({"buyer", {{place}}, {}, 1h}));
    for (int part = 0; part < 999; ++part) (void)play_.order({"buyer", {}, {{{0}, 1'000}}, 1h});
    std::copy_n(orders_.begin(), circulating, circulating_.begin());
    // A thousand are left of the standing room, to be held and come back.
    base_ = measure();
  }

  void ask(std::uint64_t commands) {
    for (std::uint64_t done = 0; done < commands; done += batch) {
      std::vector<Command> asked;
      asked.reserve(batch);
      while (asked.size() < batch) asked.push_back(command());
      play_.now += 10ms;
      const std::vector<Answer> answers = play_.desk().take_turn(asked);
      for (std::size_t at = 0; at < asked.size(); ++at) take(asked[at], answers[at]);
    }
    asked_ += commands;
  }

  /// Says what there is, and whether it is too much.
  [[nodiscard]] bool within_bounds() {
    play_.desk().state().check_everything();
    const Measured now = measure();
    std::printf(
        "%12llu asked, %llu granted, %llu orders; more than at first: memory %.1f MB, log %.1f MB, snapshot "
        "%.1f MB\n",
        static_cast<unsigned long long>(asked_), static_cast<unsigned long long>(granted_),
        static_cast<unsigned long long>(orders_placed_), megabytes(now.memory - base_.memory),
        megabytes(now.log - base_.log), megabytes(now.snapshot - base_.snapshot));
    std::fflush(stdout);
    const auto orders = static_cast<std::int64_t>(orders_placed_);
    // The newest requests are remembered, and orders stay.
    const auto remembered =
        static_cast<std::int64_t>(std::min<std::uint64_t>(granted_, limits::remembered_requests));
    bool good = check("memory", now.memory - base_.memory, bounded_bytes + 100 * remembered + 600 * orders);
    good = check("snapshot", now.snapshot - base_.snapshot, bounded_bytes + 50 * remembered + 200 * orders) &&
           good;
    // A turn that wrote has a header, and each hold ends once.
    return check("log", now.log - base_.log, 350 * static_cast<std::int64_t>(granted_) + (1 << 20)) && good;
  }

 private:
  static constexpr std::int64_t bounded_bytes = 4 << 20;

  struct Measured {
    std::int64_t memory = 0;
    std::int64_t log = 0;
    std::int64_t snapshot = 0;
  };

  [[nodiscard]] static double megabytes(std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }
  [[nodiscard]] static bool check(const char* what, std::int64_t bytes, std::int64_t bound) {
    if (bytes <= bound) return true;
    std::printf("  TOO MUCH %s: %.1f MB, at most %.1f MB\n", what, megabytes(bytes), megabytes(bound));
    return false;
  }
  [[nodiscard]] Measured measure() {
    const auto snapshot = static_cast<std::int64_t>(play_.snapshot_bytes());
    return {allocations().live_bytes, static_cast<std::int64_t>(play_.storage().log_bytes()), snapshot};
  }

  [[nodiscard]] std::uint32_t below(std::uint32_t limit) {
    // xorshift64*
    random_ ^= random_ >> 12;
    random_ ^= random_ << 25;
    random_ ^= random_ >> 27;
    return static_cast<std::uint32_t>(((random_ * 0x2545'F491'4F6C'DD1DULL) >> 32) * limit >> 32);
  }
  [[nodiscard]] HolderId somebody() { return "cart-" + std::to_string(below(1'000'000)); }
  [[nodiscard]] PlaceIndex some_place() { return {below(play_.map->place_count())}; }
  /// Not of those that come back: who was admitted gets nothing back.
  [[nodiscard]] OrderId some_order() {
    return orders_[circulating + below(static_cast<std::uint32_t>(orders_.size()) - circulating)];
  }
  [[nodiscard]] HoldId some_hold() {
    return below(4) == 0 || hold_.is_zero() ? HoldId{play_.next_id()} : hold_;
  }

  [[nodiscard]] Command command() {
    const std::uint32_t dice = below(1'000);
    if (dice < 10 && !last_.request.is_zero()) return last_;
    return {play_.next_id(), body(dice)};
  }
  [[nodiscard]] CommandBody body(std::uint32_t dice) {
    if (dice < 500) return PlaceHold{somebody(), {some_place(), some_place()}, {}, 10min};
    if (dice < 600)
      return HoldBest{somebody(), {{0}}, 1 + below(6), 0, RestrictedView::avoid, Together::preferred, 10min};
    if (dice < 650)
      return PlaceHold{somebody(), {}, {{{0}, 1 + below(900)}}, std::chrono::seconds(1 + below(5))};
    if (dice < 700)
      return PlaceHold{somebody(), {{below(circulating)}}, {}, std::chrono::seconds(1 + below(5))};
    if (dice < 760) return ExtendHold{some_hold(), std::chrono::seconds(1 + below(3))};
    if (dice < 820) return ReleaseHold{some_hold()};
    if (dice < 870) return QuoteHold{some_hold(), {{"adult", 1, ""}}};
    if (dice < 920) return CheckOut{some_hold(), {"card", "reference", 5'000}};
    if (dice < 960) return AdmitTicket{{some_order(), 1 + below(2)}, "north"};
    if (dice < 990) return RefundTickets{OrderId{play_.next_id()}, {}, ""};
    if (dice < 999) return play_.create();
    return below(10) == 0 ? CommandBody{RefundTickets{circulating_[below(circulating)], {}, "back"}}
                          : CommandBody{SetSaleStatus{SaleStatus::on_sale}};
  }

  void take(const Command& asked, const Answer& answer) {
    if (const RequestRefused* refused = answer.refusal()) {
      if (refused->reason == Reason::storage_unavailable || refused->reason == Reason::halted)
        throw std::logic_error(refused->text());
      return;
    }
    if (asked.request == last_.request) return;
    ++granted_;
    last_ = asked;
    if (answer.granted<HoldPlaced>() != nullptr) hold_ = HoldId{asked.request};
    if (answer.granted<OrderPlaced>() == nullptr) return;
    ++orders_placed_;
    const TicketRecord& ticket = answer.order->tickets.front();
    if (!ticket.in_area() && ticket.place().value < circulating)
      circulating_[ticket.place().value] = OrderId{asked.request};
  }

  Play play_;
  std::vector<OrderId> orders_;
  std::array<OrderId, circulating> circulating_{};
  Measured base_{};
  Command last_{};  ///< The newest that was granted.
  HoldId hold_{};
  std::uint64_t asked_ = 0;
  std::uint64_t granted_ = 0;
  std::uint64_t orders_placed_ = 0;
  std::uint64_t random_ = 0x9E37'79B9'7F4A'7C15ULL;
};

}  // namespace

int main(int count, char** arguments) {
  const std::uint64_t commands = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 100'000'000;
  constexpr std::uint64_t parts = 20;
  Crowd crowd;
  bool good = true;
  for (std::uint64_t part = 0; part < parts && good; ++part) {
    crowd.ask(commands / parts);
    good = crowd.within_bounds();
  }
  return good ? 0 : 1;
}
