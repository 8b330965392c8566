#include "api/open_places.hpp"

#include <algorithm>
#include <iterator>

namespace server {
namespace {

/// Looking through all that is counted costs milliseconds.
constexpr std::int64_t sweep_period = 10;

}  // namespace

OpenPlaces::Reserved OpenPlaces::reserve(const std::string& owner, ticketcore::HoldId hold,
                                         std::uint32_t places, std::uint32_t most, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  if (now >= swept_at_ + sweep_period) forget_ended(now);
  auto found = entries_.find(hold);
  if (found != entries_.end() && !found->second.counts(now)) {
    erase(found);
    found = entries_.end();
  }
  if (found != entries_.end()) {
    Entry& entry = found->second;
    // Another body under the same key: which of the two is granted, only the turn decides.
    const bool is_held = entry.kept && entry.until > now;
    if (!is_held && places > entry.places) {
      if (held_by(*entry.owner, now) - entry.places + places > most) return {Answer::past_limit, nullptr};
      entry.places = places;
    }
    ++entry.under_way;
    return {Answer::counted, std::make_shared<Reservation>(*this, hold)};
  }
  if (entries_.size() >= holds_most_) return {Answer::full, nullptr};
  if (held_by(owner, now) + places > most) return {Answer::past_limit, nullptr};
  const auto at = owners_.try_emplace(owner).first;
  at->second.push_back(hold);
  entries_.emplace(hold, Entry{&at->first, places, 1, false, 0});
  return {Answer::reserved, std::make_shared<Reservation>(*this, hold)};
}

std::shared_ptr<OpenPlaces::Reservation> OpenPlaces::reserve_again(ticketcore::HoldId hold,
                                                                   std::int64_t now) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(hold);
  if (found == entries_.end() || !found->second.counts(now)) return nullptr;
  ++found->second.under_way;
  return std::make_shared<Reservation>(*this, hold);
}

void OpenPlaces::keep(ticketcore::HoldId hold, std::int64_t until) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_.at(hold);
  entry.kept = true;
  entry.until = until;
}

void OpenPlaces::end(ticketcore::HoldId hold) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(hold);  // There as long as a request is under way.
  if (--found->second.under_way == 0 && !found->second.kept) erase(found);
}

void OpenPlaces::drop(ticketcore::HoldId hold) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(hold);
  if (found == entries_.end()) return;
  found->second.kept = false;
  if (found->second.under_way == 0) erase(found);
}

OpenPlaces::Entries::iterator OpenPlaces::erase(Entries::iterator entry) {
  const auto owner = owners_.find(*entry->second.owner);
  std::erase(owner->second, entry->first);
  if (owner->second.empty()) owners_.erase(owner);
  return entries_.erase(entry);
}

std::uint64_t OpenPlaces::held_by(const std::string& owner, std::int64_t now) const {
  const auto found = owners_.find(owner);
  std::uint64_t held = 0;
  if (found == owners_.end()) return held;
  for (const ticketcore::HoldId hold : found->second) {
    if (const Entry& entry = entries_.at(hold); entry.counts(now)) held += entry.places;
  }
  return held;
}

std::vector<ticketcore::HoldId> OpenPlaces::kept(const std::string& owner) const {
  const std::lock_guard lock(mutex_);
  std::vector<ticketcore::HoldId> holds;
  const auto found = owners_.find(owner);
  if (found == owners_.end()) return holds;
  std::ranges::copy_if(found->second, std::back_inserter(holds),
                       [&](ticketcore::HoldId hold) { return entries_.at(hold).kept; });
  return holds;
}

std::size_t OpenPlaces::holds() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void OpenPlaces::forget_ended(std::int64_t now) {
  swept_at_ = now;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    entry = entry->second.counts(now) ? std::next(entry) : erase(entry);
  }
}

}  // namespace server
