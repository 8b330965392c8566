#pragma once
// How many places one client holds at one time, counted by where requests come from: clients choose the names
// of carts, so a limit of each cart stops no client that means to empty a house. Each server counts by
// itself, in memory; after a start it counts anew, and counts older holds when they are extended. Memory:
// about 150 bytes for each open hold, and at most holds_most of them.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ticketcore/base/ids.hpp"

namespace server {

/// Times are seconds of the Unix epoch.
class OpenPlaces {
 public:
  explicit OpenPlaces(std::size_t holds_most = 200'000) : holds_most_(holds_most) {}

  /// Of a request that is under way: its places count until it ends, and longer if the hold is kept. May be
  /// destroyed on any thread; the OpenPlaces outlive it.
  class Reservation {
   public:
    Reservation(OpenPlaces& places, ticketcore::HoldId hold) : places_(places), hold_(hold) {}
    ~Reservation() { places_.end(hold_); }
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;
    /// The hold was granted until then.
    void keep(std::int64_t until) { places_.keep(hold_, until); }

   private:
    OpenPlaces& places_;
    ticketcore::HoldId hold_;
  };

  enum class Answer {
    reserved,  ///< And counted, for the owner.
    counted,   ///< It is the same hold as that of an earlier request, and counts once, for the owner of that.
    past_limit,  ///< The owner would hold more than most.
    full,        ///< Holds are counted for others, as many as there is room for.
  };
  struct Reserved {
    Answer answer{};
    std::shared_ptr<Reservation> reservation{};  ///< Null when it is not counted.
  };
  /// Before the hold is asked for, or extended. Requests of one hold under way count the most that one of
  /// them asks for; what a kept hold has, no request changes.
  [[nodiscard]] Reserved reserve(const std::string& owner, ticketcore::HoldId hold, std::uint32_t places,
                                 std::uint32_t most, std::int64_t now);
  /// Null when the hold is not counted at that time; otherwise a reservation to extend it by.
  [[nodiscard]] std::shared_ptr<Reservation> reserve_again(ticketcore::HoldId hold, std::int64_t now);
  /// The hold is not, or no longer, there.
  void drop(ticketcore::HoldId hold);

  /// Those of the owner that were kept, not merely reserved: some may be gone.
  [[nodiscard]] std::vector<ticketcore::HoldId> kept(const std::string& owner) const;
  [[nodiscard]] std::size_t holds() const;

 private:
  struct Entry {
    const std::string* owner = nullptr;  ///< The name as owners_ has it.
    std::uint32_t places = 0;
    std::uint32_t under_way = 0;  ///< Requests that have a reservation.
    bool kept = false;
    std::int64_t until = 0;  ///< If it is kept.
    [[nodiscard]] bool counts(std::int64_t now) const { return under_way > 0 || (kept && until > now); }
  };
  using Entries = std::unordered_map<ticketcore::HoldId, Entry>;

  void keep(ticketcore::HoldId hold, std::int64_t until);
  void end(ticketcore::HoldId hold);
  Entries::iterator erase(Entries::iterator entry);
  [[nodiscard]] std::uint64_t held_by(const std::string& owner, std::int64_t now) const;
  void forget_ended(std::int64_t now);

  const std::size_t holds_most_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string, std::vector<ticketcore::HoldId>> owners_;
  std::int64_t swept_at_ = 0;
};

}  // namespace server
