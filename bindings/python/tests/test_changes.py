"""What changes in availability, who sits where, and what became of a hold."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from conftest import Clock, buy, create_premiere, little_house, prices

import ticketcore
import ticketcore.aio

SECOND = timedelta(seconds=1)


def test_a_reader_starts_with_the_whole_and_goes_on(event: ticketcore.Event) -> None:
    feed = ticketcore.ChangeFeed(event)
    first = feed.since()
    assert first.whole and first.on_sale and first
    assert set(first.places.values()) == {"free"} and len(first.places) == 17
    assert first.areas == {"Hall-Standing": ticketcore.Counts(10, 0, 0, 0)}
    assert not feed.show()
    assert not feed.since(first.position)

    hold = event.hold("Hall-A-3", areas={"Hall-Standing": 4}, holder="cart")
    assert feed.show()
    held = feed.since(first.position)
    assert (held.whole, held.places) == (False, {"Hall-A-3": "held"})
    assert held.areas == {"Hall-Standing": ticketcore.Counts(6, 4, 0, 0)}
    event.release(hold)
    buy(event, "Hall-B-8")
    assert feed.show()
    assert feed.since(first.position).places == {"Hall-A-3": "free", "Hall-B-8": "sold"}
    for unknown in ("nonsense", "999-1", "1-5"):
        assert feed.since(unknown).whole
    with pytest.raises(TypeError, match="position"):
        feed.since(17)  # type: ignore[arg-type]


def test_a_deadline_that_passes_is_news(event: ticketcore.Event, clock: Clock) -> None:
    event.hold("Hall-A-1", holder="cart", ttl=timedelta(seconds=60))
    feed = ticketcore.ChangeFeed(event)
    held = feed.since()
    assert held.places["Hall-A-1"] == "held"
    clock.advance(timedelta(seconds=60))
    assert not feed.wait(timedelta(0))  # another process may be selling it, in a turn that began in time
    clock.advance(SECOND)
    assert feed.wait(timedelta(0))
    assert feed.since(held.position).places == {"Hall-A-1": "free"}


def test_changes_are_followed_as_they_come(tmp_path: Path) -> None:
    url = tmp_path / "box.db"
    with ticketcore.open(url) as office, ticketcore.open(url) as other:
        event = create_premiere(office)
        feed = ticketcore.ChangeFeed(event)
        position = feed.since().position
        seller = threading.Thread(target=buy, args=(other.event("premiere"), "Hall-A-1"))
        seen: dict[str, str] = {}
        first = True
        for changes in feed.follow(position):
            if first:
                assert not changes
                seller.start()
            first = False
            seen.update(changes.places)
            position = changes.position
            if seen.get("Hall-A-1") == "sold":
                break
        seller.join()
        other.event("premiere").hold("Hall-A-2", holder="cart")
        followed = feed.follow(position, timeout=timedelta(milliseconds=10))
        assert [changes.places for changes in followed] == [{"Hall-A-2": "held"}]
        event.stop_sale()
        assert not next(feed.follow(feed.since().position)).on_sale


def test_a_position_goes_on_in_another_process(tmp_path: Path) -> None:
    url = tmp_path / "box.db"
    with ticketcore.open(url) as office, ticketcore.open(url) as other:
        event = create_premiere(office)
        here, there = ticketcore.ChangeFeed(event), ticketcore.ChangeFeed(other.event("premiere"))
        there.since()
        event.hold("Hall-A-1", holder="cart")
        here.wait(timedelta(0))
        there.wait(timedelta(0))
        told = here.since()
        event.hold("Hall-A-2", holder="cart")
        there.wait(timedelta(0))
        changes = there.since(told.position)
        assert changes.whole or changes.places == {"Hall-A-2": "held"}
        assert {**told.places, **changes.places} == there.since().places


def test_asyncio_follows_too() -> None:
    async def main() -> None:
        async with ticketcore.aio.open("memory:") as office:
            at = datetime(2027, 1, 31, 19, 30, tzinfo=timezone.utc)
            event = await office.create_event(
                "premiere", seat_map=little_house(), prices=prices(), starts_at=at
            )
            feed = ticketcore.aio.ChangeFeed(event)
            assert feed.since().whole and feed.sync.since().whole
            hold = await event.hold("Hall-A-1", holder="cart")
            assert await feed.wait(timedelta(0)) and not feed.show()
            position = feed.since().position
            moment = timedelta(milliseconds=1)
            assert [changes.places async for changes in feed.follow(position, timeout=moment)] == [{}]
            await event.release(hold)
            followed = feed.follow(position, timeout=moment)
            assert [changes.places async for changes in followed] == [{"Hall-A-1": "free"}]
            outcome = await event.hold_outcome(hold)
            assert outcome is not None and outcome.end == "released"
            assert await event.seating() == []

    asyncio.run(main())


def test_a_hold_says_what_became_of_it(event: ticketcore.Event, clock: Clock) -> None:
    assert event.hold_outcome(ticketcore.new_request_id()) is None
    hold = event.hold("Hall-A-1", holder="cart")
    outcome = event.hold_outcome(hold)
    assert outcome is not None and (outcome.end, outcome.order, outcome.order_number) == ("open", None, None)
    event.quote(hold, {"adult": 1})
    order = event.check_out(hold, method="cash")
    outcome = event.hold_outcome(hold.id)
    assert outcome is not None and outcome.to_dict() == {
        "end": "checked_out",
        "order": order.id,
        "order_number": 1,
    }
    with pytest.raises(ticketcore.HoldCheckedOut) as refused:
        event.release(hold)
    assert (refused.value.details.order, refused.value.details.order_number) == (order.id, 1)
    assert refused.value.to_dict()["order"] == order.id
    slow = event.hold("Hall-A-2", holder="cart", ttl=SECOND)
    clock.advance(timedelta(seconds=2))
    event.refresh()
    outcome = event.hold_outcome(slow)
    assert outcome is not None and outcome.end == "expired"


def test_a_seating_list_has_whoever_has_a_place(event: ticketcore.Event, clock: Clock) -> None:
    order = buy(event, "Hall-B-2", "Hall-A-4")
    event.check_in(order.tickets[0].code, gate="north")
    hold = event.hold("Hall-A-8", areas={"Hall-Standing": 3}, holder="cart")
    seats = event.seating()
    assert [(seat.place, seat.status, seat.quantity) for seat in seats] == [
        ("Hall-A-4", "sold", 1),
        ("Hall-A-8", "held", 1),
        ("Hall-B-2", "admitted", 1),
        ("Hall-Standing", "held", 3),
    ]
    sold, held, admitted, standing = seats
    assert (sold.section, sold.row, sold.seat, sold.category, sold.ticket_type) == (
        "Hall",
        "A",
        "4",
        "parquet",
        "adult",
    )
    assert (sold.ticket, sold.order_number, sold.holder, sold.admitted_at) == (
        order.tickets[1].id,
        1,
        "buyer",
        None,
    )
    assert (admitted.ticket, admitted.admitted_at, admitted.gate) == (order.tickets[0].id, clock.now, "north")
    assert (held.held_until, held.ticket, held.order_number, held.holder) == (
        hold.expires_at,
        None,
        None,
        "cart",
    )
    assert standing.row == "" and standing.to_dict()["held_until"] == hold.expires_at


def test_settings_that_are_in_use_are_refused_by_name(event: ticketcore.Event) -> None:
    event.hold("Hall-A-1", holder="cart")
    with pytest.raises(ticketcore.SettingsInUse):
        event.configure(prices=ticketcore.PriceList("EUR", {"parquet": {"adult": 10}}))
