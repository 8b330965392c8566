#pragma once
// Token buckets, one for each client address or key: so many requests a second, and a few seconds' worth at
// once. Memory is bounded: when too many clients are known, those that have been quiet longest are forgotten,
// which only gives them a full bucket again.

#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace server {

class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  /// Requests a second; 0 limits nothing.
  explicit RateLimit(double per_second) : per_second_(per_second), burst_(per_second * 5) {}

  /// Seconds until there is enough again; 0 when there is, and it has been taken.
  [[nodiscard]] int take(std::string_view client, double cost, Clock::time_point now = Clock::now());
  /// Takes what a failed guess costs, even below nothing.
  void punish(std::string_view client, double cost, Clock::time_point now = Clock::now());

 private:
  static constexpr std::size_t shards = 16;
  static constexpr std::size_t clients_per_shard = 8'192;
  struct Bucket {
    std::string client;
    double tokens;
    Clock::time_point at;
  };
  struct Shard {
    std::mutex mutex{};
    std::list<Bucket> buckets{};  ///< Latest first.
    std::unordered_map<std::string_view, std::list<Bucket>::iterator> by_client{};
  };

  [[nodiscard]] Shard& shard_of(std::string_view client) {
    return shards_[std::hash<std::string_view>{}(client) % shards];
  }
  Bucket& bucket_of(Shard& shard, std::string_view client, Clock::time_point now);

  double per_second_;
  double burst_;
  std::array<Shard, shards> shards_{};
};

}  // namespace server
