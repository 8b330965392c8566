"""What python -m ticketcore does: look into a store, keep house in it, and the demo. The C++ command says the
same, word for word."""

from __future__ import annotations

import argparse
import csv
import signal
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Callable, Optional
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import ticketcore
from ticketcore import _core
from ticketcore._office import core_storage
from ticketcore._storage import Access, ArchiveStorage, Storage, open_with_access
from ticketcore._tables import audit

_STORE = (
    "the path of a ticketcore file (or sqlite:///PATH), a PostgreSQL URL (postgresql://user@host/database),"
    " or an archive"
)

_EPILOG = """\
examples:
  python -m ticketcore demo                      sell out an opera house, then prove the books
  python -m ticketcore events out/demo.db        what is in the file that it leaves
  python -m ticketcore check out/demo.db         prove it again

exit status:
  0  all is well
  1  check or erase found something, or events met a damaged one
  2  the command line is wrong
  3  the store can't be used
"""


class UsageError(Exception):
    """A mistake in the command line."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ticketcore",
        description=(
            "Looks into a ticketcore store, and keeps house in it. Looking changes nothing, also while others"
            " sell."
        ),
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ticketcore {ticketcore.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(
        name: str, run: Callable[[argparse.Namespace], int], help: str, description: Optional[str] = None
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, help=help, description=(description or help[0].upper() + help[1:]) + "."
        )
        command.set_defaults(run=run)
        if name != "demo":
            command.add_argument("store", metavar="STORE", help=_STORE)
        return command

    add("events", _events, "list the events, with places free, held and sold")
    log = add("log", _log, "print the facts, one JSON object a line")
    log.add_argument("--event", metavar="ID", help="of this event only (default: all)")
    log.add_argument(
        "--from",
        dest="from_revision",
        metavar="REVISION",
        type=_whole_number,
        default=1,
        help="from this log entry on, such as 120 (default: 1)",
    )
    log.add_argument(
        "--limit", metavar="FACTS", type=_whole_number, help="at most this many facts (default: all)"
    )
    add("check", _check, "replay the log and prove every invariant").add_argument(
        "--event", metavar="ID", help="of this event only (default: all)"
    )
    add("manifest", _manifest, "print every place with its status, as CSV").add_argument(
        "--event", metavar="ID", required=True, help="the event, such as gala-2027"
    )
    add("seating", _seating, "print who has which place, in the hall's order, as CSV").add_argument(
        "--event", metavar="ID", required=True, help="the event, such as gala-2027"
    )
    archive = add(
        "archive", _archive, "write an event's log to a file, and prove that it replays to the same state",
        "Write an event's log to FILE, prove that it replays to the same state, and then, if asked to, "
        "take the event out of the store",
    )  # fmt: skip
    archive.add_argument("file", metavar="FILE", help="a new file, such as gala.archive")
    archive.add_argument("--event", metavar="ID", required=True, help="the event, such as gala-2027")
    archive.add_argument(
        "--remove", action="store_true", help="after the proof, take the event out of the store"
    )
    add("restore", _restore, "put the event of an archive back").add_argument(
        "file", metavar="FILE", help="the archive, such as gala.archive"
    )
    project = add("project", _project, "fill the tables for SQL users from the log")
    project.add_argument("--event", metavar="ID", help="of this event only (default: all)")
    project.add_argument(
        "--rebuild", action="store_true", help="empty the tables and fill them from revision 1"
    )
    project.add_argument("--follow", action="store_true", help="go on until the command is stopped")
    add(
        "erase", _erase, "erase a person's record from the vault, and prove that no trace of it is left"
    ).add_argument("person", metavar="PERSON", help="the id of the record, such as buyer-17")
    demo = add("demo", _demo, "sell out a house, then prove the books")
    demo.add_argument(
        "chart",
        metavar="CHART",
        nargs="?",
        help="a seat map: ours or a seats.io chart; a small theatre if not given",
    )
    demo.add_argument(
        "--folder",
        metavar="FOLDER",
        type=Path,
        default=Path("out"),
        help="where file and pictures go (default: out)",
    )
    return parser


def _whole_number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f'takes a whole number, not "{text}"')
    return int(text)


def _open(store: str, access: Access) -> Storage:
    """To look only, also an archive."""
    file = _core.read_storage_url(store)[1]
    if access == "read_only" and file is not None and _core.is_archive(file):
        return ArchiveStorage(file)
    return open_with_access(store, access=access)


def _events_of(storage: Storage, wanted: Optional[str], store: str) -> list[str]:
    events = [stream[len(b"event/") :].decode() for stream in storage.list_streams(b"event/")]
    if wanted is None:
        return events
    if wanted not in events:
        raise UsageError(
            f'there is no event "{wanted}" in {store}; there'
            f' are:{"".join(" " + event for event in events) or " none"}'
        )
    return [wanted]


def _rfc3339(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S") + (f".{time.microsecond:06}" if time.microsecond else "") + "Z"


def _start_of(event: ticketcore.Event) -> str:
    """In the event's own time zone, where this machine knows it."""
    if event.time_zone:
        try:
            return event.starts_at.astimezone(ZoneInfo(event.time_zone)).isoformat(timespec="seconds")
        except ZoneInfoNotFoundError:
            pass
    return _rfc3339(event.starts_at)


def _show_event(event: ticketcore.Event) -> None:
    counts = event.availability().counts
    print(
        f"{event.id:<24}{_start_of(event):<27}{'on' if event.on_sale else 'off':<6}"
        f"{event.seat_map.capacity:>10}{counts.free:>10}{counts.held:>8}{counts.sold:>10}"
        f"{event.revision:>10}  {event.name}"
    )


def _events(arguments: argparse.Namespace) -> int:
    status = 0
    with _open(arguments.store, "read_only") as storage, ticketcore.BoxOffice(storage) as office:
        print(
            f"{'event':<24}{'starts':<27}{'sale':<6}"
            f"{'capacity':>10}{'free':>10}{'held':>8}{'sold':>10}{'revision':>10}  name"
        )
        for id in office.events():
            try:
                _show_event(office.event(id))
            except (ticketcore.StorageDamaged, ticketcore.StorageNewer) as error:
                sys.stdout.flush()
                print(f"ticketcore: {id} can't be shown: {error}", file=sys.stderr)
                status = 1
    return status


def _log(arguments: argparse.Namespace) -> int:
    with _open(arguments.store, "read_only") as storage:
        shown = 0
        for event in _events_of(storage, arguments.event, arguments.store):
            for line in ticketcore.Log(core_storage(storage), event, arguments.from_revision).lines():
                if arguments.limit is not None and shown >= arguments.limit:
                    return 0
                print(line)
                shown += 1
    return 0


def _check(arguments: argparse.Namespace) -> int:
    problems = 0
    with _open(arguments.store, "read_only") as storage:
        for event in _events_of(storage, arguments.event, arguments.store):
            report = audit(core_storage(storage), event)
            print(f"{event}: {report.revision} entries, {report.bytes} bytes")
            for kind, count in report.facts.items():
                print(f"  {kind:<22}{count:>12}")
            if report.currency is not None:
                for name, takings in report.takings.items():
                    print(f"  {name:<38}{takings.tickets:>8}{f'{takings.amount} {report.currency}':>20}")
                print(
                    f"  fees {report.fees} {report.currency}, paid {report.paid} {report.currency}, refunded"
                    f" {report.refunded} {report.currency}"
                )
            for problem in report.problems:
                print(f"  PROBLEM {problem}")
            if report.ok:
                print("  nothing is wrong")
            problems += len(report.problems)
    return 1 if problems else 0


def _sold_places(event: ticketcore.Event) -> dict[str, tuple[str, str, Decimal]]:
    """Ticket, its type and its price, by place."""
    books = event.books()
    labels = event.seat_map.labels()
    return {
        labels[row.place]: (row.id, row.ticket_type, row.price)
        for row in books.tickets()
        if not row.refunded and row.place is not None
    }


def _manifest_rows(event: ticketcore.Event) -> Iterator[Sequence[object]]:
    seen = event.availability()
    sold = _sold_places(event)
    yield (
        "label,section,row,seat,kind,category,flags,x,y,capacity,status,held,sold,ticket,ticket_type,price"
        .split(",")
    )
    for place in event.seat_map:
        status = seen.status(place.label)
        flags = " ".join(
            name for name in ("accessible", "companion", "restricted_view") if getattr(place, name)
        )
        yield (
            place.label, place.section, place.row, place.seat, place.kind, place.category, flags,
            f"{place.x:g}", f"{place.y:g}", 1, status, int(status == "held"),
            int(status == "sold"), *sold.get(place.label, ("", "", "")),
        )  # fmt: skip
    for area in event.seat_map.areas:
        counts = seen.area(area.label)
        x, y = area.center
        yield (
            area.label, area.section, "", "", "area", area.category, "", f"{x:g}", f"{y:g}", area.capacity,
            "free" if counts.free else "sold", counts.held, counts.sold,
            "", "", "",
        )  # fmt: skip


def _manifest(arguments: argparse.Namespace) -> int:
    with _open(arguments.store, "read_only") as storage:
        _events_of(storage, arguments.event, arguments.store)
        with ticketcore.BoxOffice(storage) as office:
            csv.writer(sys.stdout, lineterminator="\r\n").writerows(
                _manifest_rows(office.event(arguments.event))
            )
    return 0


def _seating_rows(event: ticketcore.Event) -> Iterator[Sequence[object]]:
    yield (
        "place,section,row,seat,category,status,quantity,ticket_type,order,ticket,holder,held_until,"
        "admitted_at,gate"
    ).split(",")
    for seat in event.seating():
        times = ("" if time is None else _rfc3339(time) for time in (seat.held_until, seat.admitted_at))
        yield (
            seat.place, seat.section, seat.row, seat.seat, seat.category, seat.status, seat.quantity,
            seat.ticket_type, seat.order_number, seat.ticket, seat.holder, *times, seat.gate,
        )  # fmt: skip


def _seating(arguments: argparse.Namespace) -> int:
    with _open(arguments.store, "read_only") as storage:
        _events_of(storage, arguments.event, arguments.store)
        with ticketcore.BoxOffice(storage) as office:
            rows = _seating_rows(office.event(arguments.event))
            csv.writer(sys.stdout, lineterminator="\r\n").writerows(rows)
    return 0


def _archive(arguments: argparse.Namespace) -> int:
    with _open(arguments.store, "read_write" if arguments.remove else "read_only") as storage:
        _events_of(storage, arguments.event, arguments.store)
        with ticketcore.BoxOffice(storage) as office:
            archive = office.archive(arguments.event, arguments.file, remove=arguments.remove)
        print(
            f"{archive.event}: {archive.revision} entries, {archive.bytes} bytes in {arguments.file}, which"
            " replays to the same state"
        )
        if arguments.remove:
            print(f"taken out of {storage.describe()}")
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    with _open(arguments.store, "read_write_create") as storage, ticketcore.BoxOffice(storage) as office:
        archive = office.restore(arguments.file)
        print(f"{archive.event}: {archive.revision} entries are back in {storage.describe()}, without fault")
    return 0


def _project(arguments: argparse.Namespace) -> int:
    if arguments.rebuild and arguments.follow:
        raise UsageError("--rebuild and --follow do not go together")
    with _open(arguments.store, "read_only") as storage:
        if isinstance(storage, ArchiveStorage):
            raise ticketcore.StorageError(
                f"{storage.path}: an archive has no tables; restore it into a store"
            )
        while True:
            at: list[ticketcore.Position] = []
            entries = 0
            for event in _events_of(storage, arguments.event, arguments.store):
                new, cursor = _core.project(core_storage(storage), arguments.store, event, arguments.rebuild)
                entries += new
                at.append(ticketcore.Position(b"event/" + event.encode(), cursor))
            if entries or not arguments.follow:
                print(
                    f"{len(at)} {'event' if len(at) == 1 else 'events'}, {entries} new entries projected",
                    flush=True,
                )
            if not arguments.follow:
                return 0
            # New events are looked for every second, what is new in those known at once.
            storage.wait_for_news(at, timedelta(seconds=1))


def _erase(arguments: argparse.Namespace) -> int:
    with _open(arguments.store, "read_write") as storage, ticketcore.BoxOffice(storage) as office:
        erasure = office.erase_person(arguments.person)
    if not erasure.was_there:
        print(f"the vault has no record of {arguments.person}; nothing was searched for")
        return 0
    print(
        f"the record of {arguments.person} is erased; searched {erasure.bytes_searched} bytes for it and the"
        f" {erasure.pieces - 1} texts in it"
    )
    for trace in erasure.traces:
        print(f"  TRACE in {trace}")
    if not erasure.traces:
        print("  no trace is left; backups are yours to see to")
    return 1 if erasure.traces else 0


def _demo(arguments: argparse.Namespace) -> int:
    from ticketcore._demo import run

    return run(
        None if arguments.chart is None else ticketcore.SeatMap.load(arguments.chart), arguments.folder
    )


def main(words: Optional[Sequence[str]] = None) -> int:
    """Run the command with these words, or with those of the command line. The exit status."""
    if hasattr(signal, "SIGPIPE") and words is None:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # "| head" ends us, quietly
    try:
        arguments = _parser().parse_args(words)
        run: Callable[[argparse.Namespace], int] = arguments.run
        status = run(arguments)
        sys.stdout.flush()
        return status
    except UsageError as error:
        print(f"ticketcore: {error}", file=sys.stderr)
        return 2
    except (ticketcore.Error, ticketcore.Refused, OSError, ValueError) as error:
        print(f"ticketcore: {error}", file=sys.stderr)
        return 3
