// The ticketcore command: looks into a store, and keeps house in it.

#include <charconv>
#include <csignal>
#include <iomanip>
#include <iostream>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "base/csv_text.hpp"
#include "ticketcore/base/id_generator.hpp"
#include "ticketcore/base/time_zone.hpp"
#include "ticketcore/engine/detail/desk.hpp"
#include "ticketcore/engine/seating.hpp"
#include "ticketcore/log/archive.hpp"
#include "ticketcore/log/audit.hpp"
#include "ticketcore/log/erasure.hpp"
#include "ticketcore/log/fact_json.hpp"
#include "ticketcore/projections/projection.hpp"
#include "ticketcore/projections/sqlite_projection.hpp"
#include "ticketcore/storage/open_storage.hpp"
#include "ticketcore/storage/sqlite.hpp"
#ifdef TICKETCORE_HAVE_FORMATS
#include "ticketcore/engine/box_office.hpp"
#include "ticketcore/formats/seat_map_json.hpp"
#endif
#ifdef TICKETCORE_HAVE_POSTGRES
#include "ticketcore/projections/postgres_projection.hpp"
#include "ticketcore/storage/postgres.hpp"
#endif

namespace {

using namespace ticketcore;

constexpr std::string_view general_help = R"(Usage: ticketcore COMMAND STORE [ARGUMENT...] [OPTION...]

STORE is the path of a ticketcore file (or sqlite:///PATH), a PostgreSQL URL
(postgresql://user@host/database), or, to look into it, an archive.

These commands only read the store; others may sell meanwhile:
  events STORE            lists the events, with places free, held and sold
  log STORE [--event ID] [--from REVISION] [--limit FACTS]
                          prints the facts, one JSON object a line
  check STORE [--event ID]
                          replays the log and proves every invariant
  manifest STORE --event ID
                          prints every place with its status, as CSV
  seating STORE --event ID
                          prints who has which place, in the hall's order, as CSV

These commands write:
  prepare STORE           makes the store, or migrates an older one; run it as
                          the role that owns a PostgreSQL store
  archive STORE FILE --event ID [--remove]
                          writes the event's log to FILE and proves that it
                          replays to the same state
  restore STORE FILE      puts the event of an archive back
  confirm-time STORE --event ID
                          confirms that the store's clock is right: an event
                          that refuses commands because that clock leapt goes
                          on from its time; this can't be taken back
  replace-map STORE CHART --event ID [--exchange FROM=TO]...
                          puts the chart in the place of the event's, also while
                          it sells
  project STORE [--event ID] [--rebuild] [--follow]
                          fills the tables for SQL users from the log
  erase STORE PERSON      erases the record of the person with this id from the
                          vault, and proves that no trace of it is left

Options:
  --event ID              of this event only, such as gala-2027  (all events)
  --from REVISION         from this log entry on, such as 120  (1)
  --limit FACTS           at most this many facts, such as 50  (all)
  --remove                after the proof, takes the event out of the store
  --exchange FROM=TO      whoever has the place FROM gets the place TO of the new
                          chart, such as Stalls-C-11=Stalls-D-2; may be repeated
  --rebuild               empties the tables and fills them from revision 1
  --follow                goes on until the command is stopped
  --help                  prints this
  --version               prints the version

Examples:
  ticketcore events boxoffice.db
  ticketcore log boxoffice.db --event gala-2027 --from 120 --limit 50
  ticketcore archive boxoffice.db gala.archive --event gala-2027 --remove

Exit status:
  0  all is well
  1  check or erase found something, events met a damaged event, or replace-map
     was refused
  2  the command line is wrong
  3  the store, or a chart, can't be used
)";

/// A mistake in the command line.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Arguments {
  std::string command;
  std::string store;
  std::string subject;  // a file, a person
  std::vector<Exchange> exchanges;
  std::optional<EventId> event;
  bool remove = false;
  bool rebuild = false;
  bool follow = false;
  Revision from = 1;
  std::uint64_t limit = UINT64_MAX;
};

[[nodiscard]] std::uint64_t whole_number(const std::string& option, const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    throw UsageError(option + " takes a whole number, not \"" + text + "\"");
  return number;
}

[[nodiscard]] Arguments parse(int count, char** values) {
  Arguments arguments;
  std::vector<std::string> plain;
  for (int index = 1; index < count; ++index) {
    const std::string word = values[index];
    if (!word.starts_with("--")) {
      plain.push_back(word);
      continue;
    }
    if (word == "--remove" || word == "--rebuild" || word == "--follow") {
      (word == "--remove"    ? arguments.remove
       : word == "--rebuild" ? arguments.rebuild
                             : arguments.follow) = true;
      continue;
    }
    if (word != "--event" && word != "--from" && word != "--limit" && word != "--exchange")
      throw UsageError("there is no option " + word);
    if (++index == count) throw UsageError(word + " needs a value");
    if (word == "--event") {
      try {
        arguments.event = EventId(std::string(values[index]));
      } catch (const std::invalid_argument& error) {
        throw UsageError(error.what());
      }
    }
    if (word == "--exchange") {
      const std::string labels = values[index];
      const std::size_t equals = labels.find('=');
      if (equals == std::string::npos) throw UsageError("--exchange takes FROM=TO, not \"" + labels + "\"");
      arguments.exchanges.push_back({labels.substr(0, equals), labels.substr(equals + 1)});
    }
    if (word == "--from") arguments.from = whole_number(word, values[index]);
    if (word == "--limit") arguments.limit = whole_number(word, values[index]);
  }
  if (plain.empty()) throw UsageError("a command is missing");
  arguments.command = plain[0];
  if (plain.size() < 2) throw UsageError("the store is missing");
  arguments.store = plain[1];
  if (plain.size() > 2) arguments.subject = plain[2];
  if (plain.size() > 3) throw UsageError("\"" + plain[3] + "\" is one word too many");
  return arguments;
}

void register_backends() {
  register_sqlite();
  register_sqlite_projection();
#ifdef TICKETCORE_HAVE_POSTGRES
  register_postgres();
  register_postgres_projection();
#endif
}

/// Also an archive, as its path.
[[nodiscard]] std::unique_ptr<Storage> open_to_look(const std::string& store) {
  const StorageUrl url = read_storage_url(store);
  if (!url.file.empty() && is_archive(url.file)) return open_archive(url.file);
  return open_storage(store, {.access = StorageAccess::read_only});
}

[[nodiscard]] std::unique_ptr<Storage> open_to_write(const std::string& store) {
  return open_storage(store, {.access = StorageAccess::read_write});
}

[[nodiscard]] std::unique_ptr<ProjectionSink> open_tables(const std::string& store) {
  const StorageUrl url = read_storage_url(store);
  if (!url.file.empty() && is_archive(url.file))
    throw StorageError(url.file.string() + ": an archive has no tables; restore it into a store");
  return open_projection(store);
}

[[nodiscard]] std::vector<StreamId> streams_of(Storage& storage, const Arguments& arguments) {
  std::vector<StreamId> streams = storage.list_streams("event/");
  if (!arguments.event) return streams;
  const StreamId wanted = stream_of(*arguments.event);
  for (const StreamId& stream : streams) {
    if (stream == wanted) return {wanted};
  }
  std::string known;
  for (const StreamId& stream : streams) known += " " + stream.substr(6);
  throw UsageError("there is no event \"" + arguments.event->text() + "\" in " + arguments.store +
                   "; there are:" + (known.empty() ? " none" : known));
}

[[nodiscard]] Timestamp now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// In the event's own time zone, where this command knows zones and the machine this one.
[[nodiscard]] std::string start_of(const EventSettings& settings) {
#ifdef TICKETCORE_HAVE_ZONES
  if (!settings.time_zone.empty() && is_known_time_zone(settings.time_zone))
    return to_rfc3339(settings.starts_at, settings.time_zone);
#endif
  return to_rfc3339(settings.starts_at);
}

void show_event(Storage& storage, const StreamId& stream) {
  Desk desk(storage, EventId(stream.substr(6)), {.hash_key = new_hash_key()});
  desk.catch_up();
  if (!desk.availability()) return;  // it was taken out of the store since the streams were listed
  const Availability& seen = *desk.availability();
  const StatusCounts counts = seen.total(std::max(now(), desk.state().time()));
  std::cout << std::left << std::setw(24) << stream.substr(6) << std::setw(27) << start_of(seen.settings())
            << std::setw(6) << (seen.sale_status() == SaleStatus::on_sale ? "on" : "off") << std::right
            << std::setw(10) << seen.seat_map().capacity() << std::setw(10) << counts.free << std::setw(8)
            << counts.held << std::setw(10) << counts.sold << std::setw(10) << desk.revision() << "  "
            << seen.settings().name << "\n";
}

int show_events(Storage& storage, const Arguments& arguments) {
  std::cout << std::left << std::setw(24) << "event" << std::setw(27) << "starts" << std::setw(6) << "sale"
            << std::right << std::setw(10) << "capacity" << std::setw(10) << "free" << std::setw(8) << "held"
            << std::setw(10) << "sold" << std::setw(10) << "revision"
            << "  name\n";
  int status = 0;
  for (const StreamId& stream : streams_of(storage, arguments)) {
    try {
      show_event(storage, stream);
    } catch (const StorageUnavailable&) {
      throw;  // nor can the next one be read
    } catch (const std::exception& error) {
      std::cout.flush();
      std::cerr << "ticketcore: " << stream.substr(6) << " can't be shown: " << error.what() << "\n";
      status = 1;
    }
  }
  return status;
}

int show_log(Storage& storage, const Arguments& arguments) {
  std::uint64_t shown = 0;
  for (const StreamId& stream : streams_of(storage, arguments)) {
    EventState state;
    for (Revision at = 0; shown < arguments.limit;) {
      const std::vector<Entry> entries = storage.read(stream, at, 1U << 20);
      if (entries.empty()) break;
      for (const Entry& entry : entries) {
        const LogEntry read =
            decode_entry(entry.bytes, "entry " + std::to_string(entry.revision) + " of " + stream, storage);
        for (const Fact& fact : read.facts) {
          learn_labels(state, fact, {entry.revision, read.header.turn});
          if (entry.revision < arguments.from || shown >= arguments.limit) continue;
          std::cout << fact_json(fact, entry.revision, read.header.turn, state) << "\n";
          ++shown;
        }
        at = entry.revision;
      }
    }
  }
  return 0;
}

int check(Storage& storage, const Arguments& arguments) {
  std::size_t problems = 0;
  for (const StreamId& stream : streams_of(storage, arguments)) {
    const AuditReport report = audit(storage, stream);
    std::cout << stream.substr(6) << ": " << report.revision << " entries, " << report.bytes << " bytes\n";
    for (const auto& [name, count] : report.facts)
      std::cout << "  " << std::left << std::setw(22) << name << std::right << std::setw(12) << count << "\n";
    if (report.state.exists()) {
      const Currency currency = report.state.settings().prices.currency();
      for (const auto& [name, takings] : report.takings) {
        std::cout << "  " << std::left << std::setw(38) << name << std::right << std::setw(8)
                  << takings.tickets << std::setw(20) << Money{takings.amount, currency}.to_string() << "\n";
      }
      std::cout << "  fees " << Money{report.fees, currency}.to_string() << ", paid "
                << Money{report.paid, currency}.to_string() << ", refunded "
                << Money{report.refunded, currency}.to_string() << "\n";
    }
    for (const std::string& problem : report.problems) std::cout << "  PROBLEM " << problem << "\n";
    if (report.problems.empty()) std::cout << "  nothing is wrong\n";
    problems += report.problems.size();
  }
  return problems == 0 ? 0 : 1;
}

[[nodiscard]] std::string flags_text(PlaceFlags flags) {
  std::string text;
  const auto add = [&](PlaceFlags flag, const char* name) {
    if (has(flags, flag)) text += (text.empty() ? "" : " ") + std::string(name);
  };
  add(PlaceFlags::accessible, "accessible");
  add(PlaceFlags::companion, "companion");
  add(PlaceFlags::restricted_view, "restricted_view");
  return text;
}

int manifest(Storage& storage, const Arguments& arguments) {
  if (!arguments.event) throw UsageError("manifest needs --event ID");
  (void)streams_of(storage, arguments);
  Desk desk(storage, *arguments.event, {.hash_key = new_hash_key()});
  desk.catch_up();
  const EventState& state = desk.state();
  const SeatMap& map = *state.seat_map();
  const Availability& seen = *desk.availability();
  const Timestamp at = std::max(now(), state.time());
  constexpr const char* kinds[] = {"seat", "table", "booth"};
  std::map<std::uint32_t, std::string> tickets;
  std::map<std::uint32_t, std::string> types;
  for (const OrderRecord& order : state.orders()) {
    for (std::uint32_t number = 1; number <= order.ticket_count; ++number) {
      const TicketRecord& ticket = state.orders().tickets()[order.first_ticket + number - 1];
      if (ticket.refunded() || ticket.in_area()) continue;
      tickets[ticket.where] = to_string(TicketId{order.id, number});
      types[ticket.where] = csv_text(state.settings().prices.ticket_types()[ticket.ticket_type]) + "," +
                            Money{ticket.price, state.settings().prices.currency()}.amount_string();
    }
  }
  std::cout << std::setprecision(
      10);  // a coordinate has up to seven digits before its point, and three after it
  std::cout << "label,section,row,seat,kind,category,flags,x,y,capacity,status,held,sold,ticket,ticket_type,"
               "price\r\n";
  for (std::uint32_t place = 0; place < map.place_count(); ++place) {
    if (map.is_retired({place})) continue;
    const Place& here = map.places()[place];
    const Row& row = map.rows()[here.row.value];
    const PlaceStatus status = seen.status({place}, at);
    std::cout << csv_text(map.label(PlaceIndex{place})) << ','
              << csv_text(map.sections()[row.section.value].label) << ',' << csv_text(row.label) << ','
              << csv_text(map.seat_label({place})) << ',' << kinds[static_cast<std::size_t>(here.kind)] << ','
              << csv_text(map.categories()[here.category].key) << ',' << flags_text(here.flags) << ','
              << here.position.x / 1000.0 << ',' << here.position.y / 1000.0 << ",1," << to_string(status)
              << ',' << (status == PlaceStatus::held) << ',' << (status == PlaceStatus::sold) << ','
              << tickets[place] << ',' << (types[place].empty() ? "," : types[place]) << "\r\n";
  }
  for (std::uint32_t area = 0; area < map.areas().size(); ++area) {
    const Area& here = map.areas()[area];
    if (here.retired) continue;
    const StatusCounts counts = seen.area({area}, at);
    std::cout << csv_text(map.label(AreaIndex{area})) << ','
              << csv_text(map.sections()[here.section.value].label) << ",,,area,"
              << csv_text(map.categories()[here.category.value].key) << ",," << here.center.x / 1000.0 << ','
              << here.center.y / 1000.0 << ',' << here.capacity << ','
              << (counts.free > 0   ? "free"
                  : counts.held > 0 ? "held"
                                    : "sold")
              << ',' << counts.held << ',' << counts.sold << ",,,\r\n";
  }
  return 0;
}

int show_seating(Storage& storage, const Arguments& arguments) {
  if (!arguments.event) throw UsageError("seating needs --event ID");
  (void)streams_of(storage, arguments);
  Desk desk(storage, *arguments.event, {.hash_key = new_hash_key()});
  desk.catch_up();
  const Timestamp at = std::max(now(), desk.state().time());
  const auto time = [](const std::optional<Timestamp>& moment) { return moment ? to_rfc3339(*moment) : ""; };
  std::cout << "place,section,row,seat,category,status,quantity,ticket_type,order,ticket,holder,held_until,"
               "admitted_at,gate\r\n";
  SeatingOptions options;
  do {
    const SeatingPage page = seating(desk.state(), options, at);
    for (const Occupant& seat : page.occupants) {
      for (const std::string& text : {seat.place, seat.section, seat.row, seat.seat, seat.category})
        std::cout << csv_text(text) << ',';
      std::cout << to_string(seat.status) << ',' << seat.quantity << ',' << csv_text(seat.ticket_type) << ','
                << (seat.ticket ? std::to_string(seat.order_number) : "") << ','
                << (seat.ticket ? to_string(*seat.ticket) : "") << ',' << csv_text(seat.holder.text()) << ','
                << time(seat.held_until) << ',' << time(seat.admitted_at) << ',' << csv_text(seat.gate)
                << "\r\n";
    }
    options.after = page.next;
  } while (options.after);
  return 0;
}

int prepare(Storage& storage) {
  std::cout << storage.describe() << ": ready, with " << storage.list_streams("event/").size() << " events\n";
  return 0;
}

int archive(Storage& storage, const Arguments& arguments) {
  if (!arguments.event) throw UsageError("archive needs --event ID");
  (void)streams_of(storage, arguments);
  const ArchiveReport report = archive_event(storage, *arguments.event, arguments.subject);
  std::cout << report.event.text() << ": " << report.revision << " entries, " << report.bytes << " bytes in "
            << arguments.subject << ", which replays to the same state\n";
  if (arguments.remove) {
    storage.remove_stream({stream_of(report.event), report.revision, report.checksum});
    std::cout << "taken out of " << storage.describe() << "\n";
  }
  return 0;
}

int confirm_time(Storage& storage, const Arguments& arguments) {
  if (!arguments.event) throw UsageError("confirm-time needs --event ID");
  (void)streams_of(storage, arguments);
  Desk desk(storage, *arguments.event, {.hash_key = new_hash_key()});
  const Answer answer = desk.confirm_time(new_request_id());
  if (answer.refusal() != nullptr) throw StorageUnavailable(answer.refusal()->text());
  std::cout << arguments.event->text() << ": turns go on from " << to_rfc3339(answer.turn) << "\n";
  return 0;
}

#ifdef TICKETCORE_HAVE_FORMATS
int replace_map(Storage& storage, const Arguments& arguments) {
  if (!arguments.event) throw UsageError("replace-map needs --event ID");
  (void)streams_of(storage, arguments);
  const auto chart = std::make_shared<const SeatMap>(load_seat_map(arguments.subject));
  BoxOffice office(storage);
  const Event event = office.event(*arguments.event).value();
  if (const auto done = event.replace_map(chart, arguments.exchanges); !done) {
    std::cerr << "ticketcore: " << done.refusal().message << "\n";
    for (const std::string& place : done.refusal().places) std::cout << place << "\n";
    return 1;
  }
  const SeatMap& map = event.availability()->seat_map();
  std::cout << arguments.event->text() << ": the map is " << map.name() << ", with room for "
            << map.capacity() << "; retired: " << map.retired_count()
            << ", exchanged: " << arguments.exchanges.size() << "\n";
  return 0;
}
#else
int replace_map(Storage&, const Arguments&) {
  throw UsageError("this command was built without seat map files, which need Boost.JSON");
}
#endif

int restore(Storage& storage, const Arguments& arguments) {
  const ArchiveReport report = restore_event(storage, arguments.subject);
  std::cout << report.event.text() << ": " << report.revision << " entries are back in " << storage.describe()
            << ", without fault\n";
  return 0;
}

/// One round over the events; how far each is then projected.
[[nodiscard]] std::vector<Position> project_once(Storage& storage, Projector& projector, ProjectionSink& sink,
                                                 const Arguments& arguments) {
  std::vector<Position> at;
  std::uint64_t entries = 0;
  for (const StreamId& stream : streams_of(storage, arguments)) {
    const EventId event(stream.substr(6));
    entries += arguments.rebuild ? projector.rebuild(event) : projector.catch_up(event);
    at.push_back(sink.cursor(stream));
  }
  if (entries > 0 || !arguments.follow)
    std::cout << at.size() << (at.size() == 1 ? " event, " : " events, ") << entries
              << " new entries projected" << std::endl;
  return at;
}

int project(Storage& storage, const Arguments& arguments) {
  const auto sink = open_tables(arguments.store);
  Projector projector(storage, *sink);
  std::string trouble;
  do {
    try {
      const std::vector<Position> at = project_once(storage, projector, *sink, arguments);
      trouble.clear();
      // New events are looked for every second, what is new in those known at once.
      if (arguments.follow) (void)storage.wait_for_news(at, std::chrono::seconds(1));
    } catch (const StorageUnavailable& error) {
      // --follow goes on over a restart or a fail-over of the database; a message that repeats is printed
      // once.
      if (!arguments.follow) throw;
      if (std::exchange(trouble, error.what()) != trouble)
        std::cerr << "ticketcore: " << trouble << "; going on when it is back" << std::endl;
      std::this_thread::sleep_for(std::chrono::seconds(1));
    }
  } while (arguments.follow);
  return 0;
}

int erase(Storage& storage, const Arguments& arguments) {
  const ErasureReport report = erase_person(storage, arguments.subject);
  if (report.was_there) {
    std::cout << "the record of " << arguments.subject << " is erased; searched " << report.bytes_searched
              << " bytes for it and the " << report.pieces.size() - 1 << " texts in it\n";
  } else {
    std::cout << "the vault has no record of " << arguments.subject << "; nothing was searched for\n";
  }
  for (const std::string& trace : report.traces) std::cout << "  TRACE in " << trace << "\n";
  if (!report.not_scrubbed.empty())
    std::cout << "  NOT YET DROPPED is what erased records left in the store's own files; erase again later: "
              << report.not_scrubbed << "\n";
  if (!report.traces.empty() || !report.not_scrubbed.empty()) return 1;
  if (report.was_there) std::cout << "  no trace is left; backups are yours to see to\n";
  return 0;
}

[[nodiscard]] int run(const Arguments& arguments) {
  const std::map<std::string, int (*)(Storage&, const Arguments&)> looking = {{"events", show_events},
                                                                              {"log", show_log},
                                                                              {"check", check},
                                                                              {"manifest", manifest},
                                                                              {"seating", show_seating}};
  const auto no_more_words = [&] {
    if (!arguments.subject.empty()) throw UsageError("\"" + arguments.subject + "\" is one word too many");
  };
  const std::map<std::string, int (*)(Storage&, const Arguments&)> keeping = {
      {"archive", archive}, {"restore", restore}, {"replace-map", replace_map}};
  if (const auto command = looking.find(arguments.command); command != looking.end()) {
    no_more_words();
    return command->second(*open_to_look(arguments.store), arguments);
  }
  const auto command = keeping.find(arguments.command);
  if (arguments.command == "prepare") {
    no_more_words();
    return prepare(*open_storage(arguments.store));
  }
  if (arguments.command == "confirm-time") {
    no_more_words();
    return confirm_time(*open_to_write(arguments.store), arguments);
  }
  if (arguments.command == "project") {
    no_more_words();
    if (arguments.rebuild && arguments.follow) throw UsageError("--rebuild and --follow do not go together");
    return project(*open_to_look(arguments.store), arguments);
  }
  if (command == keeping.end() && arguments.command != "erase")
    throw UsageError("there is no command \"" + arguments.command + "\"");
  if (arguments.subject.empty())
    throw UsageError(arguments.command + " needs " +
                     (arguments.command == "erase"         ? "a person's id in the vault"
                      : arguments.command == "replace-map" ? "the chart's file"
                                                           : "the archive's file"));
  if (arguments.command == "erase") return erase(*open_to_write(arguments.store), arguments);
  const bool writes = arguments.remove || arguments.command == "replace-map";
  const auto storage = arguments.command == "restore" ? open_storage(arguments.store)
                       : writes                       ? open_to_write(arguments.store)
                                                      : open_to_look(arguments.store);
  return command->second(*storage, arguments);
}

}  // namespace

int main(int count, char** values) {
  std::signal(SIGPIPE, SIG_DFL);  // "| head" ends us, quietly
  if (count == 2 && (std::string_view(values[1]) == "--help" || std::string_view(values[1]) == "help")) {
    std::cout << general_help;
    return 0;
  }
  if (count == 2 && std::string_view(values[1]) == "--version") {
    std::cout << "ticketcore " << TICKETCORE_VERSION << "\n";
    return 0;
  }
  register_backends();
  try {
    const int status = run(parse(count, values));
    std::cout.flush();
    return std::cout ? status : 3;
  } catch (const UsageError& error) {
    std::cerr << "ticketcore: " << error.what() << "\n\n" << general_help;
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "ticketcore: " << error.what() << "\n";
    return 3;
  }
}
