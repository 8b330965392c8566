"""What is known of an event as rows and columns: availability, orders, tickets, the log."""

from __future__ import annotations

import dataclasses
import json
import re
import struct
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Optional

from ticketcore import _core
from ticketcore._seat_map import SeatMap

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd


class Counts(NamedTuple):
    """Numbers of places or admissions by status. They add up to the capacity."""

    free: int
    held: int
    sold: int
    killed: int


class Availability:
    """An event's places at one revision and one moment. It never changes; ask the event for a newer one.

    A hold whose deadline has passed at that moment is free, whether or not the log says so yet.
    """

    STATUSES: ClassVar[tuple[str, ...]] = ("free", "held", "sold", "killed", "retired")
    """What the numbers of to_numpy() mean."""

    def __init__(self, core: _core.Availability, at: datetime, name: str, seat_map: SeatMap) -> None:
        self._core = core
        self.at = at
        """The moment that it answers for."""
        self._name = name
        self._seat_map = seat_map

    @property
    def revision(self) -> int:
        """The log's revision that it reflects."""
        return self._core.revision

    @property
    def time(self) -> datetime:
        """When the newest turn was taken that it reflects. Up to this moment its answers hold for good;
        later, if nothing was committed since (Event.age): another process may have sold a hold before the
        deadline at which it ends here."""
        return self._core.time

    @property
    def seat_map(self) -> SeatMap:
        """The event's seat map."""
        return self._seat_map

    @property
    def counts(self) -> Counts:
        """The whole house."""
        return Counts(*self._core.total(self.at))

    def status(self, label: str) -> str:
        """'free', 'held', 'sold' or 'killed'. Raises KeyError for a label that no place has."""
        return self._core.status(label, self.at)

    def area(self, label: str) -> Counts:
        """How a standing area sells. Raises KeyError for a label that no area has."""
        return Counts(*self._core.area(label, self.at))

    def category(self, key: str) -> Counts:
        """How places and areas of a category sell. Raises KeyError for a key that no category has."""
        return Counts(*self._core.category(key, self.at))

    def to_numpy(self) -> npt.NDArray[np.uint8]:
        """The status of each place by its index, as numbers: positions in STATUSES. Read-only."""
        import numpy

        codes: npt.NDArray[np.uint8] = numpy.frombuffer(
            memoryview(self._core.codes(self.at)), dtype=numpy.uint8
        )
        return codes

    def to_pandas(self) -> pd.DataFrame:
        """SeatMap.to_pandas() with a column status. Needs pandas."""
        import pandas

        frame = self._seat_map.to_pandas()
        frame["status"] = pandas.Categorical.from_codes(
            self.to_numpy().astype("i4"), categories=pandas.Index(self.STATUSES)
        )
        return frame

    def svg(self, *, title: Optional[str] = None, width: int = 1200) -> str:
        """The seat map with the status of each place and the first ticket type's prices: an SVG document. The
        title is the event's name if None."""
        return self._core.svg(self.at, self._name if title is None else title, width)

    def _repr_svg_(self) -> str:
        return self.svg()

    def __repr__(self) -> str:
        counts = self.counts
        return (
            f"<Availability of {self._name!r} at revision {self.revision}: {counts.free} free, {counts.held}"
            f" held, {counts.sold} sold>"
        )


_ORDER_FIELDS = [
    ("id_high", "u8"), ("id_low", "u8"), ("placed_at", "M8[us]"), ("total", "i8"), ("tax", "i8"), ("refunded",
     "i8"), ("fee_per_ticket", "i8"), ("fee_per_order", "i8"),
    ("number", "u4"), ("tickets", "u4"), ("live_tickets", "u4"), ("holder", "u4"), ("payment_method", "u4"),
     ("first_ticket", "u4"),
]  # fmt: skip
_TICKET_FIELDS = [
    ("price", "i8"), ("admitted_at", "M8[us]"), ("order", "u4"), ("number", "u4"), ("place", "i4"), ("area",
     "i4"), ("gate", "i4"), ("ticket_type", "u2"), ("refunded", "?"),
    ("admitted", "?"),
]  # fmt: skip


class TicketRow(NamedTuple):
    """One ticket of the books."""

    id: str
    order_number: int
    place: Optional[int]
    """Its index in the seat map; None in an area."""
    area: Optional[int]
    """Its index in the seat map; None in a place."""
    ticket_type: str
    price: Decimal
    refunded: bool
    admitted: bool


class Books:
    """All orders and tickets of an event, of one moment."""

    holders: tuple[str, ...]
    """What the field holder of orders is an index of."""
    short_names: tuple[str, ...]
    """What the fields payment_method of orders and gate of tickets are indices of."""
    ticket_types: tuple[str, ...]
    """What the field ticket_type of tickets is an index of."""
    currency: str
    """Of all amounts: a code of ISO 4217."""
    seat_map: SeatMap
    """What the fields place and area of tickets are indices of."""

    def __init__(self, books: _core._Books) -> None:
        (
            self._orders,
            self._tickets,
            self.holders,
            self.short_names,
            self.ticket_types,
            self.currency,
            self._exponent,
            seat_map,
        ) = books
        self.seat_map = SeatMap(seat_map)

    def orders_to_numpy(self) -> npt.NDArray[np.void]:
        """One row for each order, without a further copy. Amounts are minor units; id_high and id_low are the
        halves of the order's id."""
        import numpy

        rows: npt.NDArray[np.void] = numpy.frombuffer(memoryview(self._orders), dtype=_ORDER_FIELDS)
        return rows

    def tickets_to_numpy(self) -> npt.NDArray[np.void]:
        """One row for each ticket, refunded ones too, without a further copy. order is an index of orders;
        place is -1 in an area, area -1 in a place, gate -1 and admitted_at NaT before admission."""
        import numpy

        rows: npt.NDArray[np.void] = numpy.frombuffer(memoryview(self._tickets), dtype=_TICKET_FIELDS)
        return rows

    def tickets(self) -> Iterator[TicketRow]:
        """All tickets, refunded ones too, one after the other; without NumPy."""
        orders = [
            _uuid_text(row[0], row[1])
            for row in struct.iter_unpack("=QQqqqqqqIIIIII", memoryview(self._orders))
        ]
        for price, _, order, number, place, area, _, ticket_type, refunded, admitted in struct.iter_unpack(
            "=qqIIiiiH??", memoryview(self._tickets)
        ):
            yield TicketRow(
                f"{orders[order]}-{number}",
                order + 1,
                None if place < 0 else place,
                None if area < 0 else area,
                self.ticket_types[ticket_type],
                Decimal(price).scaleb(-self._exponent),
                refunded,
                admitted,
            )

    def orders_to_pandas(self) -> pd.DataFrame:
        """The orders as a data frame by their numbers, amounts as Decimal. Needs pandas."""
        import pandas

        rows = self.orders_to_numpy()
        columns: dict[str, Any] = {
            "id": [_uuid_text(int(high), int(low)) for high, low in zip(rows["id_high"], rows["id_low"])],
            "holder": [self.holders[index] for index in rows["holder"]],
            "placed_at": _utc(rows["placed_at"]),
            "tickets": rows["tickets"],
            "live_tickets": rows["live_tickets"],
            **{name: self._decimals(rows[name]) for name in ("total", "tax", "refunded")},
            "payment_method": [self.short_names[index] for index in rows["payment_method"]],
        }
        return pandas.DataFrame(columns, index=pandas.Index(rows["number"], name="number"))

    def tickets_to_pandas(self) -> pd.DataFrame:
        """The tickets as a data frame by their ids, prices as Decimal. Needs pandas."""
        import pandas

        rows = self.tickets_to_numpy()
        orders = self.orders_to_numpy()
        places, areas = self.seat_map.labels(), [area.label for area in self.seat_map.areas]
        ids = [_uuid_text(int(high), int(low)) for high, low in zip(orders["id_high"], orders["id_low"])]
        columns: dict[str, Any] = {
            "order_number": rows["order"] + 1,
            "place": [
                places[place] if place >= 0 else areas[area]
                for place, area in zip(rows["place"], rows["area"])
            ],
            "ticket_type": [self.ticket_types[index] for index in rows["ticket_type"]],
            "price": self._decimals(rows["price"]),
            "refunded": rows["refunded"],
            "admitted": rows["admitted"],
            "admitted_at": _utc(rows["admitted_at"]),
            "gate": [self.short_names[index] if index >= 0 else "" for index in rows["gate"]],
        }
        labels = [f"{ids[order]}-{number}" for order, number in zip(rows["order"], rows["number"])]
        return pandas.DataFrame(columns, index=pandas.Index(labels, name="id"))

    def _decimals(self, minor: npt.NDArray[Any]) -> list[Decimal]:
        return [Decimal(int(amount)).scaleb(-self._exponent) for amount in minor]

    def __repr__(self) -> str:
        return (
            f"<Books: {memoryview(self._orders).nbytes // 88} orders,"
            f" {memoryview(self._tickets).nbytes // 40} tickets>"
        )


def _uuid_text(high: int, low: int) -> str:
    digits = f"{high:016x}{low:016x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _utc(times: npt.NDArray[Any]) -> pd.DatetimeIndex:
    import pandas

    return pandas.DatetimeIndex(times).tz_localize("UTC")


@dataclasses.dataclass(frozen=True)
class Fact:
    """Something that happened to an event, as the log has it."""

    revision: int
    """Of the entry that holds it."""
    turn: datetime
    """When it was decided, in UTC."""
    kind: str
    """'hold_placed', 'order_placed', 'ticket_admitted', ..."""
    request: Optional[str]
    """The request that it answers; None for what time brought about."""
    details: Mapping[str, Any]
    """The rest, with labels and amounts as people read them."""


_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{6}))?Z")


def _time(text: str) -> datetime:
    match = _TIME.fullmatch(text)
    if match is None:  # a damaged file may have a moment that no calendar has
        return (
            datetime.max.replace(tzinfo=timezone.utc)
            if text.startswith("@") and not text.startswith("@-")
            else datetime.min.replace(tzinfo=timezone.utc)
        )
    year, month, day, hour, minute, second, micros = match.groups(default="0")
    return datetime(
        int(year), int(month), int(day), int(hour), int(minute), int(second), int(micros), tzinfo=timezone.utc
    )


class Log:
    """An event's log, read when it is iterated: each time from the beginning, up to where it ends by then."""

    def __init__(self, storage: Any, event: str, from_revision: int) -> None:
        if not isinstance(from_revision, int) or from_revision < 0:
            raise ValueError(f"from_revision is {from_revision!r}; it must be an int of zero or more")
        _core.LogReader(storage, event)  # says now what is wrong with the arguments
        self._storage = storage
        self._event = event
        self._from_revision = from_revision

    def lines(self) -> Iterator[str]:
        """The facts as JSON, one text each."""
        reader = _core.LogReader(self._storage, self._event)
        while (facts := reader.next(self._from_revision)) is not None:
            yield from facts

    def __iter__(self) -> Iterator[Fact]:
        for line in self.lines():
            fact = json.loads(line)
            yield Fact(
                fact.pop("revision"),
                _time(fact.pop("turn")),
                fact.pop("fact"),
                fact.pop("request", None),
                fact,
            )

    def to_numpy(self) -> npt.NDArray[np.void]:
        """One row for each fact: revision, turn (UTC), kind."""
        import numpy

        rows = [(fact.revision, fact.turn.replace(tzinfo=None), fact.kind) for fact in self]
        return numpy.array(rows, dtype=[("revision", "u8"), ("turn", "M8[us]"), ("kind", "U24")])

    def to_pandas(self) -> pd.DataFrame:
        """One row for each fact, its details in columns. Needs pandas."""
        import pandas

        frame = pandas.DataFrame(
            [
                {
                    "revision": fact.revision,
                    "turn": fact.turn,
                    "kind": fact.kind,
                    "request": fact.request,
                    **fact.details,
                }
                for fact in self
            ]
        )
        return (
            frame if len(frame.columns) else pandas.DataFrame(columns=["revision", "turn", "kind", "request"])
        )

    def __repr__(self) -> str:
        return f"<Log of {self._event!r} from revision {self._from_revision}>"


class Takings(NamedTuple):
    """Of one category and ticket type, refunds not taken off."""

    tickets: int
    amount: Decimal


@dataclasses.dataclass(frozen=True)
class AuditReport:
    """What replaying an event's whole log proved."""

    event: str
    revision: int
    """The last entry that could be read and applied."""
    bytes: int
    facts: Mapping[str, int]
    """By kind."""
    takings: Mapping[str, Takings]
    """By "category, ticket type"."""
    orders: int
    fees: Decimal
    paid: Decimal
    refunded: Decimal
    currency: Optional[str]
    problems: tuple[str, ...]
    """What is wrong. Empty when all is proven."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def audit(storage: Any, event: str) -> AuditReport:
    """The report of the core's audit."""
    report = _core.audit(storage, event)
    report["takings"] = {name: Takings(*taking) for name, taking in report["takings"].items()}
    return AuditReport(**report)
