"""A storage written in Python: lists in memory, shared by all handles on one store. docs/python.md shows one
that keeps files."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from ticketcore import (
    Append,
    Entry,
    HistoryReplaced,
    Position,
    Snapshot,
    Storage,
    StorageError,
    StorageUnavailable,
    Turn,
)

def check_name(name: bytes) -> None:
    if not 1 <= len(name) <= 128:
        raise ValueError(f"a stream's name or vault key has {len(name)} bytes; it must have 1 to 128")


class Store:
    """What lives on when handles are closed."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.streams: dict[bytes, list[Entry]] = {}
        self.snapshots: dict[bytes, Snapshot] = {}
        self.vault: dict[bytes, bytes] = {}
        self.taken: set[bytes] = set()

    def head(self, stream: bytes) -> int:
        return len(self.streams.get(stream, ()))

    def stands(self, position: Position) -> bool:
        """Whether what somebody knows is still there."""
        if position.known == 0:
            return True
        found = self.streams.get(position.stream, [])[position.known - 1 : position.known]
        return bool(found) and position.checksum in (None, found[0].checksum)


class ListTurn(Turn):
    def __init__(self, store: Store, streams: Sequence[Position]) -> None:
        self.store = store
        self.known = {position.stream: position.known for position in streams}
        self.added: list[Append] = []
        self.committed = False

    def need(self, stream: bytes) -> int:
        if stream not in self.known:
            raise ValueError(f"{stream!r} is not one of this turn's streams")
        return self.known[stream]

    def unseen(self, stream: bytes) -> Sequence[Entry]:
        known = self.need(stream)
        with self.store.changed:
            return self.store.streams.get(stream, [])[known:]

    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    def add(self, entries: Sequence[Append]) -> None:
        if self.committed:
            raise ValueError("a turn commits at most once, and is over then")
        for entry in entries:
            self.need(entry.stream)
        self.added += entries

    def commit(self, entries: Sequence[Append]) -> None:
        self.add(entries)
        self.committed = True
        with self.store.changed:
            for stream, checksum, data in self.added:
                kept = self.store.streams.setdefault(stream, [])
                kept.append(Entry(len(kept) + 1, checksum, data))
            self.store.changed.notify_all()

    def close(self) -> None:
        with self.store.changed:
            self.store.taken -= self.known.keys()
            self.store.changed.notify_all()


class ListStorage(Storage):
    def __init__(self, store: Store) -> None:
        self.store = store

    def take_turn(self, streams: Sequence[Position]) -> Turn:
        names = [position.stream for position in streams]
        if not names or names != sorted(set(names)):
            raise ValueError("a turn's streams must be at least one, sorted and unique")
        for name in names:
            check_name(name)
        if any(position.known > 0 and position.checksum is None for position in streams):
            raise ValueError("a turn needs the checksum of the entry known")
        with self.store.changed:
            if not self.store.changed.wait_for(lambda: not self.store.taken & set(names), timeout=10):
                raise StorageUnavailable("lists: another thread has had the turn for 10 s")
            for position in streams:
                self.need_standing(position)
            self.store.taken |= set(names)
        return ListTurn(self.store, streams)

    def need_standing(self, position: Position) -> None:
        if not self.store.stands(position):
            found = [
                f"{entry.checksum:08x}"
                for entry in self.store.streams.get(position.stream, [])[position.known - 1 : position.known]
            ]
            raise HistoryReplaced(
                f"lists: {position.stream!r} was replaced: revision {position.known} was"
                f" {position.checksum:08x}, there is {found}"
            )

    def read(self, stream: bytes, after: int, max_bytes: int) -> Sequence[Entry]:
        with self.store.changed:
            entries = self.store.streams.get(stream, [])[after:]
        result: list[Entry] = []
        size = 0
        for entry in entries:
            size += len(entry.data)
            if result and size > max_bytes:
                break
            result.append(entry)
        return result

    def load_snapshot(self, stream: bytes) -> Snapshot | None:
        return self.store.snapshots.get(stream)

    def save_snapshot(self, at: Position, data: bytes) -> None:
        if not at.known or at.checksum is None:
            raise ValueError("a snapshot needs an entry and its checksum")
        with self.store.changed:
            self.need_standing(at)
            kept = self.store.snapshots.get(at.stream)
            if kept is None or kept.revision <= at.known:
                self.store.snapshots[at.stream] = Snapshot(at.known, data)

    def list_streams(self, prefix: bytes) -> Sequence[bytes]:
        with self.store.changed:
            return sorted(
                stream
                for stream, entries in self.store.streams.items()
                if entries and stream.startswith(prefix)
            )

    def remove_stream(self, end: Position) -> None:
        with self.store.changed:
            if self.store.head(end.stream) != end.known or not self.store.stands(end):
                raise StorageError(
                    f"lists: {end.stream!r} ends at revision {self.store.head(end.stream)}, or with another"
                    f" entry than {end}"
                )
            self.store.streams.pop(end.stream, None)
            self.store.snapshots.pop(end.stream, None)

    def wait_for_news(self, streams: Sequence[Position], timeout: timedelta) -> bool:
        with self.store.changed:
            return self.store.changed.wait_for(
                lambda: any(
                    self.store.head(position.stream) > position.known or not self.store.stands(position)
                    for position in streams
                ),
                timeout.total_seconds(),
            )

    def vault_put(self, key: bytes, data: bytes) -> None:
        check_name(key)
        self.store.vault[key] = data

    def vault_get(self, key: bytes) -> bytes | None:
        check_name(key)
        return self.store.vault.get(key)

    def vault_erase(self, key: bytes) -> None:
        check_name(key)
        self.store.vault.pop(key, None)

    def describe(self) -> str:
        return "lists"
