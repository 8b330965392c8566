"""The box office: what a program holds to sell tickets."""

from __future__ import annotations

import atexit
import os
import weakref
from collections.abc import Iterable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Any, Callable, NamedTuple, Optional, Union

from ticketcore import _core
from ticketcore._core import PriceList, SalePolicy, SigningKey, VerifyKey
from ticketcore._errors import EventNotFound
from ticketcore._event import Event, Id, settings
from ticketcore._seat_map import SeatMap, core_map
from ticketcore._storage import ArchiveStorage, Clock, PostgresStorage, SqliteStorage, Storage, open_storage

Key = Union[SigningKey, str, os.PathLike[str], None]

# What is still open at the end of the program is closed while there still is an interpreter to do it.
_open_offices: weakref.WeakSet[BoxOffice] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for office in list(_open_offices):
        office.close()


class Archive(NamedTuple):
    """An event's whole log in a file of its own."""

    event: str
    revision: int
    bytes: int


class Erasure(NamedTuple):
    """What erasing a person's record found."""

    was_there: bool
    """False when the vault had no such record, and so nothing to search for."""
    pieces: int
    """How many texts of the record were searched for."""
    bytes_searched: int
    traces: tuple[str, ...]
    """Where one was found all the same. Empty: none is left."""


def core_storage(storage: Storage) -> Any:
    """What the core knows the storage by."""
    return getattr(storage, "_handle", storage)


def signing_key_of(key: Key) -> SigningKey | None:
    """A path is that of a file to load, or to make where there is none."""
    if key is None or isinstance(key, SigningKey):
        return key
    if not isinstance(key, (str, os.PathLike)):
        raise TypeError(
            f"signing_key must be a SigningKey, or the path of a file for one, not {key!r}"
            f" ({type(key).__name__})"
        )
    return SigningKey.load_or_create(key)


class BoxOffice:
    """Sells the events of one store, from any number of threads, with no thread of its own.
    ``ticketcore.open`` makes one.

    It is a context manager; ``close()`` does the same by hand. ``for event in office`` goes through the
    events.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        signing_key: Key = None,
        trusted_keys: Iterable[VerifyKey] = (),
        clock: Clock | None = None,
        on_trouble: Callable[[str, str], None] | None = None,
    ) -> None:
        """A box office on a storage of yours, which stays open when the box office is closed."""
        if not isinstance(storage, Storage):
            raise TypeError(
                f"storage must be a Storage, not {storage!r} ({type(storage).__name__}); ticketcore.open"
                " takes a URL"
            )
        keys = tuple(trusted_keys)
        for key in keys:
            if not isinstance(key, VerifyKey):
                raise TypeError(f"trusted_keys must hold VerifyKeys, not {key!r} ({type(key).__name__})")
        self._storage = storage
        self._owned = False
        self._core = _core.Office(core_storage(storage), signing_key_of(signing_key), keys, clock, on_trouble)
        _open_offices.add(self)

    def create_event(
        self,
        id: str,
        *,
        seat_map: SeatMap,
        prices: PriceList,
        starts_at: datetime,
        name: str = "",
        venue: str = "",
        time_zone: str = "",
        policy: Optional[SalePolicy] = None,
        on_sale: bool = True,
        request: Optional[Id] = None,
    ) -> Event:
        """Create an event, and put it on sale unless on_sale is False. Raises EventExists where there is one
        of this id.

        id is made of letters, digits, '-', '_' and '.', at most 64 of them. name is the id if empty, venue
        the seat map's name. starts_at has a time zone. time_zone is the IANA name of the zone in which
        tickets and pages tell it, such as "Europe/Kyiv": that of starts_at if empty and starts_at has a
        zoneinfo.ZoneInfo, UTC if not.
        """
        made = settings(name, venue, starts_at, time_zone, prices, SalePolicy() if policy is None else policy)
        return Event(self._core.create_event(id, core_map(seat_map), made, on_sale, request), self)

    def event(self, id: str) -> Event:
        """Open an event. Raises EventNotFound."""
        return Event(self._core.event(id), self)

    def events(self) -> list[str]:
        """The ids of all events in the store, sorted."""
        return self._core.events()

    def __iter__(self) -> Iterator[Event]:
        for id in self.events():
            yield self.event(id)

    def __contains__(self, id: object) -> bool:
        if not isinstance(id, str):
            return False
        try:
            self.event(id)
        except EventNotFound:
            return False
        return True

    @property
    def storage(self) -> Storage:
        """What keeps the log, and the vault with personal data."""
        return self._storage

    def archive(self, event: str, path: Union[str, os.PathLike[str]], *, remove: bool = False) -> Archive:
        """Write an event's whole log to a new file, and prove that the file replays to the same state; with
        remove=True, take the event out of the store then."""
        return Archive(*self._core.archive(event, path, remove))

    def restore(self, path: Union[str, os.PathLike[str]]) -> Archive:
        """Put an archived event back into the store."""
        return Archive(*self._core.restore(path))

    def erase_person(self, key: Union[str, bytes]) -> Erasure:
        """Erase a person's record in the vault for good, and search the whole store for what the record said.
        Backups are out of its reach."""
        return Erasure(*self._core.erase_person(key))


    def _storage_for_reading(self) -> Any:
        self._core.events()  # raises where the box office is closed
        return core_storage(self._storage)

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._core.closed

    def close(self) -> None:
        """Wait for calls under way, then let go of the store. Calls after that raise Closed. Nothing happens
        the second time."""
        self._core.close()
        if self._owned:
            self._storage.close()
        _open_offices.discard(self)

    def __enter__(self) -> BoxOffice:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<BoxOffice on {self._storage!r}{', closed' if self.closed else ''}>"


def open(
    url: Union[str, os.PathLike[str], Storage],
    *,
    signing_key: Key = None,
    trusted_keys: Iterable[VerifyKey] = (),
    clock: Clock | None = None,
    read_only: bool = False,
    on_trouble: Callable[[str, str], None] | None = None,
) -> BoxOffice:
    """Open a box office.

    url says where the log is kept: "sqlite:///box.db" or the path of a SQLite file (made where there is
    none), "postgresql://user@host/database", "memory:", or a Storage of yours.

    signing_key signs tickets' codes: a SigningKey, or the path of a file for one, which is made where there
    is none. Without it there are no codes. trusted_keys are further keys whose tickets are let in. clock
    returns what is taken for now, a datetime with a time zone; the system's time if None. on_trouble is told
    of an event that halts, with its id and the reason.
    """
    storage = open_storage(url, clock=clock, read_only=read_only)
    try:
        office = BoxOffice(
            storage, signing_key=signing_key, trusted_keys=trusted_keys, clock=clock, on_trouble=on_trouble
        )
    except BaseException:
        if storage is not url:
            storage.close()
        raise
    office._owned = storage is not url
    return office


__all__ = ["Archive", "ArchiveStorage", "BoxOffice", "Erasure", "PostgresStorage", "SqliteStorage", "open"]
