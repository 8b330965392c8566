#include "api/secrets.hpp"

#include <sodium.h>

#include <cstring>
#include <stdexcept>

#include "live/shared_log.hpp"

namespace server {
namespace {

constexpr std::size_t token_bytes = 16;

void append_part(std::string& message, std::string_view part) {
  const auto size = static_cast<std::uint32_t>(part.size());
  for (unsigned shift = 0; shift < 32; shift += 8) message += static_cast<char>(size >> shift & 0xFFU);
  message += part;
}

[[nodiscard]] std::uint64_t number_of(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

[[nodiscard]] std::string bytes_of(std::uint64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xFFU);
  return bytes;
}

}  // namespace

std::string to_base64url(std::string_view bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  text.pop_back();
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string bytes(text.size(), '\0');
  std::size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &size, nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
    return std::nullopt;
  bytes.resize(size);
  return bytes;
}

std::string key_id_of(std::string_view bytes) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz234567";
  std::string id;
  for (const char byte : bytes.substr(0, 12))
    id += letters[static_cast<unsigned char>(byte) % letters.size()];
  return id;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string hash_of_secret(std::string_view secret) {
  std::string hash(32, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(),
                     reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), nullptr, 0);
  return hash;
}

std::string hmac_sha256_hex(std::string_view key, std::string_view message) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(key.data()), key.size());
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(message.data()),
                                message.size());
  unsigned char code[crypto_auth_hmacsha256_BYTES];
  crypto_auth_hmacsha256_final(&state, code);
  char hex[2 * sizeof code + 1];
  sodium_bin2hex(hex, sizeof hex, code, sizeof code);
  return hex;
}

Secrets::Secrets(ticketcore::Storage& storage) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium can't be used on this machine");
  // The candidate is in the vault before the log may name it; those that lost are erased.
  const std::string candidate = "server/secret/" + to_base64url(random_bytes(12));
  ticketcore::Revision known = 0;
  std::vector<std::string> names = read_entries(storage, "server/secret", known);
  if (names.empty()) {
    const std::string made = random_bytes(secret_.size());
    storage.vault_put(candidate, {reinterpret_cast<const std::uint8_t*>(made.data()), made.size()});
    names = append_entry(storage, "server/secret", [&](const auto& seen) {
      return seen.empty() ? std::optional<std::string>(candidate) : std::nullopt;
    });
    if (names.front() != candidate) storage.vault_erase(candidate);
  }
  const auto kept = storage.vault_get(names.front());
  if (!kept || kept->size() != secret_.size())
    throw ticketcore::StorageDamaged(storage.describe() + ": the vault has no " + names.front() +
                                     ", the secret that all servers share; tokens can't be checked");
  std::memcpy(secret_.data(), kept->data(), secret_.size());
}

std::string Secrets::mac(std::string_view purpose, std::initializer_list<std::string_view> parts,
                         std::size_t bytes) const {
  std::string message;
  message.reserve(160);
  append_part(message, purpose);
  for (const std::string_view part : parts) append_part(message, part);
  std::string code(bytes, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(code.data()), code.size(),
                     reinterpret_cast<const unsigned char*>(message.data()), message.size(), secret_.data(),
                     secret_.size());
  return code;
}

// The revision in eight bytes, then a code over all of it: a made-up revision opens nothing.
std::string Secrets::token(std::string_view kind, std::string_view event, std::string_view id,
                           ticketcore::Revision revision) const {
  const std::string number = bytes_of(revision);
  return to_base64url(number + mac("token", {kind, event, id, number}, token_bytes));
}

std::optional<ticketcore::Revision> Secrets::open(std::string_view token, std::string_view kind,
                                                  std::string_view event, std::string_view id) const {
  const auto bytes = from_base64url(token);
  if (!bytes || bytes->size() != sizeof(ticketcore::Revision) + token_bytes) return std::nullopt;
  const ticketcore::Revision revision =
      number_of(std::string_view(*bytes).substr(0, sizeof(ticketcore::Revision)));
  return same(token, this->token(kind, event, id, revision)) ? std::optional(revision) : std::nullopt;
}

// The last four bytes say whose request it was, so that a seller's own holds need no record of who made them.
// Only the secret's owner can compute them.
ticketcore::RequestId Secrets::request_id(std::string_view caller, std::string_view kind,
                                          std::string_view event, std::string_view key) const {
  const std::string code = mac("request", {caller, kind, event, key}, 16);
  const std::string front = code.substr(0, 12);
  const std::string mark = mac("maker", {caller, front}, 16);
  return ticketcore::RequestId{
      {number_of(std::string_view(front).substr(0, 8)), number_of(front.substr(8) + mark.substr(0, 4))}};
}

bool Secrets::made_for(const ticketcore::Id128& id, std::string_view caller) const {
  const std::string bytes = bytes_of(id.high) + bytes_of(id.low);
  return same(mac("maker", {caller, std::string_view(bytes).substr(0, 12)}, 16).substr(0, 4),
              std::string_view(bytes).substr(12));
}

ticketcore::RequestId Secrets::derived_id(std::string_view purpose, std::string_view of) const {
  const std::string code = mac("derived", {purpose, of}, 16);
  return ticketcore::RequestId{
      {number_of(std::string_view(code).substr(0, 8)), number_of(std::string_view(code).substr(8))}};
}

PresentedKey Secrets::key_for(const ticketcore::Id128& request) const {
  const std::string of = ticketcore::to_string(request);
  return {key_id_of(mac("api key id", {of}, 16)), to_base64url(mac("api key", {of}, 32))};
}

ticketcore::SigningKey Secrets::ticket_key() const {
  const std::string seed = mac("ticket signing", {}, 32);
  std::array<std::uint8_t, 32> bytes{};
  std::memcpy(bytes.data(), seed.data(), seed.size());
  return ticketcore::SigningKey::from_seed(bytes);
}

std::string Secrets::notice_key() const { return to_base64url(mac("payment notices", {}, 32)); }

}  // namespace server
