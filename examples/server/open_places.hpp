#pragma once
// How many places somebody holds at one time, counted by where requests come from: names of carts are the clients' own choice, and
// limit nobody who means to empty a house. Each server counts by itself, in memory; after a start it counts anew, and learns of older
// holds when they are extended. Memory: an entry of 40 bytes for each open hold, and at most holds_most of them.

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "ticketcore/ids.hpp"

namespace server {

class OpenPlaces {
 public:
  explicit OpenPlaces(std::size_t holds_most = 200'000) : holds_most_(holds_most) {}

  enum class Answer {
    granted,     ///< And counted, under the hold's id. A hold that is counted already is granted, and not counted twice.
    past_limit,  ///< The owner would hold more than most.
    full,        ///< Holds are counted for others, as many as there is room for.
  };
  /// Times are seconds of the Unix epoch. A reservation ends by itself when nothing more is heard of the hold within a minute.
  [[nodiscard]] Answer reserve(const std::string& owner, ticketcore::HoldId hold, std::uint32_t places, std::uint32_t most, std::int64_t now);
  /// The hold is there until then; counted from now on if it was not.
  void keep(const std::string& owner, ticketcore::HoldId hold, std::uint32_t places, std::int64_t until);
  /// The hold is not, or no longer, there.
  void drop(const std::string& owner, ticketcore::HoldId hold);

  /// Those of the owner that were kept, not merely reserved: some may be gone.
  [[nodiscard]] std::vector<ticketcore::HoldId> kept(const std::string& owner) const;
  [[nodiscard]] std::size_t holds() const;

 private:
  struct Entry {
    ticketcore::HoldId hold{};
    std::uint32_t places = 0;
    bool kept = false;
    std::int64_t until = 0;
  };
  void forget_ended(std::int64_t now);

  const std::size_t holds_most_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::vector<Entry>> owners_;
  std::size_t holds_ = 0;
  std::int64_t swept_at_ = 0;
};

}  // namespace server
