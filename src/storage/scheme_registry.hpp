#pragma once
// What a program has registered for the schemes of its stores' URLs.

#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ticketcore {

/// Whether it can stand before "://" (RFC 3986), in small letters.
[[nodiscard]] bool is_scheme(std::string_view text);

/// Throws StorageUrlError, and says what the program can open instead, or what it must do to open this.
/// call: what comes after "register_sqlite" in the name of the function that registers.
[[noreturn]] void refuse_scheme(const std::string& scheme, const std::vector<std::string>& registered,
                                std::string_view call);

template <class Opener>
class SchemeRegistry {
 public:
  void put(std::string scheme, Opener opener) {
    if (!is_scheme(scheme) || !opener)
      throw std::invalid_argument("\"" + scheme +
                                  "\" can't be registered: a scheme begins with a small letter and has only "
                                  "those, digits, \"+\", \"-\" and \".\", and it needs an opener");
    const std::lock_guard guard(mutex_);
    openers_.insert_or_assign(std::move(scheme), std::move(opener));
  }

  /// A copy, so that what it opens is opened without the lock. Throws StorageUrlError.
  [[nodiscard]] Opener need(const std::string& scheme, std::string_view call) const {
    std::vector<std::string> registered;
    {
      const std::lock_guard guard(mutex_);
      if (const auto found = openers_.find(scheme); found != openers_.end()) return found->second;
      for (const auto& [name, opener] : openers_) registered.push_back(name);
    }
    refuse_scheme(scheme, registered, call);
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Opener> openers_;
};

}  // namespace ticketcore
