"""Memory does not grow with what was sold and given back: a million holds, in calls of a thousand."""

from __future__ import annotations

import gc
from datetime import timedelta
from pathlib import Path

from conftest import Clock
from test_many import create_rush

import ticketcore


def resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * 4096


def test_a_million_holds_leave_no_more_behind_than_the_first_hundred_thousand(tmp_path: Path) -> None:
    clock = Clock()
    storage = ticketcore.SqliteStorage(tmp_path / "box.db", synchronous="normal", clock=clock)
    with ticketcore.BoxOffice(storage, clock=clock) as office:
        event = create_rush(office, rows=50, seats=40)
        wishes = [(label,) for label in event.seat_map.labels()]
        assert len(wishes) == 2000

        def hold_and_release(times: int) -> None:
            for _ in range(times):
                # Requests are remembered for a day of the event's time; a round lasts an hour of it.
                clock.advance(timedelta(hours=1))
                holds = event.hold_many(wishes, holder="cart")
                assert all(isinstance(hold, ticketcore.Hold) for hold in holds)
                event.release_many([hold for hold in holds if isinstance(hold, ticketcore.Hold)])

        hold_and_release(50)
        gc.collect()
        before = resident_bytes()
        hold_and_release(450)
        gc.collect()
        grown = resident_bytes() - before
        assert event.revision > 1000
        assert grown < 8_000_000, f"{grown} bytes more after 900,000 further holds"
    storage.close()


def test_refusals_and_single_calls_leave_nothing_behind() -> None:
    clock = Clock()
    storage = ticketcore.MemoryStorage(clock=clock)
    with ticketcore.BoxOffice(storage, clock=clock) as office:
        event = create_rush(office, rows=2, seats=10)
        event.hold("1-1", holder="cart", ttl=timedelta(days=300))

        def refuse(times: int) -> None:
            for _ in range(times):
                try:
                    event.hold("nowhere", "1-1", holder="late")
                except ticketcore.PlaceUnknown:
                    pass
                event.availability().counts  # noqa: B018
                repr(event.find_hold(ticketcore.new_request_id()))

        refuse(2_000)
        gc.collect()
        before = resident_bytes()
        refuse(20_000)
        gc.collect()
        assert resident_bytes() - before < 2_000_000
