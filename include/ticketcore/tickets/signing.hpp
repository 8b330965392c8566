#pragma once
// Ed25519 keys (RFC 8032) that sign and verify ticket codes. A gate that checks tickets needs only the
// VerifyKey.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ticketcore/base/errors.hpp"

namespace ticketcore {

using Signature = std::array<std::uint8_t, 64>;

/// The public half: 32 bytes that may be known to everybody.
class VerifyKey {
 public:
  explicit VerifyKey(const std::array<std::uint8_t, 32>& bytes) noexcept : bytes_(bytes) {}
  /// Reads the 64 hexadecimal digits that to_string writes.
  [[nodiscard]] static std::optional<VerifyKey> parse(std::string_view text);

  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] const std::array<std::uint8_t, 32>& bytes() const noexcept { return bytes_; }
  /// The first four bytes, as codes name the key that signed them. A hint for finding it, not a proof.
  [[nodiscard]] std::uint32_t key_id() const noexcept;
  /// About 40 microseconds.
  [[nodiscard]] bool verify(std::span<const std::uint8_t> message, const Signature& signature) const;
  friend bool operator==(const VerifyKey&, const VerifyKey&) = default;

 private:
  std::array<std::uint8_t, 32> bytes_;
};

/// The secret half. Wiped from memory when it goes.
class SigningKey {
 public:
  /// A new key from the system's random numbers.
  [[nodiscard]] static SigningKey generate();
  [[nodiscard]] static SigningKey from_seed(std::span<const std::uint8_t, 32> seed);
  /// Reads what save wrote. Throws Error that names the file and the cause: missing, not a key, readable by
  /// others.
  [[nodiscard]] static SigningKey load(const std::filesystem::path& path);
  /// Loads the key, or makes one and saves it where there is no file yet.
  [[nodiscard]] static SigningKey load_or_create(const std::filesystem::path& path);

  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;
  ~SigningKey();

  /// Writes a file that only its owner may read. Throws Error when it exists already or can't be written.
  void save(const std::filesystem::path& path) const;
  [[nodiscard]] VerifyKey verify_key() const;
  /// The same message and key give the same signature. About 15 microseconds.
  [[nodiscard]] Signature sign(std::span<const std::uint8_t> message) const;

 private:
  SigningKey() = default;
  std::array<std::uint8_t, 64> secret_{};  ///< Seed and public key, as libsodium wants them.
};

}  // namespace ticketcore
