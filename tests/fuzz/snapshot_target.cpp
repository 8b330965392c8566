#include "fuzz.hpp"
#include "little_map.hpp"
#include "sealed.hpp"
#include "ticketcore/engine/availability.hpp"
#include "ticketcore/log/snapshot.hpp"
#include "ticketcore/sale/decide.hpp"

namespace ticketcore::fuzz {
namespace {

constexpr std::size_t after_header = 24;  // magic, version, checksum, revision, checksum of the entry

void use(StateAtRevision& at) {
  if (!at.state.exists()) return;
  try {
    at.state.check_everything();
    (void)decide(at.state, {RequestId{{1, 2}}, HoldBest{.holder = "cart", .categories = {CategoryIndex{0}}}},
                 at.state.time());
    AvailabilityPublisher publisher;
    (void)publisher.publish(at.state, at.revision);
  } catch (const InvariantBroken&) {
  }
}

void check_snapshot(BytesView bytes) {
  try {
    auto read = decode_snapshot(bytes, "it", little_map());
    if (!read) return;
    // With the map in it, or with its name.
    Storage* const maps = bytes.size() % 2 == 0 ? nullptr : &little_map();
    const Bytes written = encode_snapshot(read->state, read->revision, read->checksum, maps);
    const auto again = decode_snapshot(written, "it", little_map());
    require(again.has_value(), "what was read can be written and read");
    require(encode_snapshot(again->state, again->revision, again->checksum, maps) == written,
            "what is written twice is the same");
    use(*read);
  } catch (const StorageDamaged&) {
  }
}

/// The event in it is a log entry of its own.
void seal_event(Bytes& bytes) {
  std::size_t size = 0;
  std::size_t at = after_header;
  for (unsigned shift = 0; shift < 28 && at < bytes.size(); shift += 7) {
    const std::uint8_t byte = bytes[at++];
    size |= std::size_t{byte & 0x7FU} << shift;
    if ((byte & 0x80) == 0) break;
  }
  if (size > bytes.size() - at) return;
  Bytes event(bytes.begin() + static_cast<std::ptrdiff_t>(at),
              bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
  seal_entry(event);
  std::copy(event.begin(), event.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace

void snapshot(BytesView bytes) {
  check_snapshot(bytes);
  Bytes sealed(bytes.begin(), bytes.end());
  if (sealed.size() < after_header) return;
  std::memcpy(sealed.data(), "tksn\0\0\0\0", 8);
  sealed[4] = snapshot_format_version;
  seal_event(sealed);
  put_number(sealed, 8, crc32c(BytesView(sealed).subspan(12)));
  check_snapshot(sealed);
}

}  // namespace ticketcore::fuzz
