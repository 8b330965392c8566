"""Reading the log, proving it, and everything as arrays and frames."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import Clock, buy, create_premiere, little_house

import ticketcore

numpy = pytest.importorskip("numpy")
pandas = pytest.importorskip("pandas")


def sell_a_bit(event: ticketcore.Event, clock: Clock) -> None:
    """Two orders (one ticket refunded, one admitted), a hold that is open, one expired, and a refusal, which
    leaves nothing."""
    event.hold("Hall-A-8", holder="late", ttl=timedelta(minutes=1))
    clock.advance(timedelta(seconds=90))
    hold = event.hold("Hall-A-1", areas={"Hall-Standing": 2}, holder="olha")
    event.check_out(hold, amount=event.quote(hold, {"adult": 3}).total, method="card", reference="ch_olha")
    order = buy(event, "Hall-B-5", "Hall-B-6", holder="petro")
    event.refund(order, [order.tickets[0]])
    event.hold("Hall-A-3", "Hall-A-4", holder="thinking")
    clock.advance(timedelta(minutes=1))
    event.check_in(order.tickets[1].code, gate="north")
    with pytest.raises(ticketcore.PlaceTaken):
        event.hold("Hall-A-1", holder="too-late")


def test_the_log_tells_the_story_fact_by_fact(event: ticketcore.Event, clock: Clock) -> None:
    sell_a_bit(event, clock)
    facts = list(event.log())
    assert [fact.kind for fact in facts] == [
        "event_created", "hold_placed", "hold_expired", "hold_placed", "hold_quoted", "order_placed",
        "hold_placed", "hold_quoted", "order_placed", "tickets_refunded",
        "hold_placed", "ticket_admitted",
    ]  # fmt: skip
    assert facts[3].details["places"] == ["Hall-A-1"]
    assert facts[3].details["areas"] == [{"area": "Hall-Standing", "quantity": 2}]
    assert facts[2].request is None and facts[3].request is not None
    assert facts[-1].turn == clock.now
    assert facts[-1].details["gate"] == "north"
    log = event.log(from_revision=facts[5].revision)
    assert next(iter(log)) == facts[5]
    assert len(list(log)) == len(list(log)), "a log can be read again"
    assert json.loads(next(log.lines()))["fact"] == "order_placed"


def test_an_audit_proves_the_books(event: ticketcore.Event, clock: Clock) -> None:
    sell_a_bit(event, clock)
    report = event.audit()
    assert report.ok and report.problems == ()
    assert report.revision == event.revision
    assert report.facts["order_placed"] == 2
    assert report.takings["Parquet, adult"] == (1, Decimal("300.00"))
    assert report.takings["Cheap, adult"] == (4, Decimal("400.00"))
    assert (report.refunded, report.currency) == (Decimal("105.00"), "UAH")


def test_an_audit_tells_what_is_wrong(tmp_path: Path, clock: Clock) -> None:
    sqlite3 = pytest.importorskip("sqlite3")  # not every build of CPython has it
    with ticketcore.open(
        tmp_path / "box.db", clock=clock, signing_key=ticketcore.SigningKey.generate()
    ) as office:
        sell_a_bit(create_premiere(office), clock)
    with sqlite3.connect(tmp_path / "box.db") as database:
        database.execute("update entries set bytes = zeroblob(50) where key & 1099511627775 = 4")
    database.close()
    with ticketcore.open(tmp_path / "box.db") as office:
        with pytest.raises(ticketcore.StorageDamaged, match="entry 4 of event/premiere is damaged"):
            office.event("premiere")


def test_availability_is_an_array_by_place(event: ticketcore.Event, clock: Clock) -> None:
    sell_a_bit(event, clock)
    seen = event.availability()
    codes = seen.to_numpy()
    labels = event.seat_map.labels()
    assert codes.dtype == numpy.uint8 and len(codes) == len(labels) == len(event.seat_map)
    assert {labels[index]: seen.STATUSES[codes[index]] for index in numpy.flatnonzero(codes)} == {
        "Hall-A-1": "sold", "Hall-A-3": "held", "Hall-A-4": "held", "Hall-B-6": "sold",
    }  # fmt: skip
    with pytest.raises(ValueError, match="read-only"):
        codes[0] = 1
    later = event.availability()
    clock.advance(timedelta(hours=1))
    assert later.counts.held == 2 and event.availability().counts.held == 0
    frame = seen.to_pandas()
    assert frame.loc["Hall-B-1", "accessible"] and frame.loc["Hall-A-1", "status"] == "sold"
    assert frame.groupby("category", observed=True)["status"].count().to_dict() == {"parquet": 9, "cheap": 8}


def test_places_are_an_array_over_the_maps_own_memory() -> None:
    house = little_house()
    places = house.to_numpy()
    assert not places.flags.owndata and not places.flags.writeable
    again = house.to_numpy()
    assert numpy.shares_memory(places, again)
    expected = [(place.x * 1000, place.y * 1000, place.slot, place.seats) for place in house]
    del house
    assert [
        (x, y, slot, seats)
        for x, y, slot, seats in zip(places["x"], places["y"], places["slot"], places["seats"])
    ] == expected


def test_orders_and_tickets_are_arrays_and_frames(event: ticketcore.Event, clock: Clock) -> None:
    sell_a_bit(event, clock)
    books = event.books()
    orders, tickets = books.orders_to_numpy(), books.tickets_to_numpy()
    assert orders["total"].tolist() == [52_700, 22_200]
    assert orders["live_tickets"].tolist() == [3, 1]
    assert [books.holders[index] for index in orders["holder"]] == ["olha", "petro"]
    assert tickets["refunded"].tolist() == [False, False, False, True, False]
    assert tickets["area"].tolist() == [-1, 0, 0, -1, -1]
    assert numpy.isnat(tickets["admitted_at"]).tolist() == [True, True, True, True, False]
    frame = books.tickets_to_pandas()
    assert frame["place"].tolist() == ["Hall-A-1", "Hall-Standing", "Hall-Standing", "Hall-B-5", "Hall-B-6"]
    assert frame["gate"].tolist() == ["", "", "", "", "north"]
    assert frame["price"].sum() == Decimal("700.00")
    assert frame["admitted_at"].iloc[4] == clock.now
    by_number = books.orders_to_pandas()
    assert by_number.loc[1, "total"] == Decimal("527.00")
    order = event.find_order(by_number.loc[1, "id"])
    assert order is not None and order.number == 1
    assert frame.index[0] == order.tickets[0].id


def test_an_event_without_sales_has_empty_tables(event: ticketcore.Event) -> None:
    books = event.books()
    assert (
        len(books.orders_to_numpy())
        == len(books.tickets_to_numpy())
        == len(books.orders_to_pandas())
        == len(books.tickets_to_pandas())
        == 0
    )


def test_the_log_is_an_array_and_a_frame(event: ticketcore.Event, clock: Clock) -> None:
    sell_a_bit(event, clock)
    rows = event.log().to_numpy()
    assert rows["kind"][0] == "event_created"
    assert rows["revision"].tolist() == sorted(rows["revision"].tolist())
    assert (numpy.diff(rows["turn"]) >= numpy.timedelta64(0, "us")).all()
    frame = event.log().to_pandas()
    assert (frame["kind"] == "order_placed").sum() == 2
    assert frame["holder"].dropna().tolist() == ["late", "olha", "petro", "thinking"]
