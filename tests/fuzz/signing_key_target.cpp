#include "fuzz.hpp"
#include "scratch_file.hpp"
#include "ticketcore/tickets/signing.hpp"

namespace ticketcore::fuzz {

void signing_key(BytesView bytes) {
  if (const auto key = VerifyKey::parse(text_of(bytes)))
    require(VerifyKey::parse(key->to_string()) == key, "a key to verify with survives as text");
  static const ScratchFile file("fuzz-key");
  file.write(bytes);
  try {
    const SigningKey key = SigningKey::load(file.path());
    file.remove();
    key.save(file.path());
    require(SigningKey::load(file.path()).verify_key() == key.verify_key(),
            "a key to sign with survives as a file");
  } catch (const Error& error) {
    require(std::string_view(error.what()).find(file.path().string()) != std::string_view::npos,
            "who refuses a file names it");
  }
}

}  // namespace ticketcore::fuzz
