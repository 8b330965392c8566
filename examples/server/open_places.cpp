#include "open_places.hpp"

#include <algorithm>

namespace server {
namespace {

constexpr std::int64_t answered_within = 60;
/// Looking through all that is counted costs milliseconds.
constexpr std::int64_t sweep_period = 10;

}  // namespace

OpenPlaces::Answer OpenPlaces::reserve(const std::string& owner, ticketcore::HoldId hold, std::uint32_t places, std::uint32_t most, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  if (now >= swept_at_ + sweep_period) forget_ended(now);
  if (holds_ >= holds_most_) return Answer::full;
  std::vector<Entry>& entries = owners_[owner];
  std::uint64_t held = places;
  for (const Entry& entry : entries) {
    if (entry.hold == hold) return Answer::granted;
    if (entry.until > now) held += entry.places;
  }
  if (held > most) {
    if (entries.empty()) owners_.erase(owner);
    return Answer::past_limit;
  }
  entries.push_back({hold, places, false, now + answered_within});
  ++holds_;
  return Answer::granted;
}

void OpenPlaces::keep(const std::string& owner, ticketcore::HoldId hold, std::uint32_t places, std::int64_t until) {
  const std::lock_guard lock(mutex_);
  std::vector<Entry>& entries = owners_[owner];
  const auto found = std::ranges::find(entries, hold, &Entry::hold);
  if (found != entries.end()) {
    *found = {hold, places, true, until};
  } else if (holds_ < holds_most_) {
    entries.push_back({hold, places, true, until});
    ++holds_;
  } else if (entries.empty()) {
    owners_.erase(owner);
  }
}

void OpenPlaces::drop(const std::string& owner, ticketcore::HoldId hold) {
  const std::lock_guard lock(mutex_);
  const auto found = owners_.find(owner);
  if (found == owners_.end()) return;
  holds_ -= std::erase_if(found->second, [&](const Entry& entry) { return entry.hold == hold; });
  if (found->second.empty()) owners_.erase(found);
}

std::vector<ticketcore::HoldId> OpenPlaces::kept(const std::string& owner) const {
  const std::lock_guard lock(mutex_);
  std::vector<ticketcore::HoldId> holds;
  const auto found = owners_.find(owner);
  if (found == owners_.end()) return holds;
  for (const Entry& entry : found->second) {
    if (entry.kept) holds.push_back(entry.hold);
  }
  return holds;
}

std::size_t OpenPlaces::holds() const {
  const std::lock_guard lock(mutex_);
  return holds_;
}

void OpenPlaces::forget_ended(std::int64_t now) {
  swept_at_ = now;
  for (auto owner = owners_.begin(); owner != owners_.end();) {
    holds_ -= std::erase_if(owner->second, [&](const Entry& entry) { return entry.until <= now; });
    owner = owner->second.empty() ? owners_.erase(owner) : std::next(owner);
  }
}

}  // namespace server
