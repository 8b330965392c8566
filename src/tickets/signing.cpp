#include "ticketcore/tickets/signing.hpp"

#include "base/plain_file.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ticketcore {
namespace {

constexpr std::string_view file_prefix = "ticketcore-signing-key-1 ";
/// More than its one line takes.
constexpr std::size_t key_file_bytes_max = 256;

/// libsodium wants to be woken once; it may be asked any number of times from any thread.
void need_sodium() {
  if (sodium_init() < 0) throw Error("libsodium could not be initialized");
}

[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

[[nodiscard]] std::optional<std::array<std::uint8_t, 32>> from_hex(std::string_view text) {
  std::array<std::uint8_t, 32> bytes{};
  std::size_t size = 0;
  if (text.size() != 64 ||
      sodium_hex2bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size, nullptr) != 0 ||
      size != 32)
    return std::nullopt;
  return bytes;
}

}  // namespace

std::optional<VerifyKey> VerifyKey::parse(std::string_view text) {
  const auto bytes = from_hex(text);
  return bytes ? std::optional<VerifyKey>(VerifyKey(*bytes)) : std::nullopt;
}

std::string VerifyKey::to_string() const { return to_hex(bytes_); }

std::uint32_t VerifyKey::key_id() const noexcept {
  std::uint32_t id = 0;
  for (std::size_t index = 0; index < 4; ++index) id = id << 8 | bytes_[index];
  return id;
}

bool VerifyKey::verify(std::span<const std::uint8_t> message, const Signature& signature) const {
  need_sodium();
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(), bytes_.data()) == 0;
}

SigningKey SigningKey::generate() {
  need_sodium();
  std::array<std::uint8_t, 32> seed{};
  randombytes_buf(seed.data(), seed.size());
  SigningKey key = from_seed(seed);
  sodium_memzero(seed.data(), seed.size());
  return key;
}

SigningKey SigningKey::from_seed(std::span<const std::uint8_t, 32> seed) {
  need_sodium();
  SigningKey key;
  std::array<std::uint8_t, 32> verify{};
  crypto_sign_seed_keypair(verify.data(), key.secret_.data(), seed.data());
  return key;
}

SigningKey::~SigningKey() { sodium_memzero(secret_.data(), secret_.size()); }

SigningKey SigningKey::load(const std::filesystem::path& path) {
  if (path.empty()) throw Error("the path of a signing key is empty; give that of a file, such as gate.key");
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown))
    throw Error(path.string() + ": it is a folder; give the path of a file with a signing key");
  const PlainFile file(path, "the signing key");
  Bytes bytes = file.read_at(0, key_file_bytes_max);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::string_view line = text.substr(0, text.find('\n'));
  const auto seed = line.starts_with(file_prefix) ? from_hex(line.substr(file_prefix.size())) : std::nullopt;
  sodium_memzero(bytes.data(), bytes.size());
  if (!seed)
    throw Error(path.string() + ": not a signing key; it must be one line that begins with \"" +
                std::string(file_prefix) + "\" and 64 hexadecimal digits");
  if ((file.status().st_mode & (S_IRWXG | S_IRWXO)) != 0)
    throw Error(path.string() + ": the signing key may be read by others; run: chmod 600 " + path.string());
  return from_seed(*seed);
}

SigningKey SigningKey::load_or_create(const std::filesystem::path& path) {
  if (path.empty() || std::filesystem::exists(path)) return load(path);
  SigningKey key = generate();
  key.save(path);
  return key;
}

void SigningKey::save(const std::filesystem::path& path) const {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) throw Error(path.string() + ": the signing key can't be saved: " + std::strerror(errno));
  std::string line = std::string(file_prefix) + to_hex(std::span(secret_).first<32>()) + "\n";
  const bool written =
      ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(file) == 0;
  sodium_memzero(line.data(), line.size());
  const bool closed = ::close(file) == 0;
  if (!written || !closed) {
    ::unlink(path.c_str());
    throw Error(path.string() + ": the signing key can't be written; see that the disk has space");
  }
}

VerifyKey SigningKey::verify_key() const {
  std::array<std::uint8_t, 32> bytes{};
  std::memcpy(bytes.data(), secret_.data() + 32, bytes.size());
  return VerifyKey(bytes);
}

Signature SigningKey::sign(std::span<const std::uint8_t> message) const {
  Signature signature{};
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), secret_.data());
  return signature;
}

}  // namespace ticketcore
