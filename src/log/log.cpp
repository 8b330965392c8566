#include "ticketcore/log/log.hpp"

#include "log/entry_frame.hpp"
#include "sale/field_reader.hpp"
#include "ticketcore/log/stored_map.hpp"

namespace ticketcore {
namespace {

using wire::Reader;
using wire::Writer;

constexpr frame::Kind log_kind = {'t', 'k', 'l', 'g'};
// the frame, previous checksum, revision, turn, fact count
constexpr std::size_t fact_count_at = 36;
constexpr std::size_t entry_header_size = 40;
constexpr std::size_t fact_size_min = 5;  // its length and its tag

// Facts from this tag up may be skipped by readers that do not know them; one below means the reader is too
// old.
constexpr std::uint8_t first_optional_tag = 64;

// In every fact: its request, and the digest of the command that was granted.
constexpr std::uint32_t request_field = 1;
constexpr std::uint32_t digest_field = 15;

template <class Body>
void read_fact(Reader in, const FindSeatMap& find_map, std::vector<Fact>& facts) {
  const FieldReader reader{Reading::tolerant, &find_map};
  facts.push_back({{}, FactBody(std::in_place_type<Body>), 0});
  Fact& fact = facts.back();
  Body& body = *std::get_if<Body>(&fact.body);
  set_zero(body);
  while (const std::uint32_t field = in.next_field()) {
    switch (field) {
      case request_field: fact.request = RequestId{in.id_field()}; break;
      case digest_field: fact.digest = in.varint_field(); break;
      default: reader.read_field(in, field, body);
    }
  }
  reader.check_required(in, body);
}

/// False for a kind that is not known.
[[nodiscard]] bool read_known_fact(std::uint8_t tag, const Reader& in, const FindSeatMap& find_map,
                                   std::vector<Fact>& facts) {
  return with_kind<FactBody>(tag, [&]<class Body>() { read_fact<Body>(in, find_map, facts); });
}

}  // namespace

struct EntryWriter::Body {
  Writer out;
  std::uint32_t facts = 0;
  std::uint32_t checksum = 0;
};

EntryWriter::EntryWriter() : body_(std::make_unique<Body>()) {}
EntryWriter::~EntryWriter() = default;
EntryWriter::EntryWriter(EntryWriter&&) noexcept = default;
EntryWriter& EntryWriter::operator=(EntryWriter&&) noexcept = default;

void EntryWriter::begin(const EntryHeader& header) {
  Writer& out = body_->out;
  out.clear();
  body_->facts = 0;
  frame::begin(out, log_kind);
  out.fixed(header.previous_checksum);
  out.fixed(header.revision);
  out.fixed(static_cast<std::int64_t>(header.turn.time_since_epoch().count()));
  out.fixed(std::uint32_t{0});
}

void EntryWriter::add(const Fact& fact) {
  Writer& out = body_->out;
  const std::size_t length_at_fact = out.size();
  out.fixed(std::uint32_t{0});
  out.u8(tag_of(fact.body));
  out.field(request_field, fact.request);
  out.field(digest_field, fact.digest);
  std::visit([&](const auto& body) { detail::FieldWriter(out, seat_map_hash).write_fields(body); },
             fact.body);
  out.patch(length_at_fact, static_cast<std::uint32_t>(out.size() - length_at_fact - 4));
  ++body_->facts;
}

std::uint32_t EntryWriter::fact_count() const noexcept { return body_->facts; }
std::size_t EntryWriter::size_bytes() const noexcept { return body_->out.size(); }
std::uint32_t EntryWriter::checksum() const noexcept { return body_->checksum; }

BytesView EntryWriter::finish() {
  Writer& out = body_->out;
  out.patch(fact_count_at, body_->facts);
  body_->checksum = frame::finish(out);
  return out.view();
}

EntryHeader decode_entry_header(BytesView bytes, std::string_view what) {
  EntryHeader header;
  header.checksum = frame::check(bytes, log_kind, entry_header_size, what, "a log entry");
  Reader in(bytes.subspan(frame::size), what);
  header.previous_checksum = in.fixed<std::uint32_t>();
  header.revision = in.fixed<std::uint64_t>();
  header.turn = Timestamp{std::chrono::microseconds{in.fixed<std::int64_t>()}};
  if (header.turn < Timestamp{} || header.turn > Timestamp{std::chrono::seconds{limits::turn_latest}})
    in.damaged("its turn is at no possible time");
  return header;
}

LogEntry decode_entry(BytesView bytes, std::string_view what, Storage& maps) {
  LogEntry entry;
  const auto find = [&](const SeatMapHash& hash) {
    entry.maps.push_back(hash);
    return load_map(maps, hash, what);
  };
  const FindSeatMap find_map = std::cref(find);
  entry.header = decode_entry_header(bytes, what);
  Reader in(bytes.subspan(fact_count_at), what);
  const auto fact_count = in.fixed<std::uint32_t>();
  if (fact_count > in.left() / fact_size_min) in.damaged("a count is larger than what follows");
  entry.facts.reserve(fact_count);
  for (std::uint32_t fact = 0; fact < fact_count; ++fact) {
    const auto size = in.fixed<std::uint32_t>();
    Reader record(in.bytes(size), what);
    const std::uint8_t tag = record.u8();
    try {
      if (read_known_fact(tag, record, find_map, entry.facts)) continue;
    } catch (const std::invalid_argument& error) {
      in.damaged(error.what());
    }
    if (tag < first_optional_tag) {
      throw StorageNewer(std::string(what) + " holds a fact of kind " + std::to_string(tag) +
                         ", which this library does not know: update it");
    }
    ++entry.skipped_facts;
  }
  if (!in.at_end()) in.damaged("something follows its last fact");
  return entry;
}

}  // namespace ticketcore
