#include "http/metrics.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace server {
namespace {

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> digits{};
  const bool plain = value == 0 || (std::abs(value) >= 1e-6 && std::abs(value) < 1e15);
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value, format).ptr};
}

/// As the text format wants help: one line.
std::string escaped_help(std::string_view help) {
  std::string escaped;
  for (const char character : help) {
    if (character == '\\') {
      escaped += "\\\\";
    } else if (character == '\n') {
      escaped += "\\n";
    } else {
      escaped += character;
    }
  }
  return escaped;
}

std::string braced(std::string_view labels, std::string_view more = {}) {
  if (labels.empty() && more.empty()) return {};
  return "{" + std::string(labels) + (labels.empty() || more.empty() ? "" : ",") + std::string(more) + "}";
}

}  // namespace

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()), counts_(bounds.size() + 1) {
  if (!std::ranges::is_sorted(bounds_, std::less_equal{}))
    throw std::logic_error("a histogram's bounds must grow");
}

void Histogram::observe(double value) noexcept {
  const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

struct Metrics::Family {
  std::string type{};
  std::string help{};
  std::map<std::string, std::unique_ptr<Counter>, std::less<>> counters{};
  std::map<std::string, std::unique_ptr<Histogram>, std::less<>> histograms{};
  std::function<double()> read{};

  /// The family of that name, made if there is none. The caller has the mutex.
  static Family& of(Metrics& metrics, std::string_view name, std::string_view type, std::string_view help) {
    auto& family = metrics.families_.try_emplace(std::string(name)).first->second;
    if (!family)
      family = std::make_shared<Family>(Family{.type = std::string(type), .help = escaped_help(help)});
    if (family->type != type)
      throw std::logic_error("metric " + std::string(name) + " is a " + family->type + ", not a " +
                             std::string(type));
    return *family;
  }

  void append(std::string& text, const std::string& name) const {
    text += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
    for (const auto& [labels, counter] : counters)
      text += name + braced(labels) + " " + std::to_string(counter->value()) + "\n";
    for (const auto& [labels, histogram] : histograms) {
      std::uint64_t count = 0;
      for (std::size_t bucket = 0; bucket < histogram->counts_.size(); ++bucket) {
        count += histogram->counts_[bucket].load(std::memory_order_relaxed);
        const std::string bound =
            bucket < histogram->bounds_.size() ? number(histogram->bounds_[bucket]) : "+Inf";
        text +=
            name + "_bucket" + braced(labels, "le=\"" + bound + "\"") + " " + std::to_string(count) + "\n";
      }
      text += name + "_sum" + braced(labels) + " " + number(histogram->sum_.load(std::memory_order_relaxed)) +
              "\n";
      text += name + "_count" + braced(labels) + " " + std::to_string(count) + "\n";
    }
    if (read) text += name + " " + number(read()) + "\n";
  }
};

Counter& Metrics::counter(std::string_view name, std::string_view help, std::string_view labels) {
  const std::lock_guard lock(mutex_);
  auto& counter = Family::of(*this, name, "counter", help).counters[std::string(labels)];
  if (!counter) counter = std::make_unique<Counter>();
  return *counter;
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                              std::string_view labels) {
  const std::lock_guard lock(mutex_);
  auto& histogram = Family::of(*this, name, "histogram", help).histograms[std::string(labels)];
  if (!histogram) histogram = std::make_unique<Histogram>(bounds);
  return *histogram;
}

void Metrics::gauge(std::string_view name, std::string_view help, std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  Family::of(*this, name, "gauge", help).read = std::move(read);
}

std::string Metrics::text() const {
  std::string text;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, family] : families_) family->append(text, name);
  return text;
}

}  // namespace server
