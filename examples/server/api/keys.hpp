#pragma once
// The staff's API keys: "tck_<id>_<secret>". The store keeps a key's hash, name and scopes in its vault, and
// a log of which keys there are; all servers on the store know the same keys.

#include <chrono>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/secrets.hpp"
#include "ticketcore/storage/storage.hpp"

namespace server {

/// Bits of what a key may do.
enum class Scope : unsigned { open = 0, seller = 1, box_office = 2, gate = 4, admin = 8 };

class Scopes {
 public:
  constexpr Scopes() = default;
  constexpr void add(Scope scope) noexcept { bits_ |= static_cast<unsigned>(scope); }
  /// admin may do everything, box_office whatever a seller may.
  [[nodiscard]] constexpr bool allow(Scope needed) const noexcept {
    if (needed == Scope::open || has(Scope::admin)) return true;
    return has(needed) || (needed == Scope::seller && has(Scope::box_office));
  }
  [[nodiscard]] std::vector<std::string_view> names() const;
  [[nodiscard]] constexpr bool none() const noexcept { return bits_ == 0; }

 private:
  [[nodiscard]] constexpr bool has(Scope scope) const noexcept {
    return (bits_ & static_cast<unsigned>(scope)) != 0;
  }
  unsigned bits_ = 0;
};

[[nodiscard]] std::optional<Scope> parse_scope(std::string_view name);
[[nodiscard]] std::string_view name_of(Scope scope);

/// Past so many a key had better be for all events.
inline constexpr std::size_t most_events_of_key = 50;

struct ApiKey {
  std::string id{};
  std::string name{};
  Scopes scopes{};
  ticketcore::Timestamp created_at{};
  std::optional<ticketcore::Timestamp> expires_at{};  ///< From then on it is as good as none.
  std::vector<std::string> events{};  ///< The only ones it is for; empty: all, and what belongs to no event.
  bool removed = false;               ///< Its name is all that is left of it; the id never serves again.
  std::string hash{};                 ///< Of the secret.

  /// What it may do about the event; empty: about none.
  [[nodiscard]] Scopes scopes_for(std::string_view event) const;
  [[nodiscard]] bool expired(ticketcore::Timestamp now) const { return expires_at && *expires_at <= now; }
};

/// nullopt for what has not the form of a key.
[[nodiscard]] std::optional<PresentedKey> parse_key(std::string_view text);

class Keys {
 public:
  explicit Keys(ticketcore::Storage& storage) : storage_(storage) {}

  /// Keeps the key under this secret, unless there is, or ever was, one of its id. What is kept of that id
  /// then: a key that was removed stays so, whoever adds it again. Throws StorageError.
  ApiKey add(ApiKey key, std::string_view secret);
  /// False if there is no such key. Other servers forget it within a few seconds. Throws StorageError.
  bool remove(const std::string& id);
  /// Without removed ones.
  [[nodiscard]] std::vector<ApiKey> list();
  /// Removed ones too.
  [[nodiscard]] std::optional<ApiKey> find(const std::string& id);

  /// From memory alone: nullopt when the vault must be asked.
  [[nodiscard]] std::optional<ApiKey> remembered(const PresentedKey& key);
  /// Whether verify found the key good once, here and with this secret. It may have been removed since.
  [[nodiscard]] bool was_verified(const PresentedKey& key);
  /// Asks the vault. nullopt when the key is not a valid one. Throws StorageError.
  [[nodiscard]] std::optional<ApiKey> verify(const PresentedKey& key);

 private:
  static constexpr std::chrono::seconds remembered_for{5};
  static constexpr std::size_t remembered_keys = 10'000;
  struct Remembered {
    ApiKey key;
    std::chrono::steady_clock::time_point until;  ///< Past it the vault is asked again.
  };

  void put(const ApiKey& key);
  /// Leaves nothing of the key but its name.
  void bury(ApiKey& key);
  [[nodiscard]] bool was_logged_as_removed(const std::string& id);
  void forget(const std::string& id);
  /// What verify found of this id and secret, however long ago.
  [[nodiscard]] std::optional<Remembered> find_verified(const PresentedKey& key);

  ticketcore::Storage& storage_;
  std::mutex mutex_;
  std::map<std::string, Remembered, std::less<>> remembered_;
};

}  // namespace server
