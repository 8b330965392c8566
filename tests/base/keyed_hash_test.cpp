#include "ticketcore/base/detail/keyed_hash.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "ticketcore/base/id_generator.hpp"

using namespace ticketcore;

TEST_CASE("an id is hashed as its bytes are, and by its key") {
  const Id128 id{0x0706'0504'0302'0100ULL, 0x0F0E'0D0C'0B0A'0908ULL};
  std::string bytes;
  for (char byte = 0; byte < 16; ++byte) bytes.push_back(byte);
  CHECK(keyed_hash(HashKey{}, id) == keyed_hash(HashKey{}, bytes));
  CHECK(keyed_hash(HashKey{}, id) != keyed_hash(HashKey{1, 2}, id));
  const HashKey drawn = new_hash_key();
  CHECK((drawn.low != new_hash_key().low && drawn.low != 0));
}

TEST_CASE("ids that are chosen to collide under a hash without a key do not under this one") {
  std::set<std::uint64_t> plain;
  std::set<std::uint32_t> tags;
  for (std::uint64_t low = 1; low <= 10'000; ++low) {
    const Id128 id{0x1234 ^ (low * 0x9E37'79B9'7F4A'7C15ULL), low};
    plain.insert(hash_of(id));
    tags.insert(static_cast<std::uint32_t>(keyed_hash(HashKey{}, id) >> 32));
  }
  CHECK(plain.size() == 1);
  CHECK(tags.size() > 9'990);
}
