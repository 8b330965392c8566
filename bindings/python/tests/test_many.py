"""Thousands of commands in one call, and many threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import create_premiere

import ticketcore


def big_house(rows: int, seats: int) -> ticketcore.SeatMap:
    builder = ticketcore.SeatMapBuilder("Arena", focal_point=(0, 0))
    builder.category("all", name="All seats")
    for row in range(rows):
        builder.row(str(row + 1), seats, category="all", start=(0, row))
    return builder.build()


def create_rush(office: ticketcore.BoxOffice, rows: int = 100, seats: int = 40) -> ticketcore.Event:
    from datetime import datetime, timezone

    return office.create_event(
        "rush",
        seat_map=big_house(rows, seats),
        prices=ticketcore.PriceList("EUR", {"all": {"adult": 50}}),
        starts_at=datetime(2027, 6, 1, 20, tzinfo=timezone.utc),
        policy=ticketcore.SalePolicy(holds_per_holder=100_000, places_per_holder=1_000_000),
    )


def test_a_thousand_holds_in_one_call_are_answered_each_at_its_place(office: ticketcore.BoxOffice) -> None:
    event = create_rush(office)
    before = event.revision
    wishes = [(f"{row}-{seat}", f"{row}-{seat + 1}") for row in range(1, 101) for seat in range(1, 22, 2)]
    wishes[5] = wishes[4]
    wishes[6] = ("1-1", "nowhere")
    answers = event.hold_many(wishes, holder=[f"cart-{number}" for number in range(len(wishes))])
    assert len(answers) == 1100
    assert event.revision == before + 1
    for number, (wish, answer) in enumerate(zip(wishes, answers)):
        if number == 5:
            assert isinstance(answer, ticketcore.PlaceTaken)
            assert answer.details.places == wish
        elif number == 6:
            assert isinstance(answer, ticketcore.PlaceUnknown)
            assert answer.details.places == ("nowhere",)
        else:
            assert isinstance(answer, ticketcore.Hold)
            assert (answer.places, answer.holder) == (wish, f"cart-{number}")


def test_a_whole_sale_in_five_calls(office: ticketcore.BoxOffice, event: ticketcore.Event) -> None:
    holds = event.hold_many([["Hall-A-1"], ["Hall-A-2", "Hall-A-3"], ["Hall-A-1"]], holder="party")
    quotes = event.quote_many(
        [(hold, {"adult": len(hold.places)}) for hold in holds if isinstance(hold, ticketcore.Hold)]
    )
    orders = event.check_out_many(
        [quote for quote in quotes if isinstance(quote, ticketcore.Quote)], method="card"
    )
    assert [len(order.tickets) for order in orders if isinstance(order, ticketcore.Order)] == [1, 2]
    codes = [
        ticket.code for order in orders if isinstance(order, ticketcore.Order) for ticket in order.tickets
    ]
    scans = event.check_in_many([*codes[:2], "no code", codes[0]], gate="north")
    assert [type(scan).__name__ for scan in scans] == [
        "Admission",
        "Admission",
        "CodeInvalid",
        "TicketAdmitted",
    ]
    refunds = event.refund_many([order for order in orders if isinstance(order, ticketcore.Order)])
    # the third of the three is not in
    assert [type(refund).__name__ for refund in refunds] == ["TicketAdmitted", "Refund"]
    more = event.hold_many([["Hall-A-5"]], holder="party")
    party = [hold for hold in more if isinstance(hold, ticketcore.Hold)]
    event.quote_many([(hold, {"adult": 1}) for hold in party])
    sold = event.check_out_many([*party, ticketcore.new_request_id()], method="cash")
    assert [type(answer).__name__ for answer in sold] == ["Order", "HoldNotFound"]
    more = event.hold_many([["Hall-A-6"]], holder="party")
    assert (
        event.release_many(
            [*[hold for hold in more if isinstance(hold, ticketcore.Hold)], ticketcore.new_request_id()]
        )[0]
        is None
    )


def test_no_commands_are_no_trouble(event: ticketcore.Event) -> None:
    assert event.hold_many([], holder="nobody") == []
    assert event.release_many([]) == []


def test_what_is_wrong_with_one_of_many_is_raised_before_any_is_sent(event: ticketcore.Event) -> None:
    with pytest.raises(TypeError, match=r"places\[1\] must be a str, not 5 \(int\)"):
        event.hold_many([("Hall-A-1",), (5,)], holder="cart")  # type: ignore[arg-type]
    assert event.availability().status("Hall-A-1") == "free"


def test_threads_that_race_for_the_same_seats_get_each_of_them_once(office: ticketcore.BoxOffice) -> None:
    event = create_rush(office, rows=20, seats=20)
    got: list[str] = []
    lock = threading.Lock()

    def race(number: int) -> None:
        mine = []
        for place in event.seat_map.labels():
            try:
                mine.append(event.hold(place, holder=f"racer-{number}").places[0])
            except ticketcore.PlaceTaken:
                pass
        with lock:
            got.extend(mine)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(race, range(8)))
    assert sorted(got) == sorted(event.seat_map.labels())


def test_python_goes_on_while_the_core_waits(office: ticketcore.BoxOffice) -> None:
    """A thread inside the core must not keep the interpreter from others: here another thread's turn is what
    it waits for."""
    storage = ticketcore.MemoryStorage()
    with ticketcore.BoxOffice(storage) as second:
        event = create_premiere(second)
        turn = storage.take_turn([ticketcore.Position(b"event/premiere", 0)])
        started = threading.Event()

        def hold() -> ticketcore.Hold:
            started.set()
            return event.hold("Hall-A-1", holder="waits")

        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(hold)
            started.wait()
            assert not waiting.done()
            assert event.availability().status("Hall-A-1") == "free"
            turn.close()
            assert waiting.result(timeout=30).holder == "waits"
