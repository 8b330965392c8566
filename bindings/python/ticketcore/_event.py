"""Events: what one performance sells, and to whom."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Callable, Optional, Protocol, TypeVar, Union
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
)
from ticketcore._errors import Refused
from ticketcore._seat_map import SeatMap, core_map
from ticketcore._tables import AuditReport, Availability, Books, Log, audit

TEN_MINUTES = timedelta(minutes=10)

Id = Union[str, uuid.UUID]
Amount = Union[Decimal, str, int]
Tickets = Union[Mapping[str, int], Mapping[tuple[str, str], int], Mapping[Union[str, tuple[str, str]], int]]
_T = TypeVar("_T")
_Answer = TypeVar("_Answer")


class _Office(Protocol):
    def _storage_for_reading(self) -> Any: ...


class EventView:
    """What is known of an event without asking its desk: what it is called and costs, and which places are
    free. Nothing here waits for a turn."""

    def __init__(self, core: _core.Event, office: _Office) -> None:
        self._core = core
        self._office = office
        self._seat_map: SeatMap | None = None

    @property
    def id(self) -> str:
        """What programs call it."""
        return self._core.id

    @property
    def name(self) -> str:
        """What people call it."""
        return self._core.name

    @property
    def venue(self) -> str:
        """Where it takes place."""
        return self._core.venue

    @property
    def starts_at(self) -> datetime:
        """When, in UTC."""
        return self._core.starts_at

    @property
    def time_zone(self) -> str:
        """The IANA name of the zone in which tickets and pages tell starts_at; UTC if empty."""
        return self._core.time_zone

    @property
    def prices(self) -> PriceList:
        """What it costs."""
        return self._core.prices

    @property
    def currency(self) -> str:
        """What it is paid in: a code of ISO 4217."""
        return self._core.prices.currency

    @property
    def policy(self) -> SalePolicy:
        """What it allows its buyers."""
        return self._core.policy

    @property
    def on_sale(self) -> bool:
        """Whether new holds are granted."""
        return self._core.on_sale

    @property
    def revision(self) -> int:
        """How far the log was read."""
        return self._core.revision

    @property
    def seat_map(self) -> SeatMap:
        """Its places, as of the last turn or refresh."""
        return self._wrapped(self._core.seat_map)

    def _wrapped(self, core: _core.SeatMap) -> SeatMap:
        known = self._seat_map
        if known is None or known._core is not core:
            known = self._seat_map = SeatMap(core)
        return known

    def availability(self) -> Availability:
        """Which places are free now, as of the last turn or refresh."""
        core, at = self._core.availability()
        return Availability(core, at, self.name, self._wrapped(core.seat_map))

    def age(self) -> Optional[timedelta]:
        """How old availability() is: what others committed since then is not in it. Since the last turn or
        refresh that succeeded began; None if there was none."""
        return self._core.age()

    def _repr_svg_(self) -> str:
        return self.availability().svg()

    def __repr__(self) -> str:
        try:
            return (
                f"<Event {self.id!r}: {self.name!r}, {self.availability().counts.free} of"
                f" {self.seat_map.capacity} free>"
            )
        except Exception as error:  # a repr that raises would hide what one is looking for
            return f"<Event {self._core.id!r}: {error}>"


def each(
    build: Callable[[_T], _core.Command[_Answer]], items: Iterable[_T]
) -> list[Union[_core.Command[_Answer], Refused]]:
    """A command for each item, or why there is none."""
    commands: list[Union[_core.Command[_Answer], Refused]] = []
    for item in items:
        try:
            commands.append(build(item))
        except Refused as refused:
            commands.append(refused)
    return commands


class Event(EventView):
    """One event of a box office. May be used from any thread.

    Calls that change something return when the change is durable, and raise a subclass of Refused when the
    answer is no. request, which all of them take, is an id of your own (new_request_id()): a call that is
    repeated with the same one is told what was granted, also from another process and after a crash.
    """

    def hold(
        self,
        *places: str,
        areas: Optional[Mapping[str, int]] = None,
        holder: str,
        ttl: timedelta = TEN_MINUTES,
        request: Optional[Id] = None,
    ) -> Hold:
        """Reserve places by their whole labels, and admissions to standing areas by theirs: all of them or
        none.

        holder is whom they are for, by an opaque name of yours (a cart, a session), never personal data: it
        is written to the log. The hold ends by itself when ttl has passed. Raises PlaceTaken, AreaFull,
        HolderLimit and other subclasses of Refused.
        """
        return self._core.ask(self._core.hold_command(places, areas, holder, ttl, request))

    def hold_best(
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
        """Reserve the best places side by side, of the first of the categories that has them; of any, in the
        map's order, if none is named.

        accessible is how many of them are wheelchair places. restricted_view=True takes places that see less,
        too. together=False splits the party where no row has room. Raises NotEnoughAdjoining and other
        subclasses of Refused.
        """
        return self._core.ask(
            self._core.hold_best_command(
                count, categories, accessible, restricted_view, together, holder, ttl, request
            )
        )

    def hold_many(
        self,
        places: Sequence[Sequence[str]],
        *,
        holder: Union[str, Sequence[str]],
        ttl: timedelta = TEN_MINUTES,
    ) -> list[Union[Hold, Refused]]:
        """Thousands of holds in one call, in as few turns as they fit in. Each item of places is one hold: a
        tuple or list of labels.

        holder is one for all, or one for each. The answers stand at their holds' positions; a no is an
        instance of Refused, not raised.
        """
        return self._core.hold_many(places, holder, ttl)

    def extend(self, hold: Union[Hold, Id], ttl: timedelta, *, request: Optional[Id] = None) -> datetime:
        """Move the hold's deadline to now + ttl, or to the end of its lifetime if that comes first. The new
        deadline. Raises HoldExpired, HoldLifetimeReached, ..."""
        return self._core.ask(self._core.extend_command(hold, ttl, request))

    def release(self, hold: Union[Hold, Id], *, request: Optional[Id] = None) -> None:
        """Give the hold's places back. Raises HoldExpired, HoldReleased, ..."""
        self._core.ask(self._core.release_command(hold, request))

    def release_many(self, holds: Iterable[Union[Hold, Id]]) -> list[Optional[Refused]]:
        """Give many holds' places back in one call. None for each that was released, else why not."""
        return self._core.ask_many(each(lambda hold: self._core.release_command(hold, None), holds))

    def quote(self, hold: Union[Hold, Id], tickets: Tickets, *, request: Optional[Id] = None) -> Quote:
        """Price the hold, and fix the price until it ends. A later quote replaces an earlier one.

        tickets says how many of each type: {"adult": 2, "child": 1}, or of a type in a category: {("child",
        "stalls"): 1}. Raises TicketChoiceMismatch, NoPrice, ...
        """
        return self._core.ask(self._core.quote_command(hold, tickets, request))

    def quote_many(self, wishes: Iterable[tuple[Union[Hold, Id], Tickets]]) -> list[Union[Quote, Refused]]:
        """Price many holds in one call: pairs of a hold and its tickets."""
        return self._core.ask_many(
            each(lambda wish: self._core.quote_command(wish[0], wish[1], None), wishes)
        )

    def check_out(
        self,
        hold: Union[Hold, Id],
        *,
        method: str,
        amount: Optional[Amount] = None,
        reference: str = "",
        currency: Optional[str] = None,
        request: Optional[Id] = None,
    ) -> Order:
        """Sell exactly the hold's places, at its quoted price.

        method says how it was paid ("card", "cash"), reference what the payment provider calls it. amount is
        what was paid: PaymentMismatch if the hold costs another sum; None is whatever the hold is quoted at
        when this is decided, also by another process. currency is the event's if None. Raises NotQuoted,
        HoldExpired, ...
        """
        return self._core.ask(
            self._core.check_out_command(hold, amount, method, reference, currency, request)
        )

    def check_out_many(
        self, quotes: Iterable[Union[Quote, Hold, Id]], *, method: str, reference: str = ""
    ) -> list[Union[Order, Refused]]:
        """Sell many quoted holds in one call, each paid in full by the same method: for a coach party, a comp
        list, a test.

        A quote is sold at its total; a hold, or its id, at whatever it is quoted at when this is decided.
        """

        def command(sold: Union[Quote, Hold, Id]) -> _core.Command[Order]:
            if isinstance(sold, Quote):
                return self._core.check_out_command(
                    sold.hold, sold.total, method, reference, sold.currency, None
                )
            return self._core.check_out_command(sold, None, method, reference, None, None)

        return self._core.ask_many(each(command, quotes))

    def refund(
        self,
        order: Union[Order, Id],
        tickets: Optional[Iterable[Union[Ticket, str]]] = None,
        *,
        reference: str = "",
        request: Optional[Id] = None,
    ) -> Refund:
        """Void tickets and put their places back on sale; if none are named, all of the order that are
        neither refunded nor admitted. What is owed. Raises TicketAdmitted, ..."""
        return self._core.ask(self._core.refund_command(order, tickets, reference, request))

    def refund_many(
        self, orders: Iterable[Union[Order, Id]], *, reference: str = ""
    ) -> list[Union[Refund, Refused]]:
        """Refund all that is left of many orders in one call: an event that is called off."""
        return self._core.ask_many(
            each(lambda order: self._core.refund_command(order, None, reference, None), orders)
        )

    def replace_map(
        self,
        seat_map: SeatMap,
        exchanges: Optional[Mapping[str, str]] = None,
        *,
        request: Optional[Id] = None,
    ) -> None:
        """Put another seat map in the place of the event's, also while it sells.

        Places are the same if their whole labels are. Raises PlacesInUse, with all of them in details.places,
        if places or admissions that are held or sold would go. exchanges takes who has one place to another,
        free one of the new map: {"Stalls-C-11": "Stalls-D-2"}; the price stays what was quoted or paid.
        """
        pairs = list((exchanges or {}).items())
        self._core.ask(self._core.replace_map_command(core_map(seat_map), pairs, request))

    def note_order(self, order: Union[Order, Id], text: str, *, request: Optional[Id] = None) -> None:
        """Replace the note on an order that is for staff alone; an empty one removes it.

        Nothing of a person's belongs in it: it stays in the log for ever.
        """
        self._core.ask(self._core.note_command(order, text, request))

    def check_in(self, code: str, *, gate: str, request: Optional[Id] = None) -> Admission:
        """Read what a ticket's barcode carries, check its signature and event, and let the ticket in, once.
        Raises CodeInvalid, TicketAdmitted, TicketRefunded, ..."""
        return self._core.ask(self._core.check_in_command(code, gate, request))

    def check_in_many(self, codes: Iterable[str], *, gate: str) -> list[Union[Admission, Refused]]:
        """Let many tickets in in one call."""
        return self._core.ask_many(each(lambda code: self._core.check_in_command(code, gate, None), codes))

    def start_sale(self, *, request: Optional[Id] = None) -> None:
        """Put the event on sale."""
        self._core.ask(self._core.sale_command(True, request))

    def stop_sale(self, *, request: Optional[Id] = None) -> None:
        """Take it off sale: no new holds, but what is held can be paid."""
        self._core.ask(self._core.sale_command(False, request))

    def configure(
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
        """Change what is given, leave the rest. What was quoted before keeps its price."""
        self._core.ask(
            self._core.configure_command(
                self._settings(name, venue, starts_at, time_zone, prices, policy), request
            )
        )

    def find_order(self, order: Union[Order, Id]) -> Optional[Order]:
        """The order as it was placed; None if there is none. Waits for a turn under way."""
        return self._core.find_order(order)

    def find_hold(self, hold: Union[Hold, Id]) -> Optional[Hold]:
        """The hold as it is; None if there is none, or none any more. Waits for a turn under way."""
        return self._core.find_hold(hold)

    def hold_outcome(self, hold: Union[Hold, Id]) -> Optional[HoldOutcome]:
        """Whether the hold is open, or how it ended, and which order it became.

        None if there never was such a hold, or if it is forgotten. It counts as expired once no other process
        can be selling it any more.
        """
        return self._core.hold_outcome(hold)

    def seating(self) -> list[Occupant]:
        """Who has which place, in the hall's order, areas after the places.

        pandas.DataFrame([one.to_dict() for one in event.seating()]) makes a table of it.
        """
        return self._core.seating()

    def books(self) -> Books:
        """All orders and tickets as arrays and data frames. Waits for a turn under way."""
        return Books(self._core.books())

    def log(self, *, from_revision: int = 1) -> Log:
        """All that ever happened to the event, fact by fact."""
        return Log(self._office._storage_for_reading(), self.id, from_revision)

    def audit(self) -> AuditReport:
        """Replay the whole log and prove it: nothing sold twice, every place accounted for, money that adds
        up."""
        return audit(self._office._storage_for_reading(), self.id)

    def refresh(self) -> None:
        """Read what other processes have committed. Waits for a turn under way."""
        self._core.refresh()

    def wait_for_news(self, timeout: timedelta) -> bool:
        """Wait until something is committed that availability() does not know yet, and read it; False when
        timeout has passed before."""
        return self._core.wait_for_news(timeout)

    def reopen(self) -> None:
        """After a halt: forget the state and read the log anew."""
        self._core.reopen()

    def save_snapshot(self) -> None:
        """Save the state now, so that the next opening is fast."""
        self._core.save_snapshot()

    def _settings(
        self,
        name: Optional[str],
        venue: Optional[str],
        starts_at: Optional[datetime],
        time_zone: Optional[str],
        prices: Optional[PriceList],
        policy: Optional[SalePolicy],
    ) -> _core.Settings:
        return settings(
            self.name if name is None else name,
            self.venue if venue is None else venue,
            self.starts_at if starts_at is None else starts_at,
            self.time_zone if time_zone is None else time_zone,
            self.prices if prices is None else prices,
            self.policy if policy is None else policy,
        )


def settings(
    name: str, venue: str, starts_at: datetime, time_zone: str, prices: PriceList, policy: SalePolicy
) -> _core.Settings:
    """An event's settings as the core has them."""
    if not isinstance(prices, PriceList):
        raise TypeError(
            "prices must be a PriceList such as PriceList('UAH', {'stalls': {'adult': '1200.00'}}), not"
            f" {prices!r} ({type(prices).__name__})"
        )
    if not isinstance(policy, SalePolicy):
        raise TypeError(f"policy must be a SalePolicy, not {policy!r} ({type(policy).__name__})")
    if not time_zone and isinstance(starts_at, datetime) and isinstance(starts_at.tzinfo, ZoneInfo):
        time_zone = starts_at.tzinfo.key or ""
    elif time_zone:
        try:
            ZoneInfo(time_zone)
        except (ZoneInfoNotFoundError, ValueError) as unknown:
            raise ValueError(
                f"{time_zone!r} is no time zone that this machine's database (tzdata) has; "
                "one is called by its IANA name, such as Europe/Kyiv"
            ) from unknown
    return _core.Settings(name, venue, starts_at, time_zone, prices, policy)
