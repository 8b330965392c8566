#include "api/rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace server {

RateLimit::Bucket& RateLimit::bucket_of(Shard& shard, std::string_view client, Clock::time_point now) {
  if (const auto found = shard.by_client.find(client); found != shard.by_client.end()) {
    shard.buckets.splice(shard.buckets.begin(), shard.buckets, found->second);
    Bucket& bucket = shard.buckets.front();
    bucket.tokens = std::min(
        burst_, bucket.tokens + per_second_ * std::chrono::duration<double>(now - bucket.at).count());
    bucket.at = now;
    return bucket;
  }
  if (shard.buckets.size() >= clients_per_shard) {
    shard.by_client.erase(shard.buckets.back().client);
    shard.buckets.pop_back();
  }
  shard.buckets.push_front({std::string(client), burst_, now});
  shard.by_client.emplace(shard.buckets.front().client, shard.buckets.begin());
  return shard.buckets.front();
}

int RateLimit::take(std::string_view client, double cost, Clock::time_point now) {
  if (per_second_ <= 0) return 0;
  Shard& shard = shard_of(client);
  const std::lock_guard lock(shard.mutex);
  Bucket& bucket = bucket_of(shard, client, now);
  if (bucket.tokens < cost)
    return std::max(1, static_cast<int>(std::ceil((cost - bucket.tokens) / per_second_)));
  bucket.tokens -= cost;
  return 0;
}

void RateLimit::punish(std::string_view client, double cost, Clock::time_point now) {
  if (per_second_ <= 0) return;
  Shard& shard = shard_of(client);
  const std::lock_guard lock(shard.mutex);
  Bucket& bucket = bucket_of(shard, client, now);
  bucket.tokens = std::max(-burst_, bucket.tokens - cost);
}

}  // namespace server
