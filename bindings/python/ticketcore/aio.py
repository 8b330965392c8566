"""Box offices for asyncio: the same words, awaited.

One thread takes turns for all calls of a box office, whatever their number; thousands may be under way. Many
calls that are awaited together (``asyncio.gather``) share their turns, and with them their commits.

>>> import asyncio, ticketcore.aio
>>> async def main():
...     async with ticketcore.aio.open("memory:") as office:
...         print(await office.events())
>>> asyncio.run(main())
[]
"""

from __future__ import annotations

import asyncio
import functools
import os
import threading
import weakref
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Callable, Optional, TypeVar, Union

import ticketcore
from ticketcore import _core
from ticketcore._core import (
    Admission,
    Hold,
    HoldOutcome,
    Occupant,
    Order,
    PriceList,
    Quote,
    Refund,
    SalePolicy,
    Ticket,
    VerifyKey,
)
from ticketcore._changes import Changes
from ticketcore._event import TEN_MINUTES, Amount, EventView, Id, Tickets
from ticketcore._office import Key
from ticketcore._seat_map import SeatMap, core_map
from ticketcore._storage import Clock, Storage

_T = TypeVar("_T")


class Event(EventView):
    """One event of a box office. See ticketcore.Event: here the calls that may wait are coroutines.

    A call that is cancelled may take place all the same; give it a request id of your own to find out what
    became of it.
    """

    def __init__(self, event: ticketcore.Event, office: BoxOffice) -> None:
        super().__init__(event._core, event._office)
        self._sync = event
        self._asynchronous = office

    @property
    def sync(self) -> ticketcore.Event:
        """The same event with calls that block: for threads, and for what is not here."""
        return self._sync

    def _ask(self, command: _core.Command[_T]) -> asyncio.Future[_T]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_T] = loop.create_future()
        self._asynchronous._completions(loop).submit(self._core, command, future)
        return future

    async def hold(
        self,
        *places: str,
        areas: Optional[Mapping[str, int]] = None,
        holder: str,
        ttl: timedelta = TEN_MINUTES,
        request: Optional[Id] = None,
    ) -> Hold:
        """See ticketcore.Event.hold."""
        return await self._ask(self._core.hold_command(places, areas, holder, ttl, request))

    async def hold_best(
        self,
        count: int,
        *categories: str,
        accessible: int = 0,
        restricted_view: bool = False,
        together: bool = True,
        holder: str,
        ttl: timedelta = TEN_MINUTES,
        request: Optional[Id] = None,
    ) -> Hold:
        """See ticketcore.Event.hold_best."""
        command = self._core.hold_best_command(
            count, categories, accessible, restricted_view, together, holder, ttl, request
        )
        return await self._ask(command)

    async def extend(
        self, hold: Union[Hold, Id], ttl: timedelta, *, request: Optional[Id] = None
    ) -> datetime:
        """See ticketcore.Event.extend."""
        return await self._ask(self._core.extend_command(hold, ttl, request))

    async def release(self, hold: Union[Hold, Id], *, request: Optional[Id] = None) -> None:
        """See ticketcore.Event.release."""
        await self._ask(self._core.release_command(hold, request))

    async def quote(self, hold: Union[Hold, Id], tickets: Tickets, *, request: Optional[Id] = None) -> Quote:
        """See ticketcore.Event.quote."""
        return await self._ask(self._core.quote_command(hold, tickets, request))

    async def check_out(
        self,
        hold: Union[Hold, Id],
        *,
        method: str,
        amount: Optional[Amount] = None,
        reference: str = "",
        currency: Optional[str] = None,
        request: Optional[Id] = None,
    ) -> Order:
        """See ticketcore.Event.check_out."""
        return await self._ask(
            self._core.check_out_command(hold, amount, method, reference, currency, request)
        )

    async def refund(
        self,
        order: Union[Order, Id],
        tickets: Optional[Iterable[Union[Ticket, str]]] = None,
        *,
        reference: str = "",
        request: Optional[Id] = None,
    ) -> Refund:
        """See ticketcore.Event.refund."""
        return await self._ask(self._core.refund_command(order, tickets, reference, request))

    async def replace_map(
        self,
        seat_map: SeatMap,
        exchanges: Optional[Mapping[str, str]] = None,
        *,
        request: Optional[Id] = None,
    ) -> None:
        """See ticketcore.Event.replace_map."""
        pairs = list((exchanges or {}).items())
        await self._ask(self._core.replace_map_command(core_map(seat_map), pairs, request))

    async def note_order(self, order: Union[Order, Id], text: str, *, request: Optional[Id] = None) -> None:
        """See ticketcore.Event.note_order."""
        await self._ask(self._core.note_command(order, text, request))

    async def check_in(self, code: str, *, gate: str, request: Optional[Id] = None) -> Admission:
        """See ticketcore.Event.check_in."""
        return await self._ask(self._core.check_in_command(code, gate, request))

    async def start_sale(self, *, request: Optional[Id] = None) -> None:
        """See ticketcore.Event.start_sale."""
        await self._ask(self._core.sale_command(True, request))

    async def stop_sale(self, *, request: Optional[Id] = None) -> None:
        """See ticketcore.Event.stop_sale."""
        await self._ask(self._core.sale_command(False, request))

    async def configure(
        self,
        *,
        name: Optional[str] = None,
        venue: Optional[str] = None,
        starts_at: Optional[datetime] = None,
        time_zone: Optional[str] = None,
        prices: Optional[PriceList] = None,
        policy: Optional[SalePolicy] = None,
        request: Optional[Id] = None,
    ) -> None:
        """See ticketcore.Event.configure."""
        await self._ask(
            self._core.configure_command(
                self._sync._settings(name, venue, starts_at, time_zone, prices, policy), request
            )
        )

    async def find_order(self, order: Union[Order, Id]) -> Optional[Order]:
        """See ticketcore.Event.find_order."""
        return await _elsewhere(self._sync.find_order, order)

    async def find_hold(self, hold: Union[Hold, Id]) -> Optional[Hold]:
        """See ticketcore.Event.find_hold."""
        return await _elsewhere(self._sync.find_hold, hold)

    async def hold_outcome(self, hold: Union[Hold, Id]) -> Optional[HoldOutcome]:
        """See ticketcore.Event.hold_outcome."""
        return await _elsewhere(self._sync.hold_outcome, hold)

    async def seating(self) -> list[Occupant]:
        """See ticketcore.Event.seating."""
        return await _elsewhere(self._sync.seating)

    async def refresh(self) -> None:
        """See ticketcore.Event.refresh."""
        await _elsewhere(self._sync.refresh)

    async def wait_for_news(self, timeout: timedelta) -> bool:
        """See ticketcore.Event.wait_for_news."""
        return await _elsewhere(self._sync.wait_for_news, timeout)


class ChangeFeed:
    """Remembers the last changes of an event for readers of any number. See ticketcore.ChangeFeed.

    follow() has a thread of the loop's pool wait: let one task follow the event, and have the others ask
    since().
    """

    def __init__(self, event: Event) -> None:
        self._sync = ticketcore.ChangeFeed(event.sync)

    @property
    def sync(self) -> ticketcore.ChangeFeed:
        """The same feed with calls that block."""
        return self._sync

    def show(self) -> bool:
        """See ticketcore.ChangeFeed.show."""
        return self._sync.show()

    async def wait(self, timeout: timedelta) -> bool:
        """See ticketcore.ChangeFeed.wait."""
        return await _elsewhere(self._sync.wait, timeout)

    def since(self, position: Optional[str] = None) -> Changes:
        """See ticketcore.ChangeFeed.since."""
        return self._sync.since(position)

    async def follow(
        self, position: Optional[str] = None, *, timeout: Optional[timedelta] = None
    ) -> AsyncIterator[Changes]:
        """See ticketcore.ChangeFeed.follow."""
        changes = self._sync.follow(position, timeout=timeout)

        def one_more() -> Optional[Changes]:
            return next(changes, None)

        while (one := await _elsewhere(one_more)) is not None:
            yield one


async def _elsewhere(work: Callable[..., _T], *arguments: Any, **options: Any) -> _T:
    """What is rare and may wait for the disk: in the loop's pool of threads."""
    return await asyncio.get_running_loop().run_in_executor(
        None, functools.partial(work, *arguments, **options)
    )


class BoxOffice:
    """Sells the events of one store to coroutines. ``ticketcore.aio.open`` makes one. See
    ticketcore.BoxOffice."""

    def __init__(self, office: ticketcore.BoxOffice) -> None:
        """For coroutines beside whoever uses the box office in threads. It is closed with this."""
        self._sync = office
        self._watched: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _core.Completions] = (
            weakref.WeakKeyDictionary()
        )
        self._last: tuple[asyncio.AbstractEventLoop, _core.Completions] | None = None
        # A daemon, so that a program that forgets to close ends all the same: at its end open box offices are
        # closed.
        self._turns = threading.Thread(target=office._core.run, name="ticketcore turns", daemon=True)
        self._turns.start()

    @property
    def sync(self) -> ticketcore.BoxOffice:
        """The same box office with calls that block."""
        return self._sync

    def _completions(self, loop: asyncio.AbstractEventLoop) -> _core.Completions:
        if self._last is not None and self._last[0] is loop:
            return self._last[1]
        completions = self._watched.get(loop)
        if completions is None:
            completions = _core.Completions()
            loop.add_reader(completions.fileno(), completions.deliver)
            self._watched[loop] = completions
        self._last = (loop, completions)
        return completions

    async def create_event(
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
        """See ticketcore.BoxOffice.create_event."""
        event = await _elsewhere(
            self._sync.create_event,
            id,
            seat_map=seat_map,
            prices=prices,
            starts_at=starts_at,
            name=name,
            venue=venue,
            time_zone=time_zone,
            policy=policy,
            on_sale=on_sale,
            request=request,
        )
        return Event(event, self)

    async def event(self, id: str) -> Event:
        """See ticketcore.BoxOffice.event."""
        return Event(await _elsewhere(self._sync.event, id), self)

    async def events(self) -> list[str]:
        """See ticketcore.BoxOffice.events."""
        return await _elsewhere(self._sync.events)

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._sync.closed

    async def close(self) -> None:
        """See ticketcore.BoxOffice.close. Calls that are under way and whose turn has not come are refused as
        Unavailable."""
        loop = asyncio.get_running_loop()
        await _elsewhere(self._sync.close)
        await _elsewhere(self._turns.join)
        completions = self._watched.pop(loop, None)
        if completions is not None:
            completions.deliver()
            loop.remove_reader(completions.fileno())
        self._last = None

    async def __aenter__(self) -> BoxOffice:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<ticketcore.aio.BoxOffice on {self._sync.storage!r}{', closed' if self.closed else ''}>"


def open(
    url: Union[str, os.PathLike[str], Storage],
    *,
    signing_key: Key = None,
    trusted_keys: Iterable[VerifyKey] = (),
    clock: Clock | None = None,
    read_only: bool = False,
    on_trouble: Callable[[str, str], None] | None = None,
) -> BoxOffice:
    """Open a box office for coroutines. The arguments are those of ticketcore.open; opening itself does not
    wait for the event loop."""
    office = ticketcore.open(
        url,
        signing_key=signing_key,
        trusted_keys=trusted_keys,
        clock=clock,
        read_only=read_only,
        on_trouble=on_trouble,
    )
    return BoxOffice(office)
