"""A little house, an event in it, and a clock that stands until it is moved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

import ticketcore

ROOT = Path(__file__).resolve().parents[3]


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2027, 1, 10, 10, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


def little_house() -> ticketcore.SeatMap:
    """Rows A and B of eight seats, an aisle after the fourth; B-1 is a wheelchair place with its companion on
    B-2; a whole table; 10 standing."""
    builder = ticketcore.SeatMapBuilder("Little house", focal_point=(4, 0))
    builder.category("parquet", name="Parquet", color="#1F77B4")
    builder.category("cheap", name="Cheap", color="#FF7F0E")
    builder.section("Hall")
    builder.row("A", 8, section="Hall", category="parquet", start=(0, 2), step=(1, 0), aisle_before=["5"])
    builder.row(
        "B",
        8,
        section="Hall",
        category="cheap",
        start=(0, 3),
        step=(1, 0),
        aisle_before=["5"],
        accessible=["1"],
        companion=["2"],
    )
    builder.table("T1", seats=6, at=(0, 6), category="parquet", section="Hall")
    builder.area("Standing", section="Hall", category="cheap", capacity=10, center=(4, 8))
    return builder.build()


def prices() -> ticketcore.PriceList:
    return ticketcore.PriceList(
        "UAH",
        {"parquet": {"adult": "300.00", "child": "150.00"}, "cheap": {"adult": 100}},
        per_ticket="5.00",
        per_order="12.00",
        tax_percent=20,
    )


def create_premiere(
    office: ticketcore.BoxOffice, id: str = "premiere", **options: object
) -> ticketcore.Event:
    return office.create_event(
        id,
        name="Premiere",
        seat_map=little_house(),
        prices=prices(),
        starts_at=datetime(2027, 1, 31, 19, 30, tzinfo=timezone.utc),
        **options,
    )


def buy(event: ticketcore.Event, *places: str, holder: str = "buyer") -> ticketcore.Order:
    hold = event.hold(*places, holder=holder)
    quote = event.quote(hold, {"adult": len(places)})
    return event.check_out(hold, amount=quote.total, method="card", reference="ch_1")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def office(clock: Clock) -> Iterator[ticketcore.BoxOffice]:
    with ticketcore.open("memory:", clock=clock, signing_key=ticketcore.SigningKey.generate()) as office:
        yield office


@pytest.fixture
def event(office: ticketcore.BoxOffice) -> ticketcore.Event:
    return create_premiere(office)
