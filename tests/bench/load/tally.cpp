#include "tally.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <map>

namespace load {
namespace {

namespace json = boost::json;

[[nodiscard]] double percentile(const std::vector<float>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return static_cast<double>(sorted[std::clamp<std::size_t>(at, 1, sorted.size()) - 1]);
}

/// Counts and percentiles of some of the samples.
class Group {
 public:
  void add(const Sample& sample) {
    times_.push_back(sample.milliseconds);
    ++by_status_[std::to_string(sample.status)];
  }
  [[nodiscard]] json::object to_json() {
    std::sort(times_.begin(), times_.end());
    json::object statuses;
    for (const auto& [status, count] : by_status_) statuses[status] = count;
    return {{"requests", times_.size()},
            {"p50", percentile(times_, 0.5)},
            {"p99", percentile(times_, 0.99)},
            {"p999", percentile(times_, 0.999)},
            {"statuses", statuses}};
  }

 private:
  std::vector<float> times_{};
  std::map<std::string, std::uint64_t> by_status_{};
};

}  // namespace

std::string to_json(const Tally& tally) {
  Group all;
  std::map<std::uint32_t, Group> seconds;
  std::array<Group, kind_names.size()> kinds;
  for (const Sample& sample : tally.samples) {
    all.add(sample);
    seconds[static_cast<std::uint32_t>(sample.intended)].add(sample);
    kinds[static_cast<std::size_t>(sample.kind)].add(sample);
  }
  json::object report{
      {"all", all.to_json()}, {"buyers", tally.buyers}, {"unfinished_payments", tally.unfinished_payments}};
  json::array series;
  for (auto& [second, group] : seconds) {
    json::object row = group.to_json();
    row["second"] = second;
    series.push_back(std::move(row));
  }
  report["seconds"] = std::move(series);
  json::object by_kind;
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) by_kind[kind_names[kind]] = kinds[kind].to_json();
  report["kinds"] = std::move(by_kind);
  json::array orders;
  for (const Bought& bought : tally.orders)
    orders.push_back({{"order", bought.order}, {"total", bought.total}});
  report["orders"] = std::move(orders);
  return json::serialize(report);
}

}  // namespace load
