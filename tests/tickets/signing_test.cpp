#include "ticketcore/tickets/signing.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "scratch_folder.hpp"

using namespace ticketcore;

namespace {

[[nodiscard]] std::vector<std::uint8_t> from_hex(std::string_view hex) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16)));
  return bytes;
}

struct Vector {
  const char* seed;
  const char* verify_key;
  const char* message;
  const char* signature;
};

}  // namespace

TEST_CASE("RFC 8032, section 7.1") {
  constexpr Vector vectors[] = {{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                                 "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                                 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a"
                                 "33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
                                {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                                 "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                                 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e1"
                                 "5996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
                                {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                                 "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                                 "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d1"
                                 "6f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"}};
  for (const Vector& vector : vectors) {
    const auto seed = from_hex(vector.seed);
    const SigningKey key = SigningKey::from_seed(std::span<const std::uint8_t, 32>(seed.data(), 32));
    CHECK(key.verify_key().to_string() == vector.verify_key);
    const auto message = from_hex(vector.message);
    const Signature signature = key.sign(message);
    CHECK(std::vector<std::uint8_t>(signature.begin(), signature.end()) == from_hex(vector.signature));
    CHECK(key.verify_key().verify(message, signature));
    Signature forged = signature;
    forged[63] ^= 0x20;
    CHECK_FALSE(key.verify_key().verify(message, forged));
  }
}

TEST_CASE("a key is saved for its owner's eyes only, and never overwritten") {
  const testing::ScratchFolder folder;
  const std::filesystem::path path = folder.file("gate.key");
  const SigningKey key = SigningKey::load_or_create(path);
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(SigningKey::load(path).verify_key() == key.verify_key());
  CHECK_THROWS_WITH_AS(SigningKey::generate().save(path), doctest::Contains("can't be saved"), Error);
  REQUIRE(chmod(path.c_str(), 0644) == 0);
  CHECK_THROWS_WITH_AS((void)SigningKey::load(path), doctest::Contains("chmod 600"), Error);
  REQUIRE(chmod(path.c_str(), 0600) == 0);
  std::ofstream(path) << "hello\n";
  CHECK_THROWS_WITH_AS((void)SigningKey::load(path), doctest::Contains("not a signing key"), Error);
  CHECK_THROWS_AS((void)SigningKey::load(folder.file("none")), Error);
  // Who may read it matters where it is a key at all.
  REQUIRE(chmod(path.c_str(), 0644) == 0);
  CHECK_THROWS_WITH_AS((void)SigningKey::load(path), doctest::Contains("not a signing key"), Error);
  CHECK_THROWS_WITH_AS((void)SigningKey::load(folder.path()), doctest::Contains("it is a folder"), Error);
  CHECK_THROWS_WITH_AS((void)SigningKey::load_or_create(folder.path()), doctest::Contains("it is a folder"),
                       Error);
  CHECK_THROWS_WITH_AS((void)SigningKey::load(""),
                       "the path of a signing key is empty; give that of a file, such as gate.key", Error);
  CHECK_THROWS_WITH_AS((void)SigningKey::load_or_create(""), doctest::Contains("is empty"), Error);
}

TEST_CASE("a public key travels as text") {
  const VerifyKey key = SigningKey::generate().verify_key();
  CHECK(VerifyKey::parse(key.to_string()) == key);
  CHECK_FALSE(VerifyKey::parse("12ab").has_value());
  CHECK_FALSE(VerifyKey::parse(std::string(64, 'x')).has_value());
}
