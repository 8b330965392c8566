"""Storages: the core's own from Python, and one written in Python, under the core's conformance suite."""

from __future__ import annotations

import gc
import shutil
import sys
import weakref
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from conftest import buy, create_premiere
from list_storage import ListStorage, ListTurn, Store

import ticketcore
from ticketcore.conformance import check_storage


class Kept(ticketcore.MemoryStorage):
    """A handle on a store that lives on when the handle is closed, as a file does."""

    def close(self) -> None:
        pass


def test_a_storage_written_in_python_keeps_every_promise() -> None:
    stores: list[Store] = []
    report = check_storage(lambda: ListStorage(stores[-1]), lambda: stores.append(Store()))
    assert report.passed, report.text
    assert len(stores) > 20


def test_the_suite_finds_broken_promises() -> None:
    class Forgets(ListTurn):
        def commit(self, entries: Sequence[ticketcore.Append]) -> None:
            super().commit([entry for entry in entries if entry.data != b"second"])

    class Forgetful(ListStorage):
        def take_turn(self, streams: Sequence[ticketcore.Position]) -> ticketcore.Turn:
            super().take_turn(streams)
            return Forgets(self.store, streams)

    stores: list[Store] = []
    report = check_storage(lambda: Forgetful(stores[-1]), lambda: stores.append(Store()))
    assert not report.passed
    assert "a commit to two streams puts an entry into both" in report.text


def test_the_cores_own_storages_keep_their_promises_when_python_calls_them(tmp_path: Path) -> None:
    memories: list[Kept] = []
    report = check_storage(lambda: memories[-1], lambda: memories.append(Kept()))
    assert report.passed, report.text

    def reset() -> None:
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()

    report = check_storage(
        lambda: ticketcore.SqliteStorage(tmp_path / "store.db", synchronous="normal"), reset
    )
    assert report.passed, report.text


def test_a_box_office_sells_on_a_storage_written_in_python() -> None:
    store = Store()
    key = ticketcore.SigningKey.generate()
    with ticketcore.open(ListStorage(store), signing_key=key) as office:
        event = create_premiere(office)
        order = buy(event, "Hall-A-1", "Hall-A-2")
        event.save_snapshot()
        event.check_in(order.tickets[0].code, gate="north")
        assert event.audit().ok
    with ticketcore.open(ListStorage(store), signing_key=key) as office:
        event = office.event("premiere")
        assert event.find_order(order) == order
        with pytest.raises(ticketcore.PlaceTaken):
            event.hold("Hall-A-1", holder="late")
        assert office.archive  # the same words on every storage
    (event_stream, map_stream) = sorted(store.streams)
    assert event_stream == b"event/premiere"
    assert map_stream.startswith(b"map/") and len(store.streams[map_stream]) == 1


class Failing(ListStorage):
    """Raises what it is told to, where it is told to."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.in_take_turn: BaseException | None = None
        self.in_read: BaseException | None = None
        self.before_commit: BaseException | None = None
        self.after_commit: BaseException | None = None

    def take_turn(self, streams: Sequence[ticketcore.Position]) -> ticketcore.Turn:
        if self.in_take_turn is not None:
            raise self.in_take_turn
        super().take_turn(streams)
        failing = self

        class Turn(ListTurn):
            def commit(self, entries: Sequence[ticketcore.Append]) -> None:
                failing.fail_once("before_commit")
                super().commit(entries)
                failing.fail_once("after_commit")

        return Turn(self.store, streams)

    def read(self, stream: bytes, after: int, max_bytes: int) -> Sequence[ticketcore.Entry]:
        if self.in_read is not None:
            raise self.in_read
        return super().read(stream, after, max_bytes)

    def fail_once(self, when: str) -> None:
        error = getattr(self, when)
        setattr(self, when, None)
        if error is not None:
            raise error


@pytest.fixture
def unraisable(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    monkeypatch.setattr(
        sys, "unraisablehook", lambda what: seen.append(f"{type(what.exc_value).__name__}: {what.exc_value}")
    )
    return seen


def test_a_storage_that_is_unavailable_refuses_and_sells_on_afterwards(unraisable: list[str]) -> None:
    storage = Failing(Store())
    with ticketcore.open(storage) as office:
        event = create_premiere(office)
        request = ticketcore.new_request_id()
        storage.in_take_turn = ticketcore.StorageUnavailable("the store is out for lunch")
        with pytest.raises(ticketcore.Unavailable, match="out for lunch"):
            event.hold("Hall-A-1", holder="cart", request=request)
        storage.in_take_turn = None
        assert event.hold("Hall-A-1", holder="cart", request=request).id == request
        assert unraisable == []


def test_after_a_reading_that_failed_every_answer_is_right_or_an_error_of_ours() -> None:
    storage = Failing(Store())
    with ticketcore.open(storage, signing_key=ticketcore.SigningKey.generate()) as office:
        event = create_premiere(office)
        order = buy(event, "Hall-A-1", "Hall-A-2")
        hold = event.hold("Hall-A-3", holder="cart")
        # What is asked, and whether the answer is that of the log.
        found: list[Callable[[], bool]] = [
            lambda: event.find_order(order) == order,
            lambda: event.find_hold(hold) == hold,
        ]
        asked: list[Callable[[], bool]] = [
            lambda: len(event.books().orders_to_numpy()) == 1,
            lambda: event.availability().counts.sold == 2,
            lambda: event.seat_map.capacity > 0 and event.name == "Premiere",
            lambda: event.check_in(order.tickets[0].code, gate="north").place == "Hall-A-1",
        ]
        storage.in_read = storage.in_take_turn = ticketcore.StorageUnavailable("the store is out for lunch")
        with pytest.raises(ticketcore.StorageUnavailable, match="out for lunch"):
            event.reopen()
        for number, ask in enumerate(asked):
            try:
                assert ask(), f"question {number} while the store is away"
            except (ticketcore.Error, ticketcore.Refused):
                pass
        storage.in_read = storage.in_take_turn = None
        for number, ask in enumerate(asked + found):
            assert ask(), f"question {number} when the store is back"


def test_what_a_storage_raises_by_mistake_is_shown_and_refuses(unraisable: list[str]) -> None:
    storage = Failing(Store())
    with ticketcore.open(storage) as office:
        event = create_premiere(office)
        storage.in_take_turn = KeyError("a bug")
        with pytest.raises(ticketcore.Unavailable, match=r"take_turn\(\) raised KeyError: 'a bug'"):
            event.hold("Hall-A-1", holder="cart")
        assert unraisable == ["KeyError: 'a bug'"]
        storage.in_take_turn = None
        assert event.hold("Hall-A-1", holder="cart").places == ("Hall-A-1",)


@pytest.mark.parametrize("when", ["before_commit", "after_commit"])
def test_a_commit_of_unknown_outcome_is_looked_up_in_the_log(unraisable: list[str], when: str) -> None:
    storage = Failing(Store())
    with ticketcore.open(storage) as office:
        event = create_premiere(office)
        # Fails once: the engine reads, finds out, and answers with the truth.
        setattr(storage, when, OSError("the line went dead"))
        hold = event.hold("Hall-A-1", holder="cart")
        assert event.find_hold(hold) == hold
        facts = [fact.kind for fact in event.log()]
        assert facts.count("hold_placed") == 1
        assert unraisable == ["OSError: the line went dead"]


@pytest.mark.parametrize(
    ("method", "answer", "message"),
    [
        ("take_turn", None, r"what take_turn\(\) returned must be a Turn, not None"),
        ("read", [(1, "data")], r"a sequence of Entry\(revision, checksum, data\), not \(1, 'data'\)"),
        ("read", [(1, 0, "text")], "data must be bytes, not 'text'"),
        ("read", 5, r"what read\(\) returned must be a sequence of Entry, not 5"),
        ("list_streams", None, r"what list_streams\(\) returned must be a sequence of bytes"),
        (
            "load_snapshot",
            b"snapshot",
            r"what load_snapshot\(\) returned must be a Snapshot\(revision, data\) or None",
        ),
    ],
)
def test_an_answer_of_the_wrong_kind_is_named(method: str, answer: object, message: str) -> None:
    store = Store()
    with ticketcore.open(ListStorage(store)) as office:
        create_premiere(office)
    wrong = type("Wrong", (ListStorage,), {method: lambda self, *arguments: answer})
    with ticketcore.open(wrong(store)) as office:
        with pytest.raises(
            (ticketcore.StorageError, ticketcore.Unavailable, ticketcore.Halted), match=message
        ):
            office.events()
            office.event("premiere").hold("Hall-A-1", holder="cart")


def test_a_storage_without_its_methods_can_not_be_made() -> None:
    class Half(ticketcore.Storage):
        def describe(self) -> str:
            return "half"

    with pytest.raises(TypeError, match="abstract"):
        Half()  # type: ignore[abstract]
    with pytest.raises(TypeError, match="storage must be a Storage, not 'memory:'"):
        ticketcore.BoxOffice("memory:")  # type: ignore[arg-type]


def test_a_storage_is_let_go_when_its_box_office_closes() -> None:
    storage = ListStorage(Store())
    gone = weakref.ref(storage)
    office = ticketcore.open(storage)
    del storage
    office.close()
    del office
    gc.collect()
    assert gone() is None


def test_turns_and_reads_from_python(tmp_path: Path) -> None:
    with ticketcore.SqliteStorage(tmp_path / "store.db") as storage:
        turn = storage.take_turn([ticketcore.Position(b"a", 0), ticketcore.Position(b"b", 0)])
        assert abs(turn.now() - datetime.now(timezone.utc)) < timedelta(minutes=1)
        turn.commit([ticketcore.Append(b"a", 7, b"one"), ticketcore.Append(b"b", 8, b"uno")])
        with pytest.raises(ValueError, match="at most once"):
            turn.commit([])
        turn.close()
        with pytest.raises(ticketcore.Closed):
            turn.now()
        assert storage.read(b"a") == [ticketcore.Entry(1, 7, b"one")]
        assert storage.list_streams() == [b"a", b"b"]
        storage.save_snapshot(ticketcore.Position(b"a", 1, 7), b"snapshot")
        assert storage.load_snapshot(b"a") == (1, b"snapshot")
        with pytest.raises(ticketcore.HistoryReplaced, match="revision 7"):
            storage.remove_stream(ticketcore.Position(b"a", 7, 1))
        with pytest.raises(ticketcore.HistoryReplaced, match="00000007.*00000009"):
            storage.take_turn([ticketcore.Position(b"a", 1, 9)])
        with pytest.raises(ValueError, match="checksum"):
            storage.take_turn([ticketcore.Position(b"a", 1)])
        assert storage.wait_for_news([ticketcore.Position(b"a", 1, 9)], timedelta(0))
        assert not storage.wait_for_news([ticketcore.Position(b"a", 1, 7)], timedelta(0))
        storage.vault_put(b"person", b"\x00secret")
        assert storage.vault_get(b"person") == b"\x00secret"
    with pytest.raises(ticketcore.Closed):
        storage.read(b"a")


def test_files_that_are_no_store_are_named_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "text.db"
    file.write_text(
        "a text file, longer than the header that a database begins with, so that it is plainly no database"
        " at all, whatever one may think"
    )
    before = file.read_bytes()
    with pytest.raises(ticketcore.StorageDamaged, match="text.db"):
        ticketcore.open(file)
    with pytest.raises(ticketcore.StorageUnavailable, match="none"):
        ticketcore.open(tmp_path / "none" / "box.db")
    assert file.read_bytes() == before
    with pytest.raises(ticketcore.StorageUnavailable, match="connect|reach"):
        ticketcore.open("postgresql://127.0.0.1:1/nowhere?connect_timeout=2")


def test_a_storage_of_ones_own_is_opened_by_its_url() -> None:
    store = Store()
    asked: list[tuple[str, bool]] = []

    def open_list(url: str, *, clock: Callable[[], datetime] | None, read_only: bool) -> ticketcore.Storage:
        asked.append((url, read_only))
        return ListStorage(store)

    ticketcore.register_storage("list", open_list)
    with ticketcore.open("list://one/two?three") as office:
        create_premiere(office)
    with ticketcore.open("list://again", read_only=True) as office:
        assert office.events() == ["premiere"]
    assert asked == [("list://one/two?three", False), ("list://again", True)]
    with pytest.raises(ValueError, match="it opens memory:, .*, list://"):
        ticketcore.open("mysql://x")
    with pytest.raises(ValueError, match="it must begin with a small letter"):
        ticketcore.register_storage("List", open_list)
    ticketcore.register_storage("nothing", lambda url, *, clock, read_only: None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must return a Storage, not None"):
        ticketcore.open("nothing://")
