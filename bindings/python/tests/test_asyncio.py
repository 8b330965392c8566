"""asyncio: the same words, awaited; one thread, whatever the number of calls."""

from __future__ import annotations

import asyncio
import gc
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from conftest import little_house, prices
from test_many import big_house

import ticketcore
import ticketcore.aio

AT = datetime(2027, 1, 31, 19, 30, tzinfo=timezone.utc)


async def create(
    office: ticketcore.aio.BoxOffice, seat_map: ticketcore.SeatMap | None = None
) -> ticketcore.aio.Event:
    if seat_map is None:
        return await office.create_event("premiere", seat_map=little_house(), prices=prices(), starts_at=AT)
    return await office.create_event(
        "rush",
        seat_map=seat_map,
        prices=ticketcore.PriceList("EUR", {"all": {"adult": 50}}),
        starts_at=AT,
        policy=ticketcore.SalePolicy(holds_per_holder=100_000, places_per_holder=1_000_000),
    )


def test_a_whole_sale() -> None:
    async def main() -> None:
        async with ticketcore.aio.open("memory:", signing_key=ticketcore.SigningKey.generate()) as office:
            event = await create(office)
            assert await office.events() == ["premiere"]
            assert (await office.event("premiere")).name == "premiere"
            hold = await event.hold("Hall-A-1", areas={"Hall-Standing": 1}, holder="cart")
            assert await event.extend(hold, timedelta(minutes=20)) > hold.expires_at
            quote = await event.quote(hold, {"adult": 2})
            order = await event.check_out(hold, method="card")
            assert order.total == quote.total
            assert await event.find_order(order.id) == order
            assert event.availability().status("Hall-A-1") == "sold"
            assert (await event.check_in(order.tickets[0].code, gate="north")).place == "Hall-A-1"
            assert (await event.refund(order, [order.tickets[1]])).tickets == (order.tickets[1].id,)
            best = await event.hold_best(2, "parquet", holder="cart")
            assert await event.find_hold(best) == best
            await event.release(best)
            with pytest.raises(ticketcore.HoldReleased):
                await event.release(best)
            with pytest.raises(ticketcore.PlaceUnknown):
                await event.hold("nowhere", holder="cart")
            await event.configure(name="Derniere")
            await event.stop_sale()
            assert (event.name, event.on_sale) == ("Derniere", False)
            await event.start_sale()
            await event.refresh()
            assert not await event.wait_for_news(timedelta(0))
            assert event.sync.audit().ok

    asyncio.run(main())


def test_a_thousand_calls_at_once_take_no_thread_each_and_few_turns(tmp_path: Path) -> None:
    async def main() -> None:
        async with ticketcore.aio.open(tmp_path / "box.db") as office:
            event = await create(office, big_house(60, 40))
            threads = threading.active_count()
            revision = event.revision
            calls = [
                asyncio.ensure_future(event.hold(f"{row}-{seat}", holder="cart"))
                for row in range(1, 27)
                for seat in range(1, 41)
            ]
            await asyncio.sleep(0)
            assert threading.active_count() == threads
            holds = await asyncio.gather(*calls)
            assert len({hold.places for hold in holds}) == 26 * 40
            assert event.revision - revision < 100
            assert event.availability().counts.held == 26 * 40

    asyncio.run(main())


def test_a_call_that_is_cancelled_may_take_place_all_the_same_and_its_request_tells() -> None:
    async def main() -> None:
        async with ticketcore.aio.open("memory:") as office:
            event = await create(office)
            request = ticketcore.new_request_id()
            call = asyncio.ensure_future(event.hold("Hall-A-1", holder="cart", request=request))
            await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert (await event.hold("Hall-A-1", holder="cart", request=request)).id == request

    asyncio.run(main())


def test_calls_under_way_are_answered_when_the_box_office_closes() -> None:
    async def main() -> list[object]:
        office = ticketcore.aio.open("memory:")
        event = await create(office, big_house(30, 40))
        calls = [asyncio.ensure_future(event.hold(label, holder="cart")) for label in event.seat_map.labels()]
        await asyncio.sleep(0)
        await office.close()
        assert office.closed
        answers: list[object] = list(
            await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), timeout=30)
        )
        with pytest.raises(ticketcore.Closed):
            await event.hold("1-1", holder="late")
        return answers

    answers = asyncio.run(main())
    assert len(answers) == 1200
    assert all(isinstance(answer, (ticketcore.Hold, ticketcore.Unavailable)) for answer in answers)


def test_one_box_office_serves_one_loop_after_another() -> None:
    office = ticketcore.aio.open("memory:")

    async def first() -> ticketcore.aio.Event:
        return await create(office)

    async def second(event: ticketcore.aio.Event) -> ticketcore.Hold:
        return await event.hold("Hall-A-1", holder="cart")

    event = asyncio.run(first())
    assert asyncio.run(second(event)).holder == "cart"
    assert event.sync.hold("Hall-A-2", holder="thread").holder == "thread"
    asyncio.run(office.close())


def test_a_loop_that_ends_with_calls_under_way_harms_nobody() -> None:
    office = ticketcore.aio.open("memory:")

    async def leave(event: ticketcore.aio.Event) -> None:
        event._ask(event._core.hold_command(("Hall-A-1",), None, "gone", timedelta(minutes=1), None))

    async def stay() -> ticketcore.aio.Event:
        return await create(office)

    event = asyncio.run(stay())
    asyncio.run(leave(event))
    gc.collect()
    asyncio.run(office.close())


def test_threads_and_coroutines_share_one_event() -> None:
    async def main() -> None:
        async with ticketcore.aio.open("memory:") as office:
            event = await create(office, big_house(20, 20))
            labels = event.seat_map.labels()

            def in_a_thread() -> int:
                got = 0
                for label in labels:
                    try:
                        event.sync.hold(label, holder="thread")
                        got += 1
                    except ticketcore.PlaceTaken:
                        pass
                return got

            async def try_to_hold(label: str) -> int:
                try:
                    await event.hold(label, holder="coroutine")
                    return 1
                except ticketcore.PlaceTaken:
                    return 0

            thread = asyncio.get_running_loop().run_in_executor(None, in_a_thread)
            here = sum(await asyncio.gather(*(try_to_hold(label) for label in labels)))
            assert here + await thread == len(labels)

    asyncio.run(main())
