"""A storage written in Python: lists in memory, shared by all handles on one store. docs/python.md shows one that keeps files."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from ticketcore import Append, Entry, Position, Snapshot, Storage, StorageDamaged, StorageError, StorageUnavailable, Turn


def check_name(name: bytes) -> None:
    if not 1 <= len(name) <= 128:
        raise ValueError(f"a stream's name or vault key has {len(name)} bytes; it must have 1 to 128")


class Store:
    """What lives on when handles are closed."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.streams: dict[bytes, list[bytes]] = {}
        self.snapshots: dict[bytes, Snapshot] = {}
        self.vault: dict[bytes, bytes] = {}
        self.taken: set[bytes] = set()

    def head(self, stream: bytes) -> int:
        return len(self.streams.get(stream, ()))


class ListTurn(Turn):
    def __init__(self, store: Store, streams: Sequence[Position]) -> None:
        self.store = store
        self.known = dict(streams)
        self.committed = False

    def need(self, stream: bytes) -> int:
        if stream not in self.known:
            raise ValueError(f"{stream!r} is not one of this turn's streams")
        return self.known[stream]

    def unseen(self, stream: bytes) -> Sequence[Entry]:
        known = self.need(stream)
        with self.store.changed:
            return [Entry(known + number, data) for number, data in enumerate(self.store.streams.get(stream, [])[known:], 1)]

    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    def commit(self, entries: Sequence[Append]) -> None:
        if self.committed:
            raise ValueError("a turn commits at most once")
        names = [entry.stream for entry in entries]
        for name in names:
            self.need(name)
        if len(set(names)) != len(names):
            raise ValueError("a turn appends at most one entry to a stream")
        self.committed = True
        with self.store.changed:
            for entry in entries:
                self.store.streams.setdefault(entry.stream, []).append(entry.data)
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
        with self.store.changed:
            if not self.store.changed.wait_for(lambda: not self.store.taken & set(names), timeout=10):
                raise StorageUnavailable("lists: another thread has had the turn for 10 s")
            for position in streams:
                if position.known > self.store.head(position.stream):
                    raise StorageDamaged(f"lists: {position.stream!r} is behind what was read from it")
            self.store.taken |= set(names)
        return ListTurn(self.store, streams)

    def read(self, stream: bytes, after: int, max_bytes: int) -> Sequence[Entry]:
        with self.store.changed:
            entries = self.store.streams.get(stream, [])[after:]
        result: list[Entry] = []
        size = 0
        for number, data in enumerate(entries, after + 1):
            size += len(data)
            if result and size > max_bytes:
                break
            result.append(Entry(number, data))
        return result

    def load_snapshot(self, stream: bytes) -> Snapshot | None:
        return self.store.snapshots.get(stream)

    def save_snapshot(self, stream: bytes, snapshot: Snapshot) -> None:
        with self.store.changed:
            kept = self.store.snapshots.get(stream)
            if kept is None or kept.revision <= snapshot.revision:
                self.store.snapshots[stream] = snapshot

    def list_streams(self, prefix: bytes) -> Sequence[bytes]:
        with self.store.changed:
            return sorted(stream for stream, entries in self.store.streams.items() if entries and stream.startswith(prefix))

    def remove_stream(self, stream: bytes, head: int) -> None:
        with self.store.changed:
            if self.store.head(stream) != head:
                raise StorageError(f"lists: {stream!r} ends at revision {self.store.head(stream)}, not {head}")
            self.store.streams.pop(stream, None)
            self.store.snapshots.pop(stream, None)

    def wait_for_news(self, streams: Sequence[Position], timeout: timedelta) -> bool:
        with self.store.changed:
            return self.store.changed.wait_for(
                lambda: any(self.store.head(position.stream) > position.known for position in streams), timeout.total_seconds()
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
