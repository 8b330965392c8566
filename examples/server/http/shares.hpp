#pragma once
// How many of something each has at one time, and all together: connections of a peer, streams of a client.
// Memory: an entry for each that has one.

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace server {

class Shares {
  struct Counts {
    std::mutex mutex{};
    std::unordered_map<std::string, std::size_t> of{};
    std::size_t all = 0;
  };

 public:
  /// One of them, for as long as it lives; it may outlive the Shares.
  class Place {
   public:
    Place(std::shared_ptr<Counts> counts, std::string name)
        : counts_(std::move(counts)), name_(std::move(name)) {}
    ~Place() {
      const std::lock_guard lock(counts_->mutex);
      --counts_->all;
      if (const auto found = counts_->of.find(name_); --found->second == 0) counts_->of.erase(found);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    std::shared_ptr<Counts> counts_;
    std::string name_;
  };

  /// Null when the name has most already, or all together most_of_all.
  [[nodiscard]] std::unique_ptr<Place> take(const std::string& name, std::size_t most,
                                            std::size_t most_of_all) {
    const std::lock_guard lock(counts_->mutex);
    if (counts_->all >= most_of_all) return nullptr;
    const auto found = counts_->of.find(name);
    if (most == 0 || (found != counts_->of.end() && found->second >= most)) return nullptr;
    auto place = std::make_unique<Place>(counts_, name);
    ++counts_->of[name];
    ++counts_->all;
    return place;
  }

  /// How many names have one.
  [[nodiscard]] std::size_t names() const {
    const std::lock_guard lock(counts_->mutex);
    return counts_->of.size();
  }

 private:
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

}  // namespace server
