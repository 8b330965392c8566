"""Storages: the seam between the box office and whatever keeps its log."""

from __future__ import annotations

import abc
import os
import pathlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Callable, Literal, NamedTuple, Optional, Protocol, TypeVar, Union

from ticketcore import _core
from ticketcore._errors import StorageError

Clock = Callable[[], datetime]
Access = Literal["read_write_create", "read_write", "read_only"]
_ACCESSES = ("read_write_create", "read_write", "read_only")
_Self = TypeVar("_Self", bound="Storage")


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(map(repr, known))}")


class Position(NamedTuple):
    """How far a caller has read a stream, and which history it was."""

    stream: bytes
    known: int
    checksum: Optional[int] = None
    """That of the entry at known. A turn demands it, unless known is 0; where it is None otherwise, nothing
    is compared."""


class Entry(NamedTuple):
    """One committed entry of a stream."""

    revision: int
    checksum: int
    """As its Append had it."""
    data: bytes


class Snapshot(NamedTuple):
    """A cache of everything up to and with revision. Losing it costs time, never data."""

    revision: int
    data: bytes


class Append(NamedTuple):
    """One entry to be appended to one stream of a turn. The storage keeps the checksum, a number of 32 bits,
    beside the entry."""

    stream: bytes
    checksum: int
    data: bytes


class Turn(abc.ABC):
    """The exclusive right to append to the turn's streams, from take_turn until close. Closing it without a
    commit leaves no trace.

    A turn belongs to the thread that took it.
    """

    @abc.abstractmethod
    def unseen(self, stream: bytes) -> Sequence[Entry]:
        """The entries after the known revision, oldest first, without gaps. Raises ValueError for a stream
        that is not one of the turn's."""

    @abc.abstractmethod
    def now(self) -> datetime:
        """The time of this turn by the store's clock, with a time zone."""

    def add(self, entries: Sequence[Append]) -> None:
        """Take entries ahead of the commit, which appends them before its own: an archive may be too much to
        hold in memory. Nobody sees them before the commit. Raises StorageError, as by default, when the store
        has no way to."""
        if entries:
            raise StorageError("this store has no way to take entries ahead of a commit")

    @abc.abstractmethod
    def commit(self, entries: Sequence[Append]) -> None:
        """Append all or none, each at the revision after its stream's last, in the order given. Durable when
        it returns.

        At most once a turn: ValueError otherwise. Raises StorageUnavailable when nothing was written,
        CommitOutcomeUnknown when that can't be told.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """End the turn. Called once, always, whatever happened before."""


class Storage(abc.ABC):
    """What keeps streams of entries. Subclass it to keep the log in a store of yours;
    ``ticketcore.conformance`` checks that it keeps its promises.

    A stream is named by 1 to 128 bytes; its entries are bytes, counted from 1 without gaps. A storage never
    looks into them. Every method may be called from any thread at any time. Raise StorageUnavailable,
    StorageDamaged and their like for what the world does, ValueError for what a caller does wrong; anything
    else is taken for StorageUnavailable (in a commit: CommitOutcomeUnknown) and shown through
    sys.unraisablehook.
    """

    @abc.abstractmethod
    def take_turn(self, streams: Sequence[Position]) -> Turn:
        """Wait for the exclusive right to append to these streams (sorted, unique, at least one; one that
        does not exist yet has no entries).

        Raises StorageUnavailable when the right can't be had in time, HistoryReplaced when the entry known of
        a stream is not there or has another checksum, ValueError when a position past 0 has none.
        """

    @abc.abstractmethod
    def read(self, stream: bytes, after: int, max_bytes: int) -> Sequence[Entry]:
        """Committed entries after a revision, oldest first: as many as fit max_bytes, but at least one if
        there is one. Never waits for a turn."""

    @abc.abstractmethod
    def load_snapshot(self, stream: bytes) -> Optional[Snapshot]:
        """The newest snapshot saved for the stream, if any."""

    @abc.abstractmethod
    def save_snapshot(self, at: Position, data: bytes) -> None:
        """Keep the data as the snapshot of the stream up to the entry known, unless a newer one is kept
        already.

        Raises HistoryReplaced, and keeps nothing, when that entry is not there or has another checksum;
        ValueError when known is 0 or the checksum is None.
        """

    @abc.abstractmethod
    def list_streams(self, prefix: bytes) -> Sequence[bytes]:
        """Names of all streams that begin with prefix and have an entry, sorted."""

    def remove_stream(self, end: Position) -> None:
        """Take a whole stream out, its snapshot too, if it ends with the entry known. Raises StorageError
        when it ends elsewhere, or when the store has no way to remove streams, as by default."""
        raise StorageError(
            f"{self.describe()}: it has no way to remove {end.stream!r} (revision {end.known})"
        )

    @abc.abstractmethod
    def wait_for_news(self, streams: Sequence[Position], timeout: timedelta) -> bool:
        """True as soon as one of the streams has an entry after its known revision, or no longer the entry
        known, False when timeout has passed."""

    @abc.abstractmethod
    def vault_put(self, key: bytes, data: bytes) -> None:
        """Keep personal data, which never enters the log, under an opaque key of 1 to 128 bytes. Replaces
        what was there. Durable on return."""

    @abc.abstractmethod
    def vault_get(self, key: bytes) -> Optional[bytes]:
        """What the vault keeps under the key, if anything."""

    @abc.abstractmethod
    def vault_erase(self, key: bytes) -> None:
        """Erase it for good; nothing happens where there is nothing."""

    def scrub_vault(self) -> None:  # noqa: B027
        """Drop what replaced and erased secrets left behind in the store's own files. By default there is
        nothing to drop."""

    @abc.abstractmethod
    def describe(self) -> str:
        """What messages call this store."""

    def close(self) -> None:  # noqa: B027
        """Let go of whatever is open. By default there is nothing to close."""

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _CoreTurn(Turn):
    def __init__(self, turn: _core.Turn) -> None:
        self._turn = turn

    def unseen(self, stream: bytes) -> Sequence[Entry]:
        return self._turn.unseen(stream)

    def now(self) -> datetime:
        return self._turn.now()

    def add(self, entries: Sequence[Append]) -> None:
        self._turn.add(entries)

    def commit(self, entries: Sequence[Append]) -> None:
        self._turn.commit(entries)

    def close(self) -> None:
        self._turn.close()


class _CoreStorage(Storage):
    """One of the core's own. A box office talks to it without going through Python."""

    def __init__(self, handle: _core.Storage) -> None:
        self._handle = handle

    def take_turn(self, streams: Sequence[Position]) -> Turn:
        return _CoreTurn(self._handle.take_turn(streams))

    def read(self, stream: bytes, after: int = 0, max_bytes: int = 1 << 20) -> Sequence[Entry]:
        return self._handle.read(stream, after, max_bytes)

    def load_snapshot(self, stream: bytes) -> Optional[Snapshot]:
        return self._handle.load_snapshot(stream)

    def save_snapshot(self, at: Position, data: bytes) -> None:
        self._handle.save_snapshot(at, data)

    def list_streams(self, prefix: bytes = b"") -> Sequence[bytes]:
        return self._handle.list_streams(prefix)

    def remove_stream(self, end: Position) -> None:
        self._handle.remove_stream(end)

    def wait_for_news(self, streams: Sequence[Position], timeout: timedelta) -> bool:
        return self._handle.wait_for_news(streams, timeout)

    def vault_put(self, key: bytes, data: bytes) -> None:
        self._handle.vault_put(key, data)

    def vault_get(self, key: bytes) -> Optional[bytes]:
        return self._handle.vault_get(key)

    def vault_erase(self, key: bytes) -> None:
        self._handle.vault_erase(key)

    def scrub_vault(self) -> None:
        self._handle.scrub_vault()

    def describe(self) -> str:
        return self._handle.describe()

    def close(self) -> None:
        """Let go of it. A box office that uses it goes on until it is closed, too."""
        self._handle.close()

    def __repr__(self) -> str:
        try:
            return f"<{type(self).__name__} {self.describe()}>"
        except Exception as error:  # a repr that raises would hide what one is looking for
            return f"<{type(self).__name__}: {error}>"


class MemoryStorage(_CoreStorage):
    """A store that lives as long as its object: for tests, and box offices that need no tomorrow."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        """clock is what turns take for now; the system's if None."""
        super().__init__(_core.Storage.memory(clock))


class SqliteStorage(_CoreStorage):
    """A store in one SQLite file, for any number of threads and processes of one machine."""

    def __init__(
        self,
        path: Union[str, os.PathLike[str]],
        *,
        access: Access = "read_write_create",
        synchronous: Literal["full", "normal"] = "full",
        busy_timeout: timedelta = timedelta(seconds=10),
        clock: Clock | None = None,
    ) -> None:
        """Open the store, or make it where there is no file.

        synchronous="full" keeps what was committed through a power failure, "normal" only through the end of
        the process. busy_timeout is how long a turn waits for other threads, and then again for other
        processes. clock is what turns take for now; the system's if None.
        """
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"path must be a str or a path, not {path!r} ({type(path).__name__})")
        _one_of("access", access, _ACCESSES)
        _one_of("synchronous", synchronous, ("full", "normal"))
        self.path = pathlib.Path(path)
        super().__init__(_core.Storage.sqlite(path, access, synchronous, busy_timeout, clock))


class PostgresStorage(_CoreStorage):
    """A store in a PostgreSQL database, for any number of processes on any number of hosts."""

    def __init__(self, url: str, *, access: Access = "read_write_create", clock: Clock | None = None) -> None:
        """Open the store, and make or migrate its tables. url is libpq's, and may also carry schema=NAME,
        connections=N and pooler=transaction."""
        _one_of("access", access, _ACCESSES)
        super().__init__(_core.Storage.postgres(url, access, clock))


class ArchiveStorage(_CoreStorage):
    """An archived event, to look into."""

    def __init__(self, path: Union[str, os.PathLike[str]]) -> None:
        """Read the archive into memory. Raises StorageDamaged for a file that is not one, or not whole."""
        self.path = pathlib.Path(path)
        super().__init__(_core.Storage.archive(path))


class StorageOpener(Protocol):
    """What opens the store at a URL of its scheme. The clock is what its turns must take for now, the store's
    own if None."""

    def __call__(self, url: str, *, clock: Clock | None, read_only: bool) -> Storage: ...


_openers: dict[str, StorageOpener] = {}


def register_storage(scheme: str, opener: StorageOpener) -> None:
    """Make ``open`` and ``open_storage`` know "SCHEME://...": opener is handed the whole URL. Registered
    again, the last one counts."""
    if not re.fullmatch("[a-z][a-z0-9+.-]*", scheme):
        raise ValueError(
            f"scheme is {scheme!r}; it must begin with a small letter and have only those, digits, '+', '-'"
            " and '.'"
        )
    _openers[scheme] = opener


def open_storage(
    url: Union[str, os.PathLike[str], Storage], *, clock: Clock | None = None, read_only: bool = False
) -> Storage:
    """The storage that a URL means: "memory:", "sqlite:///box.db" (four slashes for an absolute path),
    "postgresql://user@host/database", the path of a SQLite file, or what was registered under its scheme. A
    Storage is passed through."""
    if isinstance(url, Storage):
        if clock is not None:
            raise ValueError(
                "clock was given with a storage; give the clock to the storage, which is what turns go by"
            )
        return url
    return open_with_access(url, access="read_only" if read_only else "read_write_create", clock=clock)


def open_with_access(
    url: Union[str, os.PathLike[str]], *, access: Access, clock: Clock | None = None
) -> Storage:
    """open_storage for those who also know that there must be a store. One that was registered is only told
    whether it may write."""
    if isinstance(url, os.PathLike):
        return SqliteStorage(url, access=access, clock=clock)
    if not isinstance(url, str):
        raise TypeError(f"url must be a str, a path or a Storage, not {url!r} ({type(url).__name__})")
    scheme, file = _core.read_storage_url(url)
    if scheme in _openers:
        storage = _openers[scheme](url, clock=clock, read_only=access == "read_only")
        if not isinstance(storage, Storage):
            raise TypeError(
                f"what was registered for {scheme!r} must return a Storage, not {storage!r}"
                f" ({type(storage).__name__})"
            )
        return storage
    kinds: dict[str, type[_CoreStorage]] = {
        "memory": MemoryStorage,
        "sqlite": SqliteStorage,
        "postgresql": PostgresStorage,
    }
    try:
        handle = _core.Storage.open(url, access, clock)
    except ValueError as error:
        raise ValueError(str(error) + "".join(f", {name}://..." for name in _openers)) from None
    opened = kinds[scheme].__new__(kinds[scheme])
    _CoreStorage.__init__(opened, handle)
    if isinstance(opened, SqliteStorage) and file is not None:
        opened.path = pathlib.Path(file)
    return opened
