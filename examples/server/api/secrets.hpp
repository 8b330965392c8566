#pragma once
// What one secret of 32 bytes, which all servers on a store share, is good for: tokens that let a buyer at
// what is hers, request ids that nobody else can make, signatures of the provider's notices, and the key that
// signs tickets. The secret is made once, by whichever server is first, and lies in the store's vault.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ticketcore/base/ids.hpp"
#include "ticketcore/storage/storage.hpp"
#include "ticketcore/tickets/signing.hpp"

namespace server {

/// An API key as its owner has it: "tck_<id>_<secret>".
struct PresentedKey {
  std::string id{};
  std::string secret{};
};

using Secret = std::array<unsigned char, 32>;

[[nodiscard]] std::string to_base64url(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);
[[nodiscard]] std::string random_bytes(std::size_t count);
/// 12 letters and digits that name an API key.
[[nodiscard]] std::string key_id_of(std::string_view bytes);
/// In constant time for texts of the same length.
[[nodiscard]] bool same(std::string_view a, std::string_view b);
/// BLAKE2b of 32 bytes.
[[nodiscard]] std::string hash_of_secret(std::string_view secret);
[[nodiscard]] std::string hmac_sha256_hex(std::string_view key, std::string_view message);

class Secrets {
 public:
  /// Reads the store's secret, or makes it: of servers that start at the same moment one wins. Throws
  /// StorageError.
  explicit Secrets(ticketcore::Storage& storage);

  /// 32 characters that open kind and id of the event, and nothing else. They say how far the event's log was
  /// when they were given out, so that whoever is asked with them, on whatever server, has seen at least what
  /// their bearer was told.
  [[nodiscard]] std::string token(std::string_view kind, std::string_view event, std::string_view id,
                                  ticketcore::Revision revision) const;
  /// The revision; nullopt if the token is not genuine, or opens something else.
  [[nodiscard]] std::optional<ticketcore::Revision> open(std::string_view token, std::string_view kind,
                                                         std::string_view event, std::string_view id) const;

  /// The id of a command: the same for the same caller, kind of request, event (empty: none) and
  /// Idempotency-Key, also on another server, and never otherwise.
  [[nodiscard]] ticketcore::RequestId request_id(std::string_view caller, std::string_view kind,
                                                 std::string_view event, std::string_view key) const;
  /// Whether request_id made it for this caller, who holds an API key.
  [[nodiscard]] bool made_for(const ticketcore::Id128& id, std::string_view caller) const;
  /// An id that follows from another: of a payment's order, of its refund.
  [[nodiscard]] ticketcore::RequestId derived_id(std::string_view purpose, std::string_view of) const;

  /// The API key that a request makes: whoever repeats the request is told the same key.
  [[nodiscard]] PresentedKey key_for(const ticketcore::Id128& request) const;

  [[nodiscard]] ticketcore::SigningKey ticket_key() const;
  [[nodiscard]] std::string notice_key() const;

 private:
  [[nodiscard]] std::string mac(std::string_view purpose, std::initializer_list<std::string_view> parts,
                                std::size_t bytes) const;

  Secret secret_{};
};

}  // namespace server
