#pragma once
// EntriesAtHand: the newest log entries of one desk, so that who repeats what was decided a moment ago costs
// no look into the store. And the budget that all desks of a box office share for them.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

#include "ticketcore/base/limits.hpp"
#include "ticketcore/storage/storage.hpp"

namespace ticketcore {

/// Every desk may keep its equal share, and more of it while all of them together keep less than the whole:
/// at most twice the whole, however many desks there are. May be used from any thread.
class AtHandBudget {
 public:
  /// For so many desks at most.
  AtHandBudget(std::size_t bytes, std::size_t desks)
      : bytes_(bytes), share_(bytes / std::max<std::size_t>(desks, 1)) {}

  [[nodiscard]] bool allows(std::size_t bytes_of_one) const noexcept {
    return bytes_of_one <= share_ || kept() <= bytes_;
  }
  void take(std::size_t bytes) noexcept { kept_.fetch_add(bytes, std::memory_order_relaxed); }
  void give(std::size_t bytes) noexcept { kept_.fetch_sub(bytes, std::memory_order_relaxed); }
  /// By all desks together.
  [[nodiscard]] std::size_t kept() const noexcept { return kept_.load(std::memory_order_relaxed); }

 private:
  std::size_t bytes_;
  std::size_t share_;
  std::atomic<std::size_t> kept_{0};
};

/// Without gaps, up to limits::at_hand_bytes and what the budget allows. Not synchronized.
class EntriesAtHand {
 public:
  /// Null: there is no budget.
  explicit EntriesAtHand(std::shared_ptr<AtHandBudget> budget) : budget_(std::move(budget)) {}
  ~EntriesAtHand() { clear(); }
  EntriesAtHand(const EntriesAtHand&) = delete;
  EntriesAtHand& operator=(const EntriesAtHand&) = delete;

  /// The one after the newest. However large it is, it stays until trim: what a turn hands over is looked
  /// into within it.
  void add(Entry entry) {
    entries_.push_back(std::move(entry));
    bytes_ += size_of(entries_.back());
    if (budget_) budget_->take(size_of(entries_.back()));
    trim(1);
  }
  /// Lets go what is too much.
  void trim() { trim(0); }
  void clear() noexcept {
    if (budget_) budget_->give(bytes_);
    bytes_ = 0;
    entries_.clear();
  }
  [[nodiscard]] const Entry* find(Revision revision) const {
    if (entries_.empty() || revision < entries_.front().revision) return nullptr;
    const std::size_t position = revision - entries_.front().revision;
    return position < entries_.size() ? &entries_[position] : nullptr;
  }

 private:
  [[nodiscard]] static std::size_t size_of(const Entry& entry) noexcept {
    return sizeof(Entry) + entry.bytes.size();
  }
  [[nodiscard]] bool too_much() const noexcept {
    return bytes_ > limits::at_hand_bytes || (budget_ && !budget_->allows(bytes_));
  }
  void trim(std::size_t at_least) {
    while (entries_.size() > at_least && too_much()) {
      bytes_ -= size_of(entries_.front());
      if (budget_) budget_->give(size_of(entries_.front()));
      entries_.pop_front();
    }
  }

  std::shared_ptr<AtHandBudget> budget_;
  std::deque<Entry> entries_{};
  std::size_t bytes_ = 0;
};

}  // namespace ticketcore
