"""Another seat map in the place of an event's that is selling."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from conftest import Clock, buy, create_premiere, prices

import ticketcore
import ticketcore.aio


def other_house(standing: int = 10) -> ticketcore.SeatMap:
    """Row B is gone, row C is new, and row A has two seats more, in front of the others."""
    builder = ticketcore.SeatMapBuilder("Rebuilt house", focal_point=(4, 0))
    builder.category("cheap", name="Cheap", color="#FF7F0E")
    builder.category("parquet", name="Parquet", color="#1F77B4")
    builder.section("Hall")
    labels = ["0", "00", *(str(number) for number in range(1, 9))]
    builder.row("A", labels, section="Hall", category="parquet", start=(0, 2), step=(1, 0))
    builder.row("C", 4, section="Hall", category="cheap", start=(0, 4), step=(1, 0))
    builder.table("T1", seats=6, at=(0, 6), category="parquet", section="Hall")
    builder.area("Standing", section="Hall", category="cheap", capacity=standing, center=(4, 8))
    return builder.build()


def test_places_stay_what_they_are_by_their_labels(event: ticketcore.Event) -> None:
    order = buy(event, "Hall-A-3")
    hold = event.hold("Hall-A-4", areas={"Hall-Standing": 2}, holder="cart")
    before = event.availability()
    at = event.seat_map["Hall-A-3"]
    event.replace_map(other_house())
    after = event.availability()
    assert (after.seat_map.name, after.seat_map.capacity) == ("Rebuilt house", 10 + 4 + 1 + 10)
    assert before.seat_map.name == "Little house" and before.status("Hall-B-1") == "free"
    assert [after.status(label) for label in ("Hall-A-3", "Hall-A-4", "Hall-A-0")] == ["sold", "held", "free"]
    assert isinstance(at, ticketcore.Place)
    assert event.seat_map.places[2].label == before.seat_map.places[2].label == at.label
    with pytest.raises(KeyError):
        after.status("Hall-B-1")
    retired = [place.label for place in event.seat_map.places if place.retired]
    assert len(retired) == 8 and retired[0] == "Hall-B-1"
    assert sum(after.counts) == event.seat_map.capacity
    assert set(after.to_numpy()[[place.retired for place in event.seat_map.places]]) == {
        after.STATUSES.index("retired")
    }
    with pytest.raises(ticketcore.PlaceUnknown):
        event.hold("Hall-B-1", holder="other")
    assert event.hold("Hall-C-1", "Hall-A-00", holder="other").places == ("Hall-C-1", "Hall-A-00")
    assert event.hold_many([["Hall-C-2"]], holder="other")[0].places == ("Hall-C-2",)
    assert event.find_hold(hold.id) == hold and event.find_order(order.id) == order
    # In the hall's order, though they came after the others.
    event.hold("Hall-A-0", holder="late")
    assert [seat.place for seat in event.seating()][:3] == ["Hall-A-0", "Hall-A-00", "Hall-A-3"]
    changes = ticketcore.ChangeFeed(event).since()
    assert len(changes.places) == 15 and "retired" not in changes.places.values()


def test_what_is_sold_and_would_go_is_named_or_exchanged(event: ticketcore.Event) -> None:
    order = buy(event, "Hall-B-3")
    hold = event.hold("Hall-B-5", holder="cart")
    standing = event.hold(areas={"Hall-Standing": 6}, holder="cart")
    revision = event.revision
    with pytest.raises(ticketcore.PlacesInUse) as refused:
        event.replace_map(other_house(standing=5))
    assert sorted(refused.value.details.places) == ["Hall-B-3", "Hall-B-5", "Hall-Standing"]
    assert (event.revision, event.seat_map.name) == (revision, "Little house")
    event.release(standing)
    twice = {"Hall-B-3": "Hall-A-1", "Hall-B-5": "Hall-A-1"}
    for bad in (twice, {"Hall-B-3": "Hall-B-4"}, {"Hall-A-1": "Hall-C-1"}):
        with pytest.raises(ticketcore.Refused):
            event.replace_map(other_house(), bad)
    event.replace_map(other_house(), {"Hall-B-3": "Hall-C-3", "Hall-B-5": "Hall-A-5"})
    moved = event.find_order(order.id)
    assert moved is not None
    assert [ticket.place for ticket in moved.tickets] == ["Hall-C-3"]
    assert moved.total == order.total and moved.tickets[0].price == order.tickets[0].price
    held = event.find_hold(hold.id)
    assert held is not None and held.places == ("Hall-A-5",)
    assert event.check_in(order.tickets[0].code, gate="north").place == "Hall-C-3"
    assert event.availability().status("Hall-C-3") == "sold"


def test_a_map_is_replaced_from_asyncio_and_seen_by_others(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "house.db"
    with ticketcore.open(path, clock=clock) as office:
        event = create_premiere(office)

        async def replace() -> None:
            async with ticketcore.aio.open(path, clock=clock) as other:
                await (await other.event("premiere")).replace_map(other_house())

        asyncio.run(replace())
        assert event.seat_map.name == "Little house"
        event.refresh()
        assert event.seat_map.name == "Rebuilt house"
        assert event.hold("Hall-C-1", holder="cart").places == ("Hall-C-1",)


def test_a_map_is_named_in_its_type(event: ticketcore.Event) -> None:
    with pytest.raises(TypeError):
        event.replace_map("house.json")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="exchanges"):
        event.replace_map(other_house(), {"Hall-B-1": 7})  # type: ignore[dict-item]
    assert prices().currency == event.currency
