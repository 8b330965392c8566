"""Closed, forked, called back into, from a subinterpreter, at the end of the program: a clear error, never a
crash."""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from conftest import buy, create_premiere
from list_storage import ListStorage, Store

import ticketcore

TESTS = Path(__file__).resolve().parent


def run_python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(program), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=TESTS,
        check=False,
    )


AFTER_CLOSE: list[Callable[[ticketcore.BoxOffice, ticketcore.Event, ticketcore.Order], Any]] = [
    lambda office, event, order: office.events(),
    lambda office, event, order: office.event("premiere"),
    lambda office, event, order: create_premiere(office, "second"),
    lambda office, event, order: office.erase_person("person"),
    lambda office, event, order: list(office),
    lambda office, event, order: event.hold("Hall-A-1", holder="late"),
    lambda office, event, order: event.hold_best(1, "parquet", holder="late"),
    lambda office, event, order: event.hold_many([("Hall-A-1",)], holder="late"),
    lambda office, event, order: event.release(ticketcore.new_request_id()),
    lambda office, event, order: event.quote(ticketcore.new_request_id(), {"adult": 1}),
    lambda office, event, order: event.check_out(ticketcore.new_request_id(), amount=1, method="card"),
    lambda office, event, order: event.refund(order),
    lambda office, event, order: event.check_in(order.tickets[0].code, gate="north"),
    lambda office, event, order: event.availability(),
    lambda office, event, order: event.name,
    lambda office, event, order: event.prices,
    lambda office, event, order: event.on_sale,
    lambda office, event, order: event.revision,
    lambda office, event, order: event.find_order(order),
    lambda office, event, order: event.find_hold(ticketcore.new_request_id()),
    lambda office, event, order: event.books(),
    lambda office, event, order: event.log(),
    lambda office, event, order: event.audit(),
    lambda office, event, order: event.refresh(),
    lambda office, event, order: event.reopen(),
    lambda office, event, order: event.save_snapshot(),
    lambda office, event, order: event.stop_sale(),
]


def test_after_closing_every_call_says_so() -> None:
    office = ticketcore.open("memory:", signing_key=ticketcore.SigningKey.generate())
    event = create_premiere(office)
    order = buy(event, "Hall-A-1")
    seen = event.availability()
    assert not office.closed
    office.close()
    office.close()
    assert office.closed
    for number, call in enumerate(AFTER_CLOSE):
        with pytest.raises(ticketcore.Closed, match="closed"):
            call(office, event, order)
            pytest.fail(f"call {number} went through")
    # What was handed out before stays what it was.
    assert order.tickets[0].svg().startswith("<svg")
    assert seen.counts.sold == 1
    assert event.id == "premiere"
    assert "closed" in repr(office) and "closed" in repr(event)


def test_a_box_office_that_is_forgotten_closes_itself(tmp_path: Path) -> None:
    office = ticketcore.open(tmp_path / "box.db")
    event = create_premiere(office)
    del office
    gc.collect()
    assert event.hold("Hall-A-1", holder="cart").holder == "cart", "an event keeps its box office"
    del event
    gc.collect()
    assert not (tmp_path / "box.db-wal").exists(), "the file was closed"


def test_closing_waits_for_calls_under_way() -> None:
    entered = threading.Event()

    class Announcing(ListStorage):
        def take_turn(self, streams: Sequence[ticketcore.Position]) -> ticketcore.Turn:
            entered.set()
            return super().take_turn(streams)

    store = Store()
    office = ticketcore.BoxOffice(Announcing(store))
    event = create_premiere(office)
    turn = ListStorage(store).take_turn([ticketcore.Position(b"event/premiere", 0)])
    entered.clear()
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(event.hold, "Hall-A-1", holder="waits")
        entered.wait()
        closing = pool.submit(office.close)
        while not office.closed:
            time.sleep(0.001)
        with pytest.raises(ticketcore.Closed):
            event.hold("Hall-A-2", holder="late")
        assert not closing.done()
        turn.close()
        assert waiting.result(timeout=30).holder == "waits"
        closing.result(timeout=30)


def test_a_forked_child_is_told_to_open_its_own_and_harms_nobody(tmp_path: Path) -> None:
    done = run_python(
        """
        import gc, os, sys, ticketcore
        from conftest import create_premiere
        file = sys.argv[1]
        office = ticketcore.open(file)
        event = create_premiere(office)
        storage = ticketcore.SqliteStorage(file)
        turn = storage.take_turn([ticketcore.Position(b"other", 0)])
        child = os.fork()
        if child == 0:
            hold = lambda: event.hold("Hall-A-1", holder="child")
            read = lambda: storage.read(b"other")
            for call in (hold, office.events, read, turn.now, lambda: event.name):
                try:
                    call()
                    os._exit(1)
                except ticketcore.ForkedError as error:
                    assert "fork" in str(error)
            office.close()
            storage.close()
            turn.close()
            del office, event, storage, turn
            gc.collect()
            with ticketcore.open(file + ".child") as own:
                create_premiere(own).hold("Hall-A-1", holder="child")
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        turn.commit([ticketcore.Append(b"other", 0, b"after the fork")])
        turn.close()
        assert event.hold("Hall-A-1", holder="parent").holder == "parent"
        office.close()
        print("both are well")
        """,
        str(tmp_path / "box.db"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "both are well" in done.stdout


def test_a_child_forked_while_threads_sell_can_open_its_own(tmp_path: Path) -> None:
    done = run_python(
        """
        import os, sys, threading, ticketcore
        from conftest import create_premiere
        office = ticketcore.open(sys.argv[1])
        event = create_premiere(office, policy=ticketcore.SalePolicy(holds_per_holder=1000))
        stop = threading.Event()
        def sell():
            while not stop.is_set():
                if event.availability().status("Hall-A-1") == "free":
                    event.release(event.hold("Hall-A-1", holder="seller"))
        seller = threading.Thread(target=sell)
        seller.start()
        for _ in range(20):
            child = os.fork()
            if child == 0:
                try:
                    event.hold("Hall-A-2", holder="child")
                except ticketcore.ForkedError:
                    with ticketcore.open("memory:") as own:
                        create_premiere(own).hold("Hall-A-1", holder="child")
                    os._exit(0)
                os._exit(1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        stop.set()
        seller.join()
        office.close()
        print("all are well")
        """,
        str(tmp_path / "box.db"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all are well" in done.stdout


def test_a_callback_that_calls_back_is_told_that_it_would_wait_for_ever() -> None:
    attempts: list[str] = []

    class Nosy(ListStorage):
        def list_streams(self, prefix: bytes) -> list[bytes]:
            for call in (office.events, office.close, lambda: event.hold("Hall-A-1", holder="storage")):
                try:
                    call()
                except RuntimeError as error:
                    attempts.append(str(error))
            return list(super().list_streams(prefix))

    office = ticketcore.open(Nosy(Store()))
    event = create_premiere(office)
    assert office.events() == ["premiere"]
    assert (
        len(attempts) == 3 and "wait for itself for ever" in attempts[0] and "can't close it" in attempts[1]
    )
    office.close()


def test_a_clock_that_raises_makes_its_turn_fail_and_the_next_one_is_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: shown.append(repr(what.exc_value)))
    answers: list[Any] = [datetime(2027, 1, 10, 10, tzinfo=timezone.utc)]

    def clock() -> Any:
        if isinstance(answers[-1], Exception):
            raise answers[-1]
        return answers[-1]

    with ticketcore.open("memory:", clock=clock) as office:
        event = create_premiere(office)
        answers.append(ZeroDivisionError("the clock is broken"))
        with pytest.raises(
            ticketcore.Unavailable, match="the clock failed: ZeroDivisionError: the clock is broken"
        ):
            event.hold("Hall-A-1", holder="cart")
        assert set(shown) == {"ZeroDivisionError('the clock is broken')"}
        answers.append("noon")
        with pytest.raises(
            ticketcore.Unavailable,
            match=r"what clock\(\) returned must be a datetime with a time zone, not 'noon'",
        ):
            event.hold("Hall-A-1", holder="cart")
        del answers[1:]
        assert event.hold("Hall-A-1", holder="cart").places == ("Hall-A-1",)


def test_on_trouble_hears_of_a_halt_and_may_raise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shown: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: shown.append(str(what.exc_value)))
    heard: list[tuple[str, str]] = []

    def on_trouble(event: str, what: str) -> None:
        heard.append((event, what))
        raise LookupError("nobody is at home")

    store = Store()
    with ticketcore.open(ListStorage(store), on_trouble=on_trouble) as office:
        event = create_premiere(office)
        store.streams[b"event/premiere"].append(ticketcore.Entry(2, 0, b"not an entry"))
        with pytest.raises(ticketcore.Halted, match="damaged"):
            event.hold("Hall-A-1", holder="cart")
        assert heard[0][0] == "premiere" and "damaged" in heard[0][1]
        assert shown == ["nobody is at home"]
        store.streams[b"event/premiere"].pop()
        event.reopen()
        assert event.hold("Hall-A-1", holder="cart").places == ("Hall-A-1",)


def test_a_subinterpreter_is_told_that_it_can_not() -> None:
    done = run_python("""
        try:
            import _interpreters as interpreters  # 3.13
        except ImportError:
            import _xxsubinterpreters as interpreters
        import sys
        program = '''
        try:
            import ticketcore
        except ImportError as error:
            print("refused:", error)
        '''
        import textwrap
        for before in (False, True):
            if before:
                import ticketcore
            other = interpreters.create()
            same_path = f"import sys; sys.path[:] = {sys.path!r}; import ticketcore"
            text = textwrap.dedent(program).replace("import ticketcore", same_path)
            failure = interpreters.run_string(other, text)
            assert failure is None, failure
            sys.stdout.flush()
            interpreters.destroy(other)
        print("and the main one is well:", ticketcore.open("memory:").events())
        """)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("refused:") == 2, done.stdout + done.stderr
    assert "interpreter" in done.stdout
    assert "and the main one is well: []" in done.stdout


@pytest.mark.parametrize(
    "ending",
    [
        "pass",
        "raise SystemExit(0)",
        "import threading; threading.Thread(target=lambda: event.hold('Hall-A-2', holder='thread')).start()",
    ],
)
def test_a_program_may_end_without_closing_anything(tmp_path: Path, ending: str) -> None:
    done = run_python(
        f"""
        import asyncio, sys, ticketcore, ticketcore.aio
        from conftest import create_premiere
        from list_storage import ListStorage, Store
        office = ticketcore.open(sys.argv[1], clock=None)
        event = create_premiere(office)
        event.hold("Hall-A-1", holder="cart")
        foreign = ticketcore.open(ListStorage(Store()))
        other = create_premiere(foreign)
        coroutines = ticketcore.aio.open(ListStorage(Store()))
        {ending}
        """,
        str(tmp_path / "box.db"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    with ticketcore.open(tmp_path / "box.db") as office:
        assert office.event("premiere").audit().ok


def test_what_the_core_made_can_not_be_made_by_hand() -> None:
    for made in (ticketcore.Hold, ticketcore.Quote, ticketcore.Order, ticketcore.Ticket, ticketcore.Place):
        with pytest.raises(TypeError, match="No constructor"):
            made()
    with pytest.raises(TypeError, match="SeatMap comes from"):
        ticketcore.SeatMap("a map")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        type("Mine", (ticketcore.Hold,), {})


def test_refusals_can_be_pickled_for_other_processes(event: ticketcore.Event) -> None:
    event.hold("Hall-A-1", holder="cart")
    with pytest.raises(ticketcore.PlaceTaken) as refused:
        event.hold("Hall-A-1", holder="late")
    copy = pickle.loads(pickle.dumps(refused.value))
    assert type(copy) is ticketcore.PlaceTaken
    assert (copy.reason, copy.message, copy.details) == (
        refused.value.reason,
        refused.value.message,
        refused.value.details,
    )


def test_signing_keys_never_show_their_secret(tmp_path: Path) -> None:
    key = ticketcore.SigningKey.generate()
    key.save(tmp_path / "gate.key")
    assert str(key.verify_key) in repr(key)
    assert (tmp_path / "gate.key").read_text().strip() not in repr(key)
    assert os.stat(tmp_path / "gate.key").st_mode & 0o077 == 0
    with pytest.raises(ticketcore.Error, match="gate.key"):
        key.save(tmp_path / "gate.key")
    assert ticketcore.SigningKey.load(tmp_path / "gate.key").verify_key == key.verify_key
    assert hash(ticketcore.VerifyKey(str(key.verify_key))) == hash(key.verify_key)
