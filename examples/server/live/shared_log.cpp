#include "live/shared_log.hpp"

#include "ticketcore/base/crc32c.hpp"

namespace server {
namespace {

constexpr std::size_t shared_bytes = 1U << 20;

void add(std::vector<std::string>& texts, const ticketcore::Entry& entry) {
  texts.emplace_back(entry.bytes.begin(), entry.bytes.end());
}

/// Everything after the position, which moves on.
std::vector<std::string> read_on(ticketcore::Storage& storage, ticketcore::Position& at) {
  std::vector<std::string> texts;
  for (;;) {
    const auto entries = storage.read(at.stream, at.known, shared_bytes);
    if (entries.empty()) return texts;
    for (const ticketcore::Entry& entry : entries) add(texts, entry);
    at.known = entries.back().revision;
    at.checksum = entries.back().checksum;
  }
}

/// What follows the position. Its checksum is over the one before, so that it tells this history from
/// another.
[[nodiscard]] ticketcore::Append over(const ticketcore::Position& at, const std::string& text) {
  const ticketcore::BytesView bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  return {at.stream, ticketcore::crc32c(bytes, at.checksum.value_or(0)), bytes};
}

}  // namespace

std::vector<std::string> read_entries(ticketcore::Storage& storage, const ticketcore::StreamId& stream,
                                      ticketcore::Revision& after) {
  ticketcore::Position at{stream, after};
  std::vector<std::string> texts = read_on(storage, at);
  after = at.known;
  return texts;
}

std::vector<std::string> append_entry(
    ticketcore::Storage& storage, const ticketcore::StreamId& stream,
    const std::function<std::optional<std::string>(const std::vector<std::string>&)>& decide) {
  ticketcore::Position at{stream, 0};
  std::vector<std::string> texts = read_on(storage, at);
  const auto turn = storage.take_turn({&at, 1});
  for (const ticketcore::Entry& entry : turn->unseen(stream)) {
    add(texts, entry);
    at.checksum = entry.checksum;
  }
  if (auto added = decide(texts)) {
    const ticketcore::Append append = over(at, *added);
    turn->commit({&append, 1});
    texts.push_back(std::move(*added));
  }
  return texts;
}

void append_text(ticketcore::Storage& storage, ticketcore::Position& at, const std::string& text) {
  const auto see = [&at](const std::vector<ticketcore::Entry>& entries) {
    if (entries.empty()) return false;
    at.known = entries.back().revision;
    at.checksum = entries.back().checksum;
    return true;
  };
  while (see(storage.read(at.stream, at.known, shared_bytes))) continue;
  const auto turn = storage.take_turn({&at, 1});
  see(turn->unseen(at.stream));
  const ticketcore::Append append = over(at, text);
  turn->commit({&append, 1});
  ++at.known;
  at.checksum = append.checksum;
}

}  // namespace server
