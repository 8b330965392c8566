#pragma once
// Every limit in one place, each with its reason. Past a limit comes a Refusal or an error that names it,
// never a crash.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ticketcore::limits {

/// A seat map's places: the largest stadiums hold 150,000; ten times that still fits dense 32-bit arrays in a
/// few MB.
inline constexpr std::uint32_t places = 1'500'000;
/// Standing areas of one map, and the admissions of one of them.
inline constexpr std::uint32_t areas = 4'096;
inline constexpr std::uint32_t area_capacity = 10'000'000;
/// Categories of one map: price lists stay readable, and an index fits 16 bits with room.
inline constexpr std::uint32_t categories = 1'024;
inline constexpr std::uint32_t sections = 65'535;
/// Positions of one row, aisles counted: the longest benches have a few hundred.
inline constexpr std::uint32_t row_slots = 4'096;
/// A printed label or name, in bytes of UTF-8: fits a ticket's line.
inline constexpr std::size_t label_bytes = 100;
/// Places that are exchanged when a map is replaced: a stadium's largest stand.
inline constexpr std::uint32_t exchanges = 100'000;
/// What is drawn for orientation: shapes, the points of one outline, and a shape's text in bytes of UTF-8.
inline constexpr std::uint32_t shapes = 100'000;
inline constexpr std::uint32_t outline_points = 10'000;
inline constexpr std::size_t shape_text_bytes = 1'000;
/// Floors and zones: a house has a few of each.
inline constexpr std::uint32_t floors = 1'024;
inline constexpr std::uint32_t zones = 1'024;
/// A seat map in the log: the largest by far that a house needs, and half an entry.
inline constexpr std::size_t seat_map_bytes = 32U << 20;
/// Problems of one chart that are listed: more than anybody mends at a time, and a bound on what a hostile
/// file costs.
inline constexpr std::size_t listed_problems = 500;
/// Coordinates, in chart units: thousandths of it fit 32 bits.
inline constexpr std::int32_t coordinate = 2'000'000;

/// Places and admissions that one hold may name: a coach party; larger groups are several holds or a channel.
inline constexpr std::uint32_t places_per_hold = 1'000;
/// Open holds of one event: bounds memory against a flood of abandoned carts.
inline constexpr std::uint32_t open_holds = 1'000'000;
/// Ticket types, and prices of one event: a list that a person wrote, and that is searched from its front.
inline constexpr std::uint32_t ticket_types = 256;
inline constexpr std::uint32_t prices = 4'096;
/// A price or fee in minor units: a thousand of them add up far inside 64 bits.
inline constexpr std::int64_t amount = 1'000'000'000'000;
/// Tax, in hundredths of a percent: ten times the price.
inline constexpr std::uint32_t tax_basis_points = 100'000;
/// Gates, payment methods and other short names that an event remembers.
inline constexpr std::size_t short_name_bytes = 64;
inline constexpr std::uint32_t short_names = 65'000;
/// A payment provider's reference.
inline constexpr std::size_t payment_reference_bytes = 128;
/// A note on an order, in bytes of UTF-8: a few sentences.
inline constexpr std::size_t note_bytes = 1'000;

/// Commands in one batch: keeps a turn, and so the wait of those behind it, in the low milliseconds.
inline constexpr std::size_t commands_per_batch = 4'096;
/// Commands waiting at one event's desk: bounds memory when they come faster than the storage takes them.
inline constexpr std::size_t queued_commands = 100'000;
/// Events whose state a box office keeps in memory: a page that shows every date of a year fits. A house of
/// 1,000 places takes about 100 KB, one of 60,000 some 30 MB when it is sold.
inline constexpr std::size_t open_events = 512;
/// Bytes of facts after which a batch takes no further command; the others get a turn of their own. With the
/// largest fact on top an entry stays within its limit.
inline constexpr std::size_t batch_bytes = 16U << 20;
/// How much a reader of a log asks a storage for at once, in bytes.
inline constexpr std::size_t page_bytes = 4U << 20;
/// One log entry: the seat map of the largest house fits; what claims to be larger is damaged.
inline constexpr std::size_t entry_bytes = 64U << 20;
/// The newest log entries that a desk keeps at hand: after a fail-over many clients repeat what the last
/// turns decided, and a few full turns fit. Of older ones a page of as much is read at once where several are
/// looked for close to each other.
inline constexpr std::size_t at_hand_bytes = 1U << 20;
/// The same for all events of a box office: room for those in use, while each that is open has its share
/// (BoxOfficeOptions::open_events), which holds a turn or two.
inline constexpr std::size_t at_hand_total_bytes = 64U << 20;
inline constexpr std::uint64_t page_neighbours = 64;
/// How long a RequestId is remembered after its turn, and how many of them, the oldest forgotten first.
/// Clients that retry later than that must look first: what is still there of the first time, an open hold or
/// an order, makes it a request_reused. The number bounds memory (50 MB) and the snapshot (35 MB) while
/// somebody holds and releases as fast as they can; the largest sale, a stadium of 150,000 places with six
/// requests for each, stays below it all day.
inline constexpr std::chrono::hours request_memory{24};
inline constexpr std::size_t remembered_requests = 1'000'000;
/// Turns outside of these, in seconds of the Unix epoch, come of a clock that is not set: a deadline's 32
/// bits reach to 2106, its first values mark what is free and sold, and a turn once written keeps all later
/// ones from being earlier.
inline constexpr std::int64_t turn_earliest = 86'400;
inline constexpr std::int64_t turn_latest = 4'260'211'200;  // 2105-01-01
/// A turn that takes longer than this is a store in trouble: readers (Event::known_until) reckon with shorter
/// ones.
inline constexpr std::chrono::seconds turn_longest{1};
/// How far a store's clock may leap past an event's last turn with nothing to explain it: while a wrong one
/// is set right again, the event's time stands still for as long, and no hold runs out. More than machines
/// that are kept in time ever differ.
inline constexpr std::chrono::hours clock_leap{1};
/// How long an event may have slept, where only the host's wall clock says so: one is put on sale a year
/// ahead at most, and a clock that has lost its battery is wrong by more.
inline constexpr std::chrono::hours quiet_event{24 * 400};
/// A hold's shortest and longest time to live, in whole seconds; the event's policy may ask for less.
inline constexpr std::chrono::seconds hold_ttl_min{1};
inline constexpr std::chrono::hours hold_ttl_max{24 * 366};

}  // namespace ticketcore::limits
